import Audit
import Foundation
import Lineage
import Pages
import Testing

@testable import Web

/// The pages in headless Chromium: see `Tests/Browser/look.py`.
///
/// Runs where BRANCHMERGE_PYTHON names a Python that has Selenium and axe-core, and Chromium is there.
struct BrowserTests {
  static let isThere = (try? look([]).status) == 0

  @Test(.enabled(if: isThere, "Chromium, Selenium or axe-core is missing"))
  func `served pages are fine on a desktop, on a phone, in the dark, on paper and by keyboard`()
    async throws
  {
    let book = try Book()
    let markup = "<b onclick='x'>bold</b> \u{202E}\(String(repeating: "long", count: 200))"
    try book.record((0..<60).map { "{\"prompt\": \"What is \($0)? \(markup)\"}" })
    try book.record((0..<9).map { "{\"prompt\": \"What is \($0)?\", \"level\": 1}" })
    try await serving(book.path) { server in
      let paths = [
        "/", "/samples?branch=math", "/sample?id=pool:1&run=1", "/sample?id=pool:61", "/runs",
        "/search?q=What+is+7", "/compare?before=1&after=2",
        "/compare?before=1&after=2&branch=0&group=0",
        "/sources", "/models", "/search",
      ]
      for path in paths {
        // What takes a moment would be seen as such.
        while try await server.get(path).status == 202 {
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      let seen = try await Self.looked(paths.map { "http://127.0.0.1:\(server.port)\($0)" })
      #expect(seen.status == 0, "\(seen.output)")
    }
  }

  @Test(.enabled(if: isThere, "Chromium, Selenium or axe-core is missing"))
  func `a report is, too, and asks for nothing`() async throws {
    let book = try Book()
    try book.record((0..<60).map { "{\"prompt\": \"What is \($0)?\"}" })
    let overview = try Overview(Ledger(reading: book.ledgerPath), in: book.path)
    let report = try book.workspace.write("report.html", Report(overview).page)
    let seen = try await Self.looked(["file://" + report])
    #expect(seen.status == 0, "\(seen.output)")
  }

  @Test(.enabled(if: isThere, "Chromium, Selenium or axe-core is missing"))
  func `pages that tell of a teacher are, too`() async throws {
    let book = try Book(isTaught: true)
    try book.record((0..<60).map { "{\"prompt\": \"What is \($0)?\"}" })
    try book.teach(saying: "<b>stop</b> \(String(repeating: "long", count: 60)) and so on")
    try await serving(book.path) { server in
      let paths = ["/", "/models", "/sample?id=pool:5", "/sample?id=pool:11"]
      for path in paths {
        while try await server.get(path).status == 202 {
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      let overview = try Overview(Ledger(reading: book.ledgerPath), in: book.path)
      let report = try book.workspace.write("report.html", Report(overview).page)
      let seen = try await Self.looked(
        paths.map { "http://127.0.0.1:\(server.port)\($0)" } + ["file://" + report])
      #expect(seen.status == 0, "\(seen.output)")
    }
  }

  @Test(.enabled(if: isThere, "Chromium, Selenium or axe-core is missing"))
  func `what is wrong with a page is seen`() async throws {
    let scratch = try Scratch()
    let page = try scratch.write(
      "page.html",
      """
      <!DOCTYPE html><html lang="en"><head><title>t</title><style>
      :focus { outline: none } p { color: #aaa; width: 3000px }
      </style></head><body><main><h1>h</h1><p>pale and wide</p><a href="#x">x</a>
      <img src="http://127.0.0.1:9/x.png"><script>console.error("said")</script></main></body></html>
      """)
    let seen = try await Self.looked(["file://" + page])
    #expect(seen.status == 1)
    for fault in [
      "console:", "said", "asks for http://127.0.0.1:9/x.png", "axe: color-contrast",
      "axe: image-alt", "scrolls sideways", "focus does not show", "the first stop is not",
    ] {
      #expect(seen.output.contains(fault), "\(fault)")
    }
  }

  /// Looks at pages from a thread of its own: those that are served here need the tests' threads.
  private static func looked(_ urls: [String]) async throws -> (status: Int32, output: String) {
    try await withCheckedThrowingContinuation { continuation in
      Thread { continuation.resume(with: Result { try look(urls) }) }.start()
    }
  }

  private static func look(_ urls: [String]) throws -> (status: Int32, output: String) {
    guard let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"] else {
      return (77, "BRANCHMERGE_PYTHON is not set")
    }
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Browser/look.py").standardized.path
    let (process, pipe) = (Process(), Pipe())
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [script] + urls
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: output, as: UTF8.self))
  }
}
