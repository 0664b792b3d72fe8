import Mathematics
import Testing

struct CodeAnswerTests {
  private func answer(_ text: String) -> (CodeAnswer?, body: String, CodeSanity?) {
    let bytes = Array(text.utf8)
    let answer = CodeAnswer(in: bytes.span)
    let body = answer.map { String(decoding: bytes[$0.range], as: UTF8.self) } ?? ""
    return (answer, body, answer.map { CodeSanity.of($0, in: bytes.span) })
  }

  @Test func `the last block is the answer`() {
    let text = "```python\na\n```\nthen\n  ```C++\nint x;\n```\nDone."
    let (found, body, sanity) = answer(text)
    #expect(found?.language == "c++")
    #expect(body == "int x;\n")
    #expect(sanity == .sound)
  }

  @Test func `code in the reasoning is no answer`() {
    #expect(answer("<think>```\na\n```</think> no code").0 == nil)
    #expect(answer("<think>\n```\na\n```").0 == nil)
    #expect(answer("no code at all").0 == nil)
  }

  static let cases: [(language: String, code: String, CodeSanity)] = [
    ("python", "print([1, (2)])\n", .sound),
    ("python", "s = \"\"\"a ( \n\"\"\"  # not ] closed\n", .sound),
    ("python", "s = 'it\\'s'\n", .sound), ("python", "print((1)\n", .broken(.bracket)),
    ("python", "a]\n", .broken(.bracket)), ("python", "(]\n", .broken(.bracket)),
    ("python", "s = 'open\n", .broken(.string)), ("python", "s = '''open\n", .broken(.string)),
    ("python", "  \n", .broken(.empty)), ("python", "", .broken(.empty)),
    ("cpp", "int n = 1'000'000; char c = '{'; // (\n", .sound),
    ("cpp", "auto s = R\"x( \" ( )\" )x\";\n", .sound), ("cpp", "/* ( \n", .broken(.comment)),
    ("cpp", "int main() { return 0; \n", .broken(.bracket)),
    ("java", "String s = \"\"\"\n ( \"\n\"\"\"; /* ] */\n", .sound),
    ("java", "char c = '(\n", .broken(.string)), ("cobol", "( ( (\n", .unknown),
  ]

  @Test(arguments: cases)
  func `brackets and strings are looked at`(language: String, code: String, sanity: CodeSanity) {
    #expect(answer("```\(language)\n\(code)```\n").2 == sanity)
  }

  @Test func `a block without its end is broken`() {
    #expect(answer("```python\nprint(1)\n").2 == .broken(.unclosedBlock))
  }

  @Test func `a longer fence holds shorter ones`() {
    #expect(answer("````md\n```\nx\n```\n````\n").body == "```\nx\n```\n")
  }
}
