internal import Files

/// Which samples of two runs are one and the same.
struct RunPairing {
  /// For each source that both runs read, by name.
  private(set) var sources: [String: SamplePairs] = [:]

  init(_ before: RunColumns?, _ after: RunColumns?) {
    guard let before, let after else { return }
    for (old, source) in before.run.sources.enumerated() {
      guard let new = after.run.sources.firstIndex(where: { $0.name == source.name }) else {
        continue
      }
      sources[source.name] = SamplePairs(
        (source, before.samples[old]), (after.run.sources[new], after.samples[new]))
    }
    before.forgetSamples()
    after.forgetSamples()
  }
}

/// The samples of a source in two runs, paired by their ids; rows that could be read in one of the
/// runs alone, or in none, are paired by their bytes or their place.
struct SamplePairs {
  /// For each sample before its partner after, and the other way round; -1 for none.
  private(set) var after: [Int32]
  private(set) var before: [Int32]
  /// For each sample before whether its partner's row has the same bytes.
  private(set) var rows: [RowState]
  /// The files that are not the same in both runs.
  private(set) var changes: [FileChange] = []
  /// For each file the index of its change; nil where the same bytes are read in the other run.
  private(set) var changeBefore, changeAfter: [Int?]

  enum RowState: UInt8 { case same, changed, unknown }

  struct FileChange {
    var before, after: RecordedFile?
  }

  init(
    _ old: (source: RecordedSource, samples: RunColumns.SampleColumn),
    _ new: (source: RecordedSource, samples: RunColumns.SampleColumn)
  ) {
    let (keys, newKeys) = (old.samples.keys, new.samples.keys)
    let (hashes, newHashes) = (old.samples.hashes, new.samples.hashes)
    after = Array(repeating: -1, count: keys.count)
    before = Array(repeating: -1, count: newKeys.count)
    rows = Array(repeating: .unknown, count: keys.count)
    (changeBefore, changeAfter) = (
      old.source.files.map { _ in nil }, new.source.files.map { _ in nil }
    )
    let files = Self.files(old.source.files, new.source.files)
    for file in files where !file.isSame {
      if let place = file.before { changeBefore[place] = changes.count }
      if let place = file.after { changeAfter[place] = changes.count }
      changes.append(
        FileChange(
          before: file.before.map { old.source.files[$0] },
          after: file.after.map { new.source.files[$0] }))
    }

    func pair(_ i: Int, _ j: Int, isSame: Bool) {
      after[i] = Int32(j)
      before[j] = Int32(i)
      let isKnown = hashes[i] != 0 && newHashes[j] != 0
      rows[i] = isSame ? .same : !isKnown ? .unknown : hashes[i] == newHashes[j] ? .same : .changed
    }
    /// Goes through rows at the same place of two files that are one, or are called alike.
    func forEachPlace(_ body: (_ i: Int, _ j: Int, _ isSame: Bool) -> Void) {
      for file in files {
        guard let i = file.before, let j = file.after else { continue }
        let (one, other) = (old.source.files[i], new.source.files[j])
        for row in 0..<min(one.rowCount, other.rowCount) {
          body(one.start + row, other.start + row, file.isSame)
        }
      }
    }
    forEachPlace { i, j, isSame in
      let isReadable = keys[i] != RunColumns.unreadable
      if keys[i] == newKeys[j], isReadable || isSame { pair(i, j, isSame: isSame) }
    }
    var pool: [Digest: Int32] = [:]
    for j in newKeys.indices where before[j] < 0 && newKeys[j] != RunColumns.unreadable {
      pool[newKeys[j]] = Int32(j)
    }
    if !pool.isEmpty {
      for i in keys.indices where after[i] < 0 {
        if let j = pool.removeValue(forKey: keys[i]) { pair(i, Int(j), isSame: false) }
      }
    }
    // What could not be read has no id.
    var unread: [UInt64: [Int]] = [:]
    for j in newKeys.indices.reversed()
    where before[j] < 0 && newKeys[j] == RunColumns.unreadable && newHashes[j] != 0 {
      unread[newHashes[j], default: []].append(j)
    }
    if !unread.isEmpty {
      for i in keys.indices where after[i] < 0 && keys[i] == RunColumns.unreadable {
        if let j = unread[hashes[i]]?.popLast() { pair(i, j, isSame: true) }
      }
    }
    forEachPlace { i, j, isSame in
      let isUnread = keys[i] == RunColumns.unreadable || newKeys[j] == RunColumns.unreadable
      if isUnread && after[i] < 0 && before[j] < 0 { pair(i, j, isSame: isSame) }
    }
  }

  private struct FilePair {
    var before, after: Int?
    var isSame = false
  }

  /// Files of the same bytes, then those called alike, then the only ones that are left, then the rest.
  private static func files(_ old: [RecordedFile], _ new: [RecordedFile]) -> [FilePair] {
    var (left, right) = (Array(old.indices), Array(new.indices))
    var pairs: [FilePair] = []
    func match(isSame: Bool, _ isMatch: (RecordedFile, RecordedFile) -> Bool) {
      for i in left {
        guard let j = right.first(where: { isMatch(old[i], new[$0]) }) else { continue }
        pairs.append(FilePair(before: i, after: j, isSame: isSame))
        left.removeAll { $0 == i }
        right.removeAll { $0 == j }
      }
    }
    // A file read by its place first: two of the same bytes change nothing.
    match(isSame: true) { $0.xxh3 == $1.xxh3 && $0.rowCount == $1.rowCount && $0.path == $1.path }
    match(isSame: true) { $0.xxh3 == $1.xxh3 && $0.rowCount == $1.rowCount }
    match(isSame: false) { $0.path == $1.path }
    match(isSame: false) { $0.path.fileName == $1.path.fileName }
    if left.count == 1 && right.count == 1 { match(isSame: false) { _, _ in true } }
    return pairs + left.map { FilePair(before: $0) } + right.map { FilePair(after: $0) }
  }

  /// The change of the file that a sample of one of the sides lies in.
  func change(of sample: Int, _ files: [RecordedFile], isBefore: Bool) -> Int? {
    // The last one that begins at or before it; empty ones before it begin there, too.
    var (low, high) = (0, files.count)
    while low < high {
      let middle = (low + high) / 2
      if files[middle].start <= sample { low = middle + 1 } else { high = middle }
    }
    let list = isBefore ? changeBefore : changeAfter
    return list.indices.contains(low - 1) ? list[low - 1] : nil
  }
}
