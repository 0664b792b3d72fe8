import Files
import Foundation
import Samples
import Testing

// MARK: Randomness

/// Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014: a seed is a run.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  /// True once in `n` times.
  mutating func once(in n: Int) -> Bool { Int.random(in: 0..<n, using: &self) == 0 }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func pick<Element>(_ choices: [Element]) -> Element {
    choices.randomElement(using: &self)!
  }
}

// MARK: Files

/// Runs `body` with the path of a fresh folder, which is gone afterwards.
func inFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
  let folder = NSTemporaryDirectory() + "SamplesTests-" + UUID().uuidString
  try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
  defer { try? FileManager.default.removeItem(atPath: folder) }
  return try body(folder)
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func write(_ text: String, to path: String) throws { try write(Array(text.utf8), to: path) }

func contents(of path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// A command-line tool on the PATH.
struct Tool {
  let path: String

  init?(_ name: String) {
    let folders = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let found = folders.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else { return nil }
    path = found
  }

  static func isThere(_ name: String) -> Bool { Tool(name) != nil }

  /// Runs it to its end, which must be a good one.
  func run(_ arguments: String..., in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(path) \(arguments)")
  }
}

// MARK: Rows

/// A row as a reader hands it over, copied.
struct ReadRow: Equatable, CustomStringConvertible {
  var number: Int
  var offset: Int?
  var byteCount: Int
  var bytes: [UInt8]
  var fault: RowFault?

  var text: String { String(decoding: bytes, as: UTF8.self) }
  var description: String { "\(number) @\(offset ?? -1)+\(byteCount) \(text.prefix(60))" }
}

/// All rows of a reader, chunk after chunk.
func allRows(_ reader: any RowReader) throws -> [ReadRow] {
  var rows: [ReadRow] = []
  let chunk = Chunk()
  while try reader.next(chunk) {
    for place in chunk.rows {
      let bytes = chunk.withBytes(of: place) { $0.array }
      rows.append(
        ReadRow(
          number: place.number, offset: place.offset, byteCount: place.byteCount, bytes: bytes,
          fault: place.fault))
    }
  }
  return rows
}

func allRows(of path: String, _ limits: ReadLimits = ReadLimits()) throws -> [ReadRow] {
  try allRows(SourceFile(path).rows(keys: nil, limits))
}

/// The error of a file that should not be readable.
func readError(of path: String, _ limits: ReadLimits = ReadLimits()) -> FileError? {
  #expect(throws: FileError.self) { try allRows(of: path, limits) }
}

/// Bytes that come in pieces of given sizes, over and over, as a decompressor would give them.
final class PieceStream: ByteStream {
  private let bytes: [UInt8]
  private let sizes: [Int]
  private var position = 0
  private var piece = 0

  init(_ bytes: [UInt8], sizes: [Int]) {
    self.bytes = bytes
    self.sizes = sizes
  }

  func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int {
    let count = min(sizes[piece % sizes.count], limit, bytes.count - position)
    piece += 1
    buffer.append(Array(bytes[position..<position + count]))
    position += count
    return count
  }
}

/// What a scanner makes of a row.
enum Outcome<Result> {
  case fault(RowFault, at: Int)
  case accepted(Result)

  var fault: RowFault? {
    if case .fault(let fault, _) = self { fault } else { nil }
  }

  var offset: Int? {
    if case .fault(_, let offset) = self { offset } else { nil }
  }

  var result: Result? {
    if case .accepted(let result) = self { result } else { nil }
  }
}

/// Scans one row; what follows it in memory would complete or break nearly every row.
func scan<Result>(
  _ row: [UInt8], with scanner: inout RowScanner, padding: UInt8 = UInt8(ascii: "\""),
  _ read: (Sample) -> Result
) -> Outcome<Result> {
  let padded = row + Array(repeating: padding, count: ByteBuffer.padding)
  let span = padded.span.extracting(0..<row.count)
  if let fault = scanner.scan(span) { return .fault(fault, at: scanner.faultOffset) }
  return .accepted(read(scanner.sample(of: span)))
}

/// Scans one row for these fields; `read` gets the sample and their slots.
func scan<Result>(
  _ row: String, for fields: [Field], _ read: (Sample, [Projection.Slot]) -> Result
) -> Outcome<Result> {
  var projection = Projection()
  let slots = fields.map { projection.slot(of: $0) }
  var scanner = RowScanner(projection)
  return scan(Array(row.utf8), with: &scanner) { read($0, slots) }
}

/// A field by its place, of any type unless said otherwise.
func field(_ path: String, _ type: FieldType = .any, between: Marks? = nil) -> Field {
  Field(name: path, path: FieldPath(path)!, type: type, between: between)
}

extension Span where Element == UInt8 {
  var array: [UInt8] { withUnsafeBufferPointer { Array($0) } }
}

// MARK: A second opinion on JSON

/// A JSON value as the plain reader below finds it.
struct Node {
  var kind: Value.Kind
  /// Bytes of the row; of a string those between the quotes.
  var range: Range<Int>
  /// Of a string its text in UTF-8.
  var text: [UInt8] = []
  var isUnpaired = false
  var elements: [Node] = []
  var members: [(key: [UInt8], value: Node)] = []

  func members(_ key: String) -> [Node] {
    members.filter { $0.key == Array(key.utf8) }.map(\.value)
  }

  /// Whether this value or one inside it satisfies the condition.
  func contains(_ condition: (Node) -> Bool) -> Bool {
    condition(self) || elements.contains { $0.contains(condition) }
      || members.contains { $0.value.contains(condition) }
  }
}

/// Recursive descent over RFC 8259, slow and obvious, independent of what it judges.
struct ReferenceReader {
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0
  private(set) var deepest = 0
  private let allowsTrailingComma: Bool
  /// A key somewhere holds half of a surrogate pair.
  private(set) var hasUnpairedKey = false

  private init(_ bytes: [UInt8], _ allowsTrailingComma: Bool) {
    self.bytes = bytes
    self.allowsTrailingComma = allowsTrailingComma
  }

  /// The value that these bytes are; nil where they are no JSON text.
  static func read(
    _ bytes: [UInt8], allowsTrailingComma: Bool = false
  ) -> (root: Node, depth: Int, hasUnpairedKey: Bool)? {
    guard String(validating: bytes, as: UTF8.self) != nil else { return nil }
    var reader = ReferenceReader(bytes, allowsTrailingComma)
    reader.space()
    guard let root = reader.value() else { return nil }
    reader.space()
    guard reader.at == bytes.count else { return nil }
    return (root, reader.deepest, reader.hasUnpairedKey)
  }

  private var next: UInt8? { at < bytes.count ? bytes[at] : nil }

  private mutating func space() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { at += 1 }
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard bytes.count - at >= count else { return false }
    for index in 0..<count where bytes[at + index] != text.utf8Start[index] { return false }
    at += count
    return true
  }

  private mutating func value() -> Node? {
    let start = at
    switch next {
    case UInt8(ascii: "{"): return object()
    case UInt8(ascii: "["): return array()
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "t"): return take("true") ? Node(kind: .true, range: start..<at) : nil
    case UInt8(ascii: "f"): return take("false") ? Node(kind: .false, range: start..<at) : nil
    case UInt8(ascii: "n"): return take("null") ? Node(kind: .null, range: start..<at) : nil
    default: return number()
    }
  }

  private mutating func object() -> Node? {
    var node = Node(kind: .object, range: at..<at)
    enter()
    if !take("}") {
      repeat {
        space()
        if allowsTrailingComma && next == UInt8(ascii: "}") { break }
        guard let key = string() else { return nil }
        if key.isUnpaired { hasUnpairedKey = true }
        space()
        guard take(":") else { return nil }
        space()
        guard let value = value() else { return nil }
        node.members.append((key.text, value))
        space()
      } while take(",")
      guard take("}") else { return nil }
    }
    depth -= 1
    node.range = node.range.lowerBound..<at
    return node
  }

  private mutating func array() -> Node? {
    var node = Node(kind: .array, range: at..<at)
    enter()
    if !take("]") {
      repeat {
        space()
        if allowsTrailingComma && next == UInt8(ascii: "]") { break }
        guard let element = value() else { return nil }
        node.elements.append(element)
        space()
      } while take(",")
      guard take("]") else { return nil }
    }
    depth -= 1
    node.range = node.range.lowerBound..<at
    return node
  }

  private mutating func enter() {
    at += 1
    depth += 1
    deepest = max(deepest, depth)
    space()
  }

  private mutating func string() -> Node? {
    guard take("\"") else { return nil }
    var node = Node(kind: .string, range: at..<at)
    while let byte = next, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { return nil }
      at += 1
      if byte != UInt8(ascii: "\\") {
        node.text.append(byte)
        continue
      }
      guard let escape = next else { return nil }
      at += 1
      switch escape {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): node.text.append(escape)
      case UInt8(ascii: "b"): node.text.append(0x08)
      case UInt8(ascii: "f"): node.text.append(0x0C)
      case UInt8(ascii: "n"): node.text.append(0x0A)
      case UInt8(ascii: "r"): node.text.append(0x0D)
      case UInt8(ascii: "t"): node.text.append(0x09)
      case UInt8(ascii: "u"):
        guard var unit = hexadecimal() else { return nil }
        if unit & 0xFC00 == 0xD800, bytes[at...].starts(with: [0x5C, 0x75]) {
          let here = at
          at += 2
          if let low = hexadecimal(), low & 0xFC00 == 0xDC00 {
            unit = 0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF
          } else {
            at = here
          }
        }
        let scalar = Unicode.Scalar(unit)
        if scalar == nil { node.isUnpaired = true }
        node.text += String(Character(scalar ?? "\u{FFFD}")).utf8
      default: return nil
      }
    }
    node.range = node.range.lowerBound..<at
    return take("\"") ? node : nil
  }

  private mutating func hexadecimal() -> UInt32? {
    guard bytes.count - at >= 4 else { return nil }
    var value: UInt32 = 0
    for byte in bytes[at..<at + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue, byte < 0x80 else {
        return nil
      }
      value = value << 4 | UInt32(digit)
    }
    at += 4
    return value
  }

  private mutating func number() -> Node? {
    let start = at
    _ = take("-")
    if !take("0") { guard digits() else { return nil } }
    if take(".") { guard digits() else { return nil } }
    if take("e") || take("E") {
      _ = take("+") || take("-")
      guard digits() else { return nil }
    }
    return Node(kind: .number, range: start..<at)
  }

  private mutating func digits() -> Bool {
    let start = at
    while let byte = next, (0x30...0x39).contains(byte) { at += 1 }
    return at > start
  }
}

