/// One pair of answers on its way to a verdict: the cheap looks first.
struct Comparison {
  let given: [UInt8]
  let reference: [UInt8]
  let options: AnswerOptions?

  init(_ given: [UInt8], _ reference: [UInt8], _ options: AnswerOptions?) {
    self.given = given
    self.reference = reference
    self.options = options
  }

  func verdict() -> Agreement {
    let verdict = firstVerdict()
    switch verdict {
    case .equal, .different, .unknown(.empty), .unknown(.tooLarge): return verdict
    case .unknown: return SecondLook.verdict(given, reference) ?? verdict
    }
  }

  /// The same without readings of what is in doubt.
  func firstVerdict() -> Agreement {
    let a = Wrapping.stripped(given)
    let b = Wrapping.stripped(reference)
    if a.isEmpty || b.isEmpty { return .unknown(.empty) }
    if given[a] == reference[b] { return .equal }
    if let x = Self.integer(given, a), let y = Self.integer(reference, b) {
      return x == y ? .equal : .different
    }
    let mine = Choice(given, a)
    let theirs = Choice(reference, b)
    if mine != nil || theirs != nil, let verdict = choices(mine, a, theirs, b) { return verdict }
    let verdict = values(a, b)
    if verdict == .different, mine != nil, given[a].count == 1 { return .unknown(.options) }
    return verdict
  }

  /// Digits with a sign, the most frequent of all answers.
  private static func integer(_ bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard range.count < 18 else { return nil }
    var value = 0
    var place = range.lowerBound
    let isNegative = bytes[place] == UInt8(ascii: "-")
    if isNegative { place += 1 }
    if place == range.upperBound { return nil }
    while place < range.upperBound {
      let byte = bytes[place]
      if !byte.isDigit { return nil }
      value = value * 10 + Int(byte &- 48)
      place += 1
    }
    return isNegative ? -value : value
  }

  /// Nil where the letters are to be read as symbols.
  private func choices(
    _ mine: Choice?, _ a: Range<Int>, _ theirs: Choice?, _ b: Range<Int>
  ) -> Agreement? {
    switch (mine, theirs) {
    case (let mine?, let theirs?): return mine.letter == theirs.letter ? .equal : .different
    case (let mine?, nil):
      if !mine.rest.isEmpty {
        return Comparison(Array(given[mine.rest]), referencePart(b), nil).verdict()
      }
      guard let text = options?.text(of: mine.letter) else {
        return mine.isMarked ? .unknown(.options) : nil
      }
      return Comparison(text, referencePart(b), nil).verdict()
    case (nil, let theirs?):
      if !theirs.rest.isEmpty {
        return Comparison(Array(given[a]), Array(reference[theirs.rest]), nil).verdict()
      }
      guard let text = options?.text(of: theirs.letter) else {
        return theirs.isMarked || given[a].count > 1 && theirs.rest.isEmpty && isNoSymbol(a)
          ? .unknown(.options) : nil
      }
      return Comparison(Array(given[a]), text, nil).verdict()
    case (nil, nil): return nil
    }
  }

  private func referencePart(_ range: Range<Int>) -> [UInt8] { Array(reference[range]) }

  /// Whether there is no letter in it, so that a letter as reference is a choice's.
  private func isNoSymbol(_ range: Range<Int>) -> Bool { !given[range].contains { $0.isLetter } }

  private func values(_ a: Range<Int>, _ b: Range<Int>) -> Agreement {
    do throws(Unknown) {
      let x = try Parser.answer(given, a)
      let y = try Parser.answer(reference, b)
      let verdict = Self.judge(x.expression, y.expression)
      // 100,200 may be two numbers.
      if verdict != .equal, x.isGrouped != y.isGrouped {
        let x = try Parser.answer(given, a, groupsDigits: false)
        let y = try Parser.answer(reference, b, groupsDigits: false)
        if Self.judge(x.expression, y.expression) == .equal { return .unknown(.shape) }
      }
      return verdict
    } catch {
      return sameWithoutSpaces(a, b) ? .equal : .unknown(error)
    }
  }

  private static func judge(_ a: Expression, _ b: Expression) -> Agreement {
    var judge = Judge()
    do throws(Unknown) { return try judge.agree(a, b) ? .equal : .different } catch {
      return .unknown(error)
    }
  }

  /// What cannot be read may still be the same text.
  private func sameWithoutSpaces(_ a: Range<Int>, _ b: Range<Int>) -> Bool {
    given[a].lazy.filter { !$0.isSpace }.elementsEqual(reference[b].lazy.filter { !$0.isSpace })
  }
}
