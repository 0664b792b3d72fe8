internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// What the program does with folders, with errors that name them.
package enum Folder {
  package static func create(_ path: String) throws(FileError) {
    if isFolder(path) { return }
    let parent = path.parentPath
    if !parent.isEmpty { try create(parent) }
    guard mkdir(path, 0o777) != 0 else { return }
    let code = errno
    if !isFolder(path) { throw FileError(path, failedTo: "create this folder", code: code) }
  }

  /// Renames over whatever has the name; the folder entry is on disk afterwards when `isDurable`.
  package static func rename(_ old: String, to new: String, isDurable: Bool) throws(FileError) {
    guard Glibc.rename(old, new) == 0 else { throw FileError(new, failedTo: "put it in place") }
    if isDurable { sync(new.parentPath) }
  }

  /// Writes a folder's entries to disk; a file system that cannot do so is left alone.
  package static func sync(_ path: String) {
    let descriptor = open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  package static func isFolder(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// All files below a folder, as paths relative to it, in byte order; hidden ones left out.
  package static func files(below path: String) -> [String] {
    guard let names = FileManager.default.enumerator(atPath: path) else { return [] }
    return names.compactMap { $0 as? String }
      .filter { name in !name.split(separator: "/").contains { $0.hasPrefix(".") } }
      .filter { !isFolder(path + "/" + $0) }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// The paths that a shell pattern names, braces included, in byte order.
  package static func matches(_ pattern: String) -> [String] {
    var found = glob_t()
    defer { globfree(&found) }
    guard glob(pattern, GLOB_BRACE | GLOB_TILDE, nil, &found) == 0 else { return [] }
    return (0..<Int(found.gl_pathc))
      .compactMap { found.gl_pathv[$0].map { String(cString: $0) } }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

/// A workspace held by one process; the lock ends with the process, however it ends.
package final class FileLock: Sendable {
  private let descriptor: Int32

  package init(_ path: String) throws(FileError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "create it") }
    guard Self.take(descriptor) else {
      var holder = [UInt8](repeating: 0, count: 32)
      let count = holder.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, 31, 0) }
      let process = String(decoding: holder.prefix(Swift.max(0, count)), as: UTF8.self)
      throw FileError(
        path, "another run is at work in this workspace, process \(process); wait for its end")
    }
    let process = String(getpid())
    ftruncate(descriptor, 0)
    _ = process.withCString { pwrite(descriptor, $0, process.utf8.count, 0) }
  }

  /// Tries for a moment: one who asks for the holder has the lock for as long as that takes.
  private static func take(_ descriptor: Int32) -> Bool {
    for attempt in 0..<5 {
      if attempt > 0 { usleep(10_000) }
      if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
    }
    return false
  }

  /// The process that holds a lock now; nil where none does.
  package static func holder(of path: String) -> Int? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
    var text = [UInt8](repeating: 0, count: 32)
    let count = text.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, 31, 0) }
    return Int(String(decoding: text.prefix(Swift.max(0, count)), as: UTF8.self))
  }

  // Also ends an attempt that threw: all properties were set by then. A process that is just being
  // started has a copy of the descriptor for a moment, which would keep the lock.
  deinit {
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
