internal import Audit
internal import Curation
internal import Files
internal import Foundation
internal import HTTPTypes
internal import Lineage
internal import Pages
internal import Synchronization

/// The pages of a workspace: what is asked for by path and parameters, and the answer.
struct Site: Sendable {
  let workspace: String
  let ledgers: LedgerPool
  private let workbench = Workbench()
  /// Rows that are far away in their files have one of their own: they are many, and of small use.
  private let rows = Workbench(limit: 4)
  private let indexing = Indexing()

  init(workspace: String) {
    self.workspace = workspace
    ledgers = LedgerPool(Workspace.ledgerPath(in: workspace))
  }

  /// Begins with what the first visitors would wait for; none of it keeps the server from starting.
  func warmUp() {
    _ = try? overview(\.overview)
    let list = try? ledgers.with { try RunList(of: $0) }
    for run in list?.runs ?? [] where run.branches.contains(where: \.isCurrent) {
      _ = try? fates(of: run)
    }
    _ = try? index()
  }

  /// Whatever goes wrong is an answer, too.
  func reply(to path: String, _ parameters: Parameters) -> Reply {
    do {
      return try page(path, parameters)
        ?? reply(.message("Nothing is here", "There is no such page."), .notFound)
    } catch is Pending {
      let words =
        path == "/search" ? indexing.words : "This is being worked out; the page comes by itself."
      return comingAgain(.message("One moment", words), .accepted)
    } catch let error as NotThere {
      return reply(.message("Nothing was found", error.words), .notFound)
    } catch  where LedgerPool.isBusy(error) {
      let words = "A run is writing to the ledger; the page comes by itself."
      return comingAgain(.message("One moment", words), .serviceUnavailable)
    } catch {
      return reply(.message("This cannot be shown", "\(error)"), .internalServerError)
    }
  }

  /// A page that the browser asks for again after a second.
  private func comingAgain(_ page: ServedPage, _ status: HTTPResponse.Status) -> Reply {
    var reply = reply(page, status)
    if let refresh = HTTPField.Name("Refresh") { reply.headers = [(refresh, "1")] }
    return reply
  }

  /// Nil where there is no such page.
  private func page(_ path: String, _ parameters: Parameters) throws -> Reply? {
    switch path {
    case "/": reply(try overview(\.overview))
    case "/sources": reply(try overview(\.sources))
    case "/models": reply(try overview(\.models))
    case "/samples": try samples(parameters)
    case "/sample": try sample(parameters)
    case "/row": try row(parameters)
    case "/search": try search(parameters)
    case "/runs": reply(RunsPage(try ledgers.with { try RunList(of: $0) }).html)
    case "/compare": try compare(parameters)
    case "/style.css":
      Reply(.ok, type: "text/css; charset=utf-8", Style.sheet + ServeStyle.sheet)
    case "/favicon.ico": Reply(.ok, type: "image/svg+xml; charset=utf-8", ServeStyle.icon)
    default: nil
    }
  }

  private func reply(_ page: ServedPage, _ status: HTTPResponse.Status = .ok) -> Reply {
    let site = URL(fileURLWithPath: workspace).standardizedFileURL.lastPathComponent
    return Reply(status, type: "text/html; charset=utf-8", page.html(site: site).source)
  }

  /// Thrown where an answer takes longer than a page may.
  private struct Pending: Error {}

  private struct NotThere: Error { var words: String }

  private func overview(_ part: (OverviewPages) -> ServedPage) throws -> ServedPage {
    let (workspace, ledgers) = (workspace, ledgers)
    let found = try workbench.value("overview", of: ledgers.state) {
      try ledgers.patiently { ledger in
        (time: timestamp(), pages: OverviewPages(try Overview(ledger, in: workspace)))
      }
    }
    guard let found else { throw Pending() }
    var page = part(found.value.pages)
    if !found.isCurrent {
      page.note = "This is as of \(found.value.time); newer numbers are being worked out."
    }
    return page
  }
}

// MARK: - Samples

extension Site {
  private func fates(of run: RunList.Run, isPatient: Bool = true) throws -> FateMap {
    // A run stays as it was, whatever comes after it.
    let (ledgers, id) = (ledgers, run.id)
    let found = try workbench.value("fates \(run.name)", isPatient: isPatient) {
      try ledgers.patiently { try FateMap(run: id, in: $0) }
    }
    guard let found else { throw Pending() }
    return found.value
  }

