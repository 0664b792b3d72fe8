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

/// A few of the names, and how many more there are: 'a', 'b', 'c' and 4 more.
package func some(of names: [String], shown limit: Int = 4) -> String {
  let first = names.prefix(names.count == limit + 1 ? limit + 1 : limit).map { quoted($0) }
  guard first.count == names.count else {
    return first.joined(separator: ", ") + " and \(names.count - first.count) more"
  }
  guard let last = first.last, first.count > 1 else { return first.first ?? "none" }
  return first.dropLast().joined(separator: ", ") + " and " + last
}
