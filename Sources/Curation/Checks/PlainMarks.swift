internal import Notation
internal import Samples

/// Marks that are looked for in one pass over a text, letters of ASCII without case.
struct PlainMarks: Sendable {
  struct Mark: Sendable {
    var text: String
    var bytes: [UInt8]
    /// No letter or digit stands before it.
    var begins: Bool
    /// No letter or digit stands behind it.
    var ends: Bool
    /// It is the beginning of `![…](…)`, which ends on its line.
    var closes: Bool

    init(_ text: String, begins: Bool = false, ends: Bool = false, closes: Bool = false) {
      self.text = text
      bytes = Array(text.utf8)
      self.begins = begins
      self.ends = ends
      self.closes = closes
    }
  }

  struct Found {
    var text: String
    var start: Int
  }

  private let marks: [Mark]
  /// Of each byte the marks that can begin with it, as bits.
  private let starting: [UInt32]

  init(_ marks: [Mark]) {
    self.marks = marks
    var starting = [UInt32](repeating: 0, count: 256)
    for (index, mark) in marks.enumerated() {
      starting[Int(mark.bytes[0])] |= 1 << UInt32(index)
      if 0x61...0x7A ~= mark.bytes[0] { starting[Int(mark.bytes[0]) - 0x20] |= 1 << UInt32(index) }
    }
    self.starting = starting
  }

  func first(in text: Span<UInt8>) -> Found? {
    let starting = self.starting.span
    for index in text.indices {
      var candidates = starting[Int(text[unchecked: index])]
      while candidates != 0 {
        let mark = marks[candidates.trailingZeroBitCount]
        candidates &= candidates - 1
        if stands(mark, in: text, at: index) { return Found(text: mark.text, start: index) }
      }
    }
    return nil
  }

  private func stands(_ mark: Mark, in text: Span<UInt8>, at start: Int) -> Bool {
    let end = start + mark.bytes.count
    guard end <= text.count else { return false }
    for index in 1..<mark.bytes.count {
      let byte = text[start + index]
      guard byte == mark.bytes[index] || 0x41...0x5A ~= byte && byte + 0x20 == mark.bytes[index]
      else { return false }
    }
    if mark.begins && start > 0 && isWord(text[start - 1]) { return false }
    if mark.ends && end < text.count && isWord(text[end]) { return false }
    return !mark.closes || isImage(text, from: end)
  }

  /// Whether `…](…)` follows before the line ends.
  private func isImage(_ text: Span<UInt8>, from start: Int) -> Bool {
    var index = start
    while index + 1 < text.count, text[index] != 0x0A {
      if text[index] == UInt8(ascii: "]") {
        guard text[index + 1] == UInt8(ascii: "(") else { return false }
        while index < text.count, text[index] != 0x0A {
          if text[index] == UInt8(ascii: ")") { return true }
          index += 1
        }
        return false
      }
      index += 1
    }
    return false
  }
}

/// `NAME: true` — one of some marks stands in the text; `false` — none does.
protocol MarkCheck: PlainCheck {
  static var marks: PlainMarks { get }
  var wanted: Bool { get }
  init(wanted: Bool)
}

extension MarkCheck {
  static var types: Set<FieldType> { [.text] }
  static var measures: Bool { true }

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) { self.init(wanted: try flag(yaml)) }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && (first(in: value, of: sample) != nil) == wanted
  }

  /// The mark and the byte at which it stands; false where there is none.
  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    guard let found = first(in: value, of: sample) else { return "{\"\(Self.name)\": false}" }
    return "{\"\(Self.name)\": \(JSON.quoted(found.text)), \"at\": \(found.start)}"
  }

  private func first(in value: Value, of sample: borrowing Sample) -> PlainMarks.Found? {
    sample.withText(of: value) { Self.marks.first(in: $0) }
  }
}
