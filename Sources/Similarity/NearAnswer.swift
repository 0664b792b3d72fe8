/// What a search for near duplicates found.
package struct NearAnswer: Sendable, Equatable {
  package var clusters: [NearCluster] = []
  /// Pairs that met in a band and were compared.
  package var compared = 0
  /// Of these, pairs that reached the threshold and joined two clusters.
  package var joined = 0
  /// Texts whose shingles are those of an earlier one.
  package var twins = 0
  /// Groups with the same key that were too large to compare all with all.
  package var cutGroups = 0
}

/// Texts that hang together by pairs of enough resemblance.
package struct NearCluster: Sendable, Equatable {
  /// In ascending order.
  package var members: [Int]
  /// The member that stays.
  package var kept: Int
  /// How much each member resembles the one that stays, itself 1; one that hangs on it over others
  /// may be below the threshold.
  package var resemblances: [Double] = []
  /// One pair for each member but the first: the way from any member to any other leads over them.
  package var links: [NearLink]
  /// Of a cluster above the size limit the member most like the others; such a cluster is no
  /// duplicate but a template, and its members should stay until somebody has looked at it.
  package var centre: Int?

  package var isTooLarge: Bool { centre != nil }

  /// The pairs on the way from a member to the one that stays: the evidence for its fate.
  package func way(from member: Int) -> [NearLink] {
    var cameBy: [Int: NearLink] = [:]
    var next = [kept]
    var seen: Set = [kept]
    while !seen.contains(member), let at = next.popLast() {
      for link in links where link.first == at || link.second == at {
        let other = link.first == at ? link.second : link.first
        if seen.insert(other).inserted {
          cameBy[other] = link
          next.append(other)
        }
      }
    }
    var way: [NearLink] = []
    var at = member
    while at != kept, let link = cameBy[at] {
      way.append(link)
      at = link.first == at ? link.second : link.first
    }
    return way
  }
}

/// Two texts and their true resemblance.
package struct NearLink: Sendable, Equatable {
  package var first: Int
  package var second: Int
  package var resemblance: Double
}
