internal import Files
internal import GRDB
internal import Lineage
package import Notation

/// OpenLineage 2 (https://openlineage.io/spec/2-0-2): a START and an end for each run, each branch
/// that it built, and each attempt at a stage, one event on a line, in the order of time.
///
/// A stage whose process was killed, or that is still at work, has a START alone.
package enum OpenLineage: ExportFormat {
  package static let name = "openlineage"
  package static let about = "run events with their data sets, one on each line"
  package static let knowsSamples = false

  package static func write(_ export: Export, _ write: (String) throws -> Void) throws {
    for event in try events(of: export) { try write(event.compact + "\n") }
  }

  /// All events; with a branch those that concern it.
  package static func events(of export: Export) throws -> [JSON] {
    let identity = try LedgerIdentity(of: export.ledger)
    let provenance = try Provenance(export.ledger, .everything, branch: export.branch)
    let stages = try Attempt.all(in: export.ledger)
    let facets = Facets(tool: export.tool)
    var events: [Event] = []

    for builds in Dictionary(grouping: provenance.builds, by: \.run.id)
      .sorted(by: { $0.key < $1.key }).map(\.value)
    {
      let run = builds[0].run
      let pair = Event.pair(
        Event.Job(run.recipe, id: identity.uuid("run \(run.id)"), about: "a run of the recipe"),
        started: run.started, finished: run.finished, tool: run.tool, facets)
      events += pair.prefix(1)
      for build in builds {
        let stage = stages.first { $0.run == run.id && $0.name == "branch \(build.name)" }
        var job = Event.Job(
          "\(run.recipe).branch.\(build.name)", id: identity.uuid("branch \(build.id)"),
          about: "builds the branch \(build.name)")
        job.parent = (identity.uuid("run \(run.id)"), run.recipe)
        job.inputs =
          build.takings.map { facets.source($0) } + build.benchmarks.map(facets.benchmark)
        job.outputs = build.outputs.map { facets.rows($0, of: build, in: export.workspace) }
        events += Event.pair(
          job, started: stage?.started ?? run.started, finished: stage?.finished ?? run.finished,
          tool: run.tool, facets)
      }
      events += pair.dropFirst()
    }
    for stage in stages where export.branch == nil || stage.concerns(export.branch ?? "") {
      // A branch that was built stands above, with the run that built it.
      guard stage.run == nil else { continue }
      var job = Event.Job(
        stage.recipe + "." + stage.name.replacing(" ", with: "."),
        id: identity.uuid("stage \(stage.id)"), about: stage.about)
      func build(_ id: Int64) -> Provenance.Build? { provenance.builds.first { $0.id == id } }
      if let teaching = provenance.teachings.first(where: { $0.stage == stage.id }),
        let build = build(teaching.build)
      {
        job.inputs = build.outputs.map {
          facets.rows($0, of: build, in: export.workspace, isInput: true)
        }
        job.outputs = [facets.taught(teaching, of: build, in: export.workspace)]
      }
      if let training = provenance.trainings.first(where: { $0.stage == stage.id }) {
        let teaching = provenance.teachings.first { $0.id == training.teaching }
        if let teaching, let build = build(teaching.build) {
          job.inputs = [
            facets.taught(teaching, of: build, in: export.workspace, isInput: true)
          ]
        } else {
          job.inputs = provenance.builds.flatMap { build in
            build.outputs.filter { $0.id == training.output }
              .map { facets.rows($0, of: build, in: export.workspace, isInput: true) }
          }
        }
        job.outputs = [facets.model(training.expert)]
      }
      if let merge = provenance.merges.first(where: { $0.stage == stage.id }) {
        job.inputs = merge.inputs.map { facets.model($0.checkpoint) }
        job.outputs = [facets.model(merge.merged)]
      }
      if job.outputs.isEmpty {
        job.outputs = stage.products.map { facets.product($0, in: export.workspace) }
      }
      events += Event.pair(
        job, started: stage.started, finished: stage.finished, tool: stage.tool, facets,
        state: stage.state, message: stage.message)
    }
    // Times are whole seconds: what begins and ends in one keeps its order.
    return events.enumerated()
      .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }
      .map(\.element.json)
  }
}

/// One event, with its time to be sorted by.
private struct Event {
  let time: String
  let json: JSON

