import Foundation
import Glibc
import Testing

@testable import Samples

/// One row that is refused, with the reason and the byte it names.
struct Refusal: Sendable, CustomTestStringConvertible {
  var row: [UInt8]
  var fault: RowFault
  var offset: Int

  init(_ row: String, _ fault: RowFault, _ offset: Int) {
    self.init(Array(row.utf8), fault, offset)
  }

  init(_ row: [UInt8], _ fault: RowFault, _ offset: Int) {
    self.row = row
    self.fault = fault
    self.offset = offset
  }

  var testDescription: String { String(decoding: row.prefix(60), as: UTF8.self) }
}

struct RowScannerTests {
  // MARK: Against two other readers

  /// What the properties below ask for, with every form of path.
  private static let fields = [
    "text", "a\"b", "ключ", "list", "list[0]", "list[2]", "messages[].content", "messages[1].role",
    "messages[].other",
  ].map { field($0) }
  private static let keys = ["text", "a\"b", "ключ", "list", "messages"]

  @Test func `every wanted value of a valid row is found as other readers find it`() throws {
    var writer = JSONWriter(seed: 1)
    var projection = Projection()
    let slots = Self.fields.map { projection.slot(of: $0) }
    var scanner = RowScanner(projection)
    var found = 0
    for _ in 0..<5_000 {
      let row = writer.row(Self.keys)
      let expected = try #require(ReferenceReader.read(row), "\(shown(row))").root
      let object = try JSONSerialization.jsonObject(with: Data(row)) as? [String: Any]
      let outcome = scan(row, with: &scanner) { sample in
        for (field, slot) in zip(Self.fields, slots) {
          let value = sample[slot]
          compare(value, of: sample, with: Self.value(of: field, in: expected))
          if value.kind != .absent { found += 1 }
          if field.path.index == nil && value.kind == .array {
            let elements = Self.elements(of: field, in: expected)
            #expect(value.count == elements.count)
            for (index, element) in elements.enumerated() {
              compare(sample.element(index, of: slot), of: sample, with: element)
            }
          }
        }
        for (key, slot) in zip(["text", "a\"b", "ключ", "list"], slots) {
          compare(sample[slot], of: sample, withFoundation: object?[key])
        }
      }
      #expect(outcome.fault == nil, "\(shown(row))")
      let keys = row.withUnsafeBufferPointer { scanner.keys(of: Span(_unsafeElements: $0)) }
      #expect(keys.map { Array($0.utf8) } == expected.members.map(\.key))
      if outcome.fault != nil { break }
    }
    #expect(found > 15_000)
  }

  @Test func `a damaged row is accepted exactly where RFC 8259 accepts it`() throws {
    var writer = JSONWriter(seed: 2)
    var random = SplitMix64(seed: 3)
    var projection = Projection()
    for field in Self.fields { _ = projection.slot(of: field) }
    var scanner = RowScanner(projection)
    var accepted = 0
    var refused = 0
    for _ in 0..<3_000 {
      let row = writer.row(Self.keys)
      for _ in 0..<(row.count > 2_000 ? 2 : 8) {
        let damaged = damage(row, &random)
        let padding = random.pick([0x22, 0x7D, 0x00] as [UInt8])
        let outcome = scan(damaged, with: &scanner, padding: padding) { _ in }
        let isAccepted = outcome.fault == nil
        let reference = ReferenceReader.read(damaged)
        #expect(isAccepted == Self.isUsable(reference), "\(shown(damaged))")
        if isAccepted { accepted += 1 } else { refused += 1 }

        // Foundation differs from the RFC, or from what we ask of a row, only as named here.
        let foundation = (try? JSONSerialization.jsonObject(with: Data(damaged))) != nil
        if foundation != isAccepted {
          #expect(difference(damaged) != nil, "\(shown(damaged)) \(foundation)")
        }
      }
    }
    #expect(accepted > 1_000 && refused > 10_000)
  }

