import Files
import Foundation
import Testing
import Workflow

@testable import Audit

@Suite(.serialized)
struct VerificationTests {
  private static let shared = Result { try VerifiedWorkspace() }
  private let workspace: VerifiedWorkspace

  init() throws { workspace = try Self.shared.get() }

  @Test(arguments: [1, 3])
  func `what was built holds in every respect, and nothing is written`(workers: Int) throws {
    let files = Folder.files(below: workspace.folder)
    let before = try files.map { try workspace.bytes($0) }
    let verification = try workspace.verify(workers: workers, isFull: true)
    #expect(verification.failures == [])
    #expect(verification.holds)
    #expect(verification.proved.map(\.matter) == Matter.allCases)
    let counts = Dictionary(
      uniqueKeysWithValues: verification.proved.map { ($0.matter, $0.count) })
    #expect(counts[.row] == 50)
    #expect(counts[.fate] == 41 + 50)
    #expect(counts[.tensor] == 40)
    #expect(counts[.mergedAgain] == 40)
    #expect(counts[.quarantine] == 2)
    // Nine seeds, each with its request; the verdicts on ten answers; six that were taken, as the
    // first of their seed, and make their row.
    #expect((counts[.teaching] ?? 0) > 9 + 3)
    #expect(counts[.answer] == 9 + 10 + 1 + 6 + 6 + 6)
    #expect(Folder.files(below: workspace.folder) == files)
    #expect(try files.map { try workspace.bytes($0) } == before)
  }

  @Test func `some tensors are merged again, always the same ones`() throws {
    let verification = try workspace.verify()
    #expect(verification.proved.first { $0.matter == .mergedAgain }?.count == 16)
  }

  @Test func `a byte of any file is missed, by the name of the file`() throws {
    let files = workspace.files
    #expect(files.count >= 24)
    for file in files {
      let count = try workspace.bytes(file).count
      for place in Set([0, count / 2, count - 1]).sorted() {
        let verification = try workspace.withByteChanged(place, of: file) {
          try workspace.verify()
        }
        let places = verification.failures.flatMap(\.places).map(\.place)
        #expect(places.contains { $0.contains(file.fileName) }, "byte \(place) of \(file)")
      }
    }
  }

