internal import Files

/// Joins texts that met in a band and resemble each other in truth.
///
/// What comes out are the connected parts of the graph of all pairs that met and reach the
/// threshold: pairs are compared in the order of band, key and number, and a pair that is connected
/// already need not be.
struct ClusterFinder: ~Copyable {
  private let threshold: Double
  private var shingles: ShingleSets
  private var forest: DisjointSets
  private var isTwin: [Bool]
  private var links: [NearLink] = []
  private var answer = NearAnswer()

  /// Of a larger group each text is compared with the first of them and those just before it.
  private static let wholeGroup = 512
  private static let firstOfGroup = 64

  init(count: Int, threshold: Double, shingles: consuming ShingleSets) {
    self.threshold = threshold
    self.shingles = shingles
    forest = DisjointSets(count)
    isTwin = Array(repeating: false, count: count)
  }

  /// Compares all that have a key in common; texts with the same shingles as an earlier one have
  /// the same keys everywhere, and take part in the first column only.
  mutating func compare(_ entries: [UInt64], isWhole: Bool) throws(FileError) {
    var start = 0
    var group: [Int] = []
    while start < entries.count {
      var end = start + 1
      while end < entries.count && entries[end] >> 32 == entries[start] >> 32 { end += 1 }
      if end - start > 1 {
        group.removeAll(keepingCapacity: true)
        for entry in entries[start..<end] {
          let number = Int(entry & 0xffff_ffff)
          if !isTwin[number] { group.append(number) }
        }
        if isWhole { try findTwins(group) } else { try compare(group) }
      }
      start = end
    }
  }

  /// Finds texts with the shingles of an earlier one.
  private mutating func findTwins(_ group: [Int]) throws(FileError) {
    var different: [Int] = []
    for number in group {
      let set = try shingles.set(of: number)
      var isNew = true
      for earlier in different where try shingles.set(of: earlier).values == set.values {
        isTwin[number] = true
        answer.twins += 1
        join(earlier, number, 1)
        isNew = false
        break
      }
      if isNew { different.append(number) }
    }
  }

  private mutating func compare(_ group: [Int]) throws(FileError) {
    let isCut = group.count > Self.wholeGroup
    if isCut { answer.cutGroups += 1 }
    for place in group.indices {
      let number = group[place]
      var earlier = 0
      while earlier < place {
        if isCut && earlier == Self.firstOfGroup {
          earlier = max(earlier, place - (Self.wholeGroup - Self.firstOfGroup))
        }
        let other = group[earlier]
        earlier += 1
        if forest.root(of: other) == forest.root(of: number) { continue }
        let (a, b) = (try shingles.set(of: other), try shingles.set(of: number))
        guard a.couldReach(threshold, with: b) else { continue }
        answer.compared += 1
        let resemblance = a.resemblance(to: b)
        if resemblance >= threshold { join(other, number, resemblance) }
      }
    }
  }

  private mutating func join(_ first: Int, _ second: Int, _ resemblance: Double) {
    if forest.join(first, second) {
      answer.joined += 1
      links.append(NearLink(first: first, second: second, resemblance: resemblance))
    }
  }

  /// The clusters, with who stays.
  consuming func answer(ranks: [UInt64], sizeLimit: Int) throws(FileError) -> NearAnswer {
    var places: [Int: Int] = [:]
    for number in 0..<isTwin.count {
      let root = forest.root(of: number)
      guard root != number else { continue }
      // A root is the least number of its cluster, so clusters come in the order of second members.
      let place = places[root] ?? answer.clusters.count
      if place == answer.clusters.count {
        places[root] = place
        answer.clusters.append(NearCluster(members: [root], kept: root, links: [], centre: nil))
      }
      answer.clusters[place].members.append(number)
      if ranks[number] > ranks[answer.clusters[place].kept] {
        answer.clusters[place].kept = number
      }
    }
    for link in links { answer.clusters[places[forest.root(of: link.first)]!].links.append(link) }
    for place in answer.clusters.indices {
      if answer.clusters[place].members.count > sizeLimit {
        answer.clusters[place].centre = try centre(of: answer.clusters[place].members)
      } else {
        answer.clusters[place].resemblances = try resemblances(in: answer.clusters[place])
      }
    }
    answer.clusters.sort { $0.members[0] < $1.members[0] }
    return answer
  }

  private mutating func resemblances(in cluster: NearCluster) throws(FileError) -> [Double] {
    let kept = try shingles.set(of: cluster.kept)
    var resemblances: [Double] = []
    for member in cluster.members {
      let isSame = member == cluster.kept
      resemblances.append(isSame ? 1 : try shingles.set(of: member).resemblance(to: kept))
    }
    return resemblances
  }

  /// Of 64 members, evenly spaced, the one that resembles the others most.
  private mutating func centre(of members: [Int]) throws(FileError) -> Int {
    let count = min(64, members.count)
    var sets: [(number: Int, set: ShingleSet)] = []
    for place in 0..<count {
      let number = members[place * members.count / count]
      sets.append((number, try shingles.set(of: number)))
    }
    let sums = sets.map { one in sets.reduce(0) { $0 + one.set.resemblance(to: $1.set) } }
    return sets[sums.firstIndex(of: sums.max()!)!].number
  }
}

/// Disjoint sets whose root is their least member (Tarjan 1975, with halved paths).
struct DisjointSets {
  private var parents: [UInt32]

  init(_ count: Int) { parents = (0..<UInt32(count)).map { $0 } }

  mutating func root(of member: Int) -> Int {
    var at = UInt32(member)
    while parents[Int(at)] != at {
      parents[Int(at)] = parents[Int(parents[Int(at)])]
      at = parents[Int(at)]
    }
    return Int(at)
  }

  /// False where they are together already.
  mutating func join(_ a: Int, _ b: Int) -> Bool {
    let (a, b) = (root(of: a), root(of: b))
    if a == b { return false }
    parents[max(a, b)] = UInt32(min(a, b))
    return true
  }
}
