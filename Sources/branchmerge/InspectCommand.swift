import ArgumentParser
import Curation
import Foundation
import Fusion
import Notation

/// `branchmerge inspect`: says what a checkpoint holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what a checkpoint holds, by type, shard, layer and module.",
    discussion: """
      Headers alone are read, and checked as a merge checks them. Layers that hold the same are one \
      line. A checkpoint of few tensors is shown tensor by tensor.

      Example:
        branchmerge inspect models/math
        branchmerge inspect models/math --by layer
        branchmerge inspect models/math/model-00001-of-00002.safetensors --tensors
      """)

  enum Table: String, CaseIterable, ExpressibleByArgument { case type, shard, layer, module }

  @Argument(help: "A model's folder, or one .safetensors file.")
  var checkpoint: String

  @Option(
    help: ArgumentHelp("Show this table alone, every layer by itself.", valueName: "part"))
  var by: Table?

  @Flag(help: "Show every tensor.")
  var tensors = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func run() throws {
    let inspection = try Inspection(Checkpoint(checkpoint, allowingQuantised: true))
    show(
      json
        ? try branchmerge.json(inspection)
        : InspectionText(inspection, by: by, withTensors: tensors).text)
  }
}

/// What `inspect` prints.
private struct InspectionText {
  private let inspection: Inspection
  private let by: InspectCommand.Table?
  private let withTensors: Bool

  init(_ inspection: Inspection, by: InspectCommand.Table?, withTensors: Bool) {
    self.inspection = inspection
    self.by = by
    self.withTensors = withTensors
  }

  var text: String {
    var parts = [heading]
    if let by {
      parts.append(totals(by))
    } else if !withTensors {
      parts.append(totals(.type))
      if inspection.files.count > 1 { parts.append(totals(.shard)) }
      if inspection.tensors.count > 16 {
        if !inspection.layers.isEmpty { parts.append(totals(.layer, joinsLayers: true)) }
        parts.append(totals(.module))
      } else {
        parts.append(tensors)
      }
    }
    if withTensors { parts.append(tensors) }
    if !inspection.notes.isEmpty {
      parts.append(inspection.notes.map { "note: \($0)" }.joined(separator: "\n"))
    }
    return parts.joined(separator: "\n\n")
  }

  private var heading: String {
    let total = inspection.total
    return "\(inspection.path): \(counted(total.tensors, "tensor")),"
      + " \(counted(total.parameters, "parameter")), \(size(Double(total.bytes)))"
      + " in \(counted(inspection.files.count, "file"))"
  }

  private func totals(_ table: InspectCommand.Table, joinsLayers: Bool = false) -> String {
    let totals =
      switch table {
      case .type: inspection.types
      case .shard: inspection.files
      case .layer: inspection.layers
      case .module: inspection.modules
      }
    if totals.isEmpty { return "no tensor is in a layer: none has a number in its name" }
    var rows = [[table.rawValue, "tensors", "parameters", "share", "size"]]
    for (name, total) in joinsLayers ? joined(totals) : totals.map({ (shown($0.name), $0) }) {
      rows.append([
        name, grouped(total.tensors), grouped(total.parameters),
        percent(total.parameters, of: inspection.total.parameters), size(Double(total.bytes)),
      ])
    }
    return branchmerge.table(rows)
  }

  /// Layers one after another that hold the same number of everything, each time as one.
  private func joined(_ totals: [Inspection.Total]) -> [(String, Inspection.Total)] {
    func parts(_ total: Inspection.Total) -> (prefix: Substring, number: Int?) {
      let end = total.name.lastIndex(of: ".") ?? total.name.startIndex
      return (total.name[..<end], Int(total.name[end...].dropFirst()))
    }
    func isNext(_ a: Inspection.Total, _ b: Inspection.Total) -> Bool {
      let (x, y) = (parts(a), parts(b))
      return x.prefix == y.prefix && x.number != nil && x.number.map { $0 &+ 1 } == y.number
        && (a.tensors, a.parameters, a.bytes) == (b.tensors, b.parameters, b.bytes)
    }
    var runs: [(first: Inspection.Total, last: Inspection.Total)] = []
    for total in totals {
      if let run = runs.last, isNext(run.last, total) {
        runs[runs.count - 1].last = total
      } else {
        runs.append((total, total))
      }
    }
    return runs.map { first, last in
      first == last
        ? (shown(first.name), first)
        : ("\(shown(first.name)) … \(parts(last).number ?? 0), each", first)
    }
  }

  private var tensors: String {
    let isSharded = inspection.files.count > 1
    let rows = inspection.tensors.map { tensor in
      [
        shown(tensor.name), tensor.type, "\(tensor.shape)", grouped(tensor.parameters),
        size(Double(tensor.bytes)),
      ] + (isSharded ? [tensor.file] : [])
    }
    let titles = ["tensor", "type", "shape", "parameters", "size"] + (isSharded ? ["shard"] : [])
    return branchmerge.table([titles] + rows, leftColumns: 3)
  }
}
