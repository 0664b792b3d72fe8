/// What a branch's rows would be without something that they are made from: exactly those that a build
/// without it would give.
package struct Impact: Encodable, Sendable {
  package var subject: Subject
  /// The branches as they are that have to do with it, in the order of the recipe.
  package var branches: [Branch]

  /// What is thought away.
  package enum Subject: Equatable, Sendable, CustomStringConvertible {
    case source(String)
    /// All sources under a licence, which is written as their cards write it.
    case licence(String)
    /// A sample, by its id or the beginning of it.
    case sample(String)
    case filter(String)

    package var description: String { "\(kind) \(name)" }

    var kind: String {
      switch self {
      case .source: "source"
      case .licence: "licence"
      case .sample: "sample"
      case .filter: "filter"
      }
    }

    var name: String {
      switch self {
      case .source(let name), .licence(let name), .sample(let name), .filter(let name): name
      }
    }
  }

  package struct Branch: Encodable, Sendable {
    package var name: String
    package var run: Int64
    /// Rows of `train.jsonl` and `seeds.jsonl` as they are.
    package var rows: Int
    package var sources: [Source]
    /// Nil where no teacher completed the branch.
    package var teaching: Teaching?
    /// The branch's expert where its rows change, and those that were trained on rows concerned, of
    /// this build or an earlier one.
    package var experts: [Expert] = []
    package var lost: Int { sources.reduce(0) { $0 + $1.lost } }
    package var gained: Int { sources.reduce(0) { $0 + $1.gained } }
    package var rowsAfter: Int { rows - lost + gained }
  }

  /// What would become of the samples of one source in a branch.
  package struct Source: Encodable, Equatable, Sendable {
    package var name: String
    /// Samples that are thought away, or of a filter those that it drops.
    package var concerned = 0
    /// Rows that would not be there: those thought away, or those in whose stead another would stay.
    package var lost = 0
    /// Samples that would be rows: duplicates that step in, or what the filter alone drops.
    package var gained = 0
    /// Of a filter: those it drops that would be duplicates.
    package var duplicates = 0
    /// Of a filter: those it drops that a later step would drop anyway.
    package var droppedLater: [Step] = []
    /// Of those gained the near duplicates that the filter does not drop: another row would stay.
    var others = 0
    /// Rows that would have another number at the end of their ids, as one before them with the same
    /// identity would be gone.
    package var renamed = 0
    /// The rows lost and gained, by their numbers in the ledger, in the order of reading.
    package var lostSamples: [Int64] = []
    package var gainedSamples: [Int64] = []

    package struct Step: Encodable, Equatable, Sendable {
      package var name: String
      package var samples: Int
    }

    enum CodingKeys: String, CodingKey {
      case name, concerned, lost, gained, duplicates, droppedLater, renamed
    }

    init(_ name: String) { self.name = name }

    var isTouched: Bool { concerned > 0 || lost > 0 || gained > 0 || renamed > 0 }
  }

  /// A model that was trained on the branch.
  package struct Expert: Encodable, Equatable, Sendable {
    package var path: String
    package var trainer: String
    /// Rows that it was trained on, and how many of them would be lost; nil where it was given, and
    /// nobody knows.
    package var rows, lost: Int?
    /// The run that wrote the rows; nil where it was given.
    package var run: Int64?
    /// Whether these are the rows that the branch has now; nil where it was given.
    package var isCurrent: Bool?
    package var merges: [Merge]
  }

  /// A merged model that an expert went into.
  package struct Merge: Encodable, Equatable, Sendable {
    package var path: String
    package var method: String
    /// Entries of it that are the expert's own, and all; nil where the method takes none.
    package var entries, totalEntries: Int?
  }

  enum CodingKeys: String, CodingKey { case subject, branches }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(["kind": subject.kind, "name": subject.name], forKey: .subject)
    try container.encode(branches, forKey: .branches)
  }
}

extension Impact.Expert {
  enum CodingKeys: String, CodingKey { case path, trainer, rows, lost, run, isCurrent, merges }

  /// What is not known is null.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encode(trainer, forKey: .trainer)
    try container.encode(rows, forKey: .rows)
    try container.encode(lost, forKey: .lost)
    try container.encode(run, forKey: .run)
    try container.encode(isCurrent, forKey: .isCurrent)
    try container.encode(merges, forKey: .merges)
  }
}

extension Impact.Merge {
  enum CodingKeys: String, CodingKey { case path, method, entries, totalEntries }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(path, forKey: .path)
    try container.encode(method, forKey: .method)
    try container.encode(entries, forKey: .entries)
    try container.encode(totalEntries, forKey: .totalEntries)
  }
}

extension Impact.Branch {
  enum CodingKeys: String, CodingKey {
    case name, run, rows, lost, gained, rowsAfter, sources, teaching, experts
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(run, forKey: .run)
    try container.encode(rows, forKey: .rows)
    try container.encode(lost, forKey: .lost)
    try container.encode(gained, forKey: .gained)
    try container.encode(rowsAfter, forKey: .rowsAfter)
    try container.encode(sources, forKey: .sources)
    try container.encode(teaching, forKey: .teaching)
    try container.encode(experts, forKey: .experts)
  }
}
