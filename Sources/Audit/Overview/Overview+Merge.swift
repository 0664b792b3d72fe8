internal import GRDB
internal import Notation

extension Overview {
  /// The latest merge, tensor by tensor.
  package struct Merge: Encodable, Sendable {
    package var method: String
    /// All of the merge file.
    package var config: String
    package var inputs: [Input]
    package var tensors: [Tensor]

    package struct Input: Encodable, Sendable {
      package var name: String
      /// Whose latest expert it is; nil where it is none.
      package var branch: String?
      package var isBase: Bool
      /// Entries of the merged model that are its own; nil where the method takes none.
      package var entries: Int?
    }

    package struct Tensor: Encodable, Sendable {
      package var name: String
      /// Counted from 0; nil outside of the layers.
      package var layer: Int?
      /// What it is in its layer, with a star for the number of an expert: `mlp.down_proj`.
      package var module: String
      package var shape: [Int]
      package var type: String
      package var entries: Int
      package var norm: Double?
      package var xxh3: String?
      /// Whether a threshold was no real choice: none, or nearly all scores are alike.
      package var isDegenerate: Bool
      /// Not finite in the type that it was written in.
      package var overflowed: Int
      package var shares: [Share]
      package var steps: [Threshold]
    }

    /// What is whose in a tensor.
    package struct Share: Encodable, Sendable {
      package var input: String
      /// Its own entries; nil where the method takes none.
      package var entries: Int?
      /// How far the merged tensor is from the input's, by the length of the difference.
      package var distance: Double?
    }

    /// From which score on the entries of an expert that joins are taken.
    package struct Threshold: Encodable, Sendable {
      package var incoming: String
      package var threshold: Double
      package var selected: Int?
      package var isDegenerate: Bool
    }
  }
}

extension Overview.Merge {
  static func latest(in database: Database) throws -> Overview.Merge? {
    let found = try Row.fetchOne(
      database,
      sql: """
        SELECT merge.id, method, config FROM merge JOIN stage ON stage.id = merge.stage
        WHERE stage.state = 'done' ORDER BY merge.id DESC LIMIT 1
        """)
    guard let found else { return nil }
    let id: Int64 = found[0]
    let tensors = try Row.fetchCursor(
      database, sql: "SELECT name, record FROM merge_tensor WHERE merge = ? ORDER BY position",
      arguments: [id])
    var merge = Overview.Merge(
      method: found[1], config: found[2],
      inputs: try Row.fetchAll(
        database,
        sql: """
          SELECT name, (
            SELECT branch FROM training WHERE training.checkpoint = merge_input.checkpoint
            AND training.id = (SELECT max(latest.id) FROM training AS latest
              JOIN stage ON stage.id = latest.stage
              WHERE stage.state = 'done' AND latest.branch = training.branch)),
            is_base, entry_count
          FROM merge_input WHERE merge = ? ORDER BY position
          """, arguments: [id]
      ).map { Input(name: $0[0], branch: $0[1], isBase: $0[2], entries: $0[3]) }, tensors: [])
    while let row = try tensors.next() {
      merge.tensors.append(Tensor(name: row[0], record: row[1]))
    }
    return merge
  }
}

extension Overview.Merge.Tensor {
  /// A record that is no JSON, or lacks something, leaves that out.
  init(name: String, record text: String) {
    let record = (try? JSON(parsing: Array(text.utf8))) ?? .null
    self.name = name
    (layer, module) = Self.place(name)
    shape = (record["shape"]?.items ?? []).compactMap(\.int)
    entries = shape.reduce(1) { product, length in
      product.multipliedReportingOverflow(by: length).overflow ? 0 : product * length
    }
    type = record["type"]?.text ?? ""
    norm = record["norm"]?.double
    xxh3 = record["xxh3"]?.text
    isDegenerate = record["degenerate"]?.flag ?? false
    overflowed = record["overflowed"]?.int ?? 0
    let distances = record["distances"]?.items ?? []
    let taken = record["entries_from"]
    shares = (record["inputs"]?.items ?? []).enumerated().map { index, input in
      let name = input.text ?? ""
      return Overview.Merge.Share(
        input: name, entries: taken?[name]?.int,
        distance: index < distances.count ? distances[index].double : nil)
    }
    steps = (record["steps"]?.items ?? []).compactMap { step in
      guard let incoming = step["incoming"]?.text, let threshold = step["threshold"]?.double else {
        return nil
      }
      return Overview.Merge.Threshold(
        incoming: incoming, threshold: threshold, selected: step["selected"]?.int,
        isDegenerate: step["degenerate"]?.flag ?? false)
    }
  }

  /// The layer is the first number between dots; what follows it is the module.
  private static func place(_ name: String) -> (Int?, String) {
    var parts = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    if parts.last == "weight", parts.count > 1 { parts.removeLast() }
    guard let place = parts.firstIndex(where: isNumber), place + 1 < parts.count else {
      return (nil, parts.joined(separator: "."))
    }
    let module = parts[(place + 1)...].map { isNumber($0) ? "*" : $0 }
    return (Int(parts[place]), module.joined(separator: "."))
  }

  private static func isNumber(_ part: String) -> Bool {
    !part.isEmpty && part.count < 7 && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }
}
