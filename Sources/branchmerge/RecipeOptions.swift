import ArgumentParser
import Curation
import Foundation
import Lineage
import Samples
import Workflow

/// Which recipe is meant, in which workspace.
struct RecipeOptions: ParsableArguments {
  @Argument(help: "The recipe: a YAML file, or the name of one that is installed.")
  var recipe: String

  @Option(
    name: [.short, .long],
    help: ArgumentHelp("The folder for everything that is made.", valueName: "dir"))
  var workspace: String

  @Option(
    name: .customLong("set"),
    help: ArgumentHelp(
      "Change a value of the recipe, as in train.epochs=3; may be given several times.",
      valueName: "key=value"))
  var settings: [String] = []

  func validate() throws {
    guard !workspace.isEmpty else { throw ValidationError("--workspace is empty; name a folder") }
  }

  /// The recipe with everything that it names.
  func resolved() throws -> ResolvedRecipe {
    try ResolvedRecipe(reading: try Library.recipe(recipe), setting: settings)
  }
}

/// What branches are built from: shared by the commands that build them, or tell what that would do.
struct BuildOptions: ParsableArguments {
  @OptionGroup var sources: SourceOptions

  @OptionGroup var benchmarks: BenchmarkOptions

  @OptionGroup var limits: ReadingOptions

  /// The options for a recipe; sources and benchmarks that it does not know are refused.
  func curation(of recipe: Recipe) throws -> Curator.Options {
    var options = Curator.Options()
    options.benchmarks = try benchmarks.paths()
    try recipe.checkGiven(benchmarks: options.benchmarks.keys)
    options.given = try sources.paths()
    try recipe.checkGiven(options.given.keys)
    limits.apply(to: &options)
    return options
  }
}

/// Which rows are taken for readable, and how many may not be.
struct ReadingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Fail when more rows of a source than this cannot be read.", valueName: "N|P%"))
  var maxQuarantined: String = "1%"

  @Option(help: ArgumentHelp("Quarantine a longer row, in MiB.", valueName: "MiB"))
  var maxRow: Int = 64

  func validate() throws {
    guard maxRow > 0 && maxRow <= 2048 else {
      throw ValidationError("--max-row must be from 1 to 2048")
    }
    guard QuarantineLimit(maxQuarantined) != nil else {
      throw ValidationError("--max-quarantined \(maxQuarantined): this should be 20 or 1%, say")
    }
  }

  func apply(to options: inout Curator.Options) {
    options.limits = ReadLimits(rowBytes: maxRow << 20)
    options.maxQuarantined = QuarantineLimit(maxQuarantined)!
  }
}

/// How a merged model is cut into files.
struct ShardOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The merged model's largest shard: 5GB, 500MB, bytes.", valueName: "size"))
  var shardSize: String = "5GB"

  func validate() throws {
    guard branchmerge.byteCount(shardSize) != nil else {
      throw ValidationError("--shard-size \(shardSize): this should be 5GB, 500MB or bytes, say")
    }
  }

  var byteCount: Int { branchmerge.byteCount(shardSize) ?? 0 }
}
