import Files
import Foundation
import GRDB
import Lineage
import Testing

@testable import Web

/// What is hostile wherever it stands: in an element, an attribute, an address, a script.
let hostile =
  "\"'><script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) &lt; \u{202E}txt"
  + " </title></style></textarea>--><svg/onload=alert(1)>\u{7}%00%3Cscript%3E"

/// The pages of a workspace, asked for as a browser does.
struct PageTests {
  /// Every page that links lead to, from the first on.
  private func crawl(_ server: Serving, limit: Int) async throws -> [String: Answer] {
    var pages: [String: Answer] = [:]
    var open = ["/"]
    while let path = open.popLast(), pages.count < limit {
      guard pages[path] == nil else { continue }
      var answer = try await server.get(path)
      while answer.status == 202 {
        try await Task.sleep(for: .milliseconds(20))
        answer = try await server.get(path)
      }
      pages[path] = answer
      for match in answer.body.matches(of: /(?:href|action)="([^"]*)"/) {
        let link = match.1.replacing("&amp;", with: "&")
        if link.hasPrefix("/") { open.append(String(link)) }
      }
    }
    return pages
  }

  @Test func `every link leads somewhere`() async throws {
    let book = try Book()
    try book.record((0..<60).map { "{\"prompt\": \"What is \($0)?\"}" })
    try book.record((0..<20).map { "{\"prompt\": \"Why \($0)?\"}" }, file: "second.jsonl")
    try await serving(book.path) { server in
      let pages = try await crawl(server, limit: 400)
      #expect(pages.count > 100)
      for (path, answer) in pages {
        #expect(answer.status == 200, "\(path)")
        #expect(Markup.faults(answer.body) == [], "\(path)")
        // Nothing of ours was taken for somebody's text.
        #expect(!answer.body.contains("&lt;") && !answer.body.contains("HTML(source"), "\(path)")
      }
    }
  }

  @Test func `what samples and ledgers say is text on every page`() async throws {
    let book = try Book(name: hostile)
    try book.record(
      (0..<8).map { "{\"\(hostile.replacing("\"", with: "\\\""))\": \"\(hostile)\($0)" })
    try await serving(book.path) { server in
      let pages = try await crawl(server, limit: 100)
      #expect(pages.count > 20)
      for (path, answer) in pages
      where answer.headers["content-type"]?.hasPrefix("text/html") == true {
        #expect(Markup.faults(answer.body) == [], "\(path)")
      }
      #expect(pages.values.contains { $0.body.contains("&lt;script&gt;alert(1)") })
    }
  }

  @Test func `what a teacher says is text on every page`() async throws {
    let book = try Book(name: hostile, isTaught: true)
    try book.record((0..<48).map { "{\"prompt\": \"What is \($0)?\"}" })
    try book.teach(saying: hostile)
    try await serving(book.path) { server in
      let pages = try await crawl(server, limit: 200)
      #expect(pages.count > 50)
      for (path, answer) in pages
      where answer.headers["content-type"]?.hasPrefix("text/html") == true {
        #expect(answer.status == 200 && Markup.faults(answer.body) == [], "\(path)")
      }
      let escaped = "&lt;script&gt;alert(1)"
      #expect(pages["/models"]?.body.contains("What was made of the seeds") == true)
      #expect(
        pages.values.contains { $0.body.contains("Let me see: ") && $0.body.contains(escaped) })
    }
  }

  @Test func `a seed's page shows what its teacher answered, and goes on without the store`()
    async throws
  {
    let book = try Book(isTaught: true)
    try book.record((0..<12).map { "{\"prompt\": \"What is \($0)?\"}" })
    try book.teach(saying: "stop")
    try await serving(book.path) { server in
      // The fifth of six is the seed that was taught, the eleventh the one that was rejected.
      let taught = try await server.get("/sample?id=pool:5").body
      #expect(taught.contains("Let me see: stop") && taught.contains("Answer 1: taken"))
      #expect(taught.contains("was accepted, and with it the sample is row 3 of"))
      #expect(taught.components(separatedBy: "Proved by its hash.").count == 5)
      let rejected = try await server.get("/sample?id=pool:11").body
      #expect(rejected.contains("Answer 2: turned down") && rejected.contains("rejected"))
      let models = try await server.get("/models").body
      #expect(models.contains("Why seeds have no row") && models.contains("stop"))
      try FileManager.default.removeItem(atPath: book.path + "/teacher.sqlite")
      let bare = try await server.get("/sample?id=pool:5").body
      #expect(bare.contains("The answers cannot be shown: "))
      #expect(!bare.contains("Let me see"))
      try await server.expect(200, for: "/")
    }
  }

  @Test(arguments: [
    "/samples?branch=X", "/samples?branch=math&source=X&step=X", "/samples?branch=math&fate=X",
    "/sample?id=X", "/row?id=X", "/search?q=X", "/compare?before=X&after=X", "/X", "/sources?X=X",
    "/samples?branch=math&after=-9223372036854775808",
    "/samples?branch=math&before=9223372036854775807",
    "/samples?branch=math&after=9223372036854775807", "/samples?run=99999999999999999999",
    "/samples?branch=math&run=-1", "/sample?id=a&run=9223372036854775807",
    "/sample?id=:9223372036854775807",
    "/sample?id=pool.jsonl:-1", "/sample?id=%ff%fe%", "/samples?%=%&&&=&branch", "/sample?id=pool%",
    "//", "/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/style.css/..",
    "/compare?before=1&after=1",
    "/compare?before=1&after=2", "/models?x", "/search?q=%22%20OR%20%2A", "/search?q=%00",
    "/search?q=pool.jsonl:-1", "/search?q=pool.jsonl:0", "/search?q=pool.jsonl:99",
  ])
  func `what is asked for is text, too`(path: String) async throws {
    let book = try Book()
    try book.record((0..<8).map { "{\"prompt\": \"What is \($0)?\"}" })
    let encoded = hostile.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
    try await serving(book.path) { server in
      for text in [
        encoded, hostile.filter { $0 != " " && $0 != "\u{7}" && $0.isASCII },
      ] {
        let answer = try await server.get(path.replacing("X", with: text))
        #expect([200, 202, 404].contains(answer.status), "\(answer.status) \(answer.body)")
        #expect(Markup.faults(answer.body) == [], "\(path)")
      }
    }
  }

  @Test func `a line of a megabyte is shown in part, and told of`() async throws {
    let book = try Book()
    let long = String(repeating: "<b>&", count: 300_000)
    try book.record(["{\"prompt\": \"\(long)\"}", "[" + String(repeating: "[", count: 100_000)])
    try await serving(book.path) { server in
      let page = try await server.get("/sample?id=pool:1")
      #expect(page.status == 200)
      #expect(page.body.utf8.count < 500_000)
      #expect(page.body.contains("1.2 MB in all"))
      #expect(Markup.faults(page.body) == [])
      let row = try await server.get("/row?id=pool:1")
      #expect(row.body.contains(long))
      #expect(row.headers["content-type"] == "text/plain; charset=utf-8")
      try await server.expect(200, for: "/sample?id=pool:2")
    }
  }

  @Test func `a sample's page shows its row, and tells when the file has changed`() async throws {
    let book = try Book()
    try book.record(["{\"prompt\": \"What is 6 times 7?\"}", "{\"prompt\": \"Why?\"}"])
    try await serving(book.path) { server in
      let page = try await server.get("/sample?id=pool:1").body
      #expect(page.contains("What is 6 times 7?"))
      #expect(page.contains("Proved by its hash."))
      #expect(!page.contains("is not the row that was read"))
      _ = try book.workspace.write("pool.jsonl", "{\"prompt\": \"What is 6 times 8?\"}\n")
      let changed = try await server.get("/sample?id=pool:1").body
      #expect(changed.contains("is not the row that was read"))
      try FileManager.default.removeItem(atPath: book.path + "/pool.jsonl")
      try await server.expect("could not open it", on: "/sample?id=pool:1")
    }
  }

  @Test func `duplicates and the sample that stayed lead to each other`() async throws {
    let book = try Book()
    try book.record((0..<9).map { "{\"prompt\": \"What is \($0)?\"}" })
    try await serving(book.path) { server in
      // The fates are read while the first page waits.
      while try await server.get("/samples?branch=math").status == 202 {}
      try await server.expect("1 duplicate gave way to it", on: "/sample?id=pool:1")
      try await server.expect("href=\"/sample?id=pool%3A3\"", on: "/sample?id=pool:1")
      try await server.expect("href=\"/sample?id=pool%3A1\"", on: "/sample?id=pool:3")
    }
  }

  @Test func `new runs show without a restart`() async throws {
    let book = try Book()
    try book.record(["{\"prompt\": \"one\"}"])
    try await serving(book.path) { server in
      try await server.expect("of run 1", on: "/samples?branch=all")
      try book.record(["{\"prompt\": \"one\"}", "{\"prompt\": \"two\"}"])
      var page = try await server.get("/samples?branch=all").body
      // The last run's fates may be shown while the new one's are being read.
      while page.contains("are being worked out") {
        page = try await server.get("/samples?branch=all").body
      }
      #expect(page.contains("of run 2"))
      #expect(page.contains("What became of 2 samples"))
      try await server.expect("What became of 1 sample", on: "/samples?branch=all&run=1")
    }
  }

  @Test func `while a run commits the last page is shown, or one that comes again`() async throws {
    let book = try Book()
    try book.record((0..<8).map { "{\"prompt\": \"What is \($0)?\"}" })
    try await serving(book.path) { server in
      for path in ["/", "/samples"] {
        while try await server.get(path).status == 202 {}
      }
      let writer = try Ledger(writing: book.ledgerPath, isDurable: false)
      try writer.access { try $0.execute(sql: "BEGIN EXCLUSIVE") }
      let before = try await server.get("/")
      #expect(before.status == 200)
      for path in ["/samples", "/runs", "/sample?id=pool:1", "/search?q=pool:1"] {
        let answer = try await server.get(path)
        #expect(answer.status == 503, "\(path)")
        #expect(answer.headers["refresh"] == "1")
        #expect(answer.body.contains("A run is writing to the ledger"))
      }
      // Another state, which nobody can read yet.
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1)], ofItemAtPath: book.ledgerPath)
      let old = try await server.get("/")
      #expect(old.status == 200)
      #expect(old.body.contains("newer numbers are being worked out"))
      #expect(Markup.faults(old.body) == [])
      try writer.access { try $0.execute(sql: "ROLLBACK") }
      while try await server.get("/").body.contains("are being worked out") {}
      try await server.expect(200, for: "/samples")
    }
  }

  @Test func `a place that several files end in is asked for again`() async throws {
    let book = try Book()
    try Folder.create(book.path + "/a")
    try Folder.create(book.path + "/b")
    for file in ["a/x.jsonl", "b/x.jsonl"] { try book.record(["{\"prompt\": \"1\"}"], file: file) }
    try await serving(book.path) { server in
      let answer = try await server.get("/search?q=x.jsonl:-1")
      #expect(answer.status == 200)
      #expect(answer.body.contains("write more of the path"))
    }
  }

  @Test func `a ledger that is gone or broken is told of, and one that comes back is served`()
    async throws
  {
    let book = try Book()
    try book.record(["{\"prompt\": \"one\"}"])
    let whole = try Data(contentsOf: URL(fileURLWithPath: book.ledgerPath))
    try await serving(book.path) { server in
      try await server.expect(200, for: "/samples")
      _ = try book.workspace.write("lineage.sqlite", "this is no database, it is a text")
      let broken = try await server.get("/samples")
      #expect(broken.status == 500)
      #expect(broken.body.contains("is damaged, or is not an SQLite file"))
      for path in ["/sample?id=pool:1", "/row?id=pool:1", "/search?q=pool:1"] {
        try await server.expect(500, for: path)
      }
      try FileManager.default.removeItem(atPath: book.ledgerPath)
      try await server.expect("there is no ledger here", on: "/samples")
      for path in ["/sample?id=pool:1", "/row?id=pool:1", "/search?q=pool:1"] {
        try await server.expect(500, for: path)
      }
      try whole.write(to: URL(fileURLWithPath: book.ledgerPath))
      try await server.expect(200, for: "/samples")
    }
  }
}

