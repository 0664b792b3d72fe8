internal import Notation

/// What a server says of a failure, on one line and quoted; nil where it says nothing.
///
/// Understands the forms of OpenAI (`error.message`), FastAPI (`detail`), vLLM (`message`), pages of
/// HTML, and plain text.
func serverWords(_ body: [UInt8]) -> String? {
  var text = String(decoding: body.prefix(wordsByteLimit), as: UTF8.self)
  if body.count <= wordsByteLimit, let json = try? JSON(parsing: body), let words = words(in: json)
  {
    text = words
  }
  if text.first(where: { !$0.isWhitespace }) == "<" { text = withoutTags(text) }
  let line = text.split { $0.isWhitespace }.joined(separator: " ")
  return line.isEmpty ? nil : quoted(line, limit: 300)
}

/// Longer ones are no messages.
private let wordsByteLimit = 1 << 16

private func words(in json: JSON) -> String? {
  switch json {
  case .string(let text): return text
  case .array(let items):
    let texts = items.compactMap(words)
    return texts.isEmpty ? nil : texts.joined(separator: "; ")
  case .object:
    for key in ["error", "detail", "message", "msg"] {
      guard let value = json[key], value != .null, let text = words(in: value) else { continue }
      guard key == "msg", let place = json["loc"]?.items else { return text }
      return place.map { $0.text ?? $0.compact }.joined(separator: ".") + ": " + text
    }
    return json.compact
  case .number, .bool, .null: return nil
  }
}

private func withoutTags(_ page: String) -> String {
  var text = ""
  var isInTag = false
  for character in page {
    switch character {
    case "<":
      isInTag = true
      text += " "
    case ">" where isInTag: isInTag = false
    default: if !isInTag { text.append(character) }
    }
  }
  return text
}
