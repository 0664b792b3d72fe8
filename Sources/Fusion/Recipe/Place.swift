package import Notation

/// Where something stands in a merge file, kept for what can only be told later.
package struct Place: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var file: String
  /// Both counted from 1.
  package var line: Int
  package var column: Int

  init(_ yaml: YAML) {
    file = yaml.file
    line = yaml.line
    column = yaml.column
  }

  package func fail(_ message: String) -> RecipeError {
    RecipeError(file, line: line, column: column, message)
  }

  package var description: String { "\(file):\(line):\(column)" }

  package static func < (a: Place, b: Place) -> Bool {
    (a.line, a.column) < (b.line, b.column)
  }
}
