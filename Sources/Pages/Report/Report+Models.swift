internal import Audit

extension Report {
  /// How the experts came to be.
  var trainings: Section? {
    guard !overview.trainings.isEmpty else { return nil }
    let table = Table(
      "The latest expert of each branch",
      [
        .text("Branch"), .text("Trainer"), .number("Rows"), .number("Tokens"), .number("Steps"),
        .number("First loss"), .number("Last loss"), .text("Left out"),
      ],
      overview.trainings.map { training in
        let losses = training.metrics.compactMap(\.loss)
        return [
          name(training.branch), training.isGiven ? "given as it was" : "\(training.trainer)",
          training.isGiven ? "not known" : .number(training.rows),
          training.tokens.map { .number($0) } ?? "–",
          training.metrics.last.map { .number($0.step) } ?? "–",
          losses.first.map { "\(Numerals.decimal($0, places: 3))" } ?? "–",
          losses.last.map { "\(Numerals.decimal($0, places: 3))" } ?? "–",
          training.leftOut.isEmpty
            ? (training.isGiven ? "–" : "none")
            : training.leftOut.map { "\(.number($0.rows)) \($0.reason)" as HTML }.joined(
              by: "<br>"),
        ]
      }, isStack: true)
    return Section("training", "Training", table.html + curves + commands)
  }

  private var curves: HTML {
    let drawn = overview.trainings.filter { $0.metrics.contains { $0.loss != nil } }
    let losses = drawn.flatMap { $0.metrics.compactMap(\.loss) }.filter(\.isFinite)
    guard let low = losses.min(), let high = losses.max() else { return "" }
    let figures = drawn.map { training -> HTML in
      let chart = Curve(
        title: "Loss of the expert \(training.branch) by optimizer step",
        points: training.metrics.compactMap { metric in
          metric.loss.flatMap { $0.isFinite ? (metric.step, $0) : nil }
        }, range: low...high, lastStep: training.metrics.last?.step ?? 1,
        colour: colour(training.branch))
      return .figure(
        chart.drawing, "\(name(training.branch)): loss by step; thin as logged, thick on average")
    }
    return "<h3>Loss</h3>\n<div class=\"columns\">\n\(figures.joined())</div>\n"
  }

  private var commands: HTML {
    overview.trainings.filter { $0.command != nil }.map { training -> HTML in
      let versions: HTML = training.versions.map { .text($0) } ?? ""
      return .fold(
        "How <strong>\(training.branch)</strong> was trained",
        .text(training.command ?? "") + versions)
    }.joined()
  }
}
