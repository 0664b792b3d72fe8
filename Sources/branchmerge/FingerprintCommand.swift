import ArgumentParser
import Curation
import Files
import Foundation

/// `branchmerge fingerprint`: what a benchmark's questions are recognised by, without the questions.
struct FingerprintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fingerprint",
    abstract: "Write a benchmark's questions as hashes, so that its text need not lie around.",
    discussion: """
      FILE has the questions: JSON Lines, a JSON array, Parquet, or CSV with a header; several \
      files are taken together. Which field is the question, and which the item's id, is said by \
      the card datasets/benchmarks/NAME.yaml. The result can stand wherever the questions can \
      ('without' of a recipe, --benchmark), but for the rule 'fuzzy', which needs the text.

      Example:
        branchmerge fingerprint gpqa-diamond gpqa.csv > gpqa-diamond.hashes
      """)

  @Argument(help: "The benchmark's name, that of its card.")
  var name: String

  @Argument(help: ArgumentHelp("The questions.", valueName: "file"))
  var files: [String]

  func run() throws {
    let library = Library(near: FileManager.default.currentDirectoryPath)
    let card = try library.benchmark(name)
    let read = try files.map { try BenchmarkFile(reading: $0, card) }
    showBytes(Data(BenchmarkFile.fingerprint(of: read, card).utf8))
    say("\(counted(read.reduce(0) { $0 + $1.itemCount }, "item")) of \(card.name)")
  }
}
