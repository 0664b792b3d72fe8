/// Reads a final answer from the top: lists, relations, unions, then values.
struct Parser {
  let bytes: [UInt8]
  var tokens: [Token]
  var place = 0
  var depth = 0
  /// Whether the item at hand has ± or ∓ in it, and so stands for two.
  var hasSign = false
  /// Whether the next bar closes.
  var isInBars = false
  /// Whether a number had its digits in groups: `1,234` may as well be a list.
  private(set) var isGrouped = false

  static func answer(
    _ bytes: [UInt8], _ range: Range<Int>, groupsDigits: Bool = true
  ) throws(Unknown) -> (expression: Expression, isGrouped: Bool) {
    let tokens = try Lexer.tokens(of: bytes, in: range, groupsDigits: groupsDigits)
    var parser = Parser(bytes: bytes, tokens: tokens)
    let items = try parser.items()
    guard parser.kind == .end else { throw .notation }
    guard let first = items.first else { throw .empty }
    return (items.count == 1 ? first : .list(items), parser.isGrouped)
  }

  var kind: Token.Kind { tokens[place].kind }

  func kind(ahead: Int) -> Token.Kind {
    place + ahead < tokens.count ? tokens[place + ahead].kind : .end
  }

  mutating func take(_ wanted: Token.Kind) -> Bool {
    if kind != wanted { return false }
    place += 1
    return true
  }

  mutating func expect(_ wanted: Token.Kind) throws(Unknown) {
    if !take(wanted) { throw .notation }
  }

  mutating func enter() throws(Unknown) {
    depth += 1
    if depth > Bounds.depth { throw .tooLarge }
  }

  mutating func noteGroups() { isGrouped = true }

  /// What stands between commas, up to the end of a group.
  mutating func items() throws(Unknown) -> [Expression] {
    var items: [Expression] = []
    while true {
      while take(.comma) {}
      if isClosing { break }
      let outer = hasSign
      hasSign = false
      let item = try item()
      if hasSign {
        items.append(item.with(upper: true))
        items.append(item.with(upper: false))
      } else {
        items.append(item)
      }
      hasSign = outer
      if items.count > Bounds.elements { throw .tooLarge }
      guard kind == .comma else { break }
    }
    return items
  }

  private var isClosing: Bool {
    switch kind {
    case .end, .close, .closeBracket, .closeSet, .closeBrace, .closeAngle: true
    default: false
    }
  }

  /// A value, or values with relations between them.
  private mutating func item() throws(Unknown) -> Expression {
    while take(.approximately) {}
    let first = try union()
    var rest: [(Relation, Expression)] = []
    while let relation = Relation(kind) {
      place += 1
      rest.append((relation, try union()))
    }
    return rest.isEmpty ? first : .relations(first, rest)
  }

  private mutating func union() throws(Unknown) -> Expression {
    let first = try measured()
    guard kind == .union else { return first }
    var members = [first]
    while take(.union) { members.append(try measured()) }
    return .union(members)
  }

  /// A value with its unit, or words alone.
  private mutating func measured() throws(Unknown) -> Expression {
    if let words = try leadingWords() { return words }
    var value = try sum()
    if kind == .colon {
      var parts = [value]
      while take(.colon) { parts.append(try sum()) }
      value = .ratio(parts)
    }
    _ = take(.currency)
    value = try unit(behind: value)
    // 5 cm + 3 cm.
    guard case .measured = value, kind == .plus || kind == .minus else { return value }
    var terms = [value]
    while kind == .plus || kind == .minus {
      let isMinus = kind == .minus
      place += 1
      let next = try unit(behind: try product())
      terms.append(isMinus ? .negative(next) : next)
      if terms.count > Bounds.elements { throw .tooLarge }
    }
    return .sum(terms)
  }

  /// Words that are the answer, or a name before `=`; nil where a value follows.
  private mutating func leadingWords() throws(Unknown) -> Expression? {
    var skipsCurrency = take(.currency)
    while kind == .word, Units.isPrefix(Name(bytes, tokens[place].range)), !isAtEnd(place + 1) {
      place += 1
      skipsCurrency = true
    }
    if take(.currency) || skipsCurrency { return nil }
    guard isWords(place) else { return nil }
    var words: [UInt8] = []
    while [.word, .text, .letter, .prime].contains(kind) || isHyphen {
      if !words.isEmpty { words.append(32) }
      for byte in bytes[tokens[place].range] {
        if byte.isSpace && words.last == 32 { continue }
        words.append(byte.isUpper ? byte | 0x20 : byte.isSpace ? 32 : byte)
      }
      place += 1
    }
    return .words(words)
  }

  private var isHyphen: Bool {
    kind == .minus && [.word, .text].contains(kind(ahead: 1))
  }

  private func isAtEnd(_ index: Int) -> Bool {
    index >= tokens.count || [.end, .comma].contains(tokens[index].kind)
  }

  /// Whether the token is a word rather than a product of letters.
  func isWords(_ index: Int) -> Bool {
    let token = tokens[index]
    switch token.kind {
    case .text: return true
    case .letter where token.value == 1 && index > 0:
      return Units.isLetter(bytes[Int(token.start)])
        && [.number, .closeBrace, .close, .constant].contains(tokens[index - 1].kind)
    case .word:
      let name = Name(bytes, token.range)
      return name.count > 3 || Units.isShortWord(name) || Units.isKnown(name)
    default: return false
    }
  }

  private mutating func unit(behind value: Expression) throws(Unknown) -> Expression {
    guard isWords(place) || kind == .degree || kind == .divide else { return value }
    var unit: [UInt8] = []
    loop: while true {
      switch kind {
      case .word, .text:
        unit += Units.canonical(text: bytes[tokens[place].range])
      case .letter where !unit.isEmpty || tokens[place].value == 1:
        unit += Units.canonical(Array(bytes[tokens[place].range]))
      case .degree: unit += Array("degree".utf8)
      case .divide where [.word, .text, .letter].contains(kind(ahead: 1)):
        unit.append(UInt8(ascii: "/"))
      case .times where [.word, .text, .letter].contains(kind(ahead: 1)): break
      case .power where !unit.isEmpty:
        place += 1
        let isGroup = take(.openBrace)
        _ = take(.minus)
        guard kind == .number else { throw .notation }
        unit += bytes[tokens[place].range]
        if isGroup {
          place += 1
          guard kind == .closeBrace else { throw .notation }
        }
      default: break loop
      }
      place += 1
    }
    if unit.isEmpty { return value }
    // Ordinals and counts change nothing: 5th, 3 times.
    return .measured(value, unit: Name(unit))
  }
}
