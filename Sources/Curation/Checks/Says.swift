internal import Files
internal import Notation
internal import Samples

/// `says: {phrases: […], within_first: N}` — one of these phrases stands in the text.
struct Says: PlainCheck {
  static let name = "says"
  static let types: Set<FieldType> = [.text]
  static let measures = true
  static let page = CheckPage(
    "one of the declared phrases stands in the text",
    [
      """
      Letters of ASCII are compared without case, any white space counts as one space, and a curved \
      apostrophe as a straight one. A phrase that begins or ends in a letter or digit begins or \
      ends there as a word: 'as an AI' is not in 'as an AIDS test'.
      """,
      """
      The list stands in the filter, so that it is on record with it and yours to change. Refusals, \
      self-identification and "as shown in the figure" are told by it: see filters/no-refusal.yaml, \
      no-teacher-name.yaml and no-image.yaml.
      """,
    ],
    parameters: [
      ("phrases", nil, "what is looked for"),
      ("within_first", "all", "only where it begins within so many bytes of the text"),
      ("within_last", "all", "only where it begins within so many bytes of its end"),
    ],
    examples: [
      .init(
        "solution: { says: { phrases: [as an AI], within_first: 100 } }",
        holds: ["{ solution: \"I cannot do that as\\nan ai.\" }"],
        fails: ["{ solution: The model was used as an aid. }", "{ solution: '' }"])
    ])

  private let phrases: [Phrase]
  /// For each byte the phrases that can begin with it.
  private let starting: [[Int]]
  private let first: Int
  private let last: Int

  /// A phrase as it is compared: lower case, single spaces, straight apostrophes.
  private struct Phrase: Sendable {
    var text: String
    var bytes: [UInt8]
    var endsInWord: Bool
  }

  init(_ yaml: YAML, type: FieldType) throws(RecipeError) {
    let keys = try yaml.keyed("'says'", ["phrases", "within_first", "within_last"])
    guard let list = keys["phrases"] else { throw yaml.fail("'says' needs 'phrases'") }
    var phrases: [Phrase] = []
    for item in try list.list("'phrases'") {
      let text = try item.text("a phrase")
      let bytes = Self.folded(text)
      guard let last = bytes.last else { throw item.fail("a phrase needs something in it") }
      phrases.append(Phrase(text: text, bytes: bytes, endsInWord: isWord(last)))
    }
    guard !phrases.isEmpty else { throw list.fail("'phrases' needs at least one phrase") }
    self.phrases = phrases
    var starting = Array(repeating: [Int](), count: 256)
    for (index, phrase) in phrases.enumerated() {
      starting[Int(phrase.bytes[0])].append(index)
      if 0x61...0x7A ~= phrase.bytes[0] { starting[Int(phrase.bytes[0] - 0x20)].append(index) }
      // The apostrophe that begins a phrase may be curved.
      if phrase.bytes[0] == 0x27 { starting[0xE2].append(index) }
    }
    self.starting = starting
    first = try keys["within_first"]?.positiveWhole("'within_first'") ?? .max
    last = try keys["within_last"]?.positiveWhole("'within_last'") ?? .max
  }

  private static func folded(_ text: String) -> [UInt8] {
    text.replacing("\u{2019}", with: "'").split(whereSeparator: \.isWhitespace)
      .joined(separator: " ").utf8.map { 0x41...0x5A ~= $0 ? $0 + 0x20 : $0 }
  }

  func holds(_ value: Value, in slot: Projection.Slot, of sample: borrowing Sample) -> Bool {
    value.kind == .string && sample.withText(of: value) { find(in: $0) } != nil
  }

  func measured(_ value: Value, in sample: borrowing Sample) -> String? {
    guard let found = sample.withText(of: value, { find(in: $0) }) else {
      return "{\"says\": null}"
    }
    return "{\"says\": \(JSON.quoted(phrases[found.phrase].text)), \"at\": \(found.start)}"
  }

  /// The first phrase that stands in the text, and the byte at which it begins.
  private func find(in text: Span<UInt8>) -> (phrase: Int, start: Int)? {
    var index = last < text.count ? text.count - last : 0
    let end = min(text.count, first)
    while index < end {
      let byte = text[index]
      let candidates = starting[Int(byte)]
      if !candidates.isEmpty, index == 0 || !isWord(byte) || !isWord(text[index - 1]) {
        for candidate in candidates where stands(phrases[candidate], in: text, at: index) {
          return (candidate, index)
        }
      }
      index += 1
    }
    return nil
  }

  private func stands(_ phrase: Phrase, in text: Span<UInt8>, at start: Int) -> Bool {
    var index = start
    for wanted in phrase.bytes {
      guard index < text.count else { return false }
      let byte = text[index]
      if wanted == 0x20 {
        var length = whiteSpaceLength(text, at: index)
        guard length > 0 else { return false }
        while length > 0 {
          index += length
          length = index < text.count ? whiteSpaceLength(text, at: index) : 0
        }
      } else if wanted == 0x27, byte == 0xE2 {
        guard index + 2 < text.count, text[index + 1] == 0x80, text[index + 2] == 0x99 else {
          return false
        }
        index += 3
      } else {
        guard byte == wanted || 0x41...0x5A ~= byte && byte + 0x20 == wanted else { return false }
        index += 1
      }
    }
    return !phrase.endsInWord || index == text.count || !isWord(text[index])
  }
}

/// Whether an ASCII byte is a letter or a digit.
func isWord(_ byte: UInt8) -> Bool {
  switch byte {
  case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
  default: false
  }
}
