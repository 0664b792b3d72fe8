package import Audit
internal import Lineage

/// One sample: its story in each branch, where it comes from, and its rows.
package struct SamplePage: Sendable {
  package var view: SampleView
  /// The run that was asked for; nil for the latest.
  package var run: Int64?

  /// For each fate the first of those that gave way to this sample, and how many they are.
  package var duplicates: [Duplicates]

  package struct Duplicates: Sendable {
    package var first: FateList
    package var total: Int

    package init(_ first: FateList, total: Int) {
      self.first = first
      self.total = total
    }
  }

  package init(_ view: SampleView, run: Int64?, duplicates: [Duplicates]) {
    self.view = view
    self.duplicates = duplicates
    self.run = run
  }

  private var trace: Trace { view.trace }
  private var name: String { trace.id ?? "\(trace.place.path):\(trace.place.row)" }

  package var html: ServedPage {
    ServedPage(
      "Sample \(name)", nil,
      """
      <h1 class="id">\(name)</h1>
      \(neighbours)
      \(HTML.section("fates", "What became of it", fates))
      \(HTML.section("row", "The row as it was read", original))
      \(HTML.section("origin", "Where it comes from", origin))
      """)
  }

  private var neighbours: HTML {
    var links: HTML = ""
    if let previous = view.previous {
      links += Address.sample(previous, run: run).link("← Row before", " rel=\"prev\"")
    }
    if let next = view.next {
      links += Address.sample(next, run: run).link("Row after →", " rel=\"next\"")
    }
    return links == ""
      ? ""
      : "<div class=\"pager\" role=\"navigation\" aria-label=\"Rows of the file\">\(links)</div>"
  }

  // MARK: - Fates

  private var fates: HTML {
    trace.fates.indices.map { index -> HTML in
      let fate = trace.fates[index]
      let story = view.story.flatMap {
        $0.branches.indices.contains(index) ? $0.branches[index] : nil
      }
      let branch = Address(
        "/samples", [("branch", fate.branch), ("run", run.map { String($0) })]
      ).link(HTML(text: fate.branch))
      return """
        <h3>\(branch) \(HTML.fate(fate.fate))</h3>
        \(story.map(paragraph) ?? "")
        \(facts(of: fate))\(story.map(steps) ?? "")\(rule(of: fate))\(gaveWay(index))\(row(index))\
        \(lesson(index))
        """
    }.joined()
  }

  private func paragraph(on branch: Story.Branch) -> HTML { "<p dir=\"auto\">\(branch.text)</p>" }

  private func facts(of fate: Trace.FateInBranch) -> HTML {
    var facts: [(name: String, value: HTML)] = []
    if let step = fate.step { facts.append(("dropped by", HTML(text: step))) }
    if fate.outputRow == nil, let evidence = fate.evidence {
      facts.append(("because", HTML.code(evidence)))
    }
    if let stayed = fate.duplicateOf {
      facts.append(("same prompt as", Address.sample(stayed, run: run).link(HTML(text: stayed))))
    }
    if let path = fate.outputPath, let row = fate.outputRow {
      let build: HTML = fate.replacedBy == nil ? "" : " in the build of run \(Int(fate.run))"
      facts.append(("row", "\(HTML.number(row)) of \(HTML.code(path))\(build)"))
    }
    if let teaching = fate.teaching {
      facts.append(("teacher", "\(teaching.model)"))
      facts.append(("seed", "\(teaching.outcome)"))
      if let reason = teaching.reason { facts.append(("because", "\(reason)")) }
      if let row = teaching.outputRow {
        facts.append(("taught row", "\(HTML.number(row)) of \(HTML.code(teaching.outputPath))"))
      }
    }
    if let picked = fate.picked, let candidates = fate.candidates, candidates > 1 {
      facts.append(("picked", "trajectory \(picked + 1) of \(candidates)"))
    }
    // An expert that did not see the sample is told of in the paragraph.
    for training in [fate.training].compactMap({ $0 })
      + fate.otherTrainings.filter({ $0.row != nil })
    {
      facts.append(("expert", HTML.code(training.expert)))
      for merge in training.merges { facts.append(("merged into", HTML.code(merge.model))) }
    }
    return facts.isEmpty ? "" : HTML.facts(facts)
  }

  private func steps(of branch: Story.Branch) -> HTML {
    guard !branch.steps.isEmpty else { return "" }
    let table = Table(
      "Steps of \(branch.branch), in the order of asking",
      [.text("step"), .text("outcome"), .code("saw"), .text("asks")],
      branch.steps.map { step in
        let outcome: HTML =
          step.outcome == .dropped ? HTML.fate("dropped") : "\(step.outcome.rawValue)"
        return [
          HTML(text: step.name), outcome,
          step.evidence.map { HTML.code($0.shortened(to: 300)) } ?? "",
          HTML(text: (step.about ?? step.rule).shortened(to: 300)),
        ]
      }, isStack: true)
    return HTML.fold("The steps, and what each saw", table.html)
  }

  private func rule(of fate: Trace.FateInBranch) -> HTML {
    fate.stepText.map { HTML.fold("The rule that dropped it, as it was", HTML.text($0)) } ?? ""
  }

  private func gaveWay(_ index: Int) -> HTML {
    guard duplicates.indices.contains(index), duplicates[index].total > 0 else { return "" }
    let (entries, total) = (duplicates[index].first.entries, duplicates[index].total)
    let links = entries.compactMap(\.id).map { id -> HTML in
      "<li>\(Address.sample(id, run: run).link(HTML.hash(id)))</li>"
    }
    let rest: HTML = total > links.count ? "<li>and \(.number(total - links.count)) more</li>" : ""
    return HTML.fold(
      "\(.counted(total, "duplicate")) gave way to it", "<ul>\(links.joined())\(rest)</ul>\n")
  }

  private func row(_ index: Int) -> HTML {
    guard view.outputs.indices.contains(index), let output = view.outputs[index] else { return "" }
    return HTML.fold("The row of the branch", reading(output))
  }

  private func lesson(_ index: Int) -> HTML {
    guard view.lessons.indices.contains(index), let lesson = view.lessons[index] else { return "" }
    return LessonPart(lesson, reading: reading).html
  }

  // MARK: - Origin

  private var origin: HTML {
    let place = trace.place
    var facts: [(name: String, value: HTML)] = [
      ("source", HTML(text: trace.source.name)),
      ("licence", HTML(text: trace.source.licence)),
      ("revision", HTML(text: trace.source.revision)),
      ("homepage", HTML(text: trace.source.homepage)),
      ("file", HTML.code(place.path)),
      ("XXH3 of the file", HTML.hash(place.fileXXH3)),
    ]
    if let hash = place.sha256 ?? place.publishedSHA256 {
      facts.append(("SHA-256 of the file", HTML.hash(hash)))
    }
    facts.append(("row", HTML.number(place.row)))
    if let offset = place.byteOffset { facts.append(("first byte", HTML.number(offset))) }
    facts.append(("length", HTML.bytes(place.byteCount)))
    if let hash = place.rowXXH3 { facts.append(("XXH3 of the row", HTML.hash(hash))) }
    let recipe = Address("/runs").link("run \(Int(trace.run.id))")
    facts.append(("read by", "\(recipe), recipe \(trace.run.recipe)"))
    if !trace.otherRuns.isEmpty {
      let links = trace.otherRuns.prefix(20).map { run -> HTML in
        Address.sample(name, run: run).link("\(Int(run))")
      }
      let list: HTML = links.joined(by: ", ")
      facts.append(("and by run", list))
    }
    return HTML.facts(facts)
  }

  // MARK: - Rows

  private var original: HTML {
    if case .far = view.original {
      let all = Address(
        "/sample", [("id", name), ("run", run.map { String($0) }), ("read", "all")])
      return """
        <p>The file is packed, and reading up to the row takes a while: \(all.link("read it")).</p>
        """
    }
    guard case .row = view.original else { return reading(view.original) }
    let plain = Address("/row", [("id", name), ("run", run.map { String($0) })])
    return reading(view.original) + "<p>\(plain.link("The row as it stands in the file"))</p>\n"
  }

  private func reading(_ row: StoredRow) -> HTML {
    switch row {
    case .far: ""
    case .failed(let message): HTML.notice("It cannot be shown: \(message)")
    case .row(let bytes, let isProved):
      """
      <p class="soft">\(isProved ? "Proved by its hash." : "The ledger has no hash of it.")</p>
      \(RowFields(bytes).html)
      """
    }
  }
}
