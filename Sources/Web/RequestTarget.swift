internal import NIOCore
internal import NIOHTTP1

/// Requests by a whole address, as `GET http://host/path`: the host in it counts, and not the field,
/// so that `Gate` sees it. What is neither that nor a path becomes what `Gate` refuses.
///
/// The codec of Hummingbird forgets that host, so this has to stand before it.
final class RequestTarget: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data), !head.uri.hasPrefix("/") else {
      return context.fireChannelRead(data)
    }
    let scheme = "http://"
    if head.uri.lowercased().hasPrefix(scheme), head.headers["Host"].count == 1 {
      let host = head.uri.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
      head.headers.replaceOrAdd(name: "Host", value: String(host))
    } else {
      head.uri = "*"
    }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  /// Puts one where requests are read, from the place that Hummingbird gives to handlers.
  final class Placement: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny

    func handlerAdded(context: ChannelHandlerContext) {
      let pipeline = context.pipeline.syncOperations
      do {
        let decoder = try pipeline.handler(type: ByteToMessageHandler<HTTPRequestDecoder>.self)
        try pipeline.addHandler(RequestTarget(), position: .after(decoder))
      } catch {
        context.close(promise: nil)
      }
    }
  }
}
