package import Files

/// An output file with its rows counted.
final class RowWriter {
  /// The ledger's number; 0 for the quarantine list, which it does not keep.
  let id: Int64
  /// Below the workspace.
  let path: String
  private(set) var rowCount = 0
  /// Of all rows so far, those that are pending included.
  private(set) var byteCount = 0
  private var file: OutputFile
  /// Rows of the chunk at hand that follow each other and are not written yet.
  private var pending = 0..<0

  init(_ staging: String, _ path: String, id: Int64, isDurable: Bool) throws {
    self.id = id
    self.path = path
    file = try OutputFile(staging + "/" + path, isDurable: isDurable)
  }

  /// Adds a row, with something inserted where that is not empty.
  func add(_ row: Range<Int>, of output: Output, inserting text: String, at place: Int) throws {
    rowCount += 1
    byteCount += row.count + text.utf8.count
    if row.lowerBound != pending.upperBound || !text.isEmpty {
      try flush(from: output)
      pending = row.lowerBound..<row.lowerBound
    }
    if !text.isEmpty {
      pending = row.lowerBound..<place
      try flush(from: output)
      try file.append(text)
      pending = place..<place
    }
    pending = pending.lowerBound..<row.upperBound
  }

  /// Writes what is pending; to be called before the chunk's memory is used again.
  func flush(from output: Output) throws {
    if !pending.isEmpty { try write(pending, of: output.bytes) }
    pending = 0..<0
  }

  private func write(_ range: Range<Int>, of bytes: borrowing ByteBuffer) throws {
    try file.append(bytes.bytes.extracting(range))
  }

  func append(_ line: String) throws {
    rowCount += 1
    byteCount += line.utf8.count
    try file.append(line)
  }

  func finish() throws -> FileSummary {
    FileSummary(
      path: path, byteCount: byteCount, rowCount: rowCount, digest: try file.finish())
  }
}

/// A file that a run read or wrote: its path, an output's below the workspace, and its contents.
package struct FileSummary: Sendable {
  package var path: String
  package var byteCount: Int
  package var rowCount: Int
  package var digest: Digest
  package var sha256: String?

  package init(
    path: String, byteCount: Int, rowCount: Int, digest: Digest, sha256: String? = nil
  ) {
    self.path = path
    self.byteCount = byteCount
    self.rowCount = rowCount
    self.digest = digest
    self.sha256 = sha256
  }
}
