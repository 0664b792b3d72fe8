package import Files
internal import Foundation

/// Finds texts that are nearly the same: MinHash with banding meets them, their true resemblance
/// decides.
///
/// Workers make signatures, one owner adds them; after the last, `clusters` gives the answer, which
/// is the same for any number of workers and any order of arrival. In memory are some 50 bytes for
/// each text, in two temporary files 4 bytes for each band and 8 for each shingle.
package struct NearDuplicates: ~Copyable {
  package let banding: Banding
  /// Tokens of a shingle.
  package let shingle: Int
  /// The most members of a cluster that becomes one text.
  package let sizeLimit: Int
  private let boilerplate: Boilerplate
  private var keys: KeyFile
  private var shingles: ShingleFile
  private var ranks: [UInt64] = []

  /// As text-dedup and datatrove have it, of words.
  package static let usualShingle = 5
  package static let usualSizeLimit = 1000

  /// `folder` is where the temporary files are, removed at the end.
  package init(
    threshold: Double, shingle: Int = usualShingle, sizeLimit: Int = usualSizeLimit,
    boilerplate: Boilerplate = .none, folder: String
  ) throws(FileError) {
    let banding = Banding(threshold: threshold)
    // Several searches may share a folder.
    let name = folder + "/near-" + UUID().uuidString
    let keys = try KeyFile(name + ".keys", columns: banding.bands + 1)
    shingles = try ShingleFile(name + ".shingles")
    self.keys = keys
    self.banding = banding
    self.shingle = shingle
    self.sizeLimit = sizeLimit
    self.boilerplate = boilerplate
  }

  /// One for a worker.
  package func makeSignatureMaker() -> SignatureMaker {
    SignatureMaker(banding: banding, shingle: shingle, boilerplate: boilerplate)
  }

  /// Adds the text with this number; all numbers below the greatest are given once. Of a cluster
  /// the text with the greatest rank stays, of several the one with the least number.
  package mutating func add(
    _ signature: borrowing Signature, as number: Int, rank: UInt64 = 0
  ) throws(FileError) {
    precondition(number >= 0 && number < Int(UInt32.max))
    if number >= ranks.count {
      ranks.append(contentsOf: repeatElement(0, count: number + 1 - ranks.count))
    }
    ranks[number] = rank
    if signature.isEmpty { return }
    try keys.add(signature.keys, of: number)
    try shingles.add(signature.shingles, of: number)
  }

  /// All clusters of two or more, in the order of their first members. `check` is asked before each
  /// band, and may throw; of ten million texts one takes seconds.
  package consuming func clusters(checking check: () throws -> Void = {}) throws -> NearAnswer {
    var finder = ClusterFinder(
      count: ranks.count, threshold: banding.threshold, shingles: try shingles.finish())
    let keys = try keys.finish()
    for column in 0..<keys.columns {
      try check()
      try finder.compare(keys.column(column, count: ranks.count), isWhole: column == 0)
    }
    return try finder.answer(ranks: ranks, sizeLimit: sizeLimit)
  }
}

/// Which text of a cluster stays, as a rank for `NearDuplicates.add`.
package enum KeepPolicy: String, Sendable, CaseIterable {
  /// The first in the order of the sources.
  case first
  /// The longest, then the first.
  case longest
  /// One that was verified, then the first.
  case verified

  package func rank(length: Int, isVerified: Bool) -> UInt64 {
    switch self {
    case .first: 0
    case .longest: UInt64(length)
    case .verified: isVerified ? 1 : 0
    }
  }
}
