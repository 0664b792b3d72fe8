internal import Notation

/// A pattern of a `tokenizer.json`, which Oniguruma reads with Ruby's syntax, in the words of PCRE2.
///
/// Both mean the same by most of it. What they do not is spelt out, or refused where no published
/// tokenizer needs it: a pattern that is taken cuts every text as the library does.
struct PatternTranslation {
  private(set) var text = ""
  private let source: [Unicode.Scalar]
  private var place = 0
  /// Where in `text` the last thing that can be repeated begins; nil where there is none.
  private var atom: String.Index?
  /// For each open group where it begins in `text`, and whether letters in it match in either case.
  private var groups: [(start: String.Index, ignoresCase: Bool)] = []

  init(_ pattern: String) throws(PatternFault) {
    source = Array(pattern.unicodeScalars)
    while let next = peek() { try item(next) }
    guard groups.isEmpty else { throw PatternFault("a group is not closed") }
  }

  private var ignoresCase: Bool { groups.last?.ignoresCase ?? false }

  private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    place + ahead < source.count ? source[place + ahead] : nil
  }

  private func isNext(_ text: String) -> Bool { source[place...].starts(with: text.unicodeScalars) }

  private mutating func item(_ next: Unicode.Scalar) throws(PatternFault) {
    switch next {
    case "(": try open()
    case ")":
      guard let group = groups.popLast() else { throw PatternFault("a group is closed twice") }
      copy()
      atom = group.start
    case "[":
      atom = text.endIndex
      try bracket()
    case "\\":
      atom = text.endIndex
      text += try escape(inClass: false)
    case "|", "^", "$":
      copy()
      atom = nil
    case "*", "+", "?":
      copy()
      // Lazy or possessive, in both.
      if peek() == "?" || peek() == "+" { copy() }
      if let next = peek(), "*+?{".unicodeScalars.contains(next) {
        throw PatternFault("a repetition is repeated")
      }
      atom = nil
    case "{": try interval()
    default:
      atom = text.endIndex
      try literal(next)
    }
  }

  private mutating func copy() {
    text.unicodeScalars.append(source[place])
    place += 1
  }

  private mutating func open() throws(PatternFault) {
    let start = text.endIndex
    var ignoresCase = ignoresCase
    if peek(1) == "?" {
      let kinds = ["(?:", "(?i:", "(?=", "(?!", "(?<=", "(?<!", "(?>"]
      guard let kind = kinds.first(where: { isNext($0) }) else {
        throw PatternFault(
          "a group of a kind that is not among \(kinds.joined(separator: " "))")
      }
      if kind == "(?i:" { ignoresCase = true }
      for _ in kind.unicodeScalars { copy() }
    } else {
      copy()
    }
    groups.append((start, ignoresCase))
    atom = nil
  }

  /// `{2}`, `{2,}` or `{2,5}` after something.
  private mutating func interval() throws(PatternFault) {
    guard let atom, let end = source[place...].firstIndex(of: "}") else {
      throw PatternFault("a brace that repeats nothing; write \\{ for the letter")
    }
    let bounds = source[(place + 1)..<end].split(
      separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
    let isNumbered = bounds.enumerated().allSatisfy { index, bound in
      bound.allSatisfy { ("0"..."9").contains($0) } && (index == 1 || !bound.isEmpty)
        && bound.count < 5
    }
    guard isNumbered else { throw PatternFault("braces that hold no numbers of repetitions") }
    while place <= end { copy() }
    switch peek() {
    case "+"?, "*"?:
      // In Ruby's syntax the repetition is repeated; for PCRE2 it would be possessive.
      text.insert(contentsOf: "(?:", at: atom)
      text += ")"
      copy()
    case "?"? where bounds.count == 2: copy()
    case "?"?, "{"?: throw PatternFault("a repetition is repeated")
    default: break
    }
    self.atom = nil
  }

  private mutating func literal(_ letter: Unicode.Scalar) throws(PatternFault) {
    if ignoresCase {
      // Oniguruma also takes one letter for several here: 'ß' for 'ss', 'ﬁ' for 'fi'.
      let pair = String(String.UnicodeScalarView([letter] + (peek(1).map { [$0] } ?? [])))
      guard letter.isASCII, !["ss", "ff", "fi", "fl", "st"].contains(pair.lowercased()) else {
        throw PatternFault("\(quoted(pair)) where case is ignored")
      }
    }
    copy()
  }

  /// What an escape stands for; in a class, what stands there for it.
  private mutating func escape(inClass: Bool) throws(PatternFault) -> String {
    place += 1
    guard let letter = peek() else { throw PatternFault("it ends with a backslash") }
    place += 1
    switch letter {
    case "s": return members(ScalarSet.whiteSpace, isInverted: false, inClass)
    case "S": return members(ScalarSet.whiteSpace, isInverted: true, inClass)
    case "d": return category("Nd", isInverted: false, inClass)
    case "D": return category("Nd", isInverted: true, inClass)
    case "p", "P":
      guard peek() == "{", let end = source[place...].firstIndex(of: "}") else {
        throw PatternFault("a property without braces")
      }
      var name = String(String.UnicodeScalarView(source[(place + 1)..<end]))
      place = end + 1
      var isInverted = letter == "P"
      if name.hasPrefix("^") {
        isInverted.toggle()
        name.removeFirst()
      }
      guard ScalarSet.categories.contains(name) else {
        throw PatternFault("the property \(quoted(name)), which is no general category")
      }
      if ignoresCase && ["Lu", "Ll", "Lt"].contains(name) {
        throw PatternFault("the property \(quoted(name)) where case is ignored")
      }
      return category(name, isInverted: isInverted, inClass)
    case "r", "n", "t", "f": return "\\\(letter)"
    case "u":
      let digits = source[place...].prefix(4)
      guard digits.count == 4, digits.allSatisfy(\.properties.isASCIIHexDigit) else {
        throw PatternFault("\\u without four hexadecimal digits")
      }
      place += 4
      return "\\x{\(String(String.UnicodeScalarView(digits)))}"
    case _
    where letter.isASCII && !letter.properties.isAlphabetic && letter.value > 0x20
      && !("0"..."9").contains(letter):
      return "\\\(letter)"
    default: throw PatternFault("the escape \(quoted("\\\(letter)"))")
    }
  }

  private func category(_ name: String, isInverted: Bool, _ inClass: Bool) -> String {
    if inClass && isInverted { return ScalarSet(category: name).inverted.inClass }
    let known = "\\p{\(name)}"
    let young = ScalarSet(youngCategory: name).inClass
    return inClass ? known + young : "[\(isInverted ? "^" : "")\(known)\(young)]"
  }

  private func members(_ set: ScalarSet, isInverted: Bool, _ inClass: Bool) -> String {
    inClass
      ? (isInverted ? set.inverted : set).inClass : "[\(isInverted ? "^" : "")\(set.inClass)]"
  }

  /// A class of characters: letters, ranges of them and escapes.
  private mutating func bracket() throws(PatternFault) {
    copy()
    if peek() == "^" { copy() }
    guard peek() != "]" else { throw PatternFault("a class that begins with ']'") }
    /// Whether the last thing was several characters, which begin no range.
    var wasSet = false
    while let next = peek() {
      switch next {
      case "]":
        copy()
        return
      case "[": throw PatternFault("a class within a class; write \\[ for the letter")
      case "&" where peek(1) == "&": throw PatternFault("an intersection of classes")
      case "-" where peek(1) != "]" && wasSet: throw PatternFault("a range from a set of letters")
      case "\\":
        let start = place
        text += try escape(inClass: true)
        wasSet = "sSdDpP".unicodeScalars.contains(source[start + 1])
        if wasSet, start > 1, source[start - 1] == "-", source[start - 2] != "[" {
          throw PatternFault("a range to a set of letters")
        }
      default:
        if ignoresCase && !next.isASCII {
          throw PatternFault("\(quoted(String(next))) where case is ignored")
        }
        wasSet = false
        copy()
      }
    }
    throw PatternFault("a class is not closed")
  }
}

/// What in a pattern cannot be taken.
struct PatternFault: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
