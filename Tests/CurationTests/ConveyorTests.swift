import Files
import Foundation
import Synchronization
import Testing

struct ConveyorTests {
  private final class Piece {
    var number = -1
    var work = 0
  }

  private struct Broken: Error, Equatable { var number: Int }

  /// Sends numbered pieces through; `errors` are thrown where they stand.
  private func run(
    _ count: Int, workers: Int, pieces: Int? = nil, fillError: Int? = nil, workErrors: [Int] = [],
    collectError: Int? = nil
  ) throws -> (collected: [Int], error: Broken?, threads: Int) {
    var next = 0
    var collected: [Int] = []
    let threads = Atomic(0)
    let conveyor = Conveyor(pieces: (0..<(pieces ?? workers + 2)).map { _ in Piece() }) { piece in
      if next == fillError { throw Broken(number: next) }
      guard next < count else { return false }
      piece.number = next
      next += 1
      return true
    }
    do {
      try conveyor.run(
        workers: workers,
        makeWork: {
          threads.add(1, ordering: .relaxed)
          return { piece in
            // Some take long, by a rule that mixes them up.
            usleep(UInt32(piece.number * 7919 % 13) * 100)
            if workErrors.contains(piece.number) { throw Broken(number: piece.number) }
            piece.work = piece.number * 2
          }
        },
        collect: { piece in
          if piece.number == collectError { throw Broken(number: piece.number) }
          #expect(piece.work == piece.number * 2)
          collected.append(piece.number)
        })
    } catch let error as Broken {
      return (collected, error, threads.load(ordering: .relaxed))
    }
    return (collected, nil, threads.load(ordering: .relaxed))
  }

  @Test(.timeLimit(.minutes(1)), arguments: 1...8)
  func `pieces are collected in the order in which they were filled`(workers: Int) throws {
    let result = try run(100, workers: workers)
    #expect(result.collected == Array(0..<100))
    #expect(result.error == nil)
    #expect(result.threads == workers)
  }

  @Test(.timeLimit(.minutes(1)), arguments: 1...8)
  func `of several errors the first in order is thrown`(workers: Int) throws {
    let result = try run(100, workers: workers, workErrors: [20, 17, 18])
    #expect(result.collected == Array(0..<17))
    #expect(result.error == Broken(number: 17))
  }

  @Test(.timeLimit(.minutes(1)), arguments: 1...8)
  func `an error in filling comes after what was filled before`(workers: Int) throws {
    let result = try run(100, workers: workers, fillError: 30)
    #expect(result.collected == Array(0..<30))
    #expect(result.error == Broken(number: 30))
  }

  @Test(.timeLimit(.minutes(1)), arguments: 1...8)
  func `an error in collecting ends all threads`(workers: Int) throws {
    for pieces in [1, 2, workers + 2] {
      let result = try run(100, workers: workers, pieces: pieces, collectError: 5)
      #expect(result.collected == Array(0..<5))
      #expect(result.error == Broken(number: 5))
    }
  }

  @Test(.timeLimit(.minutes(1)), arguments: [1, 2, 3])
  func `fewer pieces than workers are enough`(pieces: Int) throws {
    #expect(try run(50, workers: 4, pieces: pieces).collected == Array(0..<50))
  }

  @Test(.timeLimit(.minutes(1)), arguments: [0, 1])
  func `little or nothing to do is done`(count: Int) throws {
    #expect(try run(count, workers: 4).collected == Array(0..<count))
  }
}
