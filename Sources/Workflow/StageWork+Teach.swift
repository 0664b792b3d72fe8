internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Notation
internal import Teaching

extension StageWork {
  /// Has a teacher answer a branch's seeds, and writes the whole data set.
  ///
  /// What the store has is not asked for again. The data set gets its place as a whole, or the
  /// earlier one stays.
  func teach(_ branch: String, _ ingredients: [Ingredient]) throws -> StageOutcome {
    guard let teacher = recipe.teacher,
      let plan = recipe.plan.branches.first(where: { $0.name == branch })
    else { return StageOutcome(ingredients, []) }
    let kept = try output("branches/\(branch)/train.jsonl")
    let seeds = try output("branches/\(branch)/seeds.jsonl")
    let shelf = TeachingShelf(path, branch, isDurable: runner.options.curation.isDurable)
    try shelf.recover()

    let lesson = try Lesson(teacher, branch, seeds, self)
    let failed = try lesson.ask()
    let entry: TeachingEntry
    do {
      let folder = try shelf.clear()
      let rows = TaughtRows(
        lesson.pass, of: plan, isDurable: runner.options.curation.isDurable)
      let outcome = try rows.write(
        seeds: lesson.seedsPath, kept: kept, at: "\(path)/\(kept.path)", failed: failed,
        to: folder)
      entry = try self.entry(outcome, teacher, plan, seeds, kept)
      try lesson.admit(outcome)
      try write(
        try card(outcome, entry, teacher, plan, kept.run).markdown, to: folder + "/README.md")
      try write(plan.datasetInfoFile, to: folder + "/dataset_info.json")
    } catch {
      // What went wrong is what is told, whatever becomes of what was begun.
      try? shelf.discard()
      throw error
    }
    try shelf.publish()

    var result = StageOutcome(ingredients, try products(below: Stage.taughtFolder(branch)))
    result.teaching = entry
    result.message = Self.message(entry)
    return result
  }

  /// Whether requests of a stage that is up to date failed, and may be asked again.
  func isToAskAgain(_ item: StagePlan.Item) throws -> Bool {
    guard case .teach = item.stage, runner.options.teaching.asksAgain, let done = item.done,
      let failed = try ledger.teachingCounts(of: done.id)?[.failed], failed > 0
    else { return false }
    runner.listener.note(
      "\(item.stage): asking again for what failed before (\(grouped(failed)) of the seeds)")
    return true
  }

  /// A file that the branch wrote, as its latest build left it.
  private func output(_ file: String) throws -> OutputRecord {
    guard let output = try ledger.output(at: file),
      FileManager.default.fileExists(atPath: "\(path)/\(file)")
    else {
      throw Missing(
        "\(path)/\(file) is not there; 'branchmerge run --until branch' builds the branch")
    }
    guard try hashes.state(of: "\(path)/\(file)").xxh3 == output.xxh3 else {
      throw FileError(
        "\(path)/\(file)",
        "is not what the branch wrote; build the branch again with 'branchmerge run --until branch'"
      )
    }
    return output
  }

  private func write(_ text: String, to path: String) throws {
    var file = try OutputFile(path, isDurable: runner.options.curation.isDurable)
    try file.append(text)
    _ = try file.finish()
  }

  private func entry(
    _ outcome: TaughtRows.Outcome, _ teacher: TeacherPlan, _ plan: Plan.Branch,
    _ seeds: OutputRecord, _ kept: OutputRecord
  ) throws -> TeachingEntry {
    let record = TeacherRecord(teacher)
    var entry = TeachingEntry(
      branch: plan.name, seedsXXH3: outcome.seedsDigest.description,
      model: teacher.question.model, question: record.question, policy: record.policy,
      store: TeacherStore.fileName,
      path: "\(Stage.taughtFolder(plan.name))/\(TaughtRows.rowsName)")
    entry.byteCount = outcome.rows.byteCount
    entry.rowCount = outcome.rows.rowCount
    entry.keptCount = kept.rowCount
    entry.xxh3 = outcome.rows.digest.description
    entry.seeds = outcome.seeds
    let counts = TeachingEntry.Kind.allCases.map { kind in
      outcome.seeds.count { $0.kind == kind }
    }
    guard entry.seedsXXH3 == seeds.xxh3, counts.reduce(0, +) == seeds.rowCount,
      outcome.unanswered.rowCount == seeds.rowCount - counts[0]
    else {
      throw Missing(
        "\(plan.name): \(seeds.rowCount) seeds were to be taught, and \(outcome.seeds.count) came"
          + " back; this is a bug")
    }
    return entry
  }

