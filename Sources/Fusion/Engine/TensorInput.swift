internal import CKernels
internal import Files

/// One input of an output tensor: a stored tensor, whole or by chosen rows.
package struct TensorInput: Sendable {
  /// The position of its model among the inputs of the merge.
  package var model: Int
  package var file: SafetensorsFile
  package var tensor: StoredTensor
  /// Where each row of the output comes from, when it is not row for row.
  package var rows: GatheredRows?

  package init(model: Int, file: SafetensorsFile, tensor: StoredTensor, rows: GatheredRows? = nil) {
    self.model = model
    self.file = file
    self.tensor = tensor
    self.rows = rows
  }

  var byteWidth: Int { tensor.type.bits / 8 }

  /// Reads the stored bytes of these elements.
  func read(_ elements: Range<Int>, into bytes: UnsafeMutableRawPointer) throws {
    try file.read(
      at: tensor.offset + elements.lowerBound * byteWidth,
      into: UnsafeMutableRawBufferPointer(start: bytes, count: elements.count * byteWidth))
  }

  /// Widens gathered rows straight from their files, row by row.
  ///
  /// `elements` are those of the output, whose rows have `columns` elements.
  func widenGathered(
    _ elements: Range<Int>, columns: Int, into values: UnsafeMutablePointer<Double>
  ) throws {
    guard let rows else { return }
    var at = elements.lowerBound
    while at < elements.upperBound {
      let (row, column) = at.quotientAndRemainder(dividingBy: columns)
      let count = min(columns - column, elements.upperBound - at)
      let target = values + (at - elements.lowerBound)
      target.update(repeating: 0, count: count)
      try rows.add(row, from: column, count: count, to: target)
      at += count
    }
  }
}

/// Rows of an output that are sums of stored rows with weights: most are one row, weight 1.
package struct GatheredRows: Sendable {
  package struct Part: Sendable {
    var source: Int32
    var row: Int32
    var weight: Double

    package init(source: Int, row: Int, weight: Double = 1) {
      self.source = Int32(source)
      self.row = Int32(row)
      self.weight = weight
    }
  }

  private let sources: [RowSource?]
  private var parts: [Part] = []
  /// The parts of each row; rows may share them.
  private var rows: [Range<Int>] = []

  /// Rows will name their sources by their places here.
  package init(_ sources: [RowSource?]) { self.sources = sources }

  package var rowCount: Int { rows.count }

  package mutating func append(_ new: [Part]) {
    rows.append(parts.count..<parts.count + new.count)
    parts += new
  }

  /// Adds a row that is the same as the one before it.
  package mutating func repeatLast() { rows.append(rows.last ?? 0..<0) }

  /// A single part is copied as it is: adding it to zero would lose the sign of its zeros.
  fileprivate func add(
    _ row: Int, from column: Int, count: Int, to target: UnsafeMutablePointer<Double>
  ) throws {
    let parts = parts[rows[row]]
    try withUnsafeTemporaryAllocation(byteCount: count * 16, alignment: 8) { room in
      let values = room.baseAddress!.assumingMemoryBound(to: Double.self)
      for part in parts {
        guard let source = sources[Int(part.source)] else { continue }
        let whole = parts.count == 1 && part.weight == 1
        try source.widen(
          Int(part.row), from: column, count: count, bytes: room.baseAddress! + count * 8,
          to: whole ? target : values)
        if !whole { kernels.add_scaled(values, part.weight, target, count) }
      }
    }
  }
}

/// A stored matrix that gives rows.
package struct RowSource: Sendable {
  package var file: SafetensorsFile
  package var tensor: StoredTensor

  package init(file: SafetensorsFile, tensor: StoredTensor) {
    self.file = file
    self.tensor = tensor
  }

  fileprivate func widen(
    _ row: Int, from column: Int, count: Int, bytes: UnsafeMutableRawPointer,
    to target: UnsafeMutablePointer<Double>
  ) throws {
    guard let type = tensor.type.kernel else { return }
    let width = tensor.type.bits / 8
    let columns = tensor.shape.dropFirst().reduce(1, *)
    try file.read(
      at: tensor.offset + (row * columns + column) * width,
      into: UnsafeMutableRawBufferPointer(start: bytes, count: count * width))
    _ = kernels.widen(type, bytes, target, count)
  }
}
