import Foundation
import Lineage
import Testing

@testable import Curation

/// `docs/ledger.md` says what is so.
struct LedgerDocumentTests {
  static let document =
    (try? String(contentsOfFile: repository + "/docs/ledger.md", encoding: .utf8)) ?? ""

  /// Two runs of TinyR1's recipe on the demo data; before the second a filter lets one more pass.
  private static func ledger() throws -> Scratch {
    let folder = try Scratch()
    let library = Library(roots: [folder.path, repository])
    try runDemo(library, in: folder)
    let filter = try library.filter("contest-source").text
    try folder.write(
      "filters/contest-source.yaml", filter.replacing("cn_contest,", with: "cn_contest, cn_k12,"))
    try runDemo(Library(roots: library.roots), in: folder)
    try runAnswers(in: folder)
    try recordModels(in: folder)
    return folder
  }

  /// A branch that verifies its answers and keeps away from a benchmark.
  private static func runAnswers(in folder: Scratch) throws {
    try folder.write("datasets/benchmarks/quiz.yaml", BenchmarkTests.card)
    try folder.write("benchmarks/quiz.jsonl", BenchmarkTests.items)
    try folder.write("datasets/pool.yaml", Pool.card)
    try folder.write("datasets/more.yaml", Pool.card)
    try folder.write(
      "answers.yaml",
      """
      branches:
        answers:
          sources:
            pool: { pick: { first: responses }, response: "{responses}", verify: math }
            more: { response: "{answer}", without: [quiz] }

      """)
    var options = Curator.Options()
    options.isDurable = false
    options.given = [
      "pool": try folder.write("pool.jsonl", AnswerVerificationTests.text),
      "more": try folder.write("more.jsonl", BenchmarkTests.text),
    ]
    let plan = try Plan(
      Recipe(reading: folder.path + "/answers.yaml"), library: Library(roots: [folder.path]))
    _ = try Curator(plan, options, tool: "test 1", note: { _ in }, progress: { _ in })
      .run(in: folder.path)
  }

  /// A teaching of the seeds, the last of which failed, as its stage records it.
  private static func recordTeaching(
    in folder: Scratch, _ ledger: Ledger, _ command: Ledger.Command
  )
    throws
  {
    let seeds = try query(
      """
      SELECT xxh3 || ' ' || row_count FROM output_file
      WHERE path = 'branches/science/seeds.jsonl' ORDER BY id DESC LIMIT 1
      """, in: folder.path)[0].split(separator: " ")
    var teaching = TeachingEntry(
      branch: "science", seedsXXH3: String(seeds[0]), model: "m", question: "{}", policy: "{}",
      store: "teacher.sqlite", path: "teach/science/train.jsonl")
    for row in 1...(Int(seeds[1]) ?? 0) {
      var seed = TeachingEntry.Seed(row: row, kind: .taught)
      (seed.request, seed.server, seed.attempt, seed.attempts) = ("00", "s", Int64(row), 1)
      (seed.promptTokens, seed.completionTokens) = (10, 1000)
      seed.output = .init(row: row, offset: row, byteCount: 1, hash: 0)
      teaching.seeds.append(seed)
    }
    teaching.seeds[teaching.seeds.count - 1] = .init(row: teaching.seeds.count, kind: .failed)
    teaching.rowCount = teaching.seeds.count - 1
    var outcome = StageOutcome([], [])
    outcome.teaching = teaching
    try ledger.finishStage(ledger.beginStage("teach science", [], of: command), outcome)
  }

  /// A teaching, a training and a merge, as the stages of a recipe record them.
  private static func recordModels(in folder: Scratch) throws {
    let ledger = try Ledger(writing: folder.path + "/lineage.sqlite", isDurable: false)
    let command = Ledger.Command(tool: "test 1", recipePath: "/r.yaml", line: "branchmerge run")
    try recordTeaching(in: folder, ledger, command)
    let input = [Ingredient("input s1k/s1k.jsonl", "00")]
    func model(_ role: CheckpointEntry.Role, _ name: String) -> CheckpointEntry {
      CheckpointEntry(
        role: role, name: name, path: "/\(name)", parameterCount: 2,
        files: [.init(path: "model.safetensors", byteCount: 4, xxh3: "00", sha256: "00")])
    }
    var trained = StageOutcome(input, [.init(path: "a", byteCount: 1, xxh3: "00")])
    trained.training = TrainingEntry(
      branch: "math", checkpoint: model(.expert, "math"), trainer: "t")
    trained.training?.metrics = [.init(step: 1, epoch: 1, loss: 2, learningRate: 1e-5)]
    trained.training?.leftOut = [.init(row: 1, tokenCount: 9, reason: "too long")]
    try ledger.finishStage(ledger.beginStage("train math", input, of: command), trained)
    var merged = StageOutcome(input, [])
    merged.merge = MergeEntry(
      checkpoint: model(.merged, "merged"), method: "linear", config: "merge_method: linear",
      inputs: [
        .init(
          name: "math", path: "experts/math", isBase: false, entryCount: 2,
          checkpoint: model(.expert, "math"))
      ], tensors: [("w", "{}")])
    try ledger.finishStage(ledger.beginStage("merge", input, of: command), merged)
  }

