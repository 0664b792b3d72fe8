internal import NIOCore
internal import NIOHTTP1

#if canImport(Glibc)
  internal import Glibc
#endif

/// One connection: reads a request, answers it, reads the next.
final class StubHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = ByteBuffer

  private let log: RequestLog
  private var head: HTTPRequestHead?
  private var body = ByteBuffer()
  private var current: Answering?

  /// The request that is being answered.
  private struct Answering {
    var ticket: RequestLog.Ticket
    var reply: Reply
    /// Seconds between two parts of the reply.
    var pause = 0.0

    var outcome: Exchange.Outcome {
      if ticket.turnedAway != nil { return .turnedAway }
      return switch ticket.fault?.effect {
      case nil, .good, .useless: .answered
      case .nothing, .broken: .faulted
      }
    }
  }

  init(_ log: RequestLog) { self.log = log }

  func channelActive(context: ChannelHandlerContext) { log.connected() }

  func channelInactive(context: ChannelHandlerContext) {
    if let current {
      self.current = nil
      log.ended(current.ticket, .cutByClient, current.reply)
    }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      // Who sends a request before the last one is answered is not understood.
      guard current == nil else { return context.close(promise: nil) }
      self.head = head
      body.clear()
    case .body(var part):
      if body.readableBytes == 0 { body = part } else { body.writeBuffer(&part) }
    case .end:
      guard let head else { return }
      self.head = nil
      answer(head, context)
    }
  }

  private func answer(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    let authorization = head.headers.first(name: "authorization")
    let keepsOpen = head.isKeepAlive
    let question =
      head.method == .POST && head.uri.hasSuffix("/chat/completions") ? try? Question(body) : nil
    let (ticket, behaviour) = log.admit(question, authorization: authorization, body: body)
    body = ByteBuffer()
    guard let question, ticket.turnedAway == nil else {
      let refusal = Refusal(
        status: ticket.turnedAway ?? 400, retryAfter: ticket.retryAfter,
        model: question?.model ?? "", authorization: authorization)
      current = Answering(ticket: ticket, reply: Reply(refusal, keepsOpen: keepsOpen))
      return finish(from: 0, context)
    }
    let reply = Reply(
      to: question, ticket, behaviour, authorization: authorization, keepsOpen: keepsOpen)
    current = Answering(ticket: ticket, reply: reply, pause: behaviour.perPiece)
    after(behaviour.latency, context) { self.send(0, context) }
  }

  /// Sends the reply from that part on.
  private func send(_ place: Int, _ context: ChannelHandlerContext) {
    guard let current else { return }
    guard current.pause > 0, place + 1 < current.reply.parts.count else {
      return finish(from: place, context)
    }
    context.writeAndFlush(wrapOutboundOut(current.reply.parts[place]), promise: nil)
    after(current.pause, context) { self.send(place + 1, context) }
  }

  /// Sends what is left of the reply, counted before, so that who has read it finds it counted.
  private func finish(from place: Int, _ context: ChannelHandlerContext) {
    guard let answering = current else { return }
    let reply = answering.reply
    let outcome = answering.outcome
    if reply.end != .hangs {
      current = nil
      log.ended(answering.ticket, outcome, reply)
    }
    for part in reply.parts[place...] { context.write(wrapOutboundOut(part), promise: nil) }
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { [log] result in
      if case .failure = result, outcome == .answered { log.lost(answering.ticket, reply) }
      switch reply.end {
      case .keepsOpen, .hangs: break
      case .closes: context.close(promise: nil)
      case .resets: Self.reset(context)
      }
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: written)
  }

  private static func reset(_ context: ChannelHandlerContext) {
    guard let socket = context.channel as? any SocketOptionProvider else { return }
    socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in
      context.close(promise: nil)
    }
  }

  private func after(
    _ seconds: Double, _ context: ChannelHandlerContext, _ body: @escaping () -> Void
  ) {
    guard seconds > 0 else { return body() }
    context.eventLoop.assumeIsolated().scheduleTask(
      in: .nanoseconds(Int64(seconds * 1e9)), body)
  }
}
