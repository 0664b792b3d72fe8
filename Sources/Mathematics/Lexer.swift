/// Cuts an answer into tokens; spacing, sizes, dollars and display commands are passed over here.
struct Lexer {
  let bytes: [UInt8]
  var place: Int
  let end: Int
  var isSpaced = false
  var isInMatrix = false
  private(set) var tokens: [Token] = []
  /// Whether `1,234` is one number.
  private let groupsDigits: Bool

  private init(_ bytes: [UInt8], _ range: Range<Int>, groupsDigits: Bool) {
    self.bytes = bytes
    place = range.lowerBound
    end = range.upperBound
    self.groupsDigits = groupsDigits
    tokens.reserveCapacity(range.count / 2 + 2)
  }

  /// The tokens, and one `.end` behind them.
  static func tokens(
    of bytes: [UInt8], in range: Range<Int>, groupsDigits: Bool = true
  ) throws(Unknown) -> [Token] {
    var lexer = Lexer(bytes, range, groupsDigits: groupsDigits)
    while lexer.place < lexer.end { try lexer.next() }
    lexer.add(.end, lexer.end)
    return lexer.tokens
  }

  func at(_ index: Int) -> UInt8 { index < end ? bytes[index] : 0 }

  mutating func add(_ kind: Token.Kind, _ start: Int, value: UInt8 = 0) {
    tokens.append(
      Token(
        kind: kind, isSpaced: isSpaced, value: value, start: Int32(start), end: Int32(place)))
    isSpaced = false
  }

  private mutating func next() throws(Unknown) {
    let byte = bytes[place]
    let start = place
    if byte.isSpace {
      isSpaced = true
      place += 1
    } else if byte.isDigit || (byte == UInt8(ascii: ".") && at(place + 1).isDigit) {
      number()
    } else if byte.isLetter {
      word()
    } else if byte == UInt8(ascii: "\\") {
      try command()
    } else if byte >= 0x80 {
      character()
    } else {
      place += 1
      mark(byte, start)
    }
  }

  private mutating func mark(_ byte: UInt8, _ start: Int) {
    switch byte {
    case UInt8(ascii: "+"):
      if at(place) == UInt8(ascii: "/") && at(place + 1) == UInt8(ascii: "-") {
        place += 2
        add(.plusMinus, start)
      } else {
        add(.plus, start)
      }
    case UInt8(ascii: "-"): add(.minus, start)
    case UInt8(ascii: "*"):
      if at(place) == UInt8(ascii: "*") {
        place += 1
        // Bold marks stand at the ends, a power between two values.
        let follows = at(place)
        let stands = tokens.last?.kind
        if stands == nil || follows == 0 || follows.isSpace || follows == UInt8(ascii: ".") {
          isSpaced = true
        } else {
          add(.power, start)
        }
      } else {
        add(.times, start)
      }
    case UInt8(ascii: "/"): add(.divide, start)
    case UInt8(ascii: "^"): add(.power, start)
    case UInt8(ascii: "_"): add(.subscripted, start)
    case UInt8(ascii: "("): add(.open, start)
    case UInt8(ascii: ")"): add(.close, start)
    case UInt8(ascii: "["): add(.openBracket, start)
    case UInt8(ascii: "]"): add(.closeBracket, start)
    case UInt8(ascii: "{"):
      if at(place) == UInt8(ascii: ","), at(place + 1) == UInt8(ascii: "}") {
        // 1{,}234: a comma that only groups.
        place += 2
        if groupsDigits, let last = tokens.last, last.kind == .number { return grouped() }
        add(.comma, start)
      } else {
        add(.openBrace, start)
      }
    case UInt8(ascii: "}"): add(.closeBrace, start)
    case UInt8(ascii: "|"): add(.bar, start)
    case UInt8(ascii: ","), UInt8(ascii: ";"): add(.comma, start)
    case UInt8(ascii: ":"): add(.colon, start)
    case UInt8(ascii: "="):
      if at(place) == UInt8(ascii: "=") { place += 1 }
      add(.equal, start)
    case UInt8(ascii: "<"): orEqual(.less, .lessOrEqual, start)
    case UInt8(ascii: ">"): orEqual(.greater, .greaterOrEqual, start)
    case UInt8(ascii: "!"): orEqual(.factorial, .notEqual, start)
    case UInt8(ascii: "%"): add(.percent, start)
    case UInt8(ascii: "'"): add(.prime, start)
    case UInt8(ascii: "&"): add(.ampersand, start)
    case UInt8(ascii: "$"), UInt8(ascii: "~"), UInt8(ascii: "`"), UInt8(ascii: "\""):
      isSpaced = true
    case UInt8(ascii: "."):
      if at(place) == UInt8(ascii: "."), at(place + 1) == UInt8(ascii: ".") {
        place += 2
        add(.dots, start)
      } else {
        // A full stop; inside of an answer the parser sees the space only.
        isSpaced = true
      }
    default: add(.unknown, start)
    }
  }

