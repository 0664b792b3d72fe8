internal import Files
internal import GRDB
internal import Lineage
internal import Notation

/// Names for what a ledger numbers, which no other ledger has: UUIDs made of what never changes in it.
struct LedgerIdentity {
  private let seed: String

  /// Throws where nothing has been built yet, and there is nothing to name.
  init(of ledger: Ledger) throws {
    let first = try ledger.access { database in
      try Row.fetchOne(
        database, sql: "SELECT started, recipe_text, options FROM run ORDER BY id LIMIT 1")
    }
    guard let first else {
      throw LedgerError(
        "\(ledger.path) has no branch yet; 'branchmerge run' or 'branchmerge branch' builds some")
    }
    seed = [first[0] as String, first[1], first[2]].map(JSON.quoted).joined(separator: ",")
  }

  /// Version 8 of RFC 9562: 122 bits of the XXH3 of the ledger's identity and this name.
  func uuid(_ name: String) -> String {
    let digest = Digest(of: Array("\(seed)\n\(name)".utf8).span)
    let high = hex(digest.high & 0xFFFF_FFFF_FFFF_0FFF | 0x8000)
    let low = hex(digest.low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000)
    return "\(high.prefix(8))-\(high.dropFirst(8).prefix(4))-\(high.suffix(4))-\(low.prefix(4))"
      + "-\(low.dropFirst(4))"
  }
}
