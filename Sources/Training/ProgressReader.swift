internal import Notation

/// Reads a trainer's steps as they are written, each byte once.
///
/// Understood are LLaMA-Factory's trainer_log.jsonl, and in a log Hugging Face's progress bar
/// (`33%|███ | 1/3 [00:01<00:02, …`) with its lines of Python (`{'loss': 0.5, 'epoch': 1.0}`).
package final class ProgressReader {
  package private(set) var history = TrainingHistory()
  package private(set) var latest: TrainingProgress?
  private var file: GrowingFile
  private let isLog: Bool
  /// A step of the log whose number the bar after it tells.
  private var pending: TrainingProgress?

  /// Reads the metrics file where the trainer has one, else its log.
  package init(metrics: String?, log: String) {
    file = GrowingFile(metrics ?? log)
    isLog = metrics == nil
  }

  /// What came since the last call; nil if that is nothing.
  package func read() -> TrainingProgress? {
    let before = latest
    file.forEachLine { line, isNew in
      if isNew { forget() }
      if isLog { takeLog(line) } else { takeMetrics(line) }
    }
    return latest == before ? nil : latest
  }

  /// The trainer is done: a step that waits for its number gets the one that is known.
  package func finish() {
    _ = read()
    if pending != nil { settle(step: latest?.step) }
  }

  private func forget() {
    history = TrainingHistory()
    latest = nil
    pending = nil
  }

  private func takeMetrics(_ line: String) {
    // What Python writes for numbers that are none is no JSON.
    let text = line.replacing(": NaN", with: ": null").replacing(": Infinity", with: ": null")
    guard let json = try? JSON(parsing: Array(text.utf8)), let step = json["current_steps"]?.int
    else { return }
    var progress = latest ?? TrainingProgress()
    progress.step = step
    progress.totalSteps = json["total_steps"]?.int ?? progress.totalSteps
    progress.epoch = json["epoch"]?.double ?? progress.epoch
    progress.learningRate = json["lr"]?.double ?? progress.learningRate
    progress.secondsLeft = json["remaining_time"]?.text.flatMap(seconds)
    if let loss = json["loss"]?.double {
      progress.loss = loss
      history.append(progress)
    }
    latest = progress
  }

  private func takeLog(_ line: String) {
    if let bar = ProgressBar(line) {
      var progress = latest ?? TrainingProgress()
      progress.step = bar.step
      progress.totalSteps = bar.totalSteps
      progress.secondsLeft = bar.secondsLeft
      latest = progress
      if pending != nil { settle(step: bar.step) }
    } else if let values = pythonNumbers(line), let loss = values["loss"] {
      if pending != nil { settle(step: latest?.step) }
      pending = TrainingProgress(
        totalSteps: latest?.totalSteps, epoch: values["epoch"], loss: loss,
        learningRate: values["learning_rate"], secondsLeft: latest?.secondsLeft)
    }
  }

  private func settle(step: Int?) {
    guard var progress = pending else { return }
    pending = nil
    progress.step = step
    progress.totalSteps = latest?.totalSteps
    progress.secondsLeft = latest?.secondsLeft
    history.append(progress)
    latest = progress
  }
}

/// The trainer's bar: without a title, unlike those of data sets and weights.
private struct ProgressBar {
  let step, totalSteps: Int
  let secondsLeft: Double?

  init?(_ line: String) {
    let text = line.drop { $0.isWhitespace }
    guard let percent = text.firstIndex(of: "%"), text[..<percent].allSatisfy(\.isNumber),
      percent > text.startIndex, let bar = text.lastIndex(of: "|")
    else { return nil }
    let rest = text[text.index(after: bar)...]
    guard let bracket = rest.firstIndex(of: "[") else { return nil }
    let counts = rest[..<bracket].split(separator: "/").map { $0.filter { !$0.isWhitespace } }
    guard counts.count == 2, let step = Int(counts[0]), let total = Int(counts[1]) else {
      return nil
    }
    self.step = step
    totalSteps = total
    let times = rest[rest.index(after: bracket)...].split(separator: ",").first ?? ""
    secondsLeft = times.split(separator: "<").dropFirst().first.flatMap { seconds(String($0)) }
  }
}

/// The numbers of a flat dictionary as Python prints it, quoted or not.
private func pythonNumbers(_ line: String) -> [String: Double]? {
  let text = line.trimming(while: \.isWhitespace)
  guard text.hasPrefix("{'"), text.hasSuffix("}") else { return nil }
  var values: [String: Double] = [:]
  for member in text.dropFirst().dropLast().split(separator: ",") {
    let parts = member.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { continue }
    let key = String(parts[0].filter { $0 != "'" && $0 != " " })
    let value = Double(String(parts[1].filter { $0 != "'" && $0 != " " }))
    if let value, value.isFinite { values[key] = value }
  }
  return values
}

/// A length of time as `m:ss`, `h:mm:ss` or `2 days, h:mm:ss`.
private func seconds(_ text: String) -> Double? {
  let parts = text.split(separator: ",")
  guard let clock = parts.last else { return nil }
  var total = 0.0
  if parts.count == 2 {
    guard let days = parts[0].split(separator: " ").first.flatMap({ Double($0) }) else {
      return nil
    }
    total = days * 86400
  }
  var time = 0.0
  for part in clock.split(separator: ":") {
    guard let number = Double(part.filter { $0 != " " }), number >= 0 else { return nil }
    time = time * 60 + number
  }
  return total + time
}

extension String {
  fileprivate func trimming(while isGone: (Character) -> Bool) -> Substring {
    var text = self[...]
    while let first = text.first, isGone(first) { text.removeFirst() }
    while let last = text.last, isGone(last) { text.removeLast() }
    return text
  }
}