  private func card(
    _ outcome: TaughtRows.Outcome, _ entry: TeachingEntry, _ teacher: TeacherPlan,
    _ plan: Plan.Branch, _ run: Int64
  ) throws -> TaughtCard {
    var card = TaughtCard(
      of: plan, recipe: recipe.recipe.name,
      sources: try ledger.sources(of: plan.name, in: run),
      funnel: try ledger.funnel(of: plan.name, in: run))
    card.files = [outcome.rows, outcome.unanswered]
    for (source, seed) in zip(try ledger.sourcesOfSeeds(of: plan.name, in: run), entry.seeds) {
      card.seeds[source, default: [:]][seed.kind, default: 0] += 1
      card.promptTokens += seed.promptTokens ?? 0
      card.completionTokens += seed.completionTokens ?? 0
    }
    card.reasons = outcome.reasons.map { ($0.kind, $0.text, $0.count, $0.example) }
    card.model = teacher.question.model
    card.settings =
      (teacher.question.parameters.members ?? []).map { ($0.key, $0.value.compact) } + [
        ("answers asked for each seed", "\(teacher.question.answers)"),
        ("of several taken", teacher.policy.pick.rawValue),
        ("finish reasons accepted", teacher.policy.finish.joined(separator: ", ")),
        ("reasoning", teacher.policy.reasoning.rawValue),
        ("answers to a request that may be turned down", "\(teacher.limits.attempts)"),
      ]
    card.texts =
      (teacher.question.system.map { [("system", $0)] } ?? [])
      + [("prompt", teacher.form.promptText), ("response", teacher.form.responseText)]
      + teacher.form.filterTexts.map { ("filter `\($0.name)`", $0.meaning) }
    return card
  }

  /// What came of the seeds, in a few words.
  private static func message(_ entry: TeachingEntry) -> String {
    let kept = "\(grouped(entry.keptCount)) rows kept"
    guard !entry.seeds.isEmpty else { return "\(kept), and there are no seeds" }
    let taught = entry.rowCount - entry.keptCount
    let others = TeachingEntry.Kind.allCases.dropFirst().compactMap { kind in
      let count = entry.seeds.count { $0.kind == kind }
      return count > 0 ? ", \(grouped(count)) \(kind.rawValue)" : nil
    }
    return "\(kept), \(grouped(taught)) taught of \(grouped(entry.seeds.count)) seeds"
      + others.joined()
  }
}

/// Where a data set is put together beside its place, `teach/NAME`.
private struct TeachingShelf {
  private let place, shelf: String
  private let isDurable: Bool

  init(_ workspace: String, _ branch: String, isDurable: Bool) {
    place = "\(workspace)/\(Stage.taughtFolder(branch))"
    shelf = "\(place.parentPath)/.\(branch)"
    self.isDurable = isDurable
  }

  private var earlier: String { shelf + "/earlier" }
  private var new: String { shelf + "/new" }

  /// Puts back what a run that was killed between two renames had taken away.
  func recover() throws {
    if !Folder.isFolder(place), Folder.isFolder(earlier) {
      try Folder.rename(earlier, to: place, isDurable: isDurable)
    }
    try discard()
  }

  /// An empty folder to write into.
  func clear() throws -> String {
    try Folder.create(new)
    return new
  }

  func discard() throws {
    if Folder.isFolder(shelf) { try FileManager.default.removeItem(atPath: shelf) }
  }

  /// Gives the new data set its place, all of it at once.
  func publish() throws {
    if isDurable { Folder.sync(new) }
    if Folder.isFolder(place) { try Folder.rename(place, to: earlier, isDurable: isDurable) }
    try Folder.rename(new, to: place, isDurable: isDurable)
    try discard()
  }
}
