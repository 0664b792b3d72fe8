import Files
import Foundation
import Samples
import Testing

@Suite(.enabled(if: Tool.isThere("duckdb"), "duckdb is not on the PATH"))
struct TableReaderTests {
  /// Lets DuckDB write the result of a query as Parquet.
  private func write(_ query: String, to path: String, in folder: String) throws {
    let target = path.replacingOccurrences(of: "'", with: "''")
    try #require(Tool("duckdb")).run(
      "-init", "/dev/null", "-batch", "-c", "COPY (\(query)) TO '\(target)' (FORMAT parquet)",
      in: folder)
  }

  private func rows(_ query: String, keys: [String]?, name: String = "data.bin") throws -> [ReadRow]
  {
    try inFolder { folder in
      try write(query, to: folder + "/" + name, in: folder)
      return try allRows(SourceFile(folder + "/" + name).rows(keys: keys))
    }
  }

  @Test func `a row has the wanted columns in the file's order, and a number but no place`() throws
  {
    let query =
      """
      SELECT * FROM (VALUES
        (1, 'x"' || chr(10), [1, NULL], [{'role': 'user', 'content': 'é'}], true, 0.5::DOUBLE),
        (2, NULL, [], NULL, NULL, NULL)) AS t(n, text, list, messages, flag, score)
      """
    let all = try rows(query, keys: nil)
    #expect(
      all.map(\.text) == [
        #"{"n":1,"text":"x\"\n","list":[1,null],"messages":[{"role":"user","content":"é"}],"#
          + #""flag":true,"score":0.5}"#,
        #"{"n":2,"text":null,"list":[],"messages":null,"flag":null,"score":null}"#,
      ])
    #expect(all.map(\.number) == [1, 2])
    #expect(all.map(\.offset) == [nil, nil])
    #expect(all.map(\.byteCount) == all.map(\.bytes.count))
    let some = try rows(query, keys: ["score", "none", "n"])
    #expect(some.map(\.text) == [#"{"n":1,"score":0.5}"#, #"{"n":2,"score":null}"#])
  }

  @Test func `lists of objects are read as a scanner reads JSON`() throws {
    let bytes = try rows(
      "SELECT [{'role': 'user', 'content': 'hi'}, {'role': 'bot', 'content': NULL}, NULL] AS m",
      keys: ["m"])[0].bytes
    var projection = Projection()
    let slot = projection.slot(of: field("m[].content", .texts))
    var scanner = RowScanner(projection)
    let kinds = scan(bytes, with: &scanner) { sample in
      (0..<sample[slot].count).map { sample.element($0, of: slot).kind }
    }
    #expect(kinds.result == [.string, .null, .absent])
  }

  @Test func `a row of no wanted column is still a row`() throws {
    let found = try rows("SELECT range AS n FROM range(3)", keys: ["none"])
    #expect(found.map(\.number) == [1, 2, 3])
    #expect(try rows("SELECT 1 AS n WHERE false", keys: nil) == [])
  }

  @Test(arguments: ["a b", "select", "q\"uote", "it's", "Größe", "a.b", "a,b", "--", "1"])
  func `a column of any name is read`(name: String) throws {
    let quoted = name.replacingOccurrences(of: "\"", with: "\"\"")
    let found = try rows("SELECT 7 AS \"\(quoted)\", 8 AS other", keys: [name])
    let key = name.replacingOccurrences(of: "\"", with: "\\\"")
    #expect(found.map(\.text) == ["{\"\(key)\":7}"])
  }

  @Test(arguments: [
    "it's.parquet", "a b", "q\"uote", "semi;colon", "größe", "-x", "a[1]b", "a*b", "a?b",
  ])
  func `a file of any name is read, and no other`(name: String) throws {
    try inFolder { folder in
      try write("SELECT 7 AS n", to: folder + "/" + name, in: folder)
      // What the names above would stand for as patterns.
      for other in ["a1b", "axb"] {
        try write("SELECT 8 AS n", to: folder + "/" + other, in: folder)
      }
      #expect(try allRows(of: folder + "/" + name).map(\.text) == ["{\"n\":7}"])
    }
  }

  @Test func `a folder that looks like a column is none`() throws {
    try inFolder { folder in
      try Folder.create(folder + "/lang=de")
      try write("SELECT 'en' AS lang, 1 AS n", to: folder + "/lang=de/data", in: folder)
      let rows = try allRows(of: folder + "/lang=de/data")
      #expect(rows.map(\.text) == [#"{"lang":"en","n":1}"#])
    }
  }

  @Test func `many rows come in file order, all of them`() throws {
    try inFolder { folder in
      let path = folder + "/data"
      try write(
        "SELECT range AS n, repeat('x', 40) AS t FROM range(70000)", to: path, in: folder)
      let reader = try SourceFile(path).rows(keys: nil)
      let chunk = Chunk()
      var count = 0
      var chunks = 0
      while try reader.next(chunk) {
        chunks += 1
        for place in chunk.rows {
          count += 1
          guard place.number == count, place.offset == nil else {
            Issue.record("row \(count) has number \(place.number)")
            return
          }
        }
        let start = Array("{\"n\":\(count - 1),".utf8)
        let found = chunk.withBytes(of: chunk.rows.last!) {
          $0.extracting(first: start.count).array
        }
        #expect(found == start)
      }
      #expect(count == 70_000 && chunks > 2)
      let bytes = try contents(of: path)
      let digest = Digest(of: bytes.span)
      #expect(reader.file.digest == digest)
    }
  }

  @Test func `a number that JSON does not know is refused with its row only`() throws {
    let found = try rows("SELECT unnest(['1', 'nan', '2'])::DOUBLE AS n", keys: nil)
    var scanner = RowScanner(Projection())
    let faults = found.map { row in scan(row.bytes, with: &scanner) { _ in }.fault }
    #expect(faults == [nil, .syntax, nil])
  }

  @Test func `damaged data is an error that names the file`() throws {
    try inFolder { folder in
      let path = folder + "/data"
      try write(
        "SELECT range AS n, md5(range::VARCHAR) AS t FROM range(20000)", to: path, in: folder)
      var bytes = try contents(of: path)
      for index in stride(from: 50, to: bytes.count - 3_000, by: 11) { bytes[index] ^= 0x55 }
      try SamplesTests.write(bytes, to: path)
      let error = readError(of: path)
      #expect(error?.path == path)
      #expect(error?.message.hasPrefix("DuckDB could not read it: ") == true)
      #expect((error?.message.count ?? 0) > 40)
    }
  }

  @Test func `a damaged footer is an error that names the file`() throws {
    try inFolder { folder in
      let path = folder + "/data"
      try SamplesTests.write("PAR1" + String(repeating: "x", count: 100) + "PAR1", to: path)
      let error = readError(of: path)
      #expect(error?.path == path)
      #expect(error?.message.hasPrefix("DuckDB could not read it: ") == true)
    }
  }
}
