import Curation
import Files
import Foundation
import Lineage
import Notation
import Teaching
import Testing

@testable import Workflow

/// The stage `teach` with answers that are in the store already.
struct TeachStageTests {
  @Test func `kept rows come first, then a row for each answered seed, and all adds up`() throws {
    let room = try Classroom()
    try room.answer(1...1)
    let cut = try room.reply(
      .answered(Classroom.completion("x", finish: "length")), to: Classroom.prompt(2))
    try room.reply(
      .answered(Classroom.completion("", tokens: 4)),
      .answered(Classroom.completion("<think>\nHm.</think> It is 3.\n", reasoning: nil)),
      to: Classroom.prompt(3))
    let summaries = try room.run("teacher.attempts=1", "teacher.max_unanswered=1")
    #expect(
      summaries["teach science"]?.message
        == "2 rows kept, 2 taught of 3 seeds, 1 rejected")
    #expect(
      room.files(below: "work/teach") == [
        "science/README.md", "science/dataset_info.json", "science/train.jsonl",
        "science/unanswered.jsonl",
      ])
    let kept = try room.text("work/branches/science/train.jsonl")
    #expect(kept.split(separator: "\n").count == 2)
    let taught = """
      {"id": "asked:5d674c8dc2488e74735d08ec", "conversations": [{"from": "human", "value": \
      "Q1 \\"quoted\\" \\u00e9?"}, {"from": "gpt", "value": "<think>\\nSo it is.\\n</think>\\n\\n\
      It is 1."}], "system": ""}
      {"id": "asked:86c99851597d13e2b8c5f107", "conversations": [{"from": "human", "value": \
      "Q3 \\"quoted\\" \\u00e9?"}, {"from": "gpt", "value": "<think>\\nHm.\\n</think>\\n\\n\
      It is 3."}], "system": ""}

      """
    #expect(try room.text("work/teach/science/train.jsonl") == kept + taught)
    #expect(
      try room.text("work/teach/science/unanswered.jsonl") == """
        {"id":"asked:762d6116541c987a3c8e8506","kind":"rejected",\
        "reason":"finish reason: length","request":"\(cut.hash)"}

        """)
    #expect(
      try room.text("work/teach/science/dataset_info.json")
        == room.text("work/branches/science/dataset_info.json"))
    let lengths = taught.split(separator: "\n").map { $0.utf8.count + 1 }
    #expect(
      try room.taught() == [
        "1 taught 3 \(kept.utf8.count) \(lengths[0]) 1 http://test/v1 stop 3 7",
        "2 rejected finish reason: length 1",
        "3 taught 4 \(kept.utf8.count + lengths[0]) \(lengths[1]) 2 http://test/v1 stop 3 7",
      ])
    let record = try #require(try room.ledger().stages(anyState: false)["teach science"])
    #expect(
      record.products.map(\.path) == room.files(below: "work/teach").map { "teach/\($0)" })
    let counts = try #require(try room.ledger().teachingCounts(of: record.id))
    #expect(counts.kinds == [.taught: 2, .rejected: 1])
    #expect((counts.rows, counts.kept, counts.seeds) == (4, 2, 3))
    #expect((counts.promptTokens, counts.completionTokens) == (6, 14))
    #expect(try room.ledger().rowCount(ofOutput: "teach/science/train.jsonl") == 4)
  }

  @Test func `the card says who wrote what and what became of the seeds`() throws {
    let room = try Classroom()
    try room.answer(1...2)
    try room.reply(
      .answered(Classroom.completion("It is more than twelve letters.")), to: Classroom.prompt(3),
      settings: ["teacher.system=Think |well|."])
    for number in 1...2 {
      try room.reply(
        .answered(Classroom.completion("It is \(number).")), to: Classroom.prompt(number),
        settings: ["teacher.system=Think |well|."])
    }
    let settings = [
      "teacher.attempts=1", "teacher.max_unanswered=50%", "teacher.accept.filters=[terse]",
      "teacher.system=Think |well|.",
    ]
    try room.run(settings[0], settings[1], settings[2], settings[3])
    func file(_ name: String) throws -> String {
      let bytes = try room.text(name)
      return "\(bytes.utf8.count) | `\(Digest(of: Array(bytes.utf8).span))`"
    }
    let card = try room.text("work/teach/science/README.md")
    #expect(
      card == """
        ---
        license: other
        license_name: "cc0-1.0-and-mit"
        license_link: README.md
        configs:
        - config_name: default
          data_files: train.jsonl
        ---

        # science

        Questions.

        Built by BranchMerge from the recipe `one`: 2 rows as their sources have them, and behind \
        these 2 whose responses `r1` wrote. Rows are in the format `sharegpt`; `id` is a sample's \
        for good, and `branchmerge why ID` tells where it came from, and who wrote its response.

        ## Licences

        | licence | rows | share | sources |
        |---|---:|---:|---|
        | [CC0-1.0](https://spdx.org/licenses/CC0-1.0) | 2 | 50.00 % | written |
        | [MIT](https://spdx.org/licenses/MIT) | 2 | 50.00 % | asked |

        Licences are those of the source cards; this is no legal advice.

        Of the 2 taught rows that is said of their prompts; for the responses see the licence of \
        `r1` and the terms of its server.

        ## Files

        | file | rows | bytes | XXH3-128 |
        |---|---:|---:|---|
        | train.jsonl | 4 | \(try file("work/teach/science/train.jsonl")) |
        | unanswered.jsonl | 1 | \(try file("work/teach/science/unanswered.jsonl")) |

        ## Funnel

        | science | written | asked | total |
        |---|---:|---:|---:|
        | read | 2 | 3 | 5 |
        | − quarantined | 0 | 0 | 0 |
        | − duplicates | 0 | 0 | 0 |
        | = kept | 2 | 0 | 2 |
        | + seeds | 0 | 3 | 3 |
        | − rejected | 0 | 1 | 1 |
        | = taught | 0 | 2 | 2 |
        | rows | 2 | 2 | 4 |

        ## Seeds without a row

        | what became of them | reason | seeds | such as |
        |---|---|---:|---|
        | rejected | filter terse | 1 | asked:86c99851597d13e2b8c5f107 |

        ## Teacher

        | | |
        |---|---|
        | model | r1 |
        | max_tokens | 32768 |
        | temperature | 0.6 |
        | top_p | 0.95 |
        | answers asked for each seed | 1 |
        | of several taken | first |
        | finish reasons accepted | stop |
        | reasoning | required |
        | answers to a request that may be turned down | 1 |
        | tokens of the prompts | 6 |
        | tokens of the answers taken | 14 |

        system:

        ```
        Think |well|.
        ```

        prompt:

        ```
        {prompt}
        ```

        response:

        ```
        <think>
        {reasoning|trim}
        </think>

        {solution|trim}
        ```

        filter `terse`:

        ```
        {"solution": {"length": {"at_most": 12}}}
        ```

        ## Sources

        | source | config | revision | licence | homepage |
        |---|---|---|---|---|
        | written | default | v1 | CC0-1.0 | https://example.org/written |
        | asked | default | v1 | MIT | https://example.org/asked |

        | file read | rows | bytes | XXH3-128 | SHA-256 |
        |---|---:|---:|---|---|
        | written.jsonl | 2 | \(try file("work/sources/written.jsonl")) |  |
        | asked.jsonl | 3 | \(try file("work/sources/asked.jsonl")) |  |

        ## Steps

        `written`, prompt `prompt`:

        ```yaml
        {prompt}
        ```

        `written`, response `response`:

        ```yaml
        {response}
        ```

        `asked`, prompt `prompt`:

        ```yaml
        {prompt}
        ```

        """)
  }

  @Test(arguments: [
    (
      "sharegpt",
      #""conversations": [{"from": "human", "value": "Q1 \"quoted\" \u00e9?"}, {"from": "gpt", "value": "It is 1."}], "system": ""}"#
    ),
    (
      "messages",
      #""messages": [{"role": "user", "content": "Q1 \"quoted\" \u00e9?"}, {"role": "assistant", "content": "It is 1."}]}"#
    ),
    (
      "alpaca",
      #""instruction": "Q1 \"quoted\" \u00e9?", "input": "", "output": "It is 1.", "system": ""}"#
    ),
  ])
  func `taught rows have the branch's format`(format: String, row: String) throws {
    let room = try Classroom(seeds: 1)
    try room.answer(1...1)
    try room.run("branches.science.row=\(format)", "teacher.response='{solution}'")
    let rows = try room.text("work/teach/science/train.jsonl").split(separator: "\n")
    #expect(rows.last.map(String.init) == #"{"id": "asked:5d674c8dc2488e74735d08ec", "# + row)
    #expect(
      try room.text("work/teach/science/dataset_info.json")
        == room.text("work/branches/science/dataset_info.json"))
  }

  @Test func `without seeds the kept rows are all there is`() throws {
    let room = try Classroom(seeds: 0)
    let summaries = try room.run { _ in }
    #expect(summaries["teach science"]?.message == "2 rows kept, and there are no seeds")
    #expect(
      try room.text("work/teach/science/train.jsonl")
        == room.text("work/branches/science/train.jsonl"))
    #expect(try room.text("work/teach/science/unanswered.jsonl") == "")
    #expect(!room.exists("work/teacher.sqlite"))
  }

  @Test func `a branch of seeds alone has taught rows alone`() throws {
    let room = try Classroom(seeds: 2)
    try room.write("work/sources/written.jsonl", "")
    try room.answer(1...2)
    let summaries = try room.run()
    #expect(summaries["teach science"]?.message == "0 rows kept, 2 taught of 2 seeds")
    #expect(try room.taught().map { $0.split(separator: " ")[2] } == ["1", "2"])
  }

  @Test func `what the store lacks is named where nobody may be asked, and nothing is written`()
    throws
  {
    let room = try Classroom()
    let lacking =
      "science: the store has no accepted answer to 3 of 3 requests, the first for the seed"
      + " asked:5d674c8dc2488e74735d08ec; nothing was written. Without --replay-only they are asked"
    #expect(room.failure() == lacking)
    #expect(!room.exists("work/teach"))
    #expect(!room.exists("work/teacher.sqlite"))
    try room.answer(1...2)
    #expect(
      room.failure()
        == lacking.replacing("3 of 3", with: "1 of 3")
        .replacing("5d674c8dc2488e74735d08ec", with: "86c99851597d13e2b8c5f107"))
    // A failure or an abandoned attempt is no answer, and a rejected one is not enough yet.
    try room.reply(
      .failed("cut"), .answered(Classroom.completion("")), to: Classroom.prompt(3))
    #expect(room.failure().contains("1 of 3 requests"))
    try room.answer(3...3)
    #expect(try room.run()["teach science"]?.result == .done)
  }

  @Test func `more seeds without an answer than may be leave all as it was`() throws {
    let room = try Classroom(seeds: 8)
    try room.answer(1...8)
    try room.run()
    let before = try room.files(below: "work/teach").map { try room.text("work/teach/" + $0) }
    let system = "teacher.system=Think."
    for number in 1...4 {
      try room.reply(
        .answered(Classroom.completion("It is \(number).")), to: Classroom.prompt(number),
        settings: [system])
    }
    try room.reply(
      .refused("too long"), to: Classroom.prompt(5), settings: [system])
    for number in 6...7 {
      try room.reply(
        .answered(Classroom.completion("x", finish: "length")), to: Classroom.prompt(number),
        settings: [system])
    }
    try room.reply(
      .answered(Classroom.completion("It is more than twelve letters.")), to: Classroom.prompt(8),
      settings: [system])
    let failure = room.failure(
      system, "teacher.attempts=1", "teacher.max_unanswered=3", "teacher.accept.filters=[terse]")
    #expect(
      failure
        == """
        science: 4 of 8 seeds have no answer, more than the 3 that 'max_unanswered' admits:
          2 rejected: finish reason: length, such as asked:c4dbc8be202823efb2d45543
          1 refused: too long, such as asked:627b8b10c0a8066b64dc1740
          1 rejected: filter terse, such as asked:bcaf0de1c068f09a8d514110
        teach/science stays as it was, and every answer is kept. For what was rejected raise \
        'attempts' or 'max_tokens', or change 'accept'. What was refused is not asked again, unless \
        prompt or parameters change. Or raise 'max_unanswered'.
        """)
    #expect(
      try room.files(below: "work/teach").map { try room.text("work/teach/" + $0) } == before)
    #expect(
      try room.run(
        system, "teacher.attempts=1", "teacher.max_unanswered=50%",
        "teacher.accept.filters=[terse]")["teach science"]?.message
        == "2 rows kept, 4 taught of 8 seeds, 3 rejected, 1 refused")
  }

  // MARK: - What is done again, and what is not

  @Test(arguments: [
    "teacher.url=http://127.0.0.1:10/v1", "teacher.prices={prompt: 1, completion: 2}",
    "teacher.budget={requests: 1, tokens: 1}", "teacher.concurrency=1", "teacher.timeout=1s",
    "teacher.silence=1s", "teacher.retries=1", "teacher.max_unanswered=0", "teacher.key=NOT_SET",
  ])
  func `who is asked, for how much and how long decides nothing`(setting: String) throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    #expect(try room.run(setting)["teach science"]?.result == .upToDate)
    #expect(try room.state(of: .teach("science"), setting) == .upToDate)
  }

  @Test(arguments: [
    ("teacher.accept.filters=[terse]", ["accept changed"]),
    ("teacher.accept.finish=[stop, length]", ["accept changed"]),
    ("teacher.accept.reasoning=optional", ["response changed", "accept changed"]),
    ("teacher.accept.pick=longest", ["pick: first became longest"]),
    ("teacher.attempts=4", ["attempts: 3 became 4"]),
    ("teacher.response='{solution}'", ["response changed", "accept changed"]),
  ])
  func `what is accepted, and what rows are made of it, is decided anew without a request`(
    setting: String, reasons: [String]
  ) throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    #expect(try room.state(of: .teach("science"), setting) == .stale(reasons))
    #expect(try room.run(setting)["teach science"]?.result == .done)
    #expect(try room.state(of: .teach("science"), setting) == .upToDate)
  }

  @Test func `a filter that changes judges the stored answers anew`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    let accept = "teacher.accept.filters=[terse]"
    let settings = [accept, "teacher.attempts=1", "teacher.max_unanswered=3"]
    #expect(
      try room.run(settings[0], settings[1], settings[2])["teach science"]?.message
        == "2 rows kept, 3 taught of 3 seeds")
    try room.write(
      "filters/terse.yaml", room.text("filters/terse.yaml").replacing("12", with: "5"))
    #expect(
      try room.state(of: .teach("science"), settings[0], settings[1], settings[2])
        == .stale(["accept changed"]))
    #expect(
      try room.run(settings[0], settings[1], settings[2])["teach science"]?.message
        == "2 rows kept, 0 taught of 3 seeds, 3 rejected")
    #expect(
      try room.taught()[0] == #"1 rejected filter terse: {"solution": {"length": 8}} 1"#)
    // Both verdicts stay in the store, each with its policy.
    #expect(
      try room.verdicts() == [
        "1 accepted", "1 rejected", "2 accepted", "2 rejected", "3 accepted", "3 rejected",
      ])
  }

  @Test(arguments: [
    ("teacher.prompt='Q: {prompt}'", "prompt: {prompt} became Q: {prompt}"),
    ("teacher.system=Think.", "system:  became Think."),
    ("teacher.temperature=0.7", "parameters changed"),
    ("teacher.max_tokens=8", "parameters changed"),
    ("teacher.extra.top_k=20", "parameters changed"),
    ("teacher.model=r2", "teacher: r1 became r2"),
  ])
  func `another question is another request`(setting: String, reason: String) throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    #expect(try room.state(of: .teach("science"), setting) == .stale([reason]))
    #expect(room.failure(setting).contains("no accepted answer to 3 of 3 requests"))
    // What was answered once stays so.
    #expect(try room.run()["teach science"]?.result == .upToDate)
  }

  @Test func `a branch that has other seeds asks for these alone`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    try room.write("work/sources/asked.jsonl", (2...4).map(Classroom.seed).joined())
    #expect(room.failure().contains("no accepted answer to 1 of 3 requests"))
    try room.answer(4...4)
    let summaries = try room.run()
    #expect(summaries["branch science"]?.result == .upToDate)
    #expect(summaries["teach science"]?.message == "2 rows kept, 3 taught of 3 seeds")
  }

  @Test func `another branch and another recipe are answered from the store`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    try room.write(
      "datasets/recipes/other.yaml",
      Classroom.recipe.replacing("  science:", with: "  more:").replacing(
        "url: http://127.0.0.1:9/v1", with: "urls: [http://a/v1, http://b/v1]"))
    let summaries = try room.run(recipe: "other")
    #expect(summaries["teach more"]?.message == "2 rows kept, 3 taught of 3 seeds")
    #expect(
      try room.text("work/teach/more/train.jsonl")
        == room.text("work/teach/science/train.jsonl"))
  }

  @Test func `products that were lost are written anew`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    let rows = try room.text("work/teach/science/train.jsonl")
    try room.write("work/teach/science/train.jsonl", rows + "{}\n")
    try FileManager.default.removeItem(
      atPath: room.workspace + "/teach/science/README.md")
    #expect(
      try room.state(of: .teach("science"))
        == .stale(["teach/science/README.md is gone", "teach/science/train.jsonl was changed"]))
    #expect(try room.run()["teach science"]?.result == .done)
    #expect(try room.text("work/teach/science/train.jsonl") == rows)
  }

  @Test func `rows and seeds that somebody changed are not taken`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run(until: .branch)
    for name in ["train", "seeds"] {
      let file = "work/branches/science/\(name).jsonl"
      let text = try room.text(file)
      try room.write(file, text + text)
      #expect(
        room.failure(from: .teach)
          == "\(file): is not what the branch wrote; build the branch again with 'branchmerge run"
          + " --until branch'")
      try room.write(file, text)
    }
    #expect(try room.run(from: .teach)["teach science"]?.result == .done)
  }

  // MARK: - Kills

  @Test(arguments: [
    // While the files were written, before and between the renames, before the ledger knew.
    ["work/teach/.science/new/train.jsonl"],
    ["work/teach/.science/new/train.jsonl", "work/teach/.science/new/README.md"],
    ["work/teach/.science/earlier", "work/teach/.science/new/train.jsonl"],
    ["work/teach/science", "work/teach/.science/earlier"],
    ["work/teach/science"],
  ])
  func `a run that was killed at any point goes on to the same bytes`(left: [String]) throws {
    let whole = try Classroom()
    try whole.answer(1...3)
    try whole.run()
    let room = try Classroom()
    try room.answer(1...3)
    try room.run(until: .branch)
    for name in left {
      if name.hasSuffix(".jsonl") || name.hasSuffix(".md") {
        try room.write(name, "half of it")
      } else {
        try room.write(name + "/train.jsonl", "an earlier one")
      }
    }
    try room.run()
    #expect(room.files(below: "work/teach") == whole.files(below: "work/teach"))
    for file in whole.files(below: "work/teach") {
      #expect(try room.text("work/teach/" + file) == whole.text("work/teach/" + file), "\(file)")
    }
  }

  @Test func `a data set that a kill took away between two renames is put back`() throws {
    let room = try Classroom()
    try room.answer(1...3)
    try room.run()
    let rows = try room.text("work/teach/science/train.jsonl")
    try Folder.create(room.workspace + "/teach/.science")
    try Folder.rename(
      room.workspace + "/teach/science", to: room.workspace + "/teach/.science/earlier",
      isDurable: false)
    // Even by one who cannot make another.
    #expect(room.failure("teacher.system=Think.").contains("no accepted answer"))
    #expect(try room.text("work/teach/science/train.jsonl") == rows)
    #expect(!room.exists("work/teach/.science"))
  }

  // MARK: - Several answers, and shared ones

  @Test func `seeds with the same question share its answer`() throws {
    let room = try Classroom()
    let settings = "teacher.prompt='Anything?'"
    try room.reply(
      .answered(Classroom.completion("No.")), to: "", settings: [settings])
    #expect(
      try room.run(settings)["teach science"]?.message == "2 rows kept, 3 taught of 3 seeds")
    let count = try RequestCount(
      SeedPass(room.recipe([settings]).teacher!, nil, policy: nil),
      Stage.seedsPath("science", in: room.workspace), takesBatches: false)
    #expect((count.seeds, count.requests, count.open.count) == (3, 1, 1))
  }

  @Test(arguments: [("first", "It is one."), ("shortest", "1."), ("longest", "It is the one.")])
  func `of several answers the pick is taken`(pick: String, solution: String) throws {
    let room = try Classroom(seeds: 1)
    let settings = ["teacher.answers=3", "teacher.accept.pick=\(pick)"]
    for (answer, (text, tokens)) in [("It is one.", 4), ("1.", 2), ("It is the one.", 9)]
      .enumerated()
    {
      try room.reply(
        .answered(Classroom.completion(text, tokens: tokens)), to: Classroom.prompt(1),
        answer: answer + 1, settings: settings)
    }
    try room.run(settings[0], settings[1])
    #expect(
      try room.text("work/teach/science/train.jsonl").contains("</think>\\n\\n\(solution)\"}"))
  }

  @Test func `one accepted answer of several is enough`() throws {
    let room = try Classroom(seeds: 2)
    let settings = ["teacher.answers=2", "teacher.attempts=1"]
    for number in 1...2 {
      try room.reply(.refused("no"), to: Classroom.prompt(number), settings: settings)
    }
    try room.reply(
      .answered(Classroom.completion("It is 1.")), to: Classroom.prompt(1), answer: 2,
      settings: settings)
    try room.reply(
      .answered(Classroom.completion("")), to: Classroom.prompt(2), answer: 2, settings: settings)
    let summaries = try room.run(settings[0], settings[1], "teacher.max_unanswered=1")
    #expect(
      summaries["teach science"]?.message
        == "2 rows kept, 1 taught of 2 seeds, 1 rejected")
    #expect(try room.taught()[1] == "2 rejected the answer is empty 1")
  }

  @Test func `what is out in a batch is waited for`() throws {
    let room = try Classroom()
    try room.answer(1...1)
    for number in 2...3 { try room.reply(.inBatch("/b/batch.jsonl"), to: Classroom.prompt(number)) }
    #expect(
      room.failure { _ in }
        == "science: of 3 requests 2 are out in a batch, and were not asked: 2 in /b/batch.jsonl."
        + " 'branchmerge teach import RESULTS --workspace work' takes back what came of them; with"
        + " 'branchmerge teach --ignore-batches' they are asked all the same, and may be paid for"
        + " twice")
    #expect(room.failure().contains("no accepted answer to 2 of 3 requests"))
    try room.answer(2...3)
    #expect(try room.run()["teach science"]?.result == .done)
  }

  @Test func `a seed whose prompt's template has a null field has no question`() throws {
    let room = try Classroom(seeds: 1)
    try room.write(
      "work/sources/asked.jsonl",
      Classroom.seed(1) + #"{"question": "Q2?", "solution": null, "answer": null}"# + "\n")
    let settings = "teacher.prompt='{prompt} ({answer})'"
    try room.reply(
      .answered(Classroom.completion("It is 1.")), to: Classroom.prompt(1), number: "1",
      settings: [settings])
    let summaries = try room.run(settings, "teacher.max_unanswered=1")
    #expect(
      summaries["teach science"]?.message == "2 rows kept, 1 taught of 2 seeds, 1 refused")
    #expect(
      try room.taught()[1] == "2 refused no question: a field of the prompt's template is null 0")
    #expect(
      try room.text("work/teach/science/unanswered.jsonl").hasSuffix(
        #""reason":"no question: a field of the prompt's template is null","request":null}"#
          + "\n"))
  }
}
