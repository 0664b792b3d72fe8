import Files
import Foundation
import GRDB
import Notation
import Testing

@testable import Teaching

#if canImport(Glibc)
  import Glibc
#endif

/// `Tests/Reference/teacher-1.sql` is what version 1 of the schema wrote of made-up requests.
struct StoreTests {
  private let folder: String
  private var path: String { folder + "/teacher.sqlite" }
  private let owner = try! BatchFixture(seeds: 1)

  init() throws {
    folder = owner.folder + "/store"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  /// What SQLite's own program answers, in another process.
  @discardableResult
  private func sqlite(_ commands: String, at path: String? = nil) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["sqlite3", path ?? self.path, commands]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func writeFirstVersion() throws {
    let dump = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Reference/teacher-1.sql").standardizedFileURL.path
    try sqlite(".read \(dump)")
  }

  private func words(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "no error"
    } catch {
      return "\(error)"
    }
  }

  /// An attempt at a made-up request.
  private func attempt(_ number: Int64, asking: Int64, _ content: String? = nil) -> Attempt {
    Attempt(
      id: number, asking: asking,
      request: TeacherRequest(
        model: "r1", parameters: #"{"max_tokens":8}"#,
        messages: #"[{"role":"user","content":\#(JSON.quoted(content ?? "\(number)?"))}]"#,
        answer: 1),
      seed: "pool:\(number)", server: "http://localhost/v1", started: "2026-01-01T00:00:00Z",
      tokens: .init(prompt: 10, completion: 8, usage: .reserved), cost: 0.5)
  }

  // MARK: - Versions

