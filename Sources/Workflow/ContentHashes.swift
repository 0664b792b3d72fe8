package import Files
internal import Foundation
package import Lineage

#if canImport(Glibc)
  internal import Glibc
#endif

/// Content hashes of files, taken when a file was last read and trusted while it looks the same:
/// size, time of the last change, inode.
package final class ContentHashes {
  private let ledger: Ledger
  private let trustsNothing: Bool
  /// What has been made sure of in this process.
  private var certain: [String: FileState] = [:]

  /// With `trustsNothing` every file is read once, however it looks.
  package init(_ ledger: Ledger, trustsNothing: Bool = false) {
    self.ledger = ledger
    self.trustsNothing = trustsNothing
  }

  /// A file's state with its XXH3, and its SHA-256 where that is asked for; reads it if it must.
  package func state(of path: String, withSHA256: Bool = false) throws -> FileState {
    let path = absolute(path)
    let look = try Look(path)
    if let known = try known(path, look), !withSHA256 || known.sha256 != nil { return known }
    let stream = try FileStream(path)
    var sha256 = SHA256()
    var buffer = ByteBuffer(capacity: 1 << 20)
    while try stream.read(into: &buffer, upTo: 1 << 20) > 0 {
      try Interruption.check()
      if withSHA256 { sha256.update(buffer.bytes) }
      buffer.removeAll()
    }
    let state = FileState(
      path: path, byteCount: look.byteCount, modified: look.modified, inode: look.inode,
      xxh3: stream.digest.description, sha256: withSHA256 ? hex(sha256.finish()) : nil)
    guard try Look(path) == look else {
      throw FileError(path, "changed while it was read; let nothing change it, and run again")
    }
    return try keep(state)
  }

  /// The file's hash if it is known without reading the file; nil too where the file is not there.
  package func known(_ path: String) throws -> FileState? {
    let path = absolute(path)
    guard let look = try? Look(path) else { return nil }
    return try known(path, look)
  }

  /// Takes a hash from one who read the file just now, having looked at it before; throws if it
  /// looks otherwise by now, as then nobody knows which bytes were read.
  package func learn(_ path: String, xxh3: String, sha256: String?, before look: Look) throws {
    let path = absolute(path)
    guard try Look(path) == look else {
      throw FileError(path, "changed while it was read; let nothing change it, and run again")
    }
    _ = try keep(
      FileState(
        path: path, byteCount: look.byteCount, modified: look.modified, inode: look.inode,
        xxh3: xxh3, sha256: sha256))
  }

  private func known(_ path: String, _ look: Look) throws -> FileState? {
    if let state = certain[path], look.isLook(of: state) { return state }
    guard !trustsNothing, let state = try ledger.fileState(of: path), look.isLook(of: state) else {
      return nil
    }
    certain[path] = state
    return state
  }

  private func keep(_ state: FileState) throws -> FileState {
    certain[state.path] = state
    if !ledger.isReadOnly { try ledger.remember(state) }
    return state
  }

  private func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// How a file looks from outside.
  package struct Look: Equatable, Sendable {
    package let byteCount: Int
    let modified: Int
    let inode: Int

    package init(_ path: String) throws(FileError) {
      var status = stat()
      guard stat(path, &status) == 0 else { throw FileError(path, failedTo: "look at it") }
      byteCount = Int(status.st_size)
      modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
      inode = Int(truncatingIfNeeded: status.st_ino)
    }

    package func isLook(of state: FileState) -> Bool {
      state.byteCount == byteCount && state.modified == modified && state.inode == inode
    }
  }
}
