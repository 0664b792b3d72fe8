internal import GRDB
internal import Lineage
internal import Notation

/// Why no teacher has answered a seed yet.
struct Untaught {
  let sentence: String

  /// Nil where the sample is no seed, or was taught.
  init?(_ fate: Trace.FateInBranch, in ledger: Ledger) throws {
    guard fate.fate == Fate.seed.rawValue, fate.teaching == nil else { return nil }
    let (recipe, attempt) = try ledger.access { database in
      (
        try String.fetchOne(
          database, sql: "SELECT recipe_text FROM run WHERE id = ?", arguments: [fate.run]),
        try Row.fetchOne(
          database,
          sql: """
            SELECT state, coalesce(finished, started), message FROM stage WHERE name = ?
            ORDER BY id DESC LIMIT 1
            """, arguments: ["teach \(fate.branch)"])
      )
    }
    guard let attempt else {
      sentence =
        Self.hasTeacher(recipe ?? "")
        ? "The recipe's teacher has not been asked for it yet." : "The recipe names no teacher."
      return
    }
    let (state, time, message): (String, String, String?) = (attempt[0], attempt[1], attempt[2])
    let why = message.map { ": \($0)" } ?? ""
    let stage = "The stage teach \(fate.branch)"
    switch StageRecord.State(rawValue: state) {
    case .failed: sentence = "\(stage) was tried at \(time), and failed\(why)."
    case .stopped: sentence = "\(stage) was stopped at \(time)."
    case .running: sentence = "\(stage) was begun at \(time), and did not end."
    case .done, nil: sentence = "The teacher was last asked, at \(time), for other seeds."
    }
  }

  private static func hasTeacher(_ recipe: String) -> Bool {
    guard let yaml = try? YAML(parsing: recipe, file: "the recipe"),
      let entries = try? yaml.entries("a recipe")
    else { return false }
    return entries.contains { (try? $0.key.text("a key")) == "teacher" }
  }
}
