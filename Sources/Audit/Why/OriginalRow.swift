internal import Curation
internal import Files
package import Lineage
internal import Notation
internal import Samples

/// A row read back from its place in its source file, and what proves that it is the one that was
/// read.
package struct OriginalRow: Sendable {
  package let bytes: [UInt8]
  package let proof: Proof

  package enum Proof: String, Encodable, Sendable {
    /// The hash of its bytes is that of the ledger.
    case hash
    /// A row of a table or a dump has no bytes of its own; the id that its values give is that of the ledger.
    case id
    /// It was too long to be read, or is a row of a table or a dump without an id: the ledger has nothing to
    /// hold it against.
    case none
  }

  /// Throws where the row is not there any more, or is another one.
  ///
  /// Of a packed file all that lies before the row is unpacked.
  package init(of trace: Trace, in ledger: Ledger) throws {
    let place = trace.place
    let file = try SourceFile(place.path)
    let size = try OpenFile(place.path).byteCount
    // Larger than any file: a ledger may say anything.
    let limit = 1 << 56
    guard 0...limit ~= place.byteCount, 0...limit ~= place.byteOffset ?? 0, place.row > 0 else {
      throw FileError(place.path, "has no row at the place that the ledger names")
    }
    guard file.format != .plain || place.byteOffset == nil || place.byteCount <= size else {
      throw FileError(place.path, "is shorter than row \(place.row) was")
    }
    bytes = try file.row(place.row, offset: place.byteOffset, byteCount: place.byteCount)
    proof = try Self.proof(of: bytes, trace, in: ledger)
  }

  private static func proof(of bytes: [UInt8], _ trace: Trace, in ledger: Ledger) throws -> Proof {
    let place = trace.place
    if let expected = place.rowXXH3 {
      guard hex(fastHash(of: bytes.span)) == expected else {
        throw FileError(
          place.path,
          "what stands at row \(place.row) now is not the row that was read: its hash is not"
            + " \(expected)")
      }
      return .hash
    }
    guard place.byteOffset == nil, let id = trace.id else { return .none }
    let card = try StepRecord.card(of: trace.source, run: trace.run.id, in: ledger)
    let found = try Replay(of: bytes, source: trace.source.name, card: card, steps: []).id ?? ""
    guard id == found || id.hasPrefix(found + "#") else {
      throw FileError(
        place.path,
        "row \(place.row) is not the one that was read: its values give the id \(quoted(found))")
    }
    return .id
  }
}