// MARK: Generated JSON

/// Writes JSON of every shape that RFC 8259 allows.
struct JSONWriter {
  var random: SplitMix64
  private(set) var bytes: [UInt8] = []

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// An object with some of these keys, each at most once, and others among them.
  mutating func row(_ keys: [String]) -> [UInt8] {
    bytes = []
    var left = keys.shuffled(using: &random)
    let count = random.int(0...7)
    object(count) { writer in
      if !left.isEmpty && !writer.random.once(in: 4) { return left.removeLast() }
      return "x" + String(writer.random.int(0...9))
    }
    return bytes
  }

  private mutating func object(_ count: Int, depth: Int = 1, key: (inout Self) -> String) {
    add("{")
    space()
    for index in 0..<count {
      if index > 0 { punctuation(",") }
      let name = key(&self)
      string(name.unicodeScalars)
      punctuation(":")
      if name == "messages" && !random.once(in: 5) {
        messages(depth + 1)
      } else {
        value(depth + 1)
      }
    }
    space()
    add("}")
  }

  private mutating func messages(_ depth: Int) {
    array(random.int(0...4)) { writer in
      if writer.random.once(in: 5) { return writer.value(depth + 1) }
      var names = ["role", "content", "other"].shuffled(using: &writer.random)
      writer.object(writer.random.int(0...3), depth: depth + 1) { _ in names.removeLast() }
    }
  }

