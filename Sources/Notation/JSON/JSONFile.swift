package import Files

extension JSON {
  /// More than any tokenizer has.
  static let fileByteLimit = 1 << 28

  /// Reads a file; what is wrong in it is told with line and column.
  package init(file path: String) throws(FileError) {
    let file = try OpenFile(path)
    guard file.byteCount <= Self.fileByteLimit else {
      throw FileError(
        path, "has \(file.byteCount) bytes, and \(Self.fileByteLimit) are the limit for JSON")
    }
    do {
      try self.init(parsing: file.bytes(count: file.byteCount))
    } catch {
      throw error as? FileError ?? FileError(path, "\(error)")
    }
  }
}
