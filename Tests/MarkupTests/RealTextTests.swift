import Files
import Foundation
import Testing

@testable import Markup

/// The folder of real data beside the package.
private let data =
  URL(fileURLWithPath: #filePath)
  .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  .deletingLastPathComponent().path + "/shared/data"

@Suite(
  .enabled(
    if: FileManager.default.fileExists(atPath: data), "there is no ../shared/data"))
struct RealTextTests {
  /// Every text of these files, problems and solutions; those with markup were read one by one.
  static let files: [(path: String, converted: Int)] = [
    ("benchmarks/aime_2024.jsonl", 0), ("benchmarks/amc_2023.jsonl", 0),
    ("benchmarks/math_500.jsonl", 0), ("math/aime_1983_2023.json", 0),
    // A page of HTML, which is the answer.
    ("llamafactory/alpaca_en_demo.json", 1),
    // `&lt;` in a problem of Codeforces, and underlined headings.
    ("openthoughts/openthoughts_prompts.jsonl", 2),
    ("s1/s1k_questions.jsonl", 1), ("science/olympiadbench_test.jsonl", 2),
    ("science/mmlu_stem_test.jsonl", 0), ("science/scieval-valid.json", 0),
    ("code/codeforces.json", 0),
  ]

  private func texts(_ path: String) throws -> [String] {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: data + "/" + path))
    var texts: [String] = []
    func add(_ value: Any) {
      if let text = value as? String { texts.append(text) }
      if let list = value as? [Any] { list.forEach(add) }
      if let object = value as? [String: Any] { object.values.forEach(add) }
    }
    if path.hasSuffix(".jsonl") {
      for line in bytes.split(separator: 0x0A) { add(try JSONSerialization.jsonObject(with: line)) }
    } else {
      add(try JSONSerialization.jsonObject(with: bytes))
    }
    return texts
  }

  @Test(arguments: files)
  func `real problems come through as they are, but for those that have markup`(
    path: String, expected: Int
  ) throws {
    let texts = try texts(path)
    let found = Set(texts.filter { converted($0) != nil })
    #expect(found.count == expected, "\(found.map { $0.prefix(80) })")
  }
}
