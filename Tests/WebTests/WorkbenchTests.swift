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
      }?.value
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
      }?.value
    }
    var isTold = false
    while !isTold {
      do { _ = try value() } catch is Failure { isTold = true }
    }
    while try value() == nil {}
    #expect(try value() == 7)
  }

  @Test func `one work goes on at a time, few wait, and the oldest values are forgotten`() throws {
    let workbench = Workbench()
    let (begun, overlaps, running) = (Counter(), Counter(), NSLock())
    let gate = DispatchSemaphore(value: 0)
    for number in 0..<50 {
      let value = try workbench.value("\(number)", isPatient: false) {
        _ = begun.next()
        let isAlone = running.try()
        if !isAlone { _ = overlaps.next() }
        gate.wait()
        if isAlone { running.unlock() }
        return number
      }
      #expect(value == nil)
    }
    for _ in 0..<50 { gate.signal() }
    let again = Counter()
    for number in 0..<200 {
      while try workbench.value("next \(number)", { again.next() }) == nil {}
    }
    #expect(begun.value <= 9)
    #expect(overlaps.value == 0)
    let before = again.value
    while try workbench.value("next 199", { again.next() }) == nil {}
    #expect(again.value == before)
    while try workbench.value("next 0", { again.next() }) == nil {}
    #expect(again.value == before + 1)
  }

  @Test func `while the state changes the last value is had, and only the newest worked out`()
    throws
  {
    let (workbench, state, gate) = (Workbench(), Counter(), DispatchSemaphore(value: 0))
    let begun = Counter()
    func value() throws -> (value: Int, isCurrent: Bool)? {
      try workbench.value("a", of: "\(state.value)", isPatient: false) {
        _ = begun.next()
        gate.wait()
        return state.value
      }
    }
    func settle() throws -> Int {
      while true {
        if let value = try value(), value.isCurrent { return value.value }
        Thread.sleep(forTimeInterval: 0.001)
      }
    }
    #expect(try value() == nil)
    gate.signal()
    #expect(try settle() == 0)
    // The work of state 1 is held; all states up to 5 come and go meanwhile.
    _ = state.next()
    while begun.value < 2 { #expect(try value()?.isCurrent == false) }
    for _ in 2...5 {
      _ = state.next()
      let old = try value()
      #expect(old?.value == 0 && old?.isCurrent == false)
    }
    #expect(begun.value == 2)
    gate.signal()
    gate.signal()
    #expect(try settle() == 5)
    #expect(begun.value == 3)
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
