import Foundation
import StubTeacher
import Testing

/// Who is let in, and what is written down of everybody.
struct DoorTests {
  @Test func `Another key gets 401, with words that repeat it`() throws {
    var behaviour = Behaviour()
    behaviour.key = "sk-right"
    let stub = try StubTeacher(behaviour)
    let wrong = try RawExchange(stub, key: "sk-wrong")
    #expect(wrong.status == 401)
    #expect(
      wrong.text
        == #"{"error":{"message":"Incorrect API key provided: sk-wrong.","#
        + #""type":"invalid_request_error","param":null,"code":"invalid_api_key"}}"#)
    #expect(try RawExchange(stub).text.contains("You didn't provide an API key."))
    #expect(try RawExchange(stub, key: "sk-right").status == 200)
    #expect(
      stub.exchanges.map(\.authorization) == ["Bearer sk-wrong", nil, "Bearer sk-right"])
    #expect(stub.exchanges.map(\.outcome) == [.turnedAway, .turnedAway, .answered])
    #expect(stub.counts.turnedAway == [401: 2])
  }

  @Test func `Another model gets 404 in vLLM's words`() throws {
    var behaviour = Behaviour()
    behaviour.model = "right"
    let stub = try StubTeacher(behaviour)
    let wrong = try RawExchange(stub, model: "wrong")
    #expect(wrong.status == 404)
    #expect(
      wrong.text
        == #"{"error":{"message":"The model `wrong` does not exist.","type":"NotFoundError","#
        + #""param":null,"code":404}}"#)
    #expect(try RawExchange(stub, model: "right").status == 200)
  }

  @Test func `A full server says 429, and when one may come again`() throws {
    var behaviour = Behaviour()
    behaviour.capacity = 1
    behaviour.faults = .of(["long": [.hang]])
    let stub = try StubTeacher(behaviour)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("long", keepsOpen: true))
    wait { stub.counts.inFlight == 1 }

    let unsaid = try RawExchange(stub)
    #expect(unsaid.status == 429)
    #expect(unsaid.header("retry-after") == nil)
    stub.behaviour.retryAfter = .seconds(3)
    #expect(try RawExchange(stub).header("retry-after") == "3")
    stub.behaviour.retryAfter = .date(in: 3600)
    let date = try #require(try RawExchange(stub).header("retry-after"))
    #expect(
      date.wholeMatch(of: /[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/) != nil)

    socket.close()
    wait { stub.counts.inFlight == 0 }
    #expect(try RawExchange(stub).status == 200)
    // Who is turned away at the door is no attempt.
    #expect(stub.attempts(for: "why?") == 1)
    #expect(stub.counts.mostInFlight == 1)
    #expect(stub.counts.turnedAway == [429: 3])
  }

  @Test func `A storm turns everybody away`() throws {
    var behaviour = Behaviour()
    behaviour.storms = [
      .init(.requests(2..<4), retryAfter: .seconds(1)), .init(.requests(4..<5), status: 503),
    ]
    let stub = try StubTeacher(behaviour)
    let exchanges = try (1...5).map { _ in try RawExchange(stub) }
    #expect(exchanges.map(\.status) == [200, 429, 429, 503, 200])
    #expect(exchanges.map { $0.header("retry-after") } == [nil, "1", "1", nil, nil])
    stub.behaviour.storms = [.init(.seconds(0..<1e9))]
    #expect(try RawExchange(stub).status == 429)
    stub.behaviour.storms = [.init(.seconds(1e8..<1e9))]
    #expect(try RawExchange(stub).status == 200)
  }

  @Test(arguments: [400, 402, 403, 413, 422])
  func `A prompt is refused whenever it comes`(status: Int) throws {
    var behaviour = Behaviour()
    behaviour.refuses = { $0 == "no" ? status : nil }
    let stub = try StubTeacher(behaviour)
    for _ in 1...2 { #expect(try RawExchange(stub, "no").status == status) }
    #expect(try RawExchange(stub, "yes").status == 200)
    #expect(stub.counts.turnedAway == [status: 2])
    #expect(stub.attempts(for: "no") == 2)
  }

  @Test func `What is no question gets 400`() throws {
    let stub = try StubTeacher()
    for request in [
      "GET /v1/models HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
      "POST /v1/chat/completions HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 1\r\n\r\n{",
    ] {
      let socket = try Socket(stub.port)
      try socket.send(request)
      #expect(try RawExchange(reading: socket).status == 400)
    }
    #expect(stub.counts.requests == 2)
  }

  @Test func `A client that leaves is written down, and its answer does not count`() throws {
    var behaviour = Behaviour()
    behaviour.pieces = 1000
    behaviour.perPiece = 0.01
    let stub = try StubTeacher(behaviour)
    let socket = try Socket(stub.port)
    try socket.send(RawExchange.request("a", keepsOpen: true))
    _ = try socket.read()
    #expect(stub.counts.inFlight == 1)
    socket.close()
    wait { stub.counts.inFlight == 0 }
    #expect(stub.exchanges.map(\.outcome) == [.cutByClient])
    #expect(stub.answersSent(for: "a") == 0)
    #expect(stub.counts.good == 0)
  }

  @Test func `Counts are there without the exchanges`() throws {
    var behaviour = Behaviour()
    behaviour.keepsExchanges = false
    behaviour.faults = .first(.length)
    let stub = try StubTeacher(behaviour)
    for _ in 1...3 { _ = try RawExchange(stub, "a") }
    #expect(stub.exchanges.isEmpty)
    #expect(stub.answersGiven(for: "a") == 2)
    #expect(stub.answersSent(for: "a") == 3)
    #expect(
      stub.counts.json == """
        {"requests": 3, "good": 2, "useless": 1, "cut_by_client": 0, "turned_away": {}, \
        "faults": {"length": 1}, "in_flight": 0, "most_in_flight": 1, "connections": 3, \
        "completion_tokens": \(stub.counts.completionTokens)}
        """)
  }

  @Test func `A stopped stub refuses connections, and another takes its port`() throws {
    let first = try StubTeacher()
    let waiting = try Socket(first.port)
    first.behaviour.faults = .always(.hang)
    try waiting.send(RawExchange.request("a", keepsOpen: true))
    wait { first.counts.inFlight == 1 }
    first.stop()
    #expect(try waiting.readAll().0 == [])
    #expect(throws: POSIXError.self) { try Socket(first.port) }
    let second = try StubTeacher(port: first.port)
    #expect(second.url == first.url)
    #expect(try RawExchange(second).status == 200)
    #expect(throws: (any Error).self) { try StubTeacher(port: second.port) }
  }
}
