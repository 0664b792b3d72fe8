internal import Files
internal import GRDB
internal import Lineage
internal import Notation

/// PROV-JSON (https://www.w3.org/submissions/prov-json): sources, filters, builds, teachers, trainings
/// and merges with all that connects them; of one sample also its rows and fates.
///
/// Rows as such are left out: of them the table of fates tells.
package enum PROV: ExportFormat {
  package static let name = "prov"
  package static let about = "what was made of what, by whom and when, in W3C PROV-JSON"
  package static let knowsSamples = true

  package static func write(_ export: Export, _ write: (String) throws -> Void) throws {
    let identity = try LedgerIdentity(of: export.ledger)
    var provenance = try Provenance(export.ledger, .present, branch: export.branch)
    var places: [SamplePlace] = []
    if let sample = export.sample {
      places = try SamplePlace.all(of: sample, in: export.ledger)
        .filter { place in provenance.builds.contains { $0.id == place.build } }
      guard !places.isEmpty else {
        throw LedgerError(
          "no branch \(export.branch.map { "called '\($0)' " } ?? "")as it is now has read"
            + " \(quoted(sample)); 'branchmerge why' tells of earlier runs")
      }
      provenance.builds = provenance.builds.filter { build in
        places.contains { $0.build == build.id }
      }
    }
    let names = Set(provenance.builds.map(\.name))
    provenance.trainings = provenance.trainings.filter { names.contains($0.branch) }
    provenance.teachings = provenance.teachings.filter { names.contains($0.branch) }
    var document = PROVDocument(namespace: "urn:uuid:\(identity.uuid("workspace"))#")
    for build in provenance.builds { add(build, to: &document) }
    let outputs = Set(provenance.builds.flatMap(\.outputs).map(\.id))
    for teaching in provenance.teachings { add(teaching, provenance, to: &document) }
    let teachings = Set(provenance.teachings.map(\.id))
    for training in provenance.trainings { add(training, outputs, teachings, to: &document) }
    for merge in provenance.merges { add(merge, to: &document) }
    for place in places { add(place, provenance, to: &document) }
    if let sample = export.sample {
      try addLessons(of: sample, provenance, export.ledger, to: &document)
    }
    try write(document.json.formatted() + "\n")
  }

  // MARK: - Branches

  private static func add(_ build: Provenance.Build, to document: inout PROVDocument) {
    let run = build.run
    let recipe = document.entity(
      "run/\(run.id)/recipe", label: run.recipe,
      [
        ("prov:type", .name("prov:Plan")),
        ("bm:xxh3", .text(Digest(of: Array(run.recipeText.utf8).span).description)),
      ])
    let agent = tool(run.tool, in: &document)
    let activity = document.activity(
      activityName(build), label: "build of \(build.name)", started: run.started,
      ended: run.finished,
      [("bm:run", .whole(Int(run.id))), ("bm:samples_read", .whole(build.counts.read))])
    document.relate(
      "wasAssociatedWith",
      [("prov:activity", activity), ("prov:agent", agent), ("prov:plan", recipe)])
    for taking in build.takings {
      add(taking, of: build, activity, to: &document)
    }
    for benchmark in build.benchmarks {
      let entity = document.entity(
        "run/\(run.id)/benchmark/\(benchmark.name)", label: benchmark.name,
        [
          ("dct:license", .text(benchmark.licence)), ("prov:location", .text(benchmark.path)),
          ("bm:rows", .whole(benchmark.itemCount)), ("bm:bytes", .whole(benchmark.byteCount)),
          ("bm:xxh3", .text(benchmark.xxh3)), ("bm:fingerprint", .text(benchmark.fingerprint)),
        ])
      document.relate("used", [("prov:activity", activity), ("prov:entity", entity)])
    }
    for output in build.outputs {
      let entity = document.entity(
        "output/\(output.id)", label: output.path,
        [
          ("dct:license", .texts(build.licences(of: output))), ("bm:branch", .text(build.name)),
          ("bm:rows", .whole(output.rowCount)), ("bm:bytes", .whole(output.byteCount)),
          ("bm:xxh3", .text(output.xxh3)), ("bm:row_format", .text(build.rowFormat)),
        ])
      document.relate("wasGeneratedBy", [("prov:entity", entity), ("prov:activity", activity)])
      document.relate("wasAttributedTo", [("prov:entity", entity), ("prov:agent", agent)])
      for taking in build.takings {
        let rows = output.isSeeds ? taking.counts.seeds : taking.counts.kept
        guard rows > 0 else { continue }
        document.relate(
          "wasDerivedFrom",
          [
            ("prov:generatedEntity", entity),
            ("prov:usedEntity", document.name(sourceName(taking.source, build))),
          ],
          [("bm:rows", .whole(rows))])
      }
    }
  }

  private static func add(
    _ taking: Provenance.Taking, of build: Provenance.Build, _ activity: String,
    to document: inout PROVDocument
  ) {
    let source = taking.source
    let counts = taking.counts
    let entity = document.entity(
      sourceName(source, build), label: source.name,
      [
        ("prov:type", .name("prov:Collection")), ("dct:license", .text(source.licence)),
        ("prov:location", source.homepage.isEmpty ? nil : .text(source.homepage)),
        ("bm:config", .text(source.config)), ("bm:revision", .text(source.revision)),
      ])
    for file in source.files {
      let member = document.entity(
        fileName(file), label: file.path.fileName,
        [
          ("prov:location", .text(file.path)), ("bm:rows", .whole(file.rowCount)),
          ("bm:bytes", .whole(file.byteCount)), ("bm:xxh3", .text(file.xxh3)),
          ("bm:sha256", file.sha256.map { .text($0) }),
        ])
      document.relate("hadMember", [("prov:collection", entity), ("prov:entity", member)])
    }
    document.relate(
      "used", [("prov:activity", activity), ("prov:entity", entity)],
      [
        ("bm:read", .whole(counts.read)), ("bm:kept", .whole(counts.kept)),
        ("bm:seeds", .whole(counts.seeds)), ("bm:dropped", .whole(counts.dropped)),
        ("bm:duplicates", .whole(counts.duplicates)),
        ("bm:quarantined", .whole(counts.quarantined)),
      ])
    for step in taking.steps {
      let plan = document.entity(
        "step/\(step.id)", label: "\(step.kind) \(step.name)",
        [
          ("prov:type", .name("prov:Plan")), ("bm:kind", .text(step.kind)),
          ("bm:text", .text(step.text)), ("bm:source", .text(source.name)),
        ])
      document.relate(
        "used", [("prov:activity", activity), ("prov:entity", plan)],
        [("bm:dropped", .whole(step.dropped))])
    }
  }

  private static func activityName(_ build: Provenance.Build) -> String {
    "run/\(build.run.id)/branch/\(build.name)"
  }

  private static func sourceName(_ source: Provenance.Source, _ build: Provenance.Build) -> String {
    "run/\(build.run.id)/source/\(source.name)/\(source.config)"
  }

  private static func fileName(_ file: Provenance.SourceFile) -> String { "source-file/\(file.id)" }

  static func tool(_ tool: String, in document: inout PROVDocument) -> String {
    document.agent("tool/\(tool)", label: tool)
  }

  // MARK: - Models

  private static func add(
    _ training: Provenance.Training, _ outputs: Set<Int64>, _ teachings: Set<Int64>,
    to document: inout PROVDocument
  ) {
    let expert = add(training.expert, to: &document)
    // An expert that was given was made elsewhere, nobody knows of what.
    guard let output = training.output else { return }
    let activity = document.activity(
      "stage/\(training.stage)", label: "training of \(training.branch)",
      started: training.started, ended: training.finished,
      [("bm:rows", .whole(training.rowCount))])
    let agent = tool(training.trainer, in: &document)
    document.relate("wasAssociatedWith", [("prov:activity", activity), ("prov:agent", agent)])
    document.relate("wasGeneratedBy", [("prov:entity", expert), ("prov:activity", activity)])
    // Rows of an earlier build, or of an earlier teaching, are no part of the branches as they are.
    let (file, isThere) =
      training.teaching.map { ("teaching/\($0)/rows", teachings.contains($0)) }
      ?? ("output/\(output)", outputs.contains(output))
    let rows =
      isThere
      ? document.name(file) : document.entity(file, label: "rows of an earlier build", [])
    document.relate("used", [("prov:activity", activity), ("prov:entity", rows)])
    document.relate(
      "wasDerivedFrom", [("prov:generatedEntity", expert), ("prov:usedEntity", rows)])
  }

  private static func add(_ merge: Provenance.Merge, to document: inout PROVDocument) {
    let activity = document.activity(
      "stage/\(merge.stage)", label: "merge by \(merge.method)", started: merge.started,
      ended: merge.finished, [("bm:method", .text(merge.method))])
    let agent = tool(merge.tool, in: &document)
    document.relate("wasAssociatedWith", [("prov:activity", activity), ("prov:agent", agent)])
    let merged = add(merge.merged, to: &document)
    document.relate("wasGeneratedBy", [("prov:entity", merged), ("prov:activity", activity)])
    for input in merge.inputs {
      let model = add(input.checkpoint, to: &document)
      document.relate("used", [("prov:activity", activity), ("prov:entity", model)])
      document.relate(
        "wasDerivedFrom", [("prov:generatedEntity", merged), ("prov:usedEntity", model)],
        [("bm:entries", input.entries.map { .whole($0) })])
    }
  }

  private static func add(_ model: Provenance.Checkpoint, to document: inout PROVDocument)
    -> String
  {
    document.entity(
      "checkpoint/\(model.id)", label: "\(model.role) \(model.name)",
      [
        ("prov:location", .text(model.path)), ("bm:role", .text(model.role)),
        ("bm:parameters", .whole(model.parameterCount)),
        ("bm:sha256", .texts(model.files.map { "\($0.sha256) \($0.path)" })),
      ])
  }

  // MARK: - One sample

  private static func add(
    _ place: SamplePlace, _ provenance: Provenance, to document: inout PROVDocument
  ) {
    guard let build = provenance.builds.first(where: { $0.id == place.build }) else { return }
    let sample = document.entity(
      "sample/\(place.sample)", label: place.id,
      [
        ("bm:row", .whole(place.row)), ("bm:byte_offset", place.byteOffset.map { .whole($0) }),
        ("bm:bytes", .whole(place.byteCount)), ("bm:xxh3", place.hash.map { .text($0) }),
      ])
    let file = document.name("source-file/\(place.file)")
    document.relate(
      "wasDerivedFrom", [("prov:generatedEntity", sample), ("prov:usedEntity", file)])
    let activity = document.name(activityName(build))
    document.relate(
      "used", [("prov:activity", activity), ("prov:entity", sample)],
      [
        ("bm:fate", .text(place.fate)), ("bm:step", place.step.map { .text($0) }),
        ("bm:evidence", place.evidence.map { .text($0) }),
        ("bm:picked", place.picked.map { .whole($0) }),
        ("bm:candidates", place.candidates.map { .whole($0) }),
      ])
    if let stayed = place.stayed {
      let other = document.entity("sample/\(stayed.sample)", label: stayed.id, [])
      document.relate("alternateOf", [("prov:alternate1", sample), ("prov:alternate2", other)])
    }
    guard let output = place.output else { return }
    let row = document.entity(
      "output/\(output.file)/row/\(output.row)", label: "row \(output.row) of \(output.path)",
      [("bm:row", .whole(output.row)), ("bm:xxh3", output.hash.map { .text($0) })])
    document.relate("wasGeneratedBy", [("prov:entity", row), ("prov:activity", activity)])
    document.relate("wasDerivedFrom", [("prov:generatedEntity", row), ("prov:usedEntity", sample)])
    document.relate(
      "hadMember",
      [("prov:collection", document.name("output/\(output.file)")), ("prov:entity", row)])
  }
}

