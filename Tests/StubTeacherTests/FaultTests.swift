import Foundation
import StubTeacher
import Testing

/// Each fault of an answer, held against the bytes that came.
struct FaultTests {
  private static func stub(_ fault: Fault) throws -> StubTeacher {
    var behaviour = AnswerTests.behaviour
    behaviour.faults = .always(fault)
    behaviour.hugeBytes = 200_000
    return try StubTeacher(behaviour)
  }

  // MARK: Nothing comes of it

  @Test(arguments: [(Fault.tooMany, 429), (.unavailable, 503), (.serverError, 500)])
  func `A status comes with words in JSON`(fault: Fault, status: Int) throws {
    let stub = try Self.stub(fault)
    stub.behaviour.retryAfter = .seconds(7)
    let exchange = try RawExchange(stub, key: "sk-secret")
    #expect(exchange.status == status)
    #expect(exchange.header("retry-after") == "7")
    let error = try #require(RawExchange.object(exchange.text)?["error"] as? [String: Any])
    #expect(error["message"] is String)
    #expect(exchange.text.contains("sk-secret") == (fault == .serverError))
    #expect(stub.exchanges.map(\.outcome) == [.faulted])
    #expect(stub.exchanges.map(\.status) == [status])
  }

  @Test(arguments: [(Fault.cut, RawExchange.Ending.closed), (.reset, .reset)])
  func `A connection is closed before the first byte`(fault: Fault, ending: RawExchange.Ending)
    throws
  {
    let stub = try Self.stub(fault)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("a", keepsOpen: true))
    let (bytes, came) = try socket.readAll()
    #expect(bytes == [])
    #expect(came == ending)
    #expect(stub.exchanges.map(\.outcome) == [.faulted])
    #expect(stub.answersSent(for: "a") == 0)
  }

  @Test func `Who gets no answer is in flight until he hangs up`() throws {
    let stub = try Self.stub(.hang)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("a", keepsOpen: true))
    wait { stub.counts.inFlight == 1 }
    socket.close()
    wait { stub.counts.inFlight == 0 }
    #expect(stub.exchanges.map(\.outcome) == [.cutByClient])
    #expect(stub.exchanges.map(\.fault) == [.hang])
    #expect(stub.counts.cutByClient == 1)
  }

  // MARK: Half an answer

  /// What came before the middle, as fields.
  private static let half = ["né \"wh", ""]

  @Test(arguments: [(Fault.cutInStream, RawExchange.Ending.closed), (.resetInStream, .reset)])
  func `A connection is closed inside an event`(fault: Fault, ending: RawExchange.Ending) throws {
    let exchange = try RawExchange(Self.stub(fault))
    #expect(exchange.ending == ending)
    // A reset may overtake what was sent before it.
    guard ending == .closed else { return }
    #expect(!exchange.isComplete)
    #expect(exchange.chunks.count == 3)
    #expect(exchange.finishReasons == [])
    #expect(!exchange.text.hasSuffix("\n"))
  }

  @Test(arguments: [Fault.cutInStream, .hangInStream])
  func `One object breaks off in the middle of its bytes`(fault: Fault) throws {
    let stub = try Self.stub(fault)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("why?", streamed: false, keepsOpen: true))
    let expected = try RawExchange(StubTeacher(AnswerTests.behaviour), streamed: false)
    let head =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
      + "content-length: \(expected.body.count)\r\n\r\n"
    let whole = Array(head.utf8) + expected.body.prefix(expected.body.count / 2)
    #expect(try socket.read(whole.count) == whole)
    if fault == .cutInStream {
      #expect(try socket.read() == [])
    } else {
      #expect(stub.counts.inFlight == 1)
      socket.close()
      wait { stub.counts.cutByClient == 1 }
    }
  }

  @Test func `A stream stands still after its first half until the client hangs up`() throws {
    let stub = try Self.stub(.hangInStream)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("why?", keepsOpen: true))
    var bytes: [UInt8] = []
    while bytes.range(of: #"né \"wh"}"#) == nil { bytes += try socket.read() }
    #expect(stub.counts.inFlight == 1)
    socket.close()
    wait { stub.counts.cutByClient == 1 }
    #expect(stub.answersSent(for: "why?") == 0)
  }

  @Test func `A body ends early as HTTP wants it`() throws {
    let stub = try Self.stub(.endsEarly)
    let exchange = try RawExchange(stub)
    #expect(exchange.isComplete)
    #expect(exchange.finishReasons == [])
    #expect(["reasoning_content", "content"].map(exchange.joined) == Self.half)
    #expect(!exchange.text.contains("[DONE]"))
    #expect(stub.exchanges.map(\.outcome) == [.faulted])
    let object = try RawExchange(stub, streamed: false)
    #expect(object.isComplete)
    #expect(RawExchange.object(object.text) == nil)
  }

  @Test func `An error object stands in a stream, with the key in it`() throws {
    let stub = try Self.stub(.errorInStream)
    let exchange = try RawExchange(stub, key: "sk-secret")
    #expect(exchange.status == 200)
    #expect(["reasoning_content", "content"].map(exchange.joined) == Self.half)
    let error = try #require(exchange.objects.last?["error"] as? [String: Any])
    #expect((error["message"] as? String)?.contains("sk-secret") == true)
    #expect(exchange.events.last == "[DONE]")
    let object = try RawExchange(stub, streamed: false, key: "sk-secret")
    #expect(object.status == 200)
    #expect(RawExchange.object(object.text)?.keys.sorted() == ["error"])
  }

  @Test func `The JSON of one event breaks off, the others are whole`() throws {
    let exchange = try RawExchange(Self.stub(.invalidJSON))
    #expect(exchange.events.count == 7)
    #expect(exchange.objects.count == 5)
    #expect(exchange.joined("reasoning_content") == "né \"wh")
    #expect(exchange.finishReasons == ["stop"])
    let object = try RawExchange(Self.stub(.invalidJSON), streamed: false)
    #expect(object.isComplete)
    #expect(RawExchange.object(object.text) == nil)
  }

  @Test(arguments: [true, false])
  func `A byte that is no UTF-8 stands inside the content`(isStreamed: Bool) throws {
    let exchange = try RawExchange(Self.stub(.invalidUTF8), streamed: isStreamed)
    let place = try #require(exchange.body.firstIndex(of: 0xFF))
    #expect(exchange.body.count { $0 == 0xFF } == 1)
    let before = exchange.body[..<place].suffix(5 + #""content":""#.utf8.count)
    #expect(String(decoding: before, as: UTF8.self) == #""content":"a\n\\"#)
    var repaired = exchange
    repaired.body.remove(at: place)
    let content = isStreamed ? repaired.joined("content") : repaired.message("content")
    #expect(content == "a\n\\1é")
  }

  // MARK: Of no use

  @Test(arguments: [true, false])
  func `Answers of no use come whole`(isStreamed: Bool) throws {
    func answer(_ fault: Fault, _ form: Behaviour.Reasoning = .separate) throws -> [String] {
      let stub = try Self.stub(fault)
      stub.behaviour.reasoning = form
      let exchange = try RawExchange(stub, streamed: isStreamed)
      #expect(exchange.isComplete)
      #expect(stub.answersSent(for: "why?") == 1)
      #expect(stub.answersGiven(for: "why?") == 0)
      #expect(stub.counts.useless == 1)
      if isStreamed {
        return exchange.finishReasons + ["reasoning_content", "content"].map(exchange.joined)
      }
      let choice = RawExchange.object(exchange.text).flatMap(RawExchange.choice)
      return [choice?["finish_reason"] as? String ?? ""]
        + ["reasoning_content", "content"].map { exchange.message($0) ?? "" }
    }
    let (reasoning, content) = ("né \"why?\" 🤔", "a\n\\1é")
    #expect(try answer(.emptyContent) == ["stop", reasoning, ""])
    #expect(try answer(.emptyReasoning) == ["stop", "", content])
    #expect(
      try answer(.emptyReasoning, .think) == ["stop", "", "<think>\n\n</think>\n\n" + content])
    #expect(try answer(.length) == ["length", "né \"w", ""])
    #expect(try answer(.length, .think) == ["length", "", "<think>\nné \"w"])
    #expect(try answer(.length, .closing) == ["length", "", "né \"w"])
    #expect(try answer(.length, .none) == ["length", "", "a\n"])
    #expect(try answer(.contentFilter) == ["content_filter", reasoning, "a\n"])
    #expect(
      try answer(.thinkTwice) == [
        "stop", "",
        "<think>\nné \"w\n</think>\n\n<think>\nhy?\" 🤔\n</think>\n\n" + content,
      ])
    #expect(try answer(.thinkOpen) == ["stop", "", "<think>\n\(reasoning)\n\n\(content)"])
  }

  // MARK: Good, and unusual

  /// Those whose texts are those of an answer without a fault.
  static let harmless = Fault.allCases.filter {
    $0.effect == .good && ![.twice, .keyInContent, .huge, .hugeEvent, .notStreamed].contains($0)
  }

  @Test(arguments: harmless)
  func `An unusual answer can be read`(fault: Fault) throws {
    let stub = try Self.stub(fault)
    let exchange = try RawExchange(stub)
    #expect(exchange.joined("reasoning_content") == "né \"why?\" 🤔")
    #expect(exchange.joined("content") == "a\n\\1é")
    #expect(exchange.finishReasons == ["stop"])
    #expect(exchange.isComplete)
    let object = try RawExchange(stub, streamed: false)
    #expect(object.message("reasoning_content") == "né \"why?\" 🤔")
    #expect(object.message("content") == "a\n\\2é")
    #expect(object.isComplete)
    #expect(stub.answersGiven(for: "why?") == 2)
  }

  @Test(
    arguments: [
      (Fault.usageMissing, nil), (.usageNegative, ["-1", "-7", "-8"]),
      (.usageHuge, ["9007199254740993", "9223372036854775807", "9232379236109516800"]),
      (.usageZero, ["0", "0", "0"]),
    ] as [(Fault, [String]?)])
  func `Usage is missing or wrong`(fault: Fault, numbers: [String]?) throws {
    let stub = try Self.stub(fault)
    for isStreamed in [true, false] {
      let exchange = try RawExchange(stub, streamed: isStreamed)
      let usage = numbers.map {
        #""usage":{"prompt_tokens":\#($0[0]),"completion_tokens":\#($0[1]),"total_tokens":\#($0[2])}"#
      }
      #expect(exchange.text.contains(usage ?? "[DONE]") || (usage == nil && !isStreamed))
      #expect(exchange.text.contains("\"usage\"") == (usage != nil))
    }
  }

  @Test func `Everything comes twice`() throws {
    let events = try RawExchange(Self.stub(.twice)).events
    #expect(events.count == 14)
    #expect(events[..<7] == events[7...])
    #expect(events[6] == "[DONE]")
    let stub = try Self.stub(.twice)
    _ = try RawExchange(stub)
    #expect(stub.answersGiven(for: "why?") == 1)
  }

  @Test func `Comments stand between events, and empty lines before an object`() throws {
    let exchange = try RawExchange(Self.stub(.comments))
    #expect(exchange.text.components(separatedBy: ": keep-alive\n\n").count == 4)
    let object = try RawExchange(Self.stub(.comments), streamed: false)
    #expect(object.text.hasPrefix("\n\n\n{"))
  }

  @Test func `Each byte is a chunk, also inside a character and a line end`() throws {
    let plain = try RawExchange(Self.stub(.byteByByte))
    #expect(plain.chunks.allSatisfy { $0.count == 1 })
    #expect(!plain.text.contains("\r"))
    let crlf = try RawExchange(Self.stub(.crlf))
    #expect(crlf.chunks.allSatisfy { $0.count == 1 })
    #expect(crlf.text.replacing("\r\n", with: "\n") == plain.text)
    #expect(crlf.text.components(separatedBy: "\r\n\r\n").count == 8)
    #expect(try RawExchange(Self.stub(.crlf), streamed: false).text.hasPrefix("\r\n\r\n\r\n{"))
  }

  @Test func `Characters beyond ASCII are escaped`() throws {
    let exchange = try RawExchange(Self.stub(.escaped))
    #expect(exchange.body.allSatisfy { $0 < 0x80 })
    #expect(exchange.text.contains(#"\ud83e\udd14"#))
  }

  @Test func `No [DONE] comes`() throws {
    let exchange = try RawExchange(Self.stub(.withoutDone))
    #expect(!exchange.text.contains("[DONE]"))
    #expect(exchange.objects.last?["usage"] != nil)
  }

  @Test func `The connection is closed although nobody said so`() throws {
    let stub = try Self.stub(.closesAfter)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("why?", keepsOpen: true))
    let exchange = try RawExchange(reading: socket)
    #expect(exchange.isComplete)
    #expect(exchange.header("connection") == nil)
  }

  @Test func `The type of the body is wrong`() throws {
    for isStreamed in [true, false] {
      let exchange = try RawExchange(Self.stub(.wrongType), streamed: isStreamed)
      #expect(exchange.header("content-type") == "text/html; charset=utf-8")
    }
  }

  @Test func `One object answers who wanted a stream`() throws {
    let exchange = try RawExchange(Self.stub(.notStreamed))
    #expect(exchange.header("content-type") == "application/json")
    #expect(exchange.message("content") == "a\n\\1é")
  }

  @Test func `The key stands in the content`() throws {
    let exchange = try RawExchange(Self.stub(.keyInContent), key: "sk-secret")
    #expect(exchange.joined("content") == "a\n\\1é Bearer sk-secret")
  }

  @Test(arguments: [Fault.huge, .hugeEvent], Behaviour.Reasoning.allCases)
  func `A huge answer has so many bytes more`(fault: Fault, form: Behaviour.Reasoning) throws {
    let stub = try Self.stub(fault)
    stub.behaviour.reasoning = form
    let field =
      form == .separate ? "reasoning_content" : "\(form)" == "reasoning" ? "reasoning" : "content"
    let exchange = try RawExchange(stub)
    #expect(exchange.joined(field).count { $0 == "m" } == 200_000)
    #expect(exchange.events.count { $0.utf8.count > 60_000 } == (fault == .huge ? 3 : 1))
    #expect(exchange.isComplete)
    let object = try RawExchange(stub, streamed: false)
    #expect(object.message(field)?.count { $0 == "m" } == 200_000)
    #expect(object.isComplete)
  }
}
