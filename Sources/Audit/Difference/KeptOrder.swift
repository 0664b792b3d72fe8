/// Which of the places stay when as few as possible are taken out so that the rest ascend: a longest
/// increasing subsequence, found by patience sorting in n log n.
func longestAscent(of places: [Int32]) -> [Bool] {
  if zip(places, places.dropFirst()).allSatisfy({ $0 < $1 }) {
    return Array(repeating: true, count: places.count)
  }
  // The last element of the best sequence of each length, and what comes before an element in its.
  var ends: [Int] = []
  var previous = Array(repeating: Int32(-1), count: places.count)
  for (index, place) in places.enumerated() {
    var (low, high) = (0, ends.count)
    while low < high {
      let middle = (low + high) / 2
      if places[ends[middle]] < place { low = middle + 1 } else { high = middle }
    }
    if low > 0 { previous[index] = Int32(ends[low - 1]) }
    if low == ends.count { ends.append(index) } else { ends[low] = index }
  }
  var isKept = Array(repeating: false, count: places.count)
  var index = ends.last.map(Int32.init) ?? -1
  while index >= 0 {
    isKept[Int(index)] = true
    index = previous[Int(index)]
  }
  return isKept
}

/// The same for blocks of rows that stay together: which of them to keep so that the places ascend
/// and as many rows as possible stay.
func heaviestAscent(of blocks: [(place: Int, weight: Int)]) -> [Bool] {
  var best: [(weight: Int, previous: Int?)] = []
  for (index, block) in blocks.enumerated() {
    let before = (0..<index).filter { blocks[$0].place < block.place }
      .max { best[$0].weight < best[$1].weight }
    best.append((block.weight + (before.map { best[$0].weight } ?? 0), before))
  }
  var isKept = blocks.map { _ in false }
  var index = best.indices.max { best[$0].weight < best[$1].weight }
  while let place = index {
    isKept[place] = true
    index = best[place].previous
  }
  return isKept
}
