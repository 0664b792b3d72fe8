internal import Curation
internal import Files
internal import Notation

/// Owns all state of an asking, on the thread that runs it; everybody else only writes to its mailbox.
///
/// A request is begun in the store before it is sent, and an errand is done when what became of it is
/// on disk.
final class AskingLoop {
  let plan: TeacherPlan
  private let client: TeacherClient
  private let mailbox: Mailbox
  private let listener: Asker.Listener
  private let asking: Int64
  let errandCount: Int
  let patience: Patience
  private let signals: Signals

  private var budget: Budget
  var recorder: Recorder
  var servers: [Server]
  private var nextAttempt: Int64
  var jitter = Jitter(seed: 0)

  /// Begun and not yet over, by attempt.
  var flights: [Int64: Flight] = [:]
  private var queue = RetryQueue()
  /// What the budget holds back.
  private var held: Undertaking?
  /// Over, and on its way to disk; with the fate that this is, where it is one already.
  var settling: [Int64: (undertaking: Undertaking, fate: Fate?)] = [:]
  /// By the request's hash: not done; done.
  private var open: [RequestKey: Undertaking] = [:]
  private var closed: [RequestKey: Fate] = [:]
  private var isExhausted = false
  private var halt: Halt?
  private var isInterrupted = false

  var outcome = AskingOutcome()
  private var progress = AskingProgress()
  private var meter: Meter
  var cost = 0.0
  private(set) var busySeconds = 0.0
  private var lastProgress = 0.0
  private var lastLook: Double
  private var notes: Set<String> = []

  /// When text or an answer came last; before the first, when the asking began.
  var lastSign: Double
  var hasAnswer = false
  /// Failures before there was any answer, of each server; the requests that failed, or were refused.
  var earlyFailures: [Int]
  var earlyFailing: Set<String> = []
  var earlyRefused: Set<String> = []
  var hasHeard = false
  var firstMiss: Double?

  struct Flight {
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

  enum Fate { case accepted, rejected, refused, failed }

  /// Why nothing more is sent.
  private enum Halt {
    case stop(AskingOutcome.Stop)
    case failure(any Error)
  }

  /// Failed requests that may wait; with more, no new errand is taken on.
  private static let waitingLimit = 4096
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

  func sendAgain(_ undertaking: Undertaking, due: Double) {
    progress.retries += 1
    queue.add(undertaking, due: due)
  }

  /// Records how an attempt without an answer ended.
  func settle(_ attempt: Attempt, _ state: Attempt.State, _ tokens: Attempt.Tokens) {
    var ended = attempt
    ended.state = state
    ended.tokens = tokens
    ended.cost = cost(of: tokens)
    replaceReservation(of: attempt, by: ended)
    cost += ended.cost ?? 0
    recorder.add(.ended(ended))
  }

  func replaceReservation(of begun: Attempt, by ended: Attempt) {
    budget.remove(begun.tokens, cost: begun.cost)
    budget.add(ended.tokens, cost: ended.cost)
  }

  func cost(of tokens: Attempt.Tokens) -> Double? {
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
  var lastWords: String? {
    let words = servers.compactMap { server in
      server.lastWords.map { "\(server.url): \($0)" }
    }
    return words.isEmpty ? nil : words.joined(separator: "; ")
  }

  /// Nothing more is sent. The first reason counts.
  func stop(_ reason: String, advice: String) {
    guard halt == nil else { return }
    halt = .failure(
      AskingError("\(reason); \(advice); run the same again then: what was answered is kept"))
    if hasAnswer, !flights.isEmpty {
      listener.note("Nothing more is sent: \(reason). Waiting for \(flights.count) in flight.")
    }
  }

  func abandon() {
    for flight in flights.values { flight.sending?.stop(.abandoned) }
  }

  func noteOnce(_ key: String, _ text: String) {
    if notes.insert(key).inserted { listener.note(text) }
  }

  private func report(at now: Double, isLast: Bool = false) {
    guard isLast || now - lastProgress >= Self.lookSeconds else { return }
    lastProgress = now
    progress.left = max(0, errandCount - progress.done)
    progress.inFlight = flights.count
    progress.silentSeconds = flights.isEmpty ? 0 : now - lastSign
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
