internal import Files
internal import Foundation
internal import Samples

/// Reads the prompts of a file, with several threads, and gives them in the order of its rows.
struct PromptReader: Sendable {
  let prompt: Field
  /// Where the rows hold the sample's id; nil for a source file, whose ids the ledger has.
  let id: Field?

  /// Of a longer prompt only the beginning is searched, in bytes; its hash is of all of it.
  static let longest = 1 << 14

  /// A row with a prompt that can be read.
  struct Prompt: Sendable {
    /// Among all rows of the file, counted from 0.
    var position: Int
    /// The hash of the prompt with white space folded, as a signed number.
    var key: Int64
    /// With white space folded.
    var text: String
    /// Its words and the signs of their pairs.
    var words: String
    var id: String?
  }

  /// Some rows of the file, what was found in them, and bytes of the file read so far.
  final class Piece {
    let chunk = Chunk()
    var firstRow = 0
    var bytesRead = 0
    var prompts: [Prompt] = []
  }

  /// What all of a file came to.
  struct Ending {
    var rowCount: Int
    var digest: Digest
  }

  init(prompt: Field, id: Field? = nil) {
    self.prompt = prompt
    self.id = id
  }

  func read(_ path: String, collect: (Piece) throws -> Void) throws -> Ending {
    var projection = Projection()
    let slot = projection.slot(of: prompt)
    let idSlot = id.map { projection.slot(of: $0) }
    let columns = projection
    let reader = try SourceFile(path).rows(projection)
    var rowCount = 0
    let workers = min(8, max(1, ProcessInfo.processInfo.activeProcessorCount))
    let conveyor = Conveyor(pieces: (0..<workers + 2).map { _ in Piece() }) { piece in
      guard try reader.next(piece.chunk) else { return false }
      piece.firstRow = rowCount
      rowCount += piece.chunk.rows.count
      piece.bytesRead = reader.file.position
      return true
    }
    try conveyor.run(
      workers: workers,
      makeWork: { PromptScanner(columns, slot, id: idSlot).scan },
      collect: {
        try Interruption.check()
        try collect($0)
      })
    return Ending(rowCount: rowCount, digest: reader.file.digest)
  }

  /// The key of a prompt that somebody asks for.
  static func key(of text: String) -> (key: Int64, folded: String) {
    var bytes = ByteBuffer()
    bytes.append(text)
    var folded = ByteBuffer()
    foldWhiteSpace(bytes.bytes, into: &folded)
    return (
      Int64(bitPattern: fastHash(of: folded.bytes)), String(copying: folded.bytes)
    )
  }
}

/// A worker's hands: what it needs to find the prompts of one chunk after another.
private final class PromptScanner {
  private let slot: Projection.Slot
  private let id: Projection.Slot?
  private var scanner: RowScanner
  private var text = ByteBuffer()
  private var folded = ByteBuffer()
  private var words = ByteBuffer()

  init(_ projection: Projection, _ slot: Projection.Slot, id: Projection.Slot?) {
    self.slot = slot
    self.id = id
    scanner = RowScanner(projection)
  }

  func scan(_ piece: PromptReader.Piece) {
    piece.prompts.removeAll(keepingCapacity: true)
    for (index, place) in piece.chunk.rows.enumerated() where place.fault == nil {
      let found = piece.chunk.withBytes(of: place) { row in
        prompt(in: row, piece.firstRow + index, &scanner)
      }
      if let found { piece.prompts.append(found) }
    }
  }

  private func prompt(in row: Span<UInt8>, _ position: Int, _ scanner: inout RowScanner)
    -> PromptReader.Prompt?
  {
    guard scanner.scan(row) == nil else { return nil }
    let sample = scanner.sample(of: row)
    let value = sample[slot]
    guard value.kind == .string else { return nil }
    text.removeAll()
    folded.removeAll()
    words.removeAll()
    if value.isEscaped {
      unescape(sample.bytes(of: value), into: &text)
      foldWhiteSpace(text.bytes, into: &folded)
    } else {
      foldWhiteSpace(sample.bytes(of: value), into: &folded)
    }
    let key = Int64(bitPattern: fastHash(of: folded.bytes))
    folded.truncate(to: wholeCharacters(of: folded.bytes, upTo: PromptReader.longest))
    Words.append(folded.bytes, to: &words)
    text.removeAll()
    Words.appendPairs(of: words.bytes, to: &text)
    words.append(text.bytes)
    return PromptReader.Prompt(
      position: position, key: key, text: String(copying: folded.bytes),
      words: String(copying: words.bytes),
      id: id.map { sample[$0] }.flatMap { $0.kind == .string ? sample.text(of: $0) : nil })
  }

  /// The bytes of the text, or of the longest beginning that keeps the limit and ends with a
  /// character.
  private func wholeCharacters(of text: Span<UInt8>, upTo limit: Int) -> Int {
    guard text.count > limit else { return text.count }
    var end = limit
    while end > 0 && text[end] & 0xC0 == 0x80 { end -= 1 }
    return end
  }
}
