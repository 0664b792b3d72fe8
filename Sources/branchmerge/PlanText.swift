import Curation
import Foundation
import Fusion
import Notation

/// What `merge --plan` prints: every output tensor, and what the merge needs.
struct PlanText {
  private let plan: MergePlan
  private let path: String
  private let workers: Int

  init(_ plan: MergePlan, to path: String, workers: Int) {
    self.plan = plan
    self.path = path
    self.workers = workers
  }

  private var output: String { plan.document.name ?? path }

  var text: String {
    var rows = [["tensor", "type", "shape", "method", "inputs", "t", "shard", "offset"]]
    for (index, tensor) in plan.tensors.enumerated() {
      let place = plan.layout.places[index]
      let parameters = tensor.parameters.map { "\($0.key)=\($0.value.compact)" }
      rows.append([
        tensor.name, tensor.type.rawValue, "\(tensor.shape)",
        ([tensor.methodName] + parameters).joined(separator: " "),
        zip(tensor.labels, tensor.inputs).enumerated().map { number, input in
          input.0 + (number == tensor.base ? " (base)" : "")
            + (input.1.rows == nil ? "" : " (rows by token)")
        }.joined(separator: ", "),
        String(format: "%.3g", tensor.t), "\(place.shard + 1)", "\(place.offset)",
      ])
    }
    var parts = [table(rows, leftColumns: 5)]
    let files =
      plan.files.copied.map { "\($0.path) (copied)" }
      + plan.files.written.map { "\($0.path) (written)" }
    parts.append(
      table(
        [
          ["output", output],
          ["method", "\(plan.method.name): \(plan.method.title)"],
          ["formula", plan.method.formula],
          ["tensors", grouped(plan.tensors.count)],
          ["parameters", grouped(plan.parameterCount)],
          ["reads", size(Double(plan.inputByteCount))],
          [
            "disk",
            size(Double(plan.byteCount)) + " in \(counted(plan.layout.shards.count, "shard"))"
              + (MergeFolders.freeByteCount(at: path).map { ", \(size(Double($0))) free" } ?? ""),
          ],
          [
            "memory",
            "at most " + size(Double(plan.memoryByteCount(workers: workers)))
              + " for \(counted(workers, "worker"))",
          ],
          ["files", files.sorted().joined(separator: ", ")],
        ], leftColumns: 2))
    let notes = plan.warnings + plan.files.notes + plan.files.tokenizerDifferences
    if !notes.isEmpty { parts.append(notes.map { "warning: \($0)" }.joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  var json: JSON {
    .object([
      .init("output", .string(output)),
      .init("method", .string(plan.method.name)),
      .init("parameters", .whole(plan.parameterCount)),
      .init("reads", .whole(plan.inputByteCount)),
      .init("bytes", .whole(plan.byteCount)),
      .init("memory", .whole(plan.memoryByteCount(workers: workers))),
      .init(
        "shards",
        .array(
          plan.layout.shards.map {
            .object([
              .init("file", .string($0.fileName)), .init("bytes", .whole($0.byteCount)),
            ])
          })),
      .init(
        "files",
        .array(
          (plan.files.copied.map(\.path) + plan.files.written.map(\.path)).sorted()
            .map { .string($0) })),
      .init(
        "warnings",
        .array(
          (plan.warnings + plan.files.notes + plan.files.tokenizerDifferences)
            .map { .string($0) })),
      .init(
        "tensors",
        .array(
          plan.tensors.enumerated().map { index, tensor in
            let place = plan.layout.places[index]
            return .object([
              .init("name", .string(tensor.name)),
              .init("type", .string(tensor.type.rawValue)),
              .init("shape", .array(tensor.shape.map { .whole($0) })),
              .init("method", .string(tensor.methodName)),
              .init("parameters", .object(tensor.parameters)),
              .init("inputs", .array(tensor.labels.map { .string($0) })),
              .init("base", tensor.base.map { .string(tensor.labels[$0]) } ?? .null),
              .init("t", .real(tensor.t)),
              .init("shard", .string(plan.layout.shards[place.shard].fileName)),
              .init("offset", .whole(place.offset)),
            ])
          })),
    ])
  }
}
