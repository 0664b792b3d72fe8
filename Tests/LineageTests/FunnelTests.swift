import Foundation
import Testing

@testable import Lineage

struct FunnelTests {
  @Test func `counts of several sources are added`() {
    var first = Funnel.Source(name: "a", steps: [])
    first.counts.read = 3
    first.counts.kept = 2
    first.counts.seeds = 1
    var second = Funnel.Source(name: "b", steps: [])
    second.counts.read = 6
    second.counts.quarantined = 1
    second.counts.dropped = 2
    second.counts.duplicates = 3
    var branch = Funnel.Branch(name: "x")
    branch.sources = [first, second]
    var total = Funnel.Counts()
    total.read = 9
    total.kept = 2
    total.seeds = 1
    total.quarantined = 1
    total.dropped = 2
    total.duplicates = 3
    #expect(branch.total == total)
    #expect(branch.total.isBalanced)
    total.read = 10
    #expect(!total.isBalanced)
  }

  @Test func `a funnel is read from what it is written as`() throws {
    let folder = try Scratch()
    let funnel = try Book(Ledger(writing: folder.ledger, isDurable: false)).funnelOfFour
    let data = try JSONEncoder().encode(funnel)
    #expect(try JSONDecoder().decode(Funnel.self, from: data) == funnel)
  }

  static let miscounted =
    "the ledger's rows do not give the funnel that was counted; this is a bug"
  static let contradiction = "1 fates in the ledger contradict themselves; this is a bug"

  /// Two samples, one kept and one dropped, with something wrong; and what the ledger says to it.
  static let wrong: [(name: String, expected: String, record: @Sendable (Book) throws -> Funnel)] =
    [
      (
        "a counter is wrong", miscounted,
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.kept(1), book.dropped()])
          try book.finish(rows: 2, kept: 1)
          return book.funnel {
            $0.read = 2
            $0.kept = 2
          }
        }
      ),
      (
        "a fate is not recorded", miscounted,
        { book in
          try book.recorder.record([book.sample(1, id: "a")], [book.kept(1)])
          try book.recorder.record([book.sample(2, id: "b")], [])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
      (
        "a fate is not recorded and not counted",
        "math, pool: read 2 samples, and their fates do not add up to that; this is a bug",
        { book in
          try book.recorder.record([book.sample(1, id: "a")], [book.kept(1)])
          try book.recorder.record([book.sample(2, id: "b")], [])
          try book.finish(rows: 2, kept: 1)
          return book.funnel {
            $0.read = 2
            $0.kept = 1
          }
        }
      ),
      (
        "a sample is of a file that was not read",
        "the ledger has a sample of a file that the run did not read",
        { book in
          var stray = book.sample(2, id: "b")
          stray.file = 99
          try book.recorder.record(
            [book.sample(1, id: "a"), stray], [book.kept(1), book.dropped()])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
      (
        "a kept sample is in no output", contradiction,
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.fate(.kept), book.dropped()])
          try book.finish(rows: 2, kept: 0)
          return balanced(book)
        }
      ),
      (
        "a dropped sample is in an output", contradiction,
        { book in
          var both = book.kept(2)
          both.fate = .dropped
          both.step = book.filter
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.kept(1), both])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
      (
        "a kept sample has no row", contradiction,
        { book in
          var kept = book.kept(1)
          kept.output = nil
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [kept, book.dropped()])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
      (
        "no step dropped a dropped sample", miscounted,
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.kept(1), book.fate(.dropped)])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
      (
        "a duplicate is of nothing", contradiction,
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")],
            [book.kept(1), book.fate(.duplicate)])
          try book.finish(rows: 2, kept: 1)
          return book.funnel {
            $0.read = 2
            $0.kept = 1
            $0.duplicates = 1
          }
        }
      ),
      (
        "a duplicate is of a later sample", contradiction,
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")],
            [book.duplicate(of: 2), book.kept(1)])
          try book.finish(rows: 2, kept: 1)
          return book.funnel {
            $0.read = 2
            $0.kept = 1
            $0.duplicates = 1
          }
        }
      ),
      (
        "an output has more rows than there are kept samples",
        "branches/math/train.jsonl has 2 rows, the ledger 1; this is a bug",
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.kept(1), book.dropped()])
          try book.finish(rows: 2, kept: 2)
          return balanced(book)
        }
      ),
      (
        "an output's rows are not numbered on",
        "branches/math/train.jsonl has 1 rows, the ledger 1; this is a bug",
        { book in
          try book.recorder.record(
            [book.sample(1, id: "a"), book.sample(2, id: "b")], [book.kept(2), book.dropped()])
          try book.finish(rows: 2, kept: 1)
          return balanced(book)
        }
      ),
    ]

  private static func balanced(_ book: Book) -> Funnel {
    book.funnel {
      $0.read = 2
      $0.kept = 1
      $0.dropped = 1
    }
  }

  @Test(arguments: wrong.indices)
  func `book-keeping that does not hold fails the commit and leaves nothing`(index: Int) throws {
    let (name, expected, record) = Self.wrong[index]
    let folder = try Scratch()
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    do {
      let book = try Book(ledger)
      let funnel = try record(book)
      #expect(message { try book.recorder.commit(expecting: funnel) } == expected, "\(name)")
    }
    #expect(try query("SELECT count(*) FROM run", folder.ledger) == ["0"], "\(name)")
  }
}
