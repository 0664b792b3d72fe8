internal import Files
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// A trainer at work in a process group of its own, both its outputs in one log.
///
/// It reads nothing from the terminal, and Ctrl-C there does not reach it but through `wait`.
package struct ChildProcess {
  package let process: Int32
  private let log: String
  private let mark: ProcessMark

  /// How long each of the steps of an ending may take, in seconds.
  package struct Patience: Sendable {
    /// From SIGINT to SIGTERM: a trainer may close its files, and its own children.
    package var interrupt = 30.0
    /// From SIGTERM to SIGKILL.
    package var terminate = 10.0
    /// Between two ticks.
    package var tick = 0.5

    package init() {}
  }

  package enum End: Sendable, Equatable {
    case exit(Int32)
    case signal(Int32)
    /// It was ended after so many seconds without a byte in its log.
    case silent(Double)
  }

  /// Starts it; output goes to the end of the log.
  ///
  /// The lock of the job's folder is handed on to it, and held until it and its children end.
  init(
    _ words: [String], environment: [String: String], log: String, mark: ProcessMark, lock: JobLock
  ) throws(FileError) {
    self.log = log
    self.mark = mark
    let name = words.first ?? ""
    let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard output >= 0 else { throw FileError(log, failedTo: "open it") }
    defer { close(output) }
    let line = "$ \(shellLine(words))\n"
    _ = line.withCString { write(output, $0, line.utf8.count) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, output, 2)
    // Onto itself: the copy of the child stays open over exec.
    posix_spawn_file_actions_adddup2(&actions, lock.descriptor, lock.descriptor)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var defaults = sigset_t()
    sigemptyset(&defaults)
    for number in [SIGINT, SIGTERM, SIGPIPE] { sigaddset(&defaults, number) }
    posix_spawnattr_setsigdefault(&attributes, &defaults)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP) | Int16(POSIX_SPAWN_SETSIGDEF))

    var all = ProcessInfo.processInfo.environment
    for (name, value) in environment where all[name] == nil || name.hasPrefix("BRANCHMERGE_") {
      all[name] = value
    }
    all.merge(mark.variable) { $1 }
    var arguments = words.map { strdup($0) } + [nil]
    var variables = all.sorted { $0.key < $1.key }.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, name, &actions, &attributes, &arguments, &variables)
    guard code == 0 else {
      throw FileError(
        name,
        code == ENOENT
          ? "no program of this name is in PATH; install the trainer, activate its environment, or"
            + " name the program with its path in the recipe's 'command'"
          : "could not start it: \(String(cString: strerror(code)))")
    }
    self.process = process
  }

  /// Waits for its end, with a tick at each interval.
  ///
  /// What `check` or `tick` throws ends it, with SIGINT, then SIGTERM, then SIGKILL, and is thrown
  /// on once it has ended. Whatever it leaves behind is ended too.
  func wait(
    patience: Patience, silence: Double?, check: () throws -> Void, tick: () throws -> Void
  ) throws -> End {
    let clock = ContinuousClock()
    var size = byteCount
    var heard = clock.now
    var ticked = clock.now
    do {
      while true {
        if let end = reaped() {
          mark.end(patience)
          return end
        }
        usleep(50_000)
        try check()
        guard clock.now - ticked >= .seconds(patience.tick) else { continue }
        ticked = clock.now
        try tick()
        let present = byteCount
        if present != size {
          size = present
          heard = clock.now
        } else if let silence, clock.now - heard >= .seconds(silence) {
          stop(patience)
          return .silent(silence)
        }
      }
    } catch {
      stop(patience)
      throw error
    }
  }

  private var byteCount: Int {
    var status = stat()
    return stat(log, &status) == 0 ? Int(status.st_size) : 0
  }

  /// Ends it and what it left behind; a second Ctrl-C ends the waiting.
  private func stop(_ given: Patience) {
    var patience = given
    Interruption.watchForAnother()
    for (signal, seconds) in [(SIGINT, patience.interrupt), (SIGTERM, patience.terminate)] {
      kill(-process, signal)
      let limit = ContinuousClock().now + .seconds(seconds)
      while ContinuousClock().now < limit, !Interruption.isInsisting {
        if reaped() != nil {
          mark.end(patience)
          return
        }
        usleep(50_000)
      }
    }
    if Interruption.isInsisting { (patience.interrupt, patience.terminate) = (0, 0) }
    kill(-process, SIGKILL)
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0 && errno == EINTR {}
    mark.end(patience)
  }

  /// How it ended, once it has; asked again after that it would wait for another's.
  private func reaped() -> End? {
    var status: Int32 = 0
    guard waitpid(process, &status, WNOHANG) == process else { return nil }
    let signal = status & 0x7F
    return signal == 0 ? .exit(status >> 8 & 0xFF) : .signal(signal)
  }
}
