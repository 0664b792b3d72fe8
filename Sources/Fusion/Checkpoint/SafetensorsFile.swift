package import Files

/// One file of tensors, opened and checked; its data is read when asked for.
package final class SafetensorsFile: Sendable {
  package let header: SafetensorsHeader
  private let file: OpenFile

  package var path: String { file.path }
  package var byteCount: Int { file.byteCount }
  /// Tells whether the file is still the one that was opened: it changes with every writing.
  package var stamp: String { file.stamp }

  /// Reads the header only.
  package init(_ path: String) throws(FileError) {
    let file = try OpenFile(path)
    do {
      let start = try file.bytes(count: min(8, file.byteCount))
      let count = try SafetensorsHeader.jsonByteCount(of: start, fileByteCount: file.byteCount)
      header = try SafetensorsHeader(
        parsing: file.bytes(at: 8, count: count), fileByteCount: file.byteCount)
    } catch {
      throw error as? FileError ?? FileError(path, "\(error)")
    }
    self.file = file
  }

  /// Reads a range completely, by any number of threads at once; a file that has shrunk is an
  /// error that names it.
  package func read(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(FileError) {
    try file.read(at: offset, into: room)
  }
}
