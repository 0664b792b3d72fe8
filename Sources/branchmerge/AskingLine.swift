import Curation
import Foundation
import Teaching

/// How far an asking has come, on one line.
struct AskingLine {
  /// Seconds without a word that are told.
  private static let silence = 30.0

  /// The same in full and in short.
  private var parts: [(long: String, short: String)] = []

  init(_ stage: String, _ state: AskingProgress, currency: String?) {
    let total = state.done + state.left
    let (done, left) = (grouped(state.done), grouped(state.left))
    let answers = Self.rate(state.requestsPerSecond)
    let tokens = Self.rate(state.tokensPerSecond)
    add(stage, stage)
    add(
      "\(Self.percent(state.done, of: total))  \(done) done, \(left) left",
      "\(done)/\(grouped(total))")
    add("\(answers) requests/s", "\(answers)/s")
    add("\(tokens) tokens/s", "\(tokens) tok/s")
    add("\(grouped(state.inFlight)) in flight", "\(grouped(state.inFlight)) out")
    add(counted(state.retries, "retry", "retries"), "\(grouped(state.retries)) again")
    if state.done > 0 {
      let share = Self.percent(state.accepted, of: state.done)
      add("\(share) accepted", "\(share) ok")
    }
    if let cost = state.cost {
      let spent = String(format: "%.2f", cost)
      let end = state.expectedCost.map { String(format: "%.2f", $0) }
      let unit = currency.map { " " + $0 } ?? ""
      add(
        spent + (end.map { " of about \($0)" } ?? "") + unit,
        spent + (end.map { "/\($0)" } ?? "") + unit)
    }
    if state.silentSeconds >= Self.silence {
      let silence = duration(state.silentSeconds)
      add("not a word for \(silence)", "silent \(silence)")
    }
    if let left = state.secondsLeft { add("\(duration(left)) left", Self.clock(left)) }
  }

  private mutating func add(_ long: String, _ short: String) { parts.append((long, short)) }

  var long: String { parts.map(\.long).joined(separator: "  ") }

  /// In full where that fits, else in short, and cut where even that does not.
  func fitting(_ columns: Int) -> String {
    let line = long.count < columns ? long : parts.map(\.short).joined(separator: "  ")
    return line.count < columns ? line : String(line.prefix(max(0, columns - 1)))
  }

  private static func rate(_ value: Double) -> String {
    if value < 10 { return String(format: "%.1f", value) }
    return value < 10_000 ? grouped(Int(value)) : String(format: "%.1fk", value / 1000)
  }

  /// Only nothing is 0 and only all is 100.
  private static func percent(_ part: Int, of whole: Int) -> String {
    guard part > 0 else { return "0 %" }
    return part >= whole ? "100 %" : "\(min(99, max(1, 100 * part / whole))) %"
  }

  /// 1:02:05.
  private static func clock(_ seconds: Double) -> String {
    let seconds = Int(min(seconds, 1e9))
    return String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
  }
}
