import Files
import Foundation
import Glibc
import Samples
import Testing

struct ByteStreamTests {
  private static let lines: [String] = {
    var random = SplitMix64(seed: 5)
    return (1...40).map { "{\"n\":\($0),\"t\":\"\(String(random.next(), radix: 36))\"}" }
  }()
  private static let text = lines.joined(separator: "\n") + "\n"

  enum Packing: String, CaseIterable, Sendable {
    case gzip, zstd

    var isThere: Bool { Tool.isThere(rawValue) }
    /// Bytes by which the format is known.
    var magic: Int { self == .gzip ? 2 : 4 }

    /// Compresses with the format's own command line.
    func pack(_ text: String, in folder: String, _ options: [String] = []) throws -> [UInt8] {
      let path = folder + "/" + UUID().uuidString
      try write(text, to: path)
      let tool = try #require(Tool(rawValue))
      switch self {
      case .gzip: try tool.run("-9n", path, in: folder)
      case .zstd where options.isEmpty: try tool.run("-q", path, "-o", path + ".zst", in: folder)
      case .zstd: try tool.run("-q", options[0], path, "-o", path + ".zst", in: folder)
      }
      return try contents(of: path + (self == .gzip ? ".gz" : ".zst"))
    }
  }

  private static func isThere(_ packing: Packing) -> Bool { packing.isThere }

  /// Writes packed bytes under a name that tells nothing, and reads their rows.
  private func rows(_ bytes: [UInt8], in folder: String) throws -> [String] {
    try write(bytes, to: folder + "/data.txt")
    return try allRows(of: folder + "/data.txt").map(\.text)
  }

  private static let toolsAreThere = Packing.allCases.allSatisfy(\.isThere)
  private static let why: Comment = "gzip or zstd is not on the PATH"

  // MARK: What is whole

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `one or several packed texts in a row are one text`(packing: Packing) throws {
    try inFolder { folder in
      let one = try packing.pack(Self.text, in: folder)
      #expect(try rows(one, in: folder) == Self.lines)
      #expect(try rows(one + one, in: folder) == Self.lines + Self.lines)
      let cut = Self.text.index(Self.text.startIndex, offsetBy: 333)
      let halves =
        try packing.pack(String(Self.text[..<cut]), in: folder)
        + packing.pack(String(Self.text[cut...]), in: folder)
      #expect(try rows(halves, in: folder) == Self.lines)
      let empty = try packing.pack("", in: folder)
      #expect(try rows(empty, in: folder) == [])
      #expect(try rows(empty + one + empty + empty, in: folder) == Self.lines)
    }
  }

