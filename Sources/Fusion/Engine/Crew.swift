internal import Foundation
internal import Synchronization

/// The workers of a merge with the memory that each of them owns.
package final class Crew: Sendable {
  package let workers: Int
  let scratch: [Scratch]

  package init(workers: Int) {
    self.workers = max(1, workers)
    scratch = (0..<self.workers).map { _ in Scratch() }
  }

  /// Deals the numbers from 0 on out to all workers, each to whoever is free, in order.
  ///
  /// After an error no more are dealt out; of several errors that of the lowest number is thrown.
  package func share(
    _ count: Int, _ body: @escaping @Sendable (_ number: Int, _ worker: Int) throws -> Void
  ) throws {
    let next = Atomic<Int>(0)
    let failure = Mutex<(number: Int, error: any Error)?>(nil)
    @Sendable func work(_ worker: Int) {
      while true {
        let number = next.add(1, ordering: .relaxed).oldValue
        guard number < count else { return }
        do {
          try body(number, worker)
        } catch {
          next.store(count, ordering: .relaxed)
          failure.withLock { first in
            if first.map({ number < $0.number }) ?? true { first = (number, error) }
          }
        }
      }
    }
    // The caller is worker 0; the others end before this returns.
    let others = max(0, min(workers, count) - 1)
    let done = DispatchSemaphore(value: 0)
    for worker in 0..<others {
      Thread {
        work(worker + 1)
        done.signal()
      }.start()
    }
    work(0)
    for _ in 0..<others { done.wait() }
    if let failure = failure.withLock({ $0 }) { throw failure.error }
  }
}

/// Memory that one worker uses again for every tensor; it grows and is never cleared.
///
/// Sound to share: each is used by the one worker whose number it has.
final class Scratch: @unchecked Sendable {
  private var regions: [UnsafeMutableRawBufferPointer] = Array(
    repeating: UnsafeMutableRawBufferPointer(start: nil, count: 0), count: Use.allCases.count)

  enum Use: Int, CaseIterable { case stored, cached, intermediate, values, room, floats, output }

  deinit { for region in regions { region.deallocate() } }

  /// At least so many bytes for this use; what was there before is lost when it grows.
  func bytes(_ use: Use, _ count: Int) -> UnsafeMutableRawPointer {
    if regions[use.rawValue].count < count {
      regions[use.rawValue].deallocate()
      regions[use.rawValue] = .allocate(byteCount: count, alignment: 64)
    }
    // A region of no bytes still has to have an address.
    return regions[use.rawValue].baseAddress ?? UnsafeMutableRawPointer(bitPattern: 64)!
  }

  func doubles(_ use: Use, _ count: Int) -> UnsafeMutablePointer<Double> {
    bytes(use, count * 8).assumingMemoryBound(to: Double.self)
  }
}

/// A value of each worker's own, for what is added up after a pass.
///
/// Sound to share: each is used by the one worker whose number it has, and read when all are done.
final class PerWorker<Value>: @unchecked Sendable {
  private let places: UnsafeMutableBufferPointer<Value>

  init(_ workers: Int, _ value: Value) {
    places = .allocate(capacity: workers)
    places.initialize(repeating: value)
  }

  deinit {
    places.deinitialize()
    places.deallocate()
  }

  subscript(worker: Int) -> Value {
    get { places[worker] }
    _modify { yield &places[worker] }
  }

  var all: [Value] { Array(places) }
}
