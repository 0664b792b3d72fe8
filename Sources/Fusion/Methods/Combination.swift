internal import CKernels

/// Σ factor · x over some inputs of a tensor, divided by a number; or of their changes from a base.
struct Combination: Sendable {
  private let inputs: [Int]
  private let factors: [Double]
  private let divisor: Double
  /// Entries on which all inputs agree stay as they are: for factors that add up to the divisor.
  private let keepsEqual: Bool
  /// Whose changes are added up, and to what.
  private let base: Int?

  /// Inputs with a factor of 0 have no part in it.
  init(
    _ inputs: [Int], _ factors: [Double], divisor: Double = 1, keepsEqual: Bool = false,
    base: Int? = nil
  ) {
    let terms = zip(inputs, factors).filter { $0.1 != 0 }
    self.inputs = terms.map(\.0)
    self.factors = terms.map(\.1)
    self.divisor = divisor
    self.keepsEqual = keepsEqual && !terms.isEmpty
    self.base = base
  }

  /// One input as it is.
  init(only input: Int) { self.init([input], [1]) }

  func evaluate(_ block: borrowing ExpertBlock, _ target: inout MutableSpan<Double>) {
    target.fill { target in
      if let base {
        let changes = zip(inputs, factors).map {
          bm_change(x: block.pointer($0), weight: $1)
        }
        var ballot = bm_ballot(divides: true, divisor: divisor)
        kernels.vote(changes, changes.count, &ballot, block.pointer(base), target, block.count)
      } else {
        let vectors = inputs.map { Optional(block.pointer($0)) }
        kernels.combine(
          vectors, factors, vectors.count, divisor, keepsEqual ? 1 : 0, target, block.count)
      }
    }
  }
}

extension MutableSpan<Double> {
  /// Lends a vector of the engine's to a kernel that writes it in whole steps.
  mutating func fill(_ body: (UnsafeMutablePointer<Double>) -> Void) {
    withUnsafeMutableBufferPointer { vector in
      if let first = vector.baseAddress { body(first) }
    }
  }
}

extension bm_change {
  /// A whole change.
  init(x: UnsafePointer<Double>, weight: Double = 1) {
    self.init(
      x: x, key: nil, low: 0, high: .infinity, factor: 1, divisor: 1, divisors: nil,
      weight: weight)
  }
}

extension bm_ballot {
  init(
    elects: Bool = false, isUnweighted: Bool = false, divides: Bool = false,
    least: Double = -.infinity, divisor: Double = 1, lambda: Double = 1
  ) {
    self.init(
      elects: elects ? 1 : 0, is_unweighted: isUnweighted ? 1 : 0, divides: divides ? 1 : 0,
      least: least, divisor: divisor, lambda: lambda)
  }
}

extension TensorTask {
  /// Writes one combination of the inputs.
  func write(_ combination: Combination) throws -> Merged {
    Merged(
      try write(.flat(count)) { block, _, merged in combination.evaluate(block, &merged) })
  }

  /// The inputs that are not the base.
  var experts: [Int] { inputs.indices.filter { $0 != base } }

  /// The base, for methods that are nothing without one.
  func needBase() throws -> Int {
    guard let base else {
      throw MergeError("\(name): the base model lacks it, and the method starts from there")
    }
    return base
  }
}
