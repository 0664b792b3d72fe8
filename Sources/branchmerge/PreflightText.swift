import Curation
import Training

/// What `preflight` prints: a table with a column for each branch, then each branch's lengths and
/// the rows with something to tell.
struct PreflightText {
  private let branches: [(name: String, report: PreflightReport)]

  init(_ branches: [(name: String, report: PreflightReport)]) { self.branches = branches }

  var text: String {
    ([counts] + branches.flatMap { [histogram($0.name, $0.report), rows($0.name, $0.report)] })
      .compactMap { $0 }.joined(separator: "\n\n")
  }

  private var counts: String {
    var rows = [[""] + branches.map { shown($0.name) }]
    func add(_ label: String, _ value: (PreflightReport) -> String) {
      rows.append([label] + branches.map { value($0.report) })
    }
    func add(_ finding: Finding, _ lead: String, always: Bool = false) {
      guard always || branches.contains(where: { $0.report.count(finding) > 0 }) else { return }
      add(lead + finding.text) { grouped($0.count(finding)) }
    }
    add("rows") { grouped($0.rows) }
    for finding in Finding.allCases where finding.drops { add(finding, "− ") }
    if branches.contains(where: { $0.report.overlong == .drop }) {
      add("− " + Finding.overlong.text) {
        $0.overlong == .drop ? grouped($0.count(.overlong)) : "kept"
      }
    }
    add("= to training") { grouped($0.trainedRows) }
    add(.overlong, "", always: true)
    for finding in [Finding.losesReasoning, .losesAnswer, .losesEnd] {
      add(finding, "  ", always: true)
    }
    add(.losesPrompt, "  ")
    for finding in [Finding.emptyPrompt, .emptyResponse, .openReasoning, .addsEmptyThought] {
      add(finding, "")
    }
    add("tokens") { grouped($0.tokens) }
    add("  kept") { grouped($0.keptTokens) }
    add("  learned") { grouped($0.learnedTokens) }
    add("tokens of a row, median") { $0.lengths.map { grouped($0.median) } ?? "-" }
    add("  95 % have at most") { $0.lengths.map { grouped($0.p95) } ?? "-" }
    add("  longest") { $0.lengths.map { grouped($0.max) } ?? "-" }
    add("packs") { $0.packing == .none ? "none" : grouped($0.packs) }
    add("  filled") {
      $0.packing == .none ? "-" : percent($0.keptTokens, of: $0.packs * $0.cutoff)
    }
    add("steps per epoch") { grouped($0.stepsPerEpoch) }
    add("steps in all") { grouped($0.totalSteps) }
    func notes(_ report: PreflightReport) -> [String] {
      (report.newTokens.isEmpty
        ? []
        : [
          "the base's tokenizer lacks \(report.newTokens.map(shown).joined(separator: ", ")), which"
            + " the trainer adds; where the model has no room for it, say 'resize_vocab: true'"
            + " under 'extra'"
        ])
        + (report.uncounted.isEmpty
          ? []
          : [
            "'extra' sets \(report.uncounted.joined(separator: ", ")), which these counts leave out"
          ])
    }
    let warnings = branches.flatMap { name, report in
      notes(report).map { "warning: \(shown(name)): \($0)" }
    }
    return ([table(rows)] + warnings).joined(separator: "\n")
  }

  /// A bar for each bucket, and a line where the trainer cuts.
  private func histogram(_ name: String, _ report: PreflightReport) -> String? {
    guard let most = report.histogram.map(\.rows).max() else { return nil }
    let cells = report.histogram.map { bucket in
      [
        grouped(bucket.from) + (bucket.through.map { " – \(grouped($0))" } ?? " and more"),
        grouped(bucket.rows),
      ]
    }
    let cut =
      "cut-off: \(grouped(report.limit)) tokens"
      + (report.packing == .none ? "" : ", one less than \(grouped(report.cutoff)) with packing")
    let columns = table([["tokens", "rows"]] + cells, leftColumns: 0).split(separator: "\n")
    var lines = ["\(shown(name)): how long the rows are", "\(columns[0])"]
    for (column, bucket) in zip(columns.dropFirst(), report.histogram) {
      lines.append(bucket.rows == 0 ? "\(column)" : "\(column)  \(bar(bucket.rows, of: most))")
      if bucket.through == report.limit { lines.append("──── \(cut) ────") }
    }
    if report.histogram.allSatisfy({ ($0.through ?? 0) < report.limit }) {
      lines.append("(\(cut))")
    }
    return lines.joined(separator: "\n")
  }

  /// At most 40 columns in steps of an eighth; whatever is there is seen.
  private func bar(_ part: Int, of whole: Int) -> String {
    guard part > 0, whole > 0 else { return "" }
    let eighths = max(1, Int((Double(part) / Double(whole) * 320).rounded()))
    let last = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
    return String(repeating: "█", count: eighths / 8) + last
  }

  /// The first rows that something is wrong with.
  private func rows(_ name: String, _ report: PreflightReport) -> String? {
    guard !report.listed.isEmpty else { return nil }
    let shownRows = report.listed.prefix(Self.listedRows)
    let cells = shownRows.map { row in
      [
        grouped(row.row), row.id.map(shown) ?? "", grouped(row.tokens),
        (row.isLeftOut ? "not trained: " : "")
          + told(of: row).map(\.text).joined(separator: ", "),
      ]
    }
    let columns = table(
      [["row", "id", "tokens"]] + cells.map { Array($0.dropLast()) }, leftColumns: 2
    ).split(separator: "\n")
    let lines = zip(columns, ["finding"] + cells.map { $0[3] }).map { "\($0)  \($1)" }
    let more = report.listed.count - shownRows.count
    return
      (["\(shown(name)): rows to look at"] + lines
      + (more > 0 ? ["and \(grouped(more)) more, all in --json"] : []))
      .joined(separator: "\n")
  }

  /// Who loses `</think>` loses what follows it too.
  private func told(of row: PreflightReport.Row) -> [Finding] {
    let losses: [Finding] = [.losesReasoning, .losesAnswer, .losesEnd]
    let first = losses.first(where: row.findings.contains)
    return row.findings.filter { !losses.contains($0) || $0 == first }
  }

  private static let listedRows = 10
}
