/// A tensor that two checkpoints have with the same shape, and what more is known of it.
struct TensorPair: Sendable {
  let a: StoredTensor
  let b: StoredTensor
  /// By expert; nil where it has no such tensor.
  var experts: [StoredTensor?] = []
  /// Entries by origin, as the report of the merge that made B has them.
  var reported: [Int]?

  var name: String { a.name }
  /// Whether the values can be computed with; else the bytes are compared.
  var isWeight: Bool { a.type.isWeight && b.type.isWeight }
  var byteCount: Int {
    a.byteCount + b.byteCount + experts.reduce(0) { $0 + ($1?.byteCount ?? 0) }
  }
}

/// Where two models do not have the same of a tensor.
package struct Mismatch: Equatable, Sendable {
  package let name: String
  package let sides: [Side]
  package let isCompared: Bool

  /// What one of the models has; `tensor` is nil where it has nothing of that name.
  package struct Side: Equatable, Sendable {
    package let model: String
    package let tensor: StoredTensor?
  }
}

extension TensorPair {
  /// All pairs of two checkpoints in natural order, and where they do not match.
  static func all(_ a: Checkpoint, _ b: Checkpoint) -> (pairs: [TensorPair], [Mismatch]) {
    var pairs: [TensorPair] = []
    var mismatches: [Mismatch] = []
    let names = (a.tensors + b.tensors.filter { a[$0.name] == nil }).map(\.name)
    for name in names.inNaturalOrder(by: { $0 }) {
      let (left, right) = (a[name], b[name])
      var isCompared = false
      if let left, let right, left.shape == right.shape {
        let pair = TensorPair(a: left, b: right)
        // Several numbers in a byte are looked at by nobody.
        isCompared = pair.isWeight || left.type == right.type && left.type.bits >= 8
        if isCompared { pairs.append(pair) }
      }
      if !isCompared || left?.type != right?.type {
        mismatches.append(
          Mismatch(
            name: name, sides: [.init(model: "A", tensor: left), .init(model: "B", tensor: right)],
            isCompared: isCompared))
      }
    }
    return (pairs, mismatches)
  }

  /// Adds an expert's tensor where it has the same shape; else says what it has.
  mutating func add(_ expert: Checkpoint, named label: String) -> Mismatch? {
    let tensor = expert[name]
    let fits = tensor.map { $0.shape == b.shape && $0.type.isWeight } ?? false
    experts.append(fits ? tensor : nil)
    guard isWeight && !fits else { return nil }
    return Mismatch(
      name: name, sides: [.init(model: "B", tensor: b), .init(model: label, tensor: tensor)],
      isCompared: false)
  }
}
