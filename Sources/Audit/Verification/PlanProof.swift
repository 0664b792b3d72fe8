internal import Curation
internal import Files
internal import Lineage
internal import Notation

/// The plan of a run, resolved anew from its recorded texts; what these say is held against the rest
/// of the ledger.
struct PlanProof {
  private let record: WorkspaceRecord
  private let proof: Proof

  init(_ record: WorkspaceRecord, _ proof: Proof) { (self.record, self.proof) = (record, proof) }

  /// What a branch as it is does with a source.
  struct Taking {
    /// Among all those of the plan.
    let number: Int
    let branch: BuiltRun.Branch
    let isDistinct: Bool
    let steps: [Int64]
  }

  func plan(of run: BuiltRun) -> Plan? {
    do {
      var filters: [String: String] = [:]
      for step in run.steps where step.kind == "filter" {
        guard filters[step.name] ?? step.text == step.text else {
          proof.fails(
            .record, "a filter has two texts in one run", at: "run \(run.id), \(quoted(step.name))")
          continue
        }
        filters[step.name] = step.text
      }
      let options = try? JSON(parsing: Array(run.options.utf8))
      let built = options?["branches"]?.items?.compactMap(\.text) ?? []
      proof.expect(
        .record, built.sorted() == run.branches.map(\.name).sorted(),
        "the options name other branches than the run built", at: "run \(run.id)",
        expected: run.branches.map(\.name).joined(separator: ", "),
        found: built.joined(separator: ", "))
      let plan = try Plan(
        Plan.Record(
          recipe: run.recipeText,
          settings: options?["set"]?.items?.compactMap(\.text) ?? [],
          branches: run.branches.map(\.name),
          cards: Dictionary(run.sources.map { ($0.name, $0.card) }, uniquingKeysWith: { $1 }),
          filters: filters,
          benchmarks: run.benchmarks.map { ($0, record.located($0.path)) }))
      proof.holds(.record)
      for branch in run.currentBranches {
        let format = plan.branches.first { $0.name == branch.name }?.rowFormat ?? ""
        proof.expect(
          .record, format == branch.rowFormat, "a branch has another row format than its recipe",
          at: quoted(branch.name), expected: format, found: branch.rowFormat)
      }
      proof.expect(
        .record, run.recipe == run.recipePath.fileName.withoutExtension,
        "a recipe has another name than its file", at: "run \(run.id)",
        expected: quoted(run.recipePath.fileName), found: quoted(run.recipe))
      for branch in run.currentBranches { proveIngredients(of: branch.name, plan, run, options) }
      return plan
    } catch {
      proof.fails(
        .record, "a run's recipe cannot be resolved any more", at: "run \(run.id)",
        found: "\(error)")
      return nil
    }
  }

  /// What the branch's stage depends on is what the recorded texts say.
  private func proveIngredients(
    of branch: String, _ plan: Plan, _ run: BuiltRun, _ options: JSON?
  ) {
    guard let stage = record.stages["branch \(branch)"], stage.run == run.id else { return }
    var expected = plan.ingredients(of: branch)
    if let limit = options?["max_quarantined"]?.text {
      expected.append(Ingredient("--max-quarantined", limit))
    }
    for ingredient in expected {
      let has = stage.ingredients.first { $0.name == ingredient.name }?.value
      proof.expect(
        .record, has == ingredient.value, "a stage depends on something else than its run recorded",
        at: "\(quoted(stage.name)), \(quoted(ingredient.name))",
        expected: shortened(ingredient.value), found: has.map(shortened))
    }
  }

  func proveCard(_ plan: Plan.Source, _ source: BuiltRun.Source) {
    let card = plan.card
    for (what, says, has) in [
      ("licence", card.licence, source.licence), ("homepage", card.homepage, source.homepage),
      ("config", plan.config.name, source.config),
    ] {
      proof.expect(
        .record, says == has, "a source's \(what) is not that of its card and the recipe",
        at: quoted(source.name), expected: quoted(says), found: quoted(has))
    }
    // A file of the hub's cache lies in a folder that is called as its commit.
    let isKnown =
      source.revision == card.revision
      || source.files.allSatisfy { $0.path.contains("/snapshots/\(source.revision)/") }
    proof.expect(
      .record, isKnown, "a source's revision is neither its card's nor that of its files",
      at: quoted(source.name), expected: quoted(card.revision), found: quoted(source.revision))
  }

  /// Those of the branches as they are; the steps must be those of the recipe.
  func takings(
    of source: BuiltRun.Source, _ number: Int, _ plan: Plan, _ run: BuiltRun
  ) -> [Taking] {
    plan.takings(of: number).enumerated().compactMap { index, taking in
      guard let branch = run.currentBranches.first(where: { $0.name == taking.branch }) else {
        return nil
      }
      let recorded = run.steps.filter { $0.branch == branch.id && $0.source == source.id }
      let isSame =
        recorded.count == taking.steps.count
        && zip(recorded, taking.steps).enumerated().allSatisfy { position, pair in
          let (has, says) = pair
          return has.position == position && has.name == says.name
            && has.kind == says.kind.rawValue && has.text == says.text
        }
      proof.expect(
        .record, isSame, "the steps are not those of the recipe",
        at: "\(quoted(branch.name)), \(quoted(source.name))",
        expected: taking.steps.map(\.name).joined(separator: ", "),
        found: recorded.map(\.name).joined(separator: ", "))
      guard isSame else { return nil }
      return Taking(
        number: index, branch: branch, isDistinct: taking.isDistinct, steps: recorded.map(\.id))
    }
  }
}
