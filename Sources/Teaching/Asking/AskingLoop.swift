internal import Curation
internal import Files
internal import Notation

/// Owns all state of an asking, on the thread that runs it; everybody else only writes to its mailbox.
///
/// A request is begun in the store before it is sent, and an errand is done when what became of it is
/// on disk.
final class AskingLoop {
  private let plan: TeacherPlan
  private let client: TeacherClient
  private let mailbox: Mailbox
  private let listener: Asker.Listener
  private let asking: Int64
  private let errandCount: Int
  private let patience: Patience
  private let signals: Signals

  private var budget: Budget
  private var recorder: Recorder
  private var servers: [Server]
  private var nextAttempt: Int64
  private var jitter = Jitter(seed: 0)

  /// Begun and not yet over, by attempt.
  private var flights: [Int64: Flight] = [:]
  private var queue = RetryQueue()
  /// What the budget holds back.
  private var held: Undertaking?
  /// Over, and on its way to disk; with the fate that this is, where it is one already.
  private var settling: [Int64: (undertaking: Undertaking, fate: Fate?)] = [:]
  /// By the request's hash: not done; done.
  private var open: [RequestKey: Undertaking] = [:]
  private var closed: [RequestKey: Fate] = [:]
  private var isExhausted = false
  private var halt: Halt?
  private var isInterrupted = false

  private var outcome = AskingOutcome()
  private var progress = AskingProgress()
  private var meter: Meter
  private var cost = 0.0
  private(set) var busySeconds = 0.0
  private var lastProgress = 0.0
  private var lastLook: Double
  private var notes: Set<String> = []

  /// When text or an answer came last; before the first, when the asking began.
  private var lastSign: Double
  private var hasAnswer = false
  /// Failures before there was any answer, of each server; the requests that failed, or were refused.
  private var earlyFailures: [Int]
  private var earlyFailing: Set<String> = []
  private var earlyRefused: Set<String> = []
  private var hasHeard = false
  private var firstMiss: Double?

  private struct Flight {
    let undertaking: Undertaking
    let server: Int
    /// Its number at the server.
    let turn: Int
    var attempt: Attempt
    /// Nil until its beginning is on disk.
    var sending: Sending?
    /// Whether the throttle has heard of its first text.
    var isCounted = false
  }

  private enum Fate { case accepted, rejected, refused, failed }

  /// Why nothing more is sent.
  private enum Halt {
    case stop(AskingOutcome.Stop)
    case failure(any Error)
  }

  /// Failed requests that may wait; with more, no new errand is taken on.
  private static let waitingLimit = 4096
  private static let earlyFailureLimit = 8
  private static let earlyRefusalLimit = 5
  /// Failures in a row after which a server is left alone, while others do better and if not.
  private static let failureLimit = 4
  private static let lonelyFailureLimit = 200
  /// A connection that breaks so soon was closed while it was idle.
  private static let staleSeconds = 2.0
  /// A server that does not end the body of a whole answer gets so many seconds for it.
  private static let farewellSeconds = 1.0
  /// Seconds between two looks at what is in flight, and at the signals.
  private static let lookSeconds = 0.1

  init(
    _ plan: TeacherPlan, _ budget: Budget, _ recorder: Recorder, _ client: TeacherClient,
    _ mailbox: Mailbox, _ listener: Asker.Listener, asking: Int64, firstAttempt: Int64,
    errandCount: Int, concurrency: Int, _ patience: Patience, _ signals: Signals
  ) {
    self.plan = plan
    self.budget = budget
    self.recorder = recorder
    self.client = client
    self.mailbox = mailbox
    self.listener = listener
    self.asking = asking
    self.errandCount = errandCount
    self.patience = patience
    self.signals = signals
    nextAttempt = firstAttempt
    servers = plan.servers.urls.map { Server($0, concurrency: concurrency) }
    earlyFailures = servers.map { _ in 0 }
    let now = seconds()
    meter = Meter(at: now)
    lastSign = now
    lastLook = now
  }

