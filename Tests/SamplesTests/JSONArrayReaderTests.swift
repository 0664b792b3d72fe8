import Files
import Foundation
import Testing

@testable import Samples

struct JSONArrayReaderTests {
  /// The elements that a file's bytes hold, by the plain reader.
  private func expectedRows(_ bytes: [UInt8]) throws -> [ReadRow] {
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    let root = try #require(ReferenceReader.read(Array(bytes[start...]))).root
    return root.elements.enumerated().map { index, element in
      // A row of this reader includes the quotes of a string.
      let quote = element.kind == .string ? 1 : 0
      let range =
        start + element.range.lowerBound - quote..<start + element.range.upperBound + quote
      return ReadRow(
        number: index + 1, offset: range.lowerBound, byteCount: range.count,
        bytes: Array(bytes[range]))
    }
  }

  private func reader(
    _ bytes: [UInt8], sizes: [Int], in folder: String, _ limits: ReadLimits = ReadLimits()
  ) throws -> JSONArrayReader {
    try write("", to: folder + "/rows.json")
    return JSONArrayReader(
      try FileStream(folder + "/rows.json"), PieceStream(bytes, sizes: sizes), head: ByteBuffer(),
      offset: 0, limits: limits)
  }

  @Test(arguments: [
    "[]", " [ ] ", "[{}]", "[{\"a\":1},{\"a\":2}]", "\u{FEFF}[{\"a\":1}]\n",
    "[\n  {\n    \"a\": [1, {\"b\": \"]\"}]\n  },\n  {\n    \"a\": \"}\\\"]\"\n  }\n]\n",
    "[1,null,true,\"x\",[[],[1]], -2.5e3 ]", "[\"\\\\\",\"\\\\\\\"\",\"[{\"]", "[null]",
    "\n\t [ {} , {} ]", "[\"é😀\",{\"é\":\"\\u00e9\"}]",
  ])
  func `each element is a row`(text: String) throws {
    let bytes = Array(text.utf8)
    try inFolder { folder in
      try write(text, to: folder + "/rows")
      let rows = try allRows(of: folder + "/rows")
      #expect(try rows == expectedRows(bytes))
      // A mark before the array is the source file's business, not the reader's.
      guard bytes.first != 0xEF else { return }
      for sizes in [[1], [2], [3], [1, 2, 5], [7]] {
        let rows = try allRows(reader(bytes, sizes: sizes, in: folder))
        #expect(try rows == expectedRows(bytes), "in pieces of \(sizes)")
      }
    }
  }

  @Test(arguments: 0..<6)
  func `pieces of any size give the same elements`(seed: UInt64) throws {
    var writer = JSONWriter(seed: seed)
    try inFolder { folder in
      for _ in 0..<20 {
        var bytes = Array(" [ ".utf8)
        for index in 0..<writer.random.int(1...5) {
          if index > 0 { bytes += Array(writer.random.pick([",", " ,\n", ",\r\n\t"]).utf8) }
          bytes += writer.random.once(in: 4) ? Array("-12.5e3".utf8) : writer.row(["text", "a\"b"])
        }
        bytes += Array("\n]\n".utf8)
        let sizes = (0...4).map { _ in writer.random.int(1...writer.random.pick([3, 200])) }
        let rows = try allRows(reader(bytes, sizes: sizes, in: folder))
        #expect(try rows == expectedRows(bytes), "in pieces of \(sizes)")
      }
    }
  }

  @Test func `an array of several chunks keeps its offsets`() throws {
    let size = Chunk.size
    func element(_ count: Int, _ text: String) -> String {
      "{\"t\":\"" + String(repeating: "x", count: count) + "\\\"\\\\\(text)\"}"
    }
    let text =
      "[\n"
      + [element(4_080, "a"), element(size - 30, "b"), element(10, "c"), element(size, "d")]
      .joined(separator: ",\n") + "\n]"
    let bytes = Array(text.utf8)
    try inFolder { folder in
      try write(bytes, to: folder + "/rows")
      let rows = try allRows(of: folder + "/rows")
      #expect(try rows == expectedRows(bytes))
    }
  }

