internal import GRDB
internal import Lineage
internal import Notation

extension Overview {
  /// What a teacher made of the seeds of a branch as it is.
  package struct Teaching: Encodable, Sendable {
    package var branch: String
    package var model: String
    package var finished: String
    /// What it was asked with and what was accepted, each in a few words.
    package var settings: [Setting]
    /// The whole data set.
    package var output: Output
    /// Rows of it that the branch kept by itself.
    package var kept: Int
    package var seeds: Int
    package var taught: Int
    /// Answers that came for all seeds.
    package var answers: Int
    package var promptTokens: Int
    package var completionTokens: Int
    package var longest: Int
    /// Where the answers came from that were taken.
    package var servers: [Server]
    /// Why seeds have no row, by kind and then from many to few.
    package var unanswered: [Unanswered]
    /// Taught rows by the tokens of their answers.
    package var lengths: [Bin]

    package struct Setting: Encodable, Equatable, Sendable {
      package var name: String
      package var value: String
    }

    package struct Server: Encodable, Equatable, Sendable {
      package var url: String
      package var rows: Int
    }

    package struct Unanswered: Encodable, Sendable {
      /// `rejected`, `failed` or `refused`.
      package var kind: String
      package var reason: String
      package var seeds: Int
      package var example: Example
    }

    package struct Bin: Encodable, Equatable, Sendable {
      package var from: Int
      package var through: Int?
      package var rows: Int
    }
  }
}

extension Overview.Teaching {
  /// More reasons are counted as one.
  static let shownReasons = 20

  /// Of each branch as it is that was taught, in their order.
  static func all(in database: Database) throws -> [Overview.Teaching] {
    let branches = try Row.fetchAll(
      database, sql: "SELECT id, name FROM branch WHERE id IN \(Facts.current) ORDER BY id")
    return try branches.compactMap { row in
      guard let teaching = try RecordedTeaching.all(of: row[0], in: database).first else {
        return nil
      }
      return try Overview.Teaching(teaching, of: row[1], in: database)
    }
  }

  private init(_ teaching: RecordedTeaching, of branch: String, in database: Database) throws {
    let sums = try Row.fetchOne(
      database,
      sql: """
        SELECT count(*), total(kind = 'taught'), total(attempts), total(prompt_tokens),
          total(completion_tokens), coalesce(max(completion_tokens), 0)
        FROM taught WHERE teaching = ?
        """, arguments: [teaching.id])
    func sum(_ column: Int) -> Int { sums.map { Int($0[column] as Double) } ?? 0 }
    self.branch = branch
    (model, finished, kept) = (teaching.model, teaching.finished, teaching.keptCount)
    settings = Self.settings(teaching)
    output = Overview.Output(
      path: teaching.path, rows: teaching.rowCount, bytes: teaching.byteCount, xxh3: teaching.xxh3)
    (seeds, longest) = (sums?[0] ?? 0, sums?[5] ?? 0)
    (taught, answers, promptTokens, completionTokens) = (sum(1), sum(2), sum(3), sum(4))
    servers = try Row.fetchAll(
      database,
      sql: """
        SELECT server, count(*) FROM taught WHERE teaching = ? AND server IS NOT NULL
        GROUP BY 1 ORDER BY 2 DESC, 1
        """, arguments: [teaching.id]
    ).map { Server(url: $0[0], rows: $0[1]) }
    unanswered = try Self.unanswered(teaching.id, in: database)
    lengths = try Self.lengths(teaching.id, in: database)
  }

  /// Long texts too: a page folds them.
  private static func settings(_ teaching: RecordedTeaching) -> [Setting] {
    func members(_ text: String) -> [JSON.Member] {
      (try? JSON(parsing: Array(text.utf8)))?.members ?? []
    }
    // Parameters go by their own names; what is null was not said.
    let question = members(teaching.question).flatMap { member in
      member.key == "parameters" ? member.value.members ?? [] : [member]
    }
    return (question + members(teaching.policy)).compactMap { member in
      guard member.key != "model", member.value != .null else { return nil }
      let items = member.value.items?.map { $0.text ?? $0.compact }.joined(separator: ", ")
      let value = member.value.text ?? items ?? member.value.compact
      return value == "{}" ? nil : Setting(name: member.key, value: value)
    }
  }

  private static func unanswered(_ teaching: Int64, in database: Database) throws -> [Unanswered] {
    // What a filter saw is another for each answer.
    let groups = try Row.fetchAll(
      database,
      sql: """
        SELECT kind, CASE WHEN reason LIKE 'filter %:%'
            THEN substr(reason, 1, instr(reason, ':') - 1)
            ELSE coalesce(reason, 'not recorded') END AS words,
          count(*), seed, min(seed_row)
        FROM taught WHERE teaching = ? AND kind <> 'taught' GROUP BY 1, 2
        ORDER BY kind <> 'rejected', kind <> 'failed', 3 DESC, 2
        """, arguments: [teaching])
    var result: [Unanswered] = []
    for group in groups {
      let (kind, count): (String, Int) = (group[0], group[2])
      if result.count(where: { $0.kind == kind }) < shownReasons {
        result.append(
          Unanswered(
            kind: kind, reason: group[1], seeds: count,
            example: try Overview.Example.find(group[3], in: database)))
      } else if let last = result.lastIndex(where: { $0.kind == kind }) {
        if !result[last].reason.hasSuffix(Self.rest) { result[last].reason += Self.rest }
        result[last].seeds += count
      }
    }
    return result
  }

  private static let rest = ", and other reasons"

  private static func lengths(_ teaching: Int64, in database: Database) throws -> [Bin] {
    let counts = try Int.fetchAll(
      database,
      sql: """
        SELECT completion_tokens FROM taught
        WHERE teaching = ? AND kind = 'taught' AND completion_tokens IS NOT NULL
        """, arguments: [teaching])
    let classes = counts.map(LengthClass.index)
    guard let first = classes.min(), let last = classes.max() else { return [] }
    var bins = (first...last).map {
      Bin(from: LengthClass.from($0), through: LengthClass.through($0), rows: 0)
    }
    for index in classes { bins[index - first].rows += 1 }
    return bins
  }
}

extension [Overview.Teaching] {
  /// The samples whose prompts are shown.
  var examples: [Overview.Example] { flatMap { $0.unanswered.map(\.example) } }

  mutating func fill(from excerpts: Excerpts) {
    for teaching in indices {
      for place in self[teaching].unanswered.indices {
        let sample = self[teaching].unanswered[place].example.place.sample
        self[teaching].unanswered[place].example.prompt = excerpts[sample]
      }
    }
  }
}
