internal import Notation

/// Joins the chunks of a streamed answer into the `chat.completion` that they are pieces of.
///
/// Texts stay as they are spelt in JSON: they are joined without being read. Nearly every chunk
/// differs from the one before in one text alone; such a chunk is recognized by the bytes around
/// it, which takes a tenth of the time of reading it.
struct ChunkJoiner {
  /// Whether `[DONE]` has come, behind which nothing counts.
  private(set) var isDone = false
  /// Whether a chunk said why it is the last.
  var isFinished: Bool { finishReason != nil }
  /// Bytes of the answer's texts so far.
  private(set) var textCount = 0
  /// What stood in place of an answer, as JSON.
  private(set) var error: [UInt8]?
  /// Whether there was no chunk yet.
  private(set) var isEmpty = true

  private typealias Value = ArraySlice<UInt8>
  private var identity: [String: Value] = [:]
  private var usage, role, finishReason: Value?
  /// Texts without their quotes; other values whole.
  private var texts: [(key: String, bytes: [UInt8])] = []
  private var others: [(key: String, value: Value)] = []
  private var shapes: [Shape] = []

  /// What stands before and behind the one text by which chunks differ.
  fileprivate struct Shape {
    let opening, closing: [UInt8]
    /// The text's place in `texts`.
    let place: Int
  }

  /// Different fields that a delta may have; more are nobody's answer.
  private static let fieldLimit = 64
  private static let shapeLimit = 4
  private static let identityKeys = ["id", "created", "model", "system_fingerprint"]

  /// Takes the data of one event. Throws where it is no chunk.
  mutating func read(_ data: ArraySlice<UInt8>) throws(JSONError) {
    guard !isDone, error == nil else { return }
    for place in shapes.indices {
      if let text = shapes[place].text(in: data) {
        texts[shapes[place].place].bytes.append(contentsOf: text)
        textCount += text.count
        if place > 0 { shapes.swapAt(0, place) }
        return
      }
    }
    if data.elementsEqual("[DONE]".utf8) {
      isDone = true
      return
    }
    try readWhole(Array(data))
  }