  /// Why Foundation and the scanner may judge a row differently; nil where there is no reason.
  private func difference(_ row: [UInt8]) -> String? {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    if row.starts(with: mark) { return "Foundation passes over a byte-order mark" }
    guard let (root, _, hasUnpairedKey) = ReferenceReader.read(row) else {
      let isLax = ReferenceReader.read(row, allowsTrailingComma: true) != nil
      return isLax ? "Foundation takes a comma before the end of an object or array" : nil
    }
    if root.kind == .array { return "Foundation also takes an array" }
    if Self.hasDuplicate(root) { return "Foundation takes one of two values of a key" }
    if hasUnpairedKey || root.contains(\.isUnpaired) {
      return "Foundation refuses half of a surrogate pair in unwanted texts as well"
    }
    let isOutOfRange = root.contains { node in
      guard node.kind == .number else { return false }
      let digits = row[node.range].prefix { $0 != UInt8(ascii: "e") && $0 != UInt8(ascii: "E") }
      let number = strtod(text(Array(row[node.range])), nil)
      return number.isInfinite || number == 0 && digits.contains { (0x31...0x39).contains($0) }
    }
    return isOutOfRange ? "Foundation refuses numbers beyond a double" : nil
  }

  @Test func `every beginning of a row is a truncated row`() {
    var writer = JSONWriter(seed: 4)
    var scanner = RowScanner(Projection())
    var tried = 0
    while tried < 20_000 {
      let row = writer.row(Self.keys)
      guard row.count < 1_000 else { continue }
      for count in 1..<row.count {
        let fault = scan(Array(row[..<count]), with: &scanner) { _ in }.fault
        #expect(fault == .truncated, "\(shown(Array(row[..<count])))")
      }
      tried += row.count
    }
  }

  /// Runs of backslashes around the blocks of 64 bytes in which escapes are judged.
  @Test(arguments: [
    "", "n", "\"", "x", "u0041", "u00", "ud83d\\ude00", "ud83d", "ude00", "uD83D\\n",
  ])
  func `backslashes are paired across blocks`(tail: String) {
    var projection = Projection()
    let slot = projection.slot(of: field("t"))
    var scanner = RowScanner(projection)
    for before in Array(0...4) + Array(55...67) + [2_040, 2_047] {
      for run in [0, 1, 2, 3, 58, 61, 62, 63, 64, 65, 127, 128] {
        let string =
          String(repeating: "u", count: before) + String(repeating: "\\", count: run) + tail
        let row = Array("{\"t\":\"\(string)\"}".utf8)
        let reference = ReferenceReader.read(row)
        let outcome = scan(row, with: &scanner) { sample in
          compare(sample[slot], of: sample, with: reference?.root.members("t").first)
        }
        #expect((outcome.fault == nil) == Self.isUsable(reference, for: ["t"]), "\(shown(row))")
      }
    }
  }

  // MARK: Faults

  @Test(arguments: [
    Refusal("", .notObject, 0),
    Refusal(" \n ", .notObject, 0),
    Refusal("[{\"a\":1}]", .notObject, 0),
    Refusal("\"text\"", .notObject, 0),
    Refusal("  12", .notObject, 2),
    Refusal("null", .notObject, 0),
    Refusal("\u{FEFF}{}", .notObject, 0),
    Refusal("{\"a\":1,}", .syntax, 7),
    Refusal("{\"a\" 1}", .syntax, 5),
    Refusal("{\"a\":}", .syntax, 5),
    Refusal("{\"a\":1 \"b\":2}", .syntax, 7),
    Refusal("{\"a\":1}x", .syntax, 7),
    Refusal("{\"a\":1}{\"a\":1}", .syntax, 7),
    Refusal("{\"a\":1}\0", .syntax, 7),
    Refusal("{\"a\":\u{01}1}", .syntax, 5),
    Refusal("{\"a\":\u{0C}1}", .syntax, 5),
    Refusal("{\"a\":\"b\"c}", .syntax, 8),
    Refusal("{\"a\":\"b\"\\\"}", .syntax, 8),
    Refusal("{a:1}", .syntax, 1),
    Refusal("{'a':1}", .syntax, 1),
    Refusal("{\"a\":[1,]}", .syntax, 8),
    Refusal("{\"a\":[1}", .syntax, 7),
    Refusal("{\"a\":[1 2]}", .syntax, 8),
    Refusal("{\"a\":01}", .syntax, 5),
    Refusal("{\"a\":1.}", .syntax, 5),
    Refusal("{\"a\":.5}", .syntax, 5),
    Refusal("{\"a\":+1}", .syntax, 5),
    Refusal("{\"a\":1e}", .syntax, 5),
    Refusal("{\"a\":NaN}", .syntax, 5),
    Refusal("{\"a\":True}", .syntax, 5),
    Refusal("{\"a\":nullx}", .syntax, 5),
    Refusal("{\"a\":1/**/}", .syntax, 5),
    Refusal("{,}", .syntax, 1),
    Refusal("{1:2}", .syntax, 1),
    Refusal("{\"a\":{\"b\"}}", .syntax, 9),
  ])
  func `what is no JSON object is refused at its byte`(refusal: Refusal) { check(refusal) }

