#if canImport(Glibc)
  internal import Glibc
#endif

/// A file or folder that could not be read or written: which one, what happened, what to do.
package struct FileError: Error, Equatable, CustomStringConvertible {
  package var path: String
  package var message: String

  package init(_ path: String, _ message: String) {
    self.path = path
    self.message = message
  }

  /// What the system's last call said, in its own words.
  package init(_ path: String, failedTo action: String, code: Int32 = errno) {
    self.init(path, "could not \(action): \(String(cString: strerror(code)))")
    switch code {
    case ENOSPC:
      message += "; free some space there, or choose another folder, and run the same again"
    case EACCES, EPERM, EROFS:
      message += "; get the right to do so, or choose another place, and run the same again"
    default: break
    }
  }

  package var description: String { "\(path): \(message)" }
}
