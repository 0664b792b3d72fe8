import ArgumentParser
import Curation
import Files
import Foundation
import Fusion
import Notation

/// `branchmerge compare`: says how far two checkpoints are apart.
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say how far one checkpoint is from another, tensor by tensor or summed.",
    discussion: """
      All entries are read, once. What only one of the two has, what differs in shape or type, and \
      what is not finite is told, and the exit status is then 1. Where B was merged here, its report \
      says how many entries come from each model. With --experts every entry of B is looked up \
      instead: in A, then in each expert, as a number of B's type; whoever has it first gets it. \
      That also tells what another tool has merged.

      Example:
        branchmerge compare models/base models/math --by module
        branchmerge compare models/base merged \\
          --experts math=models/math coding=models/coding
      """)

  @Argument(help: ArgumentHelp("The checkpoint to start from: a folder or a file.", valueName: "A"))
  var a: String

  @Argument(help: ArgumentHelp("The checkpoint that is held against it.", valueName: "B"))
  var b: String

  @Option(help: ArgumentHelp("Add up the tensors of a layer or of a module.", valueName: "part"))
  var by: Comparison.Grouping?

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Tell which of these checkpoints, or A, an entry of B comes from.",
      valueName: "name=folder"))
  var experts: [String] = []

  @Option(
    help: ArgumentHelp("Threads that read; the result is the same for any number.", valueName: "n"))
  var workers: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard workers > 0 else { throw ValidationError("--workers must be at least 1") }
    var names: Set = ["A", "none"]
    for entry in experts {
      guard let (name, path) = Self.parts(of: entry), !path.isEmpty else {
        throw ValidationError("--experts \(entry): this should be NAME=FOLDER")
      }
      guard names.insert(name).inserted else {
        throw ValidationError(
          "--experts \(entry): "
            + (["A", "none"].contains(name)
              ? "'\(name)' has a meaning of its own here" : "'\(name)' is given twice"))
      }
    }
  }

  private static func parts(of entry: String) -> (name: String, path: String)? {
    guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else { return nil }
    return (String(entry[..<equals]), String(entry[entry.index(after: equals)...]))
  }

  func run() throws {
    var problems: [String] = []
    func open(_ path: String) -> Checkpoint? {
      do throws(MergeError) {
        return try Checkpoint(path, allowingQuantised: true)
      } catch {
        problems += error.problems
        return nil
      }
    }
    let (left, right) = (open(a), open(b))
    let models = experts.compactMap { Self.parts(of: $0) }.map { ($0.name, open($0.path)) }
    guard let left, let right, problems.isEmpty else { throw MergeError(problems) }
    let comparer = Comparer(
      left, right, experts: models.compactMap { name, model in model.map { (name, $0) } }, by: by,
      workers: workers)
    Interruption.watch()
    let line = ProgressLine()
    defer { line.clear() }
    let comparison = try comparer.run { done in
      line.update(
        "\(done.tensors) of \(counted(done.totalTensors, "tensor"))", bytes: done.bytes,
        of: done.totalBytes)
    }
    line.clear()
    show(
      json
        ? comparison.json.formatted()
        : ComparisonText(
          comparison, by: by, seconds: line.seconds, byteCount: comparer.byteCount
        ).text)
    guard comparison.isComplete else { throw ExitCode(1) }
  }
}

extension Comparison.Grouping: ExpressibleByArgument {}

/// What `compare` prints.
private struct ComparisonText {
  private let comparison: Comparison
  private let by: Comparison.Grouping?
  private let seconds: Double
  private let byteCount: Int

  init(_ comparison: Comparison, by: Comparison.Grouping?, seconds: Double, byteCount: Int) {
    self.comparison = comparison
    self.by = by
    self.seconds = seconds
    self.byteCount = byteCount
  }

  var text: String {
    var parts: [String] = []
    let total = comparison.total
    if total.tensors > 0 {
      parts.append(figures)
      if !total.quantiles.isEmpty {
        parts.append(
          "Median, 90 %, 99 % and largest are of |B − A| where the two differ; relative is"
            + " ‖B − A‖ / ‖A‖.")
      }
    }
    let notes = comparison.mismatchNotes + comparison.notes.map { "note: \($0)" }
    if !notes.isEmpty { parts.append(notes.joined(separator: "\n")) }
    parts.append(
      total.tensors == 0
        ? "A and B have no tensor in common"
        : "\(counted(total.tensors, "tensor")), \(counted(total.parameters, "parameter")),"
          + " \(size(Double(byteCount))) in \(duration(seconds)),"
          + " \(size(Double(byteCount) / seconds))/s")
    return parts.joined(separator: "\n\n")
  }

  private var figures: String {
    let rows = by == nil ? comparison.tensors : comparison.groups
    var titles = [
      by?.rawValue ?? "tensor", "parameters", "differ", "‖B − A‖", "relative", "median", "90 %",
      "99 %", "largest", "cosine", "same sign",
    ]
    titles += comparison.origins.map { $0 == "none" ? "from none" : "from \(shown($0))" }
    return table(
      [titles] + rows.map { row(shown($0.name), $0.figures) } + [row("all", comparison.total)])
  }

  private func row(_ name: String, _ figures: PairFigures) -> [String] {
    func number(_ value: Double?) -> String { value.map { String(format: "%.3g", $0) } ?? "-" }
    let quantiles = (0..<3).map {
      figures.quantiles.indices.contains($0) ? figures.quantiles[$0] : nil
    }
    var cells = [
      name, grouped(figures.parameters), percent(figures.differing, of: figures.parameters),
      number(figures.distance), number(figures.relativeDistance),
    ]
    cells += quantiles.map(number)
    cells += [
      number(figures.largestDifference),
      figures.cosine.map { String(format: "%.6f", $0) } ?? "-",
      percent(figures.sameSign, of: figures.measured),
    ]
    cells += comparison.origins.indices.map { index in
      figures.origins.map { percent($0[index], of: figures.parameters) } ?? "-"
    }
    return cells
  }
}

extension Comparison {
  /// A line for every kind of mismatch.
  fileprivate var mismatchNotes: [String] {
    var kinds: [(text: String, names: [String])] = []
    var places: [String: Int] = [:]
    for mismatch in mismatches {
      let text = mismatch.kind
      let place = places[text] ?? kinds.count
      if place == kinds.count {
        places[text] = place
        kinds.append((text, []))
      }
      kinds[place].names.append(mismatch.name)
    }
    var notes = kinds.map { "\($0.text): \(some(of: $0.names))" }
    if total.notFinite > 0 {
      let names = tensors.filter { $0.figures.notFinite > 0 }.map(\.name)
      notes.append(
        "\(counted(total.notFinite, "entry", "entries")) not finite in A or B, left out:"
          + " \(some(of: names))")
    }
    return notes
  }
}

extension Mismatch {
  /// What does not match, without the tensor's name.
  fileprivate var kind: String {
    if let lacking = sides.first(where: { $0.tensor == nil }) {
      let others = sides.filter { $0.tensor != nil }.map(\.model)
      return lacking.model == "A" || lacking.model == "B"
        ? "only in \(others.joined(separator: " and "))" : "not in \(shown(lacking.model))"
    }
    let shapes = Set(sides.compactMap { $0.tensor?.shape })
    let what = sides.map { side in
      let type = side.tensor?.type.rawValue ?? ""
      let shape = shapes.count > 1 ? " \(side.tensor?.shape ?? [])" : ""
      return "\(type)\(shape) in \(shown(side.model))"
    }
    return what.joined(separator: ", ") + (isCompared ? ", compared by value" : ", not compared")
  }
}
