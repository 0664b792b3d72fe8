internal import CZlib
internal import CZstd

#if canImport(Glibc)
  internal import Glibc
#endif

/// Bytes that come one after another and end.
package protocol ByteStream: AnyObject {
  /// Appends up to `limit` bytes and returns how many; 0 means the end.
  func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int
}

/// The bytes of a file as they stand on disk, hashed on the way.
///
/// A file that changes between the first and the last byte is an error: its hash would be that of
/// neither state.
package final class FileStream: ByteStream {
  package let path: String
  package let byteCount: Int
  package private(set) var position = 0
  private let descriptor: Int32
  private let modified: timespec
  private var hash = ContentHash()

  package init(_ path: String) throws(FileError) {
    self.path = path
    // Without waiting for the other end, should the name be that of a pipe.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "open it") }
    var status = stat()
    let isThere = fstat(descriptor, &status) == 0
    // Complete from here on, so that `deinit` closes the file also where an error is thrown.
    byteCount = Int(status.st_size)
    modified = status.st_mtim
    guard isThere else { throw FileError(path, failedTo: "look at it") }
    guard status.st_mode & S_IFMT == S_IFREG else { throw FileError(path, "is not a file") }
    _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL)
  }

  deinit { close(descriptor) }

  /// The hash of all bytes read so far.
  package var digest: Digest { hash.digest }

  package func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int {
    let start = buffer.count
    var failure: Int32?
    let count = buffer.append(upTo: limit) { room in
      let count = retrying { Glibc.read(descriptor, room.baseAddress, room.count) }
      if count < 0 { failure = errno }
      return Swift.max(0, count)
    }
    if let failure {
      throw FileError(path, failedTo: "read byte \(position) on", code: failure)
    }
    hash.update(buffer.bytes.extracting(start...))
    position += count
    if count == 0 { try checkUnchanged() }
    return count
  }

  /// Reads one range again, without hashing it.
  package func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    let got = bytes.withUnsafeMutableBytes { room in
      retrying { pread(descriptor, room.baseAddress, count, off_t(offset)) }
    }
    guard got == count else {
      throw FileError(path, "ends before byte \(offset + count); it is not the file that was read")
    }
    return bytes
  }

  private func checkUnchanged() throws(FileError) {
    guard position >= byteCount else {
      throw FileError(
        path, "shrank while it was read: \(position) of \(byteCount) bytes were there; run again")
    }
    var status = stat()
    let same =
      fstat(descriptor, &status) == 0 && Int(status.st_size) == position
      && status.st_mtim.tv_sec == modified.tv_sec && status.st_mtim.tv_nsec == modified.tv_nsec
    guard same else {
      throw FileError(path, "changed while it was read, before byte \(position); run again")
    }
  }
}

/// Repeats a system call that a signal interrupted.
func retrying(_ call: () -> Int) -> Int {
  while true {
    let result = call()
    if result >= 0 || errno != EINTR { return result }
  }
}

/// The packed bytes of a file on their way into a decompressor.
private struct PackedInput: ~Copyable {
  let file: FileStream
  let kind: String
  var buffer = ByteBuffer(capacity: PackedInput.size)
  /// Bytes of the buffer that the decompressor has taken.
  var used = 0

  private static let size = 1 << 18

  init(_ file: FileStream, kind: String) {
    self.file = file
    self.kind = kind
  }

  /// Reads on where all bytes are used; false at the end of a file that may end here.
  mutating func refill(mayEnd: Bool) throws(FileError) -> Bool {
    guard used == buffer.count else { return true }
    buffer.removeAll()
    used = 0
    if try file.read(into: &buffer, upTo: Self.size) > 0 { return true }
    guard mayEnd else {
      throw FileError(
        file.path,
        "is a truncated \(kind) file: good up to byte \(file.position), then it ends;"
          + " fetch it again")
    }
    return false
  }

  func damage(_ reason: String) -> FileError {
    let place = file.position - (buffer.count - used)
    return FileError(file.path, "is a damaged \(kind) file: near byte \(place), \(reason)")
  }
}

/// What a gzip file holds; several members in a row are one text (RFC 1952, section 2.2).
package final class GzipStream: ByteStream {
  private var input: PackedInput
  private var stream = z_stream()
  private var betweenMembers = false

  package init(_ file: FileStream) throws(FileError) {
    input = PackedInput(file, kind: "gzip")
    let version = ZLIB_VERSION
    let status = inflateInit2_(&stream, 15 + 16, version, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw FileError(file.path, "zlib could not start") }
  }

  deinit { inflateEnd(&stream) }

  package func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int {
    while true {
      guard try input.refill(mayEnd: betweenMembers) else { return 0 }
      if betweenMembers {
        // Padding with zeros after the last member is what tape and block tools leave.
        if input.buffer.bytes[input.used] == 0 {
          input.used += 1
          continue
        }
        inflateReset(&stream)
        betweenMembers = false
      }
      var status = Z_OK
      let left = input.buffer.count - input.used
      let written = input.buffer.withBytes(from: input.used) { bytes in
        buffer.append(upTo: limit) { room in
          stream.next_in = UnsafeMutablePointer(
            mutating: bytes.baseAddress!.assumingMemoryBound(to: UInt8.self))
          stream.avail_in = UInt32(bytes.count)
          stream.next_out = room.baseAddress!.assumingMemoryBound(to: UInt8.self)
          stream.avail_out = UInt32(room.count)
          status = inflate(&stream, Z_NO_FLUSH)
          return room.count - Int(stream.avail_out)
        }
      }
      input.used += left - Int(stream.avail_in)
      if status == Z_STREAM_END {
        betweenMembers = true
      } else if status != Z_OK && status != Z_BUF_ERROR {
        let reason = stream.msg.map { String(cString: $0) } ?? "code \(status)"
        throw input.damage(reason)
      }
      if written > 0 { return written }
    }
  }
}

/// What a zstd file holds; several frames in a row are one text (RFC 8878, section 3.1).
package final class ZstdStream: ByteStream {
  private var input: PackedInput
  private let stream: OpaquePointer
  private var betweenFrames = true

  package init(_ file: FileStream) throws(FileError) {
    input = PackedInput(file, kind: "zstd")
    guard let stream = ZSTD_createDStream() else {
      throw FileError(file.path, "zstd could not start")
    }
    self.stream = stream
    // Published sets are compressed with windows of up to 2 GiB (zstd --long=31).
    ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 31)
  }

  deinit { ZSTD_freeDStream(stream) }

  package func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int {
    while true {
      guard try input.refill(mayEnd: betweenFrames) else { return 0 }
      var status = 0
      var consumed = 0
      let written = input.buffer.withBytes(from: input.used) { bytes in
        buffer.append(upTo: limit) { room in
          var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
          var target = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
          status = ZSTD_decompressStream(stream, &target, &source)
          consumed = source.pos
          return target.pos
        }
      }
      input.used += consumed
      guard ZSTD_isError(status) == 0 else {
        let reason = String(cString: ZSTD_getErrorName(status))
        throw input.damage(reason)
      }
      betweenFrames = status == 0
      if written > 0 { return written }
    }
  }
}
