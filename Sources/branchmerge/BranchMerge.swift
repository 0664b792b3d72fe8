import ArgumentParser
import Curation
import Files
import Foundation
import Lineage

/// The program: public reasoning data sets in, branch data sets with every sample's fate out.
@main
struct BranchMerge: ParsableCommand {
  static let version = "0.1.0"

  static let configuration = CommandConfiguration(
    commandName: "branchmerge",
    abstract:
      "From public reasoning data sets to expert models, with every sample's fate on record.",
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Recipes",
        subcommands: [
          RunCommand.self, PlanCommand.self, StatusCommand.self, TeachCommand.self,
          PreflightCommand.self,
        ]),
      CommandGroup(
        name: "Branches",
        subcommands: [
          BranchCommand.self, SurveyCommand.self, CheckCommand.self, ChecksCommand.self,
          SourcesCommand.self, FingerprintCommand.self, TokensCommand.self,
        ]),
      CommandGroup(
        name: "Audit",
        subcommands: [
          WhyCommand.self, ClustersCommand.self, ImpactCommand.self, DiffCommand.self,
          VerifyCommand.self,
          QueryCommand.self, ReportCommand.self, ServeCommand.self, ExportCommand.self,
        ]),
      CommandGroup(
        name: "Models",
        subcommands: [
          MergeCommand.self, InspectCommand.self, CompareCommand.self, MethodsCommand.self,
        ]),
    ])

  /// Exit status: 0 done, 1 done but something did not hold, 2 could not be done, 130 interrupted.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let error as Interrupted {
      say("interrupted; nothing was written. The same command starts again.")
      Foundation.exit(128 + error.signal)
    } catch let status as ExitCode {
      Foundation.exit(status.rawValue)
    } catch {
      // Help and version come this way, too.
      if exitCode(for: error) == .success { exit(withError: error) }
      say(isUsage(error) ? fullMessage(for: error) : "error: \(error)")
      Foundation.exit(2)
    }
  }

  /// Whether the command line itself was wrong, which is best answered with the usage.
  private static func isUsage(_ error: any Error) -> Bool {
    exitCode(for: error) == .validationFailure || "\(type(of: error))" == "CommandError"
  }
}

/// Writes a line for people to standard error.
func say(_ line: String) {
  try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
}

/// Writes a result to standard output.
func show(_ text: String) { showBytes(Data((text + "\n").utf8)) }

/// Writes bytes to standard output; where that cannot be done, on a full disk, the program ends.
func showBytes(_ bytes: Data) {
  do {
    try FileHandle.standardOutput.write(contentsOf: bytes)
  } catch {
    say("error: \(FileError("standard output", failedTo: "write"))")
    Foundation.exit(2)
  }
}

/// Options that several commands share.
struct SourceOptions: ParsableArguments {
  @Option(
    name: .customLong("source"),
    help: ArgumentHelp(
      "Take a source's files from here: a file, a folder or a pattern, whatever their format.",
      valueName: "name=path"))
  var given: [String] = []

  func validate() throws { _ = try paths() }

  /// Source name to path; two paths for one name are refused.
  func paths() throws -> [String: String] {
    try branchmerge.paths(
      given, of: "--source", whereTwice: "use a pattern for several files")
  }
}

/// Where benchmarks' files are.
struct BenchmarkOptions: ParsableArguments {
  @Option(
    name: .customLong("benchmark"),
    help: ArgumentHelp(
      "Take a benchmark's file from here: its questions, or the hashes of 'fingerprint'.",
      valueName: "name=path"))
  var given: [String] = []

  func validate() throws { _ = try paths() }

  /// Benchmark name to path; two paths for one name are refused.
  func paths() throws -> [String: String] {
    try branchmerge.paths(
      given, of: "--benchmark",
      whereTwice: "make one file of several with 'branchmerge fingerprint'")
  }
}

/// Name to path of an option that is given as NAME=PATH.
private func paths(_ given: [String], of option: String, whereTwice advice: String) throws
  -> [String: String]
{
  var paths: [String: String] = [:]
  for entry in given {
    guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else {
      throw ValidationError("\(option) \(entry): this should be NAME=PATH")
    }
    let name = String(entry[..<equals])
    guard paths[name] == nil else {
      throw ValidationError("\(option) \(name) is given twice; \(advice)")
    }
    paths[name] = String(entry[entry.index(after: equals)...])
  }
  return paths
}
