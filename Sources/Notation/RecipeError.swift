/// Something in a card, filter or recipe that cannot be: where it stands, what it is, what to do.
package struct RecipeError: Error, Hashable, Comparable, CustomStringConvertible {
  package var file: String
  /// Both counted from 1; 0 where the whole file is meant.
  package var line: Int
  package var column: Int
  package var message: String

  package init(_ file: String, line: Int = 0, column: Int = 0, _ message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }

  package var description: String {
    line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
  }

  package static func < (a: RecipeError, b: RecipeError) -> Bool {
    (a.file, a.line, a.column, a.message) < (b.file, b.line, b.column, b.message)
  }
}

/// What a message says after an unknown name: the nearest known one, and all that there are.
///
/// `lead` begins the list: "there are", "it has".
package func choices(for name: String, among known: [String], _ lead: String) -> String {
  let hint = suggestion(for: name, among: known)
  let start =
    hint.isEmpty ? "; \(lead)" : "\(hint) \(lead.prefix(1).uppercased())\(lead.dropFirst())"
  return "\(start) \(listed(known))"
}

/// The known name that is nearest to a misspelt one, for "did you mean".
///
/// Distance is counted in inserted, deleted and exchanged characters (Levenshtein), and half of
/// the name may differ at most.
package func suggestion(for name: String, among known: some Sequence<String>) -> String {
  let nearest = known.map { ($0, distance(name, $0)) }
    .filter { $0.1 <= max(2, name.count / 2) }
    .min { ($0.1, $0.0) < ($1.1, $1.0) }
  guard let nearest else { return "" }
  return "; did you mean '\(nearest.0)'?"
}

private func distance(_ a: String, _ b: String) -> Int {
  let b = Array(b.lowercased())
  var row = Array(0...b.count)
  for (i, x) in a.lowercased().enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let exchanged = diagonal + (x == y ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(exchanged, row[j] + 1, row[j + 1] + 1)
    }
  }
  return row[b.count]
}

/// Names as a sentence lists them: 'a', 'b' and 'c'.
package func listed(_ names: [String]) -> String {
  let quoted = names.map { "'\($0)'" }
  guard quoted.count > 1 else { return quoted.first ?? "none" }
  return quoted.dropLast().joined(separator: ", ") + " and " + quoted.last!
}
