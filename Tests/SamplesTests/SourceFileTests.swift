import Files
import Samples
import Testing

struct SourceFileTests {
  @Test(
    arguments: [
      ([0x1F, 0x8B], FileFormat.gzip), ([0x28, 0xB5, 0x2F, 0xFD], .zstd),
      ([0x50, 0x2A, 0x4D, 0x18], .zstd), ([0x5A, 0x2A, 0x4D, 0x18, 0], .zstd),
      (Array("PAR1....PAR1".utf8), .parquet),
      ([], .plain), ([0x1F], .plain), ([0x28, 0xB5, 0x2F], .plain),
      ([0x60, 0x2A, 0x4D, 0x18], .plain),
      (Array("PAR".utf8), .plain), (Array("{}".utf8), .plain),
    ] as [([UInt8], FileFormat)])
  func `a format is told from the first bytes`(bytes: [UInt8], format: FileFormat) throws {
    try inFolder { folder in
      try write(bytes, to: folder + "/data")
      #expect(try SourceFile(folder + "/data").format == format)
    }
  }

  @Test(arguments: ["PAR1", "PAR1PAR1", "PAR1 and then something else", "PAR1.......PAR"])
  func `Parquet without a footer is an error`(text: String) throws {
    try inFolder { folder in
      let path = folder + "/data"
      try write(text, to: path)
      #expect(
        readError(of: path)?.description
          == "\(path): is Parquet without a footer: its \(text.utf8.count) bytes do not end in"
          + " PAR1, so it was cut short; fetch it again")
    }
  }

  @Test(arguments: [[0xFF, 0xFE, 0x7B, 0], [0xFE, 0xFF, 0, 0x7B], [0xFF, 0xFE]] as [[UInt8]])
  func `UTF-16 is an error`(bytes: [UInt8]) throws {
    try inFolder { folder in
      try write(bytes, to: folder + "/data")
      #expect(
        readError(of: folder + "/data")?.description
          == "\(folder)/data: is UTF-16; convert it to UTF-8 (iconv -f utf-16 -t utf-8)")
    }
  }

  @Test(arguments: [
    ("{\"a\":1}\n{\"b\":2}", 2), ("[{\"a\":1},{\"b\":2}]", 2), (" \n\t[{}]", 1), ("\n\n{}", 1),
    ("\u{FEFF}\n [{},{}]", 2), ("{}\n[1]", 2), ("", 0), ("  ", 0),
  ])
  func `an array is told from lines by its first byte`(text: String, count: Int) throws {
    try inFolder { folder in
      try write(text, to: folder + "/data")
      #expect(try allRows(of: folder + "/data").count == count)
      var projection = Projection()
      _ = projection.slot(of: field("a"))
      let rows = try allRows(SourceFile(folder + "/data").rows(projection))
      #expect(rows.count == count)
    }
  }

  @Test func `much white space before an array is passed over`() throws {
    try inFolder { folder in
      let space = String(repeating: " \n", count: 100_000)
      try write(space + "[{\"a\":1}]", to: folder + "/data")
      let rows = try allRows(of: folder + "/data")
      #expect(rows.map(\.text) == ["{\"a\":1}"])
      #expect(rows.map(\.offset) == [200_001])
    }
  }

  @Test func `keys are listed in the order of their appearance, from rows that can be read`() throws
  {
    try inFolder { folder in
      let rows = [
        #"{"b":1,"a":{"inner":1}}"#, #"{"a":1,"\u0063":2}"#, #"{"broken":"#, "[]", #"{"":0,"b":2}"#,
      ]
      let text = rows.joined(separator: "\n") + "\n"
      try write(text, to: folder + "/data")
      #expect(try SourceFile(folder + "/data").keys() == ["b", "a", "c", ""])
      #expect(try SourceFile(folder + "/data").keys(rows: 1) == ["b", "a"])
      try write("\n", to: folder + "/data")
      #expect(try SourceFile(folder + "/data").keys() == [])
    }
  }
}
