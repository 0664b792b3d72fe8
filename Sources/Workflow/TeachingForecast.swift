internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Notation
package import Teaching

/// What the stages `teach` of a recipe would ask for, and what that may take and cost.
///
/// Nobody is asked for it and nothing is written.
package struct TeachingForecast: Sendable {
  package let branches: [Branch]
  /// What was asked of the model so far, by all recipes of the workspace.
  package let spent: Spending
  /// Answers a second in the last asking; nil where there was none.
  package let rate: Double?

  /// The requests of one branch: all of them, and what of them is done. What is neither answered
  /// nor rejected, refused or in a batch is to ask.
  package struct Branch: Sendable {
    package let name: String
    package let seeds: Int
    package let requests: Int
    package let answered: Int
    package let rejected: Int
    package let refused: Int
    package let inBatches: Int
    package let toAsk: Int
    /// Expected of all that is to ask.
    package let promptTokens: Int
    package let completionTokens: Int
    package let basis: Basis
  }

  /// Where the expected numbers of tokens come from.
  package enum Basis: Equatable, Sendable {
    /// The mean of so many answers of this model, asked with these parameters.
    case answers(Int)
    /// An estimate after the responses that the branch has already, four bytes a token.
    case rows(Int)
    /// There is nothing to estimate it by.
    case maximum
  }

  /// Of these branches, or of all that are taught.
  package init(
    _ recipe: ResolvedRecipe, only: [String], workspace: String, ignoringBatches: Bool
  ) throws {
    let names = try recipe.taughtBranches(only: only)
    guard let teacher = recipe.teacher else {
      (branches, spent, rate) = ([], Spending(), nil)
      return
    }
    let path = "\(workspace)/\(TeacherStore.fileName)"
    let store =
      FileManager.default.fileExists(atPath: path) ? try TeacherStore(reading: path) : nil
    let ledgerPath = Workspace.ledgerPath(in: workspace)
    let ledger =
      FileManager.default.fileExists(atPath: ledgerPath) ? try Ledger(reading: ledgerPath) : nil
    let pass = SeedPass(teacher, store, policy: nil)
    let question = teacher.question
    let mean = try store?.meanTokens(
      of: question.model, parameters: question.parameters.compact)
    branches = try names.map { name in
      let seedsPath = Stage.seedsPath(name, in: workspace)
      guard let ledger, try ledger.output(at: "branches/\(name)/seeds.jsonl") != nil,
        FileManager.default.fileExists(atPath: seedsPath)
      else { throw Missing(recipe.buildAdvice(name, in: workspace)) }
      let count = try RequestCount(pass, seedsPath, takesBatches: ignoringBatches)
      let open = count.open.count
      var promptTokens = Int((Double(count.openBytes) / 3.5).rounded())
      var completionTokens = open * question.maxTokens
      var basis = Basis.maximum
      if let mean {
        promptTokens = Int((Double(open) * mean.prompt).rounded())
        completionTokens = Int((Double(open) * mean.completion).rounded())
        basis = .answers(mean.answers)
      } else if let branch = recipe.plan.branches.first(where: { $0.name == name }),
        let (rows, length) = try branch.meanResponse(
          inFile: "\(workspace)/branches/\(name)/train.jsonl")
      {
        completionTokens = Int(
          (Double(open) * min(length / 4, Double(question.maxTokens))).rounded())
        basis = .rows(rows)
      }
      return Branch(
        name: name, seeds: count.seeds, requests: count.requests, answered: count.answered,
        rejected: count.rejected, refused: count.refused, inBatches: count.inBatches, toAsk: open,
        promptTokens: promptTokens, completionTokens: completionTokens, basis: basis)
    }
    spent = try store?.spending(on: question.model) ?? Spending()
    rate = try store?.rate(of: question.model)
  }

  package var toAsk: Int { branches.reduce(0) { $0 + $1.toAsk } }
  package var promptTokens: Int { branches.reduce(0) { $0 + $1.promptTokens } }
  package var completionTokens: Int { branches.reduce(0) { $0 + $1.completionTokens } }
}

extension ResolvedRecipe {
  /// The branches that a teacher completes; `only` those that are named, where some are.
  package func taughtBranches(only: [String]) throws -> [String] {
    guard teacher != nil else {
      throw Missing("the recipe \(Library.shown(recipe.path)) has no 'teacher' that could be asked")
    }
    let taught = recipe.branches.map(\.name).filter(isTaught)
    for name in only where !taught.contains(name) {
      throw Missing(
        "--only \(name): no branch with seeds has this name\(choices(for: name, among: taught, "there are"))"
      )
    }
    return taught.filter { only.isEmpty || only.contains($0) }
  }

  /// What to do about a branch that was never built.
  func buildAdvice(_ branch: String, in workspace: String) -> String {
    "the branch '\(branch)' was never built here; run 'branchmerge run"
      + " \(Library.shown(recipe.path)) --workspace \(workspace) --until branch' first"
  }
}
