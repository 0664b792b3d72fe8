/// A piece of a page, in which whatever is inserted is text unless it is a piece itself.
///
/// `"<p>\(name)</p>"` escapes the name: no sample can put markup into a page. Literals and other
/// pieces stay as they are.
package struct HTML: Sendable, Equatable, ExpressibleByStringInterpolation {
  package private(set) var source: String

  package init(stringLiteral value: String) { source = value }

  package init(stringInterpolation: StringInterpolation) { source = stringInterpolation.source }

  /// Text with all that could be markup escaped, in an element or in a quoted attribute.
  package init(text: String) { source = Self.escaped(text) }

  /// Markup from a trusted place: our own style sheets.
  package init(trusted source: String) { self.source = source }

  package static func + (left: HTML, right: HTML) -> HTML {
    HTML(trusted: left.source + right.source)
  }

  package static func += (left: inout HTML, right: HTML) { left.source += right.source }

  static func escaped(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      // A page has no other control characters, and what turns the direction of text can lie.
      case "\u{0}"..."\u{8}", "\u{B}", "\u{C}", "\u{E}"..."\u{1F}", "\u{7F}"..."\u{9F}",
        "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        result += "\u{FFFD}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  package struct StringInterpolation: StringInterpolationProtocol, Sendable {
    var source = ""

    package init(literalCapacity: Int, interpolationCount: Int) {
      source.reserveCapacity(literalCapacity + 16 * interpolationCount)
    }

    package mutating func appendLiteral(_ literal: String) { source += literal }
    package mutating func appendInterpolation(_ piece: HTML) { source += piece.source }
    package mutating func appendInterpolation(_ text: String) { source += HTML.escaped(text) }
    package mutating func appendInterpolation(_ number: Int) { source += String(number) }
  }
}

extension Sequence<HTML> {
  package func joined(by separator: HTML = "") -> HTML {
    HTML(trusted: map(\.source).joined(separator: separator.source))
  }
}
