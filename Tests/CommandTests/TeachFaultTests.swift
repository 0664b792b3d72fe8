import Foundation
import StubTeacher
import Testing

/// The program against servers that disappoint it, and ended from outside: what it has at the end,
/// what was paid for, and that the one agrees with the other.
struct TeachFaultTests {
  private let folder: TemporaryFolder
  fileprivate static let seedCount = 300
  private static let key = "sk-\"stub\"/7+f4ke%Key\\0123456789"

  init() throws {
    folder = try SmallLibrary().folder
    try copyBuilt(to: "work")
  }

  private func copyBuilt(to workspace: String) throws {
    try FileManager.default.copyItem(
      atPath: Built.shared.path + "/work", toPath: folder / workspace)
  }

  fileprivate static func recipe(_ teacher: String) -> String {
    SmallLibrary.recipe.replacing("\"{response}\"", with: "teacher") + """
      teacher:
        model: stub
        max_tokens: 512
        max_unanswered: 100%

      """ + (teacher.contains("timeout:") ? "" : "  timeout: 5s\n")
      + teacher.split(separator: "\n").map { "  \($0)\n" }.joined()
  }

  private func write(recipe more: String, asking stubs: StubTeacher...) throws {
    try folder.write(
      "datasets/recipes/one.yaml",
      Self.recipe("urls: [\(stubs.map(\.url).joined(separator: ", "))]\n" + more))
  }

  private static func prompt(_ number: Int) -> String { "Q\(number)?" }

  private static let arguments = ["teach", "datasets/recipes/one.yaml", "-w", "work", "--json"]

  private func teach() throws -> Ending {
    try branchmerge(Self.arguments, in: folder.path, environment: ["STUB_KEY": Self.key])
  }

  private func start() throws -> Running {
    try Running(Package.program, Self.arguments, in: folder.path, ["STUB_KEY": Self.key])
  }

  private func store(_ query: String, of workspace: String = "work") throws -> [String] {
    try tool(
      "sqlite3", "-cmd", ".timeout 10000", folder / "\(workspace)/teacher.sqlite", query
    ).split(separator: "\n").map(String.init)
  }

  /// Waits until that holds; what must hold afterwards does not depend on it.
  private func wait(for running: Running, until isTime: () throws -> Bool) rethrows {
    let deadline = Date.now + 300
    while try !isTime(), running.process.isRunning, Date.now < deadline { usleep(500) }
  }

  // MARK: - What must hold

