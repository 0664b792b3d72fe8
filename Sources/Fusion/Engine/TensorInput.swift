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

  /// Widens mapped rows straight from the file, row by row.
  ///
  /// `elements` are those of the output, whose rows have `columns` elements.
  func widenMapped(
    _ elements: Range<Int>, columns: Int, into values: UnsafeMutablePointer<Double>
  ) throws {
    guard let rows else { return }
    var at = elements.lowerBound
    while at < elements.upperBound {
      let row = at / columns
      let column = at % columns
      let count = min(columns - column, elements.upperBound - at)
      let target = values + (at - elements.lowerBound)
      target.update(repeating: 0, count: count)
      let parts = rows.parts(of: row)
      for part in parts {
        try part.source.addRow(
          part.row, from: column, count: count, times: 1, to: target, of: self)
      }
      if parts.count > 1 {
        for index in 0..<count { target[index] /= Double(parts.count) }
      }
      at += count
    }
  }
}

/// Where the rows of an output come from: each is the mean of stored rows, or zero where there are none.
package struct GatheredRows: Sendable {
  package struct Part: Sendable {
    package var source: RowSource
    package var row: Int
  }
  /// For each output row the parts, by `starts[row]..<starts[row + 1]`.
  private var starts: [Int] = [0]
  private var all: [Part] = []
  package var rowCount: Int { starts.count - 1 }

  package init() {}

  package mutating func append(_ parts: [Part]) {
    all += parts
    starts.append(all.count)
  }

  func parts(of row: Int) -> ArraySlice<Part> { all[starts[row]..<starts[row + 1]] }
}

/// A stored matrix that gives rows.
package struct RowSource: Sendable {
  package var file: SafetensorsFile
  package var tensor: StoredTensor

  package init(file: SafetensorsFile, tensor: StoredTensor) {
    self.file = file
    self.tensor = tensor
  }

  func addRow(
    _ row: Int, from column: Int, count: Int, times factor: Double,
    to target: UnsafeMutablePointer<Double>, of input: TensorInput
  ) throws {
    let width = tensor.type.bits / 8
    let columns = tensor.shape.dropFirst().reduce(1, *)
    guard let type = tensor.type.kernel else { return }
    try withUnsafeTemporaryAllocation(byteCount: count * (width + 8), alignment: 8) { room in
      let values = room.baseAddress!.assumingMemoryBound(to: Double.self)
      let bytes = room.baseAddress! + count * 8
      try file.read(
        at: tensor.offset + (row * columns + column) * width,
        into: UnsafeMutableRawBufferPointer(start: bytes, count: count * width))
      _ = kernels.widen(type, bytes, values, count)
      kernels.add_scaled(values, factor, target, count)
    }
  }
}
