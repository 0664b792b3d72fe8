internal import ArgumentParser
internal import Foundation
internal import StubTeacher

/// A stub as a program: its first line says where it is, its last, as JSON, what it did.
@main
struct StubTeacherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stub-teacher",
    abstract: "A local server that only pretends to be a teacher: it answers with fixed nonsense.",
    discussion: """
      POST http://127.0.0.1:PORT/v1/chat/completions, streamed or not. Ends on Ctrl-C or SIGTERM, or \
      after --seconds. Faults: \(Fault.allCases.map(\.rawValue).joined(separator: ", ")).
      """)

  @Option(help: "Port on 127.0.0.1; 0 lets the system choose.") var port = 0
  @Option(help: "Time until an answer's first byte: 50ms, 2s.") var latency = Span(seconds: 0)
  @Option(help: "Time between two pieces of an answer; at 0 all are written at once.")
  var perPiece = Span(seconds: 0)
  @Option(help: "Pieces of an answer.") var pieces = 4
  @Option(help: "Sentences of an answer's reasoning.") var sentences = 5
  @Option(help: "Where the reasoning stands.") var reasoning = Behaviour.Reasoning.separate
  @Option(help: "Requests in flight, beyond which a request gets 429.") var capacity = Int.max
  @Option(help: "Seconds in the Retry-After of a 429 or 503.") var retryAfter: Int?
  @Option(help: "Model that must be asked for.") var model: String?
  @Option(help: "Name of the environment variable with the key that must be sent.")
  var key: String?
  @Option(help: "Share of requests with a fault, any of them: 5%.") var faults = Share(value: 0)
  @Option(help: "A fault and its share: length=2%. May be repeated.") var fault: [FaultShare] = []
  @Option(help: "Seed of the faults.") var seed: UInt64 = 1
  @Option(help: "Ends by itself after that time: 60, 90s.") var seconds: Span?
  @Flag(help: "Keep counts alone, not every request.") var fast = false

  func validate() throws {
    guard (0...65535).contains(port), pieces > 0, sentences >= 0, capacity >= 0 else {
      throw ValidationError("A number is out of its range.")
    }
    guard faults.value == 0 || fault.isEmpty else {
      throw ValidationError("--faults and --fault do not go together.")
    }
    guard fault.reduce(0, { $0 + $1.share.value }) <= 1 else {
      throw ValidationError("The shares of the faults are more than 100% together.")
    }
  }

  func run() throws {
    var behaviour = Behaviour()
    behaviour.latency = latency.seconds
    behaviour.perPiece = perPiece.seconds
    behaviour.pieces = pieces
    behaviour.reasoning = reasoning
    behaviour.capacity = capacity
    behaviour.retryAfter = retryAfter.map { .seconds($0) } ?? .unsaid
    behaviour.model = model
    behaviour.key = try key.map { name in
      guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
        throw ValidationError("The environment has no variable of the name that --key gives.")
      }
      return value
    }
    let sentences = sentences
    behaviour.answer = { StubAnswer(to: $0, attempt: $1, sentences: sentences) }
    if !fault.isEmpty {
      let shares = Dictionary(fault.map { ($0.fault, $0.share.value) }, uniquingKeysWith: +)
      behaviour.faults = .shares(shares, seed: seed)
    } else if faults.value > 0 {
      behaviour.faults = .share(faults.value, seed: seed)
    }
    behaviour.keepsExchanges = !fast

    let end = EndOfWork()
    let stub = try StubTeacher(behaviour, port: port)
    print("stub teacher: \(stub.url)")
    fflush(nil)
    end.wait(seconds: seconds?.seconds)
    // Before the connections are closed: those that are in flight then count as such.
    let counts = stub.counts
    stub.stop()
    print(counts.json)
  }
}

/// Waits for the signal that ends the program.
private struct EndOfWork {
  private var signals = sigset_t()

  /// Before any other thread is started, so that none of them takes the signal.
  init() {
    sigemptyset(&signals)
    sigaddset(&signals, SIGINT)
    sigaddset(&signals, SIGTERM)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  func wait(seconds: Double?) {
    var signals = signals
    guard let seconds else {
      var number: Int32 = 0
      sigwait(&signals, &number)
      return
    }
    var time = timespec(
      tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    sigtimedwait(&signals, nil, &time)
  }
}