  private mutating func readWhole(_ bytes: [UInt8]) throws(JSONError) {
    var scanner = try JSONScanner(bytes)
    var choice = Choice()
    // Whether all that a chunk of this shape can bring is a text.
    var isPlain = true
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
      switch key {
      case "choices" where try scanner.kind() == .array:
        try scanner.enterArray()
        while try scanner.nextElement() {
          let next = try Choice(&scanner)
          if next.index == 0 { choice = next }
        }
      case "usage", "error", "id", "created", "model", "system_fingerprint":
        let (kind, range) = try scanner.value()
        guard kind != .null else { continue }
        if key == "error" {
          error = bytes
        } else if key == "usage" {
          usage = bytes[range]
        } else if identity[key] == nil {
          identity[key] = bytes[range]
        }
        isPlain = isPlain && key != "error" && key != "usage"
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    isEmpty = false
    guard error == nil else { return }
    if let range = choice.finishReason { finishReason = bytes[range] }
    for field in choice.delta { try add(field, of: bytes, &scanner) }
    if isPlain { remember(choice, of: bytes) }
  }

  private mutating func add(
    _ field: Choice.Field, of bytes: [UInt8], _ scanner: inout JSONScanner
  ) throws(JSONError) {
    switch (field.key, field.kind) {
    case (_, .null): break
    case ("role", _): role = bytes[field.range]
    case (_, .string):
      let text = bytes[field.range].dropFirst().dropLast()
      texts[try place(of: field, &scanner)].bytes.append(contentsOf: text)
      textCount += text.count
    default:
      guard !texts.contains(where: { $0.key == field.key }) else { break }
      if let place = others.firstIndex(where: { $0.key == field.key }) {
        others[place].value = bytes[field.range]
      } else {
        try checkFields(field, &scanner)
        others.append((field.key, bytes[field.range]))
      }
    }
  }

  private mutating func place(
    of field: Choice.Field, _ scanner: inout JSONScanner
  ) throws(JSONError) -> Int {
    if let place = texts.firstIndex(where: { $0.key == field.key }) { return place }
    try checkFields(field, &scanner)
    others.removeAll { $0.key == field.key }
    texts.append((field.key, []))
    return texts.count - 1
  }

  private func checkFields(
    _ field: Choice.Field, _ scanner: inout JSONScanner
  ) throws(JSONError) {
    guard texts.count + others.count < Self.fieldLimit else {
      throw scanner.failure(
        "an answer has more than \(Self.fieldLimit) fields", at: field.range.lowerBound)
    }
  }

  /// Chunks to come are likely to differ in that text alone.
  private mutating func remember(_ choice: Choice, of bytes: [UInt8]) {
    let written = choice.delta.filter {
      $0.kind == .string && $0.key != "role" && $0.range.count > 2
    }
    guard choice.finishReason == nil, written.count == 1,
      choice.delta.allSatisfy({ $0.kind == .string || $0.kind == .null }),
      let place = texts.firstIndex(where: { $0.key == written[0].key })
    else { return }
    if shapes.count == Self.shapeLimit { shapes.removeLast() }
    let range = written[0].range
    shapes.insert(
      Shape(
        opening: Array(bytes[...range.lowerBound]),
        closing: Array(bytes[(range.upperBound - 1)...]), place: place), at: 0)
  }

  /// What a server that does not stream would have sent.
  func completion() -> [UInt8] {
    var bytes = Array("{".utf8)
    func append(_ key: String, _ value: Value?) {
      guard let value else { return }
      bytes += "\"\(key)\":".utf8
      bytes += value
      bytes.append(UInt8(ascii: ","))
    }
    append("id", identity["id"])
    bytes += #""object":"chat.completion","#.utf8
    for key in Self.identityKeys.dropFirst() { append(key, identity[key]) }
    bytes += #""choices":[{"index":0,"message":{"role":"#.utf8
    bytes += role ?? Array(#""assistant""#.utf8)[...]
    // In the order of the alphabet: servers differ in what comes first.
    for (key, text) in texts.sorted(by: { $0.key < $1.key }) {
      bytes += ",\(JSON.quoted(key)):\"".utf8
      bytes += text
      bytes.append(UInt8(ascii: "\""))
    }
    for (key, value) in others.sorted(by: { $0.key < $1.key }) {
      bytes += ",\(JSON.quoted(key)):".utf8
      bytes += value
    }
    bytes += #"},"finish_reason":"#.utf8
    bytes += finishReason ?? Array("null".utf8)[...]
    bytes += "}]".utf8
    if let usage {
      bytes += #","usage":"#.utf8
      bytes += usage
    }
    bytes.append(UInt8(ascii: "}"))
    return bytes
  }
}

extension ChunkJoiner.Shape {
  /// The text in a chunk of this shape, as it is spelt; nil for any other, and for one that only a
  /// whole reading can tell the faults of.
  func text(in data: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let end = data.endIndex - closing.count
    let start = data.startIndex + opening.count
    guard start <= end else { return nil }
    let bytes = data.span
    let textStart = opening.count
    let textEnd = bytes.count - closing.count
    let before = opening.span
    for place in 0..<textStart where bytes[place] != before[place] { return nil }
    let behind = closing.span
    for place in 0..<closing.count where bytes[textEnd + place] != behind[place] { return nil }
    var isASCII = true
    var place = textStart
    while place < textEnd {
      let byte = bytes[place]
      switch byte {
      case UInt8(ascii: "\""), 0..<0x20: return nil
      case UInt8(ascii: "\\"):
        place += 1
        guard place < textEnd else { return nil }
        switch bytes[place] {
        case UInt8(ascii: "n"), UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "t"),
          UInt8(ascii: "r"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"):
          break
        case UInt8(ascii: "u"):
          let digits = data.dropFirst(place + 1).prefix(4)
          guard place + 4 < textEnd, isWholeUnit(digits) else { return nil }
          place += 4
        default: return nil
        }
      default: isASCII = isASCII && byte < 0x80
      }
      place += 1
    }
    if !isASCII {
      guard (try? UTF8Span(validating: bytes.extracting(textStart..<textEnd))) != nil else {
        return nil
      }
    }
    return data[start..<end]
  }
}

/// Whether four digits behind `\u` are a character of their own, and not half of a pair.
private func isWholeUnit(_ digits: ArraySlice<UInt8>) -> Bool {
  guard digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return false }
  return digits[digits.startIndex] | 0x20 != UInt8(ascii: "d")
}

/// One of a chunk's choices: where its parts stand.
private struct Choice {
  struct Field {
    var key: String
    var kind: JSONScanner.Kind
    var range: Range<Int>
  }

  var index = 0
  var delta: [Field] = []
  var finishReason: Range<Int>?

  init() {}

  init(_ scanner: inout JSONScanner) throws(JSONError) {
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
      switch key {
      case "index" where try scanner.kind() == .number: index = Int(try scanner.number()) ?? -1
      case "finish_reason":
        let (kind, range) = try scanner.value()
        if kind != .null { finishReason = range }
      case "delta" where try scanner.kind() == .object:
        try scanner.enterObject()
        delta = []
        while let key = try scanner.nextKey() {
          let (kind, range) = try scanner.value()
          delta.append(Field(key: key, kind: kind, range: range))
        }
      default: try scanner.skip()
      }
    }
  }
}

extension JSONScanner {
  /// Reads over a value; returns its kind and where it stands.
  fileprivate mutating func value() throws(JSONError) -> (Kind, Range<Int>) {
    let kind = try kind()
    let start = offset
    try skip()
    return (kind, start..<offset)
  }
}
