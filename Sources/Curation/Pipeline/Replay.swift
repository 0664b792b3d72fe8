internal import Files
package import Lineage
internal import Notation
internal import Samples
internal import Similarity

/// What the steps of a branch make of a row that is read once more: the values that they see.
///
/// Everything comes from texts that a run recorded, so that it is told as it was decided.
package struct Replay: Sendable {
  /// The id that the row's bytes give, save the number of its occurrence; nil without a row.
  package let id: String?
  /// The text of its prompt; nil without a row, and where it is null.
  package let prompt: String?
  /// All of them, in their order.
  package let steps: [Step]

  package struct Step: Sendable {
    package var name: String
    package var kind: Plan.Step.Kind
    /// What the filter's file says of itself.
    package var about: String?
    /// What it asks, on one line.
    package var rule: String
    /// Whether the row passes; nil where it was not asked, as a step before it drops the row.
    package var holds: Bool?
    /// The fields that decided with the values that they had, as a JSON object.
    package var evidence: String?
    /// The text that a template gives, decoded.
    package var written: String?
  }

  /// A step as a run recorded it.
  package struct RecordedStep: Sendable {
    package var name: String
    package var kind: String
    package var text: String

    package init(name: String, kind: String, text: String) {
      self.name = name
      self.kind = kind
      self.text = text
    }
  }

  /// Asks the steps about the row, or just reads them where there is none; an error says which text
  /// could not be understood, or why the row is no sample.
  ///
  /// `benchmarks` are those of the run; a step that needs one whose file is gone is not asked.
  package init(
    of row: [UInt8]?, source: String, card text: String, steps recorded: [RecordedStep],
    benchmarks: [RecordedBenchmark] = []
  ) throws {
    let card = try SourceCard(recorded: text, name: source)
    var projection = Projection()
    guard let promptField = card.prompt, let config = card.configs.first else {
      throw RecipeError("\(source).yaml", "has no prompt")
    }
    let readable = Plan.Source(
      card: card, config: config, projection: projection,
      identity: card.identity.compactMap { name in
        card.fields.first { $0.name == name }.map { projection.slot(of: $0) }
      },
      prompt: projection.slot(of: promptField), required: [], takings: [])
    let picks = recorded.contains { $0.kind == Plan.Step.Kind.pick.rawValue }
    var questions: [Question] = []
    for step in recorded {
      questions.append(
        try Question(
          step, in: card, &projection, picks: picks, row == nil ? [] : benchmarks))
    }
    guard let row else {
      (id, prompt) = (nil, nil)
      steps = questions.map { $0.step }
      return
    }
    var bytes = ByteBuffer(capacity: row.count)
    bytes.append(row)
    var scanner = RowScanner(projection)
    if let fault = scanner.scan(bytes.bytes) { throw FileError("this row", fault.description) }
    let sample = scanner.sample(of: bytes.bytes)
    var scratch = ByteBuffer()
    id = sampleID(source, Sifter.identity(of: sample, readable, &scratch))
    let text = sample[readable.prompt]
    prompt = text.kind == .string ? sample.text(of: text) : nil
    var steps: [Step] = []
    var made = Made()
    var isDropped = false
    for question in questions {
      let step = isDropped ? question.step : question.answer(for: sample, &made)
      isDropped = isDropped || step.holds == false
      steps.append(step)
    }
    self.steps = steps
  }

  /// What the steps so far have made of the row.
  private struct Made {
    var picked: Int?
    var prompt: [UInt8] = []
    var response: [UInt8] = []
  }

  /// A step that can be asked again.
  private struct Question {
    let step: Step
    let decision: Decision

    enum Decision {
      case filter(Rule)
      case pick(Pick)
      case template(Template)
      /// Nil where a benchmark's file is not what it was.
      case without(Plan.Overlap?)
      case verify(AnswerVerification)
    }

    init(
      _ recorded: RecordedStep, in card: SourceCard, _ projection: inout Projection, picks: Bool,
      _ benchmarks: [RecordedBenchmark]
    ) throws {
      guard let kind = Plan.Step.Kind(rawValue: recorded.kind) else {
        throw RecipeError(
          quoted(recorded.name), "is a step of a kind that this version does not know")
      }
      var step = Step(name: recorded.name, kind: kind, rule: recorded.text)
      let file = "\(recorded.name) (as recorded)"
      switch kind {
      case .filter:
        let filter = try Filter(
          YAML(parsing: recorded.text, file: file), name: recorded.name, text: recorded.text)
        step.about = filter.about
        step.rule = try filter.keep.flow()
        decision = .filter(try filter.rule(in: card, &projection))
      case .pick:
        let text = try YAML(parsing: recorded.text, file: file)
        decision = .pick(try Pick(text, in: card, &projection))
      case .prompt, .response:
        let text = try YAML(parsing: JSON.quoted(recorded.text), file: file)
        decision = .template(try Template(text, in: card, &projection, picks: picks))
      case .without:
        step.rule = OverlapRules.shown(recorded.text)
        decision = .without(
          try? Plan.Overlap(recorded: YAML(parsing: recorded.text, file: file), benchmarks))
      case .verify:
        let text = try YAML(parsing: recorded.text, file: file)
        decision = .verify(try AnswerVerification(text, in: card, &projection))
      }
      self.step = step
    }

    private static func decoded(_ written: borrowing ByteBuffer) -> String {
      var text = ByteBuffer(capacity: written.count)
      unescape(written.bytes, into: &text)
      return String(copying: text.bytes)
    }

    func answer(for sample: borrowing Sample, _ made: inout Made) -> Step {
      var step = step
      switch decision {
      case .filter(let rule):
        step.holds = rule.holds(sample)
        step.evidence = Sifter.evidence(of: rule.deciding(sample), sample)
      case .pick(let pick):
        made.picked = pick.choose(sample)?.index
        step.holds = made.picked != nil
        step.evidence = Sifter.evidence(of: pick, sample)
      case .template(let template):
        var output = ByteBuffer()
        let missing = template.write(sample, picked: made.picked, to: &output)
        step.holds = missing == nil
        if missing == nil { step.written = Self.decoded(output) }
        step.evidence = missing.map { "{\(JSON.quoted($0.name)): null}" }
        var text = ByteBuffer()
        unescape(output.bytes, into: &text)
        let bytes = text.bytes.withUnsafeBufferPointer { Array($0) }
        if step.kind == .prompt { made.prompt = bytes } else { made.response = bytes }
      case .without(let overlap):
        guard let overlap else { return step }
        var finder = overlap.index.makeFinder()
        step.evidence = OverlapHit.evidence(
          of: finder.hits(in: made.prompt.span), in: made.prompt.span,
          hashesOnly: overlap.hashesOnly)
        step.holds = step.evidence == nil
      case .verify(let verification):
        let verdict = verification.verdict(on: made.response.span, of: sample)
        step.holds = !verification.drops(verdict)
        step.evidence = verification.evidence(verdict, of: sample, picked: made.picked)
      }
      return step
    }
  }
}
