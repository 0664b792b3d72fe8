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
    for stage in recipe.stages where [.teach, .train, .merge].contains(stage.kind) {
      guard let record = done[stage.description] else { continue }
      if let counts = try ledger.teachingCounts(of: record.id) {
        sections.append(
          .teaching(stage.description, record.message ?? "", counts, record.products))
        continue
      }
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
  case teaching(String, String, Ledger.TeachingCounts, [StageRecord.Product])
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
        let hasNear = counts.contains { $0.1.nearDuplicates > 0 }
        let near = hasNear ? " near duplicates |" : ""
        text += "| source | read | quarantined | dropped | duplicates |\(near) kept | seeds |\n"
        text += "|---|---:|---:|---:|---:|---:|---:|\(hasNear ? "---:|" : "")\n"
        for (source, count) in counts {
          let numbers =
            [
              count.read, count.quarantined, count.dropped, count.duplicates - count.nearDuplicates,
            ] + (hasNear ? [count.nearDuplicates] : []) + [count.kept, count.seeds]
          text += "| \(source) | " + numbers.map(String.init).joined(separator: " | ") + " |\n"
        }
      case .teaching(let name, let message, let counts, let products):
        text += "\n## \(name)\n\n\(message)\n"
        let numbers =
          [counts.kept, counts.seeds] + Self.unanswered.map { counts[$0] }
          + [counts[.taught], counts.rows, counts.promptTokens, counts.completionTokens]
        text += "\n| kept | seeds | \(Self.unanswered.map(\.rawValue).joined(separator: " | "))"
        text += " | taught | rows | prompt tokens | completion tokens |\n"
        text += String(repeating: "|---:", count: numbers.count) + "|\n"
        text += "| " + numbers.map(String.init).joined(separator: " | ") + " |\n"
        text += Self.table(of: products)
      case .stage(let name, let message, let products):
        text += "\n## \(name)\n\n\(message)\n" + Self.table(of: products)
      }
    }
    text += "\n## Inputs\n\n| input | XXH3 |\n|---|---|\n"
    for input in inputs { text += "| \(input.name) | \(input.value) |\n" }
    return text
  }

  /// What becomes of seeds that are not taught.
  private static let unanswered = TeachingEntry.Kind.allCases.filter { $0 != .taught }

  private static func table(of products: [StageRecord.Product]) -> String {
    guard !products.isEmpty else { return "" }
    let rows = products.map { "| \($0.path) | \($0.byteCount) | \($0.xxh3) |\n" }
    return "\n| file | bytes | XXH3 |\n|---|---:|---|\n" + rows.joined()
  }

  static func json(
    _ recipe: String, _ tool: String, _ sections: [ReportSection], _ inputs: [Ingredient]
  ) -> String {
    var branches: [JSON.Member] = []
    var stages: [JSON.Member] = []
    func files(_ products: [StageRecord.Product]) -> JSON.Member {
      JSON.Member("files", .object(products.map { JSON.Member($0.path, .string($0.xxh3)) }))
    }
    for section in sections {
      switch section {
      case .branch(let name, let counts):
        let sources = counts.map { source, count in
          JSON.Member(
            source,
            .object([
              .init("read", .whole(count.read)), .init("quarantined", .whole(count.quarantined)),
              .init("dropped", .whole(count.dropped)),
              .init("duplicates", .whole(count.duplicates)),
              .init("near_duplicates", .whole(count.nearDuplicates)),
              .init("kept", .whole(count.kept)), .init("seeds", .whole(count.seeds)),
            ]))
        }
        branches.append(JSON.Member(name, .object(sources)))
      case .teaching(let name, let message, let counts, let products):
        stages.append(
          JSON.Member(
            name,
            .object([
              .init("result", .string(message)), .init("kept", .whole(counts.kept)),
              .init("rows", .whole(counts.rows)),
              .init(
                "seeds",
                .object(
                  TeachingEntry.Kind.allCases.map {
                    JSON.Member($0.rawValue, .whole(counts[$0]))
                  })),
              .init(
                "tokens",
                .object([
                  .init("prompt", .whole(counts.promptTokens)),
                  .init("completion", .whole(counts.completionTokens)),
                ])),
              files(products),
            ])))
      case .stage(let name, let message, let products):
        stages.append(
          JSON.Member(
            name, .object([.init("result", .string(message)), files(products)])))
      }
    }
    return JSON.object([
      .init("recipe", .string(recipe)), .init("tool", .string(tool)),
      .init("branches", .object(branches)), .init("stages", .object(stages)),
      .init("inputs", .object(inputs.map { JSON.Member($0.name, .string($0.value)) })),
    ]).formatted() + "\n"
  }
}
