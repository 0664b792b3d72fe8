internal import CKernels

/// How far two tensors are apart, or many pairs of them together.
package struct PairFigures: Equatable, Sendable {
  package private(set) var tensors = 0
  package private(set) var parameters = 0
  /// Entries that are not the same number; 0 and −0 are the same.
  package private(set) var differing = 0
  /// Entries that the following figures are of: weights that are finite on both sides.
  package private(set) var measured = 0
  /// Of those the ones that have the same sign on both sides, or are 0 on both.
  package private(set) var sameSign = 0
  package private(set) var notFinite = 0
  private var squareA = 0.0
  private var squareB = 0.0
  private var product = 0.0
  private var square = 0.0
  /// The least and the largest |B − A| that is not 0.
  private(set) var least = Double.infinity
  private(set) var largest = 0.0
  /// Median, 90 % and 99 % of the |B − A| that are not 0.
  package private(set) var quantiles: [Double] = []
  /// How many entries of B come from where; nil where nothing is known of that.
  package internal(set) var origins: [Int]?

  static let levels = [0.5, 0.9, 0.99]

  init() {}

  /// What is no weight has no distance.
  init(parameters: Int, differing: Int) {
    tensors = 1
    self.parameters = parameters
    self.differing = differing
  }

  /// Sums units in their order.
  init(parameters: Int, units: some Sequence<bm_comparison>) {
    tensors = 1
    self.parameters = parameters
    for unit in units {
      differing += Int(unit.differing)
      notFinite += Int(unit.not_finite)
      sameSign += Int(unit.same_sign)
      squareA += unit.square_left
      squareB += unit.square_right
      product += unit.product
      square += unit.square_difference
      least = min(least, unit.least)
      largest = max(largest, unit.largest)
    }
    measured = parameters - notFinite
  }

  mutating func add(_ other: PairFigures) {
    tensors += other.tensors
    parameters += other.parameters
    differing += other.differing
    measured += other.measured
    notFinite += other.notFinite
    sameSign += other.sameSign
    squareA += other.squareA
    squareB += other.squareB
    product += other.product
    square += other.square
    least = min(least, other.least)
    largest = max(largest, other.largest)
    if let more = other.origins {
      origins = origins.map { zip($0, more).map { $0 + $1 } } ?? more
    }
  }

  /// Takes the quantiles of what differs.
  mutating func take(_ magnitudes: Magnitudes) {
    quantiles = Self.levels.compactMap { magnitudes.quantile($0) }
  }

  /// nil where no entry was compared.
  package var differingShare: Double? {
    parameters > 0 ? Double(differing) / Double(parameters) : nil
  }
  /// ‖A‖, ‖B‖ and ‖B − A‖.
  package var normA: Double? { measured > 0 ? squareA.squareRoot() : nil }
  package var normB: Double? { measured > 0 ? squareB.squareRoot() : nil }
  package var distance: Double? { measured > 0 ? square.squareRoot() : nil }
  /// ‖B − A‖ / ‖A‖; nil where A is 0 throughout.
  package var relativeDistance: Double? {
    measured > 0 && squareA > 0 ? square.squareRoot() / squareA.squareRoot() : nil
  }
  /// Of the angle between A and B; nil where one of them is 0 throughout.
  package var cosine: Double? {
    guard measured > 0, squareA > 0, squareB > 0, product.isFinite else { return nil }
    if square == 0 { return 1 }
    return max(-1, min(product / (squareA.squareRoot() * squareB.squareRoot()), 1))
  }
  package var largestDifference: Double? { largest > 0 ? largest : nil }
}
