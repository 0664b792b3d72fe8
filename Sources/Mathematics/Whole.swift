/// A whole number of at most `Bounds.limbs` × 32 bits.
enum Whole: Hashable, Sendable {
  case small(Int)
  /// Only what does not fit an `Int`; the lowest limb stands first.
  case large(isNegative: Bool, [UInt32])

  static let zero = Whole.small(0)
  static let one = Whole.small(1)

  var isZero: Bool { self == .zero }
  var isOne: Bool { self == .one }

  var isNegative: Bool {
    switch self {
    case .small(let value): value < 0
    case .large(let isNegative, _): isNegative
    }
  }

  var isOdd: Bool {
    switch self {
    case .small(let value): value & 1 == 1
    case .large(_, let limbs): limbs[0] & 1 == 1
    }
  }

  var small: Int? {
    if case .small(let value) = self { return value }
    return nil
  }

  var magnitude: Whole { isNegative ? negated : self }

  var negated: Whole {
    switch self {
    case .small(let value) where value != .min: .small(-value)
    case .small: Whole(false, limbs)
    case .large(let isNegative, let limbs): Whole(!isNegative, limbs)
    }
  }

  /// The digits of a decimal number; anything else among the bytes is passed over.
  init(digits: some Sequence<UInt8>) throws(Unknown) {
    var small = 0
    var large: [UInt32] = []
    for byte in digits where byte.isDigit {
      let digit = Int(byte &- 48)
      if large.isEmpty {
        let (ten, over) = small.multipliedReportingOverflow(by: 10)
        let (sum, overToo) = ten.addingReportingOverflow(digit)
        if !over, !overToo {
          small = sum
          continue
        }
        large = Whole.small(small).limbs
      }
      var carry = UInt64(digit)
      for place in large.indices {
        carry += UInt64(large[place]) * 10
        large[place] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      if carry > 0 { large.append(UInt32(carry)) }
      if large.count > Bounds.limbs { throw .tooLarge }
    }
    self = large.isEmpty ? .small(small) : .large(isNegative: false, large)
  }

  static func + (a: Whole, b: Whole) throws(Unknown) -> Whole {
    if case .small(let x) = a, case .small(let y) = b {
      let (sum, over) = x.addingReportingOverflow(y)
      if !over { return .small(sum) }
    }
    if a.isNegative == b.isNegative {
      return try Whole(a.isNegative, added(a.limbs, b.limbs)).bounded()
    }
    let (x, y) = (a.limbs, b.limbs)
    return isLess(x, y)
      ? Whole(b.isNegative, subtracted(y, x)) : Whole(a.isNegative, subtracted(x, y))
  }

  static func - (a: Whole, b: Whole) throws(Unknown) -> Whole { try a + b.negated }

  static func * (a: Whole, b: Whole) throws(Unknown) -> Whole {
    if case .small(let x) = a, case .small(let y) = b {
      let (product, over) = x.multipliedReportingOverflow(by: y)
      if !over { return .small(product) }
    }
    let (x, y) = (a.limbs, b.limbs)
    if x.count + y.count > Bounds.limbs + 1 { throw .tooLarge }
    var limbs = [UInt32](repeating: 0, count: x.count + y.count)
    for i in x.indices {
      var carry: UInt64 = 0
      for j in y.indices {
        carry += UInt64(x[i]) * UInt64(y[j]) + UInt64(limbs[i + j])
        limbs[i + j] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      limbs[i + y.count] = UInt32(carry)
    }
    return try Whole(a.isNegative != b.isNegative, limbs).bounded()
  }

  /// Rounds towards zero; the remainder has the dividend's sign. The divisor is not zero.
  func quotientAndRemainder(by divisor: Whole) -> (quotient: Whole, remainder: Whole) {
    if case .small(let x) = self, case .small(let y) = divisor, y != -1 {
      let (quotient, remainder) = x.quotientAndRemainder(dividingBy: y)
      return (.small(quotient), .small(remainder))
    }
    let (quotient, remainder) = Whole.divided(limbs, divisor.limbs)
    return (
      Whole(isNegative != divisor.isNegative, quotient), Whole(isNegative, remainder)
    )
  }

  func gcd(_ other: Whole) -> Whole {
    var (a, b) = (magnitude, other.magnitude)
    while !b.isZero {
      if case .small(var x) = a, case .small(var y) = b {
        while y != 0 { (x, y) = (y, x % y) }
        return .small(x)
      }
      (a, b) = (b, a.quotientAndRemainder(by: b).remainder)
    }
    return a
  }

  func power(_ exponent: Int) throws(Unknown) -> Whole {
    var result = Whole.one
    var base = self
    var left = exponent
    while left > 0 {
      if left & 1 == 1 { result = try result * base }
      left >>= 1
      if left > 0 { base = try base * base }
    }
    return result
  }

  static func < (a: Whole, b: Whole) -> Bool {
    if case .small(let x) = a, case .small(let y) = b { return x < y }
    if a.isNegative != b.isNegative { return a.isNegative }
    return a.isNegative ? isLess(b.limbs, a.limbs) : isLess(a.limbs, b.limbs)
  }

  private init(_ isNegative: Bool, _ limbs: [UInt32]) {
    var limbs = limbs
    while limbs.last == 0 { limbs.removeLast() }
    if limbs.count <= 2 {
      var value: UInt64 = 0
      for limb in limbs.reversed() { value = value << 32 | UInt64(limb) }
      if value <= UInt64(Int.max) {
        self = .small(isNegative ? -Int(value) : Int(value))
        return
      }
    }
    self = .large(isNegative: isNegative, limbs)
  }

  private func bounded() throws(Unknown) -> Whole {
    if case .large(_, let limbs) = self, limbs.count > Bounds.limbs { throw .tooLarge }
    return self
  }

  /// The magnitude, without leading zeros.
  var limbs: [UInt32] {
    switch self {
    case .small(let value):
      let magnitude = value.magnitude
      if magnitude == 0 { return [] }
      let low = UInt32(truncatingIfNeeded: magnitude)
      let high = UInt32(magnitude >> 32)
      return high == 0 ? [low] : [low, high]
    case .large(_, let limbs): return limbs
    }
  }

  private static func isLess(_ x: [UInt32], _ y: [UInt32]) -> Bool {
    if x.count != y.count { return x.count < y.count }
    for place in x.indices.reversed() where x[place] != y[place] { return x[place] < y[place] }
    return false
  }

  private static func added(_ x: [UInt32], _ y: [UInt32]) -> [UInt32] {
    var sum: [UInt32] = []
    var carry: UInt64 = 0
    for place in 0..<max(x.count, y.count) {
      carry += UInt64(place < x.count ? x[place] : 0) + UInt64(place < y.count ? y[place] : 0)
      sum.append(UInt32(truncatingIfNeeded: carry))
      carry >>= 32
    }
    sum.append(UInt32(carry))
    return sum
  }

  /// `x` is not less than `y`.
  private static func subtracted(_ x: [UInt32], _ y: [UInt32]) -> [UInt32] {
    var difference = x
    var borrow: Int64 = 0
    for place in x.indices {
      var value = Int64(x[place]) - borrow - Int64(place < y.count ? y[place] : 0)
      borrow = value < 0 ? 1 : 0
      if value < 0 { value += 1 << 32 }
      difference[place] = UInt32(value)
    }
    return difference
  }

  /// Knuth, The Art of Computer Programming, volume 2, algorithm 4.3.1 D.
  private static func divided(_ x: [UInt32], _ y: [UInt32]) -> ([UInt32], [UInt32]) {
    if isLess(x, y) { return ([], x) }
    if y.count == 1 {
      var quotient = x
      var remainder: UInt64 = 0
      for place in x.indices.reversed() {
        remainder = remainder << 32 | UInt64(x[place])
        quotient[place] = UInt32(remainder / UInt64(y[0]))
        remainder %= UInt64(y[0])
      }
      return (quotient, [UInt32(remainder)])
    }
    let shift = UInt32(y[y.count - 1].leadingZeroBitCount)
    let divisor = shifted(y, shift)
    var rest = shifted(x, shift)
    let n = y.count
    if rest.count == x.count { rest.append(0) }
    var quotient = [UInt32](repeating: 0, count: rest.count - n)
    for j in stride(from: rest.count - n - 1, through: 0, by: -1) {
      let top = UInt64(rest[j + n]) << 32 | UInt64(rest[j + n - 1])
      var guess = top / UInt64(divisor[n - 1])
      var over = top % UInt64(divisor[n - 1])
      while guess >> 32 != 0
        || guess * UInt64(divisor[n - 2]) > over << 32 | UInt64(rest[j + n - 2])
      {
        guess -= 1
        over += UInt64(divisor[n - 1])
        if over >> 32 != 0 { break }
      }
      var borrow: Int64 = 0
      var carry: UInt64 = 0
      for i in 0..<n {
        carry += guess * UInt64(divisor[i])
        let value = Int64(rest[i + j]) - borrow - Int64(carry & 0xffff_ffff)
        rest[i + j] = UInt32(truncatingIfNeeded: value)
        borrow = value < 0 ? 1 : 0
        carry >>= 32
      }
      let value = Int64(rest[j + n]) - borrow - Int64(carry)
      rest[j + n] = UInt32(truncatingIfNeeded: value)
      if value < 0 {
        guess -= 1
        var sum: UInt64 = 0
        for i in 0..<n {
          sum += UInt64(rest[i + j]) + UInt64(divisor[i])
          rest[i + j] = UInt32(truncatingIfNeeded: sum)
          sum >>= 32
        }
        rest[j + n] = rest[j + n] &+ UInt32(sum)
      }
      quotient[j] = UInt32(guess)
    }
    var remainder = Array(rest[0..<n])
    if shift > 0 {
      for i in 0..<n {
        let next = i + 1 < n ? remainder[i + 1] : 0
        remainder[i] = remainder[i] >> shift | next << (32 - shift)
      }
    }
    return (quotient, remainder)
  }

  private static func shifted(_ limbs: [UInt32], _ bits: UInt32) -> [UInt32] {
    if bits == 0 { return limbs }
    var result: [UInt32] = []
    var carry: UInt32 = 0
    for limb in limbs {
      result.append(limb << bits | carry)
      carry = limb >> (32 - bits)
    }
    if carry > 0 { result.append(carry) }
    return result
  }
}
