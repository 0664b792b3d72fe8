/// A training that could not be done: of which branch, what happened, what to do.
package struct TrainingError: Error, Equatable, CustomStringConvertible {
  package var branch: String
  package var message: String

  package init(_ branch: String, _ message: String) {
    self.branch = branch
    self.message = message
  }

  package var description: String { "\(branch): \(message)" }
}
