internal import Files
internal import Mathematics
internal import Samples

/// What the final answer of a response came to, held against a reference.
struct AnswerVerdict {
  private(set) var agreement: Agreement?
  /// Why nothing can be told.
  private(set) var doubt: String?
  /// Both answers as they were compared.
  private(set) var found, expected: [UInt8]?

  var name: String {
    switch agreement {
    case .equal: "equal"
    case .different: "different"
    case .unknown, nil: "unknown"
    }
  }

  /// `response` is text, the reference and the prompt are the sample's values. A reference that is a
  /// whole solution counts by what is boxed in it; the prompt tells what a choice's letter means.
  init(
    on response: Span<UInt8>, of sample: borrowing Sample, reference: Value, prompt: Value
  ) {
    guard !reference.isNull else {
      doubt = "no reference"
      return
    }
    let wanted = sample.withText(of: reference) { text -> [UInt8] in
      if let answer = FinalAnswer(in: text), [.box, .boxes].contains(answer.origin) {
        return answer.bytes(in: text)
      }
      return text.withUnsafeBufferPointer { Array($0) }
    }
    expected = wanted
    guard let answer = FinalAnswer(in: response) else {
      doubt = "no answer"
      return
    }
    let given = answer.bytes(in: response)
    found = given
    var verdict = Agreement.of(given, and: wanted)
    if verdict != .equal, prompt.kind == .string,
      let options = sample.withText(of: prompt, { AnswerOptions(in: $0) })
    {
      verdict = Agreement.of(given, and: wanted, options: options)
    }
    agreement = verdict
    if case .unknown(let reason) = verdict { doubt = reason.rawValue }
  }
}

extension AnswerVerdict {
  /// The verdict under a name, why it is none, and both answers, as members of a JSON object.
  func members(_ key: String) -> String {
    var text = "\"\(key)\": \"\(name)\""
    if let doubt { text += ", \"because\": \"\(doubt)\"" }
    text += ", \"found\": \(found.map { excerpt(of: $0.span) } ?? "null")"
    return text + ", \"expected\": \(expected.map { excerpt(of: $0.span) } ?? "null")"
  }
}

extension Sample {
  /// Whether a field says true or false; of a list the element says it, and nil is neither.
  func flag(in slot: Projection.Slot, element: Int?) -> Bool? {
    var value = self[slot]
    if value.kind == .array {
      guard let element, element < value.count else { return nil }
      value = self.element(element, of: slot)
    }
    return value.kind == .true ? true : value.kind == .false ? false : nil
  }
}
