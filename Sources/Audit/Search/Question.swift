internal import Files
internal import Foundation
internal import GRDB
internal import Samples

/// A text that is searched for, and how the prompts nearest to it are found.
///
/// Rare words and pairs of words lead to few documents, which are all looked at. Where all are
/// common, several of them together do: each group alone is in some dozen documents, and no two
/// groups share a word or a pair, so that a word that was changed spoils few of them.
struct Question {
  private let key: Int64
  private let folded: String
  /// Words, and signs for pairs of them, each once. Of a long text just so many: the longest words,
  /// which are the rarest, and pairs from all over it.
  private let terms: [String]
  fileprivate let words: Set<Substring>
  fileprivate let pairs: Set<Substring>

  /// A document with how near it is.
  struct Answer {
    var document: Int64
    var sampleID: String?
    var match: Hit.Match
    var similarity: Double
    var excerpt: String
  }

  private static let mostTerms = 120
  /// A word in more documents is common; of these just so many are read.
  private static let rare = 1000
  private static let mostCandidates = 400
  private static let mostVoters = 40
  private static let mostGroups = 6

  init(_ text: String) {
    (key, folded) = PromptReader.key(of: text)
    let (words, pairs) = Words.list(of: folded)
    (self.words, self.pairs) = (Set(words), Set(pairs))
    let longest = self.words.sorted { ($0.utf8.count, $0) > ($1.utf8.count, $1) }
    let step = max(1, pairs.count / Self.mostTerms)
    let spread = Set(stride(from: 0, to: pairs.count, by: step).map { pairs[$0] })
    terms = (longest.prefix(Self.mostTerms) + spread.sorted()).map(String.init)
  }

  /// The nearest documents of these contents, the nearest first; somewhat more than `limit`, as
  /// several may be of one sample.
  func answers(
    in database: Database, among contents: [SearchIndex.Content], limit: Int
  ) throws -> [Answer] {
    var candidates = try Int64.fetchAll(
      database, sql: "SELECT document FROM prompt WHERE key = ? ORDER BY document LIMIT ?",
      arguments: [key, limit * 8 + 64])
    let same = Set(candidates)
    let (nearest, beginnings, weights) = try nearest(in: database)
    let measure = Measure(question: self, beginnings, weights)
    candidates += nearest.filter { !same.contains($0) }
    let statement = try database.makeStatement(
      sql: "SELECT text, sample_id FROM prompt WHERE document = ?")
    var ranked: [(answer: Answer, text: String)] = []
    for document in candidates where contents.content(of: document) != nil {
      guard let row = try Row.fetchOne(statement, arguments: [document]) else { continue }
      let text: String = row[0]
      var answer = Answer(
        document: document, sampleID: row[1], match: .same, similarity: 1, excerpt: "")
      if !same.contains(document) {
        answer.similarity = min(0.999, measure.similarity(to: text))
        answer.match = !terms.isEmpty && isPart(of: text) ? .part : .words
      }
      ranked.append((answer, text))
    }
    ranked.sort {
      ($0.answer.match.rank, -$0.answer.similarity, $0.answer.document)
        < ($1.answer.match.rank, -$1.answer.similarity, $1.answer.document)
    }
    // What is much further away than the nearest is no answer.
    let least = 0.6 * (ranked.map(\.answer.similarity).max() ?? 0)
    return ranked.lazy.filter { $0.answer.similarity >= least }.prefix(limit * 8 + 64).map {
      ranked in
      var answer = ranked.answer
      answer.excerpt = measure.excerpt(of: ranked.text, folded)
      return answer
    }
  }

  private func isPart(of text: String) -> Bool {
    var bytes = ByteBuffer(capacity: text.utf8.count)
    bytes.append(text)
    return bytes.bytes.firstRange(of: Array(folded.utf8)) != nil
  }

