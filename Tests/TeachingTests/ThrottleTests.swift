import Testing

@testable import Teaching

struct ThrottleTests {
  /// Sends as many as it may, at that time; returns their numbers.
  private func fill(_ throttle: inout Throttle, at now: Double) -> [Int] {
    var numbers: [Int] = []
    while throttle.room(at: now) > 0 { numbers.append(throttle.sent()) }
    return numbers
  }

  private func answer(
    _ throttle: inout Throttle, _ numbers: some Sequence<Int>, at now: Double = 0
  ) {
    for number in numbers {
      throttle.answered(number, at: now)
      throttle.over()
    }
  }

  @Test func `a round of answers doubles it, up to the ceiling`() {
    var throttle = Throttle(ceiling: 100)
    var rounds: [Int] = []
    for round in 0..<5 {
      let numbers = fill(&throttle, at: Double(round))
      rounds.append(numbers.count)
      answer(&throttle, numbers)
    }
    #expect(rounds == [16, 32, 64, 100, 100])
    let small = Throttle(ceiling: 2)
    #expect(small.room(at: 0) == 2)
  }

  @Test func `a limit that is not reached does not rise`() {
    var throttle = Throttle(ceiling: 100)
    answer(&throttle, fill(&throttle, at: 0))
    #expect(throttle.limit == 32)
    for _ in 0..<50 {
      let numbers = (0..<31).map { _ in throttle.sent() }
      answer(&throttle, numbers)
    }
    #expect(throttle.limit == 32)
  }

  @Test func `refusals within a second are one, and from then on a round brings one more`() {
    var throttle = Throttle(ceiling: 100)
    answer(&throttle, fill(&throttle, at: 0))
    var numbers = fill(&throttle, at: 1)
    #expect(numbers.count == 32)
    for place in 0..<10 {
      throttle.over()
      throttle.refused(at: 1 + Double(place) / 20, pause: nil, jitter: 0)
    }
    #expect(throttle.limit == 32 * 0.7)
    throttle.over()
    throttle.timedOut(at: 2.1)
    #expect(throttle.limit == 32 * 0.7 * 0.7)
    answer(&throttle, numbers.dropFirst(11), at: 2.1)
    numbers = fill(&throttle, at: 2.1)
    let limit = throttle.limit
    #expect(numbers.count == Int(limit))
    answer(&throttle, numbers, at: 2.1)
    #expect(throttle.limit > limit + 0.9 && throttle.limit < limit + 1)
  }

  @Test func `it comes back in seconds to where it fell, and not much further at once`() {
    var throttle = Throttle(ceiling: 1000)
    for _ in 0..<5 { answer(&throttle, fill(&throttle, at: 0)) }
    #expect(throttle.limit == 512)
    throttle.timedOut(at: 10)
    var limits: [Int] = []
    for second in 0..<12 {
      // Answers that take long: a tenth of those in flight each second.
      let now = 10 + Double(second)
      let numbers = fill(&throttle, at: now)
      answer(&throttle, numbers.suffix(60), at: now)
      limits.append(Int(throttle.limit))
      for _ in 0..<throttle.inFlight { throttle.over() }
    }
    #expect(limits == [358, 413, 453, 480, 498, 507, 511, 512, 512, 514, 520, 532])
  }

  @Test func `it never falls below one`() {
    var throttle = Throttle(ceiling: 4)
    for second in 0..<20 { throttle.timedOut(at: Double(second) * 2) }
    #expect(throttle.limit == 1 && throttle.room(at: 100) == 1)
  }

  @Test func `a pause that the server asks for is kept`() {
    var throttle = Throttle(ceiling: 100)
    _ = throttle.sent()
    throttle.over()
    throttle.refused(at: 10, pause: 7, jitter: 0)
    #expect(throttle.room(at: 16.9) == 0)
    #expect(throttle.room(at: 17) == 5)
    throttle.refused(at: 11, pause: 3, jitter: 0)
    #expect(throttle.room(at: 16.9) == 0)
  }

  @Test func `where all is refused pauses double and tries halve, and an answer ends that`() {
    var throttle = Throttle(ceiling: 100)
    var now = 0.0
    var pauses: [Double] = []
    var tries: [Int] = []
    for _ in 0..<11 {
      tries.append(fill(&throttle, at: now).count)
      for _ in 0..<throttle.inFlight {
        throttle.over()
        throttle.refused(at: now, pause: nil, jitter: 0)
      }
      pauses.append(((throttle.pausedUntil - now) * 10).rounded() / 10)
      now = throttle.pausedUntil
    }
    #expect(pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30])
    #expect(tries == [16, 5, 2, 1, 1, 1, 1, 1, 1, 1, 1])
    answer(&throttle, [throttle.sent()])
    #expect(throttle.room(at: now) == Int(throttle.limit))
    throttle.refused(at: now, pause: nil, jitter: 1)
    #expect(abs(throttle.pausedUntil - now - 0.05) < 1e-9)
  }

  @Test func `refusals in a full house are no reason to pause`() {
    var throttle = Throttle(ceiling: 100)
    _ = fill(&throttle, at: 0)
    for _ in 0..<4 {
      throttle.over()
      throttle.refused(at: 1, pause: nil, jitter: 0)
    }
    #expect(throttle.pausedUntil == 0)
  }

  @Test func `a server that is not reached gets one request at a time, ever more rarely`() {
    var throttle = Throttle(ceiling: 100)
    #expect(fill(&throttle, at: 0).count == 16)
    for _ in 0..<16 {
      throttle.over()
      throttle.missed(at: 0, jitter: 0)
    }
    #expect(throttle.pausedUntil == 0.5 && throttle.room(at: 0.4) == 0)
    #expect(fill(&throttle, at: 0.5).count == 1)
    throttle.over()
    throttle.missed(at: 0.5, jitter: 1)
    #expect(throttle.pausedUntil == 1)
    throttle.heard()
    #expect(throttle.room(at: 1) == 16)
  }
}
