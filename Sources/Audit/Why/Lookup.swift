package import Lineage

/// What somebody means by an id, a place or a text.
package enum Lookup: Sendable {
  case sample(Trace)
  /// Ids with this beginning, more than one.
  case ids([String])
  /// Samples with prompts like this text, none of which is meant for sure.
  case hits([Hit])
  /// Nothing is like it.
  case nothing

  /// Of more choices just so many are given.
  package static let mostChoices = 10

  /// Looks for a sample by its id or the beginning of it, by `FILE:ROW`, and else by its prompt, for
  /// which alone `index` is asked for.
  ///
  /// The latest run that read it answers, unless `run` asks for another.
  package static func find(
    _ name: String, run: Int64? = nil, in ledger: Ledger, index: () throws -> SearchIndex
  ) throws -> Lookup {
    if name.wholeMatch(of: /[A-Za-z0-9._-]+:[0-9a-f]*(#[0-9]*)?/) != nil {
      let ids = try Trace.ids(beginningWith: name, limit: mostChoices + 1, in: ledger)
      if ids.count > 1 { return .ids(ids) }
      if let id = ids.first { return .sample(try Trace.find(id, run: run, in: ledger)) }
    }
    if try Trace.isPlace(name, in: ledger) {
      return .sample(try Trace.find(name, run: run, in: ledger))
    }
    let hits = try index().search(name, limit: mostChoices)
    if let hit = hits.clear { return .sample(try Trace.find(hit.sampleID, run: run, in: ledger)) }
    return hits.isEmpty ? .nothing : .hits(hits)
  }
}
