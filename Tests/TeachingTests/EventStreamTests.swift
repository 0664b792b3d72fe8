import Testing

@testable import Teaching

struct EventStreamTests {
  /// The data of all events, the bytes coming in those pieces.
  private func data(_ pieces: [ArraySlice<UInt8>], isEnded: Bool = true) -> [String] {
    var stream = EventStream()
    var events: [String] = []
    func take(_ event: ArraySlice<UInt8>) { events.append(String(decoding: event, as: UTF8.self)) }
    for piece in pieces { stream.read(piece, take) }
    if isEnded { stream.finish(take) }
    return events
  }

  private func data(_ text: String, isEnded: Bool = true) -> [String] {
    data([Array(text.utf8)[...]], isEnded: isEnded)
  }

  static let sample =
    "\u{FEFF}: a comment\n\ndata: one\n\ndata:two\r\n\r\ndata: 3\rdata: lines\rdata:\r\r"
    + "event: x\nid: 7\nretry: 10\ndata: näïve → 🤔\nnonsense\n\ndata\n\ndata:  two spaces\r\n\r\n"
    + "database: no\n\n:\n\ndata: [DONE]\n\n"
  static let expected = [
    "one", "two", "3\nlines\n", "näïve → 🤔", "", " two spaces", "[DONE]",
  ]

  @Test func `data is read with all ends of lines, comments and other fields`() {
    #expect(data(Self.sample) == Self.expected)
  }

  @Test func `pieces make no difference, wherever two cuts are`() {
    let bytes = Array(Self.sample.utf8)
    for first in 0...bytes.count {
      for second in stride(from: first, through: bytes.count, by: 7) {
        let pieces = [bytes[..<first], bytes[first..<second], bytes[second...]]
        #expect(data(pieces) == Self.expected, "cut at \(first) and \(second)")
      }
    }
    #expect(data(bytes.indices.map { bytes[$0...$0] }) == Self.expected)
  }

  @Test func `an event that is still open waits, and counts at the end`() {
    #expect(data("data: a\n\ndata: b\n", isEnded: false) == ["a"])
    #expect(data("data: a\n\ndata: b\n") == ["a", "b"])
    #expect(data("data: a\r\n\r\ndata: b") == ["a", "b"])
    #expect(data("data: a\r") == ["a"])
    #expect(data("") == [])
    #expect(data("<html>\n</html>") == [])
  }

  @Test func `only the first bytes are a byte order mark`() {
    #expect(data("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n") == ["a"])
  }
}
