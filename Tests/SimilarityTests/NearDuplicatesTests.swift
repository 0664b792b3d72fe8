import Foundation
import Testing

@testable import Similarity

struct NearDuplicatesTests {
  private func folder() throws -> String {
    let path = FileManager.default.temporaryDirectory.appending(path: "near-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
    return path.path
  }

  private func answer(
    _ texts: [String], threshold: Double = 0.8, order: [Int]? = nil, ranks: [UInt64]? = nil,
    sizeLimit: Int = 1000, boilerplate: Boilerplate = .none
  ) throws -> NearAnswer {
    let folder = try folder()
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var search = try NearDuplicates(
      threshold: threshold, sizeLimit: sizeLimit, boilerplate: boilerplate, folder: folder)
    var maker = search.makeSignatureMaker()
    var signature = Signature()
    for number in order ?? Array(texts.indices) {
      maker.make(Array(texts[number].utf8).span, into: &signature)
      try search.add(signature, as: number, rank: ranks?[number] ?? 0)
    }
    let answer = try search.clusters()
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
    return answer
  }

  /// Runs of five words.
  private func shingles(_ text: String) -> Set<[Substring]> {
    let words = text.split(separator: " ")
    return Set((0..<max(1, words.count - 4)).map { Array(words.dropFirst($0).prefix(5)) })
  }

  private func resemblance(_ a: Set<[Substring]>, _ b: Set<[Substring]>) -> Double {
    let shared = a.intersection(b).count
    return Double(shared) / Double(a.count + b.count - shared)
  }

  /// Texts of words in families whose members differ by some words.
  private func families(_ count: Int, _ seed: UInt64) -> [String] {
    var chance = Chance(seed)
    return (0..<count).flatMap { _ in
      let base = chance.words(Int.random(in: 3...120, using: &chance), of: 500)
      return (0..<4).map { member in
        var words = base
        for _ in 0..<member * 2 {
          words[Int.random(in: 0..<words.count, using: &chance)] = chance.words(1)[0]
        }
        return words.joined(separator: " ")
      }
    }
  }

  /// The connected parts of the graph of all pairs that reach a threshold.
  private func expected(_ texts: [String], _ threshold: Double) -> [[Int]] {
    let sets = texts.map(shingles)
    var forest = DisjointSets(texts.count)
    for a in texts.indices {
      for b in texts.indices.dropFirst(a + 1) where resemblance(sets[a], sets[b]) >= threshold {
        _ = forest.join(a, b)
      }
    }
    var parts: [Int: [Int]] = [:]
    for member in texts.indices { parts[forest.root(of: member), default: []].append(member) }
    return parts.values.filter { $0.count > 1 }.sorted { $0[0] < $1[0] }
  }

  @Test(arguments: [0.6, 0.7, 0.8, 0.9])
  func `clusters are those of the true resemblance of all pairs`(_ threshold: Double) throws {
    let texts = families(40, 7)
    let answer = try answer(texts, threshold: threshold)
    #expect(answer.clusters.map(\.members) == expected(texts, threshold))
    for link in answer.clusters.flatMap(\.links) {
      #expect(link.resemblance >= threshold)
      let expected = resemblance(shingles(texts[link.first]), shingles(texts[link.second]))
      #expect(link.resemblance == expected)
    }
  }

  @Test func `the order of arrival changes nothing`() throws {
    let texts = families(20, 3)
    var chance = Chance(4)
    let first = try answer(texts)
    for _ in 0..<3 {
      #expect(try answer(texts, order: Array(texts.indices).shuffled(using: &chance)) == first)
    }
  }

  @Test func `texts with other markup are twins`() throws {
    let answer = try answer([
      #"Find all real $x$ with $\frac{1}{2}x \leq 3$ and $x > 1$."#, "Something else altogether.",
      #"Find all real x with \( \dfrac12 x \le 3 \) and \( x>1 \)"#,
    ])
    #expect(answer.twins == 1)
    #expect(
      answer.clusters == [
        NearCluster(
          members: [0, 2], kept: 0, resemblances: [1, 1],
          links: [NearLink(first: 0, second: 2, resemblance: 1)],
          centre: nil)
      ])
  }

  @Test func `texts without tokens are no duplicates`() throws {
    #expect(try answer(["", "...", "—", "$$", " \n"]).clusters == [])
  }

