import NIOCore
import NIOHTTP1
import Notation
import Testing

@testable import Teaching

struct AnswerReaderTests {
  /// What a server's response is, its body coming in those pieces.
  private func reply(
    _ pieces: [[UInt8]], status: HTTPResponseStatus = .ok, type: String? = "text/event-stream",
    headers: [(String, String)] = [], problem: String? = nil, key: TeacherKey? = nil,
    rawLimit: Int = AnswerReader.rawByteLimit
  ) -> Reply {
    let reader = AnswerReader(key: key, rawLimit: rawLimit)
    var head = HTTPResponseHead(version: .http1_1, status: status)
    if let type { head.headers.add(name: "content-type", value: type) }
    for (name, value) in headers { head.headers.add(name: name, value: value) }
    reader.read(head, now: 0)
    for piece in pieces { reader.read(ByteBuffer(bytes: piece)) }
    return reader.end(problem)
  }

  private func reply(
    _ body: String, status: HTTPResponseStatus = .ok, type: String? = "text/event-stream",
    problem: String? = nil, key: TeacherKey? = nil
  ) -> Reply {
    reply([Array(body.utf8)], status: status, type: type, problem: problem, key: key)
  }

  private func text(_ reply: Reply) -> String {
    String(decoding: reply.response ?? [], as: UTF8.self)
  }

  private func kind(_ reply: Reply) -> String {
    switch reply.result {
    case .answer: "answer"
    case .broken: "broken"
    case .error: "error"
    case .status: "status"
    case .nothing: "nothing"
    }
  }

  /// Events with those data.
  private func stream(_ data: String...) -> String {
    data.map { "data: \($0)\n\n" }.joined()
  }

  private func chunk(_ delta: String, finish: String = "null") -> String {
    #"{"id":"x-1","object":"chat.completion.chunk","created":17,"model":"r1","choices":[{"index":0,"#
      + #""delta":{\#(delta)},"logprobs":null,"finish_reason":\#(finish)}]}"#
  }

