import Files
import Foundation
import Glibc
import Lineage
import Testing

@testable import Web

/// A temporary folder that ends with its owner.
final class Scratch: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/web-" + UUID().uuidString
    try Folder.create(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ text: String) throws -> String {
    try Folder.create((path + "/" + name).parentPath)
    try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    return path + "/" + name
  }
}

/// What a server answered.
struct Answer: Sendable {
  var status = 0
  /// By names in small letters.
  var headers: [String: String] = [:]
  var body = ""

  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    // CR and LF are one character of Swift.
    let parts = text.replacing("\r\n", with: "\n").split(
      separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
    let lines = (parts.first ?? "").split(separator: "\n")
    status = lines.first.flatMap { Int($0.split(separator: " ").dropFirst().first ?? "") } ?? 0
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
        in: .whitespaces)
    }
    body = parts.count > 1 ? String(parts[1]) : ""
  }
}

/// A server at work for the length of a test.
struct Serving: Sendable {
  let port: Int

  /// Sends bytes as they are, and returns all that comes back until the server closes.
  func ask(raw request: String, at address: String = "127.0.0.1") async throws -> Answer {
    let port = port
    let bytes = try await withCheckedThrowingContinuation { continuation in
      // Waiting for a socket is nothing for the threads that the server's tasks run on.
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(request, address, port) })
      }
    }
    return Answer(bytes)
  }

  /// Asks for a path, and expects one of these answers.
  func expect(
    _ statuses: Int..., for path: String, _ headers: [String] = [],
    at place: SourceLocation = #_sourceLocation
  ) async throws {
    let status = try await get(path, headers).status
    #expect(statuses.contains(status), "\(status)", sourceLocation: place)
  }

  /// Asks for a page, and expects that it says this.
  func expect(
    _ words: String, on path: String, at place: SourceLocation = #_sourceLocation
  ) async throws {
    let body = try await get(path).body
    #expect(body.contains(words), sourceLocation: place)
  }

  /// Asks for a path as a browser would.
  func get(_ path: String, _ headers: [String] = [], method: String = "GET") async throws -> Answer
  {
    let lines = ["\(method) \(path) HTTP/1.1", "Host: 127.0.0.1:\(port)"] + headers
    return try await ask(raw: (lines + ["Connection: close", "", ""]).joined(separator: "\r\n"))
  }
}

private func exchange(_ request: String, _ host: String, _ port: Int) throws -> [UInt8] {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  // A server that never answers fails the test, and does not hold it.
  var patience = timeval(tv_sec: 60, tv_usec: 0)
  setsockopt(
    descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = inet_addr(host)
  let isConnected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  try #require(isConnected)
  let bytes = Array(request.utf8)
  var sent = 0
  while sent < bytes.count {
    let count = bytes[sent...].withUnsafeBytes {
      send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
    }
    // One who has heard enough closes.
    guard count > 0 else { break }
    sent += count
  }
  var answer: [UInt8] = []
  var room = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = recv(descriptor, &room, room.count, 0)
    guard count > 0 else { return answer }
    answer += room[..<count]
  }
}

/// Serves a workspace while `body` asks.
func serving(
  _ workspace: String, host: String = "127.0.0.1", _ body: @Sendable (Serving) async throws -> Void
) async throws {
  let server = AuditServer(workspace: workspace, host: host, port: 0)
  let (addresses, told) = AsyncStream<String>.makeStream()
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask { try await server.serve { told.yield($0) } }
    var iterator = addresses.makeAsyncIterator()
    let address = try #require(await iterator.next())
    let port = try #require(Int(address.split(separator: ":").last?.dropLast() ?? ""))
    try await body(Serving(port: port))
    group.cancelAll()
  }
}
