internal import Foundation
internal import NIOCore
internal import NIOFoundationCompat

/// What the stub reads of a request's body.
struct Question: Decodable {
  struct Message: Decodable {
    var role: String
    var content: Content
  }
  /// Text, or a list of parts of which those of type `text` count.
  struct Content: Decodable {
    struct Part: Decodable {
      var type: String
      var text: String?
    }

    var text: String

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        self.text = text
      } else {
        text = try value.decode([Part].self).compactMap { $0.text }.joined()
      }
    }
  }
  struct StreamOptions: Decodable {
    var includesUsage: Bool?

    enum CodingKeys: String, CodingKey { case includesUsage = "include_usage" }
  }

  var model: String
  var messages: [Message]
  var stream: Bool?
  var streamOptions: StreamOptions?

  enum CodingKeys: String, CodingKey {
    case model, messages, stream
    case streamOptions = "stream_options"
  }

  init(_ body: ByteBuffer) throws {
    self = try JSONDecoder().decode(Question.self, from: body)
  }

  var isStreamed: Bool { stream == true }
  var wantsUsage: Bool { !isStreamed || streamOptions?.includesUsage == true }

  /// Text of the last message from the user.
  var prompt: String { messages.last { $0.role == "user" }?.content.text ?? "" }

  /// Tokens of all messages.
  var tokens: Int { messages.reduce(0) { $0 + StubAnswer.tokens($1.content.text) } }
}