/// A page's markup, read as strictly as we write it.
enum Markup {
  private static let elements: Set<String> = [
    "!doctype", "html", "head", "meta", "title", "link", "body", "a", "header", "nav", "ul", "ol",
    "li",
    "form", "label", "input", "select", "option", "button", "main", "section", "h1", "h2", "h3",
    "h4",
    "p", "div", "span", "small", "code", "pre", "q", "dl", "dt", "dd", "details", "summary",
    "table",
    "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "figure", "figcaption", "footer", "svg",
    "path", "rect", "circle", "line", "text", "g", "del", "ins", "mark", "strong", "em", "br",
    "time",
  ]
  private static let empty: Set<String> = ["!doctype", "meta", "link", "input", "br"]

  /// Tags that are not ours, attributes that run or style something, and what does not nest.
  static func faults(_ page: String) -> [String] {
    guard page.contains("<!DOCTYPE") else { return page.contains("<") ? ["markup in a text"] : [] }
    var faults: [String] = []
    var open: [String] = []
    for match in page.matches(of: /<([^>]*)>/) {
      let tag = String(match.1)
      let name = tag.drop { $0 == "/" }.prefix { !$0.isWhitespace && $0 != "/" }.lowercased()
      guard elements.contains(name) else {
        faults.append("element <\(tag)>")
        continue
      }
      let attributes = tag.drop { !$0.isWhitespace }
      // What is left when all proper attributes are taken away.
      let rest = attributes.replacing(/\s[a-zA-Z][a-zA-Z0-9:-]*(="[^"<>]*")?/, with: "")
      if !rest.isEmpty && rest != "/" && rest != " /" { faults.append("attributes of <\(tag)>") }
      for attribute in attributes.matches(of: /\s([a-zA-Z:-]+)="[^"]*"/) {
        let key = attribute.1.lowercased()
        if key.hasPrefix("on") || ["style", "srcdoc", "src", "xlink:href"].contains(key) {
          faults.append("attribute \(key) of <\(tag)>")
        }
      }
      for link in attributes.matches(of: /(?:href|action)="([^"]*)"/)
      where !(link.1.hasPrefix("/") && !link.1.hasPrefix("//")) && !link.1.hasPrefix("#") {
        faults.append("link to \(link.1)")
      }
      if tag.hasPrefix("/") {
        if open.popLast() != name { faults.append("</\(name)> closes another") }
      } else if !empty.contains(name) && !tag.hasSuffix("/") {
        open.append(name)
      }
    }
    if !open.isEmpty { faults.append("left open: \(open)") }
    for scalar in page.unicodeScalars
    where scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
      || (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
    {
      faults.append("U+\(String(scalar.value, radix: 16))")
    }
    return faults
  }
}
