internal import CKernels
internal import Notation

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
        existing: left, incoming: left == 0 ? 1 : 0, keepsExisting: true,
        settings: try FusionSettings(settings))
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
        existing: 0, incoming: index + 1, keepsExisting: link.keepsExisting,
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
    let isByRow = steps.contains { $0.settings.scope == .row }
    let tiling: Tiling =
      isByRow ? .rows(of: task.columns, in: task.count) : .flat(task.count)
    let result: FusionResult
    if var stored = StoredFusion(task, existing: existing, steps: steps) {
      result = try stored.merge(task, steps, tiling)
    } else {
      var widened = Fusion(existing: existing)
      result = try widened.merge(task, steps, tiling)
    }
    var merged = Merged(result.written, figures: result.figures(task))
    merged.isDegenerate = result.steps.contains { $0.isDegenerate }
    return merged
  }
}

/// What is counted for a unit by step; the last apart, since most fusions have no other.
struct FusionAnswer: Sendable {
  var last = bm_selection()
  var earlier: [bm_selection] = []
}

/// What a fusion did with a tensor.
struct FusionResult {
  var written: Written
  var steps: [FusedStep]
  /// By step.
  var selections: [bm_selection]
  /// How many entries come from each input, where more than one step chose; else counting tells.
  var origins: [Int]?

  /// Sums up what was answered for each unit, in order, and how many entries each worker found to
  /// come from each input.
  init(_ written: Written, _ steps: [FusedStep], answers: [FusionAnswer], origins: [[Int]]) {
    self.written = written
    self.steps = steps
    selections = steps.map { _ in bm_selection() }
    for answer in answers {
      for (index, figures) in answer.earlier.enumerated() { selections[index].add(figures) }
      selections[steps.count - 1].add(answer.last)
    }
    guard steps.count > 1 else { return }
    self.origins = origins.reduce(into: origins[0].map { _ in 0 }) { sum, counts in
      for (input, count) in counts.enumerated() { sum[input] += count }
    }
  }

  /// What the report says; equal entries count for the kept side.
  func figures(_ task: TensorTask) -> [JSON.Member] {
    var counts = origins ?? Array(repeating: 0, count: task.inputs.count)
    if origins == nil, let step = steps.first?.step {
      let taken = Int(selections[0].selected_changed)
      let existing = step.existing
      let (kept, other) =
        step.keepsExisting ? (existing, step.incoming) : (step.incoming, existing)
      counts[kept] = task.count - taken
      counts[other] = taken
    }
    let from = zip(task.labels, counts).map { JSON.Member($0, .whole($1)) }
    let steps = zip(self.steps, selections).map { $0.report($1, labels: task.labels) }
    return [.init("entries_from", .object(from)), .init("steps", .array(steps))]
  }
}

extension bm_selection {
  mutating func add(_ other: bm_selection) {
    changed += other.changed
    selected += other.selected
    selected_changed += other.selected_changed
    square_changed += other.square_changed
    square_selected += other.square_selected
  }
}

/// One step of a chain before anything is known of the tensor.
struct FusionStep: Sendable {
  /// The input that the chain began with.
  var existing: Int
  var incoming: Int
  var keepsExisting: Bool
  var settings: FusionSettings
  /// What the result is rounded to before the next step; nil for not at all.
  var rounding: bm_type?
}