  func run(_ next: () throws -> Errand?) throws -> AskingOutcome {
    var last = seconds()
    while true {
      let now = seconds()
      if !flights.isEmpty { busySeconds += now - last }
      last = now
      fill(at: now, next)
      recorder.write()
      report(at: now)
      if isOver { break }
      for event in mailbox.take(within: waitingTime(from: now)) {
        switch event {
        case .text(let number): textCame(number, at: seconds())
        case .ended(let number, let ending): ended(number, ending, at: seconds())
        case .recorded(let reasons): recorded(try reasons.get(), at: seconds())
        }
      }
      if seconds() - lastLook >= Self.lookSeconds { look(at: seconds()) }
    }
    report(at: seconds(), isLast: true)
    switch halt {
    case .failure(let error): throw error
    case .stop(let stop): outcome.stop = stop
    case nil: break
    }
    return outcome
  }

  private var isOver: Bool {
    flights.isEmpty && recorder.isIdle
      && (halt != nil || isExhausted && queue.isEmpty && held == nil)
  }

  /// Until the next thing that happens by itself.
  private func waitingTime(from now: Double) -> Double {
    var times = servers.map(\.throttle.pausedUntil)
    if let due = queue.nextDue { times.append(due) }
    return times.reduce(Self.lookSeconds) { $1 > now ? min($0, $1 - now) : $0 }
  }

  // MARK: - Sending

  private func fill(at now: Double, _ next: () throws -> Errand?) {
    while halt == nil, let server = roomiest(at: now) {
      let undertaking: Undertaking
      do {
        guard let found = try self.next(at: now, next) else { return }
        undertaking = found
      } catch let error as Interrupted {
        halt = .stop(.interrupted(signal: error.signal))
        return
      } catch {
        halt = .failure(error)
        return
      }
      let tokens = Attempt.Tokens(
        prompt: undertaking.errand.request.promptTokenLimit, completion: plan.question.maxTokens,
        usage: .reserved)
      if let lack = budget.lack(for: tokens, cost: cost(of: tokens)) {
        held = undertaking
        // What is in flight may need less than it may.
        if flights.isEmpty { halt = .stop(.budget(lack)) }
        return
      }
      begin(undertaking, tokens, on: server)
    }
  }

  /// The server with the most free capacity; of several, each in turn.
  private func roomiest(at now: Double) -> Int? {
    var best: Int?
    var most = 0
    for server in servers.indices {
      let room = servers[server].throttle.room(at: now)
      if room > most || room == most && room > 0 && servers[server].turn < servers[best!].turn {
        (best, most) = (server, room)
      }
    }
    return best
  }

  private func next(at now: Double, _ next: () throws -> Errand?) throws -> Undertaking? {
    if let undertaking = held {
      held = nil
      return undertaking
    }
    if let undertaking = queue.next(at: now) { return undertaking }
    guard queue.count < Self.waitingLimit else { return nil }
    while !isExhausted {
      guard let errand = try next() else {
        isExhausted = true
        return nil
      }
      let key = RequestKey(errand.request)
      if let twin = open[key] {
        twin.twins += 1
      } else if let fate = closed[key] {
        count(fate, 1)
      } else {
        let undertaking = Undertaking(errand)
        open[key] = undertaking
        return undertaking
      }
    }
    return nil
  }

  private func begin(_ undertaking: Undertaking, _ tokens: Attempt.Tokens, on server: Int) {
    let attempt = Attempt(
      id: nextAttempt, asking: asking, request: undertaking.errand.request,
      seed: undertaking.errand.seed.id, server: servers[server].url, started: timestamp(),
      tokens: tokens, cost: cost(of: tokens))
    nextAttempt += 1
    budget.add(tokens, cost: attempt.cost)
    servers[server].turn = attempt.id
    flights[attempt.id] = Flight(
      undertaking: undertaking, server: server, turn: servers[server].throttle.sent(),
      attempt: attempt)
    recorder.add(.begun(attempt))
  }

