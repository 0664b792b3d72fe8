package import Files

/// What the trainer would do to the rows of a branch, told before it starts.
///
/// Row for row what LLaMA-Factory 0.9.5 makes of them, with its own defaults (all turns are learned,
/// thinking is on); `Tests/Reference/llama_factory_rows.py` runs the real one beside it.
package struct Preflight: Sendable {
  /// The data of one branch, and how it is to be trained on.
  package struct Request: Sendable {
    package var dataPath: String
    /// A name of `RowFormats`.
    package var rowFormat: String
    package var template: String
    package var cutoff: Int
    package var overlong = TrainingSettings.Overlong.keep
    package var packing = TrainingSettings.Packing.none
    /// Packs, or rows without packing, for one step of the optimizer.
    package var batch: Int
    package var epochs: Double
    /// The trainer's `preprocessing_num_workers`, which decides what rows can share a pack.
    package var processes = 1
    /// What the recipe passes on to the trainer and is not counted, though it changes the counts.
    package var uncounted: [String] = []
    /// Threads; the report is the same for any number.
    package var workers = 1

    /// What a job is about to do; throws where the recipe does not say it all.
    package init(_ job: TrainingJob) throws(TrainingError) {
      let settings = job.settings
      guard let template = settings.template, let cutoff = settings.cutoff,
        let batch = settings.batch, let epochs = settings.epochs
      else {
        throw TrainingError(
          job.branch, "rows are counted for a template, a cutoff, a batch and epochs; give all four"
        )
      }
      self.init(
        dataPath: job.dataPath, rowFormat: job.rowFormat, template: template, cutoff: cutoff,
        batch: batch, epochs: epochs)
      overlong = settings.overlong
      packing = settings.packing
      for extra in settings.extra {
        if extra.key == "preprocessing_num_workers", let count = extra.value.flatMap(Int.init) {
          processes = max(1, count)
        } else if Self.changing.contains(extra.key) {
          uncounted.append(extra.key)
        }
      }
    }

    /// LLaMA-Factory's keys that change which tokens are learned, or how many steps are taken.
    private static let changing: Set<String> = [
      "add_special_tokens", "add_tokens", "cutoff_len", "dataset", "dataset_dir", "default_system",
      "enable_thinking", "gradient_accumulation_steps", "mask_history", "max_samples", "max_steps",
      "neat_packing", "new_special_tokens", "num_train_epochs", "packing",
      "per_device_train_batch_size", "preprocessing_batch_size", "preprocessing_num_workers",
      "preserve_thinking", "split_special_tokens", "stage", "streaming", "template",
      "tokenized_path", "train_on_prompt", "val_size",
    ]

    package init(
      dataPath: String, rowFormat: String, template: String, cutoff: Int, batch: Int, epochs: Double
    ) {
      self.dataPath = dataPath
      self.rowFormat = rowFormat
      self.template = template
      self.cutoff = cutoff
      self.batch = batch
      self.epochs = epochs
    }

    /// How many tokens of a row the trainer keeps; with packing it lowers the cut-off by one.
    package var limit: Int { packing == .none ? cutoff : cutoff - 1 }
  }

  package struct Progress: Sendable {
    package var rows = 0
    package var bytes = 0
    package var totalBytes: Int
  }

  private let base: BaseTokenizer
  /// Far above any context, and low enough that tokens of all packs can be multiplied out.
  private static let largestCutoff = 1 << 32

  /// Reads the tokenizer in the folder of the model that training starts from.
  package init(base folder: String) throws { base = try BaseTokenizer(folder: folder) }

  package func run(
    _ request: Request, progress: (Progress) -> Void = { _ in }
  ) throws -> PreflightReport {
    let template = try TrainerTemplate(named: request.template)
    let format = try TrainingRowFormat.named(request.rowFormat)
    guard request.limit > 0, request.cutoff <= Self.largestCutoff, request.batch > 0,
      request.epochs > 0, request.epochs < 1e9
    else {
      throw PreflightError(
        "rows cannot be counted for a cut-off of \(request.cutoff) tokens, batches of"
          + " \(request.batch) and \(request.epochs) epochs; give numbers above 0, and a cut-off"
          + " of at most \(Self.largestCutoff)")
    }
    let tokens = base.tokens(for: template)
    let limit = request.limit
    let path = request.dataPath
    let reader = try TrainingRowReader(path)
    let conveyor = Conveyor(
      pieces: (0..<request.workers + 2).map { _ in RowPiece() }, fill: reader.fill)
    var tally = PreflightTally(request)
    var state = Progress(totalBytes: reader.file.byteCount)
    try conveyor.run(
      workers: max(1, request.workers),
      makeWork: {
        let encoder = RowEncoder(tokens, template, limit: limit)
        return { piece in
          piece.outcomes.removeAll(keepingCapacity: true)
          for (offset, line) in piece.lines.enumerated() {
            do {
              let row = try TrainingRow(parsing: piece.bytes(of: line), format)
              piece.outcomes.append(encoder.examine(row))
            } catch {
              throw FileError(
                path,
                "row \(piece.firstRow + offset) would stop the trainer: \(error)")
            }
          }
        }
      },
      collect: { piece in
        try Interruption.check()
        for outcome in piece.outcomes { tally.add(outcome) }
        state.rows = tally.rowCount
        state.bytes = piece.bytesRead
        progress(state)
      })
    return tally.report(digest: reader.file.digest, newTokens: tokens.new)
  }

  /// Writes the rows that go to training, byte for byte, to another file; returns how many, and its
  /// hash.
  package static func copyTrainingRows(
    of path: String, _ report: PreflightReport, to output: String, isDurable: Bool
  ) throws -> (rows: Int, digest: Digest) {
    let leftOut = Set(report.listed.lazy.filter(\.isLeftOut).map(\.row))
    let reader = try TrainingRowReader(path)
    let piece = RowPiece()
    var file = try OutputFile(output, isDurable: isDurable)
    var count = 0
    while try reader.fill(piece) {
      try Interruption.check()
      for (offset, line) in piece.lines.enumerated()
      where !leftOut.contains(piece.firstRow + offset) {
        try file.append(piece.bytes(of: line).span)
        try file.append("\n")
        count += 1
      }
    }
    guard reader.file.digest == report.digest else {
      throw FileError(path, "changed after its tokens were counted; run the same again")
    }
    return (count, try file.finish())
  }
}
