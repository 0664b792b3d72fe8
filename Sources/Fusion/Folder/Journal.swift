internal import Files
internal import Foundation
internal import Notation

#if canImport(Glibc)
  internal import Glibc
#endif

/// A line for the merge, then one for every finished tensor, each written with one call.
///
/// What the process has written survives it; what the machine has not written to disk when it loses
/// power is found by the tensors' hashes, so nothing here waits for the disk.
struct Journal: ~Copyable {
  /// By tensor.
  private(set) var records: [String: JSON] = [:]
  private let path: String
  private let descriptor: Int32

  /// Goes on with the journal of the same merge; one of another merge is begun anew.
  init(_ path: String, identity: String) throws {
    self.path = path
    let first = JSON.object([.init("merge", .string(identity))]).compact
    var lines = (FileManager.default.contents(atPath: path) ?? Data())
      .split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    // What follows the last line end was cut off by whatever ended the process.
    _ = lines.popLast()
    let isContinued = lines.first.map { $0.elementsEqual(first.utf8) } ?? false
    descriptor = open(
      path, O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | (isContinued ? 0 : O_TRUNC), 0o644)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "create it") }
    guard isContinued else {
      try write(first)
      return
    }
    ftruncate(descriptor, off_t(lines.reduce(0) { $0 + $1.count + 1 }))
    for line in lines.dropFirst() {
      guard let entry = try? JSON(parsing: line), let name = entry["name"]?.text else { continue }
      records[name] = entry
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  mutating func append(_ tensor: String, _ record: JSON) throws(FileError) {
    try write(record.compact)
    records[tensor] = record
  }

  private func write(_ line: String) throws(FileError) {
    var bytes = Array((line + "\n").utf8)[...]
    // A full disk takes a part, and says so when it is asked for the rest.
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(path, failedTo: "write to it") }
      bytes = bytes.dropFirst(count)
    }
  }
}