  private func send(_ number: Int64) {
    guard let flight = flights[number] else { return }
    guard halt == nil else {
      flights[number] = nil
      servers[flight.server].throttle.over()
      var attempt = flight.attempt
      attempt.problem = "never sent"
      settle(attempt, .abandoned, Attempt.Tokens(prompt: 0, completion: 0, usage: .none))
      return
    }
    let body = flight.attempt.request.body(
      isStreamed: true, asksForUsage: plan.question.asksForUsage)
    flights[number]?.sending = client.send(number, body: body, to: flight.server)
  }

  // MARK: - What comes back

  private func textCame(_ number: Int64, at now: Double) {
    lastSign = now
    hasAnswer = true
    guard let flight = flights[number], !flight.isCounted else { return }
    flights[number]?.isCounted = true
    servers[flight.server].throttle.answered(flight.turn, at: now)
  }

  private func ended(_ number: Int64, _ ending: Ending, at now: Double) {
    guard let flight = flights.removeValue(forKey: number) else { return }
    let reply = ending.reply
    servers[flight.server].throttle.over()
    var attempt = flight.attempt
    attempt.status = reply.status
    attempt.response = reply.response
    attempt.problem = reply.problem
    attempt.firstByteMilliseconds = ending.firstByte.map { Int($0 * 1000) }
    attempt.milliseconds = Int(ending.seconds * 1000)
    if reply.status != nil { hasHeard = true }
    if ending.problem != .unreachable { firstMiss = nil }
    switch reply.result {
    case .answer(let completion): answered(flight, attempt, completion, at: now)
    case _ where ending.problem == .abandoned:
      settle(attempt, .abandoned, usage(of: attempt.request).estimate(textCount: reply.textCount))
    case .broken, .error:
      if ending.problem == .timedOut { servers[flight.server].throttle.timedOut(at: now) }
      let isError = if case .error = reply.result { true } else { false }
      failed(
        flight, attempt, isError ? .failed : .broken,
        usage(of: attempt.request).estimate(textCount: reply.textCount), at: now)
      if ending.problem == nil { failedEarly(attempt, at: flight.server) }
    case .status(let pause, let location):
      turnedAway(flight, attempt, pause: pause, location: location, at: now)
    case .nothing: nothingCame(flight, attempt, ending, at: now)
    }
  }

  private func answered(
    _ flight: Flight, _ attempt: Attempt, _ completion: Completion, at now: Double
  ) {
    lastSign = now
    hasAnswer = true
    servers[flight.server].answered(flight.turn, isCounted: flight.isCounted, at: now)
    var attempt = attempt
    attempt.state = .answered
    attempt.finishReason = completion.finishReason
    attempt.tokens = usage(of: attempt.request).tokens(of: completion)
    if attempt.tokens.usage == .estimated {
      noteOnce(
        "usage \(flight.server)",
        "\(servers[flight.server].url) does not say how many tokens it used, or says what cannot"
          + " be; they are estimated at four bytes each")
    }
    attempt.cost = cost(of: attempt.tokens)
    replaceReservation(of: flight.attempt, by: attempt)
    cost += attempt.cost ?? 0
    settling[attempt.id] = (flight.undertaking, nil)
    recorder.add(.answered(attempt, completion, flight.undertaking.errand.seed))
  }

  private func usage(of request: TeacherRequest) -> UsageCheck {
    UsageCheck(request, maxTokens: plan.question.maxTokens)
  }

