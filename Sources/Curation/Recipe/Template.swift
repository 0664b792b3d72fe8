internal import Files
internal import Notation
internal import Samples

/// A text with fields in it, as a recipe writes prompts and responses.
///
/// `{field}` stands for a field's text, `{field|trim}` for the same without white space at its
/// ends, and `[…]` for a part that is left out where a field in it is null or empty. Double
/// brackets stand for themselves. A text is written as the JSON string's bytes: what comes from the
/// row is spliced, never decoded.
struct Template: Sendable {
  indirect enum Part: Sendable {
    case literal([UInt8])
    case field(Field, Projection.Slot, trims: Bool)
    case optional([Part])
  }

  let parts: [Part]

  /// `lists` are the fields of which a picked element stands in the text.
  init(
    _ yaml: YAML, in scope: some FieldScope, _ projection: inout Projection, picks: Bool
  ) throws(RecipeError) {
    let text = Array(try yaml.text("a template").unicodeScalars)
    var position = 0
    parts = try Self.parse(text, &position, inOptional: false, yaml, scope, &projection, picks)
  }

  private static func parse(
    _ text: [Unicode.Scalar], _ position: inout Int, inOptional: Bool, _ yaml: YAML,
    _ scope: some FieldScope, _ projection: inout Projection, _ picks: Bool
  ) throws(RecipeError) -> [Part] {
    var parts: [Part] = []
    var literal = ""
    func flush() {
      guard !literal.isEmpty else { return }
      parts.append(.literal(Array(JSON.quoted(literal).utf8.dropFirst().dropLast())))
      literal = ""
    }
    while position < text.count {
      let scalar = text[position]
      let isDoubled = position + 1 < text.count && text[position + 1] == scalar
      switch scalar {
      case "{", "}", "[", "]":
        if isDoubled && !(scalar == "]" && inOptional) {
          literal.unicodeScalars.append(scalar)
          position += 2
          continue
        }
        position += 1
        switch scalar {
        case "{":
          flush()
          guard let end = text[position...].firstIndex(of: "}") else {
            throw yaml.fail("a '{' in this template is never closed")
          }
          var inside = String.UnicodeScalarView()
          inside.append(contentsOf: text[position..<end])
          position = end + 1
          let pieces = String(inside).split(separator: "|", omittingEmptySubsequences: false)
          let name = String(pieces[0])
          guard pieces.count == 1 || pieces.count == 2 && pieces[1] == "trim" else {
            throw yaml.fail("'{\(String(inside))}' is neither {field} nor {field|trim}")
          }
          let field = try scope.field(named: name, at: yaml)
          guard field.type == .text || field.type == .texts && picks else {
            let hint = field.type == .texts ? "; 'pick' takes one of them" : ""
            throw yaml.fail("'\(name)' is \(field.type.described), not a text\(hint)")
          }
          parts.append(.field(field, projection.slot(of: field), trims: pieces.count == 2))
        case "[":
          guard !inOptional else { throw yaml.fail("'[' cannot stand inside '[…]'") }
          flush()
          let inner = try parse(
            text, &position, inOptional: true, yaml, scope, &projection, picks)
          guard inner.contains(where: { if case .field = $0 { true } else { false } }) else {
            throw yaml.fail("'[…]' needs a field in it; write '[[' for a bracket")
          }
          parts.append(.optional(inner))
        case "]" where inOptional:
          flush()
          return parts
        default:
          throw yaml.fail("a lone '\(scalar)' in this template; write it twice to mean itself")
        }
      default:
        literal.unicodeScalars.append(scalar)
        position += 1
      }
    }
    guard !inOptional else { throw yaml.fail("a '[' in this template is never closed") }
    flush()
    return parts
  }

  /// The fields without which there is no text.
  var required: [Field] {
    parts.compactMap { if case .field(let field, _, _) = $0 { field } else { nil } }
  }

  /// Appends the text; on failure names the field that is null, and what was appended is void.
  func write(_ sample: borrowing Sample, picked: Int?, to output: inout ByteBuffer) -> Field? {
    Self.write(parts, sample, picked, to: &output, isOptional: false)
  }

  private static func write(
    _ parts: [Part], _ sample: borrowing Sample, _ picked: Int?, to output: inout ByteBuffer,
    isOptional: Bool
  ) -> Field? {
    for part in parts {
      switch part {
      case .literal(let bytes):
        output.append(bytes)
      case .field(let field, let slot, let trims):
        var value = sample[slot]
        if let picked, value.kind == .array {
          value = picked < value.count ? sample.element(picked, of: slot) : .absent
        }
        guard value.kind == .string else { return field }
        let bytes = sample.bytes(of: value)
        let text = trims ? bytes.extracting(trimmed(bytes)) : bytes
        if isOptional && text.isEmpty { return field }
        output.append(text)
      case .optional(let inner):
        let start = output.count
        if write(inner, sample, picked, to: &output, isOptional: true) != nil {
          output.truncate(to: start)
        }
      }
    }
    return nil
  }
}
