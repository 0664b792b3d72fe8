internal import GRDB
internal import Lineage
internal import Notation

extension PROV {
  /// A teacher as an agent, and what it made of a branch's seeds.
  static func add(
    _ teaching: Provenance.Teaching, _ provenance: Provenance, to document: inout PROVDocument
  ) {
    guard let build = provenance.builds.first(where: { $0.id == teaching.build }) else { return }
    let question = document.entity(
      "teaching/\(teaching.id)/question", label: "what \(teaching.model) was asked",
      [
        ("prov:type", .name("prov:Plan")), ("bm:question", .text(teaching.question)),
        ("bm:policy", .text(teaching.policy)),
      ])
    let activity = document.activity(
      "stage/\(teaching.stage)", label: "teaching of \(teaching.branch)",
      started: teaching.started, ended: teaching.finished,
      TeachingEntry.Kind.allCases.map { ("bm:\($0.rawValue)", .whole(teaching.count($0))) } + [
        ("bm:prompt_tokens", .whole(teaching.promptTokens)),
        ("bm:completion_tokens", .whole(teaching.completionTokens)),
      ])
    let agents = [
      tool(teaching.tool, in: &document), agent(teaching.model, in: &document),
    ]
    for agent in agents {
      document.relate(
        "wasAssociatedWith",
        [("prov:activity", activity), ("prov:agent", agent), ("prov:plan", question)])
    }
    let rows = document.entity(
      rowsName(teaching.id), label: teaching.path,
      [
        ("prov:type", .name("prov:Collection")),
        ("dct:license", .texts(build.licences(with: teaching))),
        ("bm:branch", .text(teaching.branch)), ("bm:rows", .whole(teaching.rowCount)),
        ("bm:kept", .whole(teaching.keptCount)), ("bm:bytes", .whole(teaching.byteCount)),
        ("bm:xxh3", .text(teaching.xxh3)), ("bm:row_format", .text(build.rowFormat)),
      ])
    document.relate("wasGeneratedBy", [("prov:entity", rows), ("prov:activity", activity)])
    for agent in agents {
      document.relate("wasAttributedTo", [("prov:entity", rows), ("prov:agent", agent)])
    }
    for output in build.outputs {
      let used = document.name("output/\(output.id)")
      let count = output.isSeeds ? teaching.count(.taught) : teaching.keptCount
      document.relate("used", [("prov:activity", activity), ("prov:entity", used)])
      guard count > 0 else { continue }
      document.relate(
        "wasDerivedFrom", [("prov:generatedEntity", rows), ("prov:usedEntity", used)],
        [("bm:rows", .whole(count))])
    }
  }

  private static func agent(_ model: String, in document: inout PROVDocument) -> String {
    document.agent("teacher/\(model)", label: model)
  }

  private static func rowsName(_ teaching: Int64) -> String { "teaching/\(teaching)/rows" }

  /// For each branch in which a sample is a seed an activity: the asking for it, and the row that came
  /// of it.
  static func addLessons(
    of sample: String, _ provenance: Provenance, _ ledger: Ledger,
    to document: inout PROVDocument
  ) throws {
    for fate in try Trace.find(sample, in: ledger).fates {
      guard let lesson = fate.teaching, let seed = fate.outputRow,
        let teaching = provenance.teachings.first(where: { $0.stage == lesson.stage }),
        let build = provenance.builds.first(where: { $0.id == teaching.build }),
        let seeds = build.outputs.first(where: \.isSeeds)
      else { continue }
      let activity = document.activity(
        "teaching/\(teaching.id)/seed/\(seed)", label: "asking for seed \(seed)",
        started: teaching.started, ended: teaching.finished,
        [
          ("bm:outcome", .text(lesson.outcome)), ("bm:reason", lesson.reason.map { .text($0) }),
          ("bm:request", lesson.request.map { .text($0) }),
          ("bm:attempt", lesson.attempt.map { .whole(Int($0)) }),
          ("bm:answers", .whole(lesson.attempts)), ("bm:server", lesson.server.map { .text($0) }),
          ("bm:finish_reason", lesson.finishReason.map { .text($0) }),
          ("bm:prompt_tokens", lesson.promptTokens.map { .whole($0) }),
          ("bm:completion_tokens", lesson.completionTokens.map { .whole($0) }),
        ])
      let teacher = agent(lesson.model, in: &document)
      let used = document.name("output/\(seeds.id)/row/\(seed)")
      document.relate(
        "wasAssociatedWith",
        [
          ("prov:activity", activity), ("prov:agent", teacher),
          ("prov:plan", document.name("teaching/\(teaching.id)/question")),
        ])
      document.relate("used", [("prov:activity", activity), ("prov:entity", used)])
      guard let number = lesson.outputRow else { continue }
      let row = document.entity(
        "\(rowsName(teaching.id))/\(number)", label: "row \(number) of \(lesson.outputPath)",
        [("bm:row", .whole(number)), ("bm:xxh3", lesson.outputRowXXH3.map { .text($0) })])
      document.relate("wasGeneratedBy", [("prov:entity", row), ("prov:activity", activity)])
      document.relate("wasAttributedTo", [("prov:entity", row), ("prov:agent", teacher)])
      document.relate("wasDerivedFrom", [("prov:generatedEntity", row), ("prov:usedEntity", used)])
      document.relate(
        "hadMember",
        [("prov:collection", document.name(rowsName(teaching.id))), ("prov:entity", row)])
    }
  }
}
