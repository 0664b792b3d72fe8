package import Notation

/// What a merge did, tensor by tensor: `merge-report.json`.
///
/// No times and no paths of the machine: the same merge has the same report.
package struct MergeReport: Sendable {
  package static let fileName = "merge-report.json"

  package let json: JSON

  init(_ plan: MergePlan, identity: String, version: String, records: [JSON]) {
    var from: [String: Int] = [:]
    for record in records {
      for member in record["entries_from"]?.members ?? [] {
        from[member.key, default: 0] += member.value.int ?? 0
      }
    }
    let entries = plan.labels.compactMap { label in
      from[label].map { JSON.Member(label, .whole($0)) }
    }
    json = .object([
      .init("tool", .string("branchmerge \(version)")),
      .init("merge", .string(identity)),
      .init("method", .string(plan.method.name)),
      .init(
        "models",
        .array(
          zip(plan.labels, plan.document.inputs).enumerated().map { index, input in
            .object([
              .init("name", .string(input.0)), .init("path", .string(input.1.path)),
              .init("base", .bool(index == plan.document.baseIndex)),
            ])
          })),
      .init("tensors", .whole(plan.tensors.count)),
      .init("parameters", .whole(plan.parameterCount)),
      .init("bytes", .whole(plan.byteCount)),
      .init("entries_from", .object(entries)),
      .init("degenerate", .whole(records.count { $0["degenerate"]?.flag == true })),
      .init(
        "overflowed", .whole(records.reduce(0) { $0 + ($1["overflowed"]?.int ?? 0) })),
      .init("notes", .array((plan.warnings + plan.files.notes).map { .string($0) })),
      .init("records", .array(records)),
    ])
  }

  package init?(json: JSON) {
    guard json["merge"]?.text != nil, json["records"]?.items != nil else { return nil }
    self.json = json
  }

  package var identity: String { json["merge"]?.text ?? "" }
  package var method: String { json["method"]?.text ?? "" }
  package var records: [JSON] { json["records"]?.items ?? [] }
  package var degenerate: Int { json["degenerate"]?.int ?? 0 }
  package var overflowed: Int { json["overflowed"]?.int ?? 0 }
  package var parameterCount: Int { json["parameters"]?.int ?? 0 }
  package var byteCount: Int { json["bytes"]?.int ?? 0 }
  package var notes: [String] { json["notes"]?.items?.compactMap(\.text) ?? [] }

  /// How many entries of the output come from each model, where the method takes entries.
  package var entriesFrom: [(label: String, count: Int)] {
    (json["entries_from"]?.members ?? []).map { ($0.key, $0.value.int ?? 0) }
  }
}