  private var sample: String {
    stream(
      chunk(#""role":"assistant","content":"""#),
      chunk(#""reasoning_content":"So ""#), chunk(#""reasoning_content":"→ näïve \"🤔\"\n""#),
      chunk(#""reasoning_content":"\u00e9\\""#), chunk(#""reasoning_content":"\ud83e\udd14""#),
      chunk(#""content":"4""#), chunk(#""content":"2""#), chunk(#""content":"".""#),
      chunk("", finish: #""stop""#),
      #"{"id":"x-1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":9}}"#, "[DONE]")
  }

  /// The sample, less the chunk that is no JSON.
  private var goodSample: String {
    sample.replacing("data: " + chunk(#""content":"".""#) + "\n\n", with: "")
  }

  private let joined =
    #"{"id":"x-1","object":"chat.completion","created":17,"model":"r1","choices":[{"index":0,"#
    + #""message":{"role":"assistant","content":"42","#
    + #""reasoning_content":"So → näïve \"🤔\"\n\u00e9\\\ud83e\udd14"},"finish_reason":"stop"}],"#
    + #""usage":{"prompt_tokens":7,"completion_tokens":9}}"#

  @Test func `a stream becomes the object that it was cut from`() throws {
    let reply = reply(goodSample)
    #expect(text(reply) == joined)
    guard case .answer(let completion) = reply.result else { throw TestFailure() }
    #expect(completion.reasoning == "So → näïve \"🤔\"\né\\🤔" && completion.solution == "42")
    #expect(completion.finishReason == "stop")
    #expect(completion.promptTokens == 7 && completion.completionTokens == 9)
  }

  @Test func `pieces make no difference, wherever the cut is`() {
    let bytes = Array(goodSample.utf8)
    for cut in 0...bytes.count {
      let reply = reply([Array(bytes[..<cut]), Array(bytes[cut...])])
      #expect(text(reply) == joined, "cut at \(cut)")
    }
    #expect(text(reply(bytes.map { [$0] })) == joined)
  }

  @Test func `what is no JSON breaks an answer, and its bytes are kept`() {
    let reply = reply(sample)
    #expect(kind(reply) == "broken" && text(reply) == sample)
    #expect(reply.problem?.hasPrefix("the stream has what is no JSON: ") == true)
  }

  @Test func `what is no UTF-8 breaks an answer, also between two events that make a character`() {
    let opening = Array(#"data: {"choices":[{"index":0,"delta":{"content":""#.utf8)
    let closing = Array("\"}}]}\n\n".utf8)
    let plain = opening + Array("a".utf8) + closing
    for bytes: [UInt8] in [[0xFF], [0xC3], [0xED, 0xA0, 0x80]] {
      let reply = reply([plain + opening + bytes + closing, opening + [0xA4] + closing])
      #expect(kind(reply) == "broken")
      #expect(reply.response?.starts(with: plain + opening + bytes) == true)
    }
    let half = reply(stream(chunk(#""content":"a""#), chunk(#""content":"\ud83e""#), "[DONE]"))
    #expect(kind(half) == "broken")
  }

  @Test func `a stream is whole with a finish reason and a proper end, or with DONE`() {
    let text = chunk(#""content":"a""#)
    let last = chunk("", finish: #""stop""#)
    #expect(kind(reply(stream(text, last))) == "answer")
    #expect(kind(reply(stream(text, "[DONE]"))) == "answer")
    #expect(kind(reply(stream(text, last, "[DONE]"), problem: "cut")) == "answer")
    #expect(kind(reply(stream(text, last), problem: "cut")) == "broken")
    #expect(kind(reply(stream(text))) == "broken")
    #expect(kind(reply(stream(chunk(#""content":"a""#, finish: "\"\"")))) == "broken")
    #expect(reply(stream(text)).problem == "the stream ended without a finish reason")
    #expect(kind(reply("")) == "broken")
    #expect(
      reply("Try again later.").problem
        == "the stream ended without a finish reason: 'Try again later.'")
  }

  @Test func `what follows DONE is ignored`() {
    let good = stream(chunk(#""content":"a""#), chunk("", finish: #""stop""#), "[DONE]")
    #expect(text(reply(good + stream(chunk(#""content":"b""#), "nonsense"))) == text(reply(good)))
  }

  @Test func `fields of a delta are joined, or the last of them counts`() {
    let reply = reply(
      stream(
        chunk(#""role":"assistant","refusal":null,"note":"a""#),
        chunk(#""role":"assistant","note":"b","tool_calls":[1]"#),
        chunk(#""tool_calls":[2],"content":null"#), "[DONE]"))
    #expect(
      text(reply).contains(
        #""message":{"role":"assistant","note":"ab","tool_calls":[2]},"finish_reason":null"#))
  }

  @Test func `only the first choice counts, whatever the order of its keys`() {
    let reply = reply(
      stream(
        #"{"choices":[{"delta":{"content":"no"},"index":1},{"delta":{"content":"yes"},"index":0}]}"#,
        #"{"choices":[{"delta":{"content":"no"},"index":1}]}"#,
        #"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#))
    #expect(
      text(reply)
        == #"{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","#
        + #""content":"yes"},"finish_reason":"stop"}]}"#)
  }

  @Test func `one object is understood as well, whatever its type says`() {
    for type in ["application/json; charset=utf-8", "text/html", nil] {
      let reply = reply("\n\n" + joined, type: type)
      #expect(kind(reply) == "answer" && text(reply) == "\n\n" + joined)
    }
    #expect(kind(reply(goodSample, type: "text/html")) == "answer")
    #expect(kind(reply(joined, type: "application/json", problem: "cut")) == "broken")
    #expect(kind(reply(#"{"id":1}"#, type: "application/json")) == "broken")
    #expect(reply("", type: "application/json").problem?.contains("no JSON") == true)
    #expect(reply(" ", type: nil).problem == "an empty body")
  }

  @Test func `an error in the place of an answer is told in the server's words`() {
    for body in [
      stream(chunk(#""content":"a""#), #"{"error":{"message":"out of memory","code":500}}"#),
      #"data: {"error": "out of memory"}"# + "\n",
      stream(#"{"object":"error","message":"out of memory","code":500}"#),
    ] {
      let reply = reply(body)
      #expect(kind(reply) == "error" && reply.problem == "'out of memory'")
      #expect(text(reply) == body)
    }
    let unescaped = reply("data: {\"error\": \"no \"such\" thing\"}\n")
    #expect(kind(unescaped) == "error")
    #expect(unescaped.problem == #"'{"error": "no "such" thing"}'"#)
    let object = reply(#"{"error":{"message":"out of memory"}}"#, type: "application/json")
    #expect(kind(object) == "error" && object.problem == "'out of memory'")
    let other = reply(
      #"{"object":"error","message":"out of memory"}"#, type: "application/json")
    #expect(kind(other) == "error" && other.problem == "'out of memory'")
  }

  @Test func `other states come with the server's words and its wish for a pause`() throws {
    let reply = reply(
      [Array(#"{"error":{"message":"slow down"}}"#.utf8)], status: .tooManyRequests,
      type: "application/json", headers: [("retry-after", "7"), ("location", "/x")])
    guard case .status(let pause, let location) = reply.result else { throw TestFailure() }
    #expect(reply.status == 429 && reply.problem == "'slow down'")
    #expect(pause == 7 && location == "/x")
    let dated = self.reply(
      [], status: .serviceUnavailable,
      headers: [
        ("Date", "Sun, 06 Nov 1994 08:49:30 GMT"), ("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT"),
      ])
    guard case .status(let seconds, _) = dated.result else { throw TestFailure() }
    #expect(seconds == 7)
  }

  @Test func `an answer that never ends is given up, and its beginning is kept`() {
    let reader = AnswerReader(key: nil, rawLimit: 100, answerLimit: 3 << 20)
    reader.read(
      HTTPResponseHead(
        version: .http1_1, status: .ok, headers: ["content-type": "text/event-stream"]), now: 0)
    var mebibytes = 0
    let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 1 << 20)
    while !reader.isOver, mebibytes < 9 {
      reader.read(part)
      mebibytes += 1
    }
    let reply = reader.end(nil)
    #expect(mebibytes == 4 && kind(reply) == "broken" && reply.response?.count == 100)
    #expect(
      reply.problem == "an answer of more than 3 MiB; kept are 100 of \(4 << 20) bytes")
  }

  @Test func `the key is nowhere in what is kept`() throws {
    let secret = "sk-12345/67890"
    let key = try TeacherKey(secret, from: "KEY")
    let good = stream(
      chunk(#""content":"it is sk-123""#), chunk(#""content":"45\/67890, I said""#), "[DONE]")
    let answer = reply(good, key: key)
    #expect(kind(answer) == "answer" && text(answer).contains("it is •••, I said"))
    let error = reply(#"data: {"error":"not sk-12345%2F67890"}"#, key: key)
    #expect(error.problem == "'not •••'" && text(error) == #"data: {"error":"not •••"}"#)
    let refusal = reply(#"{"detail":"sk-12345\u002f67890"}"#, status: .unauthorized, key: key)
    #expect(refusal.problem == "'•••'" && text(refusal) == #"{"detail":"•••"}"#)
  }

  /// Mutations of a stream, each read whole and in pieces of other sizes.
  @Test func `no bytes make it crash, and pieces never make a difference`() {
    var random = Jitter(seed: 7)
    func number(_ limit: Int) -> Int { Int(random.next() * Double(limit)) }
    let interesting = Array("\"\\{}[]:,\n\r u0dDnull\u{FF}\u{0}".utf8) + [0xFF, 0xC3, 0xED]
    for round in 0..<2000 {
      var bytes = Array((round % 2 == 0 ? goodSample : joined).utf8)
      for _ in 0...number(4) {
        let place = number(bytes.count)
        switch number(4) {
        case 0: bytes[place] = interesting[number(interesting.count)]
        case 1: bytes.insert(interesting[number(interesting.count)], at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + number(9)))
        default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 60)], at: place)
        }
        if bytes.isEmpty { bytes = [0x20] }
      }
      var pieces: [[UInt8]] = []
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + 1 + number(40))
        pieces.append(Array(bytes[start..<end]))
        start = end
      }
      let type = round % 3 == 0 ? nil : round % 2 == 0 ? "text/event-stream" : "application/json"
      let whole = reply([bytes], type: type)
      let cut = reply(pieces, type: type)
      #expect(kind(whole) == kind(cut) && whole.problem == cut.problem)
      if kind(whole) == "answer" { #expect(whole.response == cut.response) }
    }
  }
}

struct TestFailure: Error {}