  @Test func `a store of the first version is asked, and stays as it is`() throws {
    try writeFirstVersion()
    let bytes = FileManager.default.contents(atPath: path)
    let store = try TeacherStore(reading: path)
    let hashes = try sqlite("SELECT hash FROM request ORDER BY id")
    let standings = try store.standing(of: hashes, policy: 1)
    #expect(standings.map(\.accepted) == [[1], [], [], [], [], []])
    #expect(standings.map(\.rejected) == [0, 1, 0, 0, 0, 0])
    #expect(standings[1].lastReason == "finish reason: length")
    #expect(standings.map(\.refusal) == [nil, nil, nil, "'too long'", nil, nil])
    #expect(
      standings.map(\.batch) == [nil, "/rows/batch.jsonl", "/rows/batch.jsonl", nil, nil, nil])
    let answer = try store.answer(1)
    #expect(answer.hash == hashes[0])
    #expect(answer.tokens == .init(prompt: 9, completion: 7, usage: .server))
    #expect(try Completion(JSON(parsing: answer.response)).solution == "Four.")
    #expect(FileManager.default.contents(atPath: path) == bytes)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["teacher.sqlite"])
  }

  @Test func `opened for writing it is brought up to date, and nothing is lost`() throws {
    try writeFirstVersion()
    let tables = ["request", "asking", "attempt", "policy", "verdict"]
    let selections = try tables.map { table in
      let columns = try sqlite("SELECT name FROM pragma_table_info('\(table)')")
      return "SELECT \(columns.map { "quote(\($0))" }.joined(separator: ", ")) FROM \(table)"
    }
    let before = try selections.map { try sqlite($0) }
    #expect(before.map(\.count) == [6, 2, 8, 1, 2])
    do {
      let store = try TeacherStore(writing: path, isDurable: false)
      #expect(try selections.map { try sqlite($0) } == before)
      #expect(try store.number(ofPolicy: "another") == 2)
      let (asking, first) = try store.beginAsking(
        .server, tool: "test 1", recipe: "small", branch: "science")
      #expect((asking, first) == (3, 9))
      try store.record([.begun(attempt(first, asking: asking))])
    }
    // What was in flight is marked, what is in a batch is not.
    let marked = before[2].map { row in
      guard row.hasPrefix("6|") else { return row }
      return row.replacing("'begun'", with: "'abandoned'")
        .replacing(/NULL$/, with: "'in flight when the program ended'")
    }
    #expect(try sqlite(selections[2]).prefix(8) == marked[...])
    for index in [0, 1, 3, 4] {
      #expect(try sqlite(selections[index]).prefix(before[index].count) == before[index][...])
    }
    #expect(try sqlite("PRAGMA integrity_check; PRAGMA foreign_key_check") == ["ok"])
  }

  @Test func `every stored request is known by its own hash`() throws {
    try writeFirstVersion()
    let store = try TeacherStore(writing: path, isDurable: false)
    let hashes = try sqlite("SELECT hash FROM request ORDER BY id")
    let identities = try sqlite(
      """
      SELECT '{"answer":' || answer || ',"messages":' || messages || ',"model":'
        || json_quote(model) || ',"parameters":' || parameters || '}' FROM request ORDER BY id
      """)
    #expect(identities.map { hex(sha256(of: Array($0.utf8))) } == hashes)
    #expect(hashes.count == 6)
    var found: [String] = []
    try store.forEachRequest(of: StoredBatch(asking: 2, path: "/rows/batch.jsonl")) {
      found.append($0.hash)
    }
    #expect(found == Array(hashes[1...2]))
  }

  @Test func `a store of a later version is refused`() throws {
    _ = try TeacherStore(writing: path, isDurable: false)
    try sqlite("INSERT INTO grdb_migrations VALUES ('999')")
    let expected = "\(path): a later version of branchmerge wrote this store; use that one"
    #expect(words { _ = try TeacherStore(reading: path) } == expected)
    #expect(words { _ = try TeacherStore(writing: path, isDurable: false) } == expected)
  }

  // MARK: - The file

  @Test func `every commit of a durable store is on disk when it returns`() throws {
    let store = try TeacherStore(writing: path, isDurable: true)
    // 2 stands for FULL: in a write-ahead log each commit is synced.
    #expect(try store.access { try Int.fetchOne($0, sql: "PRAGMA synchronous") } == 2)
    #expect(try store.access { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
  }

  @Test func `what was committed survives a kill, and nothing else does`() throws {
    let store = try TeacherStore(writing: path, isDurable: true)
    let (asking, first) = try store.beginAsking(
      .server, tool: "test 1", recipe: "small", branch: "science")
    for number in first..<first + 20 {
      var attempt = attempt(number, asking: asking)
      try store.record([.begun(attempt)])
      (attempt.state, attempt.response) = (.answered, Array("{}".utf8))
      try store.record([.ended(attempt)])
    }
    // As a kill in the middle of a transaction leaves the files.
    let copy = folder + "/copy.sqlite"
    try store.change { database in
      try TeacherStore.insert(attempt(first + 20, asking: asking), in: database)
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
      }
    }
    #expect(
      try sqlite("SELECT state, count(*) FROM attempt GROUP BY state", at: copy) == ["answered|20"])
    let reopened = try TeacherStore(writing: copy, isDurable: true)
    #expect(try reopened.answer(first + 19).response == Array("{}".utf8))
    #expect(try sqlite("PRAGMA integrity_check", at: copy) == ["ok"])
  }

  @Test(arguments: [true, false])
  func `a damaged file is refused and left alone`(isText: Bool) throws {
    if isText {
      try Data(String(repeating: "not a database\n", count: 400).utf8).write(
        to: URL(fileURLWithPath: path))
    } else {
      try writeFirstVersion()
      var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
      for index in 100..<4096 { bytes[index] = 0xA5 }
      try bytes.write(to: URL(fileURLWithPath: path))
    }
    let bytes = FileManager.default.contents(atPath: path)
    let expected =
      "\(path): is damaged, or is not an SQLite file; put back a copy, or move it away: then"
      + " everything is asked, and paid for, again"
    #expect(words { _ = try TeacherStore(writing: path, isDurable: false) } == expected)
    #expect(words { _ = try TeacherStore(reading: path) } == expected)
    #expect(FileManager.default.contents(atPath: path) == bytes)
  }

  @Test func `a store that is asked must be there, and be one`() throws {
    #expect(
      words { _ = try TeacherStore(reading: path) }
        == "\(path): there is no store of a teacher's answers here")
    #expect(!FileManager.default.fileExists(atPath: path))
    try sqlite("CREATE TABLE x (y)")
    #expect(
      words { _ = try TeacherStore(reading: path) }
        == "\(path): this is no store of a teacher's answers of this version")
    #expect(
      words { _ = try TeacherStore(writing: "/no/such/folder/teacher.sqlite", isDurable: false) }
        == "/no/such/folder/teacher.sqlite: unable to open database file")
  }

  /// Whether a folder can be made one that not even root writes to.
  private static let canMount: Bool = {
    guard getuid() == 0 else { return true }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["unshare", "-m", "true"]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()

  @Test(.enabled(if: canMount, "no folder can be made one that nobody writes to"))
  func `a store in a folder that nobody may write to is read`() throws {
    try writeFirstVersion()
    _ = try TeacherStore(writing: path, isDurable: false)
    let isRoot = getuid() == 0
    if isRoot {
      try mount("--bind", folder, folder)
      try mount("-o", "remount,ro,bind", folder)
    } else {
      chmod(folder, 0o555)
    }
    defer { if isRoot { umount2(folder, 0) } else { chmod(folder, 0o755) } }
    #expect(try TeacherStore(reading: path).answer(1).tokens.completion == 7)
    #expect(
      words { _ = try TeacherStore(writing: path, isDurable: false) }.hasPrefix("\(path): "))
  }

  private func mount(_ arguments: String...) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["mount"] + arguments
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0)
  }

  // MARK: - Two at once

  @Test func `one who writes waits for another, and both are there afterwards`() throws {
    let store = try TeacherStore(writing: path, isDurable: false)
    let (asking, first) = try store.beginAsking(
      .server, tool: "test 1", recipe: "small", branch: "science")
    let other = Process()
    other.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    other.arguments = ["sqlite3", path]
    let (input, output) = (Pipe(), Pipe())
    (other.standardInput, other.standardOutput) = (input, output)
    try other.run()
    input.fileHandleForWriting.write(
      Data("BEGIN IMMEDIATE;\nINSERT INTO policy VALUES (7, 'x');\nSELECT 'held';\n".utf8))
    #expect(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self) == "held\n")
    // One who reads does not wait, and sees what was committed.
    #expect(try TeacherStore(reading: path).spending(on: "r1").requests == 0)
    input.fileHandleForWriting.write(Data(".shell sleep 0.2\nCOMMIT;\n.quit\n".utf8))
    try store.record([.begun(attempt(first, asking: asking))])
    other.waitUntilExit()
    #expect(try sqlite("SELECT id FROM policy UNION ALL SELECT id FROM attempt") == ["7", "1"])
  }

  @Test func `two processes give one request one number`() throws {
    let first = try TeacherStore(writing: path, isDurable: false)
    let second = try TeacherStore(writing: path, isDurable: false)
    let (asking, number) = try first.beginAsking(
      .batch, tool: "test 1", recipe: "small", branch: "science")
    try first.record([.begun(attempt(number, asking: asking, "Why?"))])
    try second.record([.begun(attempt(number + 1, asking: asking, "Why?"))])
    #expect(try sqlite("SELECT count(*) FROM request") == ["1"])
    #expect(try sqlite("SELECT request FROM attempt") == ["1", "1"])
    #expect(try second.spending(on: "r1") == first.spending(on: "r1"))
    #expect(try first.spending(on: "r1").requests == 2)
  }

  // MARK: - What it tells

  @Test func `spending counts what may have been paid for, of one model`() throws {
    let store = try TeacherStore(writing: path, isDurable: false)
    let (asking, first) = try store.beginAsking(
      .server, tool: "test 1", recipe: "small", branch: "science")
    let ends: [(Attempt.State, Attempt.Usage, Int)] = [
      (.answered, .server, 5), (.broken, .estimated, 3), (.failed, .none, 0),
      (.abandoned, .reserved, 8), (.begun, .reserved, 8),
    ]
    for (index, end) in ends.enumerated() {
      var attempt = attempt(first + Int64(index), asking: asking)
      try store.record([.begun(attempt)])
      guard end.0 != .begun else { continue }
      attempt.state = end.0
      attempt.tokens = .init(prompt: 10, completion: end.2, usage: end.1)
      attempt.cost = Double(end.2)
      try store.record([.ended(attempt)])
    }
    #expect(
      try store.spending(on: "r1")
        == Spending(requests: 4, promptTokens: 40, completionTokens: 24, cost: 16.5))
    #expect(try store.spending(on: "r2") == Spending())
  }

  @Test func `the latest attempt tells whether a request is refused`() throws {
    let store = try TeacherStore(writing: path, isDurable: false)
    let (asking, first) = try store.beginAsking(
      .server, tool: "test 1", recipe: "small", branch: "science")
    func end(_ number: Int64, _ state: Attempt.State) throws -> Standing {
      var attempt = attempt(first + number, asking: asking, "Why?")
      try store.record([.begun(attempt)])
      attempt.state = state
      attempt.problem = "no"
      try store.record([.ended(attempt)])
      return try store.standing(of: [attempt.request.hash], policy: nil)[0]
    }
    #expect(try end(0, .refused).refusal == "no")
    #expect(try end(1, .failed).refusal == nil)
    #expect(try end(2, .refused).refusal == "no")
    #expect(try end(3, .answered).unjudged == [first + 3])
  }
}
