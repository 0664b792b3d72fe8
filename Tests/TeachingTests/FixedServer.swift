import NIOCore
import NIOPosix
import Synchronization

/// A server that says to each request the same bytes, whatever they are worth.
final class FixedServer: Sendable {
  let url: String
  private let group: MultiThreadedEventLoopGroup
  private let counter: Counter

  /// What happens to a connection when the bytes are sent.
  enum End: Sendable {
    case keepsOpen, closes
    /// That is said again and again.
    case repeats(String)
  }

  final class Counter: Sendable {
    let connections = Atomic<Int>(0)
    let requests = Atomic<Int>(0)
  }

  /// The first connection may take only so many requests, and closes at the next one.
  init(_ bytes: String, then end: End, firstTakes limit: Int = .max) throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let counter = Counter()
    let channel = try ServerBootstrap(group: group)
      .childChannelInitializer { channel in
        let number = counter.connections.add(1, ordering: .relaxed).newValue
        return channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            FixedHandler(bytes, end, counter, limit: number == 1 ? limit : .max))
        }
      }
      .bind(host: "127.0.0.1", port: 0).wait()
    url = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)/v1"
    self.group = group
    self.counter = counter
  }

  deinit { try? group.syncShutdownGracefully() }

  var connections: Int { counter.connections.load(ordering: .relaxed) }
  var requests: Int { counter.requests.load(ordering: .relaxed) }
}

private final class FixedHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let bytes: String
  private let end: FixedServer.End
  private let counter: FixedServer.Counter
  private var left: Int
  private var text = ""

  init(_ bytes: String, _ end: FixedServer.End, _ counter: FixedServer.Counter, limit: Int) {
    self.bytes = bytes
    self.end = end
    self.counter = counter
    left = limit
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    text += String(buffer: unwrapInboundIn(data))
    // The end of every body that we send.
    guard text.hasSuffix("}}") else { return }
    text = ""
    guard left > 0 else { return context.close(promise: nil) }
    left -= 1
    counter.requests.add(1, ordering: .relaxed)
    say(bytes, context)
  }

  private func say(_ bytes: String, _ context: ChannelHandlerContext) {
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenSuccess {
      switch self.end {
      case .keepsOpen: break
      case .closes: context.close(promise: nil)
      case .repeats(let more): self.say(more, context)
      }
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: bytes)), promise: written)
  }
}
