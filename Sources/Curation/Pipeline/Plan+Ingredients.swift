package import Lineage
internal import Notation
internal import Samples

extension Plan {
  /// What a branch depends on besides the sources' bytes: of the recipe, the cards and the filters
  /// just the parts that it reads, and of these just what decides.
  package func ingredients(of branch: String) -> [Ingredient] {
    // Its data card, but neither its rows nor those of the branches behind it.
    let card = baseline.map { Ingredient("compared with", $0.identity(of: branch)) }
    return rowIngredients(of: branch) + (card.map { [$0] } ?? [])
  }

  private func rowIngredients(of branch: String) -> [Ingredient] {
    guard let index = branches.firstIndex(where: { $0.name == branch }) else { return [] }
    var result = [
      Ingredient("row", branches[index].format.name),
      Ingredient("distinct", branches[index].distinct.meaning),
    ]
    if let search = searches.first(where: { $0.isAcross }) {
      // The rows of the branches before it are its ingredients, too.
      result.append(Ingredient("distinct across branches", search.near.meaning))
      for earlier in branches[..<index] {
        let own = rowIngredients(of: earlier.name)
        result.append(Ingredient("earlier branch \(earlier.name)", Ingredient.identity(of: own)))
      }
    }
    let sources = sources.filter { source in source.takings.contains { $0.branch == index } }
    result.append(Ingredient("sources", sources.map(\.card.name).joined(separator: ", ")))
    for source in sources {
      let name = source.card.name
      result.append(Ingredient("config of \(name)", source.config.name))
      result.append(Ingredient("source card \(name)", source.card.meaning))
      for taking in source.takings where taking.branch == index {
        let filters = taking.steps.filter { $0.kind == .filter }
        result.append(
          Ingredient("filters of \(name)", filters.map(\.name).joined(separator: ", ")))
        for step in filters where !result.contains(where: { $0.name == "filter \(step.name)" }) {
          result.append(Ingredient("filter \(step.name)", step.meaning))
        }
        for step in taking.steps where step.kind != .filter {
          result.append(Ingredient("\(step.kind.rawValue) of \(name)", step.meaning))
        }
        if taking.response == nil {
          result.append(Ingredient("response of \(name)", "teacher"))
        }
      }
    }
    for card in benchmarks(of: branch) {
      result.append(Ingredient("benchmark card \(card.name)", card.meaning))
    }
    return result
  }

  /// The names of the sources that a branch takes from, in the order of reading.
  package func sourceNames(of branch: String) -> [String] {
    guard let index = branches.firstIndex(where: { $0.name == branch }) else { return [] }
    return sources.filter { source in source.takings.contains { $0.branch == index } }
      .map(\.card.name)
  }
}

extension Plan.Branch {
  package var rowFormat: String { format.name }

  /// What LLaMA-Factory's `dataset_info.json` says of the rows, as a JSON object without the file.
  package var datasetInfo: String {
    "{" + format.datasetInfo.map { "\(JSON.quoted($0.key)): \($0.json)" }.joined(separator: ", ")
      + "}"
  }

  /// The file `dataset_info.json` beside rows of the branch.
  package var datasetInfoFile: String { DataCard.datasetInfo(name, format) }
}

extension Curator.Options {
  /// Those that the rows depend on, besides where the sources' files are.
  package var ingredients: [Ingredient] {
    [
      Ingredient("--max-quarantined", maxQuarantined.description),
      Ingredient("--max-row", "\(limits.rowBytes >> 20) MiB"),
    ]
  }
}
