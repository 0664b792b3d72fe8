internal import Tokenization

/// Encodes rows as LLaMA-Factory's supervised processor does (0.9.5, data/processor/supervised.py).
///
/// One for each thread: it holds the memory that all rows use one after another.
final class RowEncoder {
  private let tokens: TemplateTokens
  private let template: TrainerTemplate
  /// How many tokens of a row are kept.
  private let limit: Int
  private var encoder: TemplateEncoder
  /// The tokens of what follows a response, the end token first.
  private var afterResponse: [Int32] = []
  private var source: [Int32] = []
  private var target: [Int32] = []

  init(_ tokens: TemplateTokens, _ template: TrainerTemplate, limit: Int) {
    self.tokens = tokens
    self.template = template
    self.limit = limit
    encoder = TemplateEncoder(tokens)
    if let words = template.afterResponse {
      encoder.encode(words, into: &afterResponse)
    } else {
      afterResponse = [tokens.eos]
    }
  }

  /// A turn's tokens, prompt and response, and how many of each are kept.
  struct EncodedTurn {
    var source, target: [Int32]
    var keptSource, keptTarget: Int
  }

  /// Lends the turns of a conversation, each with what its response says.
  func encode(
    system: String, _ turns: [TrainingRow.Turn], each: (EncodedTurn, _ response: String) -> Void
  ) {
    var total = 0
    for (number, turn) in turns.enumerated() {
      encode(turn, number, system: system)
      var encoded = EncodedTurn(source: source, target: target, keptSource: 0, keptTarget: 0)
      if total < limit {
        (encoded.keptSource, encoded.keptTarget) = Self.kept(
          of: source.count, target.count, limit: limit - total)
        total += encoded.keptSource + encoded.keptTarget
      }
      each(encoded, turn.response)
    }
  }

  /// What the trainer would do to a row.
  func examine(_ row: TrainingRow) -> RowOutcome {
    var outcome = RowOutcome(id: row.id)
    var findings: Set<Finding> = []
    switch row.content {
    case .dropped(let finding):
      findings = [finding]
    case .conversation(let system, let turns):
      encode(system: system, turns) { turn, response in
        outcome.tokens += turn.source.count + turn.target.count
        outcome.kept += turn.keptSource + turn.keptTarget
        outcome.learned += turn.keptTarget
        findings.formUnion(self.findings(turn, response))
      }
      if outcome.tokens > limit { findings.insert(.overlong) }
      if turns.contains(where: { isBlank($0.prompt) }) { findings.insert(.emptyPrompt) }
      if turns.contains(where: { isBlank($0.response) }) { findings.insert(.emptyResponse) }
    }
    outcome.findings = Finding.allCases.filter(findings.contains)
    return outcome
  }

  private func findings(_ turn: EncodedTurn, _ response: String) -> Set<Finding> {
    var findings: Set<Finding> = []
    let (opens, closes) = thoughtWords(of: response)
    if opens && !closes { findings.insert(.openReasoning) }
    if template.addsEmptyThought && !opens && !closes { findings.insert(.addsEmptyThought) }
    if turn.keptSource < turn.source.count { findings.insert(.losesPrompt) }
    let answerEnd = turn.target.count - afterResponse.count
    if turn.keptTarget <= answerEnd { findings.insert(.losesEnd) }
    if turn.keptTarget < answerEnd {
      findings.insert(.losesAnswer)
      if closes && losesThoughtEnd(turn) { findings.insert(.losesReasoning) }
    }
    return findings
  }

  /// Whether a `</think>` ends in what is cut off a response.
  private func losesThoughtEnd(_ turn: EncodedTurn) -> Bool {
    // Its eight bytes may have begun up to seven tokens before the cut.
    let start = max(0, turn.keptTarget - 7)
    func count(_ ids: ArraySlice<Int32>) -> Int {
      ids.map { tokens.tokenizer.text(of: $0) ?? "" }.joined().places(of: "</think>").count
    }
    return count(turn.target[start...]) > count(turn.target[start..<turn.keptTarget])
  }

  private func thoughtWords(of response: String) -> (opens: Bool, closes: Bool) {
    (!response.places(of: "<think>").isEmpty, !response.places(of: "</think>").isEmpty)
  }

  private func encode(_ turn: TrainingRow.Turn, _ number: Int, system: String) {
    source.removeAll(keepingCapacity: true)
    target.removeAll(keepingCapacity: true)
    if number == 0 {
      if template.startsWithBOS, let bos = tokens.bos { source.append(bos) }
      let system = system.isEmpty ? template.defaultSystem : system
      if !system.isEmpty {
        encoder.encode(
          template.system.before, system, template.system.after, into: &source)
      }
    }
    var prompt = turn.prompt
    // The trainer's formatter takes this for a place to fill in, also where a prompt has it.
    if let place = prompt.places(of: "{{idx}}").first {
      let utf8 = prompt.utf8
      prompt =
        String(Substring(utf8.prefix(place))) + "\(number)"
        + String(Substring(utf8.dropFirst(place + "{{idx}}".utf8.count)))
    }
    encoder.encode(template.user.before, prompt, template.user.after, into: &source)

    if template.addsEmptyThought, thoughtWords(of: turn.response) == (false, false) {
      encoder.encode(TrainerTemplate.emptyThought, into: &target)
    }
    encoder.encode(turn.response, template.afterResponse ?? "", into: &target)
    if template.afterResponse == nil { target.append(tokens.eos) }
  }

  /// LLaMA-Factory's `infer_seqlen` (data/processor/processor_utils.py), its rounding included.
  static func kept(of source: Int, _ target: Int, limit: Int) -> (source: Int, target: Int) {
    let share =
      if target * 2 < limit {
        limit
      } else if source * 2 < limit {
        limit - source
      } else {
        Int(Double(limit) * (Double(target) / Double(source + target)))
      }
    let keptTarget = min(share, target)
    return (min(max(limit - keptTarget, 0), source), keptTarget)
  }
}

/// What became of a row; all counts are 0 where the trainer drops it.
struct RowOutcome: Equatable {
  var id: String?
  var tokens = 0
  var kept = 0
  /// Tokens of responses, which are those that the loss counts.
  var learned = 0
  /// In the order of `Finding.allCases`.
  var findings: [Finding] = []
}

/// White space alone, or nothing.
private func isBlank(_ text: String) -> Bool {
  text.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) }
}

extension String {
  /// Where a word begins, each time, in bytes.
  fileprivate func places(of word: String) -> [Int] {
    let text = utf8.span
    let word = Array(word.utf8)
    var places: [Int] = []
    for place in text.indices where text.has(word, at: place) { places.append(place) }
    return places
  }
}
