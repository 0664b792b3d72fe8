import Curation
import Files
import Foundation
import Lineage
import Testing
import Training
import Workflow

@testable import Audit

/// A whole recipe in a folder of its own, from sources to a merged model: kept rows, seeds,
/// duplicates, ids of several occurrences, rows that cannot be read, a packed source, seeds that a
/// teacher taught or did not, experts that a small script trains, and their merge with the base.
final class VerifiedWorkspace: Sendable {
  let folder: String
  var path: String { folder + "/work" }

  private static let card = """
    about: Rows for tests.
    licence: Apache-2.0
    homepage: https://example.org/pool
    identity: [uuid]
    fields:
      prompt: question
      uuid: uuid
      topic: topic
      answer: answer
      responses: { from: generations, type: texts }
      verified: { from: correct, type: flags }

    """

  private static let filter = """
    about: Keeps what is about numbers.
    keep: { topic: { in: [algebra, geometry] } }
    examples:
      - keep: { topic: algebra }
      - { drop: { topic: history }, because: topic }

    """

  /// What a teacher's answer must be like.
  private static let considered = """
    about: Keeps answers with some thought.
    keep: { reasoning: { length: { at_least: 4 } } }
    examples:
      - keep: { reasoning: "Let me see." }
      - { drop: { reasoning: "Hm" }, because: reasoning }

    """

  private static func recipe(_ folder: String) -> String {
    """
    branches:
      math:
        sources:
          pool:
            filters: [numbers]
            pick: { first: responses, where: { verified: { is: true } } }
            response: "<think>{responses|trim}"
        distinct: prompt
      essays:
        sources:
          pool:
            response: "{answer}"
          more:
            prompt: "Q: {prompt}"
            response: teacher
        row: messages
    teacher:
      url: http://127.0.0.1:1/v1
      model: lab/r1
      system: Think first.
      prompt: "{prompt} Say why."
      accept: { filters: [considered] }
    base: \(folder)/base
    train:
      with: command
      command: "sh \(folder)/train.sh {base} {output} {branch}"
      cutoff: 64
      epochs: 1
      batch: 1
    merge: merge.yml

    """
  }

  private static let merge = """
    merge_method: ties
    base_model: base
    models:
      - { model: experts/math, parameters: { weight: 0.5, density: 0.5 } }
      - { model: experts/essays, parameters: { weight: 0.5, density: 0.7 } }
    dtype: bfloat16

    """

  /// Copies the base with another last byte for each branch.
  private static let trainer = """
    mkdir -p "$2"
    head -c -1 "$1"/model.safetensors > "$2"/model.safetensors
    printf "${3}" | head -c 1 >> "$2"/model.safetensors
    cp "$1"/config.json "$2"
    echo "trained"

    """

  static func row(
    _ uuid: String, _ question: String, topic: String = "algebra", correct: String = "[false, true]"
  ) -> String {
    #"{"question": "\#(question)", "uuid": "\#(uuid)", "topic": "\#(topic)", "answer": "42","#
      + #" "generations": ["one", "two"], "correct": \#(correct)}"#
  }

