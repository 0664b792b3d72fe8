import Foundation
import Testing

struct SurveyTests {
  private let folder = try! TemporaryFolder()

  private func writeAnswers() throws {
    try folder.write(
      "a.jsonl",
      #"""
      {"q": "2 + 2?", "r": ["\\boxed{4}", "\\boxed{5}"], "a": "4", "ok": [true, true]}
      {"q": "Which? (A) 3 (B) 7 (C) 9", "r": ["The answer is (B)."], "a": "7", "ok": [false]}
      {"q": "And?", "r": ["Nobody knows.\nReally."], "a": "1", "ok": null}

      """#)
  }

  @Test func `answers are worked out anew, and held against the source's flag`() throws {
    try writeAnswers()
    let ending = try branchmerge(
      "survey", "a.jsonl", "--verify", "--response", "r", "--answer", "a", "--flag", "ok",
      "--prompt", "q", in: folder.path)
    #expect(
      ending.output == """
        4 responses of 3 rows

        the source says  equal  different  unknown  responses
        true                 1          1        0          2
        false                1          0        0          1
        nothing              0          0        1          1

        unknown because of
          no answer  1

        the source says true, and the answer is different
                         found  expected
          a.jsonl:1 (2)  5      4

        the source says false, and the answer is equal
                         found  expected
          a.jsonl:2 (1)  (B)    7

        """, "\(ending.output)")
    #expect(ending.errors == "")
    #expect(ending.status == 0)
    // Without the problem nobody knows what the letter stands for.
    let blind = try branchmerge(
      "survey", "a.jsonl", "--verify", "--response", "r", "--answer", "a", "--flag", "ok", "--json",
      in: folder.path)
    let cells = try JSON(parsing: Data(blind.output.utf8))["verdicts"]?.list ?? []
    #expect(
      cells.contains {
        ($0["sourceSays"] ?? $0["source_says"]) == .flag(false) && $0["verdict"]?.text == "unknown"
      }, "\(blind.output)")
  }

  @Test(arguments: [
    (["--answer", "a"], "--response: name the field of the response; nothing says which it is"),
    (["--response", "r", "--answer", "b"], "--answer b: no row has this field"),
    (["--response", "r", "--answer", "a", "--prompt", "p"], "--prompt p: no row has this field"),
    (["--response", "r", "--field", "a"], "--field is not for --verify"),
  ])
  func `a field that is not there is told`(arguments: [String], expected: String) throws {
    try writeAnswers()
    let ending = try branchmerge(["survey", "a.jsonl", "--verify"] + arguments, in: folder.path)
    #expect(ending.errors.lowercased().contains(expected), "\(ending.errors)")
    #expect(ending.output == "")
    #expect(ending.status != 0)
  }

  @Test func `two fields of a file`() throws {
    let ending = try branchmerge(
      "survey", "datasets/demo/openthoughts.jsonl", "--field", "domain", "--field", "starter_code")
    #expect(
      ending.output == #"""
        datasets/demo/openthoughts.jsonl: JSON Lines, 151 rows, 198.9 kB

        field         type  null  values
        domain        text     -       6
        starter_code  text    93       8

                                  min  median  p95  max
        domain        characters    4       4    9    9
        starter_code  characters    0       0   32   42

        domain: 6 values
          code       55  36.4 %
          math       22  14.6 %
          physics    21  13.9 %
          puzzle     19  12.6 %
          biology    17  11.3 %
          chemistry  17  11.3 %

        starter_code: 8 values
          ""                                             47  81.0 %
          "def balance_point(weights):\n    "             2   3.4 %
          "def max_profit_with_fee(prices, fee):\n    "   2   3.4 %
          "def merge_stamps(a, b):\n    "                 2   3.4 %
          "def missing_label(labels):\n    "              2   3.4 %
          "def compress_ranges(nums):\n    "              1   1.7 %
          "def count_islands(rows):\n    "                1   1.7 %
          "def rotate_word(word, k):\n    "               1   1.7 %

        """#)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test(arguments: ["1", "2", "7"])
  func `all fields of a source, with the card's names`(workers: String) throws {
    let ending = try branchmerge(
      "survey", "openthoughts", "--source", "openthoughts=datasets/demo/openthoughts.jsonl",
      "--workers", workers)
    #expect(
      ending.output == #"""
        openthoughts/metadata in datasets/demo/openthoughts.jsonl: JSON Lines, 150 rows (113,957 published), 198.9 kB

        1 row could not be read:
          unpaired-surrogate  1  first datasets/demo/openthoughts.jsonl:71: 'problem' holds half of a surrogate pair

        field                  in the card   type  null  values
        problem                prompt        text     -    long
        deepseek_reasoning     reasoning     text     1    long
        deepseek_solution      solution      text     1    long
        ground_truth_solution  answer        text    54    long
        domain                 domain        text     -       6
        source                 source        text     -       9
        test_cases             test_cases    text    72    long
        starter_code           starter_code  text    92       8

                                           min  median  p95  max
        problem                characters   56     179  352  423
        deepseek_reasoning     characters    0     492  602  646
        deepseek_solution      characters    4     265  603  811
        ground_truth_solution  characters    0       2  403  518
        domain                 characters    4       4    9    9
        source                 characters    4      12   17   17
        test_cases             characters    0      97  129  149
        starter_code           characters    0       0   32   42

        domain: 6 values
          code       55  36.7 %
          math       22  14.7 %
          physics    21  14.0 %
          puzzle     19  12.7 %
          chemistry  17  11.3 %
          biology    16  10.7 %

        source: 9 values
          numina_math        22  14.7 %
          camelai_physics    21  14.0 %
          riddle_sense       19  12.7 %
          camelai_chemistry  17  11.3 %
          apps               16  10.7 %
          camelai_biology    16  10.7 %
          taco               16  10.7 %
          codeforces         13   8.7 %
          code_contests      10   6.7 %

        starter_code: 8 values
          ""                                             47  81.0 %
          "def balance_point(weights):\n    "             2   3.4 %
          "def max_profit_with_fee(prices, fee):\n    "   2   3.4 %
          "def merge_stamps(a, b):\n    "                 2   3.4 %
          "def missing_label(labels):\n    "              2   3.4 %
          "def compress_ranges(nums):\n    "              1   1.7 %
          "def count_islands(rows):\n    "                1   1.7 %
          "def rotate_word(word, k):\n    "               1   1.7 %

        --field NAME lists the values of any field, --json has all figures.

        """#)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `JSON has the same numbers`() throws {
    let ending = try branchmerge(
      "survey", "datasets/demo/openthoughts.jsonl", "--field", "domain", "--json")
    let report = try JSON(parsing: Data(ending.output.utf8))
    #expect(report["rows"]?.number == 151)
    #expect(report["bytes"]?.number == 198_891)
    #expect(report["files"]?[0]?["path"]?.text == "datasets/demo/openthoughts.jsonl")
    #expect(report["fields"]?.list?.count == 1)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test(arguments: [
    (
      [
        "openthoughts", "--source", "openthoughts=datasets/demo/openthoughts.jsonl", "--field",
        "dmain",
      ],
      """
      openthoughts: no row has a field 'dmain'; there are 'problem', \
      'deepseek_reasoning', 'deepseek_solution', 'ground_truth_solution', 'domain', 'source', \
      'test_cases' and 'starter_code'; the card has 'prompt', 'reasoning', 'solution', 'answer', \
      'domain', 'source', 'test_cases' and 'starter_code'; did you mean 'domain'?
      """
    ),
    (
      ["openthought"],
      """
      openthought: no file or folder is here, and no source is called 'openthought'; did you mean \
      'openthoughts'? There are 'numinamath-1.5', 'openr1-math', 'openthoughts', \
      'openthoughts-chat', 's1-59k', 's1k' and 's1k-1.1'
      """
    ),
    (
      ["openthoughts"],
      """
      the files of the source 'openthoughts' are neither given by --source, nor in the Hugging \
      Face cache; fetch them with
        hf download --repo-type dataset open-thoughts/OpenThoughts-114k --include \
      'metadata/train-*.parquet'
      """
    ),
    (
      ["openthoughts", "--source", "s1k=/nowhere"], "--source s1k: the survey is of 'openthoughts'"
    ),
  ])
  func `what cannot be surveyed is refused`(arguments: [String], message: String) throws {
    let ending = try branchmerge(["survey"] + arguments)
    #expect(ending.errors == "error: \(message)\n")
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }

  @Test func `rows that cannot be read are counted by reason`() throws {
    let folder = try TemporaryFolder()
    try folder.write("in.jsonl", "oops\n{\"a\": 1}\n{\"a\": \n")
    let some = try branchmerge("survey", "in.jsonl", in: folder.path)
    #expect(some.output.contains("\n2 rows could not be read:\n"))
    #expect(some.output.contains("in.jsonl:1: is not a JSON object"))
    #expect(some.status == 0)
    try folder.write("in.jsonl", "oops\n")
    let none = try branchmerge("survey", "in.jsonl", in: folder.path)
    #expect(none.errors == "no row could be read\n")
    #expect(none.status == 1)
  }
}
