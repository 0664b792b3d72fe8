internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// A server on loopback that answers `/v1/chat/completions` and only pretends to be a teacher.
///
/// It says fixed nonsense, and fails in the ways that it is told to: for tests, `make demo` and the
/// benchmark.
package final class StubTeacher: Sendable {
  /// What an OpenAI client takes as base URL: `http://127.0.0.1:PORT/v1`.
  package let url: String
  package let port: Int
  private let group: MultiThreadedEventLoopGroup
  private let log: RequestLog
  private let isStopped = Atomic<Bool>(false)

  /// Port 0 lets the system choose one. Throws where the port is taken.
  package init(_ behaviour: Behaviour = Behaviour(), port: Int = 0) throws {
    Self.raiseFileLimit()
    let log = RequestLog(behaviour)
    group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    do {
      let channel = try ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 16384)
        .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
        .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
        .childChannelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            try channel.pipeline.syncOperations.addHandlers(
              ByteToMessageHandler(HTTPRequestDecoder()), StubHandler(log))
          }
        }
        .bind(host: "127.0.0.1", port: port).wait()
      self.port = channel.localAddress?.port ?? port
    } catch {
      try? group.syncShutdownGracefully()
      throw error
    }
    self.log = log
    url = "http://127.0.0.1:\(self.port)/v1"
  }

  deinit { stop() }

  /// Closes all connections; from then on the port refuses.
  package func stop() {
    guard !isStopped.exchange(true, ordering: .relaxed) else { return }
    try? group.syncShutdownGracefully()
  }

  /// Set, it holds for all requests that come from then on.
  package var behaviour: Behaviour {
    get { log.behaviour }
    set { log.behaviour = newValue }
  }
  package var counts: StubCounts { log.counts }
  /// All requests in the order of their coming, unless the behaviour keeps none.
  package var exchanges: [Exchange] { log.exchanges }

  /// Good answers to that prompt which went out whole.
  package func answersGiven(for prompt: String) -> Int { log.tally(of: prompt).good }

  /// Whole answers to that prompt which went out, also those of no use.
  package func answersSent(for prompt: String) -> Int {
    let tally = log.tally(of: prompt)
    return tally.good + tally.useless
  }

  /// Requests with that prompt which were let in.
  package func attempts(for prompt: String) -> Int { log.tally(of: prompt).asked }

  /// As many files as the system lets this process have.
  private static func raiseFileLimit() {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
