internal import Audit

/// The way of the rows, as a Sankey diagram: sources, what removed them, branches, the teacher that
/// writes the responses of their seeds, experts, the merged model. A band is as high as it has rows; what has no known number is a dotted line.
struct FlowChart {
  let overview: Overview

  /// What is drawn by name; the rest is drawn as one.
  static let shownBranches = 12, shownSteps = 6, shownSources = 14
  /// With more, the steps of each are drawn as one.
  static let detailedBranches = 6

  private let flow: Flow
  /// Without experts and merge, and with the words on the bands, for a phone.
  private let isNarrow: Bool
  // Where the columns are, from left to right, in pixels.
  private let sourceX: Double, sinkX: Double, branchX: Double, teacherX: Double
  private let expertX: Double, mergedX: Double
  private let width: Double
  private let node = 9.0
  /// All rows together are so high.
  private let full: Double
  private let labelHeight = 17.0

  init(_ overview: Overview, isNarrow: Bool = false) {
    self.overview = overview
    self.isNarrow = isNarrow
    flow = Flow(overview)
    mergedX = 1000
    guard !isNarrow else {
      (sourceX, sinkX, branchX, teacherX, expertX) = (0, 180, 359, 359, 359)
      (width, full) = (368, 360)
      return
    }
    let longest = flow.sources.map { Self.short($0).count }.max() ?? 0
    sourceX = max(70, 8.4 * Double(longest) + 14)
    // What is not there needs no room.
    let isTrained = flow.branches.contains { $0.training != nil }
    (branchX, expertX) =
      overview.merge != nil
      ? (flow.isTaught ? 600 : 650, 850) : isTrained ? (750, 1050) : (860, 1100)
    teacherX = expertX - 72
    sinkX = sourceX + (branchX - sourceX) * 0.47
    (width, full) = (1120, 430)
  }

  var drawing: Drawing {
    let scale = full / Double(max(flow.rows, 1))
    func tall(_ rows: Int) -> Double { rows == 0 ? 0 : max(1, Double(rows) * scale) }

    // First all places, from top to bottom, then what is drawn there.
    var y = 34.0
    var bands: [Band] = []
    for branch in flow.branches {
      var band = Band(top: y, kept: branch.sources.reduce(0) { $0 + tall($1.written) })
      y += max(band.kept, (branch.taught == nil ? 2 : 3) * labelHeight) + 8
      for sink in branch.sinks {
        let height = sink.rows.reduce(0) { $0 + tall($1) }
        band.sinks.append((y, height))
        y += max(height, labelHeight) + 3
      }
      bands.append(band)
      y += 22
    }
    let bottom = max(y - 22, 120)

    let sourceHeights = flow.sources.indices.map { source in
      flow.branches.reduce(0) { sum, branch in
        sum + tall(branch.sources[source].written)
          + branch.sinks.reduce(0) { $0 + tall($1.rows[source]) }
      }
    }
    let sourceYs = spread(sourceHeights, from: 34, to: bottom)

    var drawing = Drawing(
      "How \(Numerals.counted(flow.rows, "row")) flow from the sources to the branches",
      width: width, height: bottom + 14, classes: isNarrow ? "" : "flow")
    head(&drawing)

    var leaving = sourceYs
    for (branch, band) in zip(flow.branches, bands) {
      var kept = band.top
      var sinks = band.sinks.map(\.y)
      for (source, name) in flow.sources.enumerated() {
        let rows = branch.sources[source].written
        if rows > 0 {
          let height = tall(rows)
          drawing.path(
            Ribbon.path(
              sourceX + node, leaving[source], to: sinkX, kept, on: branchX, height: height),
            "flow \(branch.colour)",
            note: "\(name) → \(branch.name): \(Numerals.counted(rows, "row"))")
          leaving[source] += height
          kept += height
        }
        for (index, sink) in branch.sinks.enumerated() where sink.rows[source] > 0 {
          let height = tall(sink.rows[source])
          drawing.path(
            Ribbon.path(
              sourceX + node, leaving[source], height, to: sinkX, sinks[index], height),
            "flow lost",
            note: "\(name) → \(sink.name): \(Numerals.counted(sink.rows[source], "row"))"
              + " not in \(branch.name)")
          leaving[source] += height
          sinks[index] += height
        }
      }
      for (sink, place) in zip(branch.sinks, band.sinks) {
        drawing.rectangle(
          x: sinkX, y: place.y, width: node, height: place.height, "neutral")
        label(
          &drawing, sink.name, Numerals.grouped(sink.total), x: sinkX + node + 6,
          y: place.y + max(place.height, labelHeight) / 2 + 4)
      }
      drawing.rectangle(
        x: branchX, y: band.top, width: node, height: max(band.kept, 2), branch.colour)
    }
    if !isNarrow { drawModels(&drawing, bands, bottom: bottom, tall) }
    for (branch, band) in zip(flow.branches, bands) { label(&drawing, branch, band) }
    for (index, name) in flow.sources.enumerated() {
      let height = sourceHeights[index]
      drawing.rectangle(
        x: sourceX, y: sourceYs[index], width: node, height: max(height, 1), "neutral")
      let middle = sourceYs[index] + height / 2
      let x = isNarrow ? sourceX + node + 5 : sourceX - 7
      let side: Drawing.Anchor = isNarrow ? .start : .end
      drawing.text(Self.short(name), x: x, y: middle - 1, "strong", anchor: side)
      drawing.text(
        Numerals.counted(flow.sourceRows[index], "row"), x: x, y: middle + 14,
        isNarrow ? "" : "soft", anchor: side)
    }
    return drawing
  }

