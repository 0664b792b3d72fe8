import Foundation
import Testing

/// Runs that are ended from outside, at whatever moment.
@Suite(.serialized)
struct InterruptionTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  /// When a run is ended. What must hold afterwards does not depend on the moment being met.
  enum Moment: CustomTestStringConvertible {
    case after(milliseconds: UInt32)
    /// As soon as this file is there.
    case file(String)
    /// As soon as this file is longer than so many KiB.
    case size(String, Int)
    /// When a file is about to grow beyond so many KiB: the kernel ends the process.
    case growth(Int)

    var testDescription: String {
      switch self {
      case .after(let milliseconds): "after \(milliseconds) ms"
      case .file(let name): "when there is \(name)"
      case .size(let name, let size): "when \(name) has \(size) KiB"
      case .growth(let size): "at \(size) KiB"
      }
    }
  }

  @Test(arguments: [
    Moment.after(milliseconds: 3), .after(milliseconds: 60), .after(milliseconds: 300),
    .file("work/lineage.sqlite"),
    .file("work/.staging"), .file("work/lineage.sqlite-journal"),
    .file("work/.staging/run-1/branches/all/train.jsonl"),
    .file("work/.staging/run-1/branches/all/README.md"),
    .file("work/branches/all/README.md"), .file("work/branches/all/train.jsonl"),
    .file("work/branches/quarantine.jsonl"), .growth(40), .growth(100), .growth(1200),
  ])
  func `a killed run leaves nothing half-written and the next one starts clean`(moment: Moment)
    throws
  {
    let input = Input.shared
    var running: Running
    if case .growth(let size) = moment {
      running = try Running(
        "/bin/bash",
        ["-c", "ulimit -c 0; ulimit -f \(size); exec \"$0\" \"$@\"", Package.program] + arguments,
        in: folder.path, [:])
    } else {
      running = try Running(Package.program, arguments, in: folder.path, [:])
      wait(for: moment, running)
      running.send(SIGKILL)
    }
    let killed = try running.end()
    // The program may have been faster; and the thread sanitizer, whose own files exceed the size
    // limit, dies in its own way.
    let isStopped = killed.wasKilled || killed.errors.contains("ThreadSanitizer:DEADLYSIGNAL")
    try #require(isStopped || killed.status == 0, "\(killed.errors)")
    let found = try folder.contents(below: "work/branches")
    for (name, bytes) in found { #expect(bytes == input.expected[name], "\(name)") }
    let left = try? FileManager.default.contentsOfDirectory(atPath: folder / "work/.staging")

    let next = try branchmerge(arguments, in: folder.path)
    #expect(next.status == 0)
    if left?.isEmpty ?? true {
      #expect(next.errors == "")
    } else {
      let messages = [
        "removed what an interrupted run had begun (run-1); starting clean\n",
        "run 1 was stopped while its files got their names; finished that\n",
      ]
      #expect(found.isEmpty ? messages.contains(next.errors) : next.errors == messages[1])
    }
    #expect(try folder.contents(below: "work/branches") == input.expected)
    try expectWholeRuns()
  }

  @Test func `a run that was stopped while its files got their names is brought to its end`() throws
  {
    let input = Input.shared
    _ = try branchmerge(arguments, in: folder.path)
    // As the folder is between the second and the third of four renames.
    for name in ["all/dataset_info.json", "all/train.jsonl"] {
      try folder.write(".moving", "")
      try folder.write(
        "work/.staging/run-1/branches/\(name)", folder.bytes("work/branches/\(name)"))
      try FileManager.default.removeItem(atPath: folder / "work/branches/\(name)")
    }
    _ = try folder.ledger("UPDATE run SET published = NULL")
    // Even if the run that ends it fails.
    try folder.write("bad.json", "[")
    let next = try library.branch("bad.json")
    #expect(
      next.errors == """
        run 1 was stopped while its files got their names; finished that
        error: bad.json: its JSON array is not closed: good up to row 0, byte 1

        """)
    #expect(next.status == 2)
    #expect(try folder.contents(below: "work/branches") == input.expected)
    #expect(!folder.exists("work/.staging"))
    try expectWholeRuns()
  }

  @Test func `a killed run leaves the files of the run before it alone`() throws {
    try folder.write("small.jsonl", SmallLibrary.row(1))
    _ = try library.branch("small.jsonl")
    let before = try folder.contents(below: "work/branches")
    let running = try Running(Package.program, arguments, in: folder.path, [:])
    wait(for: .file("work/.staging/run-2/branches/all/train.jsonl"), running)
    running.send(SIGKILL)
    // Else it was faster and has committed.
    guard try running.end().wasKilled, folder.exists("work/lineage.sqlite-journal") else { return }
    #expect(try folder.contents(below: "work/branches") == before)
    let next = try library.branch("small.jsonl")
    #expect(next.errors == "removed what an interrupted run had begun (run-2); starting clean\n")
    #expect(try folder.contents(below: "work/branches") == before)
    try expectWholeRuns()
  }

  @Test(arguments: [
    (SIGINT, "work/.staging"), (SIGINT, "work/lineage.sqlite-journal"),
    (SIGINT, "work/.staging/run-1/branches/all/train.jsonl"), (SIGTERM, "work/.staging"),
  ])
  func `a run that is asked to stop takes back what it has done`(signal: Int32, file: String) throws
  {
    let ending = try caught(at: .file(file)) { running in
      running.send(signal)
      let ending = try running.end()
      return ending.status == 0 ? nil : ending
    }
    #expect(ending.errors == "interrupted; nothing was written. The same command starts again.\n")
    #expect(ending.output == "")
    #expect(ending.status == 128 + signal)
    try expectNothing()
    let next = try branchmerge(arguments, in: folder.path)
    #expect(next.errors == "")
    #expect(next.status == 0)
    #expect(try folder.contents(below: "work/branches") == Input.shared.expected)
    try expectWholeRuns()
  }

  @Test func `two runs do not work in one workspace`() throws {
    var second: Ending?
    var holder: Int32 = 0
    let first = try caught(at: .file("work/.staging")) { running in
      running.send(SIGSTOP)
      holder = running.process.processIdentifier
      second = try branchmerge(arguments, in: folder.path)
      running.send(SIGCONT)
      // Where the first was too fast for us, the second was not refused.
      let ending = try running.end()
      return second?.status == 0 ? nil : ending
    }
    #expect(
      second?.errors == """
        error: work/.lock: another run is at work in this workspace, process \(holder); wait for its \
        end

        """)
    #expect(second?.output == "")
    #expect(second?.status == 2)
    #expect(first.status == 0)
    #expect(try folder.contents(below: "work/branches") == Input.shared.expected)
  }

  @Test(arguments: [true, false])
  func `a file that changes while it is read is refused`(isLonger: Bool) throws {
    try tool("cp", Input.shared.path, folder / "in.jsonl")
    // Something was read when something is written.
    let train = "work/.staging/run-1/branches/all/train.jsonl"
    let size = try #require(
      FileManager.default.attributesOfItem(atPath: folder / "in.jsonl")[.size] as? Int)
    let ending = try caught(at: .size(train, 0), source: "in.jsonl") { running in
      running.send(SIGSTOP)
      let file = try #require(FileHandle(forUpdatingAtPath: folder / "in.jsonl"))
      try file.truncate(atOffset: UInt64(isLonger ? size + 1 : 3))
      try file.close()
      running.send(SIGCONT)
      let ending = try running.end()
      if ending.status != 0 { return ending }
      try tool("cp", Input.shared.path, folder / "in.jsonl")
      return nil
    }
    let message = ending.errors.replacing(/\d+( of \d+ bytes were there)?; run/, with: "N; run")
    #expect(
      message
        == (isLonger
          ? "error: in.jsonl: changed while it was read, before byte N; run again\n"
          : "error: in.jsonl: shrank while it was read: N; run again\n"))
    #expect(ending.status == 2)
    try expectNothing()
  }

  /// Lets a run come to this moment, and returns what `body` makes of it; starts
  /// again where that is nil because the run was faster.
  private func caught(
    at moment: Moment, source: String? = nil, _ body: (Running) throws -> Ending?
  ) throws -> Ending {
    var arguments = arguments
    if let source { arguments[arguments.count - 1] = "small=" + source }
    for _ in 1...20 {
      let running = try Running(Package.program, arguments, in: folder.path, [:])
      wait(for: moment, running)
      if let ending = try body(running) { return ending }
      try FileManager.default.removeItem(atPath: folder / "work")
    }
    return try #require(nil, "the program was always faster")
  }

  /// A failure that left no output and no run.
  private func expectNothing() throws {
    #expect(folder.files(below: "work") == [".lock", "lineage.sqlite"])
    #expect(!folder.exists("work/.staging"))
    #expect(try folder.ledger("SELECT count(*) FROM run") == ["0"])
  }

  private var arguments: [String] {
    [
      "branch", "datasets/recipes/one.yaml", "-w", "work", "--source",
      "small=" + Input.shared.path,
    ]
  }

  private func wait(for moment: Moment, _ running: Running) {
    switch moment {
    case .after(let milliseconds): usleep(milliseconds * 1000)
    case .file(let name):
      while !folder.exists(name) && running.process.isRunning { usleep(100) }
    case .size(let name, let size):
      while running.process.isRunning {
        let attributes = try? FileManager.default.attributesOfItem(atPath: folder / name)
        if attributes?[.size] as? Int ?? 0 > size << 10 { return }
        usleep(100)
      }
    case .growth: break
    }
  }

  /// The ledger is sound and all its runs are complete.
  private func expectWholeRuns() throws {
    #expect(try folder.ledger("PRAGMA integrity_check") == ["ok"])
    #expect(try folder.ledger("PRAGMA foreign_key_check") == [])
    #expect(
      try folder.ledger("SELECT count(*) FROM run WHERE finished = '' OR published IS NULL") == [
        "0"
      ]
    )
    #expect(
      try folder.ledger(
        """
        SELECT run.id FROM run JOIN source ON source.run = run.id
        JOIN source_file ON source_file.source = source.id
        WHERE row_count <> (SELECT count(*) FROM sample WHERE file = source_file.id)
        """) == [])
    #expect(
      try folder.ledger(
        """
        SELECT id FROM sample WHERE NOT EXISTS (SELECT * FROM fate WHERE fate.sample = sample.id)
        """) == [])
    #expect(!folder.exists("work/.staging"))
    #expect(!folder.exists("work/lineage.sqlite-journal"))
  }
}

/// Some 60 MB of rows, made once, and what an uninterrupted run makes of them.
private final class Input: Sendable {
  let path: String
  let expected: [String: Data]

  static let shared = try! Input()

  private init() throws {
    let folder = FileManager.default.temporaryDirectory.path + "/branchmerge-input-\(getpid())"
    try? FileManager.default.removeItem(atPath: folder)
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    atexit {
      try? FileManager.default.removeItem(
        atPath: (Input.shared.path as NSString).deletingLastPathComponent)
    }
    path = folder + "/in.jsonl"
    // A tenth is kept, and of the rest the most is text that nobody reads.
    let filler = String(repeating: "Then, as was to be shown, \\u00e9 = \u{E9}. ", count: 130)
    var text = ""
    for number in 0..<9000 {
      text += """
        {"question": "Q\(number)?", "answer": "\(filler.prefix(1500))", \
        "level": \(number % 10 == 0 ? 1 : 7), "tags": [], "other": "\(filler)"}

        """
    }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let library = try SmallLibrary()
    let ending = try library.branch(path)
    try #require(ending.status == 0, "\(ending.errors)")
    expected = try library.folder.contents(below: "work/branches")
  }
}
