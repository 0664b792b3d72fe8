internal import CSimilarity
internal import Files
internal import Foundation

/// The band keys of all texts on disk, so that one band at a time is in memory.
///
/// Blocks of texts, in each the numbers of the texts and then one run of keys for each column.
struct KeyFile: ~Copyable {
  private static let block = 8192
  let columns: Int
  private var output: OutputFile
  private var pending: [UInt32]
  private var count = 0

  init(_ path: String, columns: Int) throws(FileError) {
    self.columns = columns
    output = try OutputFile(path, isDurable: false)
    pending = Array(repeating: 0, count: Self.block * (columns + 1))
  }

  mutating func add(_ keys: [UInt32], of number: Int) throws(FileError) {
    pending[count] = UInt32(number)
    for column in 0..<columns { pending[(column + 1) * Self.block + count] = keys[column] }
    count += 1
    if count == Self.block { try flush() }
  }

  private mutating func flush() throws(FileError) {
    // Places that no text has say so.
    while count < Self.block {
      pending[count] = .max
      count += 1
    }
    try output.append(copying: pending[...])
    count = 0
  }

  consuming func finish() throws(FileError) -> Keys {
    if count > 0 { try flush() }
    _ = try output.finish()
    let file = try OpenFile(output.path)
    try? FileManager.default.removeItem(atPath: file.path)
    return Keys(file: file, columns: columns)
  }

  /// The complete file, open and without a name.
  struct Keys: ~Copyable {
    let file: OpenFile
    let columns: Int

    /// Key and number of every text, sorted; the number is in the low half.
    func column(_ column: Int, count: Int) throws(FileError) -> [UInt64] {
      var keys = [UInt32](repeating: 0, count: count)
      var isThere = [Bool](repeating: false, count: count)
      let size = KeyFile.block * 4
      for block in 0..<(file.byteCount / (size * (columns + 1))) {
        let start = block * size * (columns + 1)
        let numbers: [UInt32] = try file.values(at: start, count: KeyFile.block)
        let values: [UInt32] = try file.values(
          at: start + (column + 1) * size, count: KeyFile.block)
        for place in 0..<KeyFile.block where numbers[place] != .max {
          keys[Int(numbers[place])] = values[place]
          isThere[Int(numbers[place])] = true
        }
      }
      var entries: [UInt64] = []
      entries.reserveCapacity(count)
      for number in 0..<count where isThere[number] {
        entries.append(UInt64(keys[number]) << 32 | UInt64(number))
      }
      keys = []
      var scratch = [UInt64](repeating: 0, count: entries.count)
      entries.withUnsafeMutableBufferPointer { entries in
        scratch.withUnsafeMutableBufferPointer {
          // Numbers are in order by then.
          bm_sort(entries.baseAddress, entries.count, $0.baseAddress, 4)
        }
      }
      return entries
    }
  }
}

extension OutputFile {
  /// Appends the bytes of numbers, as the machine has them.
  mutating func append<Number: BitwiseCopyable>(
    copying numbers: ArraySlice<Number>
  ) throws(FileError) {
    var failure: FileError?
    numbers.withUnsafeBytes { bytes in
      do throws(FileError) { try append(Span(_unsafeBytes: bytes)) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

extension OpenFile {
  /// Numbers that `append(copying:)` wrote.
  func values<Number: FixedWidthInteger & BitwiseCopyable>(
    at offset: Int, count: Int
  ) throws(FileError) -> [Number] {
    var values = [Number](repeating: 0, count: count)
    var failure: FileError?
    values.withUnsafeMutableBytes { room in
      do throws(FileError) { try read(at: offset, into: room) } catch { failure = error }
    }
    if let failure { throw failure }
    return values
  }
}
