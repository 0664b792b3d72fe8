internal import NIOCore

/// Writes an answer as HTTP: a stream of server-sent events, or one JSON object.
struct ReplyWriter {
  private let message: Message
  private let fault: Fault?
  private let behaviour: Behaviour
  private let wantsUsage: Bool
  private let promptTokens: Int
  private let keepsOpen: Bool
  /// Up to the model's name; `object` differs.
  private let identity: [UInt8]
  private let bytewise: Bool
  private let lineEnd: [UInt8]
  private var buffer = ByteBuffer()
  private var parts: [ByteBuffer] = []

  /// Filler in a chunk, shared by all huge answers.
  private static let filler = ByteBuffer(
    repeating: UInt8(ascii: "m"), count: fillerCount)
  private static let fillerCount = 1 << 16

  init(
    _ question: Question, _ message: Message, _ ticket: RequestLog.Ticket, _ behaviour: Behaviour,
    keepsOpen: Bool
  ) {
    self.message = message
    self.behaviour = behaviour
    self.keepsOpen = keepsOpen
    fault = ticket.fault
    wantsUsage = question.wantsUsage
    promptTokens = question.tokens
    bytewise = fault == .byteByByte || fault == .crlf
    lineEnd = Array(fault == .crlf ? "\r\n".utf8 : "\n".utf8)
    var identity = Array(#"{"id":"chatcmpl-stub-"#.utf8)
    identity += "\(ticket.number)".utf8
    identity += #"","created":1735689600,"model":""#.utf8
    identity.appendEscaped(question.model.utf8)
    identity += #"","object":""#.utf8
    self.identity = identity
  }

  func finished() -> [ByteBuffer] { buffer.readableBytes == 0 ? parts : parts + [buffer] }

  // MARK: A stream

  /// How the connection goes on, where that depends on the fault.
  mutating func writeStream() -> Reply.End? {
    writeHead("text/event-stream; charset=utf-8", count: nil)
    let end = writeEvents()
    if end == nil, fault == .twice { _ = writeEvents() }
    if end == nil || fault == .endsEarly { buffer.writeStaticString("0\r\n\r\n") }
    return fault == .endsEarly ? nil : end
  }

  private mutating func writeEvents() -> Reply.End? {
    let deltas = self.deltas
    writeChoice(#""role":"assistant","content":"""#.utf8)
    for (place, delta) in deltas.enumerated() {
      if fault == .comments { writeChunk(Array(": keep-alive".utf8) + lineEnd + lineEnd) }
      if place == deltas.count / 2 {
        switch fault {
        case .hangInStream: return .hangs
        case .endsEarly: return .keepsOpen
        case .cutInStream, .resetInStream:
          let event = event(delta)
          buffer.writeString(String(event.count, radix: 16) + "\r\n")
          buffer.writeBytes(event.prefix(event.count / 2))
          return fault == .cutInStream ? .closes : .resets
        case .errorInStream:
          writeEvent(Array(message.error.utf8))
          writeEvent(Array("[DONE]".utf8))
          return nil
        case .invalidJSON:
          let event = event(delta)
          writeChunk(event.prefix(event.count * 2 / 3) + lineEnd + lineEnd)
          continue
        default: break
        }
      }
      writeChunk(event(delta))
      endPart()
      if place == 0, fault == .huge || fault == .hugeEvent { writeFillerEvents() }
    }
    var last = opening("chat.completion.chunk")
    last += #""choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":""#.utf8
    last.appendEscaped(message.finishReason.utf8)
    last += #""}]}"#.utf8
    writeEvent(last)
    if wantsUsage, let usage = message.usage(prompt: promptTokens) {
      writeEvent(
        opening("chat.completion.chunk") + Array((#""choices":[],"usage":"# + usage + "}").utf8))
    }
    if fault != .withoutDone { writeEvent(Array("[DONE]".utf8)) }
    return nil
  }

  /// A field of the delta, and its text.
  private typealias Delta = (field: String, text: ArraySlice<UInt8>)

  private var deltas: [Delta] {
    let content = contentBytes
    guard let field = message.reasoningField else {
      return Self.cut(content, behaviour.pieces).map { ("content", $0) }
    }
    let ofContent = max(1, behaviour.pieces / 4)
    let reasoning = Self.cut(Array(message.reasoning.utf8), behaviour.pieces - ofContent)
    return reasoning.map { (field, $0) } + Self.cut(content, ofContent).map { ("content", $0) }
  }

  private var contentBytes: [UInt8] {
    var bytes = Array(message.content.utf8)
    if fault == .invalidUTF8 { bytes.insert(0xFF, at: bytes.count / 2) }
    return bytes
  }

  /// Pieces of about the same length, each of whole characters; an empty text is one piece.
  private static func cut(_ text: [UInt8], _ count: Int) -> [ArraySlice<UInt8>] {
    let count = max(1, min(count, text.count))
    var pieces: [ArraySlice<UInt8>] = []
    pieces.reserveCapacity(count)
    var start = 0
    for number in 1...count {
      var end = max(start, text.count * number / count)
      while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
      pieces.append(text[start..<end])
      start = end
    }
    return pieces
  }

  private func opening(_ object: String) -> [UInt8] {
    var bytes = identity
    bytes += object.utf8
    bytes += "\",".utf8
    return bytes
  }

  private func event(_ delta: Delta) -> [UInt8] {
    var bytes = Array("data: ".utf8)
    bytes += opening("chat.completion.chunk")
    bytes += #""choices":[{"index":0,"delta":{""#.utf8
    bytes += delta.field.utf8
    bytes += "\":\"".utf8
    bytes.appendEscaped(delta.text, toASCII: fault == .escaped)
    bytes += Self.choiceEnd.utf8
    return bytes + lineEnd + lineEnd
  }

  private static let choiceEnd = #""},"logprobs":null,"finish_reason":null}]}"#

  private mutating func writeChoice(_ delta: some Sequence<UInt8>) {
    var bytes = opening("chat.completion.chunk")
    bytes += #""choices":[{"index":0,"delta":{"#.utf8
    bytes += delta
    bytes += #"},"logprobs":null,"finish_reason":null}]}"#.utf8
    writeEvent(bytes)
    endPart()
  }

  private mutating func writeEvent(_ data: [UInt8]) {
    writeChunk(Array("data: ".utf8) + data + lineEnd + lineEnd)
  }

  /// In events of 64 KiB, or in one whose chunks have as many.
  private mutating func writeFillerEvents() {
    let start =
      Array("data: ".utf8) + opening("chat.completion.chunk")
      + Array(#""choices":[{"index":0,"delta":{""#.utf8)
      + Array((message.reasoningField ?? "content").utf8) + Array("\":\"".utf8)
    let end = Array(Self.choiceEnd.utf8) + lineEnd + lineEnd
    var left = message.filler
    var isOpen = false
    while left > 0 {
      if !isOpen { writeChunk(start) }
      isOpen = true
      left -= writeFiller(left)
      if fault == .huge || left == 0 {
        writeChunk(end)
        isOpen = false
      }
    }
  }

  /// One chunk of at most 64 KiB.
  private mutating func writeFiller(_ left: Int) -> Int {
    let count = min(left, Self.fillerCount)
    buffer.writeString(String(count, radix: 16) + "\r\n")
    parts += [buffer, Self.filler.getSlice(at: 0, length: count)!]
    buffer = ByteBuffer(string: "\r\n")
    return count
  }

  // MARK: One object

  /// How the connection goes on, where that depends on the fault.
  mutating func writeObject() -> Reply.End? {
    var body: [UInt8] = []
    if fault == .errorInStream {
      body += message.error.utf8
    } else {
      body += objectStart
      if message.filler > 0 { return writeHugeObject(body) }
      body += objectEnd
    }
    switch fault {
    case .comments, .crlf: body = lineEnd + lineEnd + lineEnd + body
    case .invalidJSON, .endsEarly: body.removeLast(body.count / 3)
    default: break
    }
    if bytewise {
      writeHead("application/json", count: nil)
      writeChunk(body)
      buffer.writeStaticString("0\r\n\r\n")
      return nil
    }
    writeHead("application/json", count: body.count)
    switch fault {
    case .hangInStream, .cutInStream, .resetInStream:
      buffer.writeBytes(body.prefix(body.count / 2))
      return fault == .hangInStream ? .hangs : fault == .cutInStream ? .closes : .resets
    default:
      buffer.writeBytes(body)
      return nil
    }
  }

  /// Up to the text to which filler may be added.
  private var objectStart: [UInt8] {
    var body = opening("chat.completion")
    body += #""choices":[{"index":0,"message":{"role":"assistant","#.utf8
    if let field = message.reasoningField {
      body += "\"content\":\"".utf8
      body.appendEscaped(contentBytes, toASCII: fault == .escaped)
      body += "\",\"\(field)\":\"".utf8
      body.appendEscaped(message.reasoning.utf8, toASCII: fault == .escaped)
    } else {
      body += "\"content\":\"".utf8
      body.appendEscaped(contentBytes, toASCII: fault == .escaped)
    }
    return body
  }

  private var objectEnd: [UInt8] {
    var body = Array(#""},"logprobs":null,"finish_reason":""#.utf8)
    body.appendEscaped(message.finishReason.utf8)
    body += "\"}]".utf8
    if let usage = message.usage(prompt: promptTokens) { body += ",\"usage\":\(usage)".utf8 }
    return body + [UInt8(ascii: "}")]
  }

  private mutating func writeHugeObject(_ start: [UInt8]) -> Reply.End? {
    writeHead("application/json", count: nil)
    writeChunk(start)
    var left = message.filler
    while left > 0 { left -= writeFiller(left) }
    writeChunk(objectEnd)
    buffer.writeStaticString("0\r\n\r\n")
    return nil
  }

  // MARK: HTTP

  private mutating func writeHead(_ type: String, count: Int?) {
    buffer.writeStaticString("HTTP/1.1 200 OK\r\ncontent-type: ")
    buffer.writeString(fault == .wrongType ? "text/html; charset=utf-8" : type)
    if !keepsOpen { buffer.writeStaticString("\r\nconnection: close") }
    if let count {
      buffer.writeString("\r\ncontent-length: \(count)\r\n\r\n")
    } else {
      buffer.writeStaticString("\r\ntransfer-encoding: chunked\r\n\r\n")
    }
  }

  private mutating func writeChunk(_ bytes: some Collection<UInt8>) {
    if bytewise {
      for byte in bytes {
        buffer.writeStaticString("1\r\n")
        buffer.writeInteger(byte)
        buffer.writeStaticString("\r\n")
      }
    } else {
      buffer.writeString(String(bytes.count, radix: 16))
      buffer.writeStaticString("\r\n")
      buffer.writeBytes(bytes)
      buffer.writeStaticString("\r\n")
    }
  }

  /// What is written so far goes out before the pause between two pieces.
  private mutating func endPart() {
    guard behaviour.perPiece > 0 else { return }
    parts.append(buffer)
    buffer = ByteBuffer()
  }
}
