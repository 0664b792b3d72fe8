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
