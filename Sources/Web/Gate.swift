internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore
internal import NIOPosix

/// What every request has to pass, and what every answer says to the browser.
///
/// The pages show a workspace to whoever may reach the address. A page of somebody else, open in the
/// same browser, can send requests here, too: it must not get anything out of the answers. It cannot
/// read them (`Cross-Origin-Resource-Policy`, no CORS), nor come under a name of its own that leads
/// here (DNS rebinding), because a request must ask for this address, or for `localhost`.
struct Gate: HTTPResponder {
  let site: Site
  /// As it was given; a name is one that requests may ask for.
  let host: String

  /// Bytes of a request's longest line: a search may quote a whole problem.
  static let headLimit = 32 << 10

  /// Threads that wait for the database and for files, so that the loops of the network never do.
  private static let threads: NIOThreadPool = {
    let pool = NIOThreadPool(numberOfThreads: 4)
    pool.start()
    return pool
  }()

  func respond(to request: Request, context: Visit) async throws -> Response {
    var reply: Reply
    if let refusal = refusal(of: request, at: context.address) {
      reply = refusal
    } else {
      let (path, query) = (request.uri.path, request.uri.query ?? "")
      reply = try await Self.threads.runIfActive { site.reply(to: path, Parameters(query)) }
    }
    var headers = Self.headers
    headers[.contentType] = reply.type
    for (name, value) in reply.headers { headers[name] = value }
    let body = ByteBuffer(string: reply.body)
    headers[.contentLength] = String(body.readableBytes)
    return Response(
      status: reply.status, headers: headers,
      body: request.method == .head ? ResponseBody() : ResponseBody(byteBuffer: body))
  }

  private static let headers: HTTPFields = {
    var fields = HTTPFields()
    fields[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
      + " base-uri 'none'; frame-ancestors 'none'"
    fields[.xContentTypeOptions] = "nosniff"
    fields[.cacheControl] = "no-store"
    for (name, value) in [
      ("Referrer-Policy", "no-referrer"),
      ("Cross-Origin-Resource-Policy", "same-origin"),
      ("Cross-Origin-Opener-Policy", "same-origin"),
      ("Permissions-Policy", "interest-cohort=(), browsing-topics=()"),
    ] {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    return fields
  }()
}

// MARK: - Refusing

extension Gate {
  private func refusal(of request: Request, at address: SocketAddress?) -> Reply? {
    let target = request.head.path ?? ""
    guard target.utf8.count <= Self.headLimit else {
      return Reply(.uriTooLong, "This address is too long.")
    }
    guard target.hasPrefix("/") else {
      return Reply(.badRequest, "A request names a path here, and no other server.")
    }
    // The first of them stands for the authority.
    guard let asked = request.head.authority, !asked.isEmpty, header("Host", request) == nil else {
      return Reply(.badRequest, "A request names the host that it asks, once.")
    }
    guard names(at: address).contains(asked.lowercased()) else {
      return Reply(
        .misdirectedRequest,
        "This server does not answer for that host. Ask for the address that it printed; through a"
          + " tunnel, use the same port on both sides.")
    }
    guard request.method == .get || request.method == .head else {
      var reply = Reply(.methodNotAllowed, "Nothing can be changed here: GET and HEAD are all.")
      reply.headers = [(.allow, "GET, HEAD")]
      return reply
    }
    guard !hasBody(request) else {
      return Reply(.contentTooLarge, "A question has no body.")
    }
    // What a page of another site embeds, in browsers that say so; links to here may be followed.
    if let site = header("Sec-Fetch-Site", request), !["same-origin", "none"].contains(site),
      header("Sec-Fetch-Mode", request) != "navigate"
        || header("Sec-Fetch-Dest", request) != "document"
    {
      return Reply(.forbidden, "Other sites cannot have this in their pages.")
    }
    return nil
  }

  private func hasBody(_ request: Request) -> Bool {
    request.headers[.transferEncoding] != nil
      || request.headers[.contentLength].map { $0 != "0" } == true
  }

  private func header(_ name: String, _ request: Request) -> String? {
    HTTPField.Name(name).flatMap { request.headers[$0] }
  }

  /// What a request may call this server: the address that it came to, the host as it was given,
  /// and this machine's names for itself. Names of others lead here at most by deceit.
  private func names(at address: SocketAddress?) -> [String] {
    guard let port = address?.port else { return [] }
    let hosts = ["localhost", "127.0.0.1", "::1", host, Self.plain(address?.ipAddress ?? host)]
    return hosts.flatMap { host in
      let name = Self.authority(host.lowercased(), port)
      // A browser leaves away the port that is HTTP's own.
      return port == 80 ? [name, String(name.dropLast(3))] : [name]
    }
  }

  /// An address of IPv4 as its visitors write it: a socket of IPv6 has it as `::ffff:127.0.0.1`.
  static func plain(_ address: String) -> String {
    let beginning = "::ffff:"
    guard address.hasPrefix(beginning), address.contains(".") else { return address }
    return String(address.dropFirst(beginning.count))
  }

  /// A host and a port as an address has them.
  static func authority(_ host: String, _ port: Int) -> String {
    host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}

/// A request's connection.
struct Visit: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// The address of ours that it came to.
  let address: SocketAddress?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    address = source.channel.localAddress
  }
}
