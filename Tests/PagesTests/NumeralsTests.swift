import Testing

@testable import Pages

struct NumeralsTests {
  @Test func `seeds are not counted among what was kept`() {
    #expect(Numerals.written(kept: 71, seeds: 82) == "71 kept, 82 seeds")
    #expect(Numerals.written(kept: 0, seeds: 1) == "1 seed")
    #expect(Numerals.written(kept: 1084, seeds: 0) == "1,084 kept")
    #expect(Numerals.written(kept: 0, seeds: 0) == "0 kept")
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567"),
    (Int.min, "-9,223,372,036,854,775,808"),
  ])
  func `thousands are set apart`(number: Int, text: String) {
    #expect(Numerals.grouped(number) == text)
  }

  @Test(arguments: [
    (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_250_000, "1.3 MB"),
    (Int.max, "9223372.0 TB"),
  ])
  func `bytes are told in powers of ten`(count: Int, text: String) {
    #expect(Numerals.bytes(count) == text)
  }

  @Test(arguments: [
    (0, 0, "–"), (0, 7, "0.0 %"), (1, 3, "33.3 %"), (7, 7, "100.0 %"), (1, 1_000_000, "<0.1 %"),
    (999_999, 1_000_000, ">99.9 %"),
  ])
  func `only nothing is 0 and only all is 100 percent`(part: Int, whole: Int, text: String) {
    #expect(Numerals.share(part, of: whole) == text)
  }

  @Test(
    arguments: [
      (0, "0"), (8.692e-10, "8.69e-10"), (0.00123, "0.00123"), (1.5, "1.50"), (-12.346, "-12.3"),
      (1e300, "1.00e300"), (.infinity, "inf"), (.nan, "nan"), (.leastNonzeroMagnitude, "4.94e-324"),
    ] as [(Double, String)])
  func `small and large numbers have a power of ten`(value: Double, text: String) {
    #expect(Numerals.significant(value) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (12.0, "12"), (12.5, "12.5"), (12.345, "12.35"), (-0.001, "0"), (1e20, "1e+20"),
  ])
  func `a place has no digits that say nothing`(value: Double, text: String) {
    #expect(Numerals.place(value) == text)
  }

  @Test func `an axis reaches over all there is, in few round steps`() {
    for most in Array(0...300) + [999_999, 1_000_001, Int(Int32.max), Int.max / 4] {
      let ticks = Scale.ticks(upTo: most)
      #expect(ticks.first == 0)
      #expect((ticks.last ?? 0) >= most)
      #expect(ticks.count <= 5, "\(most): \(ticks)")
    }
    for (low, high) in [(0.0, 1.0), (1.9, 6.1), (-3, 1e-9), (0, 1e300), (5, 5), (0, .infinity)] {
      let ticks = Scale.ticks(from: low, through: high)
      #expect(ticks.count <= 6, "\(low) \(high): \(ticks)")
      #expect(ticks.allSatisfy { $0 >= low - 1e-9 && $0 <= high * (1 + 1e-9) })
    }
  }
}
