import Files
import Foundation
import Lineage
import Testing

@testable import Workflow

struct ContentHashesTests {
  private let folder = FileManager.default.temporaryDirectory.path + "/hashes-\(UUID().uuidString)"

  private func hashes(trustsNothing: Bool = false) throws -> ContentHashes {
    try Folder.create(folder)
    return ContentHashes(
      try Ledger(writing: folder + "/lineage.sqlite", isDurable: false),
      trustsNothing: trustsNothing)
  }

  private func write(_ text: String) throws -> String {
    let path = folder + "/file"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: [])
    return path
  }

  @Test func `a file is read once, and again when it looks otherwise`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let hashes = try hashes()
    let path = try write("abc")
    #expect(try hashes.known(path) == nil)
    let state = try hashes.state(of: path, withSHA256: true)
    #expect(state.xxh3 == Digest(of: Array("abc".utf8).span).description)
    #expect(
      state.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    // Another object finds it in the ledger, unless it is to trust nothing.
    #expect(try self.hashes().known(path)?.xxh3 == state.xxh3)
    #expect(try self.hashes(trustsNothing: true).known(path) == nil)
    _ = try write("abcd")
    #expect(try hashes.known(path) == nil)
    #expect(try hashes.state(of: path).xxh3 != state.xxh3)
    #expect(try hashes.known(folder + "/nothing") == nil)
  }

  @Test func `a hash is not learnt of a file that was replaced while it was read`() throws {
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let hashes = try hashes()
    let path = try write("abc")
    let look = try ContentHashes.Look(path)
    try hashes.learn(path, xxh3: "00", sha256: nil, before: look)
    #expect(try hashes.known(path)?.xxh3 == "00")
    _ = try write("something else")
    #expect(throws: FileError.self) {
      try hashes.learn(path, xxh3: "00", sha256: nil, before: look)
    }
    #expect(try hashes.known(path) == nil)
  }
}
