/// Where every row of a merged embedding comes from, for each of the models.
///
/// A model's embedding, gathered after its column of the map, has the rows of the merged tokenizer
/// in their order; then the tensors are merged as any others.
package struct RowMap: Hashable, Sendable {
  package enum Source: Hashable, Sendable {
    /// A row of the model itself.
    case row(Int)
    /// A row of another model.
    case rowOf(model: Int, row: Int)
    /// The mean over rows of several models, in this order.
    case mean([Place])
    case zero
    /// The mean over the model's own first `tokenCount` gathered rows: padding that was asked for.
    case meanOfTokens
  }

  package struct Place: Hashable, Sendable {
    package var model: Int
    package var row: Int

    package init(model: Int, row: Int) {
      self.model = model
      self.row = row
    }
  }

  /// How many rows the merged embedding has.
  package let rowCount: Int
  /// How many of them, from the first on, stand for the tokenizer's ids.
  package let tokenCount: Int
  /// By model, then by row of the result.
  package let sources: [[Source]]
  private let rowCounts: [Int]

  init(rowCount: Int, tokenCount: Int, sources: [[Source]], rowCounts: [Int]) {
    self.rowCount = rowCount
    self.tokenCount = tokenCount
    self.sources = sources
    self.rowCounts = rowCounts
  }

  /// Whether a model's embedding is taken as it stands.
  package func isIdentity(of model: Int) -> Bool {
    rowCounts[model] == rowCount
      && sources[model].indices.allSatisfy { sources[model][$0] == .row($0) }
  }

  /// Whether all are, so that nothing needs to be gathered.
  package var isIdentity: Bool { sources.indices.allSatisfy { isIdentity(of: $0) } }
}

extension TokenizerMerge {
  /// The rows of an embedding, or of a head, of which every model has so many.
  ///
  /// Per token and model: a model that has the token gives its own row; for the others the base
  /// model's row stands in, else that of the only model that has one, else the mean over those
  /// that have; a token that nobody has a row for gets zeros. The result keeps the number of rows
  /// of the model whose tokenizer it has, padding included, unless it has more tokens or a multiple
  /// is asked for.
  package func rowMap(rowCounts: [Int]) -> RowMap {
    precondition(rowCounts.count == labels.count && rowCounts.allSatisfy { $0 >= 0 })
    let models = Array(rowCounts.indices)
    func row(of id: Int, in model: Int) -> Int? {
      let row = columns[model][id]
      return row >= 0 && row < rowCounts[model] ? row : nil
    }
    func hasRow(_ id: Int) -> Bool {
      overrides.keys.contains(id) || models.contains { row(of: id, in: $0) != nil }
    }
    var rowCount = rowCounts[source]
    var tokenCount = rowCount
    if let multiple {
      tokenCount = isToken.count
      rowCount = (tokenCount + multiple - 1) / multiple * multiple
    } else if let last = isToken.indices.last(where: hasRow) {
      rowCount = max(rowCount, last + 1)
      tokenCount = rowCount
    }

    func origin(of id: Int, for model: Int) -> RowMap.Source {
      guard id < isToken.count, isToken[id] else {
        if multiple != nil { return id < tokenCount ? .zero : .meanOfTokens }
        // Padding stays each model's own, except where the model has put a token there.
        if id < rowCounts[model] && !used[model].contains(id) { return .row(id) }
        return id < rowCounts[self.source] ? .rowOf(model: self.source, row: id) : .zero
      }
      let own = row(of: id, in: model)
      if let (place, isForced) = overrides[id], isForced || own == nil {
        guard let place else { return .zero }
        return place.model == model ? .row(place.row) : .rowOf(model: place.model, row: place.row)
      }
      if let own { return .row(own) }
      if let base, let row = row(of: id, in: base) { return .rowOf(model: base, row: row) }
      let owners = models.compactMap { owner in
        row(of: id, in: owner).map { RowMap.Place(model: owner, row: $0) }
      }
      switch owners.count {
      case 0: return .zero
      case 1: return .rowOf(model: owners[0].model, row: owners[0].row)
      default: return .mean(owners)
      }
    }
    return RowMap(
      rowCount: rowCount, tokenCount: tokenCount,
      sources: models.map { model in (0..<rowCount).map { origin(of: $0, for: model) } },
      rowCounts: rowCounts)
  }
}