  /// Store, ledger and data set agree; `counts` are seeds taught, rejected, failed, refused.
  private func expectWhole(_ counts: [Int] = [seedCount, 0, 0, 0]) throws {
    #expect(counts.reduce(0, +) == Self.seedCount)
    #expect(
      try store(
        """
        PRAGMA integrity_check;
        PRAGMA foreign_key_check;
        SELECT count(*) FROM attempt WHERE state = 'begun';
        SELECT count(DISTINCT attempt) FROM verdict WHERE is_accepted;
        SELECT count(*) FROM (
          SELECT request FROM attempt JOIN verdict ON verdict.attempt = attempt.id
          GROUP BY request HAVING max(is_accepted) = 0);
        SELECT count(DISTINCT request) FROM attempt WHERE state = 'refused';
        """) == ["ok", "0", "\(counts[0])", "\(counts[1])", "\(counts[3])"])
    let kinds = ["taught", "rejected", "failed", "refused"]
    #expect(
      try folder.ledger(
        """
        SELECT \(kinds.map { "count(*) FILTER (WHERE kind = '\($0)')" }.joined(separator: ", "))
        FROM taught WHERE teaching = (SELECT max(id) FROM teaching)
        """) == [counts.map(String.init).joined(separator: "|")])
    func ids(_ name: String) throws -> [String] {
      try folder.rows("work/\(name)").compactMap { $0["id"]?.text }
    }
    let seeds = try ids("branches/all/seeds.jsonl")
    let unanswered = try ids("teach/all/unanswered.jsonl")
    #expect(unanswered.count == Self.seedCount - counts[0])
    #expect(try ids("teach/all/train.jsonl") == seeds.filter { !unanswered.contains($0) })
    #expect(seeds.count == Self.seedCount && Set(unanswered).isSubset(of: seeds))
    #expect(!folder.exists("work/teach/.all"))
  }

  /// The same data set comes of the store alone, in a workspace where nobody was ever interrupted.
  private func expectReplay() throws {
    try copyBuilt(to: "replay")
    try folder.write("replay/teacher.sqlite", folder.bytes("work/teacher.sqlite"))
    let replay = try branchmerge(
      "teach", "datasets/recipes/one.yaml", "-w", "replay", "--replay-only", in: folder.path)
    #expect(replay.status == 0, "\(replay.errors)")
    let found = try folder.contents(below: "work/teach")
    let expected = try folder.contents(below: "replay/teach")
    #expect(found.keys.sorted() == expected.keys.sorted())
    for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
  }

  /// No prompt has more answers than the store knows of, or may not know of: attempts in flight at a
  /// kill or abandoned, those that took too long, and with `cuts` those whose connection broke.
  private func expectNothingPaidTwice(_ stubs: StubTeacher..., cuts: Bool = false) throws {
    let rows = try store(
      """
      SELECT json_extract(messages, '$[0].content'), sum(state = 'answered'),
        sum(state IN ('begun', 'abandoned') OR coalesce(problem, '') LIKE 'no byte came in time%'
          OR \(cuts) AND coalesce(problem, '') LIKE 'the connection broke%')
      FROM attempt JOIN request ON request.id = attempt.request GROUP BY 1
      """)
    var known: Set<String> = []
    for row in rows {
      let parts = row.split(separator: "|")
      let (prompt, answered, lost) = (String(parts[0]), Int(parts[1])!, Int(parts[2])!)
      known.insert(prompt)
      let sent = stubs.reduce(0) { $0 + $1.answersSent(for: prompt) }
      let given = stubs.reduce(0) { $0 + $1.answersGiven(for: prompt) }
      #expect(answered <= sent && sent <= answered + lost, "\(row), sent \(sent)")
      #expect(given <= 1 + lost, "\(row), given \(given)")
    }
    for exchange in stubs.flatMap(\.exchanges) where !known.contains(exchange.prompt) {
      Issue.record("the store knows nothing of \(exchange.prompt)")
    }
  }

  // MARK: - Faults

  @Test func `with every fault at once each seed is answered or explained, and paid for once`()
    throws
  {
    var behaviour = Behaviour()
    behaviour.hugeBytes = 100_000
    // Each kind meets somebody's first attempt; the rest has its 5 %.
    let kinds = Fault.allCases
    let share = FaultPlan.share(0.05)
    behaviour.faults = FaultPlan { prompt, attempt in
      let number = Int(prompt.dropFirst().dropLast())!
      return switch number {
      case 50: .length
      case 51: .cutInStream
      case 101...100 + kinds.count where attempt == 1: kinds[number - 101]
      default: share.choose(prompt, attempt)
      }
    }
    behaviour.refuses = { [Self.prompt(60): 400, Self.prompt(61): 413][$0] }
    let stub = try StubTeacher(behaviour)
    try write(recipe: "retries: 4", asking: stub)
    let ending = try teach()
    #expect(ending.status == 0, "\(ending.errors)")
    try expectWhole([Self.seedCount - 4, 1, 1, 2])
    try expectNothingPaidTwice(stub)
    #expect(stub.counts.faults.count == kinds.count)
    let reasons = try folder.rows("work/teach/all/unanswered.jsonl").map {
      "\($0["kind"]?.text ?? ""): \($0["reason"]?.text ?? "")"
    }
    let expected = [
      "rejected: finish reason: length", "failed: the connection broke", "refused: status 400",
      "refused: status 413",
    ]
    #expect(reasons.count == expected.count)
    for (reason, beginning) in zip(reasons, expected) { #expect(reason.hasPrefix(beginning)) }
    // What failed is asked again, and nothing else.
    let before = stub.counts.requests
    stub.behaviour.faults = .none
    let again = try teach()
    #expect(again.status == 0, "\(again.errors)")
    #expect(stub.counts.requests == before + 1)
    try expectWhole([Self.seedCount - 3, 1, 0, 2])
  }

  @Test(arguments: [
    Behaviour.Storm(.seconds(0..<1)), .init(.requests(40..<80)),
    .init(.seconds(0..<1), retryAfter: .seconds(1)), .init(.requests(100..<120), status: 503),
    .init(.requests(60..<70), retryAfter: .date(in: 1)),
  ])
  func `a storm of refusals passes, and costs no retries`(storm: Behaviour.Storm) throws {
    var behaviour = Behaviour()
    behaviour.storms = [storm]
    let stub = try StubTeacher(behaviour)
    try write(recipe: "retries: 1", asking: stub)
    let ending = try teach()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(stub.counts.turnedAway[storm.status] ?? 0 > 0)
    try expectWhole()
    try expectNothingPaidTwice(stub)
  }

  @Test func `a server that goes away and comes back is waited for`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.05
    let first = try StubTeacher(behaviour)
    try write(recipe: "concurrency: 8", asking: first)
    let running = try start()
    wait(for: running) { first.counts.good >= 60 }
    first.stop()
    try wait(for: running) {
      try store("SELECT count(*) FROM attempt WHERE problem LIKE 'no connection%'") != ["0"]
    }
    let second = try StubTeacher(behaviour, port: first.port)
    let ending = try running.end()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(second.counts.good > 0)
    try expectWhole()
    try expectNothingPaidTwice(first, second, cuts: true)
  }

  @Test func `of two servers one may die`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.05
    let (mortal, other) = (try StubTeacher(behaviour), try StubTeacher(behaviour))
    try write(recipe: "concurrency: 8", asking: mortal, other)
    let running = try start()
    wait(for: running) { mortal.counts.good >= 30 }
    mortal.stop()
    let ending = try running.end()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(mortal.counts.good > 0 && other.counts.good > 0)
    try expectWhole()
    try expectNothingPaidTwice(mortal, other, cuts: true)
  }

  // MARK: - Ended from outside

  enum Moment: CustomTestStringConvertible {
    case file(String)
    case inFlight
    case answers(Int)

    var testDescription: String {
      switch self {
      case .file(let name): "when there is \(name)"
      case .inFlight: "with requests in flight"
      case .answers(let count): "after \(count) answers"
      }
    }
  }

  @Test(arguments: [
    Moment.file("work/teacher.sqlite"), .inFlight, .answers(1), .answers(150), .answers(300),
    .file("work/teach/.all/new/train.jsonl"), .file("work/teach/all"),
  ])
  func `an asking that is killed goes on, and pays again for no more than was in flight`(
    moment: Moment
  ) throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.02
    let stub = try StubTeacher(behaviour)
    try write(recipe: "concurrency: 64", asking: stub)
    let running = try start()
    wait(for: running) {
      switch moment {
      case .file(let name): folder.exists(name)
      case .inFlight: stub.counts.inFlight > 0
      case .answers(let count): stub.counts.good >= count
      }
    }
    running.send(SIGKILL)
    let killed = try running.end()
    try #require(killed.wasKilled || killed.status == 0, "\(killed.errors)")
    let begun =
      folder.exists("work/teacher.sqlite")
      ? try store("SELECT count(*) FROM sqlite_master WHERE name = 'attempt'") == ["1"]
        ? try store("SELECT id FROM attempt WHERE state = 'begun'") : [] : []
    let ending = try teach()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(try store("SELECT id FROM attempt WHERE state = 'abandoned'") == begun)
    #expect(stub.counts.good <= Self.seedCount + begun.count)
    try expectWhole()
    try expectReplay()
    try expectNothingPaidTwice(stub)
  }

  @Test func `Ctrl-C waits for what is in flight, and the same command goes on`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.2
    let stub = try StubTeacher(behaviour)
    // All of it would take 15 seconds.
    try write(recipe: "concurrency: 4", asking: stub)
    let running = try start()
    wait(for: running) { stub.counts.good >= 6 }
    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.status == 130, "\(ending.errors)")
    #expect(ending.errors.contains("Nothing more is sent. Waiting for "))
    #expect(ending.errors.contains("The same command goes on from there"))
    // What was only just begun need not have been sent.
    #expect(
      try store(
        "SELECT count(*) FROM attempt WHERE problem IS NOT 'never sent' GROUP BY state = 'answered'"
      ) == ["\(stub.counts.good)"])
    #expect(stub.counts.requests == stub.counts.good)
    #expect(!folder.exists("work/teach/all"))
    stub.behaviour.latency = 0
    #expect(try teach().status == 0)
    #expect(stub.counts.requests == Self.seedCount)
    try expectWhole()
    try expectNothingPaidTwice(stub)
  }

  @Test func `Ctrl-C once more abandons what is in flight, and it is asked again`() throws {
    var behaviour = Behaviour()
    behaviour.latency = 3600
    let stub = try StubTeacher(behaviour)
    try write(recipe: "concurrency: 4\ntimeout: 1h", asking: stub)
    let running = try start()
    wait(for: running) { stub.counts.inFlight == 4 }
    running.send(SIGINT)
    wait(for: running) { running.errors.contains("Nothing more is sent. Waiting for 4 in flight") }
    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.status == 130 && !ending.wasKilled, "\(ending.errors)")
    #expect(try store("SELECT state, count(*) FROM attempt GROUP BY 1") == ["abandoned|4"])
    stub.behaviour.latency = 0
    #expect(try teach().status == 0)
    #expect(stub.counts.requests == Self.seedCount + 4)
    #expect(stub.counts.good == Self.seedCount)
    try expectWhole()
    try expectNothingPaidTwice(stub)
  }

  // MARK: - The key

  /// A key in the spellings in which it could be hidden.
  private static var spellings: [(name: String, bytes: Data)] {
    let bytes = Array(key.utf8)
    let json = String(decoding: try! JSONEncoder().encode(key), as: UTF8.self).dropFirst()
      .dropLast()
    var spellings: [(name: String, bytes: Data)] = [
      ("as it is", Data(bytes)), ("in JSON", Data(json.utf8)),
      (
        "in JSON within JSON",
        Data(json.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").utf8)
      ),
      ("in JSON, no slash escaped", Data(json.replacing("\\/", with: "/").utf8)),
      ("in a URL", Data(key.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!.utf8)),
      ("in hexadecimal", Data(bytes.map { String($0, radix: 16) }.joined().utf8)),
      ("a part of it", Data("f4ke%Key".utf8)),
    ]
    for skipped in 0..<3 {
      let whole = Data(bytes.dropFirst(skipped).prefix((bytes.count - skipped) / 3 * 3))
      spellings.append(("in Base64, \(skipped) skipped", Data(whole.base64EncodedString().utf8)))
    }
    return spellings
  }

  private func expectNoKey(in bytes: Data, _ place: String) {
    for spelling in Self.spellings where bytes.range(of: spelling.bytes) != nil {
      Issue.record("\(place) has the key, \(spelling.name)")
    }
  }

  private func expectNoKey(in ending: Ending) throws {
    expectNoKey(in: Data(ending.output.utf8), "standard output")
    expectNoKey(in: Data(ending.errors.utf8), "standard error")
    for (name, bytes) in try folder.contents(below: "work") { expectNoKey(in: bytes, name) }
  }

  @Test func `the key that servers repeat is written nowhere`() throws {
    var behaviour = Behaviour()
    behaviour.key = Self.key
    let stub = try StubTeacher(behaviour)
    try write(recipe: "key: STUB_KEY\nretries: 2\nprices: {prompt: 1, completion: 2}", asking: stub)
    // All that it says has the key in it; some of it for ever.
    stub.behaviour.faults = FaultPlan { prompt, attempt in
      let number = Int(prompt.dropFirst().dropLast())!
      return switch number {
      case 50: .serverError
      case 51: .errorInStream
      case 100..<110 where attempt == 1: .serverError
      case 110..<120 where attempt == 1: .errorInStream
      case 120..<130 where attempt == 1: .cutInStream
      case 200...300: .keyInContent
      default: nil
      }
    }
    let running = try start()
    wait(for: running) { stub.counts.requests > 0 }
    let arguments = FileManager.default.contents(
      atPath: "/proc/\(running.process.processIdentifier)/cmdline")
    #expect(String(decoding: try #require(arguments), as: UTF8.self).contains("--json"))
    expectNoKey(in: try #require(arguments), "the arguments")
    wait(for: running) { stub.counts.good > 100 }
    for (name, bytes) in try folder.contents(below: "work") { expectNoKey(in: bytes, name) }
    let ending = try running.end()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(stub.exchanges.allSatisfy { $0.authorization == "Bearer \(Self.key)" })
    #expect(stub.counts.faults[.keyInContent] == 101)
    try expectNoKey(in: ending)
    #expect(try folder.text("work/teach/all/train.jsonl").contains("Bearer •••"))
    #expect(try folder.text("work/teach/all/unanswered.jsonl").contains("Bearer •••"))
    try expectWhole([Self.seedCount - 2, 0, 2, 0])
    // Another key is wanted now, and the old one stands in the words that turn it away.
    stub.behaviour.key = "another"
    let refused = try teach()
    #expect(refused.status == 2)
    #expect(refused.errors.contains("status 401: 'Incorrect API key provided: •••.'"))
    #expect(refused.errors.contains("STUB_KEY"))
    try expectNoKey(in: refused)
    for arguments in [["status", "work", "--json"], ["report", "work"]] {
      try expectNoKey(in: branchmerge(arguments, in: folder.path))
    }
  }

  @Test(arguments: ["recipe", "option"])
  func `a key in the place of its variable's name is refused, and not repeated`(place: String)
    throws
  {
    let stub = try StubTeacher()
    let key = "sk-stubf4ke%Key0123456789"
    try write(recipe: place == "recipe" ? "key: \(key)" : "", asking: stub)
    let ending = try branchmerge(
      Self.arguments + (place == "recipe" ? [] : ["--set", "teacher.key=\(key)"]), in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the name of an environment variable"))
    try expectNoKey(in: ending)
    #expect(stub.counts.requests == 0)
  }

  // MARK: - Budgets

  enum Budget {
    case requests, tokens, money

    var limit: Double {
      switch self {
      case .requests: 100
      case .tokens: 20_000
      case .money: 0.03
      }
    }

    /// What the server would ask for.
    func spent(at stub: StubTeacher) -> Double {
      stub.exchanges.reduce(0) { sum, exchange in
        switch self {
        case .requests: sum + 1
        case .tokens: sum + Double(exchange.promptTokens + exchange.completionTokens)
        case .money:
          sum + (Double(exchange.promptTokens) + 2 * Double(exchange.completionTokens)) / 1e6
        }
      }
    }
  }

  @Test(arguments: [
    (Budget.requests, 512, false), (.requests, 64, true), (.tokens, 64, false), (.tokens, 8, true),
    (.money, 512, true), (.money, 1, false),
  ])
  func `no budget is exceeded, and a higher one goes on`(
    budget: Budget, concurrency: Int, isKilled: Bool
  ) throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.005
    let stub = try StubTeacher(behaviour)
    func write(_ limit: Double) throws {
      try self.write(
        recipe: """
          prices: {prompt: 1, completion: 2}
          concurrency: \(concurrency)
          budget: {\(budget): \(budget == .money ? "\(limit)" : "\(Int(limit))")}
          """, asking: stub)
    }
    try write(budget.limit)
    if isKilled {
      let running = try start()
      wait(for: running) { stub.counts.good >= 20 }
      running.send(SIGKILL)
      _ = try running.end()
    }
    let ending = try teach()
    #expect(ending.status == 2)
    #expect(ending.errors.contains("the budget is used up: \(budget): "), "\(ending.errors)")
    #expect(ending.errors.contains("raise 'budget', and the same command goes on from there"))
    #expect(budget.spent(at: stub) <= budget.limit)
    #expect(!folder.exists("work/teach/all"))
    // What is left does not suffice for one more.
    let before = stub.counts.requests
    #expect(try teach().status == 2)
    #expect(stub.counts.requests == before)
    try write(budget.limit * 1000)
    let next = try teach()
    #expect(next.status == 0, "\(next.errors)")
    #expect(isKilled || stub.counts.requests == Self.seedCount)
    try expectWhole()
    try expectNothingPaidTwice(stub)
  }

  // MARK: - What no waiting helps against

  @Test func `what no waiting helps against stops at once, in the server's words`() throws {
    var behaviour = Behaviour()
    behaviour.key = "the right one"
    behaviour.model = "another"
    let stub = try StubTeacher(behaviour)
    try write(recipe: "key: STUB_KEY", asking: stub)
    let key = try teach()
    #expect(key.status == 2)
    #expect(
      key.errors.contains(
        "\(stub.url) answered with status 401: 'Incorrect API key provided: •••.'; the key comes from"
          + " the environment variable STUB_KEY"))
    stub.behaviour.key = nil
    let model = try teach()
    #expect(model.status == 2)
    #expect(
      model.errors.contains(
        "\(stub.url) answered with status 404: 'The model `stub` does not exist.'; look whether"
          + " 'model' is its name for the model"))
    // Those that were in flight with the first one.
    #expect(stub.counts.requests <= 2 * 16)
    let silent = try branchmerge(Self.arguments, in: folder.path)
    #expect(silent.status == 2)
    #expect(silent.errors.contains("the environment variable STUB_KEY is not set"))
    stub.stop()
    let nobody = try teach()
    #expect(nobody.status == 2)
    #expect(nobody.errors.contains("\(stub.url): no connection (Connection refused)"))
    #expect(nobody.errors.contains("see that it runs, and that the URL is right"))
    #expect(!folder.exists("work/teach/all"))
    #expect(try store("SELECT count(*) FROM attempt WHERE state <> 'failed'") == ["0"])
  }

  // MARK: - A full disk

  /// Runs commands of a shell with a disk of its own at a folder, whose files come out at the end.
  private func shell(_ script: String, diskAt place: String) throws -> Ending {
    try Running(
      "/usr/bin/env",
      [
        "unshare", "--mount", "bash", "-c",
        """
        set -eu
        program=$1 disk=$2
        resize() { mount -o "remount,size=$1" "$disk"; }
        teach() { "$program" teach datasets/recipes/one.yaml -w work; }
        mkdir -p "$disk" && cp -a "$disk" outside
        mount -t tmpfs -o size=100m tmpfs "$disk"
        cp -a outside/. "$disk"/
        \(script)
        cp -a "$disk"/. outside/
        """, "bash", Package.program, place,
      ], in: folder.path, [:]
    ).end()
  }

  private static let canMount =
    getuid() == 0
    && (try? Running(
      "/usr/bin/env", ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], in: "/", [:]
    ).end().status) == 0

  @Test(.enabled(if: canMount, "only root may make a small disk"))
  func `a full disk under the store loses what was in flight alone`() throws {
    let stub = try StubTeacher()
    try write(recipe: "concurrency: 16", asking: stub)
    let ending = try shell(
      """
      used=$(du -sk "$disk" | cut -f1)
      resize $((used + 240))k
      teach && exit 9 || [ $? = 2 ]
      resize 100m
      sqlite3 "$disk/teacher.sqlite" "SELECT count(*) FROM attempt WHERE state = 'answered'"
      teach
      """, diskAt: "work")
    try #require(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("teacher.sqlite: could not write ("), "\(ending.errors)")
    #expect(ending.errors.contains("what was answered before is kept"))
    #expect(Int(ending.output.dropLast()) ?? 0 > 0)
    try FileManager.default.removeItem(atPath: folder / "work")
    try FileManager.default.moveItem(atPath: folder / "outside", toPath: folder / "work")
    try expectWhole()
    try expectNothingPaidTwice(stub)
    #expect(stub.counts.good <= Self.seedCount + 16)
  }

  @Test(.enabled(if: canMount, "only root may make a small disk"))
  func `a full disk under the data set costs no answer`() throws {
    let stub = try StubTeacher()
    try write(recipe: "", asking: stub)
    let ending = try shell(
      """
      resize 64k
      teach && exit 9 || [ $? = 2 ]
      [ ! -e "$disk/all" ]
      resize 100m
      teach
      """, diskAt: "work/teach")
    try #require(ending.status == 0, "\(ending.errors)")
    #expect(ending.errors.contains("No space left on device"), "\(ending.errors)")
    #expect(stub.counts.requests == Self.seedCount)
    try FileManager.default.removeItem(atPath: folder / "work/teach")
    try FileManager.default.moveItem(atPath: folder / "outside", toPath: folder / "work/teach")
    try expectWhole()
  }
}

/// A workspace in which the branch was built, whose rows are all seeds; made once.
private final class Built: Sendable {
  let path: String

  static let shared = try! Built()

  private init() throws {
    let folder = try SmallLibrary().folder
    let rows = (1...TeachFaultTests.seedCount).map { SmallLibrary.row($0) + "\n" }.joined()
    try folder.write("small.jsonl", rows)
    try folder.write(
      "datasets/recipes/one.yaml", TeachFaultTests.recipe("url: http://127.0.0.1:1/v1"))
    let ending = try branchmerge(
      "run", "datasets/recipes/one.yaml", "-w", "work", "--until", "branch", "--source",
      "small=small.jsonl", in: folder.path)
    try #require(ending.status == 0, "\(ending.errors)")
    path = folder.path + "-built"
    try FileManager.default.moveItem(atPath: folder.path, toPath: path)
    atexit { try? FileManager.default.removeItem(atPath: Built.shared.path) }
  }
}