  @Test(arguments: [
    Refusal("{", .truncated, 1),
    Refusal("{\"a", .truncated, 3),
    Refusal("{\"a\"", .truncated, 4),
    Refusal("{\"a\":", .truncated, 5),
    Refusal("{\"a\":1", .truncated, 6),
    Refusal("{\"a\":tru", .truncated, 5),
    Refusal("{\"a\":[[1],", .truncated, 10),
    Refusal("{\"a\":\"b\\", .truncated, 8),
  ])
  func `a truncated row is said to be truncated`(refusal: Refusal) { check(refusal) }

  @Test(
    arguments: [
      [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
      [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0x80], [0xBF], [0xFF], [0xFE], [0xC3], [0xE2, 0x82], [0xF0, 0x9F, 0x98], [0xE2, 0x28, 0xA1],
    ] as [[UInt8]])
  func `bytes that are no UTF-8 are refused in wanted and unwanted values`(bytes: [UInt8]) {
    for (key, before) in [("a", 0), ("z", 1), ("a", 60), ("z", 130)] {
      let start = Array("{\"\(key)\":\"\(String(repeating: "é", count: before))".utf8)
      check(Refusal(start + bytes + Array("\"}".utf8), .invalidUTF8, start.count))
    }
    check(Refusal(Array("{\"".utf8) + bytes + Array("\":1}".utf8), .invalidUTF8, 2))
    check(Refusal(Array("{\"a\":1}".utf8) + bytes, .invalidUTF8, 7))
  }

  @Test(arguments: Array(0...0x1F) as [UInt8])
  func `a control character stands in no string`(byte: UInt8) {
    check(Refusal(Array("{\"a\":\"b".utf8) + [byte] + Array("\"}".utf8), .controlCharacter, 7))
    check(Refusal(Array("{\"z".utf8) + [byte] + Array("\":1}".utf8), .controlCharacter, 3))
    check(
      Refusal(Array("{\"z\":\"\\\"".utf8) + [byte] + Array("\"}".utf8), .controlCharacter, 8))
  }

  @Test(arguments: [
    Refusal(#"{"a":"\x41"}"#, .invalidEscape, 6),
    Refusal(#"{"z":"ab\'"}"#, .invalidEscape, 8),
    Refusal(#"{"\z":1}"#, .invalidEscape, 2),
    Refusal(#"{"a":["ok","\0"]}"#, .invalidEscape, 12),
    Refusal(#"{"z":{"y":["\u12"]}}"#, .invalidEscape, 12),
    Refusal(#"{"a":"\u00g0"}"#, .invalidEscape, 6),
    Refusal(#"{"a":"\u"}"#, .invalidEscape, 6),
    Refusal(#"{"a":"\U0041"}"#, .invalidEscape, 6),
    Refusal(#"{"a":"\\\a"}"#, .invalidEscape, 8),
    Refusal(#"{"a":"\n\u004"}"#, .invalidEscape, 8),
  ])
  func `an escape that JSON does not know is refused`(refusal: Refusal) { check(refusal) }

  @Test(arguments: [
    Refusal(#"{"a":1,"a":2}"#, .duplicateKey("a"), 7),
    Refusal(#"{"a":1,"\u0061":2}"#, .duplicateKey("a"), 7),
    Refusal(#"{"a":null,"b":0, "a":null}"#, .duplicateKey("a"), 17),
    Refusal(#"{"m":[{"x":1},{"x":1,"x":2}]}"#, .duplicateKey("x"), 21),
    Refusal(#"{"m":[{"x":1,"\u0078":{}}]}"#, .duplicateKey("x"), 13),
  ])
  func `a wanted key stands once`(refusal: Refusal) { check(refusal) }

  @Test(arguments: [#"{"z":1,"z":2}"#, #"{"a":{"a":1,"a":2}}"#, #"{"m":[{"y":1,"y":2}]}"#])
  func `an unwanted key may stand twice`(row: String) {
    #expect(scan(row, for: [field("a"), field("m[].x")]) { _, _ in }.fault == nil)
  }

  @Test(arguments: ["a", "z", "m", "n"])
  func `nesting goes 512 deep and no deeper, in wanted and unwanted fields`(key: String) {
    func row(_ depth: Int) -> String {
      // The row itself is the first level; in `n` each list element holds the wanted member.
      let (open, close, levels) = key == "n" ? ("[{\"x\":", "}]", depth - 3) : ("", "", depth - 1)
      return "{\"\(key)\":\(open)" + String(repeating: "[", count: levels)
        + String(repeating: "]", count: levels) + "\(close)}"
    }
    let fields = [field("a"), field("m[0]"), field("n[].x")]
    #expect(scan(row(512), for: fields) { _, _ in }.fault == nil)
    let tooDeep = scan(row(513), for: fields) { _, _ in }
    #expect(tooDeep.fault == .tooDeep)
    #expect(tooDeep.offset == Array(row(513).utf8).firstIndex(of: UInt8(ascii: "]"))! - 1)
    let hostile = String(repeating: "[", count: 1_000_000)
    #expect(scan("{\"\(key)\":" + hostile, for: fields) { _, _ in }.fault == .tooDeep)
  }

  @Test(arguments: [
    #"\ud83d"#, #"\ude00"#, #"\ude00\ud83d"#, #"\ud83d\n"#, #"\ud83d\u0041"#,
    #"\ud83d\ud83d\ude00"#,
    #"\ud83dx\ude00"#, #"\ud83d\\ude00"#, #"\udbff"#, #"\udfff"#, #"\ud83d\ude00\ude00"#,
  ])
  func `half of a surrogate pair makes a wanted text unusable`(escape: String) {
    func fault(_ row: String, _ path: String, _ type: FieldType) -> (RowFault?, Int?) {
      let outcome = scan(row, for: [field(path, type)]) { _, _ in }
      return (outcome.fault, outcome.offset)
    }
    let expected = RowFault.unpairedSurrogate(field: "a")
    #expect(fault("{\"a\":\"b\(escape)\"}", "a", .text) == (expected, 6))
    #expect(fault("{\"a\":\"b\(escape)\"}", "a", .any) == (expected, 6))
    #expect(fault("{\"a\":[\"b\",\"\(escape)c\"]}", "a", .texts) == (expected, 11))
    #expect(fault("{\"a\":[\"b\",\"\(escape)c\"]}", "a[1]", .text) == (expected, 11))
    #expect(fault("{\"a\":[\"b\",\"\(escape)c\"]}", "a[0]", .text) == (nil, nil))
    #expect(fault("{\"a\":[{\"x\":\"\(escape)\"}]}", "a[].x", .texts) == (expected, 12))
    #expect(fault("{\"a\":\"b\",\"z\":\"\(escape)\",\"\(escape)\":1}", "a", .text) == (nil, nil))
  }

  @Test func `a whole surrogate pair is one character`() {
    let text = scan(#"{"a":"\ud83d\uDE00\udbff\udfff"}"#, for: [field("a", .text)]) {
      $0.text(of: $0[$1[0]])
    }
    #expect(text.result == "😀\u{10FFFF}")
  }

  struct TypeCase: Sendable, CustomTestStringConvertible {
    var path: String
    var type: FieldType
    var value: String
    /// What is found instead, and where; nil where the value is fine.
    var found: Value.Kind?
    var offset = 5
    var testDescription: String { "\(path) \(type.rawValue) \(value)" }
  }

  @Test(arguments: [
    TypeCase(path: "a", type: .text, value: "\"x\""),
    TypeCase(path: "a", type: .text, value: "null"),
    TypeCase(path: "a", type: .text, value: "1", found: .number),
    TypeCase(path: "a", type: .text, value: "[\"x\"]", found: .array),
    TypeCase(path: "a", type: .number, value: "\"1\"", found: .string, offset: 6),
    TypeCase(path: "a", type: .number, value: "-0.5e3"),
    TypeCase(path: "a", type: .number, value: "true", found: .true),
    TypeCase(path: "a", type: .flag, value: "false"),
    TypeCase(path: "a", type: .flag, value: "0", found: .number),
    TypeCase(path: "a", type: .flag, value: "{}", found: .object),
    TypeCase(path: "a", type: .texts, value: "[]"),
    TypeCase(path: "a", type: .texts, value: "[\"x\",null]"),
    TypeCase(path: "a", type: .texts, value: "\"x\"", found: .string, offset: 6),
    TypeCase(path: "a", type: .numbers, value: "[1,2.5,null]"),
    TypeCase(path: "a", type: .flags, value: "[true,false]"),
    TypeCase(path: "a[0]", type: .text, value: "[]"),
    TypeCase(path: "a[0]", type: .text, value: "[\"x\",1]"),
    TypeCase(path: "a[0]", type: .text, value: "\"x\""),
    TypeCase(path: "a[].x", type: .texts, value: "[{\"x\":\"y\"},{},3,null]"),
    TypeCase(path: "a[].x", type: .texts, value: "[]"),
    TypeCase(path: "a[0].x", type: .text, value: "[{\"x\":\"y\"},{\"x\":1}]"),
    TypeCase(path: "a", type: .any, value: "[{},1]"),
    TypeCase(path: "a", type: .any, value: "{\"x\":[]}"),
  ])
  func `a value must be of its field's type`(testCase: TypeCase) {
    let outcome = scan("{\"a\":\(testCase.value)}", for: [field(testCase.path, testCase.type)]) {
      _, _ in
    }
    let expected = testCase.found.map {
      RowFault.wrongType(field: "a", expected: testCase.type, found: $0)
    }
    #expect(outcome.fault == expected)
    #expect(outcome.offset == expected.map { _ in testCase.offset })
  }

  @Test(arguments: [
    TypeCase(path: "a", type: .texts, value: "[\"x\",1]", found: .number, offset: 10),
    TypeCase(path: "a", type: .numbers, value: "[1,\"2\"]", found: .string, offset: 9),
    TypeCase(path: "a", type: .flags, value: "[[]]", found: .array, offset: 6),
    TypeCase(path: "a[1]", type: .text, value: "[\"x\",{}]", found: .object, offset: 10),
    TypeCase(path: "a[].x", type: .texts, value: "[{},{\"x\":true}]", found: .true, offset: 14),
    TypeCase(path: "a[0].x", type: .text, value: "[{\"x\":[]}]", found: .array, offset: 11),
  ])
  func `an element must be of its field's type`(testCase: TypeCase) {
    let outcome = scan("{\"a\":\(testCase.value)}", for: [field(testCase.path, testCase.type)]) {
      _, _ in
    }
    let expected = testCase.type.element ?? testCase.type
    #expect(
      outcome.fault
        == .wrongType(field: "a", expected: expected, found: testCase.found!))
    #expect(outcome.offset == testCase.offset)
  }

  @Test func `a row after a refused one is read afresh`() {
    var projection = Projection()
    let slot = projection.slot(of: field("a[].x", .texts))
    var scanner = RowScanner(projection)
    let rows = [
      #"{"a":[{"x":"1"},{"x":"2"}]}"#, #"{"a":[{"x":"1"},{"x":"#, #"{}"#, #"{"a":[]}"#,
      #"{"a":[{"x":"3"}]}"#, #""#, #"{"z":1}"#,
    ]
    let counts = rows.map { row in
      scan(Array(row.utf8), with: &scanner) { $0[slot].count }.result
    }
    #expect(counts == [2, nil, 0, 0, 1, nil, 0])
  }

  @Test func `a scanner knows which columns a row has`() {
    var projection = Projection()
    let columns = ["a", "b"].map { projection.slot(of: field($0)).column }
    var scanner = RowScanner(projection)
    _ = scan(Array("{\"b\":null}".utf8), with: &scanner) { _ in }
    #expect(columns.map { scanner.isPresent($0) } == [false, true])
    let count = scanner.keyCount
    #expect(count == 1)
  }

  // MARK: Helpers

  private func check(_ refusal: Refusal, line: SourceLocation = #_sourceLocation) {
    var projection = Projection()
    for path in ["a", "m[].x"] { _ = projection.slot(of: field(path)) }
    var scanner = RowScanner(projection)
    let outcome = scan(refusal.row, with: &scanner) { _ in }
    #expect(outcome.fault == refusal.fault, "\(shown(refusal.row))", sourceLocation: line)
    #expect(outcome.offset == refusal.offset, "\(shown(refusal.row))", sourceLocation: line)
  }

  private func text(_ row: [UInt8]) -> String { String(decoding: row, as: UTF8.self) }

  /// A row on one line, for messages.
  private func shown(_ row: [UInt8]) -> String { String(reflecting: text(row)) }

  /// Deletes, inserts, changes, doubles or moves a few bytes.
  private func damage(_ row: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
    var bytes = row
    for _ in 0..<random.pick([1, 1, 1, 2, 3]) {
      guard !bytes.isEmpty else { break }
      let index = random.int(0...bytes.count - 1)
      let end = min(bytes.count, index + random.int(1...9))
      switch random.int(0...6) {
      case 0: bytes.remove(at: index)
      case 1: bytes.insert(random.pick(Array("\"\\{}[]:,u0e-. \n\0".utf8)), at: index)
      case 2: bytes[index] ^= 1 << UInt8(random.int(0...7))
      case 3: bytes.insert(contentsOf: bytes[index..<end], at: index)
      case 4: bytes.removeSubrange(index..<end)
      case 5: bytes.insert(contentsOf: random.pick(Self.fragments), at: index)
      default: bytes[index] = random.pick(Array("\"\\{}[]:,u0e-. \n\0\u{1}".utf8) + [0x80, 0xFF])
      }
    }
    return bytes
  }

  private static let fragments = [
    "\\ud83d", "\\ude00", "\"text\":1,", ",\"list\":[]", "\\u0041", "\\\"", "\"\"", "//",
    "\u{FEFF}",
    "1e5", "null", "\\\\", "é", "\u{0C}", "\u{1A}",
  ].map { Array($0.utf8) }

  /// Whether a row is JSON, an object, and free of the faults that a wanted field can have.
  private static func isUsable(
    _ reference: (root: Node, depth: Int, hasUnpairedKey: Bool)?, for keys: [String] = keys
  ) -> Bool {
    guard let reference, reference.root.kind == .object, reference.depth <= 512 else {
      return false
    }
    let isUnpaired = keys.contains { reference.root.members($0).first?.isUnpaired == true }
    // `list[0]` and the members of messages are fields of any type: only their own strings count.
    return !isUnpaired && !hasDuplicate(reference.root)
  }

  private static func hasDuplicate(_ root: Node) -> Bool {
    if keys.contains(where: { root.members($0).count > 1 }) { return true }
    let messages = root.members("messages").first
    guard let messages, messages.kind == .array else { return false }
    return messages.elements.contains { message in
      ["role", "content", "other"].contains { message.members($0).count > 1 }
    }
  }

  /// The value of a field by its definition; nil where it is absent.
  private static func value(of field: Field, in root: Node) -> Node? {
    guard let whole = root.members(field.path.key).first else { return nil }
    guard whole.kind == .array, let index = field.path.index else { return whole }
    let elements = elements(of: field, in: root)
    return index < elements.count ? elements[index] : nil
  }

  private static func elements(of field: Field, in root: Node) -> [Node?] {
    let whole = root.members(field.path.key).first
    return (whole?.elements ?? []).map { element in
      field.path.member.isEmpty ? element : element.members(field.path.member).first
    }
  }

  private func compare(_ value: Value, of sample: Sample, with node: Node?) {
    guard let node else {
      #expect(value.kind == .absent)
      return
    }
    #expect(value.kind == node.kind && value.range == node.range)
    let bytes = sample.bytes(of: value).array
    switch node.kind {
    case .string:
      let text = sample.text(of: value)
      let lent = sample.withText(of: value) { $0.array }
      #expect(Array(text.utf8) == node.text && lent == node.text)
      let characters = sample.characterCount(of: value)
      #expect(characters == self.text(node.text).unicodeScalars.count)
      let isSame = sample.isText(value, equalTo: node.text)
      let isLonger = sample.isText(value, equalTo: node.text + [0x78])
      #expect(isSame && !isLonger)
      #expect(value.isEscaped == bytes.contains(UInt8(ascii: "\\")))
      #expect(value.isUnpaired == node.isUnpaired)
    case .number:
      let number = sample.number(value)
      #expect(number == strtod(self.text(bytes), nil))
    default: break
    }
  }

  private func compare(_ value: Value, of sample: Sample, withFoundation object: Any?) {
    switch value.kind {
    case .absent: #expect(object == nil)
    case .null: #expect(object is NSNull)
    case .true, .false: #expect(object as? Bool == (value.kind == .true))
    case .number:
      let number = sample.number(value)
      // Foundation may be a step or two off: 4503599627370496.5 becomes …497, not the even …496.
      let off = ((object as? NSNumber)?.doubleValue ?? .nan) - (number ?? .nan)
      #expect(abs(off) <= 2 * (number ?? 0).ulp)
    case .string:
      let text = sample.text(of: value)
      #expect(object as? String == text)
    case .array: #expect((object as? [Any])?.count == value.count)
    case .object: #expect(object is [String: Any])
    }
  }
}
