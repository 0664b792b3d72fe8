internal import NIOCore
internal import Synchronization

/// Everything that the stub's connections share: who came, who is in flight, what became of them.
final class RequestLog: Sendable {
  /// A request on its way to an answer.
  struct Ticket {
    var number: Int
    var hash: UInt64
    var prompt: String
    var attempt: Int
    var fault: Fault?
    /// Where its exchange is kept.
    var place: Int?
    /// The status of one who is turned away.
    var turnedAway: Int?
    var retryAfter = Behaviour.RetryAfter.unsaid
  }

  struct Tally {
    var asked = 0
    var good = 0
    var useless = 0
  }

  private struct State {
    var behaviour: Behaviour
    var counts = StubCounts()
    var exchanges: [Exchange] = []
    var tallies: [UInt64: Tally] = [:]
    var firstRequest: ContinuousClock.Instant?

    mutating func note(
      _ ticket: Ticket, _ outcome: Exchange.Outcome, _ reply: Reply, _ ended: Double
    ) {
      guard let place = ticket.place else { return }
      exchanges[place].outcome = outcome
      exchanges[place].status = reply.status
      exchanges[place].completionTokens = reply.tokens
      exchanges[place].ended = ended
    }
  }

  private let start = ContinuousClock.now
  private let state: Mutex<State>

  init(_ behaviour: Behaviour) { state = Mutex(State(behaviour: behaviour)) }

  var behaviour: Behaviour {
    get { state.withLock { $0.behaviour } }
    set { state.withLock { $0.behaviour = newValue } }
  }
  var counts: StubCounts { state.withLock { $0.counts } }
  var exchanges: [Exchange] { state.withLock { $0.exchanges } }

  func tally(of prompt: String) -> Tally {
    state.withLock { $0.tallies[StubAnswer.hash(prompt, 0, 0)] ?? Tally() }
  }

  func connected() { state.withLock { $0.counts.connections += 1 } }

  /// Counts who comes, and gives him a place or turns him away; without a question with 400.
  func admit(
    _ question: Question?, authorization: String?, body: ByteBuffer
  ) -> (Ticket, Behaviour) {
    let prompt = question?.prompt ?? ""
    let now = ContinuousClock.now
    return state.withLock { state in
      let behaviour = state.behaviour
      let beginning = state.firstRequest ?? now
      state.firstRequest = beginning
      state.counts.requests += 1
      var ticket = Ticket(
        number: state.counts.requests, hash: StubAnswer.hash(prompt, 0, 0), prompt: prompt,
        attempt: 0)
      let storm = behaviour.storms.first {
        switch $0.window {
        case .seconds(let range): range.contains((now - beginning) / .seconds(1))
        case .requests(let range): range.contains(ticket.number)
        }
      }
      if question == nil {
        ticket.turnedAway = 400
      } else if let key = behaviour.key, authorization != "Bearer \(key)" {
        ticket.turnedAway = 401
      } else if let model = behaviour.model, question?.model != model {
        ticket.turnedAway = 404
      } else if let storm {
        ticket.turnedAway = storm.status
        ticket.retryAfter = storm.retryAfter
      } else if state.counts.inFlight >= behaviour.capacity {
        ticket.turnedAway = 429
        ticket.retryAfter = behaviour.retryAfter
      } else {
        state.tallies[ticket.hash, default: Tally()].asked += 1
        ticket.attempt = state.tallies[ticket.hash]!.asked
        ticket.turnedAway = behaviour.refuses(prompt)
        if ticket.turnedAway == nil {
          ticket.fault = behaviour.faults.choose(prompt, ticket.attempt)
        }
      }
      if let status = ticket.turnedAway {
        state.counts.turnedAway[status, default: 0] += 1
      } else {
        state.counts.inFlight += 1
        state.counts.mostInFlight = max(state.counts.mostInFlight, state.counts.inFlight)
      }
      if let fault = ticket.fault { state.counts.faults[fault, default: 0] += 1 }
      if behaviour.keepsExchanges {
        ticket.place = state.exchanges.count
        state.exchanges.append(
          Exchange(
            number: ticket.number, prompt: prompt, body: String(buffer: body),
            authorization: authorization, attempt: ticket.attempt, fault: ticket.fault,
            came: (now - start) / .seconds(1), promptTokens: question?.tokens ?? 0))
      }
      return (ticket, behaviour)
    }
  }

  /// Called before the last bytes go out, so that who has read them finds them counted.
  func ended(_ ticket: Ticket, _ outcome: Exchange.Outcome, _ reply: Reply) {
    let now = ContinuousClock.now
    state.withLock { state in
      if ticket.turnedAway == nil { state.counts.inFlight -= 1 }
      switch (outcome, ticket.fault?.effect) {
      case (.answered, nil), (.answered, .good):
        state.counts.good += 1
        state.tallies[ticket.hash]!.good += 1
        state.counts.completionTokens += reply.tokens
      case (.answered, _):
        state.counts.useless += 1
        state.tallies[ticket.hash]!.useless += 1
        state.counts.completionTokens += reply.tokens
      case (.cutByClient, _): state.counts.cutByClient += 1
      default: break
      }
      state.note(ticket, outcome, reply, (now - start) / .seconds(1))
    }
  }

  /// The client was gone before the last bytes of what counted as an answer.
  func lost(_ ticket: Ticket, _ reply: Reply) {
    let now = ContinuousClock.now
    state.withLock { state in
      if let effect = ticket.fault?.effect, effect != .good {
        state.counts.useless -= 1
        state.tallies[ticket.hash]!.useless -= 1
      } else {
        state.counts.good -= 1
        state.tallies[ticket.hash]!.good -= 1
      }
      state.counts.completionTokens -= reply.tokens
      state.counts.cutByClient += 1
      state.note(ticket, .cutByClient, reply, (now - start) / .seconds(1))
    }
  }
}
