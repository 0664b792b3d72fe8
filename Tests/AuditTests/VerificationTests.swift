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
      try other.verify().failures.map(\.problem)
        == ["the expert was trained on other rows than the branch has now"])
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
