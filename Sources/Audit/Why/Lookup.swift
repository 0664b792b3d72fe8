package import Lineage

/// What somebody means by an id, a place or a text.
package enum Lookup: Sendable {
  case sample(Trace)
  /// Ids with this beginning, more than one.
  case ids([String])
  /// Samples with prompts like this text, none of which is meant for sure.
  case hits([Hit])
  /// It is written like an id, and no sample has it; the one that begins most like it.
  case noID(nearest: String?)
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
    if let id = name.wholeMatch(of: /\s*([A-Za-z0-9._-]+):([0-9a-fA-F]*(?:#[0-9]*)?)\s*/) {
      let (source, number) = (String(id.output.1), id.output.2.lowercased())
      let ids = try Trace.ids(
        beginningWith: "\(source):\(number)", limit: mostChoices + 1, in: ledger)
      if ids.count > 1 { return .ids(ids) }
      if let id = ids.first { return .sample(try Trace.find(id, run: run, in: ledger)) }
      if number.utf8.count >= 4, let nearest = try nearest(to: number, of: source, in: ledger) {
        return .noID(nearest: nearest)
      }
    }
    if try Trace.isPlace(name, in: ledger) {
      guard try run != nil || Trace.isRead(name, in: ledger) else { return .nothing }
      return .sample(try Trace.find(name, run: run, in: ledger))
    }
    let hits = try index().search(name, limit: mostChoices)
    if let hit = hits.clear { return .sample(try Trace.find(hit.sampleID, run: run, in: ledger)) }
    return hits.isEmpty ? .nothing : .hits(hits)
  }

  /// The source's id that shares the longest beginning with this one; nil without such a source.
  private static func nearest(to number: String, of source: String, in ledger: Ledger) throws
    -> String?
  {
    var beginning = number
    while true {
      let ids = try Trace.ids(beginningWith: "\(source):\(beginning)", limit: 1, in: ledger)
      if let id = ids.first { return id }
      guard !beginning.isEmpty else { return nil }
      beginning.removeLast()
    }
  }
}