  /// `merge` is a merge file.
  init(merge: String = merge) throws {
    folder = FileManager.default.temporaryDirectory.path + "/verify-" + UUID().uuidString
    try Folder.create(folder)
    let rows = (1...40).map { number in
      Self.row(
        "u\(number % 37)", number % 5 == 0 ? "What  is it?" : "What is \(number)?",
        topic: number % 7 == 0 ? "history" : "algebra",
        correct: number % 11 == 0 ? "[false, false]" : "[false, true]")
    }
    try write("datasets/pool.yaml", Self.card)
    try write("datasets/more.yaml", Self.card)
    try write("filters/numbers.yaml", Self.filter)
    try write("filters/considered.yaml", Self.considered)
    try write("datasets/recipes/whole.yaml", Self.recipe(folder))
    try write("datasets/recipes/merge.yml", merge)
    try write("train.sh", Self.trainer)
    try write("work/sources/pool.jsonl", rows.joined(separator: "\n") + "\n{\"question\": \n\n")
    try write("work/sources/more.jsonl", rows.prefix(9).joined(separator: "\n"))
    _ = try Self.run("gzip", [path + "/sources/more.jsonl"])
    try writeBase()
    try build()
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  /// Brings the recipe up to date.
  func build(until last: Stage.Kind = .report) throws {
    try run(until: .branch)
    guard last > .branch else { return }
    try teach()
    try run(until: last)
  }

  /// Teaches the seeds of `essays`, unless that was done for the branch as it is.
  private func teach() throws {
    let recipe = try ResolvedRecipe(reading: folder + "/datasets/recipes/whole.yaml")
    let hashes = try ["seeds", "train"].map {
      try FixtureTeacher.hash("\(path)/branches/essays/\($0).jsonl")
    }
    let done = try Ledger(reading: path + "/lineage.sqlite").stages(anyState: false)
    guard done["teach essays"]?.ingredients.suffix(2).map(\.value) != hashes else { return }
    try FixtureTeacher(recipe: recipe).teach("essays", in: path)
  }

  private func run(until last: Stage.Kind) throws {
    var options = Runner.Options()
    options.until = last
    options.curation.isDurable = false
    options.curation.maxQuarantined = .count(9)
    let runner = Runner(
      try ResolvedRecipe(reading: folder + "/datasets/recipes/whole.yaml"), in: path, options,
      version: "1.2.3", commandLine: "branchmerge run",
      Runner.Listener(note: { _ in }, progress: { _, _ in }, began: { _ in }, ended: { _ in }))
    _ = try runner.run()
  }

  func verify(workers: Int = 2, isFull: Bool = false, tool: String = "branchmerge 1.2.3") throws
    -> Verification
  {
    var options = Verification.Options()
    options.workers = workers
    options.isFull = isFull
    options.tool = tool
    return try Verification(path, options)
  }

  /// A model of 40 tensors with numbers of BF16.
  private func writeBase() throws {
    var entries: [String] = []
    var data = Data()
    for layer in 0..<40 {
      let start = data.count
      for index in 0..<64 {
        let value = Float((layer * 64 + index) % 97) - 48
        data += withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0.suffix(2)) }
      }
      entries.append(
        "\"model.layers.\(layer).mlp.up_proj.weight\":{\"dtype\":\"BF16\",\"shape\":[8,8],"
          + "\"data_offsets\":[\(start),\(data.count)]}")
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    let length = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    try write("base/model.safetensors", length + header + data)
    try write("base/config.json", Data(#"{"model_type": "llama"}"#.utf8))
  }

  // ---- files ----

  func write(_ name: String, _ text: String) throws { try write(name, Data(text.utf8)) }

  func write(_ name: String, _ bytes: Data) throws {
    let file = "\(folder)/\(name)"
    try Folder.create(file.parentPath)
    try bytes.write(to: URL(fileURLWithPath: file))
  }

  func bytes(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\(name)"))
  }

  /// All files of the workspace and of the base that something is recorded of.
  var files: [String] {
    Folder.files(below: folder).filter { name in
      (name.hasPrefix("work/") || name.hasPrefix("base/")) && !name.contains(".sqlite")
        && !["train.log", "state.json", "dataset_info.json"].contains(name.fileName)
    }
  }

  /// Runs `body` with a byte of a file changed, and puts it back.
  func withByteChanged<Result>(_ place: Int, of name: String, _ body: () throws -> Result) throws
    -> Result
  {
    let whole = try bytes(name)
    var changed = whole
    changed[place] ^= 1
    try write(name, changed)
    defer { try? write(name, whole) }
    return try body()
  }

  /// Runs `body` with something away, and puts it back.
  func without<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    let (here, away) = ("\(folder)/\(name)", folder + "/away")
    try FileManager.default.moveItem(atPath: here, toPath: away)
    defer { try? FileManager.default.moveItem(atPath: away, toPath: here) }
    return try body()
  }

  /// Runs `body` with the ledger, or the teacher's store, changed, and puts it back.
  func with<Result>(
    _ sql: String, in name: String = "lineage.sqlite", _ body: () throws -> Result
  ) throws -> Result {
    let whole = try bytes("work/" + name)
    defer { try? write("work/" + name, whole) }
    _ = try Self.run("sqlite3", ["\(path)/\(name)", sql])
    return try body()
  }

  @discardableResult
  static func run(_ program: String, _ arguments: [String]) throws -> String {
    let process = Process()
    let pipe = Pipe()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(program): \(text)")
    return text
  }
}
