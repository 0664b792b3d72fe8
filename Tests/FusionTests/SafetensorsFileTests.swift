import Files
import Foundation
import Testing

@testable import Fusion

struct SafetensorsFileTests {
  let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func complaint(_ body: () throws -> Void) -> String {
    #expect(throws: FileError.self, performing: body)?.description
      .replacing(scratch.path + "/", with: "") ?? ""
  }

  @Test func `a tensor's bytes are read from where the header has them`() throws {
    let path = try scratch.write(
      "a.safetensors",
      ModelFixture.safetensors([
        FixtureTensor("a", .u8, [3], [1, 2, 3]), FixtureTensor("b", .u16, [2], [4, 5]),
      ]))
    let file = try SafetensorsFile(path)
    #expect(file.path == path)
    #expect(try file.byteCount == scratch.bytes("a.safetensors").count)
    var bytes = [UInt8](repeating: 0, count: 4)
    try bytes.withUnsafeMutableBytes { try file.read(at: file.header.tensors[1].offset, into: $0) }
    #expect(bytes == [4, 0, 5, 0])
  }

  @Test func `a bad file is refused by its name`() throws {
    let path = try scratch.write("a.safetensors", [1, 2, 3])
    #expect(
      complaint { _ = try SafetensorsFile(path) }
        == "a.safetensors: has 3 bytes, and the shortest safetensors file has 10; it was cut"
        + " short: fetch it again")
  }

  @Test func `what is no file, or is not there, is refused`() throws {
    try Folder.create(scratch.path + "/folder")
    #expect(mkfifo(scratch.path + "/pipe", 0o600) == 0)
    #expect(
      complaint { _ = try SafetensorsFile(scratch.path + "/folder") } == "folder: is not a file")
    #expect(complaint { _ = try SafetensorsFile(scratch.path + "/pipe") } == "pipe: is not a file")
    #expect(
      complaint { _ = try SafetensorsFile(scratch.path + "/none") }
        == "none: could not open it: No such file or directory")
  }

  @Test func `a huge header is refused before room is made for it`() throws {
    let path = try scratch.write("a.safetensors", littleEndian(100_000_001 as UInt64))
    #expect(truncate(path, 1 << 40) == 0)
    #expect(
      complaint { _ = try SafetensorsFile(path) }
        == "a.safetensors: is no safetensors file: its header would have 100000001 bytes, and"
        + " 100000000 are the limit; fetch it again")
  }

  @Test func `a file that shrinks while it is open is an error that names it`() throws {
    let path = try scratch.write(
      "a.safetensors", ModelFixture.safetensors([FixtureTensor("a", .u8, [3], [1, 2, 3])]))
    let file = try SafetensorsFile(path)
    #expect(truncate(path, file.byteCount - 1) == 0)
    var bytes = [UInt8](repeating: 0, count: 3)
    let message = complaint {
      try bytes.withUnsafeMutableBytes { try file.read(at: file.byteCount - 3, into: $0) }
    }
    #expect(
      message == "a.safetensors: ends at byte \(file.byteCount - 1), and had \(file.byteCount)"
        + " bytes when it was opened; let nothing change it, and run the same again")
  }

  @Test func `many threads read one file`() async throws {
    let values = (0..<4096).map { Double($0 % 256) }
    let path = try scratch.write(
      "a.safetensors", ModelFixture.safetensors([FixtureTensor("a", .u8, [4096], values)]))
    let file = try SafetensorsFile(path)
    let start = file.header.byteCount
    try await withThrowingTaskGroup(of: [UInt8].self) { group in
      for _ in 0..<16 {
        group.addTask {
          var bytes = [UInt8](repeating: 0, count: 256)
          try bytes.withUnsafeMutableBytes { try file.read(at: start + 512, into: $0) }
          return bytes
        }
      }
      for try await bytes in group { #expect(bytes == Array(0...255)) }
    }
  }
}
