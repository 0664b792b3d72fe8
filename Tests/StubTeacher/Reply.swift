internal import NIOCore

/// The bytes of an answer, in the parts in which they go out.
struct Reply {
  enum End { case keepsOpen, closes, resets, hangs }

  var status: Int
  var parts: [ByteBuffer] = []
  var end = End.keepsOpen
  /// Of the whole answer, whatever is sent of it.
  var tokens = 0

  /// Not an answer, but the reason why there is none.
  init(_ refusal: Refusal, keepsOpen: Bool) {
    status = refusal.status
    end = keepsOpen ? .keepsOpen : .closes
    let body = refusal.body
    var head = "HTTP/1.1 \(status) \(refusal.reason)\r\ncontent-type: \(refusal.type)\r\n"
    if let value = refusal.retryAfterValue { head += "retry-after: \(value)\r\n" }
    if !keepsOpen { head += "connection: close\r\n" }
    parts = [ByteBuffer(string: head + "content-length: \(body.utf8.count)\r\n\r\n" + body)]
  }

  /// What answers a question that was let in.
  init(
    to question: Question, _ ticket: RequestLog.Ticket, _ behaviour: Behaviour,
    authorization: String?, keepsOpen: Bool
  ) {
    let fault = ticket.fault
    if let status = Self.statuses[fault] {
      self.init(
        Refusal(
          status: status, retryAfter: behaviour.retryAfter, authorization: authorization),
        keepsOpen: keepsOpen)
      return
    }
    if let end = Self.silences[fault] {
      self.init(status: 0, end: end)
      return
    }
    self.init(status: 200, end: keepsOpen ? .keepsOpen : .closes)
    let message = Message(
      behaviour.answer(ticket.prompt, ticket.attempt), fault, behaviour, authorization)
    tokens = message.tokens
    var writer = ReplyWriter(question, message, ticket, behaviour, keepsOpen: keepsOpen)
    let isStreamed = question.isStreamed && fault != .notStreamed
    if let end = isStreamed ? writer.writeStream() : writer.writeObject() { self.end = end }
    if fault == .closesAfter { end = .closes }
    parts = writer.finished()
  }

  private init(status: Int, end: End) {
    self.status = status
    self.end = end
  }

  private static let statuses: [Fault?: Int] = [
    .tooMany: 429, .unavailable: 503, .serverError: 500,
  ]
  private static let silences: [Fault?: End] = [.hang: .hangs, .cut: .closes, .reset: .resets]
}
