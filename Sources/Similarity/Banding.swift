internal import Foundation

/// How MinHash signatures are cut into bands, so that texts above a threshold meet in one.
///
/// Two sets of resemblance s have one minimum in common with probability s (Broder 1997), a band of
/// r minima with s^r, and at least one of b bands with 1 − (1 − s^r)^b (Indyk, Motwani 1998;
/// Leskovec, Rajaraman, Ullman, "Mining of Massive Datasets", 3.4). That is the recall for a pair of
/// resemblance s, and it grows with s. What meets is compared in truth, so that precision is 1
/// whatever the bands are: they decide only about time.
package struct Banding: Sendable, Equatable {
  package let threshold: Double
  package let bands: Int
  package let rows: Int

  /// The most minima of a signature.
  static let most = 128
  /// The least recall at the threshold.
  package static let recall = 0.999

  /// The longest bands with which at most 128 minima find 99.9 % of the pairs at the threshold:
  /// longer ones let fewer others meet. For 0.8 these are 18 bands of 5.
  package init(threshold: Double) {
    precondition(threshold > 0 && threshold <= 1)
    var best = (bands: Self.most, rows: 1)
    for rows in 1...16 {
      let meet = pow(threshold, Double(rows))
      let bands = meet < 1 ? Int((log(1 - Self.recall) / log(1 - meet)).rounded(.up)) : 1
      if bands * rows <= Self.most { best = (bands, rows) }
    }
    self.threshold = threshold
    bands = best.bands
    rows = best.rows
  }

  /// How likely a pair of this resemblance is found.
  package func recall(at resemblance: Double) -> Double {
    1 - pow(1 - pow(resemblance, Double(rows)), Double(bands))
  }

  /// Minima that are computed, a whole number of vectors.
  var permutations: Int { (bands * rows + 15) / 16 * 16 }
}
