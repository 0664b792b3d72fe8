/// What is tried where the parser has no rule, or cannot tell: readings of the text by themselves.
///
/// Nothing is guessed: a reading that decides holds for whatever the rest of the text means, and where
/// a text has several readings all of them must come to the same.
enum SecondLook {
  static func verdict(_ given: [UInt8], _ reference: [UInt8]) -> Agreement? {
    let (a, b) = (bare(given), bare(reference))
    if a.isEmpty || b.isEmpty { return nil }
    if isSum(a, of: b) || isSum(b, of: a) { return .different }
    let (x, y) = (Spelling.plain(given), Spelling.plain(reference))
    if x != nil || y != nil,
      let verdict = decided(Comparison(x ?? given, y ?? reference, nil).firstVerdict())
    {
      return verdict
    }
    if let (x, y) = both(MeasureText.init, given, reference), x.kind == y.kind {
      return x.size == y.size ? .equal : .different
    }
    if let verdict = Statement.verdict(given, reference) { return verdict }
    if let (x, y) = both(PiecewiseText.init, given, reference) { return x.agrees(with: y) }
    if let verdict = byAngles(given, reference) { return verdict }
    return byReadings(given, reference)
  }

  private static func decided(_ verdict: Agreement) -> Agreement? {
    if case .unknown = verdict { nil } else { verdict }
  }

  private static func both<Reading>(
    _ read: ([UInt8]) -> Reading?, _ a: [UInt8], _ b: [UInt8]
  ) -> (Reading, Reading)? {
    guard let x = read(a), let y = read(b) else { return nil }
    return (x, y)
  }

  private static func bare(_ text: [UInt8]) -> [UInt8] {
    text.filter { !$0.isSpace && $0 != UInt8(ascii: "$") }
  }

  /// Whether the first is the second and a number that is added or taken off: whatever finite thing
  /// it is, it is another one then.
  private static func isSum(_ text: [UInt8], of value: [UInt8]) -> Bool {
    guard text.count > value.count + 1, text.starts(with: value), let last = value.last else {
      return false
    }
    let rest = text[value.count...]
    guard rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") else { return false }
    let digits = rest.dropFirst()
    guard digits.allSatisfy({ $0.isDigit }), digits.contains(where: { $0 != UInt8(ascii: "0") })
    else { return false }
    // 5e+1 is a number; and a set of all numbers, or all of infinity, stays what it is.
    if last == UInt8(ascii: "e") || last.isUpper || "^_=+-*/<>({[".utf8.contains(last) {
      return value.allSatisfy { $0.isLetter } && value.count > 1
    }
    let name = String(decoding: value, as: UTF8.self)
    if ["mathbb", "ℝ", "ℤ"].contains(where: { name.contains($0) }) { return false }
    // An interval that ends on one side moves with that end.
    return !(name.contains("infty") || name.contains("∞"))
      || "([".utf8.contains(value[0]) && value.contains(where: \.isDigit)
  }

  /// An angle against a number: different where it is so in degrees and in radians.
  private static func byAngles(_ given: [UInt8], _ reference: [UInt8]) -> Agreement? {
    let isAngle = [given, reference].map { Spelling.angle($0, times: "") != nil }
    guard isAngle[0] != isAngle[1] else { return nil }
    for factor in ["", "\\cdot\\frac{\\pi}{180}"] {
      let x = Spelling.angle(given, times: factor) ?? given
      let y = Spelling.angle(reference, times: factor) ?? reference
      guard Comparison(x, y, nil).firstVerdict() == .different else { return nil }
    }
    return .different
  }

  /// `2 5` may be one number, a product or two of them. Different is what is so in each reading.
  private static func byReadings(_ given: [UInt8], _ reference: [UInt8]) -> Agreement? {
    guard isGap(in: given) || isGap(in: reference) else { return nil }
    for filling in ["", "\\cdot ", ","] {
      let x = filled(given, with: filling)
      let y = filled(reference, with: filling)
      let verdict = Comparison(x, y, nil).firstVerdict()
      // Within a fraction or a power there is no list.
      guard verdict == .different || filling == "," && verdict != .equal else { return nil }
    }
    return .different
  }

  private static func isGap(in text: [UInt8]) -> Bool { filled(text, with: "") != text }

  private static func filled(_ text: [UInt8], with filling: String) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < text.count {
      var end = place
      while end < text.count, text[end].isSpace { end += 1 }
      let closes = result.last == UInt8(ascii: "}")
      if end > place, end < text.count, text[end].isDigit, closes || result.last?.isDigit == true {
        // A group cannot be joined with digits.
        result += Array((closes && filling.isEmpty ? "\\cdot " : filling).utf8)
        place = end
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }
}
