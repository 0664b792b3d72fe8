internal import Notation

/// Joins the chunks of a streamed answer into the `chat.completion` that they are pieces of.
///
/// Texts stay as they are spelt in JSON; no tree of a chunk is built, so that one costs a
/// tenth of what the network does.
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

  /// Different fields that a delta may have; more are nobody's answer.
  private static let fieldLimit = 64
  private static let identityKeys = ["id", "created", "model", "system_fingerprint"]

  /// Takes the data of one event. Throws where it is no chunk.
  mutating func read(_ data: ArraySlice<UInt8>) throws(JSONError) {
    guard !isDone, error == nil else { return }
    if data.elementsEqual("[DONE]".utf8) {
      isDone = true
      return
    }
    try readWhole(Array(data))
  }

  private mutating func readWhole(_ bytes: [UInt8]) throws(JSONError) {
    var scanner = try JSONScanner(bytes)
    var choice = Choice()
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
      case "object" where try scanner.kind() == .string:
        if try scanner.string() == "error" { error = bytes }
      default: try scanner.skip()
      }
    }
    try scanner.finish()
    isEmpty = false
    guard error == nil else { return }
    if let range = choice.finishReason { finishReason = bytes[range] }
    for field in choice.delta { try add(field, of: bytes, &scanner) }
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
        // Some servers write an empty one into each chunk.
        if kind == .string, range.count > 2 { finishReason = range }
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
