internal import Audit

extension Report {
  /// What became of the seeds, what the answers took, and how they were asked for.
  var teacher: Section? {
    guard !overview.teachings.isEmpty else { return nil }
    let kinds = ["rejected", "failed", "refused"]
    let table = Table(
      "The latest teaching of each branch",
      [.text("Branch"), .text("Teacher"), .number("Seeds"), .number("Taught")]
        + [.number("Rejected"), .number("Failed"), .number("Refused")]
        + [.number("Tokens of prompts"), .number("of answers"), .drawing("Taught of seeds")],
      overview.teachings.map { teaching in
        let counts = kinds.map { kind in
          teaching.unanswered.reduce(0) { $0 + ($1.kind == kind ? $1.seeds : 0) }
        }
        let numbers =
          [teaching.seeds, teaching.taught] + counts
          + [teaching.promptTokens, teaching.completionTokens]
        return [name(teaching.branch), "\(teaching.model)"] + numbers.map { .number($0) }
          + [Meter([(colour(teaching.branch), teaching.taught)], of: teaching.seeds).html]
      }, isStack: true)
    return Section(
      "teacher", "Teacher",
      intro: """
        What was made of the seeds: seeds = taught + rejected + failed + refused. A taught row has \
        the prompt of its seed and the answer of a model, whose terms apply to it beside the \
        licence of the source. Tokens are those of the answers that were taken.
        """,
      table.html + unanswered + answers + asked)
  }

  private var unanswered: HTML {
    let found = overview.teachings.flatMap { teaching in
      teaching.unanswered.map { (teaching.branch, $0) }
    }
    guard !found.isEmpty else { return "" }
    return "<h3>Seeds without a row</h3>\n"
      + Table(
        "Why seeds have no row",
        [.text("Branch"), .text("Outcome"), .prose("Because"), .number("Seeds")]
          + [.prose("First of them")],
        found.map { branch, group in
          [
            name(branch), "\(group.kind)", "\(group.reason)", .number(group.seeds),
            "\(prompt(group.example))\(id(group.example.id))",
          ]
        }, isStack: true
      ).html
  }

  private var answers: HTML {
    let drawn = overview.teachings.filter { !$0.lengths.isEmpty }
    guard !drawn.isEmpty else { return "" }
    let figures = drawn.prefix(8).map { teaching -> HTML in
      let factor = teaching.lengths.count > 40 ? 4 : teaching.lengths.count > 16 ? 2 : 1
      let chart = Histogram(
        title: "Lengths of the answers that \(teaching.branch) took, in tokens",
        bars: teaching.lengths.map { bin in
          let range =
            bin.through.map { "\(Numerals.grouped(bin.from)) to \(Numerals.grouped($0))" }
            ?? "\(Numerals.grouped(bin.from)) or more"
          let isRound = bin.from > 0 && bin.from & (bin.from - 1) == 0
          return Histogram.Bar(
            label: isRound && bin.from.trailingZeroBitCount % factor == 0
              ? Numerals.grouped(bin.from) : "", counts: [bin.rows],
            note: "\(range) tokens: \(Numerals.counted(bin.rows, "answer"))")
        }, colours: [colour(teaching.branch)], unit: "tokens of an answer, doubling")
      return .figure(
        chart.drawing,
        """
        \(name(teaching.branch)): \(.counted(teaching.taught, "answer")), \
        \(.number(teaching.completionTokens)) tokens; the longest has \(.number(teaching.longest))
        """)
    }
    return """
      <h3>Answers <small>that were taken</small></h3>
      <div class="columns">
      \(figures.joined())</div>

      """
  }

  private var asked: HTML {
    overview.teachings.map { teaching -> HTML in
      let settings = Table(
        "What \(teaching.model) was asked for \(teaching.branch), and what is accepted",
        [.code("Setting"), .prose("Value")],
        teaching.settings.map { [.code($0.name), .text($0.value)] })
      let servers = Table(
        "Where the answers for \(teaching.branch) came from", [.code("Server"), .number("Rows")],
        teaching.servers.map { [.code($0.url), .number($0.rows)] })
      return .fold(
        "How <strong>\(teaching.branch)</strong> was taught",
        settings.html + (teaching.servers.isEmpty ? "" : servers.html))
    }.joined()
  }
}
