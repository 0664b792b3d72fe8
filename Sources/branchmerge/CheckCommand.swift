import ArgumentParser
import Curation
import Foundation
import Fusion
import Workflow

/// `branchmerge check`: decodes everything and runs the filters' examples.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Check source cards, filters, recipes and merge files, and run every filter's examples.",
    discussion: """
      Without a path the working folder is checked: all YAML below its datasets/ and filters/.

      Example:
        branchmerge check filters/word-problem.yaml datasets/recipes/tinyr1.yaml
      """)

  @Argument(help: "Files or folders.")
  var paths: [String] = []

  func run() throws {
    let check = try LibraryCheck(paths.isEmpty ? ["."] : paths)
    let errors =
      check.errors.map { "\($0)" } + check.recipeFiles.flatMap { problems(inRecipe: $0) }
      + check.mergeFiles.flatMap { problems(in: $0) }
    for error in errors { say(error) }
    let merges = check.mergeFiles.count
    show(
      "\(counted(check.sources, "source")), \(counted(check.filters, "filter")) with"
        + " \(counted(check.examples, "example")), \(counted(check.recipes, "recipe"))"
        + (merges > 0 ? ", \(counted(merges, "merge file"))" : "") + ": "
        + (errors.isEmpty ? "all hold" : counted(errors.count, "error")))
    guard errors.isEmpty else { throw ExitCode(1) }
    guard check.sources + check.filters + check.recipes + merges > 0 else {
      say("nothing to check here: no YAML below datasets/ or filters/")
      throw ExitCode(1)
    }
  }

  /// What is wrong with a recipe's training and merge, wherever its models are.
  private func problems(inRecipe path: String) -> [String] {
    do {
      let recipe = try ResolvedRecipe(reading: path)
      return recipe.merge.map { MethodList.problems(in: $0) } ?? []
    } catch {
      return ["\(error)"]
    }
  }

  /// What is wrong with a merge file as such, wherever its models are.
  private func problems(in path: String) -> [String] {
    do {
      return try MethodList.problems(in: MergeConfig(reading: path))
    } catch {
      return ["\(error)"]
    }
  }
}