  /// What the columns are.
  private func head(_ drawing: inout Drawing) {
    drawing.text(
      "Sources", x: isNarrow ? 0 : sourceX + node, y: 14, "soft",
      anchor: isNarrow ? .start : .end)
    drawing.text("Removed by", x: sinkX, y: 14, "soft")
    drawing.text(
      "Branches", x: isNarrow ? width : branchX, y: 14, "soft", anchor: isNarrow ? .end : .start)
    guard !isNarrow else { return }
    if flow.isTaught {
      drawing.text("Teacher", x: teacherX + node, y: 14, "soft", anchor: .end)
    }
    if hasExpertNames {
      drawing.text("Experts", x: expertX + node, y: 14, "soft", anchor: .end)
    }
    if overview.merge != nil { drawing.text("Merged", x: mergedX, y: 14, "soft") }
  }

  /// Whether each expert's name finds room between the words beside its branch and its own mark;
  /// without names the column has no heading either.
  private var hasExpertNames: Bool {
    let trained = flow.branches.filter { $0.training != nil }
    return !trained.isEmpty
      && trained.allSatisfy { branch in
        let name = Double(7 * Self.short(branch.name).count)
        return end(of: branch) + name <= expertX + node
      }
  }

  /// How far the words beside a branch reach.
  private func words(beside branch: Flow.Branch) -> Double {
    Double(max(8 * Self.short(branch.name).count, 7 * branch.counted.count)) + 14
  }

  /// Where the band of a branch is left on the way to its expert: at the teacher's mark, if it has
  /// one.
  private func end(of branch: Flow.Branch) -> Double {
    branch.taught == nil ? branchX + node + words(beside: branch) : teacherX + node
  }

  /// A branch's name and rows: within its band where that is high, else above and below.
  private func label(_ drawing: inout Drawing, _ branch: Flow.Branch, _ band: Band) {
    let middle = band.top + band.kept / 2
    guard isNarrow else {
      let x = branchX + node + 6
      // A band that is but a line does not run through the words.
      let gap = band.kept < 10 ? 2.0 : 0
      let rise = branch.taught == nil ? 0 : labelHeight / 2
      drawing.text(Self.short(branch.name), x: x, y: middle - 2 - gap - rise, "strong")
      drawing.text(branch.counted, x: x, y: middle + 12 + gap - rise)
      guard let taught = branch.taught else { return }
      return drawing.text(
        "\(Numerals.grouped(taught)) taught", x: x, y: middle + 26 + gap - rise)
    }
    let taught = branch.taught.map { ", \(Numerals.grouped($0)) taught" } ?? ""
    drawing.text(
      "\(Self.short(branch.name)): \(branch.counted)\(taught)", x: branchX - 6,
      y: band.kept > labelHeight ? middle + 4 : band.top - 5, anchor: .end)
  }

  private struct Band {
    var top: Double
    var kept: Double
    var sinks: [(y: Double, height: Double)] = []
  }

