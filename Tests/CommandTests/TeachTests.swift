import Foundation
import StubTeacher
import Testing

/// `branchmerge teach`, and the stage in `run`, against a stub on loopback.
struct TeachTests {
  @Test func `seeds are asked for once, and the data set is whole`() throws {
    let fixture = try TeachFixture()
    try fixture.build()
    let first = try fixture.command("teach", "--json")
    #expect(first.status == 0)
    #expect(
      first.errors.withoutSeconds == """
        teach science: 0 of 4 requests are answered; asking stub for 4 more
        teach science: 2 rows kept, 4 taught of 4 seeds in TIME

        """)
    let tokens = try #require(Int(fixture.store("SELECT sum(completion_tokens) FROM attempt")[0]))
    #expect(
      first.output.replacing(/"seconds" : [0-9.e-]+/, with: "\"seconds\" : TIME") == """
        [
          {
            "kept" : 2,
            "message" : "2 rows kept, 4 taught of 4 seeds",
            "result" : "done",
            "rows" : 6,
            "seconds" : TIME,
            "seeds" : {
              "failed" : 0,
              "refused" : 0,
              "rejected" : 0,
              "taught" : 4
            },
            "stage" : "teach science",
            "tokens" : {
              "completion" : \(tokens),
              "prompt" : 4
            }
          }
        ]

        """)
    let rows = try shareGPTRows(fixture.folder.bytes("work/teach/science/train.jsonl"))
    #expect(rows.map { $0[1] } == ["Q1?", "Q2?", "Q11?", "Q12?", "Q13?", "Q14?"])
    for row in rows.dropFirst(2) {
      let answer = StubAnswer(to: row[1], attempt: 1)
      #expect(row[2] == "<think>\n\(answer.reasoning)\n</think>\n\n\(answer.content)")
    }
    #expect(fixture.requests == 4)
    let again = try fixture.command("teach")
    #expect(again.errors == "teach science: up to date (2 rows kept, 4 taught of 4 seeds)\n")
    // Whatever was lost is made from the store.
    try FileManager.default.removeItem(atPath: fixture.folder / "work/teach")
    #expect(try fixture.command("teach").status == 0)
    #expect(
      try shareGPTRows(fixture.folder.bytes("work/teach/science/train.jsonl")) == rows)
    #expect(fixture.requests == 4)
    #expect(fixture.folder.files(below: "work/teach").count == 4)
  }

  @Test func `the plan says what is left, and neither asks nor writes`() throws {
    let fixture = try TeachFixture(
      recipe: TeachFixture.recipe + """
          prices: {prompt: 10, completion: 2000}
          budget: {requests: 4, tokens: 20_000, money: 300}

        """)
    try fixture.build()
    let before = try fixture.folder.contents(below: "work")
    let first = try fixture.command("teach", "--plan")
    #expect(
      first.output == """
        branch   seeds  requests  answered  rejected  refused  in batches  to ask  prompt tokens  \
        completion tokens      cost     time
        science      4         4         0         0        0           0       4             39  \
                        3  0.01 USD  unknown

        teacher: stub
        tokens of science: an estimate after the lengths of its prompts, and of the responses of 2 \
        rows that are there
        time: unknown, as nothing was asked of this model here yet
        budget of requests: 4, of which 4 is left; that is enough
        budget of tokens: 20,000, of which 20,000 is left; that is enough
        budget of money: 300.00 USD, of which 300.00 USD is left; that is enough

        """)
    #expect(try fixture.folder.contents(below: "work") == before)
    #expect(fixture.requests == 0)
    #expect(try fixture.command("teach").status == 0)
    try fixture.folder.write(
      "work/sources/asked.jsonl",
      fixture.folder.text("work/sources/asked.jsonl") + SmallLibrary.row(15) + "\n")
    try fixture.build()
    let after = fixture.folder.files(below: "work")
    let second = try fixture.command("teach", "--plan", "--json")
    let plan = try JSON(parsing: Data(second.output.utf8))
    let branch = try #require(plan["branches"]?[0])
    #expect(branch["answered"]?.number == 4)
    #expect(branch["toAsk"]?.number == 1)
    #expect(branch["basis"]?.text == "answers")
    #expect(branch["promptTokens"]?.number == 1)
    let mean = try #require(Double(fixture.store("SELECT avg(completion_tokens) FROM attempt")[0]))
    #expect(branch["completionTokens"]?.number == Int(mean.rounded()))
    #expect(plan["requestsPerSecond"] != nil)
    #expect(branch["seconds"] != nil)
    let budgets = try #require(plan["budgets"]?.list)
    #expect(budgets.map { $0["of"]?.text } == ["requests", "tokens", "money"])
    #expect(budgets.map { $0["isEnough"] } == [.flag(false), .flag(true), .flag(true)])
    #expect(fixture.folder.files(below: "work") == after)
    #expect(fixture.requests == 4)
  }

  @Test func `a replay never touches the network`() throws {
    let fixture = try TeachFixture()
    try fixture.build()
    let lacking = try fixture.command("teach", "--replay-only")
    #expect(lacking.status == 1)
    #expect(lacking.output == "")
    #expect(
      lacking.errors.contains(
        "science: the store has no accepted answer to 4 of 4 requests, the first for the seed asked:"
      ))
    #expect(!fixture.folder.exists("work/teach"))
    #expect(!fixture.folder.exists("work/teacher.sqlite"))
    #expect(fixture.requests == 0)
    #expect(try fixture.command("teach").status == 0)
    fixture.stub.stop()
    let other = try branchmerge(
      "teach", "datasets/recipes/one.yaml", "-w", "work", "--replay-only", "--set",
      "teacher.response='{solution}'", in: fixture.folder.path)
    #expect(other.status == 0, "\(other.errors)")
    #expect(try fixture.folder.text("work/teach/science/train.jsonl").contains("<think>") == false)
  }

  @Test func `what cannot be asked for is told with what to do`() throws {
    let fixture = try TeachFixture()
    let unbuilt = try fixture.command("teach")
    #expect(unbuilt.status == 2)
    let advice =
      "error: the branch 'science' was never built here; run 'branchmerge run"
      + " datasets/recipes/one.yaml --workspace work --until branch' first\n"
    #expect(unbuilt.errors == advice)
    #expect(try fixture.command("teach", "--plan").errors == advice)
    let other = try fixture.command("teach", "--only", "scence")
    #expect(
      other.errors == "error: --only scence: no branch with seeds has this name; did you mean"
        + " 'science'? There are 'science'\n")
    try fixture.folder.write(
      "datasets/recipes/none.yaml",
      try #require(TeachFixture.recipe.components(separatedBy: "teacher:\n").first))
    let none = try branchmerge(
      "teach", "datasets/recipes/none.yaml", "-w", "work", in: fixture.folder.path)
    #expect(
      none.errors
        == "error: the recipe datasets/recipes/none.yaml has no 'teacher' that could be asked\n")
    try fixture.folder.write(
      "datasets/recipes/one.yaml",
      TeachFixture.recipe.replacing("URL", with: fixture.stub.url)
        .replacing("response: teacher", with: "response: \"{response}\""))
    #expect(
      try fixture.command("teach").errors
        == "error: datasets/recipes/one.yaml:10:3: no branch has anything for a teacher; give a"
        + " source of one 'response: teacher'\n")
    #expect(fixture.requests == 0)
  }

  @Test func `the seeds of an older recipe are taken as they are, and that is said`() throws {
    let fixture = try TeachFixture()
    try fixture.build()
    let recipe = try fixture.folder.text("datasets/recipes/one.yaml")
    try fixture.folder.write(
      "datasets/recipes/one.yaml",
      recipe.replacing("response: teacher", with: "response: teacher\n        filters: [easy]"))
    let ending = try fixture.command("teach")
    #expect(ending.status == 0)
    #expect(
      ending.errors.hasPrefix(
        """
        'branch science' is not up to date, and its seeds are taken as they are:
          filters of asked:  became easy
        teach science: 0 of 4 requests are answered

        """.trimmingCharacters(in: .newlines)), "\(ending.errors)")
  }

  @Test func `several branches are taught, each alone if that is wanted`() throws {
    let more = """
        riddles:
          row: messages
          sources:
            asked: { response: teacher }
        plain:
          sources:
            small: { response: "{response}" }

      """
    let fixture = try TeachFixture(
      recipe: TeachFixture.recipe.replacing("teacher:\n  url", with: more + "teacher:\n  url"))
    try fixture.build()
    #expect(
      try fixture.command("teach", "--only", "riddles").errors.withoutSeconds == """
        teach riddles: 0 of 4 requests are answered; asking stub for 4 more
        teach riddles: 0 rows kept, 4 taught of 4 seeds in TIME

        """)
    // The same questions of another branch are answered already.
    #expect(
      try fixture.command("teach").errors.withoutSeconds == """
        teach science: 2 rows kept, 4 taught of 4 seeds in TIME
        teach riddles: up to date (0 rows kept, 4 taught of 4 seeds)

        """)
    #expect(fixture.requests == 4)
    #expect(!fixture.folder.exists("work/teach/plain"))
  }

  @Test func `a run teaches before it trains, on the rows of both`() throws {
    let fixture = try TeachFixture(
      recipe: TeachFixture.recipe + """
        base: base
        train:
          with: command
          command: "sh train.sh {base} {output} {data}"
          cutoff: 64
          epochs: 1
          batch: 1

        """)
    try SmallModel.write(SmallModel.tensors(), to: "base", in: fixture.folder)
    try fixture.folder.write(
      "train.sh", "cp $1/* $2\nwc -l < $3 > $2/rows\necho $3 > $2/path\n")
    let plan = try fixture.command("plan")
    #expect(
      plan.output.withoutSizes == """
        stage           state  reads                               writes                         figures
        branch science  to do  small, asked                        branches/science
        teach science   to do  branches/science/seeds.jsonl, stub  teach/science, teacher.sqlite
        train science   to do  teach/science/train.jsonl, base     train/science
        report          to do  lineage.sqlite                      report.md, report.json

        disk: at most SIZE needed, SIZE free

        """)
    let ending = try fixture.command("run")
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(try fixture.folder.text("work/train/science/output/rows") == "6\n")
    #expect(
      try fixture.folder.text("work/train/science/output/path").hasSuffix(
        "work/teach/science/train.jsonl\n"))
    let report = try fixture.folder.text("work/report.md")
    let tokens = try fixture.store("SELECT sum(completion_tokens) FROM attempt")[0]
    #expect(
      report.contains(
        """
        ## teach science

        2 rows kept, 4 taught of 4 seeds

        | kept | seeds | rejected | failed | refused | taught | rows | prompt tokens | completion tokens |
        |---:|---:|---:|---:|---:|---:|---:|---:|---:|
        | 2 | 4 | 0 | 0 | 0 | 4 | 6 | 4 | \(tokens) |

        | file | bytes | XXH3 |
        |---|---:|---|
        | teach/science/README.md |
        """.trimmingCharacters(in: .newlines)), "\(report)")
    let stage = try JSON(parsing: fixture.folder.bytes("work/report.json"))["stages"]?[
      "teach science"]
    #expect(stage?["seeds"]?["taught"]?.number == 4)
    #expect(stage?["rows"]?.number == 6)
    let status = try branchmerge("status", "work", in: fixture.folder.path)
    #expect(status.output.contains("teach science   done   "))
    let again = try fixture.command("run")
    #expect(again.errors.components(separatedBy: ": up to date").count == 5)
    #expect(fixture.requests == 4)
    // What is trained on decides the training, wherever it came from.
    let policy = try fixture.command(
      "run", "--set", "teacher.accept.reasoning=optional", "--until", "train")
    #expect(policy.errors.contains("teach science: 2 rows kept"))
    #expect(policy.errors.contains("train science: up to date"))
    let from = try fixture.command("run", "--from", "teach", "--until", "teach")
    #expect(from.errors.contains("teach science: 2 rows kept"))
    #expect(fixture.requests == 4)
  }

  // MARK: - Fates

  @Test func `each seed without a row has its reason, and failures are asked again by teach alone`()
    throws
  {
    var behaviour = Behaviour()
    behaviour.faults = .of(["Q12?": [.length, .emptyContent], "Q13?": [.serverError]])
    behaviour.refuses = { $0 == "Q14?" ? 400 : nil }
    let fixture = try TeachFixture(
      seeds: 5,
      recipe: TeachFixture.recipe + "  attempts: 2\n  retries: 1\n  max_unanswered: 3\n", behaviour)
    try fixture.build()
    let ending = try fixture.command("teach")
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(
      ending.errors.contains(
        "2 rows kept, 2 taught of 5 seeds, 1 rejected, 1 failed, 1 refused in "))
    let fates = try fixture.fates()
    #expect(fates[0] == "taught|")
    #expect(fates[1] == "rejected|the answer is empty")
    #expect(fates[2].hasPrefix("failed|status 500: "))
    #expect(fates[3].hasPrefix("refused|status 400: 'This model's maximum context length"))
    #expect(fates[4] == "taught|")
    let list = try fixture.folder.rows("work/teach/science/unanswered.jsonl")
    #expect(list.map { $0["kind"]?.text } == ["rejected", "failed", "refused"])
    #expect(fixture.requests == 6)
    let stays = try fixture.command("run", "--until", "teach")
    #expect(stays.errors.contains("teach science: up to date"))
    #expect(fixture.requests == 6)
    let again = try fixture.command("teach")
    #expect(
      again.errors.withoutSeconds == """
        teach science: asking again for what failed before (1 of the seeds)
        teach science: 2 of 5 requests are answered; asking stub for 1 more
        teach science: 2 rows kept, 3 taught of 5 seeds, 1 rejected, 1 refused in TIME

        """)
    #expect(fixture.requests == 7)
    #expect(try fixture.command("teach").errors.contains("up to date"))
  }

  @Test func `too many seeds without an answer fail the stage, which says why and what to do`()
    throws
  {
    var behaviour = Behaviour()
    behaviour.faults = .of(["Q12?": [.serverError], "Q13?": [.length]])
    let fixture = try TeachFixture(
      recipe: TeachFixture.recipe + "  attempts: 1\n  retries: 1\n", behaviour)
    try fixture.build()
    let ending = try fixture.command("teach")
    #expect(ending.status == 2)
    let lines = ending.errors.split(separator: "\n").map(String.init)
    #expect(
      lines[1] == "error: science: 2 of 4 seeds have no answer, more than the 5% that"
        + " 'max_unanswered' admits:")
    #expect(lines[2].hasPrefix("  1 failed: status 500: "))
    #expect(lines[3].hasPrefix("  1 rejected: finish reason: length, such as asked:"))
    #expect(
      lines[4] == "teach/science stays as it was, and every answer is kept. What failed is asked"
        + " again by the same command. For what was rejected raise 'attempts' or 'max_tokens', or"
        + " change 'accept'. Or raise 'max_unanswered'.")
    #expect(lines.count == 5)
    #expect(!fixture.folder.exists("work/teach/science"))
    let status = try branchmerge("status", "work", in: fixture.folder.path)
    #expect(status.output.contains("teach science failed:\n  science: 2 of 4 seeds have no answer"))
    let next = try fixture.command("teach", "--set", "teacher.attempts=2")
    #expect(next.status == 0, "\(next.errors)")
    #expect(fixture.requests == 6)
  }

  @Test func `a budget ends the asking before it is exceeded, and a larger one goes on`() throws {
    let fixture = try TeachFixture(
      seeds: 6, recipe: TeachFixture.recipe + "  budget: {requests: 4}\n")
    try fixture.build()
    let ending = try fixture.command("teach")
    #expect(ending.status == 2)
    #expect(
      ending.errors.hasSuffix(
        """
        error: science: the budget is used up: requests: 4 of 4. 4 of 6 requests are answered and \
        kept, 2 are left; raise 'budget', and the same command goes on from there

        """), "\(ending.errors)")
    #expect(fixture.requests == 4)
    #expect(!fixture.folder.exists("work/teach/science"))
    let next = try fixture.command("teach", "--set", "teacher.budget.requests=6")
    #expect(next.status == 0, "\(next.errors)")
    #expect(fixture.requests == 6)
  }

  @Test func `an interrupted asking keeps its answers, and the same command goes on`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.3
    let fixture = try TeachFixture(
      seeds: 6, recipe: TeachFixture.recipe + "  concurrency: 2\n", behaviour)
    try fixture.build()
    let running = try fixture.start("teach")
    let deadline = Date.now + 30
    while fixture.stub.counts.good < 2, Date.now < deadline { usleep(1000) }
    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.status == 130)
    let answered = fixture.stub.counts.good
    #expect((2..<6).contains(answered))
    #expect(
      ending.errors.hasSuffix(
        "interrupted; \(answered) of 6 requests are answered and kept, \(6 - answered) are left."
          + " The same command goes on from there\n"), "\(ending.errors)")
    let status = try branchmerge("status", "work", in: fixture.folder.path)
    #expect(status.output.contains("teach science   stopped  "))
    #expect(status.output.contains("interrupted; \(answered) of 6 requests are answered"))
    #expect(
      status.output.hasSuffix(
        "go on with\n  branchmerge teach datasets/recipes/one.yaml -w work --no-fsync\n"))
    #expect(try fixture.command("teach").status == 0)
    #expect(fixture.stub.counts.good == 6)
    for number in 11...16 { #expect(fixture.stub.answersSent(for: "Q\(number)?") == 1) }
  }

  @Test func `what is out in a batch is asked only if that is wanted`() throws {
    let fixture = try TeachFixture()
    try fixture.build()
    let export = try branchmerge(
      "teach", "export", "datasets/recipes/one.yaml", "batch.jsonl", "-w", "work", "--limit", "3",
      in: fixture.folder.path)
    #expect(export.status == 0, "\(export.errors)")
    let ending = try fixture.command("teach")
    #expect(ending.status == 2)
    #expect(fixture.requests == 1)
    #expect(
      ending.errors.contains(
        "error: science: of 4 requests 3 are out in a batch, and were not asked: 3 in "))
    #expect(
      ending.errors.contains("batch.jsonl. 'branchmerge teach import RESULTS --workspace work'"))
    #expect(!fixture.folder.exists("work/teach/science"))
    let plan = try fixture.command("teach", "--plan", "--json")
    let branch = try #require(JSON(parsing: Data(plan.output.utf8))["branches"]?[0])
    #expect(branch["inBatches"]?.number == 3)
    #expect(branch["toAsk"]?.number == 0)
    let next = try fixture.command("teach", "--ignore-batches")
    #expect(next.status == 0, "\(next.errors)")
    #expect(fixture.requests == 4)
  }

  // MARK: - The key

  private static let key = "sk-4f9e8d7c6b5a49382716"

  @Test func `the key is used, and stands nowhere`() throws {
    var behaviour = Behaviour()
    behaviour.key = Self.key
    behaviour.faults = .of(["Q12?": [.keyInContent], "Q13?": [.serverError]])
    let fixture = try TeachFixture(
      recipe: TeachFixture.recipe
        + "  key: TEACHER_KEY_OF_TEST\n  retries: 1\n  max_unanswered: 1\n",
      behaviour)
    try fixture.build()
    let missing = try fixture.command("teach")
    #expect(missing.status == 2)
    #expect(missing.errors.contains("the environment variable TEACHER_KEY_OF_TEST is not set"))
    #expect(fixture.requests == 0)
    let wrong = try fixture.command(
      "teach", environment: ["TEACHER_KEY_OF_TEST": "sk-not-the-one-that-it-wants"])
    #expect(wrong.status == 2)
    #expect(wrong.errors.contains("status 401: 'Incorrect API key provided: •••"))
    let right = try fixture.command(
      "teach", "--json", environment: ["TEACHER_KEY_OF_TEST": Self.key])
    #expect(right.status == 0, "\(right.errors)")
    #expect(fixture.stub.exchanges.last?.authorization == "Bearer \(Self.key)")
    let report = try fixture.command("run", environment: ["TEACHER_KEY_OF_TEST": Self.key])
    let said = [missing, wrong, right, report].map { $0.output + $0.errors }.joined()
    let plan = try fixture.command(
      "teach", "--plan", environment: ["TEACHER_KEY_OF_TEST": Self.key])
    for secret in [Self.key, "sk-not-the-one-that-it-wants"] {
      #expect(!(said + plan.output + plan.errors).contains(secret))
      for (name, bytes) in try fixture.folder.contents(below: "work") {
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(name)")
      }
    }
    // Who needs no answer needs no key.
    #expect(try fixture.command("teach").status == 2)
    #expect(try fixture.command("teach", "--plan").status == 0)
  }

  @Test(arguments: [
    "teacher.key=\(key)", "teacher.key:\(key)", "teacher.key={\(key)", "teacher.key={\(key): 1}",
    "teacher.url=https://me:\(key)@host/v1", "teacher.key.x.y=\(key)",
  ])
  func `a key in the recipe's place is refused without being repeated or recorded`(setting: String)
    throws
  {
    let fixture = try TeachFixture(recipe: TeachFixture.recipe + "  key: SOME_KEY\n")
    for command in ["run", "teach", "plan", "branch"] {
      let ending = try fixture.command(command, "--set", setting)
      #expect(ending.status == 2)
      #expect(ending.errors.hasPrefix("error: --set: "), "\(ending.errors)")
      #expect(!ending.errors.contains(Self.key), "\(ending.errors)")
    }
    #expect(!fixture.folder.exists("work/lineage.sqlite"))
  }

  @Test func `a key in the recipe itself is refused by whoever would record it`() throws {
    let fixture = try TeachFixture(recipe: TeachFixture.recipe + "  key: \(Self.key)\n")
    for command in ["run", "teach", "plan", "branch"] {
      let ending = try fixture.command(command)
      #expect(ending.status == 2)
      #expect(
        ending.errors
          == "error: datasets/recipes/one.yaml:13:8: 'key' is the name of an environment variable"
          + " that holds the key, in capitals, such as TEACHER_API_KEY; the key itself stands"
          + " nowhere\n")
    }
    #expect(!fixture.folder.exists("work/lineage.sqlite"))
    let check = try branchmerge("check", in: fixture.folder.path)
    #expect(check.status == 1)
    #expect(check.errors.contains("one.yaml:13:8: 'key' is the name of an environment variable"))
    #expect(!check.errors.contains(Self.key))
  }
}

extension String {
  fileprivate var withoutSeconds: String { replacing(/in [0-9.]+ s\n/, with: "in TIME\n") }
  fileprivate var withoutSizes: String { replacing(/[0-9.]+ [kMGT]?B/, with: "SIZE") }
}
