import Testing

@testable import Similarity

struct BandingTests {
  @Test(arguments: [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1])
  func `the recall at the threshold is at least what is promised`(_ threshold: Double) {
    let banding = Banding(threshold: threshold)
    #expect(banding.recall(at: threshold) >= Banding.recall)
    #expect(banding.bands * banding.rows <= 128)
    #expect(banding.recall(at: threshold / 3) < 0.9)
  }

  @Test(arguments: [(0.6, 29, 3), (0.7, 26, 4), (0.8, 18, 5), (0.9, 13, 8)])
  func `bands are as long as they may be`(_ threshold: Double, _ bands: Int, _ rows: Int) {
    let banding = Banding(threshold: threshold)
    #expect((banding.bands, banding.rows) == (bands, rows))
  }

  @Test func `minima agree as often as two sets resemble each other`() {
    var chance = Chance(2)
    let size = 60
    let shared = 40
    var agreeing = 0
    let rounds = 400
    for _ in 0..<rounds {
      let values = (0..<2 * size - shared).map { _ in chance.next() }
      let a = minima(Array(values[..<size]))
      let b = minima(Array(values[(size - shared)...]))
      agreeing += zip(a, b).count { $0 == $1 }
    }
    // Half of the values are shared; 51,200 trials have a deviation of 0.0022.
    #expect(abs(Double(agreeing) / Double(rounds * 128) - 0.5) < 0.01)
  }
}
