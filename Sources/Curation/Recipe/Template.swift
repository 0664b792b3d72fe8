internal import Files
internal import Markup
internal import Notation
internal import Samples

/// A text with fields in it, as a recipe writes prompts and responses.
///
/// `{field}` stands for a field's text, `{field|markup}` for the same with HTML turned into text,
/// `{field|trim}` for the same without white space at its ends, and `[…]` for a part that is left out
/// where a field in it is null or empty. Double brackets stand for themselves. A text is written as
/// the JSON string's bytes: what comes from the row is spliced, and decoded only where it has markup.
struct Template: Sendable {
  indirect enum Part: Sendable {
    case literal([UInt8])
    case field(Field, Projection.Slot, Modifiers)
    case optional([Part])
  }

  /// What is done with a field's text, in the order of the recipe: `{field|markup|trim}`.
  struct Modifiers: Hashable, Sendable {
    var readsMarkup = false
    var trims = false

    /// Nil where the words are others, or in another order.
    init?(_ words: some Collection<Substring>) {
      var words = words[...]
      if words.first == "markup" {
        readsMarkup = true
        words = words.dropFirst()
      }
      if words.first == "trim" {
        trims = true
        words = words.dropFirst()
      }
      guard words.isEmpty else { return nil }
    }
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
          guard let modifiers = Modifiers(pieces.dropFirst()) else {
            throw yaml.fail(
              "'{\(String(inside))}' is none of {field}, {field|trim}, {field|markup} and"
                + " {field|markup|trim}")
          }
          let field = try scope.field(named: name, at: yaml)
          guard field.type == .text || field.type == .texts && picks else {
            let hint = field.type == .texts ? "; 'pick' takes one of them" : ""
            throw yaml.fail("'\(name)' is \(field.type.described), not a text\(hint)")
          }
          parts.append(.field(field, projection.slot(of: field), modifiers))
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
    var hadMarkup = false
    return write(sample, picked: picked, to: &output, &hadMarkup)
  }

  /// The same; `hadMarkup` becomes true where markup was turned into text.
  func write(
    _ sample: borrowing Sample, picked: Int?, to output: inout ByteBuffer, _ hadMarkup: inout Bool
  ) -> Field? {
    Self.write(parts, sample, picked, to: &output, &hadMarkup, isOptional: false)
  }

  private static func write(
    _ parts: [Part], _ sample: borrowing Sample, _ picked: Int?, to output: inout ByteBuffer,
    _ hadMarkup: inout Bool, isOptional: Bool
  ) -> Field? {
    for part in parts {
      switch part {
      case .literal(let bytes):
        output.append(bytes)
      case .field(let field, let slot, let modifiers):
        var value = sample[slot]
        if let picked, value.kind == .array {
          value = picked < value.count ? sample.element(picked, of: slot) : .absent
        }
        guard value.kind == .string else { return field }
        let start = output.count
        if modifiers.readsMarkup, convert(value, of: sample, modifiers, to: &output) {
          hadMarkup = true
        } else {
          output.append(sample.bytes(of: value), trims: modifiers.trims)
        }
        if isOptional && output.count == start { return field }
      case .optional(let inner):
        let start = output.count
        if write(inner, sample, picked, to: &output, &hadMarkup, isOptional: true) != nil {
          output.truncate(to: start)
        }
      }
    }
    return nil
  }

  /// Appends a text with its markup turned into text; false, and nothing, where it has none.
  private static func convert(
    _ value: Value, of sample: borrowing Sample, _ modifiers: Modifiers, to output: inout ByteBuffer
  ) -> Bool {
    let bytes = sample.bytes(of: value)
    guard MarkupConverter.mayFind(in: bytes) else { return false }
    var decoded = ByteBuffer()
    var text = ByteBuffer()
    unescape(bytes, into: &decoded)
    guard MarkupConverter().convert(decoded.bytes, into: &text) else { return false }
    decoded.removeAll()
    escape(text.bytes, into: &decoded)
    output.append(decoded.bytes, trims: modifiers.trims)
    return true
  }
}

extension ByteBuffer {
  /// Appends a JSON string's bytes, at will without the white space at both ends.
  fileprivate mutating func append(_ bytes: Span<UInt8>, trims: Bool) {
    append(trims ? bytes.extracting(trimmed(bytes)) : bytes)
  }
}