  @Test(.enabled(if: toolsAreThere, why))
  func `zeros after a gzip member are padding`() throws {
    try inFolder { folder in
      let one = try Packing.gzip.pack(Self.text, in: folder)
      #expect(try rows(one + Array(repeating: 0, count: 1_000), in: folder) == Self.lines)
      #expect(
        try rows(one + Array(repeating: 0, count: 300_000), in: folder) == Self.lines)
    }
  }

  @Test(.enabled(if: toolsAreThere, why))
  func `a zstd file may hold skippable frames`() throws {
    try inFolder { folder in
      let one = try Packing.zstd.pack(Self.text, in: folder)
      for kind in [0x50, 0x5F] as [UInt8] {
        let skippable = [kind, 0x2A, 0x4D, 0x18, 5, 0, 0, 0] + Array("hello".utf8)
        #expect(try rows(skippable + one, in: folder) == Self.lines)
        #expect(try rows(one + skippable + one + skippable, in: folder) == Self.lines + Self.lines)
        #expect(try rows(skippable, in: folder) == [])
      }
    }
  }

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `a packed text of several chunks is whole`(packing: Packing) throws {
    try inFolder { folder in
      let line = "{\"t\":\"" + String(repeating: "long ", count: 60_000) + "\"}\n"
      let text = String(repeating: line, count: 17)
      for bytes in [
        try packing.pack(text, in: folder), try packing.pack(text, in: folder, ["--no-check"]),
      ] {
        #expect(try rows(bytes, in: folder) == Array(repeating: String(line.dropLast()), count: 17))
      }
    }
  }

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `a packed array is an array`(packing: Packing) throws {
    try inFolder { folder in
      let bytes = try packing.pack("\u{FEFF}[\n\(Self.lines.joined(separator: ",\n"))]", in: folder)
      #expect(try rows(bytes, in: folder) == Self.lines)
    }
  }

  @Test func `names say nothing about the format`() throws {
    try inFolder { folder in
      for name in ["rows.gz", "rows.jsonl.zst", "rows.parquet", "rows"] {
        try write(Self.text, to: folder + "/" + name)
        #expect(try SourceFile(folder + "/" + name).format == .plain)
        #expect(try allRows(of: folder + "/" + name).map(\.text) == Self.lines)
      }
    }
  }

  // MARK: What is damaged

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `a packed file cut anywhere is an error that says how far it was good`(packing: Packing)
    throws
  {
    try inFolder { folder in
      let path = folder + "/data.txt"
      let one = try packing.pack(Self.text, in: folder)
      for count in packing.magic..<one.count {
        try write(Array(one[..<count]), to: path)
        #expect(
          readError(of: path)?.description
            == "\(path): is a truncated \(packing) file: good up to byte \(count), then it ends;"
            + " fetch it again")
      }
      // The second of two is cut.
      for count in stride(from: 1, to: one.count, by: 7) {
        try write(one + one[..<count], to: path)
        #expect(
          readError(of: path)?.description == "\(path): is a truncated \(packing) file: good up to"
            + " byte \(one.count + count), then it ends; fetch it again")
      }
    }
  }

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `a packed file with one changed bit is an error or gives the same rows`(packing: Packing)
    throws
  {
    var random = SplitMix64(seed: 6)
    try inFolder { folder in
      let one = try packing.pack(Self.text, in: folder)
      var errors = 0
      for index in packing.magic..<one.count {
        var bytes = one
        bytes[index] ^= 1 << UInt8(random.int(0...7))
        do {
          // Such is gzip's header: a time, a system, a level, which nothing checks.
          let same = try rows(bytes, in: folder) == Self.lines
          #expect(same, "byte \(index)")
        } catch let error as FileError {
          #expect(error.path == folder + "/data.txt")
          #expect(error.message.contains("\(packing) file: "))
          errors += 1
        }
      }
      #expect(errors > one.count - 12)
    }
  }

  @Test(.enabled(if: toolsAreThere, why), arguments: Packing.allCases)
  func `what follows a packed text must be packed too`(packing: Packing) throws {
    try inFolder { folder in
      let path = folder + "/data.txt"
      let one = try packing.pack(Self.text, in: folder)
      try write(one + Array("garbage".utf8), to: path)
      #expect(readError(of: path)?.message.hasPrefix("is a damaged \(packing) file: near") == true)
    }
  }

  // MARK: What is no regular file, or does not stay as it was

  @Test func `a file that is not there, and a folder, are errors`() throws {
    try inFolder { folder in
      #expect(
        readError(of: folder + "/none")?.description
          == "\(folder)/none: could not open it: No such file or directory")
      #expect(readError(of: folder)?.description == "\(folder): is not a file")
    }
  }

  @Test func `a refused file is closed again`() throws {
    try inFolder { folder in
      func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
      }
      let before = try openFiles()
      for _ in 0..<1_000 { _ = try? FileStream(folder) }
      // Other tests open files meanwhile, though not so many.
      #expect(try openFiles() < before + 500)
    }
  }

  /// A file of several reads whose time lies in the past, so that any write shows.
  private func writeOldFile(_ path: String) throws {
    let line = "{\"t\":\"" + String(repeating: "o", count: 1_000_000) + "\"}\n"
    try write(String(repeating: line, count: 7), to: path)
    var times = [
      timeval(tv_sec: 1_000_000_000, tv_usec: 0), timeval(tv_sec: 1_000_000_000, tv_usec: 0),
    ]
    try #require(utimes(path, &times) == 0)
  }

  private func readAll(_ reader: any RowReader, _ chunk: Chunk) -> FileError? {
    #expect(throws: FileError.self) { while try reader.next(chunk) {} }
  }

  @Test func `a file that shrinks while it is read is an error`() throws {
    try inFolder { folder in
      let path = folder + "/rows"
      try writeOldFile(path)
      let chunk = Chunk()
      let reader = try SourceFile(path).rows(keys: nil)
      #expect(try reader.next(chunk))
      try #require(truncate(path, 5_000_000) == 0)
      #expect(
        readAll(reader, chunk)?.description
          == "\(path): shrank while it was read: 5000000 of 7000063 bytes were there; run again")
    }
  }

  @Test func `a file that grows or changes while it is read is an error`() throws {
    try inFolder { folder in
      let path = folder + "/rows"
      for offset in [0, 7_000_063] {
        try writeOldFile(path)
        let chunk = Chunk()
        let reader = try SourceFile(path).rows(keys: nil)
        #expect(try reader.next(chunk))
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try handle.seek(toOffset: UInt64(offset))
        try handle.write(contentsOf: Data("{}\n".utf8))
        try handle.close()
        #expect(readAll(reader, chunk)?.message.hasPrefix("changed while it was read, ") == true)
      }
    }
  }

  @Test func `a range of a file can be read again, and one beyond its end cannot`() throws {
    try inFolder { folder in
      let path = folder + "/rows"
      try write("0123456789", to: path)
      let file = try FileStream(path)
      #expect(try file.bytes(at: 3, count: 4) == Array("3456".utf8))
      #expect(try file.bytes(at: 10, count: 0) == [])
      let error = #expect(throws: FileError.self) { try file.bytes(at: 8, count: 3) }
      #expect(error?.message == "ends before byte 11; it is not the file that was read")
    }
  }

  @Test(arguments: [1, 7, 4_096, 1 << 20])
  func `the hash of a file is that of its bytes for any size of read`(size: Int) throws {
    try inFolder { folder in
      let bytes = Array(Self.text.utf8)
      try write(bytes, to: folder + "/rows")
      let file = try FileStream(folder + "/rows")
      var buffer = ByteBuffer()
      while try file.read(into: &buffer, upTo: size) > 0 {}
      let read = buffer.bytes.array
      #expect(read == bytes)
      let expected = Digest(of: bytes.span)
      #expect(file.digest == expected)
    }
  }
}
