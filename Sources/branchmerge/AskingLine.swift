import Curation
import Foundation
import Teaching

/// How far an asking has come, on one line.
struct AskingLine {
  /// The same in full and in short.
  private let parts: [(long: String, short: String)]

  init(_ stage: String, _ state: AskingProgress, currency: String?) {
    let total = state.done + state.left
    let percent = total > 0 ? "\(100 * state.done / total) %" : "100 %"
    let done = grouped(state.done)
    var parts = [
      (stage, stage), (percent, percent),
      ("\(done) done, \(grouped(state.left)) left", "\(done)/\(grouped(total))"),
      (
        "\(Self.rate(state.requestsPerSecond)) requests/s",
        "\(Self.rate(state.requestsPerSecond))/s"
      ),
      ("\(Self.rate(state.tokensPerSecond)) tokens/s", "\(Self.rate(state.tokensPerSecond)) tok/s"),
      ("\(grouped(state.inFlight)) in flight", "\(grouped(state.inFlight)) out"),
      (counted(state.retries, "retry", "retries"), "\(grouped(state.retries)) again"),
    ]
    if state.done > 0 {
      let share = percent100(state.accepted, of: state.done)
      parts.append(("\(share) accepted", "\(share) good"))
    }
    if let cost = state.cost {
      let spent = String(format: "%.2f", cost)
      let end = state.expectedCost.map { String(format: "%.2f", $0) }
      let unit = currency.map { " " + $0 } ?? ""
      parts.append(
        (
          spent + (end.map { " of about \($0)" } ?? "") + unit,
          spent + (end.map { "/\($0)" } ?? "") + unit
        )
      )
    }
    if let left = state.secondsLeft { parts.append(("\(duration(left)) left", duration(left))) }
    self.parts = parts
  }

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
}

/// A share in whole percent; only nothing is 0 and only all is 100.
private func percent100(_ part: Int, of whole: Int) -> String {
  guard part > 0 else { return "0 %" }
  return part == whole ? "100 %" : "\(min(99, max(1, 100 * part / whole))) %"
}