  /// Experts beside their branches, what did not get there, and the merged model.
  private func drawModels(
    _ drawing: inout Drawing, _ bands: [Band], bottom: Double, _ tall: (Int) -> Double
  ) {
    /// Where an expert's band leaves it, and how high it is; 0 where nobody knows.
    var leaving: [(branch: Flow.Branch, y: Double, height: Double)] = []
    for (branch, band) in zip(flow.branches, bands) {
      drawTeacher(&drawing, branch, band, tall)
      guard let training = branch.training else { continue }
      let (right, y) = (branchX + node, band.top)
      if let trained = training.rows {
        let height = tall(trained)
        // What the branch kept goes straight on; what was taught comes from the teacher.
        let taught = min(branch.taught ?? 0, trained)
        let own = height - (taught > 0 ? tall(taught) : 0)
        if own > 0 {
          drawing.path(
            Ribbon.path(right, y, own, to: expertX, y, own), "flow \(branch.colour)",
            note: "\(branch.name) → its expert: \(Numerals.counted(trained - taught, "row"))")
        }
        if taught > 0 {
          let start = band.top + band.kept - tall(branch.seeds)
          drawing.path(
            Ribbon.path(teacherX + node, start, height - own, to: expertX, y + own, height - own),
            "flow \(branch.colour)",
            note: "teacher → the expert of \(branch.name): \(Numerals.counted(taught, "row"))")
        }
        drawing.rectangle(x: expertX, y: y, width: node, height: height, branch.colour)
        leaving.append((branch, y, height))
      } else {
        let middle = y + band.kept / 2
        // After the words beside the branch.
        drawing.path(
          Ribbon.thread(end(of: branch), middle, to: expertX, middle),
          "unknown \(branch.colour)",
          note: "\(branch.name): \(training.why)")
        drawing.rectangle(x: expertX, y: middle - 7, width: node, height: 14, branch.colour)
        leaving.append((branch, middle - 7, 0))
      }
    }
    if hasExpertNames {
      for entry in leaving {
        drawing.text(
          Self.short(entry.branch.name), x: expertX + node, y: entry.y - 5, "soft", anchor: .end)
      }
    }
    let merged = leaving.filter { $0.branch.isMerged }
    guard let first = merged.first, let last = merged.last, overview.merge != nil else { return }
    let heights = merged.map { $0.height > 0 ? $0.height : 14 }
    let height = heights.reduce(0, +)
    var y = max(34, (first.y + last.y + (last.height > 0 ? last.height : 14) - height) / 2)
    let top = y
    for (entry, height) in zip(merged, heights) {
      let share = entry.branch.entryShare.map { ", \($0) of its entries" } ?? ""
      let note = "\(entry.branch.name) → merged model\(share)"
      if entry.height > 0 {
        drawing.path(
          Ribbon.path(expertX + node, entry.y, height, to: mergedX, y, height),
          "flow \(entry.branch.colour)", note: note)
      } else {
        drawing.path(
          Ribbon.thread(expertX + node, entry.y + 7, to: mergedX, y + 7),
          "unknown \(entry.branch.colour)", note: note)
      }
      drawing.rectangle(x: mergedX, y: y, width: node, height: height, entry.branch.colour)
      y += height
    }
    let lines =
      [overview.merge?.method ?? ""]
      + merged.compactMap { entry in entry.branch.entryShare.map { "\(entry.branch.name) \($0)" } }
    let start = (top + y) / 2 - 7.5 * Double(lines.count - 1) + 4
    for (index, line) in lines.enumerated() {
      drawing.text(
        Self.short(line, 18), x: mergedX + node + 6, y: start + 15 * Double(index),
        index == 0 ? "strong" : "soft")
    }
  }

  /// The seeds of a branch on their way to the teacher, whose mark shows how many it taught.
  private func drawTeacher(
    _ drawing: inout Drawing, _ branch: Flow.Branch, _ band: Band, _ tall: (Int) -> Double
  ) {
    guard let taught = branch.taught, branch.seeds > 0 else { return }
    let height = tall(branch.seeds)
    let y = band.top + band.kept - height
    drawing.path(
      Ribbon.path(branchX + node, y, height, to: teacherX, y, height),
      "flow faint \(branch.colour)",
      note: "\(branch.name) → teacher: \(Numerals.counted(branch.seeds, "seed"))")
    let part = taught == 0 ? 0 : height * Double(taught) / Double(branch.seeds)
    if part > 0 {
      drawing.rectangle(
        x: teacherX, y: y, width: node, height: part, branch.colour,
        note: "\(Numerals.counted(taught, "seed")) taught")
    }
    if part < height {
      drawing.rectangle(
        x: teacherX, y: y + part, width: node, height: height - part, "neutral",
        note: "\(Numerals.counted(branch.seeds - taught, "seed")) without a row")
    }
  }

  private func label(
    _ drawing: inout Drawing, _ name: String, _ count: String, x: Double, y: Double
  ) {
    drawing.text(Self.short(name) + "  −" + count, x: x, y: y, "soft")
  }

  private static func short(_ name: String, _ limit: Int = 24) -> String {
    name.count <= limit ? name : name.prefix(limit - 1) + "…"
  }

  /// Places one below the other, with the same room between them.
  private func spread(_ heights: [Double], from top: Double, to bottom: Double) -> [Double] {
    let sum = heights.reduce(0) { $0 + max($1, 2 * labelHeight) }
    let gap = heights.count < 2 ? 0 : max(10, (bottom - top - sum) / Double(heights.count))
    var y = top + (heights.count < 2 ? max(0, (bottom - top - sum) / 2) : gap / 2)
    return heights.map { height in
      // Room for two lines of words, around the middle of what is low.
      let room = max(height, 2 * labelHeight)
      defer { y += room + gap }
      return y + (room - height) / 2
    }
  }
}