extension Provenance.Output {
  /// Whether a teacher is still to answer these.
  var isSeeds: Bool { path.fileName == "seeds.jsonl" }
}

extension Provenance.Build {
  /// The texts of the licences of a file's rows, each once.
  func licences(of output: Provenance.Output) -> [String] {
    var licences: [String] = []
    for taking in takings
    where (output.isSeeds ? taking.counts.seeds : taking.counts.kept) > 0
      && !licences.contains(taking.source.licence)
    {
      licences.append(taking.source.licence)
    }
    return licences
  }
}

/// Where a sample stood, and what became of it in one of the branches as they are.
private struct SamplePlace {
  var sample: Int64
  var id: String
  var file: Int64
  var row: Int
  var byteOffset: Int?
  var byteCount: Int
  var hash: String?
  var build: Int64
  var fate: String
  var step: String?
  var evidence: String?
  var picked: Int?
  var candidates: Int?
  var stayed: (sample: Int64, id: String)?
  var output: (file: Int64, path: String, row: Int, hash: String?)?

  static func all(of id: String, in ledger: Ledger) throws -> [SamplePlace] {
    let rows = try ledger.access { database in
      try Row.fetchAll(
        database,
        sql: """
          SELECT sample.id, sample.sample_id, sample.file, sample.row, sample.byte_offset,
            sample.byte_count, sample.row_xxh3, fate.branch, fate.kind, step.name, fate.evidence,
            fate.picked, fate.candidates, stayed.id, stayed.sample_id, output_file.id,
            output_file.path, fate.output_row, fate.output_xxh3
          FROM sample CROSS JOIN fate ON fate.sample = sample.id
          LEFT JOIN step ON step.id = fate.step
          LEFT JOIN sample AS stayed ON stayed.id = fate.duplicate_of
          LEFT JOIN output_file ON output_file.id = fate.output
          WHERE sample.sample_id = ?
            AND fate.branch IN (SELECT max(id) FROM branch GROUP BY name)
          ORDER BY fate.branch, sample.id
          """, arguments: [id])
    }
    return rows.map { row in
      let stayed: Int64? = row[13]
      let output: Int64? = row[15]
      return SamplePlace(
        sample: row[0], id: row[1], file: row[2], row: row[3], byteOffset: row[4],
        byteCount: row[5], hash: hash(row[6]), build: row[7], fate: row[8], step: row[9],
        evidence: row[10], picked: row[11], candidates: row[12],
        stayed: stayed.map { ($0, row[14] as String? ?? "") },
        output: output.map { ($0, row[16] as String? ?? "", row[17] as Int? ?? 0, hash(row[18])) })
    }
  }

  private static func hash(_ value: Int64?) -> String? {
    value.map { hex(UInt64(bitPattern: $0)) }
  }
}
