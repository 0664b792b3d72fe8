import Files
import Foundation
import Notation
import StubTeacher
import Testing

@testable import Teaching

struct AskerTests {
  private func prompts(_ count: Int) -> [String] {
    (1...count).map { "How much is \($0) + \($0)?" }
  }

  @Test func `every errand is answered, judged and on disk`() throws {
    let fixture = try AskerFixture()
    let prompts = prompts(200)
    let outcome = try fixture.ask(prompts)
    #expect(outcome.failed.isEmpty && outcome.stop == nil)
    #expect(fixture.progress.done == 200 && fixture.progress.accepted == 200)
    #expect(fixture.progress.left == 0 && fixture.progress.inFlight == 0)
    #expect(prompts.allSatisfy { fixture.stub.answersGiven(for: $0) == 1 })
    #expect(fixture.notes == [])
    let plan = try fixture.plan()
    let spending = try fixture.store().spending(on: "stub")
    #expect(spending.requests == 200)
    #expect(
      spending.completionTokens == fixture.stub.exchanges.reduce(0) { $0 + $1.completionTokens })
    // Asked again, it costs nothing.
    #expect(try fixture.ask(prompts).stop == nil)
    #expect(fixture.stub.counts.requests == 200)
    #expect(plan.prices == nil && fixture.progress.cost == nil)
  }

  /// What becomes of a first attempt with that fault; the second one is good.
  @Test(arguments: Fault.allCases)
  func `whatever a server does, the errand is answered at last`(_ fault: Fault) throws {
    var behaviour = Behaviour()
    behaviour.faults = .first(fault)
    behaviour.hugeBytes = 1 << 17
    behaviour.key = "sk-secret-123456"
    let fixture = try AskerFixture(behaviour)
    fixture.key = "sk-secret-123456"
    if fault == .hang || fault == .hangInStream { fixture.recipe = "timeout: 0.3s" }
    let outcome = try fixture.ask(["one", "two"])
    let states = try fixture.attempts().map(\.state)
    #expect(fixture.progress.accepted == 2 && outcome.failed.isEmpty && outcome.stop == nil)
    switch fault.effect {
    case .good:
      // A connection that the server closed behind one answer may be met by the next request.
      let closings = fault == .closesAfter ? states.filter { $0 == "failed" }.count : 0
      #expect(closings < 2 && states.count == 2 + closings)
      #expect(states.filter { $0 == "answered" }.count == 2)
    case .useless: #expect(states == ["answered", "answered", "answered", "answered"])
    case .broken:
      let isError = fault == .errorInStream
      #expect(states.filter { $0 == (isError ? "failed" : "broken") }.count >= 2)
      #expect(states.filter { $0 == "answered" }.count == 2)
    case .nothing:
      #expect(states.filter { $0 == "failed" }.count >= 2)
      #expect(states.filter { $0 == "answered" }.count == 2)
    }
    let bytes = try fixture.storedBytes()
    #expect(bytes.firstRange(of: Data("secret-123".utf8)) == nil)
    #expect(!fixture.notes.joined().contains("secret"))
  }

  @Test func `answers are turned down so many times and no more`() throws {
    var behaviour = Behaviour()
    behaviour.faults = .of(["bad": Array(repeating: .length, count: 9), "late": [.thinkOpen]])
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "attempts: 3"
    #expect(try fixture.ask(["bad", "late", "good"]).failed.isEmpty)
    #expect(fixture.progress.accepted == 2 && fixture.progress.rejected == 1)
    #expect(fixture.stub.attempts(for: "bad") == 3)
    #expect(fixture.stub.attempts(for: "late") == 2)
  }

  @Test func `a request that fails so many times has failed, and the others go on`() throws {
    var behaviour = Behaviour()
    let always: [Fault?] = Array(repeating: .cutInStream, count: 9)
    behaviour.faults = .of(["bad": always, "late": [.serverError, .invalidJSON]])
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "retries: 3"
    let outcome = try fixture.ask(["bad", "late", "good"])
    #expect(Array(outcome.failed.values).map { $0.hasPrefix("the connection broke (") } == [true])
    #expect(fixture.progress.accepted == 2 && fixture.progress.failed == 1)
    #expect(fixture.progress.retries == 4)
    #expect(fixture.stub.attempts(for: "bad") == 3)
  }

  @Test func `what a server refuses is not asked again`() throws {
    var behaviour = Behaviour()
    behaviour.refuses = { $0 == "too long" ? 400 : nil }
    let fixture = try AskerFixture(behaviour)
    #expect(try fixture.ask(["good", "too long"]).failed.isEmpty)
    #expect(fixture.progress.accepted == 1 && fixture.progress.refused == 1)
    let refused = try #require(try fixture.attempts().first { $0.state == "refused" })
    #expect(refused.status == 400 && refused.usage == "none")
    #expect(refused.problem?.hasPrefix("status 400: 'This model's maximum context") == true)
  }

  @Test func `two seeds with the same request are served by one answer`() throws {
    var behaviour = Behaviour()
    behaviour.refuses = { $0 == "no" ? 422 : nil }
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "concurrency: 1"
    _ = try fixture.ask(["same", "no", "same", "other", "same", "no"])
    #expect(fixture.progress.accepted == 4 && fixture.progress.refused == 2)
    #expect(fixture.stub.counts.requests == 3)
  }

  @Test(arguments: [Behaviour.RetryAfter.unsaid, .seconds(1), .date(in: 1)])
  func `a server that is full gets all requests in the end`(_ pause: Behaviour.RetryAfter) throws {
    var behaviour = Behaviour()
    behaviour.storms = [.init(.requests(3..<24), status: 429, retryAfter: pause)]
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "retries: 1\nconcurrency: 64"
    #expect(try fixture.ask(prompts(50)).failed.isEmpty)
    #expect(fixture.progress.accepted == 50)
    #expect(fixture.notes.count == 1)
    #expect(fixture.notes.first?.contains("is full (status 429: 'Rate limit reached") == true)
    #expect(try fixture.attempts().allSatisfy { $0.state == "answered" || $0.usage == "none" })
  }

  @Test func `a server takes what it can at once, and no more is lost`() throws {
    var behaviour = Behaviour()
    behaviour.capacity = 8
    behaviour.latency = 0.005
    let fixture = try AskerFixture(behaviour)
    #expect(try fixture.ask(prompts(300)).failed.isEmpty)
    #expect(fixture.progress.accepted == 300)
    #expect(fixture.stub.counts.mostInFlight <= 64)
  }

  @Test(
    arguments: [
      (
        401, nil,
        "answered with status 401: 'Incorrect API key provided: •••.'; the key comes from the"
          + " environment variable STUB_KEY; run the same again then: what was answered is kept"
      ),
      (
        404, nil,
        "answered with status 404: 'The model `stub` does not exist.'; look whether 'model' is its"
          + " name for the model, and whether the base URL ends as the server wants it, such as in"
          + " /v1; run the same again then: what was answered is kept"
      ),
      (
        402, 402,
        "answered with status 402: 'Insufficient Balance'; pay there; run the same again then: what"
          + " was answered is kept"
      ),
    ] as [(Int, Int?, String)])
  func `what makes going on useless ends it at once`(
    _ status: Int, _ refusal: Int?, _ words: String
  ) throws {
    var behaviour = Behaviour()
    if status == 401 { behaviour.key = "sk-right-123456" }
    if status == 404 { behaviour.model = "another" }
    behaviour.refuses = { _ in refusal }
    let fixture = try AskerFixture(behaviour)
    fixture.key = "sk-wrong-123456"
    fixture.recipe = "key: STUB_KEY"
    #expect(fixture.failure(prompts(100)) == "\(fixture.stub.url) \(words)")
    #expect(fixture.stub.counts.requests <= 16)
    #expect(try fixture.storedBytes().firstRange(of: Data("wrong-123".utf8)) == nil)
  }

  @Test func `five different requests that are refused are enough, before any answer`() throws {
    var behaviour = Behaviour()
    behaviour.refuses = { _ in 422 }
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "concurrency: 1"
    #expect(
      fixture.failure(prompts(100)).contains(
        "refuses every request (status 422: 'body.messages: Field required')"))
    #expect(fixture.stub.counts.requests == 5)
  }

  @Test func `a server that only fails is told of, before any answer`() throws {
    var behaviour = Behaviour()
    behaviour.faults = .always(.serverError)
    let fixture = try AskerFixture(behaviour)
    #expect(
      fixture.failure(prompts(100)).contains(
        "fails at every request (status 500: 'Internal error while serving"))
    #expect(fixture.stub.counts.requests <= 32)
  }

  @Test func `no more is asked than the budget allows, over all askings`() throws {
    let fixture = try AskerFixture()
    fixture.recipe = "budget: {requests: 30}"
    guard case .budget(let words) = try fixture.ask(prompts(100)).stop else { throw TestFailure() }
    #expect(words == "requests: 30 of 30" && fixture.progress.accepted == 30)
    #expect(try fixture.ask(prompts(100)).stop != nil)
    #expect(fixture.stub.counts.requests == 30)
    fixture.recipe = "budget: {requests: 100}"
    #expect(try fixture.ask(prompts(100)).stop == nil)
    #expect(fixture.stub.counts.requests == 100)
  }

  @Test func `tokens and money are counted before they are spent`() throws {
    let fixture = try AskerFixture()
    fixture.recipe = "budget: {tokens: 20000}\nprices: {prompt: 1, completion: 10}"
    guard case .budget(let words) = try fixture.ask(prompts(400)).stop else { throw TestFailure() }
    let spending = try fixture.store().spending(on: "stub")
    #expect(words.hasPrefix("tokens: \(spending.tokens) of 20000, and the next request may take "))
    #expect(spending.tokens <= 20_000 && spending.tokens > 20_000 - 5000)
    let cost = Double(spending.promptTokens) / 1e6 + Double(spending.completionTokens) / 1e5
    #expect(abs(spending.cost - cost) < 1e-9 && abs(fixture.progress.cost! - cost) < 1e-9)
    fixture.recipe = "budget: {money: 0.3}\nprices: {prompt: 1, completion: 10}"
    guard case .budget(let more) = try fixture.ask(prompts(400)).stop else { throw TestFailure() }
    #expect(more.hasPrefix("money: 0.29"))
    #expect(more.contains(" of 0.3 USD, and the next request may cost 0.00"))
    #expect(try fixture.store().spending(on: "stub").cost <= 0.3)
  }

  @Test(arguments: [Behaviour.Usage.missing, .negative, .huge, .zero])
  func `tokens are estimated where a server's numbers cannot be`(
    _ usage: Behaviour.Usage
  ) throws {
    var behaviour = Behaviour()
    behaviour.usage = usage
    let fixture = try AskerFixture(behaviour)
    _ = try fixture.ask(["one", "two"])
    #expect(fixture.notes.count == 1 && fixture.notes[0].contains("estimated at four bytes each"))
    let attempts = try fixture.attempts()
    #expect(attempts.allSatisfy { $0.usage == "estimated" && 1...512 ~= $0.completionTokens })
  }

  @Test func `what is in flight is waited for after Ctrl-C`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.3
    let fixture = try AskerFixture(behaviour)
    let stub = fixture.stub
    fixture.signals.first = { stub.counts.inFlight > 0 ? 2 : nil }
    guard case .interrupted(signal: 2) = try fixture.ask(prompts(100)).stop else {
      throw TestFailure()
    }
    #expect(fixture.progress.accepted == 16 && fixture.stub.counts.requests == 16)
    #expect(fixture.notes.count == 1 && fixture.notes[0].hasPrefix("Nothing more is sent. Waiting"))
  }

  @Test func `what is in flight is abandoned after another Ctrl-C`() throws {
    var behaviour = Behaviour()
    behaviour.faults = .always(.hangInStream)
    let fixture = try AskerFixture(behaviour)
    let stub = fixture.stub
    fixture.recipe = "concurrency: 16"
    fixture.signals.first = { stub.counts.inFlight == 16 ? 15 : nil }
    fixture.signals.isInsisting = { true }
    guard case .interrupted(signal: 15) = try fixture.ask(prompts(100)).stop else {
      throw TestFailure()
    }
    let attempts = try fixture.attempts()
    #expect(attempts.count == 16 && attempts.allSatisfy { $0.state == "abandoned" })
    #expect(attempts.allSatisfy { $0.usage == "estimated" && $0.completionTokens > 0 })
  }

  @Test func `a server that is not there is told of`() throws {
    let fixture = try AskerFixture()
    fixture.stub.stop()
    #expect(
      fixture.failure(prompts(3))
        == "\(fixture.stub.url): no connection (Connection refused); see that it runs, and that the"
        + " URL is right; run the same again then: what was answered is kept")
    #expect(try fixture.attempts().allSatisfy { $0.state == "failed" && $0.usage == "none" })
  }

  @Test func `one of two servers is not there, and the other one does all`() throws {
    let fixture = try AskerFixture()
    let gone = try StubTeacher()
    gone.stop()
    fixture.urls = [gone.url, fixture.stub.url]
    #expect(try fixture.ask(prompts(100)).failed.isEmpty)
    #expect(fixture.progress.accepted == 100)
  }

  @Test func `one of two servers only fails, and no request fails for that`() throws {
    let fixture = try AskerFixture()
    var behaviour = Behaviour()
    behaviour.faults = .always(.serverError)
    let other = try StubTeacher(behaviour)
    fixture.urls = [other.url, fixture.stub.url]
    #expect(try fixture.ask(prompts(400)).failed.isEmpty)
    #expect(fixture.progress.accepted == 400 && other.counts.requests < 100)
    other.stop()
  }

  @Test func `silence of all servers ends it, with what they said last`() throws {
    var behaviour = Behaviour()
    behaviour.storms = [.init(.requests(1..<Int.max), status: 503)]
    let fixture = try AskerFixture(behaviour)
    fixture.recipe = "silence: 0.5s"
    let words = fixture.failure(prompts(100))
    #expect(words.hasPrefix("no server has answered for 0.5 s (\(fixture.stub.url): status 503: "))
    #expect(words.hasSuffix("run the same again then: what was answered is kept"))
  }

  @Test func `a key goes over loopback alone without encryption`() throws {
    let fixture = try AskerFixture()
    fixture.key = "sk-123456789"
    fixture.urls = ["http://teacher.example/v1"]
    #expect(
      fixture.failure(["one"])
        == "http://teacher.example/v1: the key would go there unencrypted; use an https address")
  }

  @Test func `what the caller throws ends it when what is in flight has ended`() throws {
    struct Broken: Error {}
    let fixture = try AskerFixture()
    let interrupted = try fixture.ask(["one"], failingWith: Interrupted(signal: 2))
    guard case .interrupted(signal: 2) = interrupted.stop else { throw TestFailure() }
    #expect(throws: Broken.self) { try fixture.ask(prompts(20), failingWith: Broken()) }
    #expect(try fixture.attempts().count { $0.state == "answered" } == fixture.stub.counts.good)
  }
}
