/// The parts of a path, told from its text alone.
///
/// Foundation's own ends the process for a relative path of one character (Swift 6.3 on Linux).
extension String {
  /// What the file or folder itself is called: `b` of `a/b` and of `a/b/`.
  package var fileName: String { split(separator: "/").last.map(String.init) ?? self }

  /// The path of the folder that holds it: `a` of `a/b`, `/` of `/b`, and nothing of `b`.
  package var parentPath: String {
    let isAbsolute = hasPrefix("/")
    let parts = split(separator: "/").dropLast()
    return (isAbsolute ? "/" : "") + parts.joined(separator: "/")
  }

  /// Without what follows the last point of the file's name: `a/b` of `a/b.c`, but `.b` of `.b`.
  package var withoutExtension: String {
    let name = fileName
    guard let point = name.lastIndex(of: "."), point > name.startIndex else { return self }
    return String(dropLast(name.distance(from: point, to: name.endIndex)))
  }
}
