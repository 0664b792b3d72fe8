import Testing

@testable import Mathematics

struct ArithmeticTests {
  private func whole(_ random: inout SplitMix64) throws -> Whole {
    let digits = (0..<random.int(1...60)).map { _ in
      UInt8(48 + random.pick([0, 9, random.int(0...9)]))
    }
    let value = try Whole(digits: digits)
    return random.int(0...1) == 0 ? value : value.negated
  }

  @Test func `whole numbers of any size divide, multiply and add as they should`() throws {
    var random = SplitMix64(seed: 22)
    for _ in 0..<3_000 {
      let (a, b, c) = (try whole(&random), try whole(&random), try whole(&random))
      #expect(try a * (try b + c) == (try a * b) + (try a * c))
      #expect(try (try a + b) - b == a)
      guard !b.isZero else { continue }
      let (quotient, remainder) = a.quotientAndRemainder(by: b)
      #expect(try (try quotient * b) + remainder == a)
      #expect(remainder.magnitude < b.magnitude)
      #expect(remainder.isZero || remainder.isNegative == a.isNegative)
      let common = a.gcd(b)
      #expect(a.quotientAndRemainder(by: common).remainder.isZero)
      #expect(b.quotientAndRemainder(by: common).remainder.isZero)
    }
  }

  @Test func `numbers beyond the bound are refused`() throws {
    #expect(throws: Unknown.tooLarge) { try Whole.small(2).power(3_000) }
    #expect(throws: Unknown.tooLarge) {
      try Whole(digits: [UInt8](repeating: 57, count: 2_000))
    }
    #expect(throws: Unknown.undefined) { try Rational(.one, over: .zero) }
  }

  @Test func `elementary functions have thirty digits`() {
    func near(_ a: DoubleDouble, _ b: DoubleDouble) -> Bool {
      (a - b).magnitude.high <= 1e-28 * max(1, b.magnitude.high)
    }
    for step in 1...40 {
      let x = DoubleDouble(Double(step)) / DoubleDouble(7)
      #expect(near(x.exp().log(), x))
      #expect(near(x.squareRoot() * x.squareRoot(), x))
      let (sine, cosine) = x.sineAndCosine()
      #expect(near(sine * sine + cosine * cosine, DoubleDouble(1)))
      let angle = DoubleDouble(Double(step)) / DoubleDouble(30)
      let (up, down) = angle.sineAndCosine()
      #expect(near((up / down).arctangent(), angle))
    }
    #expect(near(DoubleDouble(1).exp(), .e))
    #expect(near(DoubleDouble(2).log(), .ln2))
    #expect(near(DoubleDouble(1).arctangent() * DoubleDouble(4), .pi))
  }
}
