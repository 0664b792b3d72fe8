internal import CLinux
internal import Files
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// The file of a shard, of its final size from the start.
final class ShardFile: Sendable {
  let path: String
  private let descriptor: Int32
  private let queue = Mutex(Queue())

  /// What waits for the thread that is writing. A file takes one write at a time, and threads that
  /// wait for it would do nothing else.
  private struct Queue {
    var isWriting = false
    var waiting: [(bytes: [UInt8], offset: Int)] = []
    static let limit = 32
    static let longest = 1 << 20
  }

  /// Creates it, or opens what an earlier process left of it.
  init(_ path: String, byteCount: Int) throws(FileError) {
    self.path = path
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "create it") }
    // A file system that cannot reserve room finds out later that it has none.
    if bm_reserve(descriptor, byteCount) != 0, errno != EOPNOTSUPP, errno != ENOSYS {
      throw FileError(path, failedTo: "reserve \(byteCount) bytes for it")
    }
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else {
      throw FileError(path, failedTo: "give it \(byteCount) bytes")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  func write(_ bytes: [UInt8], at offset: Int) throws {
    try bytes.withUnsafeBytes { try write($0, at: offset) }
  }

  /// Writes now, or leaves it to the thread that is writing to this file, which takes it over
  /// before it returns: when no thread is in here any more, all is written.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    enum Turn { case writer, other, left }
    let turn: Turn = queue.withLock { queue in
      if !queue.isWriting {
        queue.isWriting = true
        return .writer
      }
      guard queue.waiting.count < Queue.limit, bytes.count <= Queue.longest else { return .other }
      queue.waiting.append((Array(bytes), offset))
      return .left
    }
    guard turn != .left else { return }
    try put(bytes, at: offset)
    guard turn == .writer else { return }
    while let next = queue.withLock({ queue in
      queue.isWriting = !queue.waiting.isEmpty
      return queue.waiting.isEmpty ? nil : queue.waiting.removeFirst()
    }) {
      do {
        try next.bytes.withUnsafeBytes { try put($0, at: next.offset) }
      } catch {
        throw error as? FileError ?? FileError(path, "\(error)")
      }
    }
  }

  private func put(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(path, failedTo: "write byte \(offset + done) on") }
      done += count
    }
  }

  func read(_ room: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var done = 0
    while done < room.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: room[done...])
      let count = pread(descriptor, rest.baseAddress, rest.count, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileError(path, failedTo: "read byte \(offset + done) on") }
      done += count
    }
  }

  /// Starts writing a range back to disk while the work goes on.
  func startWriteBack(at offset: Int, count: Int) {
    bm_start_write_back(descriptor, offset, count)
  }

  func sync() throws(FileError) {
    guard fsync(descriptor) == 0 else { throw FileError(path, failedTo: "sync it to disk") }
  }
}
