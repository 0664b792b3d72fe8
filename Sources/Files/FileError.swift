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
    if code == ENOSPC {
      message += "; free some space there, or choose another folder, and run the same again"
    }
  }

  package var description: String { "\(path): \(message)" }
}
