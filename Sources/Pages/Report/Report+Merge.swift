internal import Audit

extension Report {
  /// What is whose in the merged model, by layer and module.
  var merge: Section? {
    guard let merge = overview.merge else { return nil }
    let grid = MergeGrid(merge)
    let entries = merge.inputs.reduce(0) { $0 + ($1.entries ?? 0) }
    let hasEntries = entries > 0
    let inputs = Table(
      "The models that were merged",
      [.text("Model"), .text("Part")]
        + (hasEntries
          ? [.number("Entries"), .number("Share"), .drawing("Share of all entries")] : []),
      merge.inputs.map { input in
        let kind: HTML =
          input.isBase ? "base" : input.branch.map { "expert of \($0)" } ?? "expert"
        guard hasEntries else { return [name(input), kind] }
        return [
          name(input), kind, input.entries.map { .number($0) } ?? "–",
          .share(input.entries ?? 0, of: entries),
          Meter([(colour(input), input.entries ?? 0)], of: entries).html,
        ]
      }, isStack: true)
    let maps = merge.inputs.compactMap { input -> HTML? in
      hasEntries
        ? grid.shares(of: input.name, colour: colour(input)).map { map in
          .figure(map.drawing, "Share of <strong>\(input.name)</strong>")
        }
        : grid.distances(to: input.name, colour: colour(input)).map { map in
          .figure(
            map.drawing,
            "How far the merged tensors are from those of <strong>\(input.name)</strong>, by their own length"
          )
        }
    }
    let thresholds = merge.inputs.compactMap { input -> HTML? in
      grid.thresholds(of: input.name).map { map in
        .figure(
          map.drawing,
          "Thresholds of <strong>\(input.name)</strong>")
      }
    }
    let degenerate = merge.tensors.filter(\.isDegenerate).count
    let overflowed = merge.tensors.filter { $0.overflowed > 0 }.count
    let intro: HTML = """
      \(merge.method) made \(.counted(merge.tensors.count, "tensor"))\
      \(.when(degenerate > 0, ", of which \(.number(degenerate)) had no threshold"))\
      \(.when(overflowed > 0, ", and \(.number(overflowed)) overflowed")).
      """
    let note: HTML =
      degenerate == 0
      ? ""
      : """
      <p class="soft">A dot marks a degenerate tensor: most of its scores are alike, so that they \
      give no threshold. Such tensors do not count for the colours' range.</p>
      """
    return Section(
      "merge", "Merge", intro: intro,
      inputs.html
        + (maps.isEmpty
          ? ""
          : "<h3>By layer and module</h3>\n\(note)<div class=\"maps\">\n\(maps.joined())</div>\n")
        + (thresholds.isEmpty
          ? ""
          : "<h3>Thresholds <small>the score from which on an expert’s entries are taken, stronger where it is higher, by powers of ten; blank where there is none</small></h3>\n<div class=\"maps\">\n\(thresholds.joined())</div>\n")
        + tensors(merge) + .fold("The merge file", .text(merge.config)))
  }

  private func name(_ input: Overview.Merge.Input) -> HTML {
    input.branch.map { name($0) } ?? "\(input.name)"
  }

  private func colour(_ input: Overview.Merge.Input) -> String {
    input.branch.map { colour($0) } ?? "neutral"
  }

  private func tensors(_ merge: Overview.Merge) -> HTML {
    let names = merge.inputs.filter { $0.entries != nil }.map(\.name)
    let joining = merge.inputs.map(\.name).filter { name in
      merge.tensors.contains { $0.steps.contains { $0.incoming == name } }
    }
    let table = Table(
      "All tensors of the merged model",
      [.code("Tensor"), .text("Shape"), .text("Type")] + names.map { .number($0) }
        + joining.map { .number("threshold of \($0)") } + [.text(""), .code("XXH3")],
      merge.tensors.map { tensor in
        let shares = names.map { name -> HTML in
          let own = tensor.shares.first { $0.input == name }?.entries
          return own.map { .share($0, of: tensor.entries) } ?? "–"
        }
        let thresholds = joining.map { name -> HTML in
          let step = tensor.steps.first { $0.incoming == name }
          return step.map { "\(Numerals.significant($0.threshold))" } ?? "–"
        }
        return [
          .code(tensor.name), "\(tensor.shape.map(String.init).joined(separator: " × "))",
          "\(tensor.type)",
        ] + shares + thresholds + [
          tensor.isDegenerate ? "degenerate" : "", tensor.xxh3.map { .hash($0) } ?? "–",
        ]
      })
    return .fold("All \(.counted(merge.tensors.count, "tensor"))", isPrinted: false, table.html)
  }
}
