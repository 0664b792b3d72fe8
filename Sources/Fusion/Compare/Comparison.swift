package import Notation

/// Two checkpoints held against each other: how far B is from A, tensor by tensor and summed.
package struct Comparison: Sendable {
  /// Which tensors are added up.
  package enum Grouping: String, CaseIterable, Sendable { case layer, module }

  package struct Row: Equatable, Sendable {
    package let name: String
    package let figures: PairFigures
  }

  /// In natural order; those that both have with the same shape.
  package let tensors: [Row]
  /// What is in no layer stands by the name of its module; nothing without a grouping.
  package let groups: [Row]
  package let total: PairFigures
  /// Where entries of B can come from: the models of the merge that made it, or "A", the experts and
  /// "none".
  package let origins: [String]
  package let mismatches: [Mismatch]
  /// What the checkpoints have that is not as it should be.
  package let notes: [String]

  /// Whether every tensor is in both with the same shape and type, and every number finite.
  package var isComplete: Bool { mismatches.isEmpty && total.notFinite == 0 }
}

extension Comparison {
  package var json: JSON {
    .object([
      .init("total", .object(members(total))),
      .init(
        "groups", .array(groups.map { row($0, [.init("tensors", .whole($0.figures.tensors))]) })),
      .init("tensors", .array(tensors.map { row($0, []) })),
      .init("mismatches", .array(mismatches.map(\.json))),
      .init("notes", .array(notes.map { .string($0) })),
    ])
  }

  private func row(_ row: Row, _ more: [JSON.Member]) -> JSON {
    .object([.init("name", .string(row.name))] + more + members(row.figures))
  }

  private func members(_ figures: PairFigures) -> [JSON.Member] {
    func real(_ value: Double?) -> JSON { value.map { .real($0) } ?? .null }
    let quantiles = figures.quantiles
    var members: [JSON.Member] = [
      .init("parameters", .whole(figures.parameters)),
      .init("differing", .whole(figures.differing)),
      .init("not_finite", .whole(figures.notFinite)),
      .init("norm_a", real(figures.normA)),
      .init("norm_b", real(figures.normB)),
      .init("distance", real(figures.distance)),
      .init("relative_distance", real(figures.relativeDistance)),
      .init("median", real(quantiles.first)),
      .init("quantile_90", real(quantiles.dropFirst(1).first)),
      .init("quantile_99", real(quantiles.dropFirst(2).first)),
      .init("largest", real(figures.largestDifference)),
      .init("cosine", real(figures.cosine)),
      .init("measured", .whole(figures.measured)),
      .init("same_sign", .whole(figures.sameSign)),
    ]
    if let counts = figures.origins {
      members.append(
        .init(
          "entries_from", .object(zip(origins, counts).map { JSON.Member($0, .whole($1)) })))
    }
    return members
  }
}

extension Mismatch {
  fileprivate var json: JSON {
    let sides = sides.map { side -> JSON in
      let shape = side.tensor?.shape.map { JSON.whole($0) }
      return .object([
        .init("model", .string(side.model)),
        .init("type", side.tensor.map { .string($0.type.rawValue) } ?? .null),
        .init("shape", shape.map { .array($0) } ?? .null),
      ])
    }
    return .object([
      .init("name", .string(name)), .init("compared", .bool(isCompared)),
      .init("sides", .array(sides)),
    ])
  }
}
