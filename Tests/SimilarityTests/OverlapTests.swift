import Files
import Testing

@testable import Similarity

struct OverlapTests {
  private static let problems = [
    "aya":
      "Every morning Aya goes for a $9$-kilometer-long walk and stops at a coffee shop afterwards.",
    "plane":
      #"Find the equation of the plane containing the points $(0,-1,-1),$ $(-4,4,4),$ and $(4,5,1).$"#,
    "sine": #"Compute $\sin 60^\circ.$"#,
    "sum": #"What is $2+2$?"#,
  ]

  private static let benchmark = Benchmark(
    name: "small",
    items: problems.sorted { $0.key < $1.key }.map {
      BenchmarkItem(id: $0.key, text: Array($0.value.utf8))
    })

  private func hits(
    _ text: String, _ rules: Set<OverlapRule> = Set(OverlapRule.allCases),
    _ benchmark: Benchmark = benchmark
  ) -> [String] {
    var finder = OverlapIndex([benchmark], rules: rules).makeFinder()
    let bytes = Array(text.utf8)
    return finder.hits(in: bytes.span).map { hit in
      let stretch = String(decoding: bytes[hit.bytes], as: UTF8.self)
      return "\(hit.benchmark) \(hit.item) \(hit.rule) \(Int(hit.share * 100)): \(stretch)"
    }
  }