  /// The documents in which most of the words are, the rarest counting most; the words that were
  /// taken as beginnings because no document has them whole; and what each term counts.
  private func nearest(in database: Database) throws -> (
    [Int64], beginnings: Set<String>, weights: [String: Double]
  ) {
    let last = Double(try Int64.fetchOne(database, sql: "SELECT max(document) FROM prompt") ?? 0)
    guard last > 0, !terms.isEmpty else { return ([], [], [:]) }
    let statement = try database.makeStatement(
      sql: "SELECT rowid FROM word WHERE word MATCH ? LIMIT ?")
    func documents(_ match: String, _ limit: Int) throws -> [Int64] {
      try Int64.fetchAll(statement, arguments: [match, limit])
    }
    var found: [(term: String, frequency: Double, documents: [Int64])] = []
    var beginnings: Set<String> = []
    for term in terms {
      var list = try documents("\"\(term)\"", Self.rare + 1)
      if list.isEmpty, beginnings.count < 4, term.utf8.count >= 4, !term.hasPrefix("·") {
        list = try documents("\"\(term)\"*", Self.rare + 1)
        if !list.isEmpty { beginnings.insert(term) }
      }
      guard let end = list.last, let start = list.first else { continue }
      let share =
        list.count <= Self.rare
        ? Double(list.count) / last : Double(list.count) / Double(end - start + 1)
      found.append((term, share, list))
    }
    found.sort { ($0.frequency, $0.term) < ($1.frequency, $1.term) }
    var votes: [Int64: Double] = [:]
    var weights: [String: Double] = [:]
    for (rank, (term, frequency, list)) in found.enumerated() {
      let weight = log(1 + 1 / frequency)
      weights[term] = weight
      guard rank < Self.mostVoters else { continue }
      for document in list { votes[document, default: 0] += weight }
    }
    let most = votes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }.prefix(Self.mostCandidates)
    var candidates = most.map(\.key)
    var seen = Set(candidates)
    for group in groups(of: found.map { ($0.term, $0.frequency) }, documents: last)
    where group.count > 1 {
      let match = group.map { "\"\($0)\"" + (beginnings.contains($0) ? "*" : "") }
      for document in try documents(match.joined(separator: " "), Self.mostCandidates / 4)
      where seen.insert(document).inserted {
        candidates.append(document)
      }
    }
    return (candidates, beginnings, weights)
  }

  /// Groups of terms, no term in two of them, that are rare together.
  private func groups(
    of terms: [(term: String, frequency: Double)], documents: Double
  ) -> [[String]] {
    var groups: [[String]] = []
    var group: [String] = []
    var expected = documents
    for (term, frequency) in terms {
      group.append(term)
      expected *= frequency
      guard expected < 20 else { continue }
      groups.append(group)
      if groups.count == Self.mostGroups { return groups }
      group = []
      expected = documents
    }
    // What is left is not rare together; it is all there is where nothing else was found.
    return groups.isEmpty ? [group] : groups
  }
}

/// How near prompts are to the words of a question.
private struct Measure {
  private let words: Set<Substring>
  private let pairs: Set<Substring>
  private let beginnings: Set<String>
  private let weights: [Substring: Double]
  private let total: Double

  init(question: Question, _ beginnings: Set<String>, _ weights: [String: Double]) {
    words = question.words
    pairs = question.pairs
    self.beginnings = beginnings
    // In an order of its own, so that the last bit of a sum is always the same.
    let sorted = words.sorted()
    let known = sorted.compactMap { weights[String($0)] }
    // A word that no document has, most often one that is misspelt, counts as others do.
    let other = known.isEmpty ? 1 : known.reduce(0, +) / Double(known.count)
    let each = sorted.map { weights[String($0)] ?? other }
    self.weights = Dictionary(uniqueKeysWithValues: zip(sorted, each))
    total = each.reduce(0, +)
  }

  /// Of 1 most for the share of the words that the text has, the rare ones counting more, and a
  /// tenth each for the share of the pairs and for the share of the text's words that are among
  /// these.
  func similarity(to text: String) -> Double {
    guard !words.isEmpty else { return 0 }
    let (list, others) = Words.list(of: text)
    let otherWords = Set(list)
    var common = words.intersection(otherWords)
    for beginning in beginnings where otherWords.contains(where: { $0.hasPrefix(beginning) }) {
      common.insert(Substring(beginning))
    }
    let share = common.sorted().reduce(0) { $0 + (weights[$1] ?? 0) } / total
    let order =
      pairs.isEmpty ? share : Double(pairs.intersection(others).count) / Double(pairs.count)
    let all = max(1, words.union(otherWords).count)
    return 0.8 * share + 0.1 * order + 0.1 * Double(common.count) / Double(all)
  }

  /// Some 160 characters of the text: from where it has what was asked, or most of its words.
  func excerpt(of text: String, _ folded: String) -> String {
    let width = 160
    let characters = Array(text)
    guard characters.count > width else { return text }
    var start = 0
    if let range = text.firstRange(of: folded) {
      start = text.distance(from: text.startIndex, to: range.lowerBound)
    } else {
      // Where each piece between two spaces begins, and whether it has a word of the question.
      var pieces: [(start: Int, isWanted: Bool)] = []
      var position = 0
      for piece in text.split(separator: " ", omittingEmptySubsequences: false) {
        let isWanted = Words.list(of: String(piece)).words.contains { words.contains($0) }
        pieces.append((position, isWanted))
        position += piece.count + 1
      }
      var (best, count, first) = (0, 0, 0)
      for piece in pieces {
        if piece.isWanted { count += 1 }
        while pieces[first].start < piece.start - width {
          if pieces[first].isWanted { count -= 1 }
          first += 1
        }
        if count > best { (best, start) = (count, pieces[first].start) }
      }
    }
    start = min(start, characters.count - width)
    if start < 20 { start = 0 }
    let end = min(start + width, characters.count)
    return (start > 0 ? "… " : "") + String(characters[start..<end])
      + (end < characters.count ? " …" : "")
  }
}

extension Hit.Match {
  fileprivate var rank: Int {
    switch self {
    case .same: 0
    case .part: 1
    case .words: 2
    }
  }
}
