/// A paragraph in lines of at most 100 characters, longer words aside.
func wrapped(_ text: String, indent: String = "") -> String {
  var lines: [String] = []
  var line = ""
  for word in text.split(separator: " ") {
    if !line.isEmpty && indent.count + line.count + 1 + word.count > 100 {
      lines.append(indent + line)
      line = ""
    }
    line += (line.isEmpty ? "" : " ") + word
  }
  return (lines + [indent + line]).joined(separator: "\n")
}

/// The same behind a head, which stands in a column of its own.
func wrapped(_ text: String, behind head: String, width: Int) -> String {
  let indent = String(repeating: " ", count: width)
  return head + indent.dropFirst(head.count) + wrapped(text, indent: indent).dropFirst(width)
}

/// A text as a cell of a Markdown table.
func markdownCell(_ text: String) -> String { text.replacing("|", with: #"\|"#) }

/// Papers in Markdown, those of arXiv with a link.
func markdownLinks(_ papers: String) -> String {
  papers.replacing(/arXiv:(\d+\.\d+)/) {
    "[\($0.output.0)](https://arxiv.org/abs/\($0.output.1))"
  }
}

/// A text without anything in it that moves the cursor, of any length.
func visible(_ text: String) -> String {
  String(
    text.unicodeScalars.map { scalar in
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
        "\\u{" + String(scalar.value, radix: 16) + "}"
      default: String(scalar)
      }
    }.joined())
}
