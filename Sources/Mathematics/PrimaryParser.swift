/// What can be one factor: numbers, letters, groups, roots, functions.
extension Parser {
  mutating func primary() throws(Unknown) -> Expression {
    let token = tokens[place]
    place += 1
    switch token.kind {
    case .number:
      if token.value == 1 { noteGroups() }
      return try number(token.range)
    case .letter: return try letter(token)
    case .word: return try letters(token)
    case .constant: return .constant(Constant(rawValue: token.value) ?? .pi)
    case .function: return try call(Function(rawValue: token.value) ?? .named)
    case .fraction:
      let top = try argument()
      return .quotient(top, try argument())
    case .binomial:
      let top = try argument()
      let bottom = try argument()
      return .quotient(
        .call(.factorial, nil, [top]),
        .product([
          .call(.factorial, nil, [bottom]),
          .call(.factorial, nil, [.sum([top, .negative(bottom)])]),
        ]))
    case .root:
      var degree = Expression.number(Rational(2))
      if take(.openBracket) {
        degree = try sum()
        try expect(.closeBracket)
      }
      return .root(try argument(isWholeNumber: true), degree: degree)
    case .open, .openBracket, .openAngle: return try group(token.kind)
    case .openBrace:
      let value = try items()
      try expect(.closeBrace)
      guard let first = value.first else { throw .notation }
      return value.count == 1 ? first : .list(value)
    case .openSet:
      let members = try items()
      try expect(.closeSet)
      return .set(members)
    case .bar: return try enclosed(.absolute, until: .bar)
    case .overline:
      // A segment; over digits it is a repeating decimal, which is not read.
      let value = try argument()
      if case .number = value { throw .notation }
      return value
    case .openFloor: return try enclosed(.floor, until: .closeFloor)
    case .openCeiling: return try enclosed(.ceiling, until: .closeCeiling)
    case .beginMatrix: return try matrix()
    default: throw .notation
    }
  }

  private mutating func enclosed(
    _ function: Function, until closing: Token.Kind
  ) throws(Unknown) -> Expression {
    let outer = isInBars
    isInBars = closing == .bar
    let value = try sum()
    isInBars = outer
    try expect(closing)
    return .call(function, nil, [value])
  }

  /// A value in parentheses, a point, an interval or a list.
  private mutating func group(_ opening: Token.Kind) throws(Unknown) -> Expression {
    try enter()
    defer { depth -= 1 }
    let outer = isInBars
    isInBars = false
    let items = try items()
    isInBars = outer
    let closing = kind
    guard closing == .close || closing == .closeBracket || closing == .closeAngle else {
      throw .notation
    }
    place += 1
    switch items.count {
    case 0: return .set([])
    case 1: return items[0]
    case 2 where opening == .openBracket || closing == .closeBracket:
      return .interval(
        items[0], items[1], includesFirst: opening == .openBracket,
        includesLast: closing == .closeBracket)
    default: return .tuple(items)
    }
  }

  private mutating func matrix() throws(Unknown) -> Expression {
    var rows: [[Expression]] = [[]]
    var count = 0
    while true {
      switch kind {
      case .endMatrix:
        place += 1
        if rows.last?.isEmpty == true { rows.removeLast() }
        return .matrix(rows)
      case .newRow:
        place += 1
        rows.append([])
      case .ampersand: place += 1
      default:
        rows[rows.count - 1].append(try sum())
        count += 1
        if count > Bounds.elements { throw .tooLarge }
      }
    }
  }

  /// A symbol with its subscript, or one of the letters that are constants.
  private mutating func letter(_ token: Token) throws(Unknown) -> Expression {
    var name = Array(bytes[token.range])
    if kind == .subscripted {
      place += 1
      if take(.openBrace) {
        name.append(UInt8(ascii: "_"))
        while kind != .closeBrace {
          if kind == .end { throw .notation }
          name += bytes[tokens[place].range]
          place += 1
        }
        place += 1
      } else {
        if kind == .end { throw .notation }
        name.append(UInt8(ascii: "_"))
        name += bytes[tokens[place].range]
        place += 1
      }
      return .symbol(Name(name))
    }
    if name == [UInt8(ascii: "e")] { return .constant(.e) }
    if name == [UInt8(ascii: "i")] { return .constant(.imaginary) }
    if kind == .open, name.count == 1, "fghFGH".utf8.contains(name[0]) {
      place += 1
      let arguments = try items()
      try expect(.close)
      return .call(.named, Name(name), arguments)
    }
    return .symbol(Name(name))
  }

  /// Letters side by side are a product.
  private func letters(_ token: Token) throws(Unknown) -> Expression {
    if token.range.count > 3 { throw .notation }
    return .product(
      bytes[token.range].map { byte in
        switch byte {
        case UInt8(ascii: "e"): .constant(.e)
        case UInt8(ascii: "i"): .constant(.imaginary)
        default: .symbol(Name(CollectionOfOne(byte)))
        }
      })
  }

  /// `\sin^2 x`, `\log_2 8`, `\cos(x + y)`, `\max(1, 2)`.
  mutating func call(_ function: Function) throws(Unknown) -> Expression {
    var function = function
    var base: Expression?
    var exponent: Expression?
    if function == .log, take(.subscripted) { base = try argument() }
    if take(.power) {
      let value = try argument(isWholeNumber: true)
      if case .negative(.number(let one)) = value, one.isOne, let inverse = function.inverse {
        function = inverse
      } else {
        exponent = value
      }
    }
    if function == .log, base == nil, take(.subscripted) { base = try argument() }
    var arguments: [Expression]
    if kind == .open {
      place += 1
      let outer = isInBars
      isInBars = false
      arguments = try items()
      isInBars = outer
      try expect(.close)
    } else if kind == .openBrace {
      arguments = [try argument()]
    } else {
      var factors = [try factor()]
      while startsFactor(0), kind != .function, kind != .open, !isWords(place) {
        factors.append(try factor())
      }
      arguments = [joined(factors)]
    }
    if arguments.isEmpty { throw .notation }
    var value = Expression.call(function, nil, arguments)
    if let base { value = .quotient(.call(.ln, nil, arguments), .call(.ln, nil, [base])) }
    if let exponent { value = .power(value, exponent) }
    return value
  }

  /// Digits, their separators, a decimal part and an exponent of ten.
  func number(_ range: Range<Int>) throws(Unknown) -> Expression {
    var range = range
    var exponent = 0
    if let mark = bytes[range].firstIndex(where: { $0 | 0x20 == UInt8(ascii: "e") }) {
      let isNegative = bytes[mark + 1] == UInt8(ascii: "-")
      guard let size = try Whole(digits: bytes[mark + 1..<range.upperBound]).small, size < 1_000
      else { throw .tooLarge }
      exponent = isNegative ? -size : size
      range = range.lowerBound..<mark
    }
    let digits = Rational(try Whole(digits: bytes[range]))
    var places = 0
    if let point = bytes[range].firstIndex(of: UInt8(ascii: ".")) {
      places = range.upperBound - point - 1
    }
    if places == 0, exponent == 0 { return .number(digits) }
    let value = try digits * Rational(10).power(exponent - places)
    return places > exponent ? .decimal(value, places: places - exponent) : .number(value)
  }
}