  private mutating func array(_ count: Int, element: (inout Self) -> Void) {
    add("[")
    space()
    for index in 0..<count {
      if index > 0 { punctuation(",") }
      element(&self)
    }
    space()
    add("]")
  }

  private mutating func value(_ depth: Int) {
    switch random.int(0...(depth > 4 ? 7 : 9)) {
    case 0: add("null")
    case 1: add("true")
    case 2: add("false")
    case 3, 4: number()
    case 5, 6, 7: string(text())
    case 8: array(random.int(0...4)) { $0.value(depth + 1) }
    default:
      let count = random.int(0...3)
      object(count, depth: depth) { "k" + String($0.random.int(0...99)) }
    }
  }

  private mutating func number() {
    add(random.pick(["", "-"]))
    add(random.pick(["0", "7", "10", "4503599627370496", String(random.int(1...1_000_000))]))
    if random.once(in: 2) { add("." + random.pick(["0", "5", "25", "000123", "10"])) }
    if random.once(in: 4) {
      add(random.pick(["e", "E", "e+", "E-", "e-"]) + random.pick(["0", "7", "05", "18"]))
    }
  }

  private static let alphabet: [[Unicode.Scalar]] = [
    Array("abcdefghijklmnopqrstuvwxyz 0123456789{}[]:,-'u".unicodeScalars),
    ["\"", "\\", "/", "\u{08}", "\u{0C}", "\n", "\r", "\t"],
    ["\u{01}", "\u{1F}", "\u{7F}", "\u{00}", "\u{85}", "\u{2028}"],
    Array("äßéКчи日本語、｜".unicodeScalars),
    ["😀", "𝔸", "\u{10FFFF}", "\u{FFFD}", "\u{FFFF}", "\u{D7FF}", "\u{E000}"],
  ]