  private static func runDemo(_ library: Library, in folder: Scratch) throws {
    let recipe = try Recipe(reading: PlanTests.tinyR1)
    var options = Curator.Options()
    options.isDurable = false
    options.maxQuarantined = .share(0.02)
    for name in recipe.sourceNames {
      options.given[name] = repository + "/datasets/demo/\(name).jsonl"
    }
    _ = try Curator(
      try Plan(recipe, library: library), options, tool: "test 1", note: { _ in },
      progress: { _ in }
    ).run(in: folder.path)
  }

  @Test func `every named query has an answer in the ledger`() throws {
    let folder = try Self.ledger()
    let id = try #require(
      try query(
        "SELECT sample_id FROM sample JOIN fate ON sample = id WHERE kind = 'duplicate' LIMIT 1",
        in: folder.path
      ).first)
    // The demo has none that only resemble each other.
    _ = try query(
      """
      UPDATE fate SET evidence = '{"near": 0.9, "cluster": 1, "size": 2}'
      WHERE kind = 'duplicate' AND evidence IS NULL
      """, in: folder.path)
    let values = [
      "id": id, "step": "contest-source", "branch": "math", "row": "1", "prompt": "0.5",
      "completion": "2",
    ]
    for named in NamedQuery.all {
      let own = values.filter { value in named.parameters.contains { $0.name == value.key } }
      let answer = try Query(named.sql, values: own).answer(
        from: folder.path + "/lineage.sqlite", as: .csv
      ) { _ in }
      #expect(answer.rowCount > 0, "\(named.name)")
    }
  }

  @Test func `every column of every table is explained, and no other`() throws {
    let folder = try Self.ledger()
    let columns = try query(
      """
      SELECT made.name || '.' || "column".name
      FROM sqlite_schema AS made JOIN pragma_table_info(made.name) AS "column"
      WHERE made.type = 'table' AND made.name NOT LIKE 'grdb%'
      """, in: folder.path)
    var explained: [String] = []
    let tables = Self.document.components(separatedBy: "\n### ").dropFirst()
    for table in tables {
      let name = table.prefix { $0 != "\n" }
      let section = table.components(separatedBy: "\n## ")[0]
      for line in section.split(separator: "\n") where line.hasPrefix("| `") {
        let cell = line.split(separator: "|")[0]
        explained += cell.split(separator: "`").filter { $0.first?.isLetter == true }
          .map { "\(name).\($0)" }
      }
    }
    #expect(explained.sorted() == columns.sorted())
  }

  @Test func `the demo data have the fates that their description counts`() throws {
    let folder = try Scratch()
    try Self.runDemo(Library(roots: [repository]), in: folder)
    let counts = """
      SELECT branch.name, source.name, fate.kind, coalesce(step.name, ''), count(*) FROM fate
      JOIN branch ON branch.id = fate.branch JOIN sample ON sample.id = fate.sample
      JOIN source_file ON source_file.id = sample.file
      JOIN source ON source.id = source_file.source LEFT JOIN step ON step.id = fate.step
      GROUP BY branch.id, source.id, fate.kind, step.position
      ORDER BY branch.id, source.id, fate.kind, step.position
      """
    #expect(
      try query(counts, in: folder.path) == [
        "math|openr1-math|dropped|word-problem|24", "math|openr1-math|dropped|contest-source|21",
        "math|openr1-math|dropped|pick|13", "math|openr1-math|duplicate||6",
        "math|openr1-math|kept||84", "math|openr1-math|quarantined||2",
        "coding|openthoughts|dropped|code|95", "coding|openthoughts|dropped|answered|4",
        "coding|openthoughts|duplicate||3", "coding|openthoughts|kept||48",
        "coding|openthoughts|quarantined||1",
        "science|openthoughts|dropped|science|77", "science|openthoughts|duplicate||2",
        "science|openthoughts|kept||71", "science|openthoughts|quarantined||1",
        "science|s1-59k|dropped|science-cot|49", "science|s1-59k|duplicate||3",
        "science|s1-59k|seed||56", "science|s1k|duplicate||14", "science|s1k|seed||26",
      ])
  }
}