  @Test func `a file that is away is told as one that could not be checked`() throws {
    for (name, problem, stillProved) in [
      ("work/sources/pool.jsonl", "a source file cannot be read", Matter.outputRow),
      ("work/branches/math/train.jsonl", "a data set cannot be read", .fate),
      ("work/branches/quarantine.jsonl", "the quarantine list is not there", .fate),
      ("work/recipe.lock.yaml", "the lock file is not there", .fate),
      ("work/teach/essays/train.jsonl", "a data set cannot be read", .answer),
      (
        "work/teach/essays/unanswered.jsonl", "the list of seeds without a row is not there",
        .answer
      ),
      ("work/branches/essays/seeds.jsonl", "the seeds of a teaching cannot be read", .row),
      ("work/teacher.sqlite", "the store of a teacher's answers cannot be read", .outputRow),
      ("base/model.safetensors", "a file cannot be read", .tensor),
      ("base/model.safetensors", "tensors cannot be merged again", .tensor),
      ("work/train/math/output/model.safetensors", "a file cannot be read", .tensor),
      ("work/merged", "the merged model cannot be opened", .outputRow),
      ("work/merged/merge-report.json", "the merge report cannot be read", .mergedAgain),
    ] {
      let verification = try workspace.without(name) { try workspace.verify() }
      #expect(
        verification.failures.contains { $0.problem == problem && $0.isUnchecked }, "\(name)")
      #expect(verification.proved.contains { $0.matter == stillProved }, "\(name)")
    }
  }

  /// A change of the ledger, and what does not hold then.
  struct Change: CustomTestStringConvertible, Sendable {
    var sql: String
    var problem: String
    var testDescription: String { sql }

    init(_ sql: String, _ problem: String) {
      self.sql = sql
      self.problem = problem
    }
  }

  @Test(arguments: [
    Change("UPDATE run SET published = NULL", "a run was stopped while its files got their names"),
    Change("UPDATE run SET recipe = 'other'", "a recipe has another name than its file"),
    Change(
      "UPDATE run SET recipe_text = replace(recipe_text, 'distinct', 'distant')",
      "a run's recipe cannot be resolved any more"),
    Change(
      "UPDATE run SET recipe_text = replace(recipe_text, 'trim}', 'trim} ')",
      "the steps are not those of the recipe"),
    Change(
      "UPDATE run SET options = replace(options, 'essays', 'essay')",
      "the options name other branches than the run built"),
    Change("UPDATE run SET tool = 'branchmerge 2'", "a stage's run was made by another version"),
    Change(
      "UPDATE source SET licence = 'MIT' WHERE id = 1",
      "a source's licence is not that of its card and the recipe"),
    Change(
      "UPDATE source SET config = 'other' WHERE id = 1",
      "a source's config is not that of its card and the recipe"),
    Change(
      "UPDATE source SET revision = 'v2' WHERE id = 1",
      "a source's revision is neither its card's nor that of its files"),
    Change(
      "UPDATE source SET card = replace(card, 'identity: [uuid]', 'identity: [prompt]')",
      "a row has another id"),
    Change("UPDATE source SET card = 'x'", "a card cannot be read any more"),
    Change(
      "UPDATE source_file SET byte_count = byte_count + 1 WHERE id = 1",
      "a source file is not the one that was read"),
    Change(
      "UPDATE source_file SET format = 'zstd' WHERE id = 1", "a source file is packed otherwise"),
    Change(
      "UPDATE source_file SET row_count = row_count - 1 WHERE id = 1",
      "a source file has another number of rows"),
    Change(
      "UPDATE source_file SET first_sample = 9000000000000000000 WHERE id = 1",
      "a source file has numbers that no file has"),
    Change(
      "UPDATE branch SET row_format = 'alpaca' WHERE id = 1",
      "a branch has another row format than its recipe"),
    Change("UPDATE step SET text = text || ' '", "the steps are not those of the recipe"),
    Change("UPDATE step SET position = position + 100", "the steps are not those of the recipe"),
    Change(
      "UPDATE output_file SET path = 'branches/math/seeds.jsonl' WHERE id = 1",
      "a data set cannot be read"),
    Change(
      "UPDATE output_file SET row_count = row_count + 1 WHERE id = 1",
      "a data set has other rows than the ledger"),
    Change(
      "UPDATE output_file SET xxh3 = '0' || substr(xxh3, 2) || 'x' WHERE id = 1",
      "a data set is not the one that was written"),
    Change("UPDATE sample SET row = row + 1 WHERE id = 7", "a row is not at its place"),
    Change(
      "UPDATE sample SET byte_offset = byte_offset + 1 WHERE id = 7", "a row is not at its place"),
    Change("UPDATE sample SET row_xxh3 = 1 WHERE id = 7", "a row has other bytes than were read"),
    Change("UPDATE sample SET sample_id = 'pool:0' WHERE id = 7", "a row has another id"),
    Change(
      "UPDATE sample SET file = 2 WHERE id = 7", "the samples of a file are not those that it had"),
    Change(
      "DELETE FROM fate WHERE sample = 7 AND branch = 1",
      "read is not kept + seeds + dropped + duplicates + quarantined"),
    Change(
      "UPDATE fate SET kind = 'dropped' WHERE sample = 6 AND branch = 1",
      "fates contradict themselves"),
    Change(
      "UPDATE fate SET evidence = '{\"topic\": \"algebra\"}' WHERE kind = 'dropped'",
      "what decided is something else"),
    Change(
      "UPDATE fate SET duplicate_of = 1 WHERE kind = 'duplicate'",
      "a sample comes to something else"),
    Change(
      "UPDATE fate SET duplicate_of = 7 WHERE kind = 'duplicate'",
      "the sample that stayed in a duplicate's stead did not stay"),
    Change("UPDATE fate SET picked = 0 WHERE picked = 1", "what decided is something else"),
    Change(
      "UPDATE fate SET output_row = output_row + 1 WHERE sample = 6",
      "rows are not numbered in the order of their samples"),
    Change(
      "UPDATE fate SET output_offset = output_offset + 1 WHERE sample = 6",
      "a row does not follow the one before it"),
    Change(
      "UPDATE fate SET output_byte_count = 9000000000000000000 WHERE sample = 6",
      "a row is not at its place"),
    Change(
      "UPDATE fate SET output_xxh3 = 1 WHERE sample = 6",
      "a row has other bytes than were written"),
    Change("UPDATE stage SET identity = 'x' WHERE id = 3", "a stage's ingredients are not those"),
    Change(
      "UPDATE stage SET name = 'stroll' WHERE id = 3",
      "the report was made of a stage that was never done"),
    Change("UPDATE stage SET name = 'stroll' WHERE name = 'report'", "there is no such stage"),
    Change("UPDATE stage SET tool = 'x'", "a stage was done by another version"),
    Change(
      "UPDATE stage SET message = 'x' WHERE id = 3",
      "a stage has another result than when the report was made"),
    Change(
      "UPDATE ingredient SET value = 'x' WHERE name LIKE 'input %'",
      "a stage depends on a file that its run did not read"),
    Change(
      "UPDATE ingredient SET value = 'x' WHERE name = 'filter numbers'",
      "a stage depends on something else than its run recorded"),
    Change("UPDATE product SET xxh3 = 'x' WHERE path = 'report.md'", "a file is not what it was"),
    Change("UPDATE checkpoint_file SET sha256 = 'x'", "a file is not what it was"),
    Change("UPDATE checkpoint SET name = 'x' WHERE id = 1", "a model is recorded as another one"),
    Change(
      "UPDATE checkpoint SET parameter_count = 1", "a model has another number of parameters"),
    Change(
      "DELETE FROM taught WHERE seed_row = 9", "seeds are not taught + rejected + failed + refused"),
    Change(
      "UPDATE taught SET seed_row = 10 WHERE seed_row = 9",
      "seeds are not taught + rejected + failed + refused"),
    Change(
      "UPDATE taught SET kind = 'failed' WHERE seed_row = 3",
      "a line of the list of seeds without a row is not that of the ledger"),
    Change(
      "UPDATE taught SET kind = 'failed' WHERE seed_row = 2",
      "what became of seeds contradicts itself"),
    Change(
      "UPDATE taught SET reason = 'x' WHERE seed_row = 3",
      "no answer to a seed was turned down for the reason that is recorded"),
    Change(
      "UPDATE taught SET reason = 'x' WHERE seed_row = 7",
      "a line of the list of seeds without a row is not that of the ledger"),
    Change(
      "UPDATE taught SET request = 'x' WHERE seed_row = 2",
      "a seed was put to the teacher in other words"),
    Change(
      "UPDATE taught SET attempt = attempt + 1 WHERE seed_row = 1",
      "an answer is not the one that is recorded"),
    Change(
      "UPDATE taught SET attempt = attempt - 1 WHERE seed_row = 8",
      "an answer that was taken is not accepted"),
    Change(
      "UPDATE taught SET attempts = attempts + 1 WHERE seed_row = 2",
      "another number of answers came for a seed"),
    Change(
      "UPDATE taught SET attempts = attempts - 1 WHERE seed_row = 8",
      "another number of answers came for a seed"),
    Change(
      "UPDATE taught SET server = 'http://other' WHERE seed_row = 2",
      "an answer is not the one that is recorded"),
    Change(
      "UPDATE taught SET finish_reason = 'length' WHERE seed_row = 2",
      "an answer is not the one that is recorded"),
    Change(
      "UPDATE taught SET prompt_tokens = prompt_tokens + 1 WHERE seed_row = 2",
      "an answer is not the one that is recorded"),
    Change(
      "UPDATE taught SET completion_tokens = 0 WHERE seed_row = 3",
      "what became of seeds contradicts itself"),
    Change(
      "UPDATE taught SET output_row = output_row + 1 WHERE seed_row = 2",
      "rows are not numbered in the order of their samples"),
    Change(
      "UPDATE taught SET output_offset = output_offset - 1 WHERE seed_row = 2",
      "a row does not follow the one before it"),
    Change(
      "UPDATE taught SET output_byte_count = output_byte_count + 1 WHERE seed_row = 2",
      "a row has other bytes than were written"),
    Change(
      "UPDATE taught SET output_xxh3 = output_xxh3 + 1 WHERE seed_row = 2",
      "an answer makes another row than was written"),
    Change(
      "UPDATE ingredient SET value = 'alpaca' WHERE name = 'row' AND stage = "
        + "(SELECT id FROM stage WHERE name = 'teach essays')",
      "a teaching depends on another 'row' than the branch has"),
    Change("DELETE FROM taught; DELETE FROM teaching", "a teaching left no record"),
    Change("UPDATE teaching SET branch = 1", "a teaching is recorded of another branch"),
    Change(
      "UPDATE teaching SET model = 'lab/r2'", "a teaching's model is not the one that was asked"),
    Change(
      "UPDATE teaching SET question = replace(question, '0.6', '0.7')",
      "a teaching is recorded with another 'parameters' than its stage depends on"),
    Change(
      "UPDATE teaching SET question = replace(question, 'Say why', 'Say how')",
      "a seed was put to the teacher in other words"),
    Change(
      "UPDATE teaching SET policy = replace(policy, 'first', 'longest')",
      "a teaching is recorded with another 'pick' than its stage depends on"),
    Change(
      "UPDATE teaching SET policy = replace(policy, '4}', '30}')",
      "an answer that was taken is not accepted"),
    Change(
      "UPDATE teaching SET policy = 'x'",
      "a recorded question or policy cannot be understood any more"),
    Change("UPDATE teaching SET store = 'x'", "the store of a teacher's answers cannot be read"),
    Change("UPDATE teaching SET path = 'x'", "taught rows lie where their branch's do not"),
    Change(
      "UPDATE teaching SET byte_count = byte_count - 1",
      "taught rows are not what their stage made"),
    Change(
      "UPDATE teaching SET row_count = row_count + 1",
      "the rows of a taught branch are not those kept and those taught"),
    Change(
      "UPDATE teaching SET kept_count = kept_count - 1",
      "a teaching began with other rows than the branch keeps"),
    Change("UPDATE teaching SET xxh3 = 'x'", "taught rows are not what their stage made"),
    Change("UPDATE training SET row_count = 1", "a training's rows are not those of the branch"),
    Change("UPDATE training SET data_xxh3 = 'x'", "a training saw rows that no run wrote"),
    Change("UPDATE training SET trainer = 'trl'", "a training was done by another trainer"),
    Change("UPDATE training SET config = 'x'", "the trainer's settings are not those"),
    Change(
      "INSERT INTO left_out VALUES (1, 1000, 9, 'x')",
      "a row that was left out of a training is none of the branch"),
    Change("UPDATE merge SET method = 'linear'", "the merge report does not say what"),
    Change(
      "UPDATE merge SET config = replace(config, '0.7', '0.8')",
      "a tensor merged again has another record"),
    Change(
      "UPDATE merge_input SET is_base = 1 - is_base", "the merge report does not say what"),
    Change(
      "DELETE FROM merge_tensor WHERE position = 3", "rows of the ledger do not follow each other"),
    Change(
      "UPDATE merge_tensor SET record = replace(record, '\"norm\":', '\"norm\":1') "
        + "WHERE position = 3", "a record of the merge report is not that of the ledger"),
    Change(
      "UPDATE file_state SET xxh3 = 'x'", "the ledger would trust a wrong hash of a file"),
    Change(
      "DELETE FROM sample WHERE id = 7",
      "a row of the ledger refers to one that is not there"),
  ])
  func `a change of the ledger is told`(change: Change) throws {
    let verification = try workspace.with(change.sql) { try workspace.verify() }
    #expect(
      verification.failures.contains { $0.problem.hasPrefix(change.problem) },
      "\(verification.failures.map(\.problem))")
  }

  @Test(arguments: [
    Change(
      "UPDATE attempt SET response = CAST(replace(response, 'It is 2', 'It is 3') AS BLOB)"
        + " WHERE id = 2",
      "an answer makes another row than was written"),
    Change(
      "UPDATE attempt SET response = x'7B' WHERE id = 2",
      "an answer that was taken is no whole answer"),
    Change(
      "UPDATE attempt SET response = CAST(replace(response, '\"stop\"', '\"length\"') AS BLOB)"
        + " WHERE id = 2",
      "an answer that was taken is not accepted"),
    Change(
      "UPDATE attempt SET completion_tokens = 1 WHERE id = 2",
      "an answer is not the one that is recorded"),
    Change("UPDATE attempt SET server = 'x' WHERE id = 2", "an answer is not the one that is"),
    Change(
      "UPDATE attempt SET finish_reason = 'x' WHERE id = 2", "an answer is not the one that is"),
    Change(
      "UPDATE attempt SET request = 3 WHERE id = 2", "another number of answers came for a seed"),
    Change(
      "UPDATE attempt SET state = 'failed' WHERE id = 3",
      "another number of answers came for a seed"),
    Change(
      "UPDATE verdict SET is_accepted = 1 - is_accepted", "an answer is judged otherwise now"),
    Change("UPDATE verdict SET reason = 'x'", "an answer is judged otherwise now"),
    Change(
      "UPDATE request SET hash = 'x' WHERE id = 2", "another number of answers came for a seed"),
    Change("DROP TABLE verdict", "an answer cannot be read"),
  ])
  func `a change of the teacher's store is told`(change: Change) throws {
    let verification = try workspace.with(change.sql, in: "teacher.sqlite") {
      try workspace.verify()
    }
    #expect(
      verification.failures.contains { $0.problem.hasPrefix(change.problem) },
      "\(verification.failures.map(\.problem))")
  }

  @Test func `answers that came after the teaching change nothing of it`() throws {
    let sql = """
      INSERT INTO asking (id, started, tool, recipe, branch, origin)
        SELECT 2, '2100-01-01T00:00:00Z', tool, recipe, branch, 'batch' FROM asking;
      INSERT INTO attempt SELECT 90, request, 2, seed, 'b.jsonl', started, state, status, response,
        finish_reason, prompt_tokens, completion_tokens, usage, cost, NULL, NULL, NULL
        FROM attempt WHERE id = 3;
      INSERT INTO attempt SELECT 91, request, 1, seed, server, '2100-01-01T00:00:00Z', state, status,
        response, finish_reason, prompt_tokens, completion_tokens, usage, cost, NULL, NULL, NULL
        FROM attempt WHERE id = 2;
      """
    let verification = try workspace.with(sql, in: "teacher.sqlite") { try workspace.verify() }
    #expect(verification.failures == [])
  }

  @Test func `a damaged ledger is told as such`() throws {
    let count = try workspace.bytes("work/lineage.sqlite").count
    for place in [0, count / 2 / 4096 * 4096] {
      let verification = try workspace.withByteChanged(place, of: "work/lineage.sqlite") {
        try workspace.verify()
      }
      #expect(verification.failures.contains { $0.problem == "the ledger is damaged" })
    }
  }

  @Test func `a run of an earlier version, without places in the outputs, holds`() throws {
    let sql = "UPDATE fate SET output_offset = NULL, output_byte_count = NULL, output_xxh3 = NULL"
    let verification = try workspace.with(sql) { try workspace.verify() }
    #expect(verification.failures == [])
    let changed = try workspace.with(sql) {
      try workspace.withByteChanged(20, of: "work/branches/math/train.jsonl") {
        try workspace.verify()
      }
    }
    #expect(changed.failures.contains { $0.problem == "a row has the id of another sample" })
  }

  @Test func `one row that was changed says nothing of the others`() throws {
    let text = String(decoding: try workspace.bytes("work/sources/pool.jsonl"), as: UTF8.self)
    let place = try #require(text.range(of: "What  is it?")).lowerBound.utf16Offset(in: text)
    let verification = try workspace.withByteChanged(place, of: "work/sources/pool.jsonl") {
      try workspace.verify()
    }
    let row = try #require(
      verification.failures.first { $0.problem == "a row has other bytes than were read" })
    #expect(row.count == 1)
    #expect(row.places.first?.place.hasSuffix("sources/pool.jsonl' row 5") == true)
    #expect(!verification.failures.contains { $0.matter == .fate || $0.matter == .outputRow })
    #expect(verification.proved.first { $0.matter == .row }?.count == 49)
  }

  @Test func `of a file that was cut every row is proved or missed`() throws {
    let name = "work/sources/pool.jsonl"
    let whole = try workspace.bytes(name)
    let ends = whole.indices.filter { whole[$0] == 0x0A }
    try workspace.write(name, whole.prefix(through: ends[2]))
    defer { try? workspace.write(name, whole) }
    let verification = try workspace.verify()
    let missing = try #require(
      verification.failures.first { $0.problem == "rows are not there to be compared" })
    let proved = verification.proved.first { $0.matter == .row }?.count ?? 0
    #expect(missing.count == 38)
    #expect(proved + missing.count == 50)
    #expect(verification.failures.filter { $0.matter == .source }.map(\.count) == [1])
  }

  @Test func `a workspace that was moved is verified where it is`() throws {
    let other = try VerifiedWorkspace()
    let moved = other.folder + "/moved"
    try FileManager.default.moveItem(atPath: other.path, toPath: moved)
    var options = Verification.Options()
    options.tool = "branchmerge 1.2.3"
    #expect(try Verification(moved, options).failures == [])
  }

  @Test func `a merge of several documents is made again from the first one on`() throws {
    let other = try VerifiedWorkspace(
      merge: """
        name: half
        merge_method: linear
        models:
          - { model: base, parameters: { weight: 0.5 } }
          - { model: experts/math, parameters: { weight: 0.5 } }
        dtype: bfloat16
        ---
        merge_method: ties
        base_model: half
        models:
          - { model: experts/math, parameters: { weight: 0.5, density: 0.5 } }
          - { model: experts/essays, parameters: { weight: 0.5, density: 0.7 } }
        parameters: { trim_scope: model }
        dtype: bfloat16

        """)
    let verification = try other.verify(isFull: true)
    #expect(verification.failures == [])
    #expect(verification.proved.first { $0.matter == .mergedAgain }?.count == 40)
    // The base is taken by the first document alone.
    let changed = try other.withByteChanged(
      try other.bytes("base/model.safetensors").count - 3, of: "base/model.safetensors"
    ) { try other.verify(isFull: true) }
    #expect(changed.failures.contains { $0.matter == .mergedAgain })
    #expect(changed.failures.contains { $0.matter == .model })
  }

  @Test func `a superseded build is not asked, and the expert of its rows is told`() throws {
    let other = try VerifiedWorkspace()
    let name = "work/sources/pool.jsonl"
    let text = String(decoding: try other.bytes(name), as: UTF8.self)
    try other.write(name, text.replacing("What is 3?", with: "What is three?"))
    let changed = try other.verify()
    #expect(changed.failures.contains { $0.problem == "a row is not at its place" })
    try other.build(until: .branch)
    #expect(
      Set(try other.verify().failures.map(\.problem)) == [
        "the seeds that were taught are not those that the branch has now",
        "the expert was trained on other rows than the branch has now",
      ])
    try other.build()
    #expect(try other.verify().failures == [])
  }

  @Test(arguments: [
    "UPDATE sample SET id = 9223372036854775807 WHERE id = 50",
    "UPDATE source_file SET row_count = 140737488355328 WHERE id = 2",
    "UPDATE merge_tensor SET position = 9223372036854775807 WHERE position = 39",
    "UPDATE fate SET output_offset = -9223372036854775808 WHERE sample = 6",
    "UPDATE checkpoint_file SET byte_count = 9223372036854775807",
    "UPDATE output_file SET byte_count = 9223372036854775807",
    "UPDATE stage SET name = '', identity = ''",
    "UPDATE source SET name = '../../x' WHERE id = 1",
    "UPDATE merge_tensor SET record = '{'",
    "UPDATE run SET options = '[', recipe_text = char(0)",
    "UPDATE product SET path = '../../../../etc/' || char(27) || '[2J' || char(8238) WHERE path = 'report.md'",
  ])
  func `whatever stands in the ledger, it is told in plain letters`(sql: String) throws {
    let verification = try workspace.with(sql) { try workspace.verify() }
    #expect(!verification.holds)
    for place in verification.failures.flatMap(\.places) {
      let text = place.place + (place.expected ?? "") + (place.found ?? "")
      #expect(!text.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" })
    }
  }

  @Test func `runs of another version are told as such`() throws {
    let verification = try workspace.with("UPDATE fate SET picked = 0 WHERE picked = 1") {
      try workspace.verify(tool: "branchmerge 9")
    }
    let failure = try #require(verification.failures.first { $0.matter == .fate })
    #expect(failure.advice.contains("made by branchmerge 1.2.3, and this is branchmerge 9"))
  }
}
