package import Files
internal import Notation

/// Which samples of a plan fall as near duplicates, known before a row is written.
package struct NearFindings: Sendable {
  /// For each search, in the order of samples and then branches.
  var falls: [[NearFall]]
  /// For each source of the plan those of its files, as they were read.
  package var digests: [[Digest]]
  /// The names of the plan's branches.
  let branches: [String]
  let searches: [NearSearch]
  package var notes: [String] = []

  /// What becomes of a sample in a branch, counted from the first that the run reads; nil where it
  /// stays, or is dropped by something else.
  package func fall(of sample: Int, in branch: Int) -> NearFall? {
    guard let search = searches.firstIndex(where: { $0.branches.contains(branch) }) else {
      return nil
    }
    let falls = falls[search]
    var (low, high) = (0, falls.count)
    while low < high {
      let middle = (low + high) / 2
      if falls[middle].isBefore(sample, branch) { low = middle + 1 } else { high = middle }
    }
    guard low < falls.count, falls[low].sample == sample, falls[low].branch == branch else {
      return nil
    }
    return falls[low]
  }

  /// What the ledger has of it: JSON, with the members of `other` behind its own. Samples are
  /// numbered from `first`; `twin` is the sample with the same prompt that fell itself.
  package func evidence(
    of fall: NearFall, first: Int64, twin: Int64? = nil, addingTo other: String?
  ) -> String {
    var text = "{\"near\": \(Self.written(fall.near)), \"cluster\": \(fall.cluster)"
    text += ", \"size\": \(fall.size)"
    let search = searches.first { $0.branches.contains(Int(fall.branch)) }
    if search?.near.on == .response { text += ", \"on\": \"response\"" }
    if fall.branch != fall.keptBranch {
      text += ", \"branch\": \(JSON.quoted(branches[Int(fall.keptBranch)]))"
    }
    if let twin {
      text += ", \"same_prompt\": \(twin)"
    } else if let link = fall.link {
      text += ", \"over\": \(first + Int64(link.sample)), \"over_near\": \(Self.written(link.near))"
    }
    guard let other, other.hasPrefix("{"), other != "{}" else { return text + "}" }
    return text + ", " + other.dropFirst()
  }

  /// With four decimals, never rounded up to a threshold that was not reached.
  private static func written(_ resemblance: Double) -> String {
    "\((resemblance * 1e4).rounded(.down) / 1e4)"
  }
}

/// A sample that is left out of a branch because it resembles one that stays.
package struct NearFall: Sendable {
  /// Counted from the first that the run reads.
  let sample: UInt32
  let branch: UInt16
  /// The one that stays, and the branch that has it.
  let kept: UInt32
  let keptBranch: UInt16
  /// Clusters of a search are counted from 1, in the order of their first samples.
  let cluster: UInt32
  let size: UInt32
  /// The true resemblance to the one that stays.
  let near: Double
  /// The next sample on the way there, where it does not itself reach the threshold.
  let link: Link?

  struct Link: Sendable {
    let sample: UInt32
    let near: Double
  }

  package var keptSample: Int { Int(kept) }

  fileprivate func isBefore(_ sample: Int, _ branch: Int) -> Bool {
    self.sample != sample ? self.sample < sample : self.branch < branch
  }
}
