import Files
import Foundation
import Testing

@testable import Samples

struct StackExchangeReaderTests {
  private func rows(
    _ posts: String, keys: [String]? = nil, memory: Int = StackExchangeReader.memory,
    limits: ReadLimits = ReadLimits()
  ) throws -> [ReadRow] {
    try inFolder { folder in
      try write(posts, to: folder + "/Posts.xml")
      return try allRows(reader(folder + "/Posts.xml", keys, memory, limits))
    }
  }

  private func reader(
    _ path: String, _ keys: [String]?, _ memory: Int, _ limits: ReadLimits
  ) throws -> StackExchangeReader {
    let file = try FileStream(path)
    return try StackExchangeReader(
      file, file, head: ByteBuffer(), keys: keys, limits: limits, memory: memory)
  }

  private func failure(_ posts: String) -> String? {
    do {
      _ = try rows(posts)
      return nil
    } catch let error as FileError {
      return error.message
    } catch {
      return "\(error)"
    }
  }

  private func dump(_ rows: String...) -> String {
    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<posts>\n"
      + rows.map { "  <row \($0) />\n" }.joined() + "</posts>\n"
  }

  @Test func `a question is a row with its accepted answer`() throws {
    let posts = dump(
      #"Id="1" PostTypeId="1" AcceptedAnswerId="4" CreationDate="2011-01-01T00:00:00.000" Score="-2" Body="&lt;p&gt;a &amp;lt; &quot;b&quot;&#xA;&lt;/p&gt;" OwnerUserId="7" Title="T \ é" Tags="&lt;x&gt;&lt;y-z&gt;""#,
      #"Id="3" PostTypeId="2" ParentId="1" CreationDate="2012-01-01T00:00:00.000" Score="9" Body="better""#,
      #"Id="4" PostTypeId="2" ParentId="1" CreationDate="2019-01-01T00:00:00.000" Score="1" Body="accepted" OwnerDisplayName="Jo" ContentLicense="CC BY-SA 4.0""#,
      #"Id="2" PostTypeId="1" Body="q""#, #"Id="5" PostTypeId="5" Body="a tag's page""#)
    let found = try rows(posts)
    #expect(
      found.map(\.text) == [
        #"{"body": "<p>a &lt; \"b\"\n</p>", "id": 1, "score": -2, "date": "2011-01-01T00:00:00.000", "#
          + #""author": "/users/7", "licence": "CC BY-SA 2.5", "title": "T \\ é", "#
          + #""tags": ["x", "y-z"], "link": "/questions/1", "answer": "accepted", "answer_id": 4, "#
          + #""answer_score": 1, "answer_date": "2019-01-01T00:00:00.000", "answer_author": "Jo", "#
          + #""answer_licence": "CC BY-SA 4.0", "is_accepted": true}"#,
        #"{"body": "q", "id": 2, "score": 0, "date": null, "author": null, "licence": null, "#
          + #""title": null, "tags": [], "link": "/questions/2", "answer": null, "answer_id": null, "#
          + #""answer_score": null, "is_accepted": null, "answer_date": null, "#
          + #""answer_author": null, "answer_licence": null}"#,
      ])
    #expect(found.map(\.number) == [1, 2])
    #expect(found.map(\.offset) == [nil, nil])
    #expect(found.map(\.byteCount) == found.map(\.bytes.count))
    #expect(
      try rows(posts, keys: ["id", "answer", "none"]).map(\.text) == [
        #"{"id": 1, "answer": "accepted"}"#, #"{"id": 2, "answer": null}"#,
      ])
    #expect(try rows(posts, keys: []).map(\.text) == ["{}", "{}"])
    #expect(
      try rows(posts, keys: ["is_accepted"]).map(\.text) == [
        #"{"is_accepted": true}"#, #"{"is_accepted": null}"#,
      ])
  }

  @Test func `without an accepted answer that is there the best one counts, of equals the older`()
    throws
  {
    let posts = dump(
      #"Id="9" PostTypeId="2" ParentId="1" Score="3" Body="c""#,
      #"Id="1" PostTypeId="1" AcceptedAnswerId="99" Body="q" Tags="|a|b|""#,
      #"Id="8" PostTypeId="2" ParentId="1" Score="3" Body="b""#,
      #"Id="7" PostTypeId="2" ParentId="1" Score="2" Body="a""#,
      #"Id="6" PostTypeId="2" ParentId="5" Score="2" Body="to nothing""#)
    #expect(
      try rows(posts, keys: ["answer", "is_accepted", "tags"]).map(\.text)
        == [#"{"tags": ["a", "b"], "answer": "b", "is_accepted": false}"#])
  }

  @Test func `rows are the same for any memory and any order of the posts`() throws {
    var random = SplitMix64(seed: 7)
    var posts: [String] = []
    for id in 1...120 {
      posts.append(
        "Id=\"\(id * 10)\" PostTypeId=\"1\" AcceptedAnswerId=\"\(id * 10 + random.int(0...9))\""
          + " Body=\"q\(String(repeating: "x", count: random.int(0...300)))\"")
      for answer in 0..<random.int(0...5) {
        posts.append(
          "Id=\"\(id * 10 + 1 + answer)\" PostTypeId=\"2\" ParentId=\"\(id * 10)\""
            + " Score=\"\(random.int(0...2))\" Body=\"a\(answer)\"")
      }
    }
    func text() -> String { "<posts>" + posts.map { "<row \($0)/>" }.joined() + "</posts>" }
    let expected = try rows(text()).map(\.text)
    #expect(expected.count == 120)
    for memory in [0, 300, 1000, 5000, 40_000] {
      posts.shuffle(using: &random)
      #expect(try rows(text(), memory: memory).map(\.text) == expected)
    }
  }

  @Test func `a packed dump with a mark of byte order is told by its bytes`() throws {
    try inFolder { folder in
      let posts = "\u{FEFF}" + dump(#"Id="1" PostTypeId="1" Body="q""#)
      try write(posts, to: folder + "/a")
      try #require(Tool("gzip")).run("-k", "a", in: folder)
      for name in ["a", "a.gz"] {
        let found = try allRows(SourceFile(folder + "/" + name).rows(keys: ["body"]))
        #expect(found.map(\.text) == [#"{"body": "q"}"#])
        #expect(
          try SourceFile(folder + "/" + name).row(1, offset: nil, byteCount: 0).count > 20)
        #expect(throws: FileError(folder + "/" + name, "has no row 2")) {
          try SourceFile(folder + "/" + name).row(2, offset: nil, byteCount: 0)
        }
      }
    }
  }

  @Test func `a row over the limit is quarantined`() throws {
    let posts = dump(
      #"Id="1" PostTypeId="1" Body="qqqqqqqqqqqqqqqqqqqqqqqqqqqqqq""#,
      #"Id="2" PostTypeId="1" Body="q""#)
    try inFolder { folder in
      try write(posts, to: folder + "/a")
      let reader = try reader(folder + "/a", ["body"], 1000, ReadLimits(rowBytes: 30))
      let chunk = Chunk()
      #expect(try reader.next(chunk))
      #expect(chunk.rows.map(\.fault) == [.tooLong(limit: 30), nil])
    }
  }

  @Test func `what is wrong is told with its line`() {
    let damaged = "line 4: is not well-formed XML: "
    let advice = "; fetch it again, or mend it there"
    for (rows, expected) in [
      (["PostTypeId=\"1\""], "line 3: a row without 'Id'"),
      (["Id=\"x\""], "line 3: 'Id' should be a whole number, and is \"x\""),
      (["Id=\"1\""], "line 3: row 1 has no 'PostTypeId'"),
      (["Id=\"1\" PostTypeId=\"2\""], "line 3: the answer 1 has no 'ParentId'"),
      (
        ["Id=\"1\" PostTypeId=\"1\"", "Id=\"1\" PostTypeId=\"1\""],
        "two questions have the number 1"
      ),
      (
        ["Id=\"1\" PostTypeId=\"1\"", "Body=\"&bogus;\""],
        damaged + "Entity 'bogus' not defined" + advice
      ),
      (
        ["Id=\"1\" PostTypeId=\"1\"", "Body=\"<\""],
        damaged + "Unescaped '<' not allowed in attributes values" + advice
      ),
    ] {
      let text = rows.map { "  <row \($0) />\n" }.joined()
      #expect(failure("<?xml version=\"1.0\"?>\n<posts>\n\(text)</posts>") == expected)
    }
    #expect(
      failure("<html></html>")
        == "is XML, but no Posts.xml of a Stack Exchange dump: its root is not 'posts'")
    #expect(
      failure("<posts>\n<row Id=\"1\" PostTypeId=\"1\"/>\n")
        == "ends in line 2, before its root element does; it was cut short, fetch it again")
    #expect(failure("<posts></posts>") == nil)
  }

  @Test func `a dump that ends anywhere is an error, never a shorter one`() throws {
    let posts = dump(
      #"Id="1" PostTypeId="1" Body="&lt;q&gt;""#, #"Id="2" PostTypeId="2" ParentId="1" Body="é""#)
    let bytes = Array(posts.utf8)
    for count in 0..<bytes.count - 1 {
      try inFolder { folder in
        try write(Array(bytes[..<count]), to: folder + "/a")
        #expect(throws: FileError.self) {
          _ = try allRows(reader(folder + "/a", nil, 1000, ReadLimits()))
        }
      }
    }
  }

  // MARK: Hostile documents

  @Test func `entities are not expanded, declared or fetched`() throws {
    try inFolder { folder in
      try write("secret", to: folder + "/secret")
      try write("<!ENTITY e \"secret\">", to: folder + "/posts.dtd")
      let body = #"<row Id="1" PostTypeId="1" Body="&e;"/>"#
      let refused = "the document declares entities, which no dump does; it is not read"
      let laughs =
        "<!ENTITY a \"aaaaaaaaaa\">"
        + zip("abcdefgh", "bcdefghi").map { inner, outer in
          "<!ENTITY \(outer) \"" + String(repeating: "&\(inner);", count: 10) + "\">"
        }.joined()
      for (text, expected) in [
        ("<!DOCTYPE posts [<!ENTITY e \"x\">]><posts>\(body)</posts>", refused),
        ("<!DOCTYPE posts [<!ENTITY e SYSTEM \"secret\">]><posts>&e;</posts>", refused),
        (
          "<!DOCTYPE posts [<!ENTITY e SYSTEM \"file://\(folder)/secret\">]><posts>&e;</posts>",
          refused
        ),
        (
          "<!DOCTYPE posts [<!ENTITY e SYSTEM \"http://127.0.0.1:9/x\">]><posts>&e;</posts>",
          refused
        ),
        // libxml2 itself sees that the text would explode, before the declarations are looked at.
        ("<!DOCTYPE posts [\(laughs)]><posts>&i;</posts>", "Detected an entity reference loop"),
        ("<!DOCTYPE posts [\(laughs)]><posts a=\"&i;\"/>", "Detected an entity reference loop"),
        // The DTD is named, as in real dumps, and not read: what it declares is not known.
        (
          "<!DOCTYPE posts SYSTEM \"file://\(folder)/posts.dtd\"><posts>\(body)</posts>",
          "Entity 'e' not defined"
        ),
      ] {
        try write(text, to: folder + "/Posts.xml")
        var found = ""
        do {
          _ = try allRows(SourceFile(folder + "/Posts.xml").rows(keys: nil))
        } catch let error as FileError {
          found = error.message
        }
        #expect(found.contains(expected), "\(text): \(found)")
      }
      // A parameter entity could fetch others.
      let parameter =
        "<!DOCTYPE posts [<!ENTITY % p SYSTEM \"file://\(folder)/posts.dtd\"> %p;]><posts>\(body)</posts>"
      try write(parameter, to: folder + "/Posts.xml")
      #expect(throws: FileError.self) {
        _ = try allRows(SourceFile(folder + "/Posts.xml").rows(keys: nil))
      }
      try write(
        "<!DOCTYPE posts SYSTEM 'posts.dtd'>\n<posts><row Id=\"1\" PostTypeId=\"1\"/></posts>",
        to: folder + "/Posts.xml")
      #expect(try allRows(SourceFile(folder + "/Posts.xml").rows(keys: ["id"])).count == 1)
    }
  }

  @Test func `a document that is too deep or too wide for a dump is an error`() {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(failure("<posts>" + deep)?.hasPrefix("line 1: is not well-formed XML: ") == true)
    let wide = "<row Id=\"1\" PostTypeId=\"1\" Body=\"" + String(repeating: "x", count: 11_000_000)
    #expect(
      failure("<posts>" + wide + "\"/></posts>")?.hasPrefix("line 1: is not well-formed XML: ")
        == true)
  }
}
