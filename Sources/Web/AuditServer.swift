internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix

/// The pages of a workspace over HTTP, for questions only.
package struct AuditServer: Sendable {
  let site: Site
  let host: String
  let port: Int

  /// With port 0 any free one is taken.
  package init(workspace: String, host: String, port: Int) {
    site = Site(workspace: workspace)
    self.host = host
    self.port = port
  }

  /// Serves until the process ends; `ready` is told the address once it can be asked.
  package func run(_ ready: @escaping @Sendable (String) -> Void) throws {
    let running = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    running.completeWithTask {
      try await serve { address in
        ready(address)
        site.warmUp()
      }
    }
    try running.futureResult.wait()
  }

  /// Serves until the task is cancelled.
  func serve(_ ready: @escaping @Sendable (String) -> Void) async throws {
    // Whoever sends a request's head in drops is cut off, and so is one who sends none.
    let limits = HTTP1Channel.Configuration(
      additionalChannelHandlers: [RequestTarget.Placement()], idleTimeout: .seconds(30),
      httpDecoderConfiguration: .init(
        maxHeaderFieldSize: Gate.headLimit, maxHeaderListSize: 2 * Gate.headLimit,
        maxHeaderFieldCount: 100))
    let logger = Logger(label: "serve") { _ in SwiftLogNoOpLogHandler() }
    var configuration = ApplicationConfiguration(address: .hostname(host, port: port))
    configuration.availableConnectionsDelegate = .maximum(256, logger: logger)
    let host = host
    let application = Application(
      responder: Gate(site: site, host: host), server: .http1(configuration: limits),
      configuration: configuration,
      onServerRunning: { channel in
        let port = channel.localAddress?.port ?? 0
        ready("http://\(Gate.authority(host, port))/")
      }, logger: logger)
    do {
      try await application.run()
    } catch {
      throw failure(error)
    }
  }

  private func failure(_ error: any Error) -> any Error {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE:
      ServerError(
        "port \(port) of \(host) is taken; choose another with --port, or --port 0 for a free one")
    case let error as IOError where error.errnoCode == EACCES:
      ServerError("port \(port) is for the administrator alone; choose one from 1024 on")
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
      ServerError("\(host) is no address of this machine; leave --host away for 127.0.0.1")
    case is SocketAddressError, is SocketAddressError.UnknownHost, is NIOConnectionError:
      ServerError("\(host): no address is known of this name; leave --host away for 127.0.0.1")
    default: error
    }
  }
}

/// A server that cannot be started.
package struct ServerError: Error, CustomStringConvertible {
  package var description: String

  init(_ description: String) { self.description = description }
}