  /// The fates in a branch as the run built it or, where they are still being worked out and `isFixed`
  /// is false, as an earlier one did.
  private func fates(
    in branch: String, of run: RunList.Run, or earlier: [RunList.Run], isFixed: Bool
  ) throws -> (run: RunList.Run, map: FateMap) {
    do {
      return (run, try fates(of: run))
    } catch let pending as Pending {
      for run in earlier where !isFixed && run.branches.contains(where: { $0.name == branch }) {
        if let map: FateMap = workbench.known("fates \(run.name)") { return (run, map) }
      }
      throw pending
    }
  }

  private func samples(_ parameters: Parameters) throws -> Reply {
    let runs = try ledgers.with { try RunList(of: $0) }
    let current = runs.current
    guard let name = parameters["branch"] ?? current.first?.branch else {
      return reply(.message("No branches yet", "'branchmerge run' builds some."))
    }
    let number = parameters.number("run") ?? current.first { $0.branch == name }?.run
    guard let newest = runs.runs.first(where: { $0.id == number }),
      newest.branches.contains(where: { $0.name == name })
    else { throw NotThere(words: "No such run has built a branch of this name.") }
    let (run, map) = try fates(
      in: name, of: newest, or: runs.runs.filter { $0.id < newest.id },
      isFixed: parameters["run"] != nil)
    guard let build = map.build(name) else { throw NotThere(words: "The ledger has changed.") }
    let filter = FateMap.Filter(
      source: parameters["source"], fate: parameters["fate"].flatMap { Fate(rawValue: $0) },
      step: parameters["step"])
    let turn: FateMap.Turn =
      parameters.number("before").map { .before($0) } ?? .after(parameters.number("after") ?? 0)
    let part = map.page(of: build, filter, turn, limit: 50)
    let list = try ledgers.with { try FateList(part.samples, in: build.id, of: $0) }
    // They are not worth waiting for.
    let prompts = try? index(isPatient: false).value.prompts(of: part.samples, length: 160)
    var page = RowsPage(
      run: run.id, build: build, filter: filter, page: part, list: list,
      prompts: prompts, branches: current
    ).html
    if run.id != newest.id {
      page.note =
        "This is as of run \(run.id); the numbers of run \(newest.id) are being worked out."
    }
    return reply(page)
  }

  private func sample(_ parameters: Parameters) throws -> Reply {
    let view = try view(parameters, isQuick: parameters["read"] == nil)
    let duplicates = try duplicates(of: view)
    return reply(SamplePage(view, run: parameters.number("run"), duplicates: duplicates).html)
  }

  /// For each fate of a sample those that gave way to it; none where the fates are still being read.
  private func duplicates(of view: SampleView) throws -> [SamplePage.Duplicates] {
    let runs = try ledgers.with { try RunList(of: $0) }.runs
    return try zip(view.trace.fates, view.numbers).map { fate, number in
      let run = runs.first { $0.id == fate.run }
      let build = try? run.map { try fates(of: $0, isPatient: false) }?.build(fate.branch)
      guard let build else { return SamplePage.Duplicates(FateList(), total: 0) }
      let found = build.duplicates(of: number, limit: 20)
      let list = try ledgers.with { try FateList(found.samples, in: build.id, of: $0) }
      return SamplePage.Duplicates(list, total: found.total)
    }
  }

  private func view(_ parameters: Parameters, isQuick: Bool) throws -> SampleView {
    guard let id = parameters["id"] else { throw NotThere(words: "No sample was asked for.") }
    let (run, ledgers) = (parameters.number("run"), ledgers)
    let view = try ledgers.with { ledger in
      do {
        _ = try Trace.find(id, run: run, in: ledger)
      } catch let error as LedgerError {
        throw NotThere(words: error.description)
      }
      return try SampleView(id, run: run, isQuick: true, in: ledger)
    }
    guard !isQuick, case .far = view.original else { return view }
    let name = "\(view.trace.run.id) \(view.trace.run.finished) \(run ?? 0) \(id)"
    let found = try rows.value(name) {
      try ledgers.patiently { try SampleView(id, run: run, isQuick: false, in: $0) }
    }
    guard let found else { throw Pending() }
    return found.value
  }

