import Testing

@testable import Fusion

extension SafetensorsHeader {
  /// The header of a whole file at hand.
  init(file bytes: [UInt8], byteCount: Int? = nil) throws(SafetensorsFault) {
    let total = byteCount ?? bytes.count
    let count = try Self.jsonByteCount(of: Array(bytes.prefix(8)), fileByteCount: total)
    try self.init(parsing: Array(bytes[8..<8 + count]), fileByteCount: total)
  }
}

struct SafetensorsHeaderTests {
  typealias Rule = SafetensorsFault.Rule

  static let example = #"{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}"#

  /// A bad file, the rule it breaks, and what is said of it.
  struct BadFile: CustomTestStringConvertible, Sendable {
    var name: String
    var bytes: [UInt8]
    var rule: Rule
    var message: String

    init(_ name: String, _ bytes: [UInt8], _ rule: Rule, _ message: String) {
      self.name = name
      self.bytes = bytes
      self.rule = rule
      self.message = message
    }

    init(_ name: String, _ header: String, data: Int = 16, _ rule: Rule, _ message: String) {
      self.init(
        name,
        ModelFixture.safetensors(header: header, data: [UInt8](repeating: 0, count: data)),
        rule, message)
    }

    /// The example with one part of its tensor's description exchanged.
    init(_ name: String, _ old: String, for new: String, _ rule: Rule, _ message: String) {
      self.init(
        name, SafetensorsHeaderTests.example.replacing(old, with: new), rule, message)
    }

    var testDescription: String { name }
  }

  static let written = "; it is damaged, or was written wrongly: fetch it again"
  static let broken = "has tensor 'test' at byte 9 that cannot be: "

