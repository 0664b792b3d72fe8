internal import AsyncHTTPClient
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Notation
internal import Synchronization

/// Sends requests to a teacher's servers, and puts what becomes of them into a mailbox.
///
/// One event loop does all of it, so that no piece of an answer changes threads. Redirects are not
/// followed: the key goes nowhere but where it was meant to.
final class TeacherClient: Sendable {
  private let client: HTTPClient
  private let loop: any EventLoop
  /// A request for each server, without its body.
  private let templates: [HTTPClient.Request]
  private let key: TeacherKey?
  private let mailbox: Mailbox
  private let rawLimit: Int

  /// Memory for the raw bytes of all streams together.
  private static let rawMemory = 128 << 20
  fileprivate static let connectSeconds: Int64 = 10
  /// Many servers close a connection that is idle for five.
  private static let idleSeconds: Int64 = 4

  /// Throws for an address to which the key would travel for all to read.
  init(
    _ servers: TeacherPlan.Servers, key: TeacherKey?, concurrency: Int, mailbox: Mailbox
  ) throws {
    templates = try servers.urls.map { url in
      guard let parts = URLComponents(string: url), let host = parts.host,
        key == nil || parts.scheme == "https" || Self.isLoopback(host)
      else {
        throw AskingError("\(url): the key would go there unencrypted; use an https address")
      }
      var request = try HTTPClient.Request(url: url + "/chat/completions", method: .POST)
      request.headers.add(name: "content-type", value: "application/json")
      request.headers.add(name: "accept", value: "text/event-stream, application/json")
      request.headers.add(name: "user-agent", value: "branchmerge")
      if let key { request.headers.add(name: "authorization", value: "Bearer \(key.secret)") }
      return request
    }
    self.key = key
    self.mailbox = mailbox
    let most = concurrency * servers.urls.count
    rawLimit = max(1 << 14, min(AnswerReader.rawByteLimit, Self.rawMemory / most))
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout = .init(connect: .seconds(Self.connectSeconds))
    // One connection of HTTP/2 would hide a server's limit of streams from the throttle.
    configuration.httpVersion = .http1Only
    configuration.connectionPool.idleTimeout = .seconds(Self.idleSeconds)
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = most
    // There are attempts of our own, which its own would hide.
    configuration.connectionPool.retryConnectionEstablishment = false
    loop = HTTPClient.defaultEventLoopGroup.next()
    client = HTTPClient(eventLoopGroupProvider: .shared(loop), configuration: configuration)
  }

  private static func isLoopback(_ host: String) -> Bool {
    let isAddress = host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    return isAddress || host == "localhost" || host == "::1" || host == "[::1]"
  }

  /// Its end comes into the mailbox under that number, whatever happens.
  func send(_ number: Int64, body: String, to server: Int) -> Sending {
    var request = templates[server]
    request.body = .byteBuffer(NIOCore.ByteBuffer(string: body))
    let sending = Sending(number, AnswerReader(key: key, rawLimit: rawLimit), loop, mailbox)
    sending.start(client.execute(request: request, delegate: sending))
    return sending
  }

  /// Closes all connections; what is still under way ends without being heard of.
  func close() { try? client.syncShutdown() }
}

/// A request on its way, and the answer on its way back.
final class Sending: HTTPClientResponseDelegate {
  private let number: Int64
  private let state: NIOLoopBoundBox<State>
  private let mailbox: Mailbox
  private let task = Mutex<HTTPClient.Task<Void>?>(nil)
  private let began = seconds()
  /// Milliseconds from the beginning to the latest byte, and to the latest text.
  private let lastByte = Atomic<Int>(0)
  private let lastText = Atomic<Int>(0)
  private let hasAll = Atomic<Bool>(false)

  private struct State {
    let reader: AnswerReader
    var isSent = false
    var firstByte: Double?
    var hasText = false
    var isReported = false
    /// Bytes that came after the answer was whole.
    var surplus = 0
  }

  /// A server that says more than that after its answer is not worth the connection.
  private static let surplusLimit = 1 << 16

  init(
    _ number: Int64, _ reader: sending AnswerReader, _ loop: any EventLoop, _ mailbox: Mailbox
  ) {
    self.number = number
    self.mailbox = mailbox
    state = .makeBoxSendingValue(State(reader: reader), eventLoop: loop)
  }

  func start(_ task: HTTPClient.Task<Void>) { self.task.withLock { $0 = task } }

