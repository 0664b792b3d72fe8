// In a release build the members of a timespec come by way of its headers.
internal import CZlib

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file open for reading at any place, by any number of threads at once.
///
/// Nothing is mapped: of a file that shrinks while it is in use the reader is told, where a
/// mapping would end the process.
package struct OpenFile: ~Copyable, Sendable {
  package let path: String
  /// When it was opened.
  package let byteCount: Int
  /// Which state of which file this is: inode, size and time of the last change.
  package let stamp: String
  private let descriptor: Int32

  package init(_ path: String) throws(FileError) {
    self.path = path
    // Without waiting for the other end, should the name be that of a pipe.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    let code = errno
    var status = stat()
    let isThere = fstat(descriptor, &status) == 0
    // Complete from here on, so that `deinit` closes the file also where an error is thrown.
    byteCount = Int(status.st_size)
    stamp =
      "\(status.st_ino) \(status.st_size) \(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
    guard descriptor >= 0 else { throw FileError(path, failedTo: "open it", code: code) }
    guard isThere else { throw FileError(path, failedTo: "look at it") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a file") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Fills the room with the bytes from `offset` on, all of them.
  package func read(at offset: Int, into room: UnsafeMutableRawBufferPointer) throws(FileError) {
    var done = 0
    while done < room.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: room[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset &+ done))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw FileError(path, failedTo: "read byte \(offset &+ done) on") }
      guard count > 0 else {
        throw FileError(
          path,
          "ends at byte \(offset &+ done), and had \(byteCount) bytes when it was opened; let"
            + " nothing change it, and run the same again")
      }
      done += count
    }
  }

  /// The bytes from `offset` on; the caller has checked that the file has them.
  package func bytes(at offset: Int = 0, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: FileError?
    bytes.withUnsafeMutableBytes { room in
      do throws(FileError) { try read(at: offset, into: room) } catch { failure = error }
    }
    if let failure { throw failure }
    return bytes
  }
}