  private func turnedAway(
    _ flight: Flight, _ attempt: Attempt, pause: Double?, location: String?, at now: Double
  ) {
    let status = attempt.status ?? 0
    let words = "status \(status)" + (attempt.problem.map { ": \($0)" } ?? "")
    let server = flight.server
    let nothing = Attempt.Tokens(prompt: 0, completion: 0, usage: .none)
    servers[server].lastWords = words
    var attempt = attempt
    attempt.problem = words
    switch status {
    case 429, 503, 529:
      servers[server].throttle.heard()
      servers[server].throttle.refused(at: now, pause: pause, jitter: jitter.next())
      noteOnce(
        "full \(server)",
        "\(servers[server].url) is full (\(words))"
          + (pause.map { ", and wants to be left alone for \(Int($0.rounded(.up))) s" } ?? "")
          + "; it gets fewer requests at once")
      sendAgain(flight.undertaking, due: now)
      settle(attempt, .failed, nothing)
    case 400, 413, 422:
      servers[server].throttle.heard()
      settling[attempt.id] = (flight.undertaking, .refused)
      settle(attempt, .refused, nothing)
      if !hasAnswer, earlyRefused.insert(attempt.request.hash).inserted,
        earlyRefused.count == Self.earlyRefusalLimit
      {
        stop(
          "\(servers[server].url) refuses every request (\(words))",
          advice: "make the recipe's 'teacher' such that it does not")
      }
    case 408, 425, 500...:
      failed(flight, attempt, .failed, nothing, at: now)
      if status >= 500 { failedEarly(attempt, at: flight.server) }
    default:
      settle(attempt, .failed, nothing)
      stop(
        "\(servers[server].url) answered with \(words)", advice: advice(on: status, location))
    }
  }

  private func advice(on status: Int, _ location: String?) -> String {
    switch status {
    case 401, 403:
      plan.servers.keyVariable.map { "the key comes from the environment variable \($0)" }
        ?? "the recipe names no 'key', which is the name of an environment variable"
    case 402: "pay there"
    case 300..<400:
      "it points to \(quoted(location ?? "nothing")), which is not followed, as the key would go"
        + " there; if that is right, make it the base URL"
    default:
      "look whether 'model' is its name for the model, and whether the base URL ends as the server"
        + " wants it, such as in /v1"
    }
  }

  /// Where no request has been answered yet, so many failures are no accident.
  private func failedEarly(_ attempt: Attempt, at server: Int) {
    guard !hasAnswer else { return }
    earlyFailures[server] += 1
    earlyFailing.insert(attempt.request.hash)
    guard earlyFailures.allSatisfy({ $0 >= Self.earlyFailureLimit }),
      earlyFailing.count >= min(Self.earlyFailureLimit, errandCount)
    else { return }
    stop(
      "\(attempt.server) fails at every request (\(attempt.problem ?? "without a word"))",
      advice: "look into its log, and whether it has the model: some say so of one that they do not"
        + " have")
  }

  private func nothingCame(
    _ flight: Flight, _ attempt: Attempt, _ ending: Ending, at now: Double
  ) {
    let server = flight.server
    servers[server].lastWords = attempt.problem
    let nothing = Attempt.Tokens(prompt: 0, completion: 0, usage: .none)
    switch ending.problem {
    case .unreachable:
      servers[server].throttle.missed(
        at: now, jitter: jitter.next(), longest: hasHeard ? nil : patience.unreachable / 5)
      sendAgain(flight.undertaking, due: now)
      settle(attempt, .failed, nothing)
      missed(at: now)
    case .cut
    where servers[server].hasAnswered && !flight.undertaking.isReconnected
      && ending.seconds < Self.staleSeconds:
      flight.undertaking.isReconnected = true
      sendAgain(flight.undertaking, due: now)
      settle(attempt, .failed, nothing)
    default:
      if ending.problem == .timedOut { servers[server].throttle.timedOut(at: now) }
      failed(flight, attempt, .failed, usage(of: attempt.request).estimate(textCount: 0), at: now)
    }
  }

  /// Where nobody has ever said anything, and nobody can be reached for a while, nobody is there.
  private func missed(at now: Double) {
    let first = firstMiss ?? now
    firstMiss = first
    guard !hasHeard, now - first >= patience.unreachable,
      servers.allSatisfy({ $0.throttle.misses > 0 })
    else { return }
    stop(
      lastWords ?? "no server can be reached", advice: "see that it runs, and that the URL is right"
    )
    abandon()
  }

