internal import Files

/// A file that another program writes on at its end, or may replace by a new one.
struct GrowingFile {
  private let path: String
  private var offset = 0
  private var rest: [UInt8] = []

  /// Longer lines are cut, as nothing that is looked for is as long.
  private static let lineLimit = 1 << 14

  init(_ path: String) { self.path = path }

  /// Leaves out what is there already.
  init(atEndOf path: String) {
    self.path = path
    offset = (try? OpenFile(path))?.byteCount ?? 0
  }

  /// The lines that are complete by now, ended by line feed or return; `isNew` with the first line
  /// of a file that was begun again.
  mutating func forEachLine(_ body: (_ line: String, _ isNew: Bool) -> Void) {
    guard let file = try? OpenFile(path) else { return }
    var isNew = false
    if file.byteCount < offset {
      offset = 0
      rest = []
      isNew = true
    }
    while offset < file.byteCount {
      let count = min(1 << 20, file.byteCount - offset)
      guard let bytes = try? file.bytes(at: offset, count: count) else { return }
      offset += count
      for byte in bytes {
        guard byte == 0x0A || byte == 0x0D else {
          if rest.count < Self.lineLimit { rest.append(byte) }
          continue
        }
        if !rest.isEmpty {
          body(String(decoding: rest, as: UTF8.self), isNew)
          isNew = false
        }
        rest.removeAll(keepingCapacity: true)
      }
    }
  }
}
