import Testing

@testable import Samples

struct FieldTests {
  @Test(arguments: [
    ("a", FieldPath(key: "a")),
    ("a.b", FieldPath(key: "a.b")),
    ("a b", FieldPath(key: "a b")),
    ("a[0]", FieldPath(key: "a", index: 0)),
    ("a[12].b", FieldPath(key: "a", index: 12, member: "b")),
    ("a[].b", FieldPath(key: "a", member: "b")),
    ("a[].b.c", FieldPath(key: "a", member: "b.c")),
    ("ключ[].роль", FieldPath(key: "ключ", member: "роль")),
  ])
  func `a path is read and written`(text: String, expected: FieldPath) {
    #expect(FieldPath(text) == expected)
    #expect(expected.description == text)
  }

  @Test(arguments: [
    "", "[0]", "[].a", "a[", "a[0", "a[x]", "a[-1]", "a[1.5]", "a[99999999999999999999]", "a[0]b",
    "a[0].", "a[].", "a[0][1]", "a[]]",
  ])
  func `what is no path is refused`(text: String) {
    #expect(FieldPath(text) == nil)
  }

  @Test func `an empty index stands for the list itself`() {
    #expect(FieldPath("a[]") == FieldPath(key: "a"))
  }

  @Test(arguments: FieldType.allCases)
  func `every type admits null, absence, and one kind more or all`(type: FieldType) {
    let kinds: [Value.Kind] = [
      .absent, .null, .false, .true, .number, .string, .array, .object,
    ]
    let admitted = kinds.filter(type.admits)
    let expected: [Value.Kind] =
      switch type {
      case .text: [.string]
      case .number: [.number]
      case .flag: [.false, .true]
      case .texts, .numbers, .flags: [.array]
      case .any: Array(kinds[2...])
      }
    #expect(admitted == [.absent, .null] + expected)
    #expect(type.isList == (expected == [.array]))
  }

  struct Cut: Sendable {
    var raw: String
    /// What stands between `<think>` and `</think>`; nil where there is no such part.
    var part: String?
  }

  @Test(arguments: [
    Cut(raw: "<think>a b</think>c", part: "a b"),
    Cut(raw: "x<think></think>", part: ""),
    Cut(raw: "<think>a</think>b</think>", part: "a"),
    Cut(raw: "<think>a<think>b</think>", part: "a<think>b"),
    Cut(raw: "</think><think>a</think>", part: "a"),
    Cut(raw: "\\u003cthink\\u003ea\\u003c/think\\u003e", part: "a"),
    Cut(raw: "\\u003Cthink\\u003Ea\\u003C/think\\u003E", part: "a"),
    Cut(raw: "<think>a<\\/think>", part: "a"),
    Cut(raw: "\\u003cthink>a\\n</thin\\u006b>", part: "a\\n"),
    Cut(raw: "\\u003cthink>a</think>b<think>c</think>", part: "a"),
    Cut(raw: "\\\\u003cthink>a</think>", part: nil),
    Cut(raw: "<think>a", part: nil),
    Cut(raw: "a</think>", part: nil),
    Cut(raw: "", part: nil),
    Cut(raw: "<think></thin", part: nil),
  ])
  func `the part between two marks is found, however they are escaped`(cut: Cut) {
    let marks = Marks("<think>", "</think>")
    let bytes = Array(cut.raw.utf8)
    let part = marks.range(in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
    #expect(part == cut.part)
  }

  @Test func `marks beyond ASCII are found, however they are escaped`() {
    let marks = Marks("◁think▷", "🛑")
    let spellings = ["◁think▷a🛑", "\\u25c1think\\u25B7a\\ud83d\\uDED1", "◁\\ud83d\\udE00◁think▷a🛑"]
    let parts = spellings.map { raw in
      let bytes = Array(raw.utf8)
      return marks.range(in: bytes.span).map { String(decoding: bytes[$0], as: UTF8.self) }
    }
    #expect(parts == ["a", "a", "a"])
  }

  @Test func `marks with quotes and backslashes are found`() {
    let bytes = Array(#"say \"x\" and \\y\\."#.utf8)
    let quoted = Marks("\"", "\"").range(in: bytes.span)
    let slashed = Marks("\\", "\\").range(in: bytes.span)
    #expect(quoted == 6..<7)
    #expect(slashed == 16..<17)
  }
}
