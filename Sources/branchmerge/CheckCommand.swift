import ArgumentParser
import Curation
import Foundation

/// `branchmerge check`: decodes everything and runs the filters' examples.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check source cards, filters and recipes, and run every filter's examples.",
    discussion: """
      Without a path the working folder is checked: all YAML below its datasets/ and filters/.

      Example:
        branchmerge check filters/word-problem.yaml datasets/recipes/tinyr1.yaml
      """)

  @Argument(help: "Files or folders.")
  var paths: [String] = []

  func run() throws {
    let check = try LibraryCheck(paths.isEmpty ? ["."] : paths)
    for error in check.errors { say("\(error)") }
    show(
      "\(counted(check.sources, "source")), \(counted(check.filters, "filter")) with"
        + " \(counted(check.examples, "example")), \(counted(check.recipes, "recipe")): "
        + (check.errors.isEmpty ? "all hold" : counted(check.errors.count, "error")))
    guard check.errors.isEmpty else { throw ExitCode(1) }
    guard check.sources + check.filters + check.recipes > 0 else {
      say("nothing to check here: no YAML below datasets/ or filters/")
      throw ExitCode(1)
    }
  }
}