  /// What runs, and on what.
  struct Job {
    let name: String
    /// Of the run.
    let id: String
    let about: String
    var parent: (run: String, job: String)?
    var inputs: [JSON] = []
    var outputs: [JSON] = []

    init(_ name: String, id: String, about: String) {
      self.name = name
      self.id = id
      self.about = about
    }
  }

  /// Jobs of all workspaces have one name space: a recipe's is its own.
  private static let namespace = JSON.string("branchmerge")

  /// The start, and the end unless there was none.
  static func pair(
    _ job: Job, started: String, finished: String?, tool: String, _ facets: Facets,
    state: StageRecord.State = .done, message: String? = nil
  ) -> [Event] {
    let ending: String? =
      switch state {
      case .done: "COMPLETE"
      case .failed: "FAIL"
      case .stopped: "ABORT"
      case .running: nil
      }
    let failure = state == .failed ? message ?? "no message" : nil
    var events = [event("START", started, job, tool, facets, failure: nil)]
    if let ending, let finished {
      events.append(event(ending, finished, job, tool, facets, failure: failure))
    }
    return events
  }

  private static func event(
    _ type: String, _ time: String, _ job: Job, _ tool: String, _ facets: Facets, failure: String?
  ) -> Event {
    let run = JSON.members([
      "runId": .string(job.id),
      "facets": .members([
        "parent": job.parent.map { parent in
          facets.facet(
            "1-2-0/ParentRunFacet",
            [
              "run": .members(["runId": .string(parent.run)]),
              "job": .members(["namespace": namespace, "name": .string(parent.job)]),
            ])
        },
        "processing_engine": facets.engine(tool),
        "errorMessage": failure.map {
          facets.facet(
            "1-0-1/ErrorMessageRunFacet",
            ["message": .string($0), "programmingLanguage": .string("Swift")])
        },
      ]),
    ])
    let json = JSON.members([
      "eventTime": .string(time), "eventType": .string(type), "producer": facets.producer,
      "schemaURL": .string("https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"),
      "run": run,
      "job": .members([
        "namespace": namespace, "name": .string(job.name),
        "facets": .members([
          "documentation": facets.facet(
            "1-1-0/DocumentationJobFacet", ["description": .string(job.about)]),
          "jobType": facets.facet(
            "2-0-4/JobTypeJobFacet",
            [
              "processingType": .string("BATCH"), "integration": .string("BRANCHMERGE"),
              "jobType": .string("JOB"),
            ]),
        ]),
      ]),
      "inputs": .array(job.inputs),
      // What was made is known at the end.
      "outputs": .array(type == "START" ? [] : job.outputs),
    ])
    return Event(time: time, json: json)
  }
}

/// One attempt at a stage.
private struct Attempt {
  var id: Int64
  var name: String
  var state: StageRecord.State
  var started: String
  var finished: String?
  var tool: String
  var recipe: String
  var message: String?
  var run: Int64?
  var products: [StageRecord.Product]

  static func all(in ledger: Ledger) throws -> [Attempt] {
    try ledger.access { database in
      let rows = try Row.fetchAll(
        database,
        sql: """
          SELECT id, name, state, started, finished, tool, recipe_path, message, run FROM stage
          ORDER BY id
          """)
      return try rows.map { row in
        Attempt(
          id: row[0], name: row[1], state: StageRecord.State(rawValue: row[2]) ?? .failed,
          started: row[3], finished: row[4], tool: row[5],
          recipe: (row[6] as String).fileName.withoutExtension, message: row[7], run: row[8],
          products: try Row.fetchAll(
            database,
            sql: "SELECT path, byte_count, xxh3 FROM product WHERE stage = ? ORDER BY path",
            arguments: [row[0] as Int64]
          ).map { StageRecord.Product(path: $0[0], byteCount: $0[1], xxh3: $0[2]) })
      }
    }
  }

  func concerns(_ branch: String) -> Bool {
    ["branch", "teach", "train"].contains { name == "\($0) \(branch)" } || !name.contains(" ")
  }

  var about: String {
    switch name.split(separator: " ").first {
    case "branch": "builds a branch"
    case "teach": "has a teacher write the responses of a branch's seeds"
    case "train": "trains a branch's expert, or takes the one that is given"
    case "merge": "merges the experts"
    default: "writes the \(name)"
    }
  }
}
