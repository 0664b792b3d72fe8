import Curation
import Foundation
import Fusion
import Notation
import Teaching

/// Aligned columns: the first to the left, the others to the right.
func table(_ rows: [[String]], leftColumns: Int = 1) -> String {
  let count = rows.map(\.count).max() ?? 0
  let widths = (0..<count).map { column in
    rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
  }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      let padding = String(repeating: " ", count: widths[index] - cell.count)
      return index < leftColumns ? cell + padding : padding + cell
    }
    return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}

/// Bytes as people read them, in powers of ten.
func size(_ bytes: Double) -> String {
  for (unit, name) in [(1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")] where bytes >= unit {
    return String(format: "%.1f %@", bytes / unit, name)
  }
  return "\(Int(bytes)) B"
}

/// A number and what it counts: 1 row, 2 rows.
func counted(_ number: Int, _ noun: String, _ plural: String? = nil) -> String {
  "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
}

/// A share in percent; only nothing is 0 and only all is 100.
func percent(_ part: Int, of whole: Int) -> String {
  guard whole > 0 else { return "-" }
  let share = 100 * Double(part) / Double(whole)
  if share > 0 && share < 0.01 { return "<0.01 %" }
  if share < 100 && share > 99.99 { return ">99.99 %" }
  return String(format: "%.2f %%", share)
}

/// A name out of a file, without anything in it that moves the cursor or fills the screen.
func shown(_ name: String) -> String { String(quoted(name).dropFirst().dropLast()) }

/// Seconds as people read them.
func duration(_ seconds: Double) -> String {
  if seconds < 10 { return String(format: "%.2f s", seconds) }
  if seconds < 120 { return String(format: "%.0f s", seconds) }
  return "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
}

/// One line that is drawn again and again on a terminal, and now and then a plain line in a log.
///
/// Sound to share: progress is told by one thread at a time.
final class ProgressLine: @unchecked Sendable {
  private var start = ContinuousClock.now
  private var last = ContinuousClock.now
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var isDrawn = false

  var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

  /// Rows and bytes done so far of these bytes in all.
  func update(rows: Int, bytes: Int, of total: Int) {
    update(counted(rows, "row"), bytes: bytes, of: total)
  }

  /// Begins to measure anew.
  func restart() {
    clear()
    start = .now
    last = .now
  }

  /// What is done, and steps so far of these steps in all.
  func update(_ done: String, steps: Int, of total: Int, secondsLeft: Double?) {
    guard isTime() else { return }
    let percent = total > 0 ? "\(100 * steps / total) %  " : ""
    let left = secondsLeft.map { "  \(duration($0)) left" } ?? ""
    draw("\(percent)\(done)  step \(steps)" + (total > 0 ? " of \(total)" : "") + left)
  }

  /// How many of what are done, and bytes so far of these bytes in all.
  func update(_ done: String, bytes: Int, of total: Int) {
    guard isTime() else { return }
    let rate = Double(bytes) / seconds
    let left = rate > 0 ? Double(total - bytes) / rate : 0
    let percent = total > 0 ? 100 * bytes / total : 100
    let line =
      "\(percent) %  \(done)  \(size(Double(bytes))) of \(size(Double(total)))"
      + "  \(size(rate))/s  \(duration(left)) left"
    draw(line)
  }

  /// How far an asking has come; `currency` is that of its cost.
  func update(_ stage: String, _ state: AskingProgress, currency: String?) {
    guard isTime() else { return }
    let text = AskingLine(stage, state, currency: currency)
    draw(isTerminal ? text.fitting(Self.columns) : text.long)
  }

  /// How many letters the terminal has room for on a line.
  private static var columns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
    return Int(size.ws_col)
  }

  private func isTime() -> Bool {
    let interval: Duration = isTerminal ? .milliseconds(100) : .seconds(30)
    guard ContinuousClock.now - last >= interval else { return false }
    last = .now
    return true
  }

  private func draw(_ line: String) {
    if isTerminal {
      FileHandle.standardError.write(Data("\r\u{1B}[K\(line)".utf8))
      isDrawn = true
    } else {
      say(line)
    }
  }

  func clear() {
    if isDrawn { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    isDrawn = false
  }
}

/// A value as JSON with sorted keys.
func json(_ value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self)
}
