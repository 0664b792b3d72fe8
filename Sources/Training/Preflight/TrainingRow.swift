internal import Notation

/// A row as LLaMA-Factory's converters see it (0.9.5, data/converter.py).
struct TrainingRow {
  /// The row's own name for itself, where it has one.
  var id: String?
  var content: Content

  enum Content {
    case conversation(system: String, turns: [Turn])
    /// The trainer passes over the row, with a warning among many.
    case dropped(Finding)
  }

  struct Turn {
    var prompt, response: String
  }

  /// Reads a line; throws where the trainer would stop, and not only for that row.
  init(parsing line: [UInt8], _ format: TrainingRowFormat) throws {
    var scanner = try JSONScanner(line)
    var fields: [String: Value] = [:]
    var messages: [Message]?
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
      if key == format.messages, try scanner.kind() == .array {
        messages = try Self.messages(&scanner, format)
      } else if format.columns.contains(key) || key == "id" {
        fields[key] = try Value(&scanner)
      } else {
        try scanner.skip()
      }
    }
    try scanner.finish()
    if case .text(let text) = fields["id"] { id = text }
    if format.messages == nil {
      content = try Self.alpaca(fields)
    } else if let messages {
      let system = try fields["system"]?.optionalText(of: "system") ?? ""
      content = try Self.conversation(messages, format, system: system)
    } else {
      throw PreflightError("has no list '\(format.messages ?? "")'")
    }
  }

  /// A message's role and content, as far as they are texts.
  private struct Message {
    var role: Value = .none
    var content: Value = .none
  }

  private enum Value {
    case none
    case text(String)
    case other

    init(_ scanner: inout JSONScanner) throws {
      switch try scanner.kind() {
      case .string: self = .text(try scanner.string())
      case .null:
        try scanner.null()
        self = .none
      default:
        try scanner.skip()
        self = .other
      }
    }

    func optionalText(of key: String) throws(PreflightError) -> String? {
      switch self {
      case .none: nil
      case .text(let text): text
      case .other: throw PreflightError("'\(key)' is neither a text nor null")
      }
    }
  }

  private static func messages(
    _ scanner: inout JSONScanner, _ format: TrainingRowFormat
  ) throws -> [Message] {
    var messages: [Message] = []
    try scanner.enterArray()
    while try scanner.nextElement() {
      var message = Message()
      try scanner.enterObject()
      while let key = try scanner.nextKey() {
        switch key {
        case format.role: message.role = try Value(&scanner)
        case format.content: message.content = try Value(&scanner)
        default: try scanner.skip()
        }
      }
      messages.append(message)
    }
    return messages
  }

  /// Turns go user, assistant, user, …; a system message may come first and beats the column.
  private static func conversation(
    _ messages: [Message], _ format: TrainingRowFormat, system: String
  ) throws(PreflightError) -> Content {
    var system = system
    var messages = messages[...]
    if let first = messages.first, case .text("system") = first.role {
      system = try first.content.optionalText(of: format.content) ?? ""
      messages.removeFirst()
    }
    if messages.isEmpty { return .dropped(.noTurns) }
    var texts: [String] = []
    var usesTools = false
    for (index, message) in messages.enumerated() {
      guard case .text(let role) = message.role,
        format.roles[index % 2].contains(role)
      else { return .dropped(.roleOrder) }
      if role != format.roles[index % 2][0] { usesTools = true }
      // A row that is dropped may hold anything.
      if case .text(let text) = message.content { texts.append(text) }
    }
    guard messages.count % 2 == 0 else { return .dropped(.roleOrder) }
    if usesTools {
      throw PreflightError(
        "calls tools, and such turns cannot be counted; leave such rows out, or write what they"
          + " say as text")
    }
    guard texts.count == messages.count else {
      throw PreflightError("has a message whose '\(format.content)' is no text")
    }
    return .conversation(
      system: system,
      turns: stride(from: 0, to: texts.count, by: 2).map {
        Turn(prompt: texts[$0], response: texts[$0 + 1])
      })
  }

  /// Instruction and input are joined by a line end, each left out where it is empty.
  private static func alpaca(_ fields: [String: Value]) throws(PreflightError) -> Content {
    func text(_ key: String) throws(PreflightError) -> String? {
      try fields[key]?.optionalText(of: key)
    }
    let instruction = try text("instruction") ?? ""
    let input = try text("input") ?? ""
    let system = try text("system") ?? ""
    guard let response = try text("output") else { return .dropped(.noResponse) }
    let prompt =
      instruction.isEmpty || input.isEmpty ? instruction + input : instruction + "\n" + input
    return .conversation(system: system, turns: [Turn(prompt: prompt, response: response)])
  }
}

/// Where a row's texts are, as the registry beside the rows tells the trainer.
struct TrainingRowFormat: Sendable {
  let name: String
  /// The key of the list of messages; nil where prompt and response are columns.
  let messages: String?
  let role, content: String
  /// What may stand in the odd and in the even places; the first of each is plain text.
  let roles: [[String]]
  let columns: Set<String>

  static let all = [
    TrainingRowFormat(
      name: "sharegpt", messages: "conversations", role: "from", content: "value",
      roles: [["human", "observation"], ["gpt", "function_call"]], columns: ["system"]),
    TrainingRowFormat(
      name: "messages", messages: "messages", role: "role", content: "content",
      roles: [["user", "tool"], ["assistant", "function_call"]], columns: []),
    TrainingRowFormat(
      name: "alpaca", messages: nil, role: "", content: "", roles: [],
      columns: ["instruction", "input", "output", "system"]),
  ]

  static func named(_ name: String) throws(PreflightError) -> TrainingRowFormat {
    guard let format = all.first(where: { $0.name == name }) else {
      throw PreflightError(
        "rows cannot be counted in the format \(quoted(name))"
          + choices(for: name, among: all.map(\.name), "there are"))
    }
    return format
  }
}
