internal import CKernels

/// Keeps one model and takes from another the entries whose change matters most.
///
/// With L the kept side and R the other, every entry is scored by S = |R − L| · K, where K is the
/// divergence of the softmax of R's row from that of L's row, ε on every probability. Entries with
/// S ≥ T = median + λ · (third quartile − first quartile) are taken from R, all others stay L.
/// Quartiles are lower quantiles of all scores of the tensor, exact for any size.
///
/// "Branch-Merge distillation", 2025, arXiv:2503.04872, equations 1 to 7, in the form of mergekit's
/// arcee_fusion, which its authors ran. Three passes over the inputs; one more for rows of more than
/// 65,536 entries or one divergence for a whole tensor.
package struct ArceeFusion: MergeMethod {
  package static let about = MethodDescription(
    "arcee_fusion", "Selective fusion by salience",
    paper: "Sun et al., Branch-Merge distillation (TinyR1-32B-Preview), 2025, arXiv:2503.04872;"
      + " Goddard et al., Arcee's MergeKit, 2024, arXiv:2403.13257",
    formula: "S = |R − L| · KL(softmax R ‖ softmax L) by row; out = R where S ≥ T, else L;"
      + " T = median S + λ · IQR S",
    experts: 1...1, base: .required,
    parameters: FusionSettings.parameters)

  private var steps: [FusionStep]

  package init(_ settings: MethodSettings) throws {
    let left = settings.base ?? 0
    steps = [
      FusionStep(
        incoming: left == 0 ? 1 : 0, keepsExisting: true, settings: try FusionSettings(settings))
    ]
    existing = left
  }

  /// The input that a chain begins with.
  private var existing: Int

  /// Fuses inputs 0, 1, 2 … one after another; `keepsExisting` and settings are those of each step
  /// from input 1 on. What is between two steps is rounded to `intermediate`, else not at all.
  package init(chain: [(keepsExisting: Bool, settings: MethodSettings)], intermediate: ElementType?)
    throws
  {
    existing = 0
    steps = try chain.enumerated().map { index, link in
      FusionStep(
        incoming: index + 1, keepsExisting: link.keepsExisting,
        settings: try FusionSettings(link.settings), rounding: intermediate?.kernel)
    }
    if !steps.isEmpty { steps[steps.count - 1].rounding = nil }
  }

  package func merge(_ task: TensorTask) throws -> Merged {
    guard task.inputs.count > 1 else {
      let written = try task.write(.flat(task.count)) { block, _, merged in
        merged.set(block[0], times: 1)
      }
      return Merged(written)
    }
    let isByRow = steps.allSatisfy { $0.settings.scope == .row }
    let tiling: Tiling =
      isByRow ? .rows(of: task.columns, in: task.count) : .flat(task.count)
    var done = Fusion(existing: existing)
    for step in steps {
      done.steps.append(try done.resolved(step, task, tiling))
    }
    let fusion = done
    // Where two steps choose, an entry's origin has to be followed; after one, counting tells.
    let tracing = fusion.steps.count > 1 ? Fusion.vectors : nil
    let (written, answers) = try task.writeAnswering(tiling, vectors: Fusion.vectors + 3) {
      block, room, merged in
      var figures: [bm_selection] = []
      let result = fusion.evaluate(block, &room, at: 0, tracing: tracing, figures: &figures)
      merged.withUnsafeMutableBufferPointer {
        $0.baseAddress!.update(from: result.values, count: block.count)
      }
      let counts = result.origins.map { origins in
        (0..<fusion.steps.count + 1).map {
          kernels.count_equal(origins, Double($0), block.count)
        }
      }
      return (figures, counts ?? [])
    }
    var selections = fusion.steps.map { _ in bm_selection() }
    var origins = task.inputs.map { _ in 0 }
    for (figures, counts) in answers {
      for (index, figure) in figures.enumerated() { selections[index].add(figure) }
      for (index, count) in counts.enumerated() { origins[index] += count }
    }
    if tracing == nil, let step = fusion.steps.first?.step {
      let taken = Int(selections[0].selected_changed)
      let (kept, other) =
        step.keepsExisting ? (fusion.existing, step.incoming) : (step.incoming, fusion.existing)
      origins[kept] = task.count - taken
      origins[other] = taken
    }
    var merged = Merged(written, figures: fusion.report(selections, origins, task.labels))
    merged.isDegenerate = fusion.steps.contains { $0.isDegenerate }
    return merged
  }
}

extension bm_selection {
  fileprivate mutating func add(_ other: bm_selection) {
    changed += other.changed
    selected += other.selected
    selected_changed += other.selected_changed
    square_changed += other.square_changed
    square_selected += other.square_selected
  }
}

/// One step of a chain before anything is known of the tensor.
struct FusionStep: Sendable {
  var incoming: Int
  var keepsExisting: Bool
  var settings: FusionSettings
  /// What the result is rounded to before the next step; nil for not at all.
  var rounding: bm_type?
}
