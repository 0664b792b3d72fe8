import Foundation
import Testing

struct FingerprintTests {
  @Test func `hashes are written to the output, and the count beside it`() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      "quiz.jsonl",
      #"{"id": 60, "problem": "Every morning Aya goes for a walk of nine kilometers."}"# + "\n")
    let ending = try branchmerge("fingerprint", "aime-2024", folder.path + "/quiz.jsonl")
    let lines = ending.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines.count == 7)
    #expect(lines[0] == "branchmerge-fingerprint 1 words 8 tokens 8 aime-2024")
    #expect(lines[1] == "item 60")
    #expect(lines[2].split(separator: " ").count == 1 + 3)
    #expect(lines[5].wholeMatch(of: /end [0-9a-f]{16}/) != nil)
    #expect(!ending.output.contains("Aya") && !ending.output.contains("morning"))
    #expect(ending.errors == "1 item of aime-2024\n")
    #expect(ending.status == 0)
  }

  @Test func `a benchmark without a card, and a file without its field, are told`() throws {
    let folder = try TemporaryFolder()
    try folder.write("quiz.jsonl", #"{"id": 60, "question": "Why?"}"# + "\n")
    let unknown = try branchmerge("fingerprint", "aime-2042", folder.path + "/quiz.jsonl")
    #expect(
      unknown.errors
        == "error: datasets/benchmarks/aime-2042.yaml: no benchmark is called 'aime-2042'; did you"
        + " mean 'aime-2024'? There are 'aime-2024', 'aime-2025', 'gpqa-diamond', 'livecodebench'"
        + " and 'math-500'\n")
    let other = try branchmerge("fingerprint", "aime-2024", folder.path + "/quiz.jsonl")
    #expect(other.errors == "error: \(folder.path)/quiz.jsonl: row 1 has no 'problem'\n")
    #expect(other.status == 2)
  }
}