  @Test func `eight words in common are a hit, and seven are none`() {
    #expect(hits("EVERY  morning Aya goes for a $9$-kilometer-long  bike ride", [.words]) == [])
    #expect(
      hits("so every morning Aya goes for a $9$-kilometer-long\nWALK and stops there", [.words])
        == ["small aya words 37: every morning Aya goes for a $9$-kilometer-long\nWALK and stops"])
    #expect(hits("every morning Aya goes for a bike ride and stops at a bar", [.words]) == [])
    #expect(hits("every morning, Aya goes for a $9$-kilometer-long walk", [.words]) == [])
  }

  @Test func `spacing, punctuation and markup do not escape tokens`() {
    let text =
      #"<p>Find the equation of the <b>plane</b> containing the points \( (0, -1, -1) \), \( (-4,\,4,\,4) \) and \( (4,5,1) \).</p>"#
    #expect(hits(text, [.words]) == [])
    #expect(
      hits(text, [.tokens, .words]) == [
        #"small plane tokens 100: Find the equation of the <b>plane</b> containing the points \( (0, -1, -1) \), \( (-4,\,4,\,4) \) and \( (4,5,1"#
      ])
  }

  @Test func `a phrase in common is no hit by tokens`() {
    #expect(
      hits("Find the equation of the plane containing the points named A, B and C", [.tokens]) == []
    )
  }

  @Test(arguments: [
    ("Compute sin 60°", "small sine whole 100: Compute sin 60°"),
    (
      #"Return your answer in \boxed{}. Compute: $\sin 60^{\circ}$!"#,
      #"small sine whole 100: Compute: $\sin 60^{\circ"#
    ),
    ("what is 2 + 2", "small sum whole 100: what is 2 + 2"),
  ])
  func `a short item is found whole`(_ text: String, _ hit: String) {
    #expect(hits(text, [.whole]) == [hit])
  }

  @Test(arguments: ["Compute sin 61°", "sin 60°", "Compute cos 60°", "", "What is 2 - 2?"])
  func `a part of a short item is no hit`(_ text: String) {
    #expect(hits(text, [.whole]) == [])
  }

  @Test func `a ratio of 95 is a hit`() {
    let text = Self.problems["aya"]!
    #expect(hits(text, [.fuzzy]) == ["small aya fuzzy 100: \(text)"])
    #expect(hits(text + " Why?", [.fuzzy]) == ["small aya fuzzy 97: \(text) Why?"])
    #expect(hits(text + " And why does she do that?", [.fuzzy]) == [])
    #expect(hits("", [.fuzzy]) == [])
  }

  @Test func `a fingerprint finds what the texts find, but for the fuzzy rule`() throws {
    let text = Self.benchmark.fingerprint()
    #expect(!text.contains("morning") && !text.contains("Compute"))
    let read = try Benchmark(fingerprint: text, path: "small.print")
    #expect(read.name == "small")
    #expect(read.fingerprint() == text)
    for problem in Self.problems.values {
      let question = "Well: " + problem + " Say it."
      let rules: Set<OverlapRule> = [.words, .tokens, .whole]
      #expect(hits(question, rules, read) == hits(question, rules))
      #expect(hits(question, rules) != [])
      #expect(hits(problem, [.fuzzy], read) == [])
    }
  }

  @Test(arguments: [
    ("", "small.print: is no file of 'branchmerge fingerprint'; make it again"),
    ("one\ntwo", "small.print: is no file of 'branchmerge fingerprint'; make it again"),
    (
      "branchmerge-fingerprint 1 words 9 tokens 8 small",
      "small.print: has runs of another length; make it again with this version"
    ),
    (
      "branchmerge-fingerprint 1 words 8 tokens 8 small\nitem a\nwords\ntokens zz\nwhole 0 0 0\n",
      "small.print: cannot be read from line 2 on; make it again"
    ),
    (
      "branchmerge-fingerprint 1 words 8 tokens 8 small\nitem a\nwords\n",
      "small.print: cannot be read from line 2 on; make it again"
    ),
  ])
  func `a damaged fingerprint is refused`(_ text: String, _ message: String) throws {
    let error = try #require(throws: FileError.self) {
      try Benchmark(fingerprint: text, path: "small.print")
    }
    #expect(error.description == message)
  }

  @Test func `a fingerprint that is cut anywhere is refused`() throws {
    let text = Self.benchmark.fingerprint()
    for count in 0..<text.utf8.count {
      #expect(throws: FileError.self, "\(count) bytes") {
        try Benchmark(fingerprint: String(text.utf8.prefix(count))!, path: "small.print")
      }
    }
    // One item of several, and one hash of an item.
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let less = (lines[..<1] + lines[5...]).joined(separator: "\n")
    let other = text.replacing(/words [0-9a-f]{16}/, maxReplacements: 1) { _ in
      "words 0123456789abcdef"
    }
    for changed in [less, other] {
      let error = try #require(throws: FileError.self) {
        try Benchmark(fingerprint: changed, path: "small.print")
      }
      #expect(error.description == "small.print: is cut short, or was changed; make it again")
    }
  }

  @Test func `the rule of words is that of a plain search`() {
    var chance = Chance(20)
    let items = (0..<30).map { _ in chance.words(Int.random(in: 0...20, using: &chance), of: 3) }
    let texts = (0..<100).map { _ in chance.words(Int.random(in: 0...40, using: &chance), of: 3) }
    func runs(_ words: [String]) -> Set<ArraySlice<String>> {
      words.count < 8 ? [] : Set((0...words.count - 8).map { words[$0..<$0 + 8] })
    }
    let index = OverlapIndex(
      [
        Benchmark(
          name: "b",
          items: items.enumerated().map {
            BenchmarkItem(id: "\($0.offset)", text: Array($0.element.joined(separator: " ").utf8))
          })
      ], rules: [.words])
    var finder = index.makeFinder()
    for text in texts {
      let found = finder.hits(in: Array(text.joined(separator: "\n ").utf8).span)
      let expected = items.indices.filter { !runs(items[$0]).isDisjoint(with: runs(text)) }
      #expect(found.map(\.item) == expected.map(String.init))
      for hit in found {
        let shared = runs(items[Int(hit.item)!]).intersection(runs(text))
        #expect(hit.share == Double(shared.count) / Double(runs(items[Int(hit.item)!]).count))
      }
    }
  }
}
