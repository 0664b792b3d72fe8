import Foundation
import Glibc
import StubTeacher
import Testing

/// A request over a socket of its own, and the bytes that came back before the stub closed it.
struct RawExchange {
  enum Ending { case closed, reset }

  var head = ""
  /// Body as it came, or what its HTTP chunks held.
  var body: [UInt8] = []
  var chunks: [[UInt8]] = []
  /// Whether the body came to the end that its head or its last chunk told.
  var isComplete = false
  var ending = Ending.closed

  init(
    _ stub: StubTeacher, _ prompt: String = "why?", streamed: Bool = true, model: String = "m",
    key: String? = nil
  ) throws {
    let socket = try Socket(stub.port)
    try socket.send(Self.request(prompt, streamed: streamed, model: model, key: key))
    try self.init(reading: socket)
  }

  init(body: [UInt8]) { self.body = body }

  init(reading socket: Socket) throws {
    let bytes: [UInt8]
    (bytes, ending) = try socket.readAll()
    guard let end = bytes.range(of: "\r\n\r\n") else { return }
    head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    let rest = bytes[end.upperBound...]
    if head.contains("transfer-encoding: chunked") {
      readChunks(rest)
    } else {
      body = Array(rest)
      isComplete =
        head.contains("content-length: \(body.count)\r\n")
        || head.hasSuffix("content-length: \(body.count)")
    }
  }

  private mutating func readChunks(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    while let line = rest.range(of: "\r\n"),
      let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16)
    {
      let chunk = rest[line.upperBound...].prefix(count)
      if count > 0 { chunks.append(Array(chunk)) }
      body += chunk
      rest = rest[line.upperBound...].dropFirst(count)
      guard rest.starts(with: "\r\n".utf8) else { return }
      rest = rest.dropFirst(2)
      if count == 0 { isComplete = rest.isEmpty }
    }
  }

  var status: Int { Int(head.split(separator: " ").dropFirst().first ?? "") ?? 0 }
  var text: String { String(decoding: body, as: UTF8.self) }

  func header(_ name: String) -> String? {
    head.components(separatedBy: "\r\n").first { $0.hasPrefix(name + ": ") }
      .map { String($0.dropFirst(name.count + 2)) }
  }

  /// What stands behind `data: ` in each event.
  var events: [String] {
    text.replacing("\r\n", with: "\n").components(separatedBy: "\n\n")
      .filter { $0.hasPrefix("data: ") }.map { String($0.dropFirst(6)) }
  }

  /// The events as JSON, without `[DONE]` and those that are none.
  var objects: [[String: Any]] { events.compactMap(Self.object) }

  static func object(_ text: String) -> [String: Any]? {
    (try? JSONSerialization.jsonObject(with: Data(text.utf8))) as? [String: Any]
  }

  /// A field of all deltas, joined.
  func joined(_ field: String) -> String {
    objects.compactMap { Self.choice($0)?["delta"] as? [String: Any] }
      .compactMap { $0[field] as? String }.joined()
  }

  /// A field of the one message.
  func message(_ field: String) -> String? {
    Self.object(text).flatMap(Self.choice).flatMap { $0["message"] as? [String: Any] }?[field]
      as? String
  }

  var finishReasons: [String] {
    objects.compactMap { Self.choice($0)?["finish_reason"] as? String }
  }

  static func choice(_ object: [String: Any]) -> [String: Any]? {
    (object["choices"] as? [[String: Any]])?.first
  }

  static func request(
    _ prompt: String, streamed: Bool = true, model: String = "m", key: String? = nil,
    keepsOpen: Bool = false
  ) -> String {
    let stream = streamed ? #","stream":true,"stream_options":{"include_usage":true}"# : ""
    let body =
      #"{"model":"\#(model)","messages":[{"role":"system","content":"Be brief."},"#
      + #"{"role":"user","content":"\#(prompt)"}]\#(stream)}"#
    return "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
      + (keepsOpen ? "" : "Connection: close\r\n")
      + (key.map { "Authorization: Bearer \($0)\r\n" } ?? "")
      + "Content-Length: \(body.utf8.count)\r\n\r\n" + body
  }
}

/// A connection to a port of this machine that waits for what it reads.
final class Socket {
  private let descriptor: Int32

  init(_ port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    // A stub that says nothing where it should fails the test instead of stopping it.
    var patience = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
  }

  deinit { close() }

  private var isClosed = false

  func close() {
    if !isClosed { Glibc.close(descriptor) }
    isClosed = true
  }

  func send(_ text: String) throws {
    let bytes = Array(text.utf8)
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
    else { throw POSIXError(.EPIPE) }
  }

  /// What has come, one byte at least unless the other side has closed.
  func read() throws -> [UInt8] {
    var room = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(descriptor, &room, room.count, 0)
    guard count >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    return Array(room[..<count])
  }

  /// As many bytes as that, or fewer where the other side closes.
  func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let more = try read()
      if more.isEmpty { break }
      bytes += more
    }
    return bytes
  }

  func readAll() throws -> ([UInt8], RawExchange.Ending) {
    var bytes: [UInt8] = []
    while true {
      do {
        let more = try read()
        if more.isEmpty { return (bytes, .closed) }
        bytes += more
      } catch let error as POSIXError where error.code == .ECONNRESET {
        return (bytes, .reset)
      }
    }
  }
}

extension Collection<UInt8> {
  /// Where that text stands first.
  func range(of text: String) -> Range<Index>? {
    let needle = Array(text.utf8)
    var start = startIndex
    while start != endIndex {
      if self[start...].starts(with: needle) {
        return start..<index(start, offsetBy: needle.count)
      }
      formIndex(after: &start)
    }
    return nil
  }
}

/// Waits until something holds which the stub's own thread brings about; it gives up in the end.
func wait(until condition: () -> Bool) {
  for _ in 0..<30_000 {
    if condition() { return }
    usleep(1000)
  }
  Issue.record("it never came about")
}
