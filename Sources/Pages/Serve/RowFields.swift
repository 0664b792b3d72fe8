internal import Notation

/// A row of JSON for people: its fields one below the other, texts as they read, the rest indented.
package struct RowFields: Sendable {
  let bytes: [UInt8]

  /// Letters of one field, and of the row, that are shown; the rest is told of.
  private static let fieldLimit = 20_000
  private static let fieldsLimit = 60

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package var html: HTML {
    guard case .object(let members)? = try? JSON(parsing: bytes) else {
      return value(String(decoding: bytes.prefix(4 * Self.fieldLimit), as: UTF8.self))
    }
    let shown = members.prefix(Self.fieldsLimit)
    let fields = shown.map { member -> HTML in
      "<div><dt>\(member.key.shortened(to: 100))</dt><dd>\(content(member.value))</dd></div>\n"
    }
    let rest: HTML =
      members.count > shown.count
      ? "<p>and \(HTML.counted(members.count - shown.count, "more field"))</p>\n" : ""
    return "<dl class=\"fields\">\n\(fields.joined())</dl>\n\(rest)"
  }

  private func content(_ value: JSON) -> HTML {
    switch value {
    case .string(let text): text.isEmpty ? HTML.code("\"\"") : self.value(text)
    case .object, .array: self.value(value.formatted())
    default: HTML.code(value.compact.shortened(to: 1000))
    }
  }

  private func value(_ text: String) -> HTML {
    let shown = text.shortened(to: Self.fieldLimit)
    let note: HTML =
      shown.utf8.count < text.utf8.count
      ? "<p class=\"soft\">\(HTML.bytes(text.utf8.count)) in all; this is the beginning.</p>\n" : ""
    // A short one needs no room of its own.
    guard shown.utf8.count > 80 || shown.contains("\n") else {
      return "<span dir=\"auto\" class=\"value\">\(shown)</span>"
    }
    return "<pre class=\"value\" dir=\"auto\" tabindex=\"0\">\(shown)</pre>\n\(note)"
  }
}
