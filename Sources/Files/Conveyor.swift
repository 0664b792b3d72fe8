internal import Foundation

/// Parallel in the middle, serial at both ends: pieces are filled one after another, worked on by
/// several threads, and collected in the order in which they were filled.
///
/// A thread that is free fills the next piece itself, so its bytes are still in that core's cache
/// when the work begins. The number of pieces bounds the memory.
///
/// Sound to share: all mutable state is guarded by `condition`, filling by `filling`, and a piece is
/// held by one thread at a time.
package final class Conveyor<Piece>: @unchecked Sendable {
  private let condition = NSCondition()
  private let filling = NSLock()
  private var free: [Piece]
  private var done: [Int: Result<Piece, any Error>] = [:]
  private var next = 0
  private var filled: Int?
  private var isStopped = false
  private var running = 0
  private let fill: (Piece) throws -> Bool

  /// `fill` puts the next input into a piece; false when there is none.
  package init(pieces: [Piece], fill: @escaping (Piece) throws -> Bool) {
    free = pieces
    self.fill = fill
  }

  /// Runs to the end, or to the first error in the order of the pieces, which is thrown.
  ///
  /// `makeWork` is called once in each thread and gives what that thread does with a piece.
  package func run(
    workers: Int, makeWork: @escaping @Sendable () -> (Piece) throws -> Void,
    collect: (Piece) throws -> Void
  ) throws {
    running = workers
    for _ in 0..<workers {
      let thread = Thread { [self] in
        let work = makeWork()
        while let (number, piece) = take() {
          let result = piece.flatMap { piece in Result { try work(piece) }.map { piece } }
          condition.withLock {
            done[number] = result
            condition.broadcast()
          }
        }
        condition.withLock {
          running -= 1
          condition.broadcast()
        }
      }
      thread.name = "worker"
      thread.start()
    }
    defer {
      condition.withLock {
        isStopped = true
        condition.broadcast()
        while running > 0 { condition.wait() }
      }
    }
    var number = 0
    while let result = wait(for: number) {
      let piece = try result.get()
      try collect(piece)
      condition.withLock {
        free.append(piece)
        condition.broadcast()
      }
      number += 1
    }
  }

  /// The next piece with its number, filled; nil when there is nothing left to do.
  ///
  /// The piece comes before the number: whoever has the lowest number can always go on.
  private func take() -> (Int, Result<Piece, any Error>)? {
    let piece: Piece? = condition.withLock {
      while free.isEmpty && !isStopped && filled == nil { condition.wait() }
      return isStopped || filled != nil ? nil : free.removeLast()
    }
    guard let piece else { return nil }
    return filling.withLock {
      if condition.withLock({ isStopped || filled != nil }) { return nil }
      let result = Result { try fill(piece) }
      return condition.withLock {
        let number = next
        switch result {
        case .success(false):
          filled = next
          condition.broadcast()
          return nil
        case .success(true):
          next += 1
          return (number, .success(piece))
        case .failure(let error):
          next += 1
          filled = next
          condition.broadcast()
          return (number, .failure(error))
        }
      }
    }
  }

  /// Waits for the result of this number; nil when there is none.
  private func wait(for number: Int) -> Result<Piece, any Error>? {
    condition.withLock {
      while true {
        if let result = done.removeValue(forKey: number) { return result }
        if let filled, number >= filled { return nil }
        condition.wait()
      }
    }
  }
}
