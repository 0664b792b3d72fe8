internal import Notation

/// What is wrong with a safetensors file: the rule of the format, the tensor, the byte.
package struct SafetensorsFault: Error, Equatable, CustomStringConvertible {
  package var rule: Rule
  /// The tensor whose description it is; nil where the file is meant.
  package var tensor: String?
  /// The place in the file, counted from 0; nil where no single byte is to blame.
  package var byte: Int?
  package var message: String

  /// The rules in the order in which a file is held to them.
  package enum Rule: Hashable, Sendable {
    /// The file has fewer than the eight bytes that say how long its header is.
    case tooShort
    /// The header says of itself that it is longer than 100 000 000 bytes.
    case headerTooLarge
    /// The file ends inside its header.
    case headerCutShort
    /// The header is not the JSON that the format asks for.
    case header
    /// A name is used twice.
    case duplicate
    /// A shape, or the bytes that it needs, are beyond what a machine can count.
    case overflow
    /// Elements of less than a byte do not end at a byte.
    case partialByte
    /// A tensor has more or fewer bytes than its shape needs.
    case size
    /// Tensors overlap, or leave a hole between them.
    case placement
    /// The file is shorter or longer than its tensors.
    case length
  }

  init(_ rule: Rule, tensor: String? = nil, byte: Int? = nil, _ message: String) {
    self.rule = rule
    self.tensor = tensor
    self.byte = byte
    self.message = message
  }

  /// Begins with a verb, for the name of the file to stand before it.
  package var description: String {
    let advice =
      switch rule {
      case .tooShort, .headerCutShort: "; it was cut short: fetch it again"
      case .headerTooLarge, .length: ""
      default: "; it is damaged, or was written wrongly: fetch it again"
      }
    guard tensor != nil || byte != nil else { return message + advice }
    let place = byte.map { " at byte \($0)" } ?? ""
    let subject = tensor.map { "tensor \(quoted($0))" } ?? "a header"
    return "has \(subject)\(place) that cannot be: \(message)\(advice)"
  }
}
