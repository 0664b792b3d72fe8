internal import Notation
package import Samples

/// Sources whose files were not found.
package struct MissingSources: Error, CustomStringConvertible {
  /// What is said of each of them.
  package var sources: [String]
  package var description: String { sources.joined(separator: "\n") }
}

/// More rows of a source are unreadable than the run was told to accept.
package struct TooManyQuarantined: Error, CustomStringConvertible {
  package var source: String
  package var rows: Int
  package var quarantined: Int
  package var limit: QuarantineLimit
  package var list: String

  package var description: String {
    "\(quarantined) of \(rows) rows of '\(source)' cannot be read, more than the \(limit.description)"
      + " that --max-quarantined admits; they are listed in \(list)"
  }
}

/// A file without the fields that the recipe needs, most likely of another config.
package struct MissingFields: Error, CustomStringConvertible {
  package var path: String
  package var source: String
  package var rows: Int
  package var missing: [Field]
  package var present: [String]

  package var description: String {
    let names = missing.map { $0.path.key == $0.name ? $0.name : "\($0.path.key) (\($0.name))" }
    return "\(path): no row of the first \(rows) has \(listed(names)), which the recipe needs of"
      + " '\(source)'; there are \(listed(present)). Is this another config of the data set?"
  }
}