  @Test func `short texts are compared whole`() throws {
    #expect(try answer(["x + 1", "x + 2", "$x+1$", "x"]).clusters.map(\.members) == [[0, 2]])
  }

  @Test(arguments: [
    (KeepPolicy.first, 0), (.longest, 2), (.verified, 1),
  ])
  func `a policy says which member stays`(_ policy: KeepPolicy, _ kept: Int) throws {
    var chance = Chance(5)
    let text = chance.words(80).joined(separator: " ")
    let texts = [text, text + ".", text + " at the end", text + " and then"]
    let ranks = texts.enumerated().map {
      policy.rank(length: $0.element.utf8.count, isVerified: $0.offset == 1 || $0.offset == 3)
    }
    let answer = try answer(texts, ranks: ranks)
    #expect(answer.clusters.map(\.members) == [[0, 1, 2, 3]])
    #expect(answer.clusters.map(\.kept) == [kept])
  }

  @Test func `the way from a member to the one that stays is over pairs above the threshold`()
    throws
  {
    var chance = Chance(6)
    var words = chance.words(100)
    var texts: [String] = []
    for step in 0..<6 {
      texts.append(words.joined(separator: " "))
      words[step * 16] = "changed"
      words[step * 16 + 8] = "too"
    }
    let cluster = try #require(try answer(texts).clusters.first)
    #expect(cluster.members == [0, 1, 2, 3, 4, 5])
    #expect(resemblance(shingles(texts[0]), shingles(texts[5])) < 0.8)
    #expect(cluster.way(from: 5).map(\.first) == [4, 3, 2, 1, 0])
    #expect(cluster.way(from: 0) == [])
    #expect(
      cluster.resemblances == texts.map { resemblance(shingles(texts[0]), shingles($0)) })
  }

  @Test func `a cluster above the size limit is reported with its centre`() throws {
    var chance = Chance(8)
    let base = chance.words(60)
    let texts = (0..<40).map { number in
      var words = base
      if number > 0 { words[number] = chance.words(1)[0] }
      return words.joined(separator: " ")
    }
    let answer = try answer(texts, sizeLimit: 39)
    #expect(answer.clusters.map(\.members.count) == [40])
    #expect(answer.clusters[0].isTooLarge)
    #expect(answer.clusters[0].centre == 0)
    #expect(try !self.answer(texts, sizeLimit: 40).clusters[0].isTooLarge)
  }

  private let instruction =
    "Generate an executable Python function from the given prompt. It should take stdin as input"
    + " and print the output. Simply call the function after the definition."

  private func problems(_ prefix: String) -> [String] {
    var chance = Chance(9)
    return (0..<50).map { _ in prefix + chance.words(4).joined(separator: " ") }
  }

  @Test func `the same instruction around short problems makes no duplicates`() throws {
    let texts = problems(instruction + " ")
    #expect(try answer(texts, threshold: 0.6).clusters.map(\.members.count) == [50])
    let declared = Boilerplate(prefixes: ["something else", instruction])
    #expect(try answer(texts, threshold: 0.6, boilerplate: declared).clusters == [])
    var counts = LineCounts()
    var lines = Lines()
    for text in texts {
      lines.read(Array(text.utf8).span)
      counts.add(lines)
    }
    let found = Boilerplate(frequent: FrequentLines(counts, sharedBy: 20))
    #expect(try answer(texts, threshold: 0.6, boilerplate: found).clusters == [])
    // Where it is glued to the problem, only what was declared comes off.
    #expect(try answer(problems(instruction), threshold: 0.6, boilerplate: declared).clusters == [])
  }

  @Test func `a text that is all boilerplate is compared whole`() throws {
    let texts = Array(repeating: instruction, count: 40) + problems("")
    var counts = LineCounts()
    var lines = Lines()
    for text in texts {
      lines.read(Array(text.utf8).span)
      counts.add(lines)
    }
    let boilerplate = Boilerplate(frequent: FrequentLines(counts, sharedBy: 20))
    #expect(try answer(texts, boilerplate: boilerplate).clusters.map(\.members) == [Array(0..<40)])
  }

  @Test func `a large group is compared in part`() throws {
    var chance = Chance(10)
    let base = chance.words(200)
    let texts = (0..<700).map { _ in (base + chance.words(2)).joined(separator: " ") }
    let answer = try answer(texts)
    #expect(answer.clusters.map(\.members.count) == [700])
    #expect(answer.cutGroups > 0)
  }
}
