package import Files

/// A row's place in its chunk and in its file.
package struct RowPlace: Sendable {
  /// Bytes of the chunk.
  package var range: Range<Int>
  /// Counted from 1: the line of JSON Lines, the element of an array, the row of a table.
  package var number: Int
  /// First byte in the decompressed file and the number of bytes; nil for a table.
  package var offset: Int?
  package var byteCount: Int
  /// Set where the reader itself refused the row.
  package var fault: RowFault?
}

/// A piece of a source file with whole rows in it; workers use the same memory again and again.
package final class Chunk {
  package var buffer = ByteBuffer(capacity: Chunk.size * 2)
  package var rows: [RowPlace] = []
  /// Bytes of the file, decompressed, up to the end of this chunk.
  package var bytesRead = 0

  /// Bytes read at a time: large enough to hide the hand-over, small enough for the cache.
  package static let size = 2 << 20

  package init() {}

  /// Lends a row's bytes, with the buffer's padding behind them.
  package func withBytes<Result>(
    of place: RowPlace, _ body: (Span<UInt8>) throws -> Result
  ) rethrows -> Result {
    try lend(buffer, place.range, body)
  }

  func clear() {
    buffer.removeAll()
    rows.removeAll(keepingCapacity: true)
  }
}

/// Lends a part of a buffer.
func lend<Result>(
  _ buffer: borrowing ByteBuffer, _ range: Range<Int>, _ body: (Span<UInt8>) throws -> Result
) rethrows -> Result {
  try body(buffer.bytes.extracting(range))
}

/// Cuts a source file into chunks of rows, in file order.
package protocol RowReader: AnyObject {
  /// Fills the chunk with the next rows; false when there are none left.
  func next(_ chunk: Chunk) throws -> Bool
  /// The file that is read; its hash is complete after the last chunk.
  var file: FileStream { get }
  /// Whether a row has bytes of its own in the file. Where it has none, all of the file has been read
  /// before the first row.
  var hasPlaces: Bool { get }
}

extension RowReader {
  package var hasPlaces: Bool { true }
}

/// What a reader does with rows of any length.
package struct ReadLimits: Sendable {
  /// A longer row is quarantined, in bytes.
  package var rowBytes = 64 << 20

  package init(rowBytes: Int = 64 << 20) { self.rowBytes = rowBytes }
}

/// White space as JSON has it: space, tab, line feed, carriage return.
func isJSONSpace(_ byte: UInt8) -> Bool {
  byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}
