internal import Files
package import Notation
internal import Samples

/// What a teacher's answer consists of, by our names.
package struct AnswerFields: Sendable {
  package var prompt: String
  /// The reference answer of the seed, where it has one.
  package var answer: String?
  /// Nil where the teacher did not reason.
  package var reasoning: String?
  /// What stands behind the reasoning.
  package var solution: String
  package var finishReason: String?
  package var completionTokens: Int?

  package init(
    prompt: String, answer: String?, reasoning: String?, solution: String, finishReason: String?,
    completionTokens: Int?
  ) {
    self.prompt = prompt
    self.answer = answer
    self.reasoning = reasoning
    self.solution = solution
    self.finishReason = finishReason
    self.completionTokens = completionTokens
  }

  /// As a row that filters and templates can read.
  fileprivate func row(response: [UInt8]?) -> ByteBuffer {
    var row = ByteBuffer()
    let texts = [
      ("prompt", prompt), ("answer", answer), ("reasoning", reasoning), ("solution", solution),
      ("finish_reason", finishReason),
    ]
    row.append("{")
    for (key, text) in texts {
      row.append("\"\(key)\": \(text.map(JSON.quoted) ?? "null"), ")
    }
    if let response {
      row.append("\"response\": \"")
      row.append(response)
      row.append("\", ")
    }
    row.append("\"completion_tokens\": \(completionTokens.map(String.init) ?? "null")}")
    return row
  }
}

/// How a seed is put to a teacher, and what its answer must be like and becomes; every name is
/// resolved beforehand.
package struct AnswerForm: Sendable {
  private let question, response: Template
  private let seedProjection, responseProjection, filterProjection: Projection
  private let filters: [(name: String, rule: Rule)]
  /// All of it that decides, for the record: templates as written, filters without comments.
  package let promptText, responseText: String
  package let filterTexts: [(name: String, meaning: String)]

  /// The form of the other branches' responses.
  package static let defaultResponse = "<think>\n{reasoning|trim}\n</think>\n\n{solution|trim}"
  /// The same where there may be no reasoning.
  package static let laxResponse = "[<think>\n{reasoning|trim}\n</think>\n\n]{solution|trim}"

  /// Nil takes the default; `filters` are names of filters in the library.
  package init(
    prompt: YAML?, response: YAML?, needsReasoning: Bool = true, filters: [YAML], library: Library
  ) throws {
    let standard = needsReasoning ? Self.defaultResponse : Self.laxResponse
    let prompt = try prompt ?? YAML(parsing: "\"{prompt}\"", file: "the default prompt")
    let response =
      try response
      ?? YAML(parsing: JSON.quoted(standard), file: "the default response")
    var projection = Projection()
    question = try Template(prompt, in: Scope.seed, &projection, picks: false)
    seedProjection = projection
    projection = Projection()
    self.response = try Template(response, in: Scope.answer, &projection, picks: false)
    responseProjection = projection
    projection = Projection()
    var rules: [(String, Rule)] = []
    var texts: [(String, String)] = []
    for place in filters {
      let name = try place.text("a filter's name")
      guard library.hasFilter(name) else { throw place.fail(library.unknownFilter(name)) }
      if texts.map(\.0).contains(name) {
        throw place.fail("the filter '\(name)' stands twice here")
      }
      let filter = try library.filter(name)
      do {
        rules.append((name, try filter.rule(in: Scope.judged, &projection)))
      } catch {
        throw RecipeError(
          error.file, line: error.line, column: error.column,
          error.message + " (used at \(place.file):\(place.line))")
      }
      texts.append((name, try filter.keep.json()))
    }
    filterProjection = projection
    self.filters = rules
    promptText = try prompt.text("'prompt'")
    responseText = try response.text("'response'")
    filterTexts = texts
  }

  /// The form of a teaching that is recorded: templates as written, filters as what they mean.
  package init(
    recordedPrompt prompt: String, response: String, filters: [(name: String, meaning: String)]
  ) throws {
    func text(_ text: String, _ what: String) throws -> YAML {
      try YAML(parsing: JSON.quoted(text), file: "the \(what) as recorded")
    }
    var projection = Projection()
    question = try Template(
      try text(prompt, "prompt"), in: Scope.seed, &projection, picks: false)
    seedProjection = projection
    projection = Projection()
    self.response = try Template(
      try text(response, "response"), in: Scope.answer, &projection, picks: false)
    responseProjection = projection
    projection = Projection()
    var rules: [(String, Rule)] = []
    for (name, meaning) in filters {
      let keep = try YAML(parsing: meaning, file: "the filter \(quoted(name)) as recorded")
      rules.append((name, try Rule(keep, in: Scope.judged, &projection)))
    }
    filterProjection = projection
    self.filters = rules
    (promptText, responseText, filterTexts) = (prompt, response, filters)
  }

  /// The text that is put to the teacher; nil where a field of it is null.
  package func question(for seed: SeedRow) -> String? {
    var row = ByteBuffer()
    row.append("{\"id\": \(JSON.quoted(seed.id)), \"prompt\": \"")
    row.append(seed.promptBytes)
    row.append("\", \"answer\": \(seed.answer.map(JSON.quoted) ?? "null")}")
    guard let bytes = Self.text(question, seedProjection, row) else { return nil }
    var text = ByteBuffer()
    unescape(bytes.span, into: &text)
    return String(copying: text.bytes)
  }

  /// The response of a row as the bytes of a JSON string; nil where a field of it is null.
  package func response(of answer: AnswerFields) -> [UInt8]? {
    Self.text(response, responseProjection, answer.row(response: nil))
  }

  /// The first filter that the answer does not pass, with the values that decided as JSON.
  package func refusal(of answer: AnswerFields) -> (filter: String, evidence: String)? {
    guard !filters.isEmpty else { return nil }
    let row = answer.row(response: response(of: answer))
    return Self.refusal(filters, filterProjection, row)
  }

  private static func refusal(
    _ filters: [(name: String, rule: Rule)], _ projection: Projection, _ row: borrowing ByteBuffer
  ) -> (filter: String, evidence: String)? {
    var scanner = RowScanner(projection)
    if let fault = scanner.scan(row.bytes) { return (filters[0].name, JSON.quoted("\(fault)")) }
    let sample = scanner.sample(of: row.bytes)
    for (name, rule) in filters where !rule.holds(sample) {
      return (name, Sifter.evidence(of: rule.deciding(sample), sample))
    }
    return nil
  }

  private static func text(
    _ template: Template, _ projection: Projection, _ row: borrowing ByteBuffer
  ) -> [UInt8]? {
    var scanner = RowScanner(projection)
    guard scanner.scan(row.bytes) == nil else { return nil }
    let sample = scanner.sample(of: row.bytes)
    var output = ByteBuffer()
    guard template.write(sample, picked: nil, to: &output) == nil else { return nil }
    return output.bytes.withUnsafeBufferPointer { Array($0) }
  }

  /// The fields that a template or a filter can name here.
  private struct Scope: FieldScope {
    let what: String
    let fields: [(name: String, type: FieldType)]

    static let seed = Scope(
      what: "a seed", fields: [("id", .text), ("prompt", .text), ("answer", .text)])
    static let answer = Scope(
      what: "a teacher's answer",
      fields: [
        ("prompt", .text), ("answer", .text), ("reasoning", .text), ("solution", .text),
        ("finish_reason", .text), ("completion_tokens", .number),
      ])
    static let judged = Scope(what: answer.what, fields: answer.fields + [("response", .text)])

    func field(named name: String, at place: YAML) throws(RecipeError) -> Field {
      guard let field = fields.first(where: { $0.name == name }) else {
        throw place.fail(
          "\(what) has no field called '\(name)'"
            + choices(for: name, among: fields.map(\.name), "it has"))
      }
      return Field(name: name, path: FieldPath(key: name), type: field.type)
    }
  }
}

