internal import Files
internal import Notation
internal import Samples

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
  package init(
    of row: [UInt8]?, source: String, card text: String, steps recorded: [RecordedStep]
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
      questions.append(try Question(step, in: card, &projection, picks: picks))
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
    var picked: Int?
    var isDropped = false
    for question in questions {
      let step = isDropped ? question.step : question.answer(for: sample, &picked)
      isDropped = isDropped || step.holds == false
      steps.append(step)
    }
    self.steps = steps
  }

  /// A step that can be asked again.
  private struct Question {
    let step: Step
    let decision: Decision

    enum Decision {
      case filter(Rule)
      case pick(Pick)
      case template(Template)
    }

    init(
      _ recorded: RecordedStep, in card: SourceCard, _ projection: inout Projection, picks: Bool
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
      }
      self.step = step
    }

    func answer(for sample: borrowing Sample, _ picked: inout Int?) -> Step {
      var step = step
      switch decision {
      case .filter(let rule):
        step.holds = rule.holds(sample)
        step.evidence = Sifter.evidence(of: rule.deciding(sample), sample)
      case .pick(let pick):
        picked = pick.choose(sample)?.index
        step.holds = picked != nil
        step.evidence = Sifter.evidence(of: pick, sample)
      case .template(let template):
        var output = ByteBuffer()
        let missing = template.write(sample, picked: picked, to: &output)
        step.holds = missing == nil
        step.evidence = missing.map { "{\(JSON.quoted($0.name)): null}" }
      }
      return step
    }
  }
}
