internal import AsyncHTTPClient
internal import Files
internal import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import Notation

/// Posts events to a server, one after the other, each until the server has it.
///
/// What may pass with time is tried again: no connection, status 429 and those from 500 on. Redirects
/// are not followed, so that a key goes nowhere but where it was meant to.
package final class EventSender {
  private let client: HTTPClient
  private let url: String
  private let key: String?
  /// Seconds before each further attempt.
  private let pauses: [Double]

  /// `url` without a path means OpenLineage's own, `/api/v1/lineage`. Throws for an address that
  /// cannot be posted to, and for one to which the key would travel for all to read.
  package init(to url: String, key: String?, pauses: [Double] = [1, 2, 4, 8]) throws {
    guard var parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
      parts.scheme == "http" || parts.scheme == "https", parts.user == nil, parts.password == nil
    else {
      throw FileError(url, "is not an address that can be posted to, as http://host:5000 is")
    }
    let isLoopback = host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
    let isLocal = isLoopback || host == "localhost" || host == "::1" || host == "[::1]"
    guard key == nil || parts.scheme == "https" || isLocal else {
      throw FileError(url, "the key would go there unencrypted; use an https address")
    }
    guard !(key ?? "").utf8.contains(where: { $0 < 0x21 || $0 > 0x7E }) else {
      throw FileError(url, "the key has white space in it, or letters beyond ASCII; no key has")
    }
    if parts.path.isEmpty || parts.path == "/" { parts.path = "/api/v1/lineage" }
    self.url = parts.string ?? url
    self.key = key
    self.pauses = pauses
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout = .init(connect: .seconds(5), read: .seconds(30))
    // It has attempts of its own, which would hide ours.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  deinit { try? client.syncShutdown() }

  /// Returns when the server has taken the event; the error says what it answered.
  package func send(_ event: String) throws {
    var problem = ""
    for attempt in 0...pauses.count {
      if attempt > 0 { Thread.sleep(forTimeInterval: pauses[attempt - 1]) }
      do {
        let response = try post(event)
        if (200..<300).contains(response.status.code) { return }
        problem = "answered \(response.status.code)" + Self.excerpt(response.body)
        guard response.status.code == 429 || response.status.code >= 500 else { break }
      } catch let error as HTTPClientError {
        problem = "did not answer (\(error.shortDescription))"
      } catch {
        problem = "could not be reached (\(error))"
      }
    }
    throw FileError(url, problem)
  }

  private func post(_ event: String) throws -> HTTPClient.Response {
    var request = try HTTPClient.Request(url: url, method: .POST)
    request.headers.add(name: "content-type", value: "application/json")
    if let key { request.headers.add(name: "authorization", value: "Bearer \(key)") }
    request.body = .string(event)
    return try client.execute(request: request, deadline: .now() + .seconds(60)).wait()
  }

  /// The beginning of an answer, on one line and without what moves a cursor.
  private static func excerpt(_ body: NIOCore.ByteBuffer?) -> String {
    guard let body, body.readableBytes > 0 else { return "" }
    let text = String(decoding: body.readableBytesView.prefix(300), as: UTF8.self)
    return ": " + quoted(text)
  }
}
