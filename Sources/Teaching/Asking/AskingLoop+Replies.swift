internal import Files
internal import Notation

/// What comes back, and what is done about it.
extension AskingLoop {
  private static let earlyFailureLimit = 8
  private static let earlyRefusalLimit = 5
  /// Failures in a row after which a server is left alone, while others do better and if not.
  private static let failureLimit = 4
  private static let lonelyFailureLimit = 200
  /// A connection that breaks so soon was closed while it was idle.
  private static let staleSeconds = 2.0

  func textCame(_ number: Int64, at now: Double) {
    lastSign = now
    hasAnswer = true
    guard let flight = flights[number], !flight.isCounted else { return }
    flights[number]?.isCounted = true
    servers[flight.server].throttle.answered(flight.turn, at: now)
  }

  func ended(_ number: Int64, _ ending: Ending, at now: Double) {
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
}
