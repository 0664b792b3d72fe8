internal import CLinux

#if canImport(Glibc)
  internal import Glibc
#endif

/// A file being written under a name that nobody reads yet.
///
/// Write-back starts while the work goes on, so that the final sync waits for little. Without
/// `finish` the file is removed when the value ends.
package struct OutputFile: ~Copyable {
  package var path: String { sink.path }
  private var sink: Sink
  private var pending = ByteBuffer(capacity: block)

  /// Bytes gathered before one write.
  private static let block = 1 << 18

  /// Creates the file; with `isDurable` its bytes are on disk when `finish` returns.
  package init(_ path: String, isDurable: Bool) throws(FileError) {
    sink = try Sink(path, isDurable: isDurable)
  }

  package var byteCount: Int { sink.written + pending.count }

  package mutating func append(_ bytes: Span<UInt8>) throws(FileError) {
    if pending.count + bytes.count > Self.block { try flush() }
    if bytes.count >= Self.block {
      try sink.write(bytes)
    } else {
      pending.append(bytes)
    }
  }

  package mutating func append(_ text: String) throws(FileError) {
    pending.append(text)
    if pending.count >= Self.block { try flush() }
  }

  /// The file that a path names for writing, through links; refused where a pipe, a device or a
  /// folder has that name, or where there is no folder to put it in.
  package static func target(of path: String) throws(FileError) -> String {
    var target = path
    if let real = realpath(path, nil) {
      target = String(cString: real)
      free(real)
      var status = stat()
      guard stat(target, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
        throw FileError(
          path,
          Folder.isFolder(target)
            ? "is a folder; name a file in it" : "is no file that could be replaced; name another")
      }
    }
    let folder = target.parentPath
    guard Folder.isFolder(folder.isEmpty ? "." : folder) else {
      throw FileError(path, "cannot be written: there is no folder \(folder)")
    }
    return target
  }

  /// Completes the file under its present name and returns the hash of its bytes.
  package mutating func finish() throws(FileError) -> Digest {
    try flush()
    let digest = try sink.finish()
    return digest
  }

  private mutating func flush() throws(FileError) {
    try sink.write(all: &pending)
  }
}

/// The open descriptor behind an output file, with what has gone through it.
private struct Sink: ~Copyable {
  let path: String
  let descriptor: Int32
  let isDurable: Bool
  var hash = ContentHash()
  var written = 0
  var handedOver = 0
  var isFinished = false

  /// Bytes written before their write-back is started.
  private static let writeBack = 8 << 20

  init(_ path: String, isDurable: Bool) throws(FileError) {
    self.path = path
    self.isDurable = isDurable
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "create it") }
  }

  deinit {
    // Also runs where `init` threw: what then has the name is not ours to remove.
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isFinished { unlink(path) }
  }

  mutating func write(all buffer: inout ByteBuffer) throws(FileError) {
    try write(buffer.bytes)
    buffer.removeAll()
  }

  mutating func write(_ bytes: Span<UInt8>) throws(FileError) {
    hash.update(bytes)
    var done = 0
    while done < bytes.count {
      let descriptor = descriptor
      let count = bytes.extracting(done...).withUnsafeBytes { rest in
        retrying { Glibc.write(descriptor, rest.baseAddress, rest.count) }
      }
      guard count > 0 else { throw FileError(path, failedTo: "write byte \(written) on") }
      done += count
      written += count
    }
    if isDurable && written - handedOver >= Self.writeBack {
      bm_start_write_back(descriptor, handedOver, written - handedOver)
      handedOver = written
    }
  }

  mutating func finish() throws(FileError) -> Digest {
    if isDurable {
      guard fsync(descriptor) == 0 else { throw FileError(path, failedTo: "sync it to disk") }
    }
    isFinished = true
    return hash.digest
  }
}