  /// Counts to the request's retries.
  private func failed(
    _ flight: Flight, _ attempt: Attempt, _ state: Attempt.State, _ tokens: Attempt.Tokens,
    at now: Double
  ) {
    let undertaking = flight.undertaking
    servers[flight.server].lastWords = attempt.problem
    undertaking.failures += 1
    if undertaking.failures < plan.limits.retries {
      let backOff = patience.backOff * Double(1 << min(undertaking.failures - 1, 20))
      sendAgain(
        undertaking,
        due: now + min(patience.longestBackOff, backOff) * (1 - jitter.next() / 2))
    } else {
      outcome.failed[attempt.request.hash] = attempt.problem ?? "failed"
      settling[attempt.id] = (undertaking, .failed)
    }
    settle(attempt, state, tokens)
    servers[flight.server].failuresInARow += 1
    let isBetterElsewhere = servers.contains {
      $0.failuresInARow < Self.failureLimit && $0.throttle.misses == 0
    }
    let limit = isBetterElsewhere ? Self.failureLimit : Self.lonelyFailureLimit
    if servers[flight.server].failuresInARow >= limit {
      servers[flight.server].throttle.missed(at: now, jitter: jitter.next())
      noteOnce(
        "failing \(flight.server)",
        "\(servers[flight.server].url) does nothing but fail (\(attempt.problem ?? "")); it gets a"
          + " request now and then until it answers")
    }
  }

  private func sendAgain(_ undertaking: Undertaking, due: Double) {
    progress.retries += 1
    queue.add(undertaking, due: due)
  }

  /// Records how an attempt without an answer ended.
  private func settle(_ attempt: Attempt, _ state: Attempt.State, _ tokens: Attempt.Tokens) {
    var ended = attempt
    ended.state = state
    ended.tokens = tokens
    ended.cost = cost(of: tokens)
    replaceReservation(of: attempt, by: ended)
    cost += ended.cost ?? 0
    recorder.add(.ended(ended))
  }

  private func replaceReservation(of begun: Attempt, by ended: Attempt) {
    budget.remove(begun.tokens, cost: begun.cost)
    budget.add(ended.tokens, cost: ended.cost)
  }

  private func cost(of tokens: Attempt.Tokens) -> Double? {
    plan.prices?.cost(prompt: tokens.prompt, completion: tokens.completion)
  }

  // MARK: - What is on disk

  private func recorded(_ reasons: [String?], at now: Double) {
    var reasons = reasons.makeIterator()
    for item in recorder.written() {
      let number = item.attempt.id
      switch item {
      case .begun: send(number)
      case .ended:
        guard let (undertaking, fate) = settling.removeValue(forKey: number), let fate else {
          continue
        }
        close(undertaking, fate)
      case .answered(let attempt, _, _):
        meter.count(answers: 1, tokens: attempt.tokens.completion, at: now)
        guard let reason = reasons.next(),
          let (undertaking, _) = settling.removeValue(forKey: number)
        else { continue }
        if reason == nil {
          close(undertaking, .accepted)
        } else {
          undertaking.rejected += 1
          if undertaking.rejected < plan.limits.attempts {
            queue.add(undertaking, due: now)
          } else {
            close(undertaking, .rejected)
          }
        }
      }
    }
  }

  private func close(_ undertaking: Undertaking, _ fate: Fate) {
    let key = RequestKey(undertaking.errand.request)
    open[key] = nil
    closed[key] = fate
    count(fate, 1 + undertaking.twins)
    meter.count(done: 1 + undertaking.twins, at: seconds())
  }

  private func count(_ fate: Fate, _ errands: Int) {
    progress.done += errands
    switch fate {
    case .accepted: progress.accepted += errands
    case .rejected: progress.rejected += errands
    case .refused: progress.refused += errands
    case .failed: progress.failed += errands
    }
  }

