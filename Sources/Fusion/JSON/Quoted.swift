/// A name out of a file as messages show it: one line, of bounded length, without hidden letters.
///
/// A file may call a tensor anything; what it says must neither move the terminal's cursor nor
/// fill the screen.
package func quoted(_ name: String) -> String {
  var text = "'"
  for (index, scalar) in name.unicodeScalars.enumerated() {
    guard index < 120 else {
      text += "…"
      break
    }
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
      text += "\\u{" + String(scalar.value, radix: 16) + "}"
    default:
      text.unicodeScalars.append(scalar)
    }
  }
  return text + "'"
}