  /// A text, at times longer than one block of 64 bytes or than 32 of them.
  private mutating func text() -> [Unicode.Scalar] {
    let count = random.pick([0, 1, 5, 20, 20, 20, 60, 70, random.once(in: 8) ? 2_300 : 130])
    let plain = random.int(1...12)
    var scalars = (0..<count).map { _ in
      random.pick(Self.alphabet[random.once(in: plain) ? random.int(1...4) : 0])
    }
    if random.once(in: 4) && count > 0 {
      let run = Array(repeating: Unicode.Scalar("\\"), count: random.int(1...70))
      scalars.insert(contentsOf: run, at: random.int(0...count))
    }
    return scalars
  }

  private mutating func string(_ scalars: some Sequence<Unicode.Scalar>) {
    let escaping = random.pick([3, 30, 300])
    add("\"")
    for scalar in scalars {
      let short: [Unicode.Scalar: String] = [
        "\"": "\\\"", "\\": "\\\\", "\u{08}": "\\b", "\u{0C}": "\\f", "\n": "\\n", "\r": "\\r",
        "\t": "\\t",
      ]
      if random.once(in: escaping) || scalar.value < 0x20 && short[scalar] == nil {
        for unit in UTF16.encode(scalar)! { add(hexadecimal(unit)) }
      } else if let escape = short[scalar] {
        add(escape)
      } else if scalar == "/" && random.once(in: 2) {
        add("\\/")
      } else {
        bytes += UTF8.encode(scalar)!
      }
    }
    add("\"")
  }

  private mutating func hexadecimal(_ unit: UInt16) -> String {
    let digits = String(unit, radix: 16, uppercase: random.once(in: 2))
    return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
  }

  private mutating func punctuation(_ text: String) {
    space()
    add(text)
    space()
  }

  private mutating func space() {
    guard random.once(in: 5) else { return }
    for _ in 0..<random.pick([1, 2, 3, 80]) { add(random.pick([" ", "\t", "\n", "\r"])) }
  }

  private mutating func add(_ text: String) { bytes += Array(text.utf8) }
}