extension Plan {
  /// Whether some source of the branch leaves its responses to a teacher.
  package func hasSeeds(_ branch: String) -> Bool {
    guard let index = branches.firstIndex(where: { $0.name == branch }) else { return false }
    return sources.contains { source in
      source.takings.contains { $0.branch == index && $0.response == nil }
    }
  }
}

extension Plan.Branch {
  /// A row in the branch's format; prompt and response are the bytes of JSON strings.
  package func row(id: String, prompt: [UInt8], response: [UInt8]) -> [UInt8] {
    let frame = format.frame
    return frame.start + id.utf8 + frame.afterID + prompt + frame.afterPrompt + response + frame.end
  }

  /// The mean length of the responses of a file's first rows in bytes, and how many rows that is of;
  /// nil where there are none.
  package func meanResponse(inFile path: String, rows limit: Int = 1000) throws -> (
    rows: Int, bytes: Double
  )? {
    let reader = try SourceFile(path).rows(keys: [])
    let chunk = Chunk()
    let frame = format.frame
    var (rows, bytes) = (0, 0)
    while rows < limit, try reader.next(chunk) {
      for place in chunk.rows.prefix(limit - rows) where place.fault == nil {
        let row = chunk.withBytes(of: place) { $0.withUnsafeBufferPointer { Array($0) } }
        // Within the prompt the quotes of these bytes would be escaped.
        guard let start = row.firstRange(of: frame.afterPrompt)?.upperBound else { continue }
        rows += 1
        // The line's end is no part of the row here.
        bytes += max(0, row.count - start - frame.end.count + 1)
      }
    }
    return rows == 0 ? nil : (rows, Double(bytes) / Double(rows))
  }
}
