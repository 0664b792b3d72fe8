import StubTeacher
import Testing

struct AnswerTests {
  /// Two short texts with what JSON escapes and characters of two and four bytes.
  static var behaviour: Behaviour {
    var behaviour = Behaviour()
    behaviour.pieces = 3
    behaviour.answer = { prompt, attempt in
      StubAnswer(reasoning: "né \"\(prompt)\" 🤔", content: "a\n\\\(attempt)é")
    }
    return behaviour
  }

  @Test func `A streamed answer is these bytes`() throws {
    let stub = try StubTeacher(Self.behaviour)
    let exchange = try RawExchange(stub)
    #expect(
      exchange.head == """
        HTTP/1.1 200 OK\r
        content-type: text/event-stream; charset=utf-8\r
        connection: close\r
        transfer-encoding: chunked
        """)
    let start =
      #"data: {"id":"chatcmpl-stub-1","created":1735689600,"model":"m","#
      + #""object":"chat.completion.chunk","choices":["#
    #expect(
      exchange.text == """
        \(start){"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,\
        "finish_reason":null}]}

        \(start){"index":0,"delta":{"reasoning_content":"né \\"wh"},"logprobs":null,\
        "finish_reason":null}]}

        \(start){"index":0,"delta":{"reasoning_content":"y?\\" 🤔"},"logprobs":null,\
        "finish_reason":null}]}

        \(start){"index":0,"delta":{"content":"a\\n\\\\1é"},"logprobs":null,\
        "finish_reason":null}]}

        \(start){"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}

        \(start)],"usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}}

        data: [DONE]


        """)
    #expect(exchange.isComplete)
    #expect(exchange.chunks.map { $0.suffix(2) } == Array(repeating: [10, 10], count: 7))
  }

  @Test func `An answer in one piece is this JSON`() throws {
    let stub = try StubTeacher(Self.behaviour)
    let exchange = try RawExchange(stub, streamed: false)
    #expect(
      exchange.text == #"""
        {"id":"chatcmpl-stub-1","created":1735689600,"model":"m","object":"chat.completion",\#
        "choices":[{"index":0,"message":{"role":"assistant","content":"a\n\\1é",\#
        "reasoning_content":"né \"why?\" 🤔"},"logprobs":null,"finish_reason":"stop"}],\#
        "usage":{"prompt_tokens":4,"completion_tokens":6,"total_tokens":10}}
        """#)
    #expect(exchange.isComplete)
    #expect(exchange.header("content-type") == "application/json")
  }

  @Test(arguments: [true, false])
  func `The reasoning stands where the behaviour says`(isStreamed: Bool) throws {
    let stub = try StubTeacher(Self.behaviour)
    func fields(_ reasoning: Behaviour.Reasoning) throws -> [String?] {
      stub.behaviour.reasoning = reasoning
      let exchange = try RawExchange(stub, "\(reasoning)", streamed: isStreamed)
      return ["reasoning_content", "reasoning", "content"].map {
        isStreamed ? exchange.joined($0) : exchange.message($0) ?? ""
      }
    }
    #expect(try fields(.separate) == ["né \"separate\" 🤔", "", "a\n\\1é"])
    #expect(try fields(.reasoning) == ["", "né \"reasoning\" 🤔", "a\n\\1é"])
    #expect(try fields(.think) == ["", "", "<think>\nné \"think\" 🤔\n</think>\n\na\n\\1é"])
    #expect(try fields(.closing) == ["", "", "né \"closing\" 🤔\n</think>\n\na\n\\1é"])
    #expect(try fields(.none) == ["", "", "a\n\\1é"])
  }

  @Test
  func `What a stub says depends on the prompt and on how often it was asked, and names the stub`()
    throws
  {
    let stub = try StubTeacher()
    let exchanges = try ["a", "b", "a"].map { try RawExchange(stub, $0) }
    let answers = exchanges.map {
      StubAnswer(reasoning: $0.joined("reasoning_content"), content: $0.joined("content"))
    }
    #expect(
      answers == [
        StubAnswer(to: "a", attempt: 1), StubAnswer(to: "b", attempt: 1),
        StubAnswer(to: "a", attempt: 2),
      ])
    #expect(Set(answers.map(\.reasoning)).count == 3)
    for answer in answers { #expect(answer.content.contains("a stub that only pretends")) }
  }

  @Test(arguments: [1, 2, 5, 1000])
  func `Pieces are as many as wanted, of whole characters, with or without pauses`(pieces: Int)
    throws
  {
    var behaviour = Behaviour()
    behaviour.pieces = pieces
    let stub = try StubTeacher(behaviour)
    for (attempt, pause) in [(1, 0), (2, 0.000_01)] {
      stub.behaviour.perPiece = pause
      let exchange = try RawExchange(stub)
      let answer = StubAnswer(to: "why?", attempt: attempt)
      #expect(exchange.joined("reasoning_content") == answer.reasoning)
      #expect(exchange.joined("content") == answer.content)
      #expect(exchange.isComplete)
      // Beside them the role, the finish reason, the usage and the end.
      #expect(pieces > 100 || exchange.events.count == max(2, pieces) + 4)
    }
  }

  @Test func `A connection serves one request after the other`() throws {
    let stub = try StubTeacher()
    let socket = try Socket(stub.port)
    for number in 1...3 {
      try socket.send(RawExchange.request("a", streamed: false, keepsOpen: true))
      var bytes: [UInt8] = []
      while bytes.last != UInt8(ascii: "}") { bytes += try socket.read() }
      #expect(String(decoding: bytes, as: UTF8.self).contains("\"chatcmpl-stub-\(number)\""))
    }
    #expect(stub.counts.connections == 1)
    #expect(stub.counts.good == 3)
  }

  @Test func `Parts of a message of which some are text are read as one prompt`() throws {
    let stub = try StubTeacher()
    let socket = try Socket(stub.port)
    let body =
      #"{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"a"},"#
      + #"{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"b"}]},"#
      + #"{"role":"assistant","content":"c"}]}"#
    try socket.send(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
        + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    #expect(try RawExchange(reading: socket).status == 200)
    #expect(stub.exchanges.map(\.prompt) == ["ab"])
    #expect(stub.exchanges.map(\.body) == [body])
  }
}
