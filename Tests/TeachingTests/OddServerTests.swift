import StubTeacher
import Testing

@testable import Teaching

/// Servers that do to HTTP what the stub does not.
struct OddServerTests {
  private static let events =
    #"data: {"choices":[{"index":0,"delta":{"content":"<think>a</think>b"}}]}"# + "\n\n"
  private static let last =
    #"data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"#
    + #""usage":{"prompt_tokens":1,"completion_tokens":1}}"# + "\n\n"
  private static let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"

  private static func chunk(_ text: String) -> String {
    String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
  }

  private func prompts(_ count: Int) -> [String] { (0..<count).map { "prompt \($0)" } }

  private func fixture(_ server: FixedServer) throws -> AskerFixture {
    let fixture = try AskerFixture()
    fixture.urls = [server.url]
    return fixture
  }

  @Test(arguments: [FixedServer.End.keepsOpen, .repeats(chunk(": more\n\n"))])
  func `an answer counts although its body never ends`(_ end: FixedServer.End) throws {
    let body = Self.chunk(Self.events + Self.last + "data: [DONE]\n\n")
    let server = try FixedServer(
      Self.head + "transfer-encoding: chunked\r\n\r\n" + body, then: end)
    let fixture = try fixture(server)
    #expect(try fixture.ask(["one", "two"]).failed.isEmpty)
    #expect(fixture.progress.accepted == 2 && server.requests == 2)
  }

  @Test func `a body that ends with the connection is whole with a finish reason`() throws {
    let server = try FixedServer(
      "HTTP/1.0 200 OK\r\ncontent-type: text/event-stream\r\n\r\n" + Self.events + Self.last,
      then: .closes)
    let fixture = try fixture(server)
    #expect(try fixture.ask(prompts(20)).failed.isEmpty)
    #expect(fixture.progress.accepted == 20 && fixture.progress.retries == 0)
    let cut = try FixedServer(Self.head + "\r\n" + Self.events, then: .closes)
    let other = try self.fixture(cut)
    other.recipe = "retries: 2"
    #expect(
      Array(try other.ask(["one"]).failed.values) == ["the stream ended without a finish reason"])
    #expect(try other.attempts().map(\.state) == ["broken", "broken"])
  }

  @Test func `a connection that was closed while it was idle costs no retry`() throws {
    let body = Self.events + Self.last
    let server = try FixedServer(
      Self.head + "content-length: \(body.utf8.count)\r\n\r\n" + body, then: .keepsOpen,
      firstTakes: 1)
    let fixture = try fixture(server)
    fixture.recipe = "retries: 1\nconcurrency: 1"
    #expect(try fixture.ask(prompts(3)).failed.isEmpty)
    #expect(fixture.progress.accepted == 3 && fixture.progress.retries == 1)
    #expect(server.connections == 2)
    let attempts = try fixture.attempts()
    #expect(attempts.map(\.state) == ["answered", "failed", "answered", "answered"])
    #expect(attempts[1].usage == "none")
  }

  @Test func `a redirect is not followed`() throws {
    let server = try FixedServer(
      "HTTP/1.1 307 Temporary Redirect\r\nlocation: https://elsewhere.example/v1\r\n"
        + "content-length: 0\r\n\r\n", then: .keepsOpen)
    let fixture = try fixture(server)
    #expect(
      fixture.failure(prompts(30))
        == "\(server.url) answered with status 307; it points to 'https://elsewhere.example/v1',"
        + " which is not followed, as the key would go there; if that is right, make it the base"
        + " URL; run the same again then: what was answered is kept")
  }

  @Test func `what is no HTTP is a failure in words`() throws {
    let server = try FixedServer("SSH-2.0-OpenSSH_9.6\r\n\r\n", then: .closes)
    let fixture = try fixture(server)
    fixture.recipe = "retries: 2"
    let outcome = try fixture.ask(["one"])
    #expect(outcome.failed.values.first?.hasPrefix("the connection broke (") == true)
  }

  @Test func `an error in place of every answer ends it, before any answer`() throws {
    let body = #"data: {"error": "no "such" model"}"# + "\n"
    let server = try FixedServer(
      Self.head + "content-length: \(body.utf8.count)\r\n\r\n" + body, then: .keepsOpen)
    let fixture = try fixture(server)
    #expect(
      fixture.failure(prompts(100)).hasPrefix(
        #"\#(server.url) fails at every request ('{"error": "no "such" model"}'); look into"#))
  }
}