  static let badFiles: [BadFile] = [
    BadFile("empty file", [], .tooShort, "is empty; it was cut short: fetch it again"),
    BadFile(
      "7 bytes", [1, 2, 3, 4, 5, 6, 7], .tooShort,
      "has 7 bytes, and the shortest safetensors file has 10; it was cut short: fetch it again"),
    BadFile(
      "only the length", littleEndian(60 as UInt64), .headerCutShort,
      "ends inside its header: 60 bytes of it should follow the first 8, and 0 do; it was cut"
        + " short: fetch it again"),
    BadFile(
      "a huge length", [0x3C, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF] + Array(example.utf8), .headerTooLarge,
      "is no safetensors file: its header would have 18446742974197923900 bytes, and 100000000"
        + " are the limit; fetch it again"),
    BadFile(
      "a length one above the limit", littleEndian(100_000_001 as UInt64), .headerTooLarge,
      "is no safetensors file: its header would have 100000001 bytes, and 100000000 are the"
        + " limit; fetch it again"),
    BadFile(
      "a length beyond a small file",
      littleEndian(1000 as UInt64) + Array(example.utf8) + [UInt8](repeating: 0, count: 16),
      .headerCutShort,
      "ends inside its header: 1000 bytes of it should follow the first 8, and 76 do; it was cut"
        + " short: fetch it again"),
    BadFile(
      "not UTF-8", littleEndian(1 as UInt64) + [0xFF], .header,
      "has a header at byte 8 that cannot be: is not UTF-8" + written),
    BadFile(
      "a bare brace", "{", data: 0, .header,
      "has a header at byte 9 that cannot be: expected '\"', and the text ends" + written),
    BadFile(
      "an array", "[]", data: 0, .header,
      "has a header at byte 8 that cannot be: expected '{', and found '['" + written),
    BadFile(
      "a number", "1", data: 0, .header,
      "has a header at byte 8 that cannot be: expected '{', and found '1'" + written),
    BadFile(
      "a string", "\"{}\"", data: 0, .header,
      "has a header at byte 8 that cannot be: expected '{', and found '\"'" + written),
    BadFile(
      "null", "null", data: 0, .header,
      "has a header at byte 8 that cannot be: expected '{', and found 'n'" + written),
    BadFile(
      "nothing but white space", "  ", data: 0, .header,
      "has a header at byte 10 that cannot be: expected '{', and the text ends" + written),
    BadFile(
      "text after the object", example + "x", .header,
      "has a header at byte 68 that cannot be: expected the end, and found 'x'" + written),
    BadFile(
      "a polyglot",
      ModelFixture.safetensors(
        header: example,
        data: [UInt8](repeating: 0, count: 16) + Array("extra_bogus_data_for_polyglot_file".utf8)),
      .length,
      "has 34 bytes after its last tensor, which nothing describes; it is damaged, or hides"
        + " something: fetch it again from where you trust it"),
    BadFile(
      "2 bytes missing", example, data: 14, .length,
      "ends 2 bytes early: it was cut short; fetch it again"),
    BadFile(
      "ten tensors in the same bytes",
      "{"
        + (0..<10).map { #""weight_\#($0)":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"# }
        .joined(separator: ",") + "}", .placement,
      "has tensor 'weight_1' that cannot be: it overlaps 'weight_0'" + written),
    BadFile(
      "a hole",
      #"{"a":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]},"#
        + #""b":{"dtype":"I32","shape":[2,2],"data_offsets":[20,36]}}"#, data: 36, .placement,
      "has tensor 'b' that cannot be: 4 bytes lie unused between 'a' and it" + written),
    BadFile(
      "a begin that is not 0", "[0,16]", for: "[8,24]", .placement,
      "has tensor 'test' that cannot be: 8 bytes lie unused between the start and it" + written),
    BadFile(
      "an end before the begin", "[0,16]", for: "[16,0]", .placement,
      broken + "it begins at 16 and ends before that, at 0" + written),
    BadFile(
      "a wrong size", "[0,16]", for: "[0,4]", .size,
      broken + "I32 [2, 2] needs 16 bytes, and it has 4" + written),
    BadFile(
      "a wrong size and no data at all",
      example.replacing("[0,16]", with: "[0,4]"), data: 0, .size,
      broken + "I32 [2, 2] needs 16 bytes, and it has 4" + written),
    BadFile(
      "a shape that overflows", "[2,2]", for: "[2,18446744073709551614]", .overflow,
      broken + "its shape has a number beyond 2^63" + written),
    BadFile(
      "a shape that overflows, empty at its end", "[2,2]", for: "[4,9223372036854775807,0]",
      .overflow,
      broken + "I32 [4, 9223372036854775807, 0] has more bytes than a machine can count" + written),
    BadFile(
      "bytes that overflow", "[2,2]", for: "[2,4611686018427387903]", .overflow,
      broken + "I32 [2, 4611686018427387903] has more bytes than a machine can count" + written),
    BadFile(
      "a number beyond 64 bits", "[2,2]", for: "[2,18446744073709551616]", .header,
      "has tensor 'test' at byte 42 that cannot be: the number has more than 64 bits" + written),
    BadFile(
      "a negative number", "[2,2]", for: "[-1,2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a whole number from 0 on" + written),
    BadFile(
      "minus zero", "[2,2]", for: "[-0,2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a whole number from 0 on" + written),
    BadFile(
      "a fraction", "[2,2]", for: "[1.5,2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a whole number from 0 on" + written),
    BadFile(
      "a whole number with a point", "[2,2]", for: "[2.0,2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a whole number from 0 on" + written),
    BadFile(
      "an exponent", "[2,2]", for: "[1e1,2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a whole number from 0 on" + written),
    BadFile(
      "a text in a shape", "[2,2]", for: "[\"2\",2]", .header,
      "has tensor 'test' at byte 40 that cannot be: expected a number, and found '\"'" + written),
    BadFile(
      "a shape that is a number", "[2,2]", for: "4", .header,
      "has tensor 'test' at byte 39 that cannot be: expected '[', and found '4'" + written),
    BadFile(
      "deep nesting", "[2,2]", for: String(repeating: "[", count: 200), .header,
      "has tensor 'test' at byte 40 that cannot be: expected a number, and found '['" + written),
    BadFile(
      "deep nesting where everything is ignored", "\"shape\"",
      for: "\"x\":" + String(repeating: "[", count: 200), .header,
      "has tensor 'test' at byte 161 that cannot be: more than 128 levels stand in each other"
        + written),
    BadFile(
      "65 dimensions", "[2,2]", for: "[2,2" + String(repeating: ",1", count: 63) + "]", .header,
      broken + "it has over 64 dimensions" + written),
    BadFile(
      "an unknown type", "I32", for: "F128", .header,
      broken + "its type 'F128' is none that this program knows" + written),
    BadFile(
      "a type in small letters", "I32", for: "bf16", .header,
      broken + "its type 'bf16' is none that this program knows" + written),
    BadFile(
      "an empty type", "I32", for: "", .header,
      broken + "its type '' is none that this program knows" + written),
    BadFile(
      "a type that is no text", "\"I32\"", for: "32", .header,
      "has tensor 'test' at byte 25 that cannot be: expected '\"', and found '3'" + written),
    BadFile(
      "no type", #""dtype":"I32","#, for: "", .header, broken + "its 'dtype' is missing" + written),
    BadFile(
      "no shape", #""shape":[2,2],"#, for: "", .header, broken + "its 'shape' is missing" + written),
    BadFile(
      "no offsets", #","data_offsets":[0,16]"#, for: "", .header,
      broken + "its 'data_offsets' are missing" + written),
    BadFile(
      "one offset", "[0,16]", for: "[16]", .header,
      broken + "its 'data_offsets' are not two numbers" + written),
    BadFile(
      "three offsets", "[0,16]", for: "[0,8,16]", .header,
      broken + "its 'data_offsets' are more than two" + written),
    BadFile(
      "an offset beyond 63 bits", "[0,16]", for: "[0,9223372036854775808]", .placement,
      broken + "its 'data_offsets' have a number beyond 2^63" + written),
    BadFile(
      "two types", #""dtype":"I32""#, for: #""dtype":"I32","dtype":"I32""#, .header,
      broken + "it has two 'dtype'" + written),
    BadFile(
      "a tensor that is null", "{\"test\":null}", data: 0, .header,
      "has tensor 'test' at byte 16 that cannot be: expected '{', and found 'n'" + written),
    BadFile(
      "a number in the metadata", #"{"__metadata__":{"a":1}}"#, data: 0, .header,
      "has a header at byte 29 that cannot be: expected '\"', and found '1'" + written),
    BadFile(
      "null in the metadata", #"{"__metadata__":{"a":null}}"#, data: 0, .header,
      "has a header at byte 29 that cannot be: expected '\"', and found 'n'" + written),
    BadFile(
      "metadata that is a text", #"{"__metadata__":"a"}"#, data: 0, .header,
      "has a header at byte 24 that cannot be: expected '{', and found '\"'" + written),
    BadFile(
      "the same tensor twice", String(example.dropLast()) + "," + example.dropFirst(), .duplicate,
      "has tensor 'test' at byte 68 that cannot be: the name is there twice" + written),
    BadFile(
      "the same name for another tensor",
      String(example.dropLast())
        + #","t\u0065st":{"dtype":"U8","shape":[],"data_offsets":[16,17]}}"#, data: 17, .duplicate,
      "has tensor 'test' at byte 68 that cannot be: the name is there twice" + written),
    BadFile(
      "a name in other letters that Unicode holds for the same",
      #"{"\u00c5":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"#
        + #""A\u030a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}"#, data: 2, .duplicate,
      "has tensor 'A\u{30A}' at byte 65 that cannot be: the name is there twice" + written),
    BadFile(
      "metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#, data: 0, .duplicate,
      "has tensor '__metadata__' at byte 27 that cannot be: the name is there twice" + written),
    BadFile(
      "a metadata key twice", #"{"__metadata__":{"a":"1","a":"1"}}"#, data: 0, .duplicate,
      "has tensor '__metadata__' at byte 33 that cannot be: the key 'a' is there twice" + written),
    BadFile(
      "three elements of half a byte", #"{"a":{"dtype":"F4","shape":[1,3],"data_offsets":[0,2]}}"#,
      data: 2, .partialByte,
      "has tensor 'a' at byte 9 that cannot be: F4 [1, 3] has 12 bits, and 8 make a byte" + written),
    BadFile(
      "half a surrogate pair in a name", "test", for: "\\ud800", .header,
      "has a header at byte 10 that cannot be: half of a surrogate pair stands alone" + written),
    BadFile(
      "a name that would move the cursor", #"{"\u001b[2J":{}}"#, data: 0, .header,
      "has tensor '\\u{1b}[2J' at byte 9 that cannot be: its 'dtype' is missing" + written),
    BadFile(
      "a pointer of Git LFS", Array("version https://git-lfs.github.com/spec/v1\n".utf8),
      .headerTooLarge,
      "is a pointer of Git LFS, not the weights: run `git lfs pull` in its folder"),
    BadFile(
      "what a server said instead", Array("Entry not found".utf8), .headerTooLarge,
      "is a text that begins with 'Entry no', not the weights: fetch it again, signed in where"
        + " that is needed"),
    BadFile(
      "a pickle", Array("PK\u{3}\u{4}".utf8) + [0, 0, 8, 8, 0, 0], .headerTooLarge,
      "is a pickle of PyTorch under another name, which can run code of its own when it is read:"
        + " use the model's safetensors files"),
    BadFile(
      "GGUF", Array("GGUF".utf8) + [3, 0, 0, 0, 0, 0], .headerTooLarge,
      "is GGUF under another name: use the model's safetensors files"),
  ]

  @Test(arguments: badFiles)
  func `a bad file is refused with the rule that it breaks`(file: BadFile) {
    let fault = #expect(throws: SafetensorsFault.self) { try SafetensorsHeader(file: file.bytes) }
    #expect(fault?.rule == file.rule)
    #expect(fault?.description == file.message)
  }

  @Test(
    arguments: [
      ("{}      ", 0, [:]),
      ("{}\r \t\n", 0, [:]),
      ("\t\n{}\r ", 0, [:]),
      (example, 16, ["test": [2, 2]]),
      (example.replacing("[2,2]", with: "[]").replacing("16", with: "4"), 4, ["test": []]),
      (example.replacing("[2,2]", with: "[2,0]").replacing("16", with: "0"), 0, ["test": [2, 0]]),
      (
        example.replacing("[2,2]", with: "[0,9223372036854775807]").replacing("16", with: "0"), 0,
        ["test": [0, .max]]
      ),
      (example.replacing("\"I32\"", with: "\"I32\",\"x\":[{}]"), 16, ["test": [2, 2]]),
      (example.replacing("test", with: ""), 16, ["": [2, 2]]),
      (example.replacing("test", with: "a/b\\n\\u0000"), 16, ["a/b\n\0": [2, 2]]),
      (
        #"{"b":{"dtype":"BF16","shape":[1],"data_offsets":[1,3]},"#
          + #""a":{"data_offsets":[0,1],"shape":[1],"dtype":"BOOL"}}"#, 3, ["a": [1], "b": [1]]
      ),
      (
        #"{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"#
          + #""b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
          + #""c":{"dtype":"F4","shape":[3,0],"data_offsets":[2,2]},"#
          + #""d":{"dtype":"F6_E2M3","shape":[4],"data_offsets":[2,5]}}"#, 5,
        ["a": [0], "b": [2], "c": [3, 0], "d": [4]]
      ),
    ] as [(String, Int, [String: [Int]])])
  func `a good file is read`(header: String, data: Int, shapes: [String: [Int]]) throws {
    let bytes = ModelFixture.safetensors(header: header, data: [UInt8](repeating: 0, count: data))
    let header = try SafetensorsHeader(file: bytes)
    #expect(header.byteCount == bytes.count - data)
    #expect(
      Dictionary(uniqueKeysWithValues: header.tensors.map { ($0.name, $0.shape) }) == shapes)
  }

  @Test func `places are counted from the start of the file, in the header's order`() throws {
    let json =
      #"{"b":{"dtype":"F16","shape":[3],"data_offsets":[4,10]},"__metadata__":{"format":"pt"},"#
      + #""a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}"#
    let header = try SafetensorsHeader(
      file: ModelFixture.safetensors(header: json, data: [UInt8](repeating: 0, count: 10)))
    let start = 8 + json.utf8.count
    #expect(
      header.tensors == [
        StoredTensor(name: "b", type: .f16, shape: [3], file: 0, offset: start + 4, byteCount: 6),
        StoredTensor(name: "a", type: .f32, shape: [], file: 0, offset: start, byteCount: 4),
      ])
    #expect(header.metadata.map { $0.key + "=" + $0.value } == ["format=pt"])
  }

  @Test(arguments: ElementType.allCases)
  func `every type is read with its size`(type: ElementType) throws {
    let count = type.bits  // Eight elements.
    let json =
      #"{"a":{"dtype":"\#(type.rawValue)","shape":[2,4],"data_offsets":[0,\#(count)]}}"#
    let header = try SafetensorsHeader(
      file: ModelFixture.safetensors(header: json, data: [UInt8](repeating: 0, count: count)))
    #expect(header.tensors.map(\.byteCount) == [count])
  }

  @Test func `a hundred thousand tensors in the same bytes are refused`() {
    let entries = (0..<100_000).map {
      #""weight_\#($0)":{"dtype":"F32","shape":[200,200],"data_offsets":[0,160000]}"#
    }
    let bytes = ModelFixture.safetensors(header: "{" + entries.joined(separator: ",") + "}")
    let fault = #expect(throws: SafetensorsFault.self) {
      try SafetensorsHeader(file: bytes, byteCount: bytes.count + 160_000)
    }
    #expect(fault?.rule == .placement)
  }

  @Test func `a valid file cut anywhere is refused`() throws {
    let bytes = ModelFixture.safetensors([
      FixtureTensor("model.embed_tokens.weight", .bf16, [2, 3], [1, 2, 3, 4, 5, 6]),
      FixtureTensor("model.norm.weight", .f32, [3], [1, 2, 3]),
    ])
    _ = try SafetensorsHeader(file: bytes)
    for count in 0..<bytes.count {
      #expect(throws: SafetensorsFault.self) {
        try SafetensorsHeader(file: Array(bytes.prefix(count)))
      }
    }
  }
}
