internal import Files
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file without a name for what does not fit into memory; it is gone when its owner is, also where
/// the process is killed.
final class SpillFile {
  private let descriptor: Int32
  private let folder: String
  private(set) var byteCount = 0

  /// In the folder that TMPDIR names.
  init() throws(FileError) {
    folder = NSTemporaryDirectory()
    let template = folder + (folder.hasSuffix("/") ? "" : "/") + "branchmerge-XXXXXX"
    var name = Array(template.utf8CString)
    descriptor = mkstemp(&name)
    guard descriptor >= 0 else { throw FileError(folder, failedTo: "make a temporary file") }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(name)
  }

  deinit { close(descriptor) }

  func append(_ bytes: Span<UInt8>) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let count = bytes.extracting(done...).withUnsafeBytes { rest in
        Glibc.write(descriptor, rest.baseAddress, rest.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw FileError(
          folder,
          failedTo: "write a temporary file of \(byteCount + done) bytes (TMPDIR names its folder)")
      }
      done += count
    }
    byteCount += bytes.count
  }

  /// Appends bytes of the file to the buffer.
  func read(_ range: Range<Int>, into buffer: inout ByteBuffer) throws(FileError) {
    var position = range.lowerBound
    while position < range.upperBound {
      var failed = false
      let count = buffer.append(upTo: range.upperBound - position) { room in
        let count = pread(descriptor, room.baseAddress, room.count, off_t(position))
        failed = count < 0 && errno != EINTR
        return max(0, count)
      }
      if failed || count == 0 && errno != EINTR {
        throw FileError(folder, failedTo: "read a temporary file")
      }
      position += count
    }
  }
}
