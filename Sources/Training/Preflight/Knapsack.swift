/// How LLaMA-Factory puts samples together into packs (0.9.5, data/processor/processor_utils.py).
enum Knapsack {
  /// The lengths in each pack of rows that the trainer reads in this order.
  ///
  /// The trainer deals the rows out to `processes` in stretches, and each packs 1,000 rows at a time;
  /// rows of two such groups never meet.
  static func packs(_ lengths: [Int], capacity: Int, processes: Int) -> [[Int]] {
    let processes = max(1, min(processes, lengths.count))
    var packs: [[Int]] = []
    var start = 0
    for process in 0..<processes {
      let count = lengths.count / processes + (process < lengths.count % processes ? 1 : 0)
      let end = start + count
      while start < end {
        let next = min(start + group, end)
        packs += packed(lengths[start..<next], capacity: capacity)
        start = next
      }
    }
    return packs
  }

  /// The trainer's `preprocessing_batch_size` where its file says nothing.
  private static let group = 1000

  /// Fills one pack after the other, each time with the longest sample that still fits.
  private static func packed(_ lengths: ArraySlice<Int>, capacity: Int) -> [[Int]] {
    var left = lengths.filter { $0 <= capacity }.sorted()
    var packs: [[Int]] = []
    while !left.isEmpty {
      var pack: [Int] = []
      var room = capacity
      while let place = left.lastIndex(where: { $0 <= room }) {
        room -= left[place]
        pack.append(left.remove(at: place))
      }
      packs.append(pack)
    }
    return packs
  }
}
