import Foundation
import Testing

@testable import Tokenization

/// All ids against PyPI's `tokenizers`, which `Tests/Reference/tokens.py` asks: ten kinds of
/// tokenizer, real texts where `../shared/data` has some, and generated ones.
///
/// Runs where BRANCHMERGE_PYTHON names a Python that has the library.
struct TokenizerReferenceTests {
  private static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"]
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardized.path

  private static let hasLibrary: Bool = {
    guard let python else { return false }
    return (try? run(python, ["-c", "import tokenizers"]))?.status == 0
  }()

  @Test(.enabled(if: hasLibrary, "BRANCHMERGE_PYTHON names no Python with tokenizers"))
  func `every text has the ids that the library gives it`() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/tokens-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var arguments = [Self.root + "/Tests/Reference/tokens.py", folder, "--bytes", "300000"]
    let data = Self.root + "/../shared/data"
    if FileManager.default.fileExists(atPath: data) { arguments += ["--data", data] }
    let done = try Self.run(try #require(Self.python), arguments)
    try #require(done.status == 0, "\(done.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder)
      .filter { $0.hasSuffix(".cases") }.sorted()
    #expect(names.count == 10)
    for name in names {
      let path = folder + "/" + name.dropLast(6)
      try compare(path, named: name)
    }
  }

  private func compare(_ path: String, named name: String) throws {
    let tokenizer = try Tokenizer(reading: path + ".json")
    let encoder = TokenEncoder(tokenizer)
    let cases = Array(try Data(contentsOf: URL(fileURLWithPath: path + ".cases")))
    var place = 0
    func number() -> Int {
      defer { place += 4 }
      return cases[place..<place + 4].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    var texts = 0
    var differing: [String] = []
    while place < cases.count {
      let count = number()
      let text = cases[place..<place + count]
      place += count
      let expected = (0..<number()).map { _ in Int32(number()) }
      var found: [Int32] = []
      encoder.encode(Array(text).span, into: &found)
      if found != expected {
        differing.append(String(decoding: text.prefix(200), as: UTF8.self).debugDescription)
      }
      texts += 1
    }
    #expect(texts > 500)
    #expect(
      differing.isEmpty, "\(name): \(differing.count) of \(texts), first \(differing.first ?? "")")
  }

  private static func run(
    _ program: String, _ arguments: [String]
  ) throws -> (status: Int32, errors: String) {
    let process = Process()
    let errors = Pipe()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardOutput = FileHandle.nullDevice
    process.standardError = errors
    try process.run()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }
}
