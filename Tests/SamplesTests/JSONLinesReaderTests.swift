import Files
import Testing

@testable import Samples

struct JSONLinesReaderTests {
  /// What a file's bytes mean as lines: split at line feeds, without white space at both ends.
  private func expectedRows(_ bytes: [UInt8], limit: Int = .max) -> [ReadRow] {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    var start = bytes.starts(with: mark) ? 3 : 0
    var rows: [ReadRow] = []
    var number = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      number += 1
      if let first = bytes[start..<end].firstIndex(where: { !isJSONSpace($0) }),
        let last = bytes[start..<end].lastIndex(where: { !isJSONSpace($0) })
      {
        rows.append(
          ReadRow(
            number: number, offset: first, byteCount: last + 1 - first,
            bytes: Array(bytes[first...last])))
      }
      start = end + 1
    }
    return rows
  }

  private func check(_ bytes: [UInt8], line: SourceLocation = #_sourceLocation) throws {
    try inFolder { folder in
      let path = folder + "/rows.jsonl"
      try write(bytes, to: path)
      let rows = try allRows(of: path)
      #expect(rows == expectedRows(bytes), sourceLocation: line)
    }
  }

  @Test(arguments: [
    ("{\"a\":1}\n{\"a\":2}\n", ["1@0+7", "2@8+7"]),
    ("{\"a\":1}\n{\"a\":2}", ["1@0+7", "2@8+7"]),
    ("{\"a\":1}\r\n{\"a\":2}\r\n", ["1@0+7", "2@9+7"]),
    ("\u{FEFF}{\"a\":1}\n", ["1@3+7"]),
    ("\u{FEFF}\r\n {}", ["2@6+2"]),
    ("\n\n{}\n\n \t\r\n{} \n", ["3@2+2", "6@10+2"]),
    (" {} \n", ["1@1+2"]),
    ("x", ["1@0+1"]),
    ("{}\r{}", ["1@0+5"]),
    ("", []), ("\n", []), ("\n\n\n", []), (" ", []), ("\r\n\t", []), ("\u{FEFF}", []),
    ("\u{FEFF}\n", []),
  ])
  func `lines are numbered, placed and measured`(text: String, expected: [String]) throws {
    try inFolder { folder in
      try write(text, to: folder + "/rows")
      let rows = try allRows(of: folder + "/rows")
      #expect(rows.map { "\($0.number)@\($0.offset!)+\($0.byteCount)" } == expected)
    }
    try check(Array(text.utf8))
  }

  @Test(arguments: 0..<8)
  func `pieces of any size give the same rows`(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let parts = ["{}", "\n", "\r\n", " ", "\t", "{\"a\":1}", "é", "\n\n", "x y", "\r"]
    try inFolder { folder in
      let path = folder + "/rows"
      try write("", to: path)
      for _ in 0..<150 {
        let bytes = (0..<random.int(0...40)).flatMap { _ in Array(random.pick(parts).utf8) }
        let sizes = (0...6).map { _ in random.int(1...9) }
        let reader = JSONLinesReader(
          try FileStream(path), PieceStream(bytes, sizes: sizes), head: ByteBuffer(), offset: 0,
          limits: ReadLimits())
        let rows = try allRows(reader)
        #expect(rows == expectedRows(bytes), "\(bytes) in \(sizes)")
      }
    }
  }

  /// The first read takes 4096 bytes, each further one `Chunk.size`.
  @Test(arguments: [-2, -1, 0, 1, 2], ["\n", "\r\n"])
  func `lines may end anywhere around the end of a read`(shift: Int, lineEnd: String) throws {
    var bytes: [UInt8] = []
    var number = 0
    func addLine(until end: Int) {
      number += 1
      bytes += Array("{\"n\":\(number),\"t\":\"".utf8)
      bytes += Array(repeating: 0x78, count: end - bytes.count - 2 - lineEnd.utf8.count)
      bytes += Array("\"}\(lineEnd)".utf8)
    }
    for boundary in [4096, 4096 + Chunk.size, 4096 + 2 * Chunk.size] {
      addLine(until: boundary - 1_000)
      addLine(until: boundary + shift)
      addLine(until: boundary + shift + 50)
    }
    try check(bytes)
    try check(Array(bytes.dropLast(lineEnd.utf8.count)))
  }

  @Test(arguments: 0..<3)
  func `a row's offset points at its bytes in the file`(seed: UInt64) throws {
    var random = SplitMix64(seed: 100 + seed)
    var bytes: [UInt8] = random.once(in: 2) ? [0xEF, 0xBB, 0xBF] : []
    while bytes.count < 3 * Chunk.size {
      let length = random.pick([
        random.int(0...200), random.int(3_000...5_000), Chunk.size / 2,
        Chunk.size + random.int(-4_200...4_200),
      ])
      bytes += Array("{\"n\":\(length)".utf8) + Array(repeating: 0x20, count: length)
      bytes += Array(random.pick(["}\n", "}\r\n", "}\n\n", "}  \n", "} \n \n"]).utf8)
    }
    try inFolder { folder in
      let path = folder + "/rows"
      try write(bytes, to: path)
      let rows = try allRows(of: path)
      #expect(rows == expectedRows(bytes))
      let file = try FileStream(path)
      for row in rows {
        let again = try file.bytes(at: row.offset!, count: row.byteCount)
        #expect(again == row.bytes)
      }
    }
  }

  @Test func `a line longer than a chunk is one row`() throws {
    let long = "{\"t\":\"" + String(repeating: "y", count: 2 * Chunk.size + 77) + "\"}"
    try check(Array("{}\n\(long)\n{}\n\(long)".utf8))
  }

  @Test func `bytes read are counted at the end of each chunk`() throws {
    try inFolder { folder in
      let line = "{\"t\":\"" + String(repeating: "z", count: Chunk.size / 2) + "\"}\n"
      let text = "\u{FEFF}" + String(repeating: line, count: 5) + "{}\n\n"
      try write(text, to: folder + "/rows")
      let reader = try SourceFile(folder + "/rows").rows(keys: nil)
      let chunk = Chunk()
      var ends: [Int] = []
      while try reader.next(chunk) {
        let last = chunk.rows.last!
        #expect(chunk.bytesRead >= last.offset! + last.byteCount)
        ends.append(chunk.bytesRead)
      }
      #expect(ends == ends.sorted() && ends.count > 2)
      #expect(chunk.bytesRead == text.utf8.count)
      #expect(reader.file.position == text.utf8.count)
    }
  }

  // MARK: The limit

  @Test(arguments: [10, 100, 5_000])
  func `a line beyond the limit is refused and its neighbours are not`(limit: Int) throws {
    let short = "{\"a\":1}"
    let exact = "{\"t\":\"" + String(repeating: "e", count: max(0, limit - 8)) + "\"}"
    let long = "{\"t\":\"" + String(repeating: "l", count: limit) + "\"}"
    let text = [short, long, short, "", exact, long, long, short].joined(separator: "\n")
    for end in ["", "\n"] {
      try inFolder { folder in
        try write(text + end, to: folder + "/rows")
        let rows = try allRows(of: folder + "/rows", ReadLimits(rowBytes: limit))
        #expect(rows.map(\.number) == [1, 2, 3, 5, 6, 7, 8])
        #expect(rows.map(\.offset) == expectedRows(Array(text.utf8)).map(\.offset))
        #expect(rows.map(\.byteCount) == expectedRows(Array(text.utf8)).map(\.byteCount))
        let tooLong = RowFault.tooLong(limit: limit)
        #expect(rows.map(\.fault) == [nil, tooLong, nil, nil, tooLong, tooLong, nil])
        #expect(rows.filter { $0.fault == nil }.map(\.text) == [short, short, exact, short])
      }
    }
  }

  @Test(arguments: ["\n", "\r\n", ""])
  func `a line of many chunks beyond the limit is passed over`(end: String) throws {
    let length = 14 * Chunk.size + 5_000
    let text = "{\"a\":1}\n" + String(repeating: "x", count: length)
    try inFolder { folder in
      let rest = end.isEmpty ? "" : end + "{\"a\":2}\n\n{\"a\":3}"
      try write(text + rest, to: folder + "/rows")
      let reader = try SourceFile(folder + "/rows").rows(keys: nil, ReadLimits(rowBytes: 50_000))
      let chunk = Chunk()
      var rows: [RowPlace] = []
      while try reader.next(chunk) {
        rows += chunk.rows
        #expect(chunk.buffer.capacity <= 4 * Chunk.size)
      }
      #expect(rows.map(\.number) == (end.isEmpty ? [1, 2] : [1, 2, 3, 5]))
      #expect(rows[1].offset == 8)
      #expect(rows[1].fault == .tooLong(limit: 50_000))
      #expect(rows[1].byteCount == length + (end == "\r\n" ? 1 : 0))
      #expect(chunk.bytesRead == text.utf8.count + rest.utf8.count)
      if !end.isEmpty { #expect(rows[2].offset == text.utf8.count + end.utf8.count) }
    }
  }

  @Test func `a file of only line ends has no rows`() throws {
    try inFolder { folder in
      try write(Array(repeating: 0x0A, count: 3 * Chunk.size), to: folder + "/rows")
      let rows = try allRows(of: folder + "/rows", ReadLimits(rowBytes: 1_000))
      #expect(rows == [])
      try write(
        Array(repeating: 0x0A, count: Chunk.size + 5_000) + Array("{}".utf8), to: folder + "/rows")
      let late = try allRows(of: folder + "/rows", ReadLimits(rowBytes: 1_000))
      #expect(late.map(\.number) == [Chunk.size + 5_001])
      #expect(late.map(\.offset) == [Chunk.size + 5_000])
    }
  }
}
