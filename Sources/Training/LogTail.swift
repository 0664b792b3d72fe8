internal import Files

/// The end of a log as messages show it.
enum LogTail {
  /// The last lines that are not empty, without colours and without what a return wrote over.
  static func lines(of path: String, count: Int = 15) -> [String] {
    guard let file = try? OpenFile(path) else { return [] }
    let size = min(file.byteCount, 1 << 15)
    guard let bytes = try? file.bytes(at: file.byteCount - size, count: size) else { return [] }
    let lines = bytes.split(separator: 0x0A).map { line in
      shown(line.split(separator: 0x0D).last ?? [])
    }
    return lines.filter { !$0.allSatisfy(\.isWhitespace) }.suffix(count)
  }

  /// A line without control characters and terminal sequences, of bounded length.
  private static func shown(_ line: ArraySlice<UInt8>) -> String {
    var text = ""
    var isSequence = false
    for scalar in String(decoding: line, as: UTF8.self).unicodeScalars {
      if isSequence {
        isSequence = !(("a"..."z") ~= scalar || ("A"..."Z") ~= scalar)
      } else if scalar == "\u{1B}" {
        isSequence = true
      } else if scalar == "\t" || scalar.properties.generalCategory != .control {
        text.unicodeScalars.append(scalar)
      }
    }
    return text.count > 300 ? String(text.prefix(300)) + "…" : text
  }
}
