internal import Curation
internal import Files
internal import Lineage
internal import Notation
internal import Samples

/// The beginnings of prompts, read again from the source files.
///
/// Only what is proved to be the row that was read is shown: its bytes have the hash that the ledger
/// has of them; of a table, which has no bytes of its own, the whole file. A file that is compressed
/// or a table is read from its beginning, and no further than `reach`.
struct Excerpts {
  /// Bytes of a compressed file or a table that are read to come to a row.
  static let reach = 256 << 20
  static let length = 200

  private let files: [(path: String, examples: [Overview.Example])]
  private var prompts: [Int64: String] = [:]
  private(set) var notes: [String] = []

  init(_ examples: [Overview.Example]) {
    let byFile = Dictionary(grouping: examples, by: \.path)
    files = byFile.keys.sorted().map { ($0, byFile[$0] ?? []) }
  }

  subscript(sample: Int64) -> String? { prompts[sample] }

  mutating func read() {
    for (path, examples) in files {
      do {
        let file = try SourceFile(path)
        if file.format == .plain && examples.allSatisfy({ $0.place.offset != nil }) {
          try seek(examples, in: file)
        } else {
          try walk(examples, in: file)
        }
      } catch {
        notes.append("Prompts are missing. \(error)")
      }
    }
  }

  /// Rows of a plain file, each at its place.
  private mutating func seek(_ examples: [Overview.Example], in file: SourceFile) throws {
    var changed = 0
    for example in examples {
      let place = example.place
      let bytes = try? file.row(example.row, offset: place.offset, byteCount: place.byteCount)
      var row = ByteBuffer()
      if let bytes { row.append(bytes.span) }
      if !keep(row.bytes, example) { changed += 1 }
    }
    if changed > 0 { notes.append(Self.note(changed, file.path)) }
  }

  /// Rows of a file that is read from its beginning.
  private mutating func walk(_ examples: [Overview.Example], in file: SourceFile) throws {
    var wanted = Dictionary(grouping: examples, by: \.row)
    let chunk = Chunk()
    var projection = Projection()
    for card in examples.compactMap(Self.card) { _ = card.prompt.map { projection.slot(of: $0) } }
    let reader = try file.rows(projection)
    if reader is StackExchangeReader, reader.file.byteCount > Self.reach {
      notes.append(Self.note(tooFar: wanted.count, file.path))
      return
    }
    var isTableChecked = false
    var changed = 0
    while !wanted.isEmpty, try reader.next(chunk) {
      if !reader.hasPlaces && !isTableChecked {
        // Its reader has seen the whole file before the first row.
        let digest = reader.file.digest.description
        let stale = examples.filter { $0.place.fileXXH3 != digest }
        guard stale.isEmpty else {
          notes.append(Self.note(stale.count, file.path))
          return
        }
        isTableChecked = true
      }
      for row in chunk.rows {
        guard let examples = wanted.removeValue(forKey: row.number) else { continue }
        for example in examples {
          let isKept = chunk.withBytes(of: row) { keep($0, example) }
          if !isKept { changed += 1 }
        }
      }
      if chunk.bytesRead > Self.reach { break }
    }
    if changed > 0 { notes.append(Self.note(changed, file.path)) }
    if !wanted.isEmpty {
      notes.append(Self.note(tooFar: wanted.count, file.path))
    }
  }

  private static func note(tooFar count: Int, _ path: String) -> String {
    "\(count) prompts of \(quoted(path)) are too far from its beginning to be read again;"
      + " 'branchmerge why' reads them one by one."
  }

  private static func note(_ count: Int, _ path: String) -> String {
    "\(quoted(path)) is not as it was when it was read: \(count)"
      + " \(count == 1 ? "prompt is" : "prompts are") not shown."
  }

  /// Keeps the prompt of a row that is as it was; what has no prompt is fine as well.
  private mutating func keep(_ row: Span<UInt8>, _ example: Overview.Example) -> Bool {
    if let hash = example.place.rowHash, fastHash(of: row) != UInt64(bitPattern: hash) {
      return false
    }
    guard let field = Self.card(example)?.prompt else { return true }
    var projection = Projection()
    let slot = projection.slot(of: field)
    var scanner = RowScanner(projection)
    guard scanner.scan(row) == nil else { return true }
    let sample = scanner.sample(of: row)
    let value = sample[slot]
    guard value.kind == .string else { return true }
    let text = sample.text(of: value)
    prompts[example.place.sample] = Self.beginning(of: text)
    return true
  }

  private static func card(_ example: Overview.Example) -> SourceCard? {
    try? SourceCard(recorded: example.place.card, name: example.place.source)
  }

  /// On one line, with white space folded.
  static func beginning(of text: String) -> String {
    var result = ""
    var count = 0
    var space = false
    for scalar in text.unicodeScalars {
      if scalar.properties.isWhitespace {
        space = count > 0
        continue
      }
      guard count < length else { return result + "…" }
      if space { result += " " }
      space = false
      result.unicodeScalars.append(scalar)
      count += 1
    }
    return result
  }
}
