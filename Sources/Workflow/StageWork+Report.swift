internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Notation

extension StageWork {
  /// Writes what the whole run came to, for people and for programs.
  ///
  /// No times and no paths of the machine: the same run has the same report.
  func report(_ ingredients: [Ingredient]) throws -> StageOutcome {
    let done = try ledger.stages(anyState: false)
    var sections: [ReportSection] = []
    for branch in recipe.recipe.branches.map(\.name) {
      guard let run = done["branch \(branch)"]?.run else { continue }
      sections.append(.branch(branch, try ledger.counts(of: branch, in: run)))
    }
    for stage in recipe.stages where stage.kind == .train || stage.kind == .merge {
      guard let record = done[stage.description] else { continue }
      sections.append(.stage(stage.description, record.message ?? "", record.products))
    }
    let inputs = try planner().inputs(reading: false)
    for (name, text) in [
      ("report.md", ReportText.markdown(recipe.recipe.name, runner.tool, sections, inputs)),
      ("report.json", ReportText.json(recipe.recipe.name, runner.tool, sections, inputs)),
    ] {
      let isDurable = runner.options.curation.isDurable
      var file = try OutputFile("\(path)/\(name).new", isDurable: isDurable)
      try file.append(text)
      _ = try file.finish()
      try Folder.rename("\(path)/\(name).new", to: "\(path)/\(name)", isDurable: isDurable)
    }
    var result = StageOutcome(
      ingredients, [try product("report.md"), try product("report.json")])
    result.message = "report.md, report.json"
    return result
  }
}

/// A part of the report.
enum ReportSection {
  case branch(String, [(String, Funnel.Counts)])
  case stage(String, String, [StageRecord.Product])
}

/// The report as text.
enum ReportText {
  static func markdown(
    _ recipe: String, _ tool: String, _ sections: [ReportSection], _ inputs: [Ingredient]
  ) -> String {
    var text = "# \(recipe)\n\nMade by \(tool).\n"
    for section in sections {
      switch section {
      case .branch(let name, let counts):
        text += "\n## branch \(name)\n\n"
        text += "| source | read | quarantined | dropped | duplicates | kept | seeds |\n"
        text += "|---|---:|---:|---:|---:|---:|---:|\n"
        for (source, count) in counts {
          let numbers = [
            count.read, count.quarantined, count.dropped, count.duplicates, count.kept, count.seeds,
          ]
          text += "| \(source) | " + numbers.map(String.init).joined(separator: " | ") + " |\n"
        }
      case .stage(let name, let message, let products):
        text += "\n## \(name)\n\n\(message)\n"
        guard !products.isEmpty else { continue }
        text += "\n| file | bytes | XXH3 |\n|---|---:|---|\n"
        for product in products {
          text += "| \(product.path) | \(product.byteCount) | \(product.xxh3) |\n"
        }
      }
    }
    text += "\n## Inputs\n\n| input | XXH3 |\n|---|---|\n"
    for input in inputs { text += "| \(input.name) | \(input.value) |\n" }
    return text
  }

  static func json(
    _ recipe: String, _ tool: String, _ sections: [ReportSection], _ inputs: [Ingredient]
  ) -> String {
    var branches: [JSON.Member] = []
    var stages: [JSON.Member] = []
    for section in sections {
      switch section {
      case .branch(let name, let counts):
        let sources = counts.map { source, count in
          JSON.Member(
            source,
            .object([
              .init("read", .whole(count.read)), .init("quarantined", .whole(count.quarantined)),
              .init("dropped", .whole(count.dropped)),
              .init("duplicates", .whole(count.duplicates)), .init("kept", .whole(count.kept)),
              .init("seeds", .whole(count.seeds)),
            ]))
        }
        branches.append(JSON.Member(name, .object(sources)))
      case .stage(let name, let message, let products):
        let files = products.map { JSON.Member($0.path, .string($0.xxh3)) }
        stages.append(
          JSON.Member(
            name, .object([.init("result", .string(message)), .init("files", .object(files))])))
      }
    }
    return JSON.object([
      .init("recipe", .string(recipe)), .init("tool", .string(tool)),
      .init("branches", .object(branches)), .init("stages", .object(stages)),
      .init("inputs", .object(inputs.map { JSON.Member($0.name, .string($0.value)) })),
    ]).formatted() + "\n"
  }
}
