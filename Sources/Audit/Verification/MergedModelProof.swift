internal import Files
internal import Foundation
internal import Fusion
internal import GRDB
internal import Lineage
internal import Notation
internal import Synchronization

/// The merged model: its report is that of the ledger, its tensors have the bytes that the report
/// says, and merged again from the inputs they come out the same, bit for bit, figures included.
final class MergedModelProof {
  private let record: WorkspaceRecord
  private let ledger: Ledger
  private let proof: Proof
  private let stage: StageRecord
  private let checkpoint: Int64
  private let method: String
  private let config: String
  private let inputs: [Input]
  /// The models that earlier documents of the merge file make.
  private let made: Set<String>
  /// In the order of the model.
  private let tensors: [(name: String, record: JSON)]
  /// The model, once it was opened.
  private var merged: Checkpoint?
  private var identity: String?

  private struct Input {
    let name: String
    let checkpoint: Int64
    /// As the merge file has it.
    let path: String
    let folder: String
    let isBase: Bool
    let entryCount: Int?

    /// What the merge's ingredients call it.
    var identity: String {
      let parts = path.split(separator: "/").filter { $0 != "." }
      return (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
    }
  }

  private var folder: String { record.workspace + "/merged" }

  /// Nil where nothing was merged.
  init?(_ record: WorkspaceRecord, _ ledger: Ledger, _ proof: Proof) throws {
    guard let stage = record.stages["merge"] else { return nil }
    let found = try ledger.access { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT id, checkpoint, method, config FROM merge WHERE stage = ? ORDER BY id DESC LIMIT 1
          """, arguments: [stage.id]
      ).map { row in
        (
          row,
          try Row.fetchAll(
            database,
            sql: """
              SELECT merge_input.name, checkpoint.id, checkpoint.name, path, is_base, entry_count,
                role
              FROM merge_input JOIN checkpoint ON checkpoint.id = merge_input.checkpoint
              WHERE merge = ? ORDER BY position
              """, arguments: [row[0] as Int64]),
          try Row.fetchAll(
            database,
            sql: "SELECT name, record FROM merge_tensor WHERE merge = ? ORDER BY position",
            arguments: [row[0] as Int64])
        )
      }
    }
    guard let (row, inputs, tensors) = found else {
      proof.fails(.report, "a merge left no record", at: quoted(stage.name))
      return nil
    }
    self.record = record
    self.ledger = ledger
    self.proof = proof
    self.stage = stage
    (checkpoint, method, config) = (row[1], row[2], row[3])
    let report = try? JSON(file: "\(record.workspace)/merged/\(MergeReport.fileName)")
    // What an earlier document of the merge file made is no model on disk.
    let documents = try? MergeConfig(parsing: config, file: "merge-config.yml").documents
    let names = Set((documents ?? []).compactMap(\.name))
    made = names
    let models = (report?["models"]?.items ?? []).filter { model in
      !(model["path"]?.text.map(names.contains) ?? false)
    }
    self.inputs = inputs.enumerated().map { index, row in
      // An expert goes by its branch. A base that two stages know may have the other's name.
      let given = index < models.count ? models[index]["path"]?.text : nil
      let name: String = row[2]
      let path =
        row[6] == "expert"
        ? (name.hasPrefix("experts/") ? name : "experts/\(name)") : given ?? name
      return Input(
        name: row[0], checkpoint: row[1], path: path, folder: record.located(row[3]),
        isBase: (row[4] as Int) != 0, entryCount: row[5])
    }
    self.tensors = tensors.map { row in
      (row[0], (try? JSON(parsing: Array((row[1] as String).utf8))) ?? .null)
    }
  }

  /// What can be held against headers and small files; the bytes of the tensors come with those of
  /// the other files.
  func prove(adding files: inout FileClaims) throws {
    let models = StageProof(record, ledger, proof)
    try models.proveModel(
      checkpoint, .init(role: "merged", name: "merged", stage: stage.id), nil, at: folder,
      adding: &files)
    for input in inputs {
      try models.proveModel(
        input.checkpoint, nil, .init(stage: stage, prefix: input.identity + "/"), adding: &files)
    }
    proveReport()
    let meaning = try? MergeConfig(parsing: config, file: "merge-config.yml").meaning
    let says = stage.ingredients.first { $0.name == "merge" }?.value
    proof.expect(
      .stage, says == meaning, "the merge file says something else than its stage depends on",
      at: quoted(stage.name), expected: says.map(shortened), found: meaning.map(shortened))
    try provePositions()
    let text = FileManager.default.contents(atPath: folder + "/merge-config.yml")
    proof.expect(
      .report, text.map { config.utf8.elementsEqual($0) } ?? false,
      "the merge file beside the model is not that of the ledger", at: folder + "/merge-config.yml")
    proveTensors(adding: &files)
  }

  /// No record and no input is missing between others.
  private func provePositions() throws {
    for table in ["merge_tensor", "merge_input"] {
      let row = try ledger.access { database in
        try Row.fetchOne(
          database,
          sql: """
            SELECT count(*), coalesce(max(position), -1) FROM \(table)
            WHERE merge = (SELECT max(id) FROM merge WHERE stage = ?)
            """, arguments: [stage.id])
      }
      let (count, last): (Int, Int) = (row?[0] ?? 0, row?[1] ?? -1)
      proof.expect(
        .ledger, count - 1 == last, "rows of the ledger do not follow each other", at: table,
        expected: "positions from 0 to \(count - 1)", found: "up to \(last)")
    }
  }

  // ---- the report ----

  private func proveReport() {
    let path = "\(folder)/\(MergeReport.fileName)"
    let report: MergeReport
    do {
      guard let read = MergeReport(json: try JSON(file: path)) else {
        throw FileError(path, "is not the report of a merge")
      }
      report = read
    } catch {
      proof.cannotCheck(
        .report, "the merge report cannot be read", at: path, because: "\(error)")
      return
    }
    identity = report.identity
    expect("method", .string(method), report.json["method"])
    expect("tensors", .whole(tensors.count), report.json["tensors"])
    let models = inputs.map { input in
      JSON.object([
        .init("name", .string(input.name)), .init("path", .string(input.path)),
        .init("base", .bool(input.isBase)),
      ])
    }
    // Those that only an earlier document takes come last, and are not in the report.
    let told = (report.json["models"]?.items ?? []).filter { model in
      !(model["path"]?.text.map(made.contains) ?? false)
    }
    expect("models", .array(Array(models.prefix(told.count))), .array(told))
    let entries = inputs.compactMap { input in
      input.entryCount.map { JSON.Member(input.name, .whole($0)) }
    }
    let labels = Set(told.compactMap { $0["name"]?.text })
    let shares = (report.json["entries_from"]?.members ?? []).filter { labels.contains($0.key) }
    expect("entries_from", .object(entries), .object(shares))
    proveSums(report)
    for (index, tensor) in tensors.enumerated() {
      let there = index < report.records.count ? report.records[index] : .null
      proof.expect(
        .report, there == tensor.record && tensor.record["name"]?.text == tensor.name,
        "a record of the merge report is not that of the ledger", at: quoted(tensor.name),
        expected: difference(tensor.record, there).0, found: difference(tensor.record, there).1)
    }
  }

  private func expect(_ key: String, _ has: JSON, _ says: JSON?) {
    proof.expect(
      .report, has == says, "the merge report does not say what the ledger says",
      at: "'\(key)'", expected: shortened(has.compact), found: says.map { shortened($0.compact) })
  }

  /// What the report adds up is the sum of its records.
  private func proveSums(_ report: MergeReport) {
    var parameters = 0
    var from: [String: Int] = [:]
    for tensor in tensors {
      let shape = (tensor.record["shape"]?.items ?? []).compactMap(\.int)
      parameters &+= shape.reduce(1) { $0 &* $1 }
      for member in tensor.record["entries_from"]?.members ?? [] {
        from[member.key, default: 0] &+= member.value.int ?? 0
      }
    }
    let records = tensors.map(\.record)
    let sums: [(String, Int, Int)] = [
      ("parameters", parameters, report.parameterCount),
      ("degenerate", records.count { $0["degenerate"]?.flag == true }, report.degenerate),
      (
        "overflowed", records.reduce(0) { $0 &+ ($1["overflowed"]?.int ?? 0) }, report.overflowed
      ),
    ]
    let shares = inputs.compactMap { input in
      input.entryCount.map { ("entries from \(input.name)", from[input.name] ?? 0, $0) }
    }
    for (what, sum, says) in sums + shares {
      proof.expect(
        .report, sum == says, "the records of the merge do not add up", at: quoted(what),
        expected: "\(says)", found: "\(sum)")
    }
    let recorded = try? ledger.access { database in
      try Int.fetchOne(
        database, sql: "SELECT parameter_count FROM checkpoint WHERE id = ?",
        arguments: [checkpoint])
    }
    proof.expect(
      .report, recorded == parameters, "the records of the merge do not add up",
      at: "parameters of the model", expected: "\(recorded ?? 0)", found: "\(parameters)")
  }

  /// The first members in which two records differ.
  private func difference(_ a: JSON, _ b: JSON) -> (String, String) {
    for member in a.members ?? [] where b[member.key] != member.value {
      let other = b[member.key].map { shortened($0.compact) } ?? "nothing"
      return ("\(quoted(member.key)) \(shortened(member.value.compact))", other)
    }
    return (shortened(a.compact), shortened(b.compact))
  }

  // ---- tensors ----

  private func proveTensors(adding files: inout FileClaims) {
    let model: Checkpoint
    do {
      model = try Checkpoint(folder)
    } catch {
      proof.cannotCheck(
        .tensor, "the merged model cannot be opened", at: folder, because: "\(error)",
        count: max(1, tensors.count))
      return
    }
    merged = model
    let records = Dictionary(tensors, uniquingKeysWith: { $1 })
    var parts: [Int: [FileClaim.Part]] = [:]
    for tensor in model.tensors {
      guard let record = records[tensor.name] else {
        proof.fails(.tensor, "the model has a tensor that was not merged", at: quoted(tensor.name))
        continue
      }
      let shape = record["shape"]?.items?.compactMap(\.int)
      guard shape == tensor.shape, record["type"]?.text == tensor.type.rawValue,
        let xxh3 = record["xxh3"]?.text
      else {
        proof.fails(
          .tensor, "a tensor has another shape or type than was merged", at: quoted(tensor.name),
          expected: "\(record["type"]?.text ?? "") \(shape ?? [])",
          found: "\(tensor.type.rawValue) \(tensor.shape)")
        continue
      }
      parts[tensor.file, default: []].append(
        FileClaim.Part(
          name: tensor.name, range: tensor.offset..<tensor.offset + tensor.byteCount, xxh3: xxh3))
    }
    for name in tensors.map(\.name) where model[name] == nil {
      proof.fails(.tensor, "the model lacks a tensor that was merged", at: quoted(name))
    }
    for (number, parts) in parts {
      var claim = FileClaim(model.files[number].path, .model, "merged")
      claim.parts = parts
      files.add(claim)
    }
  }

  // ---- merging again ----

  /// Merges some tensors again, or all.
  func mergeAgain(_ options: Verification.Options, _ meter: ReadingMeter) throws {
    guard let merged else { return }
    let parts = NSTemporaryDirectory() + "branchmerge-verify-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: parts) }
    do {
      var merging = Merger.Options()
      merging.workers = options.workers
      merging.isDurable = false
      let plan = try plan(merging, parts: parts)
      let again = MergeProof(plan, of: merged)
      let places = options.isFull ? Array(plan.tensors.indices) : again.sample()
      meter.expect(places.reduce(0) { $0 + Self.byteCount(plan.tensors[$1]) })
      let sizes = Dictionary(
        plan.tensors.map { ($0.name, Self.byteCount($0)) }, uniquingKeysWith: { $1 })
      let records = Dictionary(tensors, uniquingKeysWith: { $1 })
      let withSHA256 = records.values.contains { $0["sha256"] != nil }
      let advice =
        stage.tool == options.tool
        ? nil
        : "it was merged by \(stage.tool), and this is \(options.tool): ask that version, or run"
          + " the recipe again"
      try again.run(places, merging, withSHA256: withSHA256) { [proof] tensor in
        meter.read(sizes[tensor.name] ?? 0, "merging again")
        Self.compare(tensor, records[tensor.name] ?? .null, advice, proof)
      }
    } catch let error as Interrupted {
      throw error
    } catch {
      proof.cannotCheck(
        .mergedAgain, "tensors cannot be merged again", at: folder, because: "\(error)",
        advice: "put the models of the merge back where they were, or run the recipe again")
    }
  }

  private static func byteCount(_ tensor: PlannedTensor) -> Int {
    tensor.inputByteCount + 2 * tensor.byteCount
  }

  private func plan(_ options: Merger.Options, parts: String) throws -> MergePlan {
    let version = stage.tool.split(separator: " ").last.map(String.init) ?? ""
    var planning = MergePlan.Options()
    let size = stage.ingredients.first { $0.name == "--shard-size" }?.value
    planning.shardByteCount = size.flatMap { Int($0) } ?? planning.shardByteCount
    let job = MergeJob(
      try MergeConfig(parsing: config, file: "merge-config.yml"), to: folder, planning, options,
      version: version,
      folders: Dictionary(
        inputs.map { ($0.identity, $0.folder) }, uniquingKeysWith: { $1 }))
    let plan = try job.finalPlan(mergingEarlierInto: parts)
    // Where the report cannot be read that is told already.
    if let identity {
      let made = plan.identity(version: version)
      proof.expect(
        .report, identity == made || identity == made + " sha256",
        "the inputs' headers, the merge file or the options are not those of the merge",
        at: folder, expected: identity, found: made)
    }
    return plan
  }

  private static func compare(
    _ made: MergeProof.Tensor, _ record: JSON, _ advice: String?, _ proof: Proof
  ) {
    let place = quoted(made.name)
    guard made.isThere else {
      proof.fails(
        .mergedAgain, "the model has no such tensor of this shape and type", at: place)
      return
    }
    if let first = made.firstDifference {
      proof.fails(
        .mergedAgain, "a tensor merged again has other bytes than the model's", at: place,
        expected: "the same bytes", found: "another byte \(first) of the tensor", advice: advice)
      return
    }
    var (made, record) = (made.record, record)
    // A hash that nobody asked for at the time is nothing to compare.
    if record["sha256"] == nil { made["sha256"] = nil }
    if made["sha256"] == nil { record["sha256"] = nil }
    let different = (made.members ?? []).filter { record[$0.key] != $0.value }
    guard let first = different.first else {
      return proof.expect(
        .mergedAgain, made == record, "a tensor merged again has another record", at: place,
        advice: advice)
    }
    proof.fails(
      .mergedAgain, "a tensor merged again has another record", at: place,
      expected: "\(quoted(first.key)) \(record[first.key].map { shortened($0.compact) } ?? "none")",
      found: shortened(first.value.compact), advice: advice)
  }
}