  /// On the clock of `seconds()`.
  var lastHeard: Double { began + Double(lastByte.load(ordering: .relaxed)) / 1000 }
  /// 0 where there was no text.
  var lastTextHeard: Double {
    let time = lastText.load(ordering: .relaxed)
    return time == 0 ? 0 : began + Double(time) / 1000
  }

  /// Whether the answer is there, and the end of its body is not.
  var isWhole: Bool { hasAll.load(ordering: .relaxed) }

  /// Ends it; its end still comes into the mailbox.
  func stop(_ reason: StopReason) { task.withLock { $0 }?.fail(reason: reason) }

  private func report(_ problem: SendingProblem?) {
    guard !state.value.isReported else { return }
    state.value.isReported = true
    let reply = state.value.reader.end(problem?.words)
    mailbox.put(
      .ended(
        number,
        Ending(
          reply: reply, problem: problem?.kind,
          firstByte: state.value.firstByte.map { $0 - began }, seconds: seconds() - began)))
  }

  // MARK: - What the client calls, on its event loop

  func didSendRequestHead(task: HTTPClient.Task<Void>, _ head: HTTPRequestHead) {
    state.value.isSent = true
  }

  func didReceiveHead(
    task: HTTPClient.Task<Void>, _ head: HTTPResponseHead
  ) -> EventLoopFuture<Void> {
    note(lastByte)
    state.value.firstByte = seconds()
    state.value.reader.read(head, now: Date().timeIntervalSince1970)
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didReceiveBodyPart(
    task: HTTPClient.Task<Void>, _ buffer: NIOCore.ByteBuffer
  ) -> EventLoopFuture<Void> {
    let reader = state.value.reader
    if reader.isOver {
      state.value.surplus += buffer.readableBytes
      if state.value.surplus > Self.surplusLimit { task.fail(reason: StopReason.useless) }
      return task.eventLoop.makeSucceededVoidFuture()
    }
    note(lastByte)
    let textCount = reader.textCount
    reader.read(buffer)
    if reader.textCount > textCount {
      note(lastText)
      if !state.value.hasText {
        state.value.hasText = true
        mailbox.put(.text(number))
      }
    }
    if reader.isWhole {
      // The connection can be used again when the body has ended.
      hasAll.store(true, ordering: .relaxed)
    } else if reader.isOver {
      report(nil)
      task.fail(reason: StopReason.useless)
    }
    return task.eventLoop.makeSucceededVoidFuture()
  }

  func didFinishRequest(task: HTTPClient.Task<Void>) { report(nil) }

  func didReceiveError(task: HTTPClient.Task<Void>, _ error: any Error) {
    report(SendingProblem(error, wasSent: state.value.isSent))
  }

  private func note(_ time: borrowing Atomic<Int>) {
    time.store(max(1, Int((seconds() - began) * 1000)), ordering: .relaxed)
  }
}

/// Why we end a request ourselves.
enum StopReason: Error {
  case timedOut, abandoned, useless
}

/// How a request came to its end.
struct Ending: Sendable {
  var reply: Reply
  var problem: SendingProblem.Kind?
  /// Seconds from sending.
  var firstByte: Double?
  var seconds: Double
}

/// What went wrong on the way to a server or back.
struct SendingProblem {
  enum Kind: Sendable {
    /// No connection: nothing was sent.
    case unreachable
    /// The connection broke.
    case cut
    case timedOut, abandoned
  }

  var kind: Kind
  var words: String

  init(_ error: any Error, wasSent: Bool) {
    switch error {
    case StopReason.timedOut: self.init(.timedOut, "no byte came in time")
    case StopReason.abandoned: self.init(.abandoned, "it was not waited for")
    default:
      let words = Self.words(error)
      self.init(
        wasSent ? .cut : .unreachable,
        wasSent ? "the connection broke (\(words))" : "no connection (\(words))")
    }
  }

  private init(_ kind: Kind, _ words: String) {
    self.kind = kind
    self.words = words
  }

  private static func words(_ error: any Error) -> String {
    switch error {
    case let error as HTTPClientError: error.shortDescription
    case let error as NIOConnectionError:
      if let failure = error.connectionErrors.first {
        words(failure.error)
      } else {
        "no address is known for that name"
      }
    case let error as IOError: String(cString: strerror(error.errnoCode))
    case ChannelError.connectTimeout: "no answer in \(TeacherClient.connectSeconds) s"
    default: quoted("\(error)")
    }
  }
}

/// Seconds of a clock that only goes forward.
func seconds() -> Double { Double(NIODeadline.now().uptimeNanoseconds) / 1e9 }
