internal import Files
package import Notation
package import Samples

/// A recipe with every name resolved: what is read of each source, and what is done with it.
///
/// Made before any data is touched. Afterwards no name is looked up.
package struct Plan: Sendable {
  package var recipe: String
  package var recipePath: String
  package var recipeText: String
  package var settings: [String]
  package var branches: [Branch]
  /// In the order in which they are read: each branch takes its sources in its own order.
  package var sources: [Source]
  /// What data cards compare it with.
  var baseline: Baseline?
  /// What is looked for before anything is written.
  package internal(set) var searches: [NearSearch]
  /// Set by `holding`, together with what prompts are held against.
  package internal(set) var benchmarkFiles: [BenchmarkFile] = []
  var overlaps: [Overlap] = []

  package struct Branch: Sendable {
    package var name: String
    package var about: String
    var distinct: Distinct
    var format: any RowFormat.Type
  }

  package struct Source: Sendable {
    package var card: SourceCard
    package var config: SourceCard.Config
    package var projection: Projection
    var identity: [Projection.Slot]
    /// Stands in for an identity that is null.
    var prompt: Projection.Slot
    var answer: Projection.Slot?
    /// Columns without which the files cannot be those of the recipe.
    var required: [(column: Int, field: Field)]
    var takings: [Taking]
  }

  /// What one branch does with the samples of one source.
  final class Taking: Sendable {
    let branch: Int
    let filters: [Rule]
    let pick: Pick?
    let prompt: Template
    let without: OverlapRules?
    /// Of the plan's, where `without` stands and the benchmarks are at hand.
    let overlap: Int?
    /// Nil where a teacher is to write it.
    let response: Template?
    let verification: AnswerVerification?
    /// The source's own flag, or a list of them, where a near duplicate's stay depends on it.
    let verified: Projection.Slot?
    /// In order: the filters, the pick, the prompt, `without`, the response, `verify`.
    let steps: [Step]

    init(
      branch: Int, filters: [Rule], pick: Pick?, prompt: Template, without: OverlapRules?,
      overlap: Int? = nil, response: Template?, verification: AnswerVerification?,
      verified: Projection.Slot?, steps: [Step]
    ) {
      self.branch = branch
      self.filters = filters
      self.pick = pick
      self.prompt = prompt
      self.without = without
      self.overlap = overlap
      self.response = response
      self.verification = verification
      self.verified = verified
      self.steps = steps
    }

    /// The same with something else in it.
    func changing(filters: [Rule]? = nil, steps: [Step], overlap: Int? = nil) -> Taking {
      Taking(
        branch: branch, filters: filters ?? self.filters, pick: pick, prompt: prompt,
        without: without, overlap: overlap ?? self.overlap, response: response,
        verification: verification, verified: verified, steps: steps)
    }
  }

  /// A place at which samples may be dropped.
  package struct Step: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
      case filter, pick, prompt, without, response, verify
    }
    package var kind: Kind
    package var name: String
    package var text: String
    /// What of the text decides, without comments and spacing.
    var meaning: String
  }

  /// Resolves the recipe; with `only` just this branch. All errors found are thrown together.
  package init(_ recipe: Recipe, library: Library, only: [String] = []) throws {
    var errors = library.duplicateNames()
    for name in only where !recipe.branches.contains(where: { $0.name == name }) {
      let names = recipe.branches.map(\.name)
      errors.append(
        RecipeError(
          recipe.path,
          "no branch is called '\(name)'\(choices(for: name, among: names, "there are"))"))
    }
    self.recipe = recipe.name
    recipePath = recipe.path
    recipeText = recipe.text
    settings = recipe.settings
    branches = []
    sources = []
    searches = []
    if recipe.across != nil, !only.isEmpty,
      let left = recipe.branches.first(where: { !only.contains($0.name) })
    {
      errors.append(
        RecipeError(
          recipe.path,
          "'distinct' compares the branches with each other, so that all are built together;"
            + " '\(left.name)' is left out"))
    }
    var orders: [[Int]] = []
    for branch in recipe.branches {
      // Branches that are not built are still checked.
      let isBuilt = only.isEmpty || only.contains(branch.name)
      let index = branches.count
      if isBuilt {
        branches.append(
          Branch(
            name: branch.name, about: branch.about, distinct: branch.distinct,
            format: branch.format))
      }
      orders.append([])
      for taking in branch.sources {
        do {
          let place = try source(for: taking, library)
          orders[orders.count - 1].append(place)
          var scratch = sources[place]
          let near = recipe.across ?? branch.distinct.near
          let compiled = try Self.taking(
            taking, of: &scratch, library, branch: index, usesFlag: near?.asksVerified ?? false)
          guard isBuilt else { continue }
          scratch.takings.append(compiled)
          sources[place] = scratch
        } catch let error as RecipeErrors {
          errors += error.errors
        } catch let error as RecipeError {
          errors.append(error)
        }
      }
    }
    if let order = Self.order(of: sources.count, in: orders) {
      sources = order.map { sources[$0] }
    } else {
      errors.append(
        recipe.branches[0].place.fail(
          "the branches take the same sources in orders that contradict each other; a source is"
            + " read once, so give all the same order"))
    }
    sources.removeAll { $0.takings.isEmpty }
    searches = NearSearch.all(of: branches, across: recipe.across)
    do {
      baseline = try recipe.comparison.map { try Baseline($0, of: recipe, library) }
    } catch let error as RecipeErrors {
      errors += error.errors
    } catch let error as RecipeError {
      errors.append(error)
    }
    guard errors.isEmpty else { throw RecipeErrors(errors) }
  }

  /// An order of all sources that agrees with each branch's own, of several the one nearest to their
  /// first mention; nil where there is none.
  private static func order(of count: Int, in branches: [[Int]]) -> [Int]? {
    var result: [Int] = []
    var left = Array(0..<count)
    while !left.isEmpty {
      let ready = left.first { source in
        branches.allSatisfy { branch in
          guard let position = branch.firstIndex(of: source) else { return true }
          return branch[..<position].allSatisfy(result.contains)
        }
      }
      guard let ready else { return nil }
      result.append(ready)
      left.removeAll { $0 == ready }
    }
    return result
  }

  /// The index of the source that is meant, added where it is new.
  private mutating func source(for taking: Recipe.Taking, _ library: Library) throws -> Int {
    let name = taking.source.name
    guard library.hasCard(name) else { throw taking.place.fail(library.unknownSource(name)) }
    let card = try library.card(name)
    guard let config = card.config(taking.source.config) else {
      let names = card.configs.map(\.name)
      let wanted = taking.source.config ?? ""
      throw taking.place.fail(
        "'\(name)' has no config '\(wanted)'\(choices(for: wanted, among: names, "it has"))")
    }
    if let index = sources.firstIndex(where: { $0.card.name == name }) {
      guard sources[index].config.name == config.name else {
        throw taking.place.fail(
          "'\(name)' is read as config '\(sources[index].config.name)' by a branch above; one run"
            + " reads one config of a source")
      }
      return index
    }
    var projection = Projection()
    var identity: [Projection.Slot] = []
    for name in card.identity {
      identity.append(projection.slot(of: card.fields.first { $0.name == name }!))
    }
    let prompt = projection.slot(of: card.fields.first { $0.name == "prompt" }!)
    sources.append(
      Source(
        card: card, config: config, projection: projection, identity: identity, prompt: prompt,
        required: [], takings: []))
    return sources.count - 1
  }

  private static func taking(
    _ taking: Recipe.Taking, of source: inout Source, _ library: Library, branch: Int,
    usesFlag: Bool
  ) throws -> Taking {
    var errors: [RecipeError] = []
    func attempt<Result>(_ body: () throws -> Result) throws -> Result? {
      do {
        return try body()
      } catch let error as RecipeError {
        errors.append(error)
        return nil
      }
    }
    let card = source.card
    var projection = source.projection
    var steps: [Step] = []
    var filters: [Rule] = []
    var needed: [(Projection.Slot, Field)] = []
    for place in taking.filters {
      let resolved = try attempt { () throws -> (Filter, Rule) in
        let name = try place.text("a filter's name")
        guard library.hasFilter(name) else { throw place.fail(library.unknownFilter(name)) }
        let filter = try library.filter(name)
        do {
          return (filter, try filter.rule(in: card, &projection))
        } catch let error as RecipeError {
          throw RecipeError(
            error.file, line: error.line, column: error.column,
            error.message + " (used at \(place.file):\(place.line))")
        }
      }
      guard let (filter, rule) = resolved else { continue }
      guard !steps.contains(where: { $0.name == filter.name }) else {
        errors.append(place.fail("the filter '\(filter.name)' stands twice here"))
        continue
      }
      filters.append(rule)
      steps.append(
        Step(
          kind: .filter, name: filter.name, text: filter.text, meaning: try filter.keep.json()))
      needed += rule.inputs.map { ($0.slot, $0.field) }
    }
    let pick = try taking.pick.flatMap { yaml in
      try attempt { try Pick(yaml, in: card, &projection) }
    }
    if let pick {
      steps.append(Step(kind: .pick, name: "pick", text: pick.text, meaning: pick.text))
      needed.append((pick.evidenceSlot, pick.list))
      needed += pick.inputs.map { ($0.slot, $0.field) }
    }
    let promptYAML = try taking.prompt ?? YAML(parsing: "\"{prompt}\"", file: recipeDefault)
    let prompt = try attempt {
      try Template(promptYAML, in: card, &projection, picks: pick != nil)
    }
    let responseText = try attempt { try taking.response.text("'response'") }
    var response: Template?
    if let responseText, responseText != "teacher" {
      response = try attempt {
        try Template(taking.response, in: card, &projection, picks: pick != nil)
      }
    }
    let without = try taking.without.flatMap { yaml in
      try attempt { try OverlapRules(yaml, library) }
    }
    let verification = try taking.verify.flatMap { yaml in
      try attempt { try AnswerVerification(yaml, in: card, &projection) }
    }
    guard errors.isEmpty, let prompt else { throw RecipeErrors(errors) }
    let promptText = try promptYAML.text("'prompt'")
    steps.append(Step(kind: .prompt, name: "prompt", text: promptText, meaning: promptText))
    if let without {
      let meaning = without.meaning
      steps.append(Step(kind: .without, name: "without", text: meaning, meaning: meaning))
    }
    if response != nil, let responseText {
      steps.append(
        Step(kind: .response, name: "response", text: responseText, meaning: responseText))
    }
    if let verification {
      let text = verification.text
      steps.append(Step(kind: .verify, name: "verify", text: text, meaning: text))
      needed.append((projection.slot(of: verification.answer), verification.answer))
    }
    for field in prompt.required + (response?.required ?? []) {
      needed.append((projection.slot(of: field), field))
    }
    if response == nil, let answer = card.fields.first(where: { $0.name == "answer" }) {
      source.answer = projection.slot(of: answer)
    }
    let flag = card.fields.first { $0.name == "verified" && [.flag, .flags].contains($0.type) }
    let verified = usesFlag ? flag.map { projection.slot(of: $0) } : nil
    for (slot, field) in needed where !source.required.contains(where: { $0.field == field }) {
      source.required.append((slot.column, field))
    }
    source.projection = projection
    return Taking(
      branch: branch, filters: filters, pick: pick, prompt: prompt, without: without,
      response: response, verification: verification, verified: verified, steps: steps)
  }

  private static let recipeDefault = "the default prompt"
}

/// Everything that is wrong with a recipe and what it names, in the order of the files.
package struct RecipeErrors: Error, CustomStringConvertible {
  package var errors: [RecipeError]

  package init(_ errors: [RecipeError]) { self.errors = Set(errors).sorted() }

  package var description: String { errors.map(\.description).joined(separator: "\n") }
}
