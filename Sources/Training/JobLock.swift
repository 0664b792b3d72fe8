internal import Files
internal import Foundation

#if canImport(Glibc)
  internal import Glibc
#endif

/// A job's folder held by whoever writes into it: us, then the trainer that we start.
///
/// Linux gives the lock of an open file to all who inherit it, and frees it when the last of them
/// is gone. If we are killed, the trainer goes on and holds it; the next run finds it by that,
/// ends the trainer and only then begins.
final class JobLock {
  let descriptor: Int32

  /// Ends what an earlier run left at work in this folder, then takes it.
  init(_ folder: String, patience: ChildProcess.Patience, note: (String) -> Void) throws(FileError)
  {
    let path = folder + "/.lock"
    let mark = ProcessMark(folder)
    let left = mark.processes
    if !left.isEmpty {
      let numbers = left.map(String.init).joined(separator: ", ")
      note(
        "an earlier run was killed and left its trainer at work: ending process \(numbers)")
      mark.end(patience, atOnce: true)
    }
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError(path, failedTo: "create it") }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      guard errno == EWOULDBLOCK else { throw FileError(path, failedTo: "lock it") }
      throw FileError(
        path,
        "a trainer that an earlier run started still holds this folder and could not be ended; end"
          + " it (fuser -k \(path)) and run the same again")
    }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}

/// The processes that work for one job, told by a variable that all of them inherit.
///
/// A process group is not enough: torchrun gives each of its workers a session of its own.
struct ProcessMark {
  private let folder: String

  init(_ folder: String) { self.folder = folder }

  private static let name = "BRANCHMERGE_JOB"

  var variable: [String: String] { [Self.name: folder] }

  /// Those that live, this process left out; those of other users cannot be looked at.
  var processes: [Int32] {
    let wanted = Array("\(Self.name)=\(folder)".utf8)
    let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return all.compactMap { Int32($0) }.sorted().filter { process in
      process != getpid()
        && Self.bytes(of: "/proc/\(process)/environ").split(separator: 0).contains {
          $0.elementsEqual(wanted)
        }
    }
  }

  /// Ends all that live: with time to end by themselves unless `atOnce`, then SIGTERM and SIGKILL.
  func end(_ patience: ChildProcess.Patience, atOnce: Bool = false) {
    let steps: [(signal: Int32?, seconds: Double)] =
      (atOnce ? [] : [(nil, min(2, patience.terminate))])
      + [(SIGTERM, patience.terminate), (SIGKILL, 5)]
    for step in steps {
      var living = processes
      if living.isEmpty { return }
      if let signal = step.signal { for process in living { kill(process, signal) } }
      let limit = ContinuousClock().now + .seconds(step.seconds)
      while !living.isEmpty && ContinuousClock().now < limit {
        usleep(50_000)
        living = processes
      }
    }
  }

  /// A file of /proc, which has no size.
  private static func bytes(of path: String) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var room = [UInt8](repeating: 0, count: 1 << 14)
    while true {
      let count = read(descriptor, &room, room.count)
      guard count > 0 else { return bytes }
      bytes += room[..<count]
    }
  }
}
