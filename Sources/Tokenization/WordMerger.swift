/// Merges the bytes of a word until no two neighbours have a merge: lowest rank first, leftmost first.
struct WordMerger {
  private let table: MergeTable
  private var parts: [Part] = []

  private struct Part {
    var token: Int32
    /// With the part after it.
    var merge = MergeTable.Slot()
  }

  /// Above so many bytes a heap finds the next merge sooner than a look at all of them.
  private static let scanLimit = 96

  init(_ table: MergeTable) { self.table = table }

  mutating func merge(_ word: Span<UInt8>, into tokens: inout [Int32]) {
    parts.removeAll(keepingCapacity: true)
    for index in word.indices {
      let token = table.byteTokens[Int(word[index])]
      if token >= 0 { parts.append(Part(token: token)) }
    }
    guard parts.count > 1 else {
      if let only = parts.first { tokens.append(only.token) }
      return
    }
    for index in 0..<parts.count - 1 {
      parts[index].merge = table.merge(parts[index].token, parts[index + 1].token)
    }
    if parts.count <= Self.scanLimit {
      scan()
    } else {
      parts = WordHeap(parts.map { ($0.token, $0.merge) }, table).merged().map { Part(token: $0) }
    }
    for part in parts { tokens.append(part.token) }
    if parts.capacity > 1 << 16 { parts = [] }
  }

  /// For each merge looks at all parts.
  private mutating func scan() {
    while true {
      var best = 0
      for index in 1..<parts.count where parts[index].merge.rank < parts[best].merge.rank {
        best = index
      }
      guard parts[best].merge.rank < .max else { return }
      parts[best].token = parts[best].merge.token
      parts.remove(at: best + 1)
      refresh(best)
      if best > 0 { refresh(best - 1) }
      if parts.count == 1 { return }
    }
  }

  private mutating func refresh(_ index: Int) {
    parts[index].merge =
      index + 1 < parts.count
      ? table.merge(parts[index].token, parts[index + 1].token) : MergeTable.Slot()
  }
}

/// A long word as a linked list, its merges in a heap: n log n steps instead of n².
private struct WordHeap {
  private let table: MergeTable
  private var tokens: [Int32]
  private var merges: [MergeTable.Slot]
  /// Neighbours that are still there; -1 at the ends. A part merged into another has no merge.
  private var previous: [Int]
  private var next: [Int]
  /// Rank and place of merges, least first; outdated ones are left and skipped.
  private var heap: [UInt64] = []

  /// Ranks are below 2^26, for the file has at most 2^28 bytes.
  private static let placeBits = 36

  init(_ parts: [(token: Int32, merge: MergeTable.Slot)], _ table: MergeTable) {
    self.table = table
    tokens = parts.map(\.token)
    merges = parts.map(\.merge)
    previous = Array(-1..<parts.count - 1)
    next = Array(1...parts.count)
    next[parts.count - 1] = -1
  }

  consuming func merged() -> [Int32] {
    for place in merges.indices { push(place) }
    while let entry = pop() {
      let place = Int(entry & (1 << Self.placeBits - 1))
      // Two merges of one rank at one place are the same: tokens there only grow.
      guard UInt64(merges[place].rank) == entry >> Self.placeBits else { continue }
      tokens[place] = merges[place].token
      let gone = next[place]
      merges[gone].rank = .max
      next[place] = next[gone]
      if next[gone] >= 0 { previous[next[gone]] = place }
      refresh(place)
      if previous[place] >= 0 { refresh(previous[place]) }
    }
    var result: [Int32] = []
    var place = 0
    while place >= 0 {
      result.append(tokens[place])
      place = next[place]
    }
    return result
  }

  private mutating func refresh(_ place: Int) {
    merges[place] =
      next[place] >= 0 ? table.merge(tokens[place], tokens[next[place]]) : MergeTable.Slot()
    push(place)
  }

  private mutating func push(_ place: Int) {
    guard merges[place].rank < .max else { return }
    let entry = UInt64(merges[place].rank) << Self.placeBits | UInt64(place)
    heap.append(entry)
    var child = heap.count - 1
    while child > 0, heap[(child - 1) / 2] > entry {
      heap[child] = heap[(child - 1) / 2]
      child = (child - 1) / 2
    }
    heap[child] = entry
  }

  private mutating func pop() -> UInt64? {
    guard let least = heap.first, let last = heap.popLast() else { return nil }
    guard !heap.isEmpty else { return least }
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      guard heap[child] < last else { break }
      heap[parent] = heap[child]
      parent = child
    }
    heap[parent] = last
    return least
  }
}
