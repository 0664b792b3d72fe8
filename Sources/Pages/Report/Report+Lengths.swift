internal import Audit
internal import Lineage

extension Report {
  /// How long the rows are, in bytes and in tokens.
  var lengths: Section? {
    let drawn = overview.branches.filter { !$0.lengths.isEmpty }
    guard !drawn.isEmpty else { return nil }
    var content: HTML =
      "<h3>Bytes of the source rows <small>read, and of these kept or seeds</small></h3>\n"
    content += columns(drawn, bytes)
    let counted = drawn.filter { $0.tokens != nil }
    if !counted.isEmpty {
      content +=
        "<h3>Tokens <small>of the rows that are trained on, as the pre-flight counted them</small></h3>\n"
      content += columns(counted, tokens)
    }
    return Section("lengths", "Lengths", content)
  }

  private func columns(_ branches: [Overview.Branch], _ show: (Overview.Branch) -> HTML) -> HTML {
    let drawings: HTML = "<div class=\"columns\">\n\(branches.prefix(8).map(show).joined())</div>\n"
    guard branches.count > 8 else { return drawings }
    return drawings
      + .fold(
        "The other \(.number(branches.count - 8)) branches",
        "<div class=\"columns\">\n\(branches.dropFirst(8).map(show).joined())</div>\n")
  }

  private func bytes(_ branch: Overview.Branch) -> HTML {
    // Labels that do not touch: further apart where there are many.
    let factor = branch.lengths.count > 40 ? 4 : branch.lengths.count > 16 ? 2 : 1
    let chart = Histogram(
      title: "Lengths of the rows that \(branch.name) read and kept, in bytes",
      bars: branch.lengths.map { bin in
        let range =
          bin.through.map { "\(Numerals.grouped(bin.from)) to \(Numerals.grouped($0))" }
          ?? "\(Numerals.grouped(bin.from)) or more"
        let isRound = bin.from > 0 && bin.from & (bin.from - 1) == 0
        return Histogram.Bar(
          label: isRound && bin.from.trailingZeroBitCount % factor == 0
            ? Self.binary(bin.from) : "",
          counts: [bin.read, bin.kept],
          note:
            "\(range) bytes: \(Numerals.grouped(bin.read)) read, \(Numerals.grouped(bin.kept)) kept"
            + (branch.counts.seeds > 0 ? " or seeds" : ""))
      }, colours: ["lost", colour(branch.name)],
      unit: "bytes of a row, doubling; a KiB is 1,024 bytes")
    return .figure(
      chart.drawing,
      """
      \(name(branch.name)): \(.written(kept: branch.counts.kept, seeds: branch.counts.seeds)) (in colour) \
      of \(.counted(branch.counts.read, "row")) read (grey)
      """)
  }

  private static func binary(_ bytes: Int) -> String {
    bytes < 1024 ? "\(bytes) B" : bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
  }

  private func tokens(_ branch: Overview.Branch) -> HTML {
    guard let tokens = branch.tokens else { return "" }
    let beyond = tokens.bins.firstIndex { $0.from > tokens.limit }
    let every = max(1, tokens.bins.count / 5)
    let chart = Histogram(
      title: "Lengths of the rows of \(branch.name), in tokens",
      bars: tokens.bins.enumerated().map { index, bin in
        let range =
          bin.through.map { "\(Numerals.grouped(bin.from)) to \(Numerals.grouped($0))" }
          ?? "\(Numerals.grouped(bin.from)) or more"
        return Histogram.Bar(
          label: index % every == 0 ? Numerals.grouped(bin.from) : "", counts: [bin.rows],
          note: "\(range) tokens: \(Numerals.counted(bin.rows, "row"))")
      }, colours: [colour(branch.name)], unit: "tokens of a row",
      mark: beyond.map { ($0, "cut-off \(Numerals.grouped(tokens.limit))") })
    return .figure(
      chart.drawing,
      """
      \(name(branch.name)): \(.number(tokens.rows)) rows, \(.number(tokens.tokens)) tokens; half \
      have \(.number(tokens.median)) or fewer, the longest \(.number(tokens.longest)); the trainer \
      keeps \(.number(tokens.limit)) of a row.
      """)
  }
}
