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

  package init(
    number: Int, id: String, promptBytes: [UInt8], prompt: String, answer: String?
  ) {
    self.number = number
    self.id = id
    self.promptBytes = promptBytes
    self.prompt = prompt
    self.answer = answer
  }
}

/// The seeds of a branch, in their order.
package struct SeedFile: Sendable {
  package let path: String

  package init(_ path: String) { self.path = path }

  /// Lends every seed; memory is bounded whatever the file's size. Returns the hash of the file.
  @discardableResult
  package func forEach(_ body: (SeedRow) throws -> Void) throws -> Digest {
    let reader = try SeedReader(path)
    while let seeds = try reader.next() {
      for seed in seeds { try body(seed) }
    }
    return reader.digest
  }
}

/// Reads seeds for one who asks for them, a chunk at a time.
package final class SeedReader {
  private let path: String
  private let reader: any RowReader
  private let chunk = Chunk()
  private let projection: Projection
  private let id, prompt, answer: Projection.Slot

  package init(_ path: String) throws {
    self.path = path
    var projection = Projection()
    id = projection.slot(of: Field(name: "id", path: FieldPath(key: "id")))
    prompt = projection.slot(of: Field(name: "prompt", path: FieldPath(key: "prompt")))
    answer = projection.slot(
      of: Field(name: "answer", path: FieldPath(key: "answer"), type: .any))
    reader = try SourceFile(path).rows(projection)
    self.projection = projection
  }

  /// Of the file, once all of it is read.
  package var digest: Digest { reader.file.digest }

  /// The seeds of the next chunk; nil at the end.
  package func next() throws -> [SeedRow]? {
    guard try reader.next(chunk) else { return nil }
    var scanner = RowScanner(projection)
    return try chunk.rows.map { place in
      try chunk.withBytes(of: place) { row in
        guard place.fault == nil, scanner.scan(row) == nil else {
          throw FileError(
            path, "row \(place.number) is no seed; build the branch again, and run the same again")
        }
        let sample = scanner.sample(of: row)
        guard sample[id].kind == .string, sample[prompt].kind == .string else {
          throw FileError(path, "row \(place.number) has no id, or no prompt")
        }
        let value = sample[answer]
        return SeedRow(
          number: place.number,
          id: sample.withText(of: sample[id]) { String(copying: $0) },
          promptBytes: sample.bytes(of: sample[prompt]).withUnsafeBufferPointer { Array($0) },
          prompt: sample.withText(of: sample[prompt]) { String(copying: $0) },
          answer: value.isNull ? nil : sample.withText(of: value) { String(copying: $0) })
      }
    }
  }
}
