import Testing

@testable import Similarity

struct FuzzyTests {
  private func scalars(_ text: String) -> [UInt32] { Scalars.of(Array(text.utf8).span) }

  /// Insertions and deletions by the textbook's table.
  private func distance(_ a: [UInt32], _ b: [UInt32]) -> Int {
    var row = Array(0...b.count)
    for i in a.indices {
      var diagonal = row[0]
      row[0] = i + 1
      for j in b.indices {
        let above = row[j + 1]
        row[j + 1] = a[i] == b[j] ? diagonal : min(above, row[j]) + 1
        diagonal = above
      }
    }
    return row[b.count]
  }

  @Test func `the ratio is that of the textbook's table`() throws {
    var chance = Chance(11)
    let alphabet = scalars("abc dé漢😀")
    for _ in 0..<400 {
      let a = (0..<Int.random(in: 0...200, using: &chance)).map { _ in
        alphabet.randomElement(using: &chance)!
      }
      var b = a
      for _ in 0..<Int.random(in: 0...12, using: &chance) where !b.isEmpty {
        let place = Int.random(in: 0..<b.count, using: &chance)
        if Bool.random(using: &chance) {
          b.remove(at: place)
        } else {
          b.insert(alphabet.randomElement(using: &chance)!, at: place)
        }
      }
      let both = a.count + b.count
      let ratio = both == 0 ? 100 : (1 - Double(distance(a, b)) / Double(both)) * 100
      for least in [0.0, 50, 80, 95, 99] {
        let found = FuzzyMatcher.ratio(a, b, least: least)
        #expect(found == (ratio >= least ? ratio : nil), "\(a) \(b)")
      }
    }
  }

  @Test(arguments: [
    // fuzz.ratio of rapidfuzz 3.14.
    ("this is a test", "this is a test!", 96.55172413793103),
    ("naïve 漢字 text", "naive 漢字 text", 92.3076923076923),
    ("Compute 2+2.", "Compute  2 + 2.", 88.88888888888889),
  ])
  func `the ratio is that of rapidfuzz`(_ a: String, _ b: String, _ ratio: Double) throws {
    let found = try #require(FuzzyMatcher.ratio(scalars(a), scalars(b), least: 0))
    #expect(abs(found - ratio) < 1e-9)
  }

  @Test func `no pair that reaches the ratio is ruled out before`() {
    var chance = Chance(12)
    let texts = (0..<120).map { _ in
      Array(
        chance.words(Int.random(in: 1...30, using: &chance), of: 40).joined(separator: " ").utf8)
    }
    var altered = texts
    for place in altered.indices {
      for _ in 0..<Int.random(in: 0...6, using: &chance) {
        altered[place].insert(0x61, at: Int.random(in: 0...altered[place].count, using: &chance))
      }
    }
    let known = texts.map { Scalars.of($0.span) }
    let items = FuzzyItems(known.enumerated().map { (UInt32($0.offset), $0.element) })
    var matcher = FuzzyMatcher()
    var found = 0
    for text in altered {
      let own = Scalars.of(text.span)
      let expected = known.indices.filter { FuzzyMatcher.ratio(known[$0], own) != nil }
      let matches = matcher.matches(of: text.span, in: items).map { Int($0.item) }
      #expect(matches == expected)
      found += expected.count
    }
    #expect(found > 50)
  }
}