  struct Broken: Sendable {
    var text: String
    var message: String
  }

  @Test(arguments: [
    Broken(text: "[", message: "its JSON array is not closed: good up to row 0, byte 1"),
    Broken(text: "[{\"a\":1}", message: "its JSON array is not closed: good up to row 1, byte 8"),
    Broken(text: "[{},{\"a\":", message: "its JSON array is not closed: good up to row 1, byte 4"),
    Broken(text: "[{},\"x", message: "its JSON array is not closed: good up to row 1, byte 4"),
    Broken(text: "[{},", message: "its JSON array is not closed: good up to row 1, byte 4"),
    Broken(text: "[1", message: "its JSON array is not closed: good up to row 0, byte 1"),
    Broken(text: "[{},]", message: "is a JSON array that breaks at byte 4, after row 1"),
    Broken(text: "[,{}]", message: "is a JSON array that breaks at byte 1, after row 0"),
    Broken(text: "[{},,{}]", message: "is a JSON array that breaks at byte 4, after row 1"),
    Broken(text: "[{} {}]", message: "is a JSON array that breaks at byte 4, after row 1"),
    Broken(text: "[{}{}]", message: "is a JSON array that breaks at byte 3, after row 1"),
    Broken(text: "[1 2]", message: "is a JSON array that breaks at byte 3, after row 1"),
    Broken(text: "[{}]\n[{}]", message: "is a JSON array that breaks at byte 5, after row 1"),
    Broken(text: "[{}] x", message: "is a JSON array that breaks at byte 5, after row 1"),
    Broken(text: "[}", message: "is a JSON array that breaks at byte 1, after row 0"),
    Broken(text: "[{}}]", message: "is a JSON array that breaks at byte 3, after row 1"),
    Broken(text: "[{}:{}]", message: "is a JSON array that breaks at byte 3, after row 1"),
  ])
  func `a broken array is an error that names file, row and byte`(broken: Broken) throws {
    try inFolder { folder in
      let path = folder + "/rows.json"
      try write(broken.text, to: path)
      #expect(readError(of: path)?.description == "\(path): \(broken.message)")
      for sizes in [[1], [2, 1]] {
        let error = #expect(throws: FileError.self) {
          try allRows(reader(Array(broken.text.utf8), sizes: sizes, in: folder))
        }
        #expect(error?.message == broken.message)
      }
    }
  }

  @Test func `an element that is no object is a row for the scanner to refuse`() throws {
    try inFolder { folder in
      try write("[1, {\"a\":}, nul, {}]", to: folder + "/rows")
      var scanner = RowScanner(Projection())
      let faults = try allRows(of: folder + "/rows").map { row in
        scan(row.bytes, with: &scanner) { _ in }.fault
      }
      #expect(faults == [.notObject, .syntax, .notObject, nil])
    }
  }

  @Test func `an element beyond the limit is refused and its neighbours are not`() throws {
    try inFolder { folder in
      let long = "{\"t\":\"" + String(repeating: "l", count: 100) + "\"}"
      try write("[{},\(long),{}]", to: folder + "/rows")
      let rows = try allRows(of: folder + "/rows", ReadLimits(rowBytes: 100))
      #expect(rows.map(\.fault) == [nil, .tooLong(limit: 100), nil])
      #expect(rows.map(\.byteCount) == [2, 108, 2])
    }
  }

  @Test func `an element that does not end within the limit ends the reading`() throws {
    try inFolder { folder in
      let path = folder + "/rows"
      try write("[{},{\"t\":\"" + String(repeating: "l", count: 3 * Chunk.size), to: path)
      #expect(
        readError(of: path, ReadLimits(rowBytes: 50_000))?.message
          == "row 2, byte 4: an element of the array is longer than 50000 bytes; convert the file"
          + " to JSON Lines")
    }
  }
}
