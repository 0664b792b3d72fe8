internal import Notation

/// `quoted` for words that may be longer than a name.
func quoted(_ text: String, limit: Int) -> String {
  var pieces: [String] = []
  var rest = text.unicodeScalars[...]
  while !rest.isEmpty, pieces.count * 100 < limit {
    pieces.append(String(quoted(String(rest.prefix(100))).dropFirst().dropLast()))
    rest = rest.dropFirst(100)
  }
  return "'" + pieces.joined() + (rest.isEmpty ? "" : "…") + "'"
}