  /// The original row, byte for byte, as text.
  private func row(_ parameters: Parameters) throws -> Reply {
    switch try view(parameters, isQuick: false).original {
    case .row(let bytes, _):
      return Reply(.ok, type: "text/plain; charset=utf-8", String(decoding: bytes, as: UTF8.self))
    case .failed(let message): return Reply(.notFound, message)
    case .far: throw Pending()
    }
  }
}

extension RunList.Run {
  /// Of no other run, not even of another ledger's.
  fileprivate var name: String { "\(id) \(started) \(finished)" }
}

// MARK: - Search

extension Site {
  private func search(_ parameters: Parameters) throws -> Reply {
    guard let words = parameters["q"] else { return reply(SearchPage("", .none).html) }
    /// What was asked for is no id.
    struct IsText: Error {}
    do {
      switch try ledgers.with({ try Lookup.find(words, in: $0) { throw IsText() } }) {
      case .sample(let trace):
        let name = trace.id ?? "\(trace.place.path):\(trace.place.row)"
        var reply = Reply(.seeOther, "This is a sample.")
        reply.headers = [(.location, Address.sample(name).text)]
        return reply
      case .ids(let ids): return reply(SearchPage(words, .ids(ids)).html)
      case .hits(let hits): return reply(SearchPage(words, .hits(hits)).html)
      case .noID, .nothing: return reply(SearchPage(words, .hits([])).html)
      }
    } catch is IsText {
      let (index, isCurrent) = try index()
      let hits = try index.search(words, limit: 20)
      var page = SearchPage(words, .hits(hits), gaps: index.gaps).html
      if !isCurrent { page.note = "What the last run read is being added to the search." }
      return reply(page)
    } catch let error as LedgerError {
      // Either there is no such place, or the ledger itself cannot be read.
      _ = try ledgers.with { try RunList(of: $0) }
      return reply(SearchPage(words, .hits([]), gaps: [error.description]).html)
    }
  }

  private func index(isPatient: Bool = true) throws -> (value: SearchIndex, isCurrent: Bool) {
    let (workspace, ledgers, indexing) = (workspace, ledgers, indexing)
    let found = try workbench.value("index", of: ledgers.state, isPatient: isPatient) {
      try ledgers.patiently { _ in
        // It keeps its ledger, and so has one of its own.
        try SearchIndex(of: workspace, ledger: ledgers.open()) { indexing.note($0) }
      }
    }
    guard let found else { throw Pending() }
    return found
  }

  /// How far the search index has come.
  private final class Indexing: Sendable {
    private let percent = Mutex(0)

    func note(_ progress: SearchIndex.Progress) {
      percent.withLock { $0 = 100 * progress.bytes / max(1, progress.totalBytes) }
    }

    var words: String {
      "The prompts are being read, \(percent.withLock { $0 }) % so far; the page comes by itself."
    }
  }
}

// MARK: - Comparing

extension Site {
  private func compare(_ parameters: Parameters) throws -> Reply {
    let runs = try ledgers.with { try RunList(of: $0) }.runs
    guard let before = parameters.number("before"), let after = parameters.number("after") else {
      return reply(ComparePage(runs, before: nil, after: nil, nil).html)
    }
    let names = try [before, after].map { id in
      guard let run = runs.first(where: { $0.id == id }) else {
        throw NotThere(words: "There is no run \(id).")
      }
      return run.name
    }
    let ledgers = ledgers
    let found = try workbench.value("difference \(names)") {
      try ledgers.patiently {
        try Difference(before: Build($0, run: before), after: Build($0, run: after))
      }
    }
    guard let difference = found?.value else { throw Pending() }
    guard let number = parameters.number("branch"), let place = parameters.number("group") else {
      return reply(ComparePage(runs, before: before, after: after, difference).html)
    }
    guard difference.branches.indices.contains(Int(number)),
      difference.branches[Int(number)].groups.indices.contains(Int(place))
    else { throw NotThere(words: "The runs do not differ so.") }
    let branch = difference.branches[Int(number)]
    let group = branch.groups[Int(place)]
    let start = Int(min(max(0, parameters.number("start") ?? 0), Int64(group.count)))
    let rows = try ledgers.with {
      try difference.rows(group.pairs[start...].prefix(50), of: branch, before: $0, after: $0)
    }
    return reply(
      ChangePage(
        before: before, after: after, branch: Int(number), group: Int(place), name: branch.name,
        group, start: start, rows: rows
      ).html)
  }
}
