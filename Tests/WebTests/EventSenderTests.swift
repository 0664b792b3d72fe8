import Files
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Synchronization
import Testing

@testable import Web

/// A server on this machine that answers as it is told, and remembers what it was sent.
private final class Listener: Sendable {
  struct Request: Equatable {
    var path: String
    var key: String?
    var type: String?
    var body: String
  }

  let requests = Mutex<[Request]>([])
  private let answers: Mutex<[HTTPResponse.Status]>

  /// The last of the answers is given from then on.
  init(_ answers: [HTTPResponse.Status]) { self.answers = Mutex(answers) }

  var count: Int { requests.withLock { $0.count } }

  /// Runs `body` with the address, on a thread that may wait.
  func serve(_ body: @escaping @Sendable (String) throws -> Void) async throws {
    let router = Router()
    router.post("**") { request, _ in
      let body = try await request.body.collect(upTo: 1 << 20)
      self.requests.withLock {
        $0.append(
          Request(
            path: request.uri.path, key: request.headers[.authorization],
            type: request.headers[.contentType], body: String(buffer: body)))
      }
      let status = self.answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
      return Response(
        status: status, headers: status == .found ? [.location: "/elsewhere"] : [:],
        body: ResponseBody(byteBuffer: ByteBuffer(string: "so \u{1B}[2Jit is")))
    }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    var application = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname(port: 0)),
      onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) })
    application.logger.logLevel = .critical
    let server = Task { [application] in
      try await application.runService(gracefulShutdownSignals: [])
    }
    defer { server.cancel() }
    var all = ports.makeAsyncIterator()
    let address = "http://127.0.0.1:\(await all.next() ?? 0)"
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      Thread.detachNewThread { done.resume(with: Result { try body(address) }) }
    }
  }
}

struct EventSenderTests {
  private func message(_ body: () throws -> Void) -> String {
    do {
      try body()
      return ""
    } catch {
      return "\(error)"
    }
  }

  @Test func `an event is posted to OpenLineage's path with the key`() async throws {
    let listener = Listener([.created])
    try await listener.serve { address in
      try EventSender(to: address, key: "secret", pauses: []).send("{\"a\": \"ü\"}")
      try EventSender(to: address + "/in?x=1", key: nil, pauses: []).send("{}")
    }
    #expect(
      listener.requests.withLock { $0 } == [
        Listener.Request(
          path: "/api/v1/lineage", key: "Bearer secret", type: "application/json",
          body: "{\"a\": \"ü\"}"),
        Listener.Request(path: "/in", key: nil, type: "application/json", body: "{}"),
      ])
  }

  @Test func `what may pass is tried again`() async throws {
    let listener = Listener([.serviceUnavailable, .tooManyRequests, .internalServerError, .ok])
    try await listener.serve { address in
      try EventSender(to: address, key: nil, pauses: [0, 0, 0]).send("{}")
    }
    #expect(listener.count == 4)
  }

  @Test func `what does not pass is told with what the server said`() async throws {
    let listener = Listener([.badGateway])
    let complaint = Mutex("")
    try await listener.serve { address in
      let text = self.message {
        try EventSender(to: address, key: nil, pauses: [0, 0]).send("{}")
      }
      complaint.withLock { $0 = text }
    }
    #expect(
      complaint.withLock { $0 }
        .hasSuffix("/api/v1/lineage: answered 502: 'so \\u{1b}[2Jit is'"))
    #expect(listener.count == 3)
  }

  @Test(arguments: [HTTPResponse.Status.badRequest, .unauthorized, .found])
  func `a refusal is final, and a redirect is one`(status: HTTPResponse.Status) async throws {
    let listener = Listener([status])
    try await listener.serve { address in
      #expect(
        message {
          try EventSender(to: address, key: "secret", pauses: [0, 0]).send("{}")
        }.contains("answered \(status.code)"))
    }
    #expect(listener.count == 1)
  }

  @Test func `where nobody listens it says so`() throws {
    let text = message {
      try EventSender(to: "http://127.0.0.1:9", key: nil, pauses: [0]).send("{}")
    }
    #expect(text.hasPrefix("http://127.0.0.1:9/api/v1/lineage: "))
    #expect(text.contains("could not be reached") || text.contains("did not answer"))
  }

  @Test(arguments: [
    ("localhost:5000", "is not an address that can be posted to, as http://host:5000 is"),
    ("ftp://host/", "is not an address that can be posted to, as http://host:5000 is"),
    (
      "http://user:password@host/",
      "is not an address that can be posted to, as http://host:5000 is"
    ),
    ("", "is not an address that can be posted to, as http://host:5000 is"),
    ("http://example.org", "the key would go there unencrypted; use an https address"),
    ("http://127.example.org", "the key would go there unencrypted; use an https address"),
  ])
  func `an address that would not do is refused`(url: String, complaint: String) {
    #expect(message { _ = try EventSender(to: url, key: "k") } == "\(url): \(complaint)")
  }

  @Test func `a key that would end its header is refused`() {
    #expect(
      message { _ = try EventSender(to: "https://example.org", key: "a\r\nx: y") }
        .hasSuffix("the key has white space in it, or letters beyond ASCII; no key has"))
  }
}
