/// Arithmetic: sums, products with and without a sign, powers, and what can be one factor.
extension Parser {
  mutating func sum() throws(Unknown) -> Expression {
    try enter()
    defer { depth -= 1 }
    var terms: [Expression] = []
    while true {
      switch kind {
      case .plus:
        place += 1
        terms.append(try product())
      case .minus:
        place += 1
        terms.append(.negative(try product()))
      case .plusMinus, .minusPlus:
        let isUpper = kind == .plusMinus
        place += 1
        hasSign = true
        terms.append(.signed(try product(), isUpper: isUpper))
      default:
        if terms.isEmpty {
          terms.append(try product())
        } else {
          return terms.count == 1 ? terms[0] : .sum(terms)
        }
      }
    }
  }

  mutating func product() throws(Unknown) -> Expression {
    if kind == .minus || kind == .plus {
      // A second sign: 3 - -2.
      try enter()
      defer { depth -= 1 }
      let isMinus = kind == .minus
      place += 1
      let value = try product()
      return isMinus ? .negative(value) : value
    }
    _ = take(.currency)
    let start = place
    let first = try factor()
    if let mixed = try mixedNumber(from: start, first) { return mixed }
    var value = first
    var factors = [value]
    var quotients = 0
    while true {
      switch kind {
      case .times:
        if !startsFactor(1), kind(ahead: 1) != .minus, kind(ahead: 1) != .number {
          return joined(factors)
        }
        place += 1
        factors.append(take(.minus) ? .negative(try factor()) : try factor())
      case .divide:
        if [.text].contains(kind(ahead: 1)) || isWords(place + 1) { return joined(factors) }
        place += 1
        quotients += 1
        if quotients > Bounds.chain { throw .tooLarge }
        value = .quotient(joined(factors), take(.minus) ? .negative(try factor()) : try factor())
        factors = [value]
      default:
        if !startsFactor(0) || isWords(place) { return joined(factors) }
        factors.append(try factor())
      }
    }
  }

  func joined(_ factors: [Expression]) -> Expression {
    factors.count == 1 ? factors[0] : .product(factors)
  }

  /// Whether a factor may follow without a sign; a number may not.
  func startsFactor(_ ahead: Int) -> Bool {
    switch kind(ahead: ahead) {
    case .letter, .word, .constant, .function, .open, .openBrace, .fraction, .root, .binomial,
      .openFloor, .openCeiling, .beginMatrix, .openBracket:
      true
    case .bar: ahead == 1 || !isInBars
    default: false
    }
  }

  /// `1\frac{1}{2}` and `7 2/3` are sums.
  private mutating func mixedNumber(
    from start: Int, _ first: Expression
  ) throws(Unknown) -> Expression? {
    guard place == start + 1, case .number(let whole) = first, whole.isWhole else { return nil }
    if kind == .fraction {
      let back = place
      let fraction = try factor()
      if case .quotient(.number(let top), .number(let bottom)) = fraction,
        top.isWhole, bottom.isWhole, !startsFactor(0) || isWords(place), kind != .power
      {
        return .sum([first, fraction])
      }
      place = back
      return nil
    }
    if kind == .number, tokens[place].isSpaced, kind(ahead: 1) == .divide,
      kind(ahead: 2) == .number
    {
      let top = try factor()
      place += 1
      return .sum([first, .quotient(top, try factor())])
    }
    return nil
  }

  /// A primary with what is written behind it.
  mutating func factor() throws(Unknown) -> Expression {
    try enter()
    defer { depth -= 1 }
    var value = try primary()
    for _ in 0...Bounds.chain {
      switch kind {
      case .power:
        if isDegree(place + 1) {
          place += kind(ahead: 1) == .openBrace ? 4 : 2
          value = .measured(value, unit: degreeUnit())
        } else if isOrdinal {
          place += 4
        } else {
          place += 1
          value = .power(value, try argument(isWholeNumber: true))
        }
      case .degree:
        place += 1
        value = .measured(value, unit: degreeUnit())
      case .factorial:
        place += 1
        value = .call(.factorial, nil, [value])
      case .percent:
        place += 1
        value = .percent(value)
      case .prime: place += 1
      case .subscripted:
        guard case .number(let digits) = value else { throw .notation }
        place += 1
        value = .based(digits, base: try base())
      default: return value
      }
    }
    throw .tooLarge
  }

  /// ∘ or {∘}.
  private func isDegree(_ index: Int) -> Bool {
    guard index + 2 < tokens.count else {
      return index < tokens.count && tokens[index].kind == .degree
    }
    return tokens[index].kind == .degree
      || (tokens[index].kind == .openBrace && tokens[index + 1].kind == .degree
        && tokens[index + 2].kind == .closeBrace)
  }

  private mutating func degreeUnit() -> Name {
    if kind == .letter, bytes[tokens[place].range] == [67] || bytes[tokens[place].range] == [70] {
      place += 1
      return bytes[tokens[place - 1].range] == [67] ? "celsius" : "fahrenheit"
    }
    return "degree"
  }

  /// {th} and its like.
  private var isOrdinal: Bool {
    kind(ahead: 1) == .openBrace && kind(ahead: 3) == .closeBrace
      && [.word, .text].contains(kind(ahead: 2))
      && ["th", "st", "nd", "rd"].contains(Name(bytes, tokens[place + 2].range))
  }

  mutating func base() throws(Unknown) -> Int {
    let isGroup = take(.openBrace)
    let isRound = take(.open)
    guard kind == .number, let base = try Whole(digits: bytes[tokens[place].range]).small,
      (2...36).contains(base)
    else { throw .notation }
    place += 1
    if isRound { try expect(.close) }
    if isGroup { try expect(.closeBrace) }
    return base
  }

  /// A group in braces, or the one token that LaTeX takes: `\frac12`.
  mutating func argument(isWholeNumber: Bool = false) throws(Unknown) -> Expression {
    try enter()
    defer { depth -= 1 }
    switch kind {
    case .openBrace:
      place += 1
      let value = try sum()
      _ = take(.comma)
      try expect(.closeBrace)
      return value
    case .number where !isWholeNumber:
      let token = tokens[place]
      let digit = bytes[Int(token.start)]
      guard digit.isDigit else { throw .notation }
      if token.range.count == 1 {
        place += 1
      } else {
        // The rest of the digits is the next argument.
        guard bytes[token.range].allSatisfy(\.isDigit) else { throw .notation }
        return try split(digit)
      }
      return .number(Rational(Int(digit) - 48))
    case .minus:
      place += 1
      return .negative(try primary())
    case .letter, .number, .constant, .open, .fraction, .root, .bar: return try primary()
    default: throw .notation
    }
  }

  private mutating func split(_ digit: UInt8) throws(Unknown) -> Expression {
    var token = tokens[place]
    token.start += 1
    token.isSpaced = false
    tokens[place] = token
    return .number(Rational(Int(digit) - 48))
  }
}
