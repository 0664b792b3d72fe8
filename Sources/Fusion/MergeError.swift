/// A merge that could not be done: what is wrong, where, and what to do about it.
///
/// Several problems are told at once, one a line.
package struct MergeError: Error, Equatable, CustomStringConvertible {
  package var problems: [String]

  package init(_ problems: [String]) { self.problems = problems }
  package init(_ problem: String) { problems = [problem] }

  package var description: String { problems.joined(separator: "\n") }
}