  // MARK: - What happens by itself

  private func look(at now: Double) {
    lastLook = now
    for flight in flights.values {
      guard let sending = flight.sending else { continue }
      lastSign = max(lastSign, sending.lastTextHeard)
      if now - sending.lastHeard >= plan.servers.timeout { sending.stop(.timedOut) }
      if sending.isWhole, now - sending.lastHeard >= Self.farewellSeconds { sending.stop(.useless) }
    }
    heed(signals)
    guard halt == nil else { return }
    if now - lastSign >= plan.servers.silence {
      stop(
        "no server has answered for \(JSON.real(plan.servers.silence).compact) s"
          + (lastWords.map { " (\($0))" } ?? ""),
        advice: "look after them, or let the recipe's 'silence' be longer")
      abandon()
    }
  }

  private func heed(_ signals: Signals) {
    if isInterrupted {
      if signals.isInsisting(), notes.insert("abandoned").inserted { abandon() }
    } else if let signal = signals.first() {
      isInterrupted = true
      halt = halt ?? .stop(.interrupted(signal: signal))
      signals.watchForAnother()
      if !flights.isEmpty {
        listener.note(
          "Nothing more is sent. Waiting for \(flights.count) in flight; Ctrl-C again abandons them,"
            + " though they may have to be paid for.")
      }
    }
  }

  /// What the servers said last.
  private var lastWords: String? {
    let words = servers.compactMap { server in
      server.lastWords.map { "\(server.url): \($0)" }
    }
    return words.isEmpty ? nil : words.joined(separator: "; ")
  }

  /// Nothing more is sent. The first reason counts.
  private func stop(_ reason: String, advice: String) {
    guard halt == nil else { return }
    halt = .failure(
      AskingError("\(reason); \(advice); run the same again then: what was answered is kept"))
    if hasAnswer, !flights.isEmpty {
      listener.note("Nothing more is sent: \(reason). Waiting for \(flights.count) in flight.")
    }
  }

  private func abandon() {
    for flight in flights.values { flight.sending?.stop(.abandoned) }
  }

  private func noteOnce(_ key: String, _ text: String) {
    if notes.insert(key).inserted { listener.note(text) }
  }

  private func report(at now: Double, isLast: Bool = false) {
    guard isLast || now - lastProgress >= Self.lookSeconds else { return }
    lastProgress = now
    progress.left = max(0, errandCount - progress.done)
    progress.inFlight = flights.count
    let rates = meter.rates(at: now)
    progress.requestsPerSecond = rates.answers
    progress.tokensPerSecond = rates.tokens
    progress.secondsLeft = rates.done > 0 ? Double(progress.left) / rates.done : nil
    if plan.prices != nil {
      progress.cost = cost
      progress.expectedCost =
        progress.done > 0
        ? cost + cost / Double(progress.done) * Double(progress.left) : nil
    }
    listener.progress(progress)
  }
}

/// Half of a request's hash, which is enough to tell one from another, in a quarter of the memory.
private struct RequestKey: Hashable {
  private let first, second: UInt64

  init(_ request: TeacherRequest) {
    first = UInt64(request.hash.prefix(16), radix: 16) ?? 0
    second = UInt64(request.hash.dropFirst(16).prefix(16), radix: 16) ?? 0
  }
}

/// One of a teacher's servers, as the loop sees it.
private struct Server {
  let url: String
  var throttle: Throttle
  /// The latest attempt that went there.
  var turn: Int64 = 0
  /// What it said when it last gave no answer.
  var lastWords: String?
  var hasAnswered = false
  var failuresInARow = 0

  init(_ url: String, concurrency: Int) {
    self.url = url
    throttle = Throttle(ceiling: concurrency)
  }

  mutating func answered(_ turn: Int, isCounted: Bool, at now: Double) {
    hasAnswered = true
    failuresInARow = 0
    throttle.heard()
    if !isCounted { throttle.answered(turn, at: now) }
  }
}
