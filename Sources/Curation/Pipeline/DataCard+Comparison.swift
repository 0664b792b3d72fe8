internal import Lineage

extension DataCard {
  /// What the steps that the recipe named by `compared_with` has not, or has otherwise, left out or
  /// changed; nothing where it has no such branch.
  func comparison(with baseline: Baseline) -> [String] {
    let name = plan.branches[branch].name
    guard baseline.hasBranch(name) else { return [] }
    let sources = plan.sources.filter { source in
      source.takings.contains { $0.branch == branch }
    }
    var lines: [Line] = []
    func line(_ step: String, _ difference: Baseline.Difference) -> Int {
      if let index = lines.firstIndex(where: { $0.step == step && $0.difference == difference }) {
        return index
      }
      lines.append(
        Line(
          step: step, difference: difference, counts: Array(repeating: nil, count: sources.count)))
      return lines.count - 1
    }
    for (column, (source, counted)) in zip(sources, funnel.sources).enumerated() {
      let steps = source.takings.first { $0.branch == branch }?.steps ?? []
      for (step, count) in zip(steps, counted.steps) {
        guard let difference = baseline.difference(of: step, in: name, source.card.name)
        else { continue }
        lines[line("`\(step.name)`", difference)].counts[column] = count.dropped
      }
      for step in baseline.missing(among: steps, in: name, source.card.name) {
        _ = line("`\(step.name)`", .gone)
      }
    }
    if let search = plan.search(of: branch).map({ plan.searches[$0] }),
      let difference = baseline.difference(of: search, in: name)
    {
      lines[line("near duplicates", difference)].counts = funnel.sources.map {
        $0.counts.nearDuplicates
      }
    }
    let title = ["", "## Compared with \(baseline.name)", ""]
    guard !lines.isEmpty else {
      return title + ["The recipe `\(baseline.name)` has the same steps."]
    }
    let left = lines.reduce(0) { $0 + $1.total }
    return title + [
      "Steps that the recipe `\(baseline.name)` has not, or has otherwise, left out"
        + " \(grouped(left)) of \(grouped(funnel.total.read)) rows. A changed step is counted with"
        + " all that it left out. \(markup)", "",
      "| left out by | | \(sources.map { cell($0.card.name) }.joined(separator: " | ")) | total |",
      "|---|---|" + String(repeating: "---:|", count: sources.count + 1),
    ] + lines.map(\.markdown)
  }

  private struct Line {
    let step: String
    let difference: Baseline.Difference
    /// For each source; nil where it has no such step, or the same as the baseline.
    var counts: [Int?]

    var total: Int { counts.reduce(0) { $0 + ($1 ?? 0) } }

    var markdown: String {
      let cells = (counts + [total]).map { $0.map(grouped) ?? "" }
      return "| \(step) | \(difference.rawValue) | \(cells.joined(separator: " | ")) |"
    }
  }

  private var markup: String {
    let count = hadMarkup.reduce(0, +)
    return count == 0
      ? "No row that stayed had markup to turn into text."
      : "Markup was turned into text in \(grouped(count)) of the rows that stayed."
  }
}
