internal import Notation

/// Changes single values of a JSON text and leaves every other byte as it is.
///
/// Loaders and people compare these files; a text that went through a parser and back would differ
/// everywhere from the one it came from.
struct JSONPatch {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Replaces the value at a path of keys; a last key that is not there yet is appended.
  ///
  /// Nothing happens where the object that would hold it is missing.
  mutating func set(_ path: [String], to value: JSON) throws(JSONError) {
    var scanner = try JSONScanner(bytes)
    guard let place = try Self.place(of: path[...], in: &scanner) else { return }
    switch place {
    case .value(let range, let key):
      let isSpread = bytes[range].contains(0x0A)
      let text = Self.spelling(of: value, indent: isSpread ? indent(at: key) : nil)
      bytes.replaceSubrange(range, with: text.utf8)
    case .end(let end, let separator, let isEmpty):
      let gap = String(decoding: bytes[separator], as: UTF8.self)
      let indent = gap.contains("\n") ? String(gap.split(separator: "\n").last ?? "") : nil
      let text = Self.spelling(of: value, indent: indent)
      let key = JSON.quoted(path[path.count - 1])
      bytes.insert(contentsOf: "\(isEmpty ? "" : ",\(gap)")\(key): \(text)".utf8, at: end)
    }
  }

  /// A file's text with several values set.
  static func patched(
    _ bytes: [UInt8], _ edits: [(path: [String], value: JSON)], of name: String
  ) throws(MergeError) -> [UInt8] {
    var patch = JSONPatch(bytes)
    do {
      for (path, value) in edits { try patch.set(path, to: value) }
    } catch {
      throw MergeError("\(name): \(error)")
    }
    return patch.bytes
  }

  private enum Place {
    /// Where the value stands, and where its key begins.
    case value(Range<Int>, key: Int)
    /// Behind an object's last member, and the white space that its members are set apart with.
    case end(Int, separator: Range<Int>, isEmpty: Bool)
  }

  /// Walks down one key at a time; the scanner stands before an object.
  private static func place(
    of path: ArraySlice<String>, in scanner: inout JSONScanner
  ) throws(JSONError) -> Place? {
    guard let wanted = path.first, try scanner.kind() == .object else { return nil }
    try scanner.enterObject()
    let start = scanner.offset
    var end = start
    var separator: Range<Int>?
    while let key = try scanner.nextKey() {
      separator = separator ?? start..<scanner.keyOffset
      let keyOffset = scanner.keyOffset
      let isWanted = key.utf8.elementsEqual(wanted.utf8)
      if isWanted && path.count > 1 { return try place(of: path.dropFirst(), in: &scanner) }
      _ = try scanner.kind()
      let valueStart = scanner.offset
      try scanner.skip()
      end = scanner.offset
      if isWanted { return .value(valueStart..<end, key: keyOffset) }
    }
    guard path.count == 1 else { return nil }
    return .end(end, separator: separator ?? start..<start, isEmpty: separator == nil)
  }

  /// The white space at the start of the line on which a byte stands.
  private func indent(at offset: Int) -> String {
    let line = bytes[..<offset].lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    let blank = bytes[line..<offset].prefix { $0 == 0x20 || $0 == 0x09 }
    return String(decoding: blank, as: UTF8.self)
  }

  /// On one line without an `indent`, else as Python's `json.dump(indent=2)` behind that one.
  private static func spelling(of value: JSON, indent: String?) -> String {
    if let indent { return value.formatted().replacing("\n", with: "\n" + indent) }
    guard case .array(let items) = value else { return value.compact }
    return "[" + items.map(\.compact).joined(separator: ", ") + "]"
  }
}

extension JSON {
  /// Reads a file's text that has to be an object; the error names the file.
  init(reading bytes: [UInt8], of name: String) throws(MergeError) {
    do {
      self = try JSON(parsing: bytes)
    } catch {
      throw MergeError("\(name): \(error)")
    }
    guard members != nil else { throw MergeError("\(name): is JSON, but no object") }
  }
}