  private mutating func orEqual(_ plain: Token.Kind, _ joined: Token.Kind, _ start: Int) {
    if at(place) == UInt8(ascii: "=") {
      place += 1
      add(joined, start)
    } else {
      add(plain, start)
    }
  }

  /// Digits with their thousands' separators, a decimal part, and `e-5`.
  private mutating func number() {
    let start = place
    while at(place).isDigit { place += 1 }
    var isGrouped: UInt8 = 0
    if groupsDigits, (1...3).contains(place - start), bytes[start] != UInt8(ascii: "0") {
      while let skip = separator(at: place), isGroup(at: place + skip) {
        place += skip + 3
        isGrouped = 1
      }
    }
    if at(place) == UInt8(ascii: "."), at(place + 1).isDigit {
      place += 1
      while at(place).isDigit { place += 1 }
    }
    if at(place) | 0x20 == UInt8(ascii: "e") {
      var ahead = place + 1
      if at(ahead) == UInt8(ascii: "-") || at(ahead) == UInt8(ascii: "+") { ahead += 1 }
      if at(ahead).isDigit {
        while at(ahead).isDigit { ahead += 1 }
        place = ahead
      }
    }
    add(.number, start, value: isGrouped)
  }

  /// Lengthens the number before by the groups that follow `{,}`.
  private mutating func grouped() {
    guard isGroup(at: place) else { return add(.comma, place - 3) }
    place += 3
    while let skip = separator(at: place), isGroup(at: place + skip) { place += skip + 3 }
    if at(place) == UInt8(ascii: "."), at(place + 1).isDigit {
      place += 1
      while at(place).isDigit { place += 1 }
    }
    tokens[tokens.count - 1].end = Int32(place)
    tokens[tokens.count - 1].value = 0
  }

  /// How many bytes a thousands' separator takes: `,` `,\!` `\,` `\ ` `{,}` or a space.
  private func separator(at start: Int) -> Int? {
    var index = start
    if at(index) == UInt8(ascii: ",") {
      index += 1
    } else if at(index) == UInt8(ascii: "{"), at(index + 1) == UInt8(ascii: ","),
      at(index + 2) == UInt8(ascii: "}")
    {
      index += 3
    } else if at(index) == UInt8(ascii: " ") {
      return 1
    }
    if at(index) == UInt8(ascii: "\\"), [33, 44, 32].contains(at(index + 1)) {
      index += 2
      while at(index) == UInt8(ascii: " ") { index += 1 }
    }
    return index > start ? index - start : nil
  }

  private func isGroup(at index: Int) -> Bool {
    at(index).isDigit && at(index + 1).isDigit && at(index + 2).isDigit && !at(index + 3).isDigit
  }

  /// A run of letters: one is a symbol, more are a word.
  private mutating func word() {
    let start = place
    while at(place).isLetter { place += 1 }
    let count = place - start
    if count == 1 { return add(.letter, start) }
    if let meaning = Vocabulary.words[Name(bytes, start..<place)] {
      return add(meaning.kind, start, value: meaning.value)
    }
    add(.word, start)
  }

  private mutating func character() {
    let start = place
    place += 1
    while place < end, bytes[place] & 0xc0 == 0x80 { place += 1 }
    guard let meaning = Vocabulary.characters[Name(bytes, start..<place)] else {
      return add(.unknown, start)
    }
    if meaning.kind == .skip {
      isSpaced = true
    } else {
      add(meaning.kind, start, value: meaning.value)
    }
  }
}
