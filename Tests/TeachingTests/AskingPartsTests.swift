import Curation
import Testing

@testable import Teaching

struct BudgetTests {
  private func budget(_ recipe: String, spent: Spending) throws -> Budget {
    let fixture = try AskerFixture()
    fixture.recipe = recipe
    return Budget(try fixture.plan(), spent: spent)
  }

  private func tokens(_ prompt: Int, _ completion: Int, _ usage: Attempt.Usage = .reserved)
    -> Attempt.Tokens
  {
    Attempt.Tokens(prompt: prompt, completion: completion, usage: usage)
  }

  @Test func `what is in flight counts with all that it may take, and then with what it took`()
    throws
  {
    var budget = try budget(
      "budget: {tokens: 1000}", spent: Spending(requests: 3, promptTokens: 50, completionTokens: 50)
    )
    let reserved = tokens(100, 400)
    #expect(budget.lack(for: reserved, cost: nil) == nil)
    budget.add(reserved, cost: nil)
    #expect(
      budget.lack(for: reserved, cost: nil)
        == "tokens: 600 of 1000, and the next request may take 500")
    budget.remove(reserved, cost: nil)
    budget.add(tokens(60, 240, .server), cost: nil)
    #expect(budget.lack(for: reserved, cost: nil) == nil)
    #expect(
      budget.spent == Spending(requests: 4, promptTokens: 110, completionTokens: 290, cost: 0))
    #expect(budget.lack(for: tokens(100, 500), cost: nil) == nil)
    #expect(budget.lack(for: tokens(100, 501), cost: nil) != nil)
  }

  @Test func `what cost nothing is no request`() throws {
    var budget = try budget("budget: {requests: 2}", spent: Spending(requests: 1))
    let reserved = tokens(1, 1)
    budget.add(reserved, cost: nil)
    #expect(budget.lack(for: reserved, cost: nil) == "requests: 2 of 2")
    budget.remove(reserved, cost: nil)
    budget.add(tokens(0, 0, .none), cost: nil)
    #expect(budget.lack(for: reserved, cost: nil) == nil)
  }

  @Test func `money is told in its currency`() throws {
    let budget = try budget(
      "budget: {money: 12.5}\nprices: {prompt: 1, completion: 1, currency: EUR}",
      spent: Spending(requests: 1, cost: 12))
    #expect(budget.lack(for: tokens(1, 1), cost: 0.5) == nil)
    #expect(
      budget.lack(for: tokens(1, 1), cost: 0.50004)
        == "money: 12 of 12.5 EUR, and the next request may cost 0.5")
  }
}

struct RetryQueueTests {
  private func undertaking(_ number: Int) throws -> Undertaking {
    let fixture = try AskerFixture()
    return Undertaking(try fixture.errands(["\(number)"])[0])
  }

  @Test func `the next due comes first, and the first come of several`() throws {
    var queue = RetryQueue()
    let undertakings = try (0..<5).map(undertaking)
    for (undertaking, due) in zip(undertakings, [3.0, 1, 2, 1, 9]) {
      queue.add(undertaking, due: due)
    }
    #expect(queue.nextDue == 1 && queue.next(at: 0.9) == nil)
    var order: [Int] = []
    while let next = queue.next(at: 5) {
      order.append(undertakings.firstIndex { $0 === next }!)
    }
    #expect(order == [1, 3, 2, 0])
    #expect(queue.count == 1 && queue.nextDue == 9)
  }
}

struct MeterTests {
  @Test func `rates are those of the last seconds`() {
    var meter = Meter(at: 100)
    for second in 0..<60 {
      meter.count(answers: second < 40 ? 1 : 3, tokens: 10, done: 1, at: 100 + Double(second))
    }
    let rates = meter.rates(at: 160)
    #expect(abs(rates.answers - 3) < 0.2 && abs(rates.tokens - 10) < 1)
    #expect(abs(rates.done - 1) < 0.1)
    #expect(meter.rates(at: 1000).answers == 0)
  }
}

struct MailboxTests {
  @Test func `events come out in their order, whoever put them in`() async {
    let mailbox = Mailbox()
    await withTaskGroup { group in
      for writer in 0..<4 {
        group.addTask {
          for number in 0..<1000 { mailbox.put(.text(Int64(writer * 1000 + number))) }
        }
      }
    }
    var numbers: [Int64] = []
    while numbers.count < 4000 {
      for case .text(let number) in mailbox.take(within: 1) { numbers.append(number) }
    }
    #expect(Set(numbers).count == 4000)
    for writer in 0..<4 {
      let own = numbers.filter { $0 / 1000 == writer }
      #expect(own == own.sorted())
    }
    #expect(mailbox.take(within: 0).isEmpty)
  }
}
