import Files
import Foundation
import Lineage
import Samples
import Testing

@testable import Audit

struct SearchTests {
  private let folder = try! BuildFolder()

  private var work: String { folder.path + "/work" }

  /// A fixture of these prompts in one file.
  private func fixture(_ prompts: [String]) throws -> BuildFixture {
    var fixture = BuildFixture(rows: 0, seed: 1)
    fixture.files["tank"] = ["t.jsonl": try prompts.map(Self.row)]
    return fixture
  }

  private static func row(_ prompt: String) throws -> String {
    let text = String(decoding: try JSONEncoder().encode(prompt), as: UTF8.self)
    return "{\"problem\": \(text), \"answer\": \"1\", \"topic\": \"algebra\", \"other\": \"o\"}"
  }

  /// The rows of the places that a search gives, in its order.
  private func rows(_ hits: [Hit], in ledger: Ledger) throws -> [Int] {
    try hits.map { try Trace.find($0.sampleID, in: ledger).place.row }
  }

  @Test(arguments: [
    ("Find $x^2+3x=0$, x>0!", "find x 2 3x 0 x 0"),
    (#"\frac{a}{b} AND "c*" NEAR(d)"#, "frac a b and c near d"),
    ("Größe ÉTÉ naïve Ω", "große ete naive ω"), ("数学 и 2つ", "数 学 и 2 つ"),
    ("∠ABC ≤ 60°", "∠ abc ≤ 60 °"),
    ("👩‍🏫 ok 👍🏽", "👩 🏫 ok 👍"), ("e\u{301} \u{301} é", "e e"), ("... --- ' \" ;", ""), ("", ""),
    (String(repeating: "a", count: 70), String(repeating: "a", count: 64) + " aaaaaa"),
  ])
  func `words are letters and digits in lower case`(text: String, words: String) {
    #expect(Words.list(of: text).words.joined(separator: " ") == words)
  }

  @Test func `each two words that follow each other are a pair`() {
    #expect(Words.list(of: "one").pairs == [])
    let pairs = Words.list(of: "one two three two one two").pairs
    #expect(pairs.count == 5)
    #expect(Set(pairs).count == 4)
    #expect(pairs[0] == pairs[4])
    #expect(pairs.allSatisfy { $0.hasPrefix("·") && $0.count == 7 })
  }

  @Test func `a prompt finds all samples that have it, and no other as the same`() throws {
    let ledger = try BuildFixture(rows: 60, seed: 3).build(in: folder.path)
    let index = try SearchIndex(of: work, ledger: ledger)
    #expect(index.gaps == [])
    var samples: [String: Set<String>] = [:]
    for (source, key) in [("pool", "question"), ("tank", "problem")] {
      for path in Folder.files(below: "\(work)/sources/\(source)") {
        let text = try String(contentsOfFile: "\(work)/sources/\(source)/\(path)", encoding: .utf8)
        for (number, line) in text.split(separator: "\n").enumerated() {
          let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
          guard let prompt = row?[key] as? String else { continue }
          let trace = try Trace.find("\(source)/\(path):\(number + 1)", in: ledger)
          let folded = prompt.split(whereSeparator: \.isWhitespace).joined(separator: " ")
          samples[folded, default: []].insert(try #require(trace.id))
        }
      }
    }
    #expect(samples.count > 30)
    for (prompt, ids) in samples {
      let hits = try index.search("\n " + prompt.replacing(" ", with: " \t"), limit: 100)
      #expect(Set(hits.filter { $0.match == .same }.map(\.sampleID)) == ids)
      #expect(hits.prefix(ids.count).allSatisfy { $0.match == .same && $0.similarity == 1 })
      #expect(hits.dropFirst(ids.count).allSatisfy { $0.similarity < 1 })
      #expect(Set(hits.map(\.sampleID)).count == hits.count)
    }
  }

  /// Few words make all prompts, so that no word is rare.
  @Test func `a text with mistakes, a part and capitals find their prompt`() throws {
    var random = Generator(state: 5)
    let vocabulary = ["find", "the", "sum", "of", "all", "x", "with", "prime", "and", "7", "root"]
    let prompts = (0..<3000).map { _ in
      (0..<18).map { _ in vocabulary[random.next(vocabulary.count)] }.joined(separator: " ")
    }
    let ledger = try fixture(prompts).build(in: folder.path)
    let index = try SearchIndex(of: work, ledger: ledger)
    for number in stride(from: 7, to: 3000, by: 211) {
      let words = prompts[number].split(separator: " ")
      var misspelt = words
      misspelt[random.next(18)] = "mistaken"
      for text in [
        misspelt.joined(separator: " "), words[3..<13].joined(separator: ",  "),
        prompts[number].uppercased() + "?", words.joined(separator: "\n"),
      ] {
        let hits = try index.search(text, limit: 3)
        #expect(try rows(hits, in: ledger).first == number + 1, "\(text)")
      }
    }
  }

  @Test(arguments: [
    "\"", "*", "AND", "OR NOT", "NEAR(a b, 2)", "a\" OR \"b", "word:x", "^x", "-x", "{", "\\",
    "' --",
    "\u{0}", "\u{202E}x", "👍", "∑", "x", String(repeating: "very long text ", count: 700),
    String(repeating: "a", count: 10_000), "\u{FEFF}", "𝑥 + 𝑦", "%", "_",
  ])
  func `whatever is asked is a text`(text: String) throws {
    let ledger = try fixture([text + " ", "another x", text + " and more"]).build(in: folder.path)
    let hits = try SearchIndex(of: work, ledger: ledger).search(text)
    #expect(try hits.first.map { try rows([$0], in: ledger) } == [1])
    #expect(hits.first?.match == .same)
  }

  @Test func `a part of a prompt comes before prompts with the same words`() throws {
    let ledger = try fixture([
      "red green blue yellow", "blue green red and so on", "say red green blue", "nothing",
    ]).build(in: folder.path)
    let index = try SearchIndex(of: work, ledger: ledger)
    let hits = try index.search("red green blue")
    #expect(try rows(hits, in: ledger) == [1, 3, 2])
    #expect(hits.map(\.match) == [.part, .part, .words])
    #expect(hits.clear == nil)
    #expect(try rows([#require(index.search("say red green").clear)], in: ledger) == [3])
    #expect(try index.search("unheard of").isEmpty)
    #expect(try index.search("yello").first?.excerpt == "red green blue yellow")
    #expect(try index.search("red", limit: 2).count == 2)
  }

  @Test func `an excerpt shows the part of a long prompt that was asked for`() throws {
    let start = String(repeating: "before it ", count: 50)
    let end = String(repeating: " after it", count: 50)
    let ledger = try fixture([start + "the hidden jewel" + end]).build(in: folder.path)
    let index = try SearchIndex(of: work, ledger: ledger)
    for text in ["the hidden jewel", "jewel hidden in it"] {
      let excerpt = try #require(index.search(text).first?.excerpt)
      #expect(excerpt.contains("hidden jewel"))
      #expect(excerpt.hasPrefix("… ") && excerpt.hasSuffix(" …"))
      #expect(excerpt.count <= 164)
    }
  }

  @Test func `a content is read once, for any number of runs, cards and copies`() throws {
    var fixture = BuildFixture(rows: 20, seed: 9)
    let ledger = try fixture.build(in: folder.path)
    #expect(try SearchIndex(of: work, ledger: ledger).contents.count == 3)
    fixture.cards["tank"]? += "# A comment.\n"
    fixture.tool = "test 2"
    var read = 0
    let again = try SearchIndex(of: work, ledger: fixture.build(in: folder.path)) { _ in read += 1 }
    #expect(again.contents.count == 3)
    #expect(read == 0)
    fixture.files["tank"]?["t.jsonl"]?.append(try Self.row("An entirely new question"))
    let grown = try fixture.build(in: folder.path)
    let index = try SearchIndex(of: work, ledger: grown) { _ in read += 1 }
    #expect(read > 0)
    #expect(index.contents.count == 4)
    let hit = try #require(index.search("entirely new question").clear)
    #expect(try Trace.find(hit.sampleID, in: grown).run.id == 3)
    // A sample of three runs is one hit.
    let prompt = "question number 7"
    let ids = try index.search(prompt, limit: 50).map(\.sampleID)
    #expect(Set(ids).count == ids.count)
  }

  @Test func `what is gone or changed is told, and found by the branches' rows`() throws {
    var fixture = try fixture(["the first question", "the second question"])
    fixture.branches = [
      .init(name: "kept", sources: [.init(source: "tank", filters: [])], row: "messages"),
      .init(name: "seeds", sources: [.init(source: "tank", filters: [], response: "teacher")]),
    ]
    let ledger = try fixture.build(in: folder.path)
    let path = work + "/sources/tank/t.jsonl"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    for (change, reason) in [
      ({ try FileManager.default.removeItem(atPath: path) }, "is gone or cannot be opened"),
      (
        {
          try text.replacing("second", with: "SECOND").write(
            toFile: path, atomically: false, encoding: .utf8)
        }, "is not the file that was read"
      ),
    ] {
      try? FileManager.default.removeItem(atPath: work + "/.search.sqlite")
      try change()
      let index = try SearchIndex(of: work, ledger: ledger)
      #expect(
        index.gaps == [
          "'\(path)' \(reason): of its samples only those can be found by text that are rows or"
            + " seeds of a branch"
        ])
      let hits = try index.search("the second question")
      #expect(try rows(hits, in: ledger) == [2])
      #expect(hits.first?.match == .same)
    }
    // It is back, and is looked for again.
    try text.write(toFile: path, atomically: false, encoding: .utf8)
    let index = try SearchIndex(of: work, ledger: ledger)
    #expect(index.gaps == [])
    #expect(try rows(index.search("the second question"), in: ledger) == [2])
  }

  @Test func `a damaged index, and one of another version, is made anew`() throws {
    let ledger = try fixture(["a question"]).build(in: folder.path)
    let path = work + "/.search.sqlite"
    _ = try SearchIndex(of: work, ledger: ledger)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for bytes in [Data("this is no database".utf8), whole.prefix(5000), Data()] {
      try bytes.write(to: URL(fileURLWithPath: path))
      #expect(try SearchIndex(of: work, ledger: ledger).search("a question").count == 1)
    }
    var other = whole
    // The user version of SQLite's file header.
    other.replaceSubrange(60..<64, with: [0, 0, 0, 99])
    try other.write(to: URL(fileURLWithPath: path))
    #expect(try SearchIndex(of: work, ledger: ledger).search("a question").count == 1)
  }

  @Test func `several may make it at once`() async throws {
    var random = Generator(state: 2)
    let prompts = (0..<500).map { "question \($0) of \(random.next(50))" }
    let ledger = try fixture(prompts).build(in: folder.path)
    let work = work
    let counts = try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<4 {
        group.addTask {
          try SearchIndex(of: work, ledger: Ledger(reading: ledger.path)).search("question 77 of")
            .filter { $0.match == .part }.count
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(counts == [1, 1, 1, 1])
    let contents = try SearchIndex(of: work, ledger: ledger).contents
    #expect(contents.map { $0.documents.count }.reduce(0, +) == 500)
  }

  @Test func `a row that could not be read as a sample is found by its place`() throws {
    var fixture = try fixture([])
    fixture.files["pool"] = [
      "p.jsonl": [#"{"question": "a strange thing", "uuid": "u", "generations": 7}"#]
    ]
    let ledger = try fixture.build(in: folder.path)
    let hits = try SearchIndex(of: work, ledger: ledger).search("a strange thing")
    #expect(hits.count <= 1)
    for hit in hits { #expect(try Trace.find(hit.sampleID, in: ledger).id == nil) }
  }

  @Test func `one is meant where no other is near`() {
    func hit(_ match: Hit.Match, _ similarity: Double) -> Hit {
      Hit(sampleID: "a:\(similarity)", excerpt: "", similarity: similarity, match: match)
    }
    #expect([Hit]().clear == nil)
    #expect([hit(.words, 0.3)].clear == nil)
    #expect([hit(.words, 0.6)].clear != nil)
    #expect([hit(.same, 1), hit(.part, 0.9)].clear?.match == .same)
    #expect([hit(.same, 1), hit(.same, 1)].clear == nil)
    #expect([hit(.words, 0.9), hit(.words, 0.6)].clear != nil)
    #expect([hit(.words, 0.9), hit(.words, 0.8)].clear == nil)
  }
}
