package import Files
internal import Samples

/// A seed as it stands in a branch's `seeds.jsonl`.
package struct SeedRow: Sendable {
  /// Counted from 1.
  package var number: Int
  package var id: String
  /// As the bytes of a JSON string, which a row takes over as they are.
  package var promptBytes: [UInt8]
  package var prompt: String
  /// The reference answer, where the source has one.
  package var answer: String?
}

/// The seeds of a branch, in their order.
package struct SeedFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Lends every seed; memory is bounded whatever the file's size. Returns the hash of the file.
  @discardableResult
  package func forEach(_ body: (SeedRow) throws -> Void) throws -> Digest {
    var projection = Projection()
    let id = projection.slot(of: Field(name: "id", path: FieldPath(key: "id")))
    let prompt = projection.slot(of: Field(name: "prompt", path: FieldPath(key: "prompt")))
    let answer = projection.slot(
      of: Field(name: "answer", path: FieldPath(key: "answer"), type: .any))
    let reader = try SourceFile(path).rows(projection)
    let chunk = Chunk()
    var scanner = RowScanner(projection)
    while try reader.next(chunk) {
      for place in chunk.rows {
        try chunk.withBytes(of: place) { row in
          guard place.fault == nil, scanner.scan(row) == nil else {
            throw FileError(
              path, "row \(place.number) is no seed; build the branch again, and run the same again"
            )
          }
          let sample = scanner.sample(of: row)
          guard sample[id].kind == .string, sample[prompt].kind == .string else {
            throw FileError(path, "row \(place.number) has no id, or no prompt")
          }
          let value = sample[answer]
          try body(
            SeedRow(
              number: place.number,
              id: sample.withText(of: sample[id]) { String(copying: $0) },
              promptBytes: sample.bytes(of: sample[prompt]).withUnsafeBufferPointer { Array($0) },
              prompt: sample.withText(of: sample[prompt]) { String(copying: $0) },
              answer: value.isNull ? nil : sample.withText(of: value) { String(copying: $0) }))
        }
      }
    }
    return reader.file.digest
  }
}
