internal import Synchronization

#if canImport(Glibc)
  internal import Glibc
#endif

/// Ctrl-C and SIGTERM as a question that work asks between two pieces.
package enum Interruption {
  private static let signal = Atomic<Int32>(0)

  /// From now on the first signal asks the work to stop; a second one ends the process at once.
  package static func watch() {
    for number in [SIGINT, SIGTERM] {
      Glibc.signal(number) { number in
        Interruption.signal.store(number, ordering: .relaxed)
        Glibc.signal(number, SIG_DFL)
      }
    }
  }

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
