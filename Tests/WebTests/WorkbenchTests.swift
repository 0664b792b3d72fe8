import Foundation
import Synchronization
import Testing

@testable import Web

struct WorkbenchTests {
  private struct Failure: Error {}

  @Test func `a value is worked out once, and had by all who come again`() throws {
    let workbench = Workbench()
    let (gate, count) = (DispatchSemaphore(value: 0), Counter())
    func value() throws -> Int? {
      try workbench.value("a", isPatient: false) {
        gate.wait()
        return count.next()
      }
    }
    for _ in 0..<5 { #expect(try value() == nil) }
    gate.signal()
    while try value() == nil { Thread.sleep(forTimeInterval: 0.001) }
    #expect(try value() == 1)
    #expect(try value() == 1)
  }

  @Test func `a failure is told, and tried again`() throws {
    let (workbench, count) = (Workbench(), Counter())
    func value() throws -> Int? {
      try workbench.value("a") {
        guard count.next() > 1 else { throw Failure() }
        return 7
      }
    }
    var isTold = false
    while !isTold {
      do { _ = try value() } catch is Failure { isTold = true }
    }
    while try value() == nil {}
    #expect(try value() == 7)
  }

  @Test func `only so many works go on at a time, and the oldest values are forgotten`() throws {
    let (workbench, gate) = (Workbench(), DispatchSemaphore(value: 0))
    let begun = Counter()
    for number in 0..<50 {
      let value: Int? = try workbench.value("\(number)", isPatient: false) {
        _ = begun.next()
        gate.wait()
        return number
      }
      #expect(value == nil)
    }
    for _ in 0..<50 { gate.signal() }
    let again = Counter()
    for number in 0..<200 {
      while try workbench.value("next \(number)", { again.next() }) == nil {}
    }
    #expect(begun.value <= 6)
    let before = again.value
    while try workbench.value("next 199", { again.next() }) == nil {}
    #expect(again.value == before)
    while try workbench.value("next 0", { again.next() }) == nil {}
    #expect(again.value == before + 1)
  }

  private final class Counter: Sendable {
    private let count = Mutex(0)

    var value: Int { count.withLock { $0 } }

    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }
}
