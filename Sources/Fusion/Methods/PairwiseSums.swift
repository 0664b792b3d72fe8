internal import Synchronization

/// Sums over the rows of a tiling, place by place, in an order that does not depend on the workers.
///
/// Rows are the leaves of a binary tree: a pair is added when both are there, whoever comes last.
/// What waits for its other half is all that is kept: a few arrays for each worker.
final class PairwiseSums: Sendable {
  private struct Node: Hashable {
    var piece: Int
    var level: Int
    var index: Int
  }

  private let tiling: Tiling
  private let waiting = Mutex<[Node: [Double]]>([:])

  init(_ tiling: Tiling) { self.tiling = tiling }

  /// Takes the figures of a unit, each unit once.
  func add(_ figures: [Double], of unit: Int) {
    let (row, piece) = unit.quotientAndRemainder(dividingBy: tiling.unitsPerRow)
    var node = Node(piece: piece, level: 0, index: row)
    var sum = figures
    var width = tiling.rowCount
    while width > 1 {
      if node.index ^ 1 < width {
        var sibling = node
        sibling.index ^= 1
        let (mine, key) = (sum, node)
        let other = waiting.withLock { waiting -> [Double]? in
          if let other = waiting.removeValue(forKey: sibling) { return other }
          waiting[key] = mine
          return nil
        }
        guard let other else { return }
        // The same sum either way round.
        for place in sum.indices { sum[place] += other[place] }
      }
      node.level += 1
      node.index /= 2
      width = (width + 1) / 2
    }
    node.level = -1
    let (root, total) = (node, sum)
    waiting.withLock { $0[root] = total }
  }

  /// The sums over all rows, for each unit of a row.
  var totals: [[Double]] {
    waiting.withLock { waiting in
      (0..<tiling.unitsPerRow).map { waiting[Node(piece: $0, level: -1, index: 0)] ?? [] }
    }
  }
}
