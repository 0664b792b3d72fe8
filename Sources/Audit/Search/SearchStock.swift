internal import Curation
internal import Files
internal import GRDB
internal import Lineage
internal import Samples

/// What there is to be searched: the contents of all source files that the ledger knows.
struct SearchStock {
  /// The latest first.
  private(set) var contents: [Content] = []
  /// What branches wrote, as they are; its rows stand for source files that are gone.
  let outputs: [Output]

  /// One state of a file, seen through one card.
  struct Content {
    var key: ContentKey
    var prompt: Field
    /// Where it lay, the latest first.
    var paths: [String]
    var byteCount: Int
    /// First samples, of each source and path that of the latest run.
    var firstSamples: [Int64]
    /// Branches that were built from it and are as they are.
    var branches: [String]
  }

  /// A file that a branch wrote.
  struct Output {
    var key: ContentKey
    var prompt: Field
    var path: String
    var branch: String
  }

  /// Names a content: the file's hash, and where the prompts lie in its rows.
  struct ContentKey: Hashable {
    var xxh3: String
    var field: String

    init(_ xxh3: String, _ field: Field) {
      self.xxh3 = xxh3
      self.field = "\(field.path)" + (field.between.map { " between \($0)" } ?? "")
    }
  }

  init(_ ledger: Ledger, _ workspace: String) throws {
    outputs = try Self.outputs(in: ledger, workspace)
    let rows = try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          WITH latest AS (
            SELECT max(source_file.id) AS file FROM source_file
            JOIN source ON source.id = source_file.source
            GROUP BY source_file.xxh3, source_file.path, source.name, source.config, source.card
          ), used AS (
            SELECT source_file.id AS file, group_concat(branch.name, char(10)) AS branches
            FROM (SELECT DISTINCT branch, source FROM step
              WHERE branch IN (SELECT max(id) FROM branch GROUP BY name)) AS taking
            JOIN branch ON branch.id = taking.branch
            JOIN source_file ON source_file.source = taking.source
            GROUP BY source_file.id
          )
          SELECT source_file.xxh3, source.name, source.card, source_file.path,
            source_file.byte_count, source_file.first_sample, used.branches
          FROM latest JOIN source_file ON source_file.id = latest.file
          JOIN source ON source.id = source_file.source
          LEFT JOIN used ON used.file = source_file.id
          ORDER BY source_file.id DESC
          """)
    }
    var fields: [String: Field] = [:]
    var places: [ContentKey: Int] = [:]
    for row in rows {
      let card: String = row[2]
      // A card that cannot be read any more has no prompts to be found.
      guard let field = fields[card] ?? (try? SourceCard(recorded: card, name: row[1]))?.prompt
      else { continue }
      fields[card] = field
      let key = ContentKey(row[0], field)
      let branches = (row[6] as String?)?.split(separator: "\n").map(String.init) ?? []
      if let place = places[key] {
        if !contents[place].paths.contains(row[3]) { contents[place].paths.append(row[3]) }
        contents[place].firstSamples.append(row[5])
        contents[place].branches += branches
      } else {
        places[key] = contents.count
        contents.append(
          Content(
            key: key, prompt: field, paths: [row[3]], byteCount: row[4], firstSamples: [row[5]],
            branches: branches))
      }
    }
  }

  private static func outputs(in ledger: Ledger, _ workspace: String) throws -> [Output] {
    let rows = try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT output_file.xxh3, branch.row_format, output_file.path, branch.name
          FROM output_file JOIN branch ON branch.id = output_file.branch
          WHERE branch.id IN (SELECT max(id) FROM branch GROUP BY name)
          ORDER BY output_file.id
          """)
    }
    return rows.map { row in
      let path: String = row[2]
      let place = place(ofPromptsIn: path, row[1])
      let field = Field(name: "prompt", path: place)
      return Output(
        key: ContentKey(row[0], field), prompt: field, path: workspace + "/" + path, branch: row[3])
    }
  }

  private static func place(ofPromptsIn path: String, _ rowFormat: String) -> FieldPath {
    guard path.fileName != "seeds.jsonl" else { return FieldPath(key: "prompt") }
    return switch rowFormat {
    case "messages": FieldPath(key: "messages", index: 0, member: "content")
    case "alpaca": FieldPath(key: "instruction")
    default: FieldPath(key: "conversations", index: 0, member: "value")
    }
  }

  /// Where a branch's rows have the sample's id.
  static let outputID = Field(name: "id", path: FieldPath(key: "id"))
}
