internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// Ctrl-C and SIGTERM as a question that work asks between two pieces.
package enum Interruption {
  private static let signal = Atomic<Int32>(0)
  private static let another = Atomic<Bool>(false)

  /// From now on the first signal asks the work to stop; a second one ends the process at once.
  package static func watch() {
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number) { number in
        Interruption.signal.store(number, ordering: .relaxed)
        Glibc.signal(number, SIG_DFL)
      }
    }
  }

  /// For one who needs time to end, after the first signal: the next one is kept for `isInsisting`,
  /// and only the one after that ends the process at once.
  package static func watchForAnother() {
    guard signal.load(ordering: .relaxed) != 0 else { return }
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number) { number in
        Interruption.another.store(true, ordering: .relaxed)
        Glibc.signal(number, SIG_DFL)
      }
    }
  }

  /// Whether somebody will not wait.
  package static var isInsisting: Bool { another.load(ordering: .relaxed) }

  /// Throws once a signal has come.
  package static func check() throws(Interrupted) {
    let number = signal.load(ordering: .relaxed)
    if number != 0 { throw Interrupted(signal: number) }
  }
}

/// The work was asked to stop, and did, leaving nothing half-done.
package struct Interrupted: Error {
  package var signal: Int32

  package init(signal: Int32) { self.signal = signal }
}
