import Foundation
import Lineage
import Testing

@testable import Web

/// What a request has to pass, and what every answer says to the browser.
struct GateTests {
  let book: Book

  init() throws {
    book = try Book()
    try book.record(["{\"a\": 1}"])
  }

  @Test func `this machine's names are answered, and no others`() async throws {
    try await serving(book.path) { server in
      let port = server.port
      let cases: [(String, Int)] = [
        ("127.0.0.1:\(port)", 200), ("localhost:\(port)", 200), ("[::1]:\(port)", 200),
        ("LocalHost:\(port)", 200), ("rebound.example:\(port)", 421), ("localhost", 421),
        ("127.0.0.1", 421), ("127.0.0.1:\(port + 1)", 421), ("127.0.0.1:\(port).example", 421),
        ("localhost.:\(port)", 421), ("127.0.0.2:\(port)", 421), ("0.0.0.0:\(port)", 421),
        ("user@localhost:\(port)", 421), ("localhost:\(port),localhost:\(port)", 421),
        ("localhost.localdomain:\(port)", 421), ("", 400),
      ]
      for (host, status) in cases {
        let answer = try await server.ask(
          raw: "GET /runs HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        #expect(answer.status == status, "\(host)")
        #expect(answer.body.contains("<title>") == (status == 200), "\(host)")
      }
    }
  }

  @Test func `one host is asked, and by its path`() async throws {
    try await serving(book.path) { server in
      let host = "Host: localhost:\(server.port)\r\n"
      for (request, status) in [
        ("GET /runs HTTP/1.1\r\n", 400), ("GET /runs HTTP/1.0\r\n", 400),
        ("GET /runs HTTP/1.1\r\n\(host)Host: rebound.example\r\n", 400),
        ("GET /runs HTTP/1.1\r\nHost: rebound.example\r\n\(host)", 400),
        ("GET runs HTTP/1.1\r\n\(host)", 400), ("GET  HTTP/1.1\r\n\(host)", 400),
        ("\u{0}\u{1}\u{2}\r\n", 400), ("GET /runs HTTP/9.9\r\n\(host)", 400),
      ] {
        let answer = try await server.ask(raw: request + "Connection: close\r\n\r\n")
        #expect(answer.status == status, "\(request)")
      }
    }
  }

  @Test func `the host of a whole address counts`() async throws {
    try await serving(book.path) { server in
      let own = "localhost:\(server.port)"
      for (target, host, status) in [
        ("http://rebound.example/runs", own, 421), ("HTTP://rebound.example/runs", own, 421),
        ("http://\(own)@rebound.example/runs", own, 421), ("http:///runs", own, 400),
        ("http://\(own)/runs", own, 200), ("http://\(own)/runs", "rebound.example", 200),
        ("https://\(own)/runs", own, 400), ("x:/runs", own, 400), ("*", own, 400),
      ] {
        let answer = try await server.ask(
          raw: "GET \(target) HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
        #expect(answer.status == status, "\(target) \(host)")
      }
    }
  }

  @Test func `visitors by IPv4 are answered through IPv6, too`() async throws {
    #expect(Gate.plain("::ffff:192.0.2.7") == "192.0.2.7")
    #expect(Gate.plain("::ffff:1") == "::ffff:1")
    #expect(Gate.plain("2001:db8::7") == "2001:db8::7")
    guard FileManager.default.fileExists(atPath: "/proc/net/if_inet6") else { return }
    try await serving(book.path, host: "::") { server in
      for (host, status) in [("127.0.0.2", 200), ("127.0.0.3", 421)] {
        let answer = try await server.ask(
          raw: "GET /runs HTTP/1.1\r\nHost: \(host):\(server.port)\r\nConnection: close\r\n\r\n",
          at: "127.0.0.2")
        #expect(answer.status == status)
      }
    }
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND"])
  func `nothing but questions is taken`(method: String) async throws {
    try await serving(book.path) { server in
      let answer = try await server.get("/runs", method: method)
      #expect(answer.status == 405)
      #expect(answer.headers["allow"] == "GET, HEAD")
    }
  }

  @Test func `a question has no body`() async throws {
    try await serving(book.path) { server in
      let long = try await server.get("/runs", ["Content-Length: 99999999999"])
      #expect(long.status == 413)
      let open = try await server.get("/runs", ["Transfer-Encoding: chunked"])
      #expect(open.status == 413)
    }
  }

  @Test func `the head of a request has an end`() async throws {
    try await serving(book.path) { server in
      let path = "/search?q=" + String(repeating: "a", count: 20_000)
      try await server.expect(200, for: path)
      let longer = "/search?q=" + String(repeating: "a", count: 200_000)
      try await server.expect(400, 414, for: longer)
      let field = "X-A: " + String(repeating: "a", count: 200_000)
      try await server.expect(400, for: "/runs", [field])
      let fields = (0..<1000).map { "X-\($0): a" }
      try await server.expect(400, for: "/runs", fields)
      // The server is still there.
      try await server.expect(200, for: "/runs")
    }
  }

  @Test func `other sites' pages get nothing out of it, and may link to it`() async throws {
    try await serving(book.path) { server in
      for site in ["cross-site", "same-site"] {
        let image = ["Sec-Fetch-Site: \(site)", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"]
        try await server.expect(403, for: "/runs", image)
        let frame = [
          "Sec-Fetch-Site: \(site)", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: iframe",
        ]
        try await server.expect(403, for: "/runs", frame)
        let link = [
          "Sec-Fetch-Site: \(site)", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document",
        ]
        try await server.expect(200, for: "/runs", link)
      }
      let answer = try await server.get("/runs", ["Origin: https://rebound.example"])
      #expect(answer.headers.keys.allSatisfy { !$0.hasPrefix("access-control") })
    }
  }

  @Test(arguments: ["/", "/samples", "/runs", "/style.css", "/nothing", "/sample?id=x"])
  func `every answer tells the browser what it may do`(path: String) async throws {
    try await serving(book.path) { server in
      for answer in [
        try await server.get(path), try await server.get(path, method: "HEAD"),
        try await server.get(path, method: "POST"),
      ] {
        #expect(
          answer.headers["content-security-policy"]
            == "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
            + " base-uri 'none'; frame-ancestors 'none'")
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["referrer-policy"] == "no-referrer")
        #expect(answer.headers["cross-origin-resource-policy"] == "same-origin")
        #expect(answer.headers["cross-origin-opener-policy"] == "same-origin")
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(answer.headers["content-type"]?.hasSuffix("; charset=utf-8") == true)
      }
    }
  }

  @Test func `HEAD is GET without the page`() async throws {
    try await serving(book.path) { server in
      let (page, head) = (
        try await server.get("/runs"), try await server.get("/runs", method: "HEAD")
      )
      #expect(head.status == 200)
      #expect(head.body.isEmpty)
      #expect(head.headers["content-length"] == page.headers["content-length"])
      #expect(page.headers["content-length"] == "\(page.body.utf8.count)")
    }
  }

  @Test func `a port that is taken is told`() async throws {
    try await serving(book.path) { server in
      let second = AuditServer(workspace: book.path, host: "127.0.0.1", port: server.port)
      await #expect(throws: ServerError.self) { try await second.serve { _ in } }
    }
  }
}
