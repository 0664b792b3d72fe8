internal import Synchronization

/// What is proved on the way through a workspace, counted, and what does not hold, named.
///
/// Several threads add to it. What does not hold a million times is counted as often and shown a
/// hundred times.
final class Proof: Sendable {
  private let state = Mutex(State())

  private struct State {
    var proved: [Matter: Int] = [:]
    var failures: [Verification.Failure] = []
    /// Places in `failures`, by what they say.
    var places: [String: Int] = [:]
    var unrecorded: [String] = []
  }

  static let shownPlaces = 100

  /// So many things of a kind are as the ledger says.
  func holds(_ matter: Matter, _ count: Int = 1) {
    state.withLock { $0.proved[matter, default: 0] += count }
  }

  /// Something is not as the ledger says.
  func fails(
    _ matter: Matter, _ problem: String, at place: String, expected: String? = nil,
    found: String? = nil, advice: String? = nil
  ) {
    add(
      matter, problem,
      .init(place: visible(place), expected: expected.map(visible), found: found.map(visible)),
      advice ?? matter.advice, isUnchecked: false)
  }

  /// Nobody can say whether something is as the ledger says.
  func cannotCheck(
    _ matter: Matter, _ problem: String, at place: String, because reason: String? = nil,
    count: Int = 1, advice: String? = nil
  ) {
    add(
      matter, problem, .init(place: visible(place), expected: nil, found: reason.map(visible)),
      advice ?? matter.advice, isUnchecked: true, count: count)
  }

  /// What an earlier version did not record is no fault.
  func isNotRecorded(_ what: String) {
    let what = visible(what)
    state.withLock { if !$0.unrecorded.contains(what) { $0.unrecorded.append(what) } }
  }

  /// Counts what holds, names what does not.
  func expect(
    _ matter: Matter, _ condition: Bool, _ problem: String, at place: String,
    expected: String? = nil, found: String? = nil, advice: String? = nil
  ) {
    if condition {
      holds(matter)
    } else {
      fails(matter, problem, at: place, expected: expected, found: found, advice: advice)
    }
  }

  private func add(
    _ matter: Matter, _ problem: String, _ place: Verification.Failure.Place, _ advice: String,
    isUnchecked: Bool, count: Int = 1
  ) {
    state.withLock { state in
      let key = "\(matter.rawValue)\n\(problem)\n\(advice)"
      let index = state.places[key] ?? state.failures.count
      if index == state.failures.count {
        state.places[key] = index
        state.failures.append(
          Verification.Failure(
            matter: matter, problem: problem, isUnchecked: isUnchecked, advice: advice))
      }
      state.failures[index].count += count
      if state.failures[index].places.count < Self.shownPlaces {
        state.failures[index].places.append(place)
      }
    }
  }

  /// All of it, in the order of the matters, and inside one in the order of the places' names, so
  /// that no thread decides on it.
  var result: (proved: [Matter: Int], failures: [Verification.Failure], unrecorded: [String]) {
    state.withLock { state in
      let order = Dictionary(
        Matter.allCases.enumerated().map { ($1, $0) }, uniquingKeysWith: { $1 })
      let failures = state.failures.map { failure in
        var failure = failure
        // Rows come in order from one thread; files from several.
        if failure.count <= Self.shownPlaces, failure.matter.comesFromManyThreads {
          failure.places.sort { $0.place < $1.place }
        }
        return failure
      }
      return (
        state.proved,
        failures.enumerated().sorted { a, b in
          (order[a.element.matter] ?? 0, a.element.matter.comesFromManyThreads ? 0 : a.offset)
            < (order[b.element.matter] ?? 0, b.element.matter.comesFromManyThreads ? 0 : b.offset)
        }.map(\.element),
        state.unrecorded
      )
    }
  }
}

/// A text of any origin without what moves the cursor, and of bounded length; its lines stay.
private func visible(_ text: String) -> String {
  var result = ""
  for (index, scalar) in text.unicodeScalars.enumerated() {
    guard index < 4000 else { return result + "…" }
    switch scalar.properties.generalCategory {
    case .control where scalar == "\n": result += "\n"
    case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result
}

/// What there is to prove, in the order in which it is told.
package enum Matter: String, CaseIterable, Codable, Sendable {
  case ledger, record, source, row, fate, output
  case outputRow = "output-row"
  case quarantine, stage, lock
  case teaching, answer
  case product, model, training, report, tensor
  case mergedAgain = "merged-again"
  case memory

  /// What is counted.
  package var title: String {
    switch self {
    case .ledger: "laws of the ledger"
    case .record: "recorded recipes, cards and steps"
    case .source: "source files"
    case .row: "rows of source files"
    case .fate: "fates, sifted again"
    case .output: "data sets"
    case .outputRow: "rows of data sets"
    case .quarantine: "lines of the quarantine list"
    case .stage: "stages"
    case .lock: "inputs in recipe.lock.yaml"
    case .teaching: "seeds and settings of teachings"
    case .answer: "answers, judged and written again"
    case .product: "files that stages made"
    case .model: "files of models"
    case .training: "trainings"
    case .report: "records of the merge report"
    case .tensor: "tensors of the merged model"
    case .mergedAgain: "tensors merged again"
    case .memory: "remembered hashes"
    }
  }

  /// What to do where it does not hold.
  var advice: String {
    switch self {
    case .ledger, .record:
      "somebody changed the ledger, or the disk lost some of it: put back a copy of"
        + " lineage.sqlite, or build the workspace again"
    case .source, .row:
      "put back the file that was read, or run the recipe again with the file as it is now"
    case .fate:
      "the ledger, or the version of the program, is not that of the run: put back a copy of"
        + " lineage.sqlite, or run the recipe again"
    case .output, .outputRow, .quarantine, .product:
      "put back a copy of the file, or run the recipe again, which makes it anew"
    case .stage: "put back a copy of lineage.sqlite, or run the recipe again"
    case .lock: "put back a copy of recipe.lock.yaml, or run the recipe again, which writes it anew"
    case .teaching:
      "put back a copy of the file or of lineage.sqlite, or run the recipe again: what is in"
        + " teacher.sqlite is not asked again"
    case .answer:
      "put back a copy of teacher.sqlite; without it what it held cannot be proved, and the recipe"
        + " would ask for it again"
    case .model:
      "put back a copy of the file; what was made with it is not made with what is there"
    case .training: "run the recipe again: what is not up to date is trained anew"
    case .report, .tensor, .mergedAgain:
      "put back a copy of the merged model, or run the recipe again, which merges anew"
    case .memory: "run the recipe once with --rehash, which reads every file again"
    }
  }

  /// Whether the order in which it is found is anyone's.
  fileprivate var comesFromManyThreads: Bool {
    switch self {
    case .product, .model, .tensor, .mergedAgain, .memory, .source, .lock: true
    default: false
    }
  }
}
