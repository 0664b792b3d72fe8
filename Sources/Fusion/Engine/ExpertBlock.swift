/// The same stretch of every input of a tensor, widened to Double, side by side.
///
/// Lent to a merge method for the length of a call; inputs have the order of the task's.
package struct ExpertBlock: ~Copyable {
  /// Which unit of the tiling this is, the row it belongs to, and its first element in the tensor.
  package let unit: Int
  package let row: Int
  package let start: Int
  package let count: Int
  /// Which worker holds the block: work of its own may be kept under this index.
  package let worker: Int
  private let values: UnsafeMutablePointer<Double>
  private let stride: Int

  init(
    unit: Int, row: Int, start: Int, count: Int, worker: Int,
    values: UnsafeMutablePointer<Double>, stride: Int
  ) {
    self.unit = unit
    self.row = row
    self.start = start
    self.count = count
    self.worker = worker
    self.values = values
    self.stride = stride
  }

  package subscript(input: Int) -> Span<Double> {
    @_lifetime(borrow self)
    borrowing get {
      let span = Span(_unsafeStart: UnsafePointer(values + input * stride), count: count)
      return _overrideLifetime(span, borrowing: self)
    }
  }
}

/// Room for a method's intermediate vectors, each as long as the block at hand.
package struct Room: ~Copyable {
  package let count: Int
  private let values: UnsafeMutablePointer<Double>
  private let stride: Int

  init(values: UnsafeMutablePointer<Double>, stride: Int, count: Int) {
    self.values = values
    self.stride = stride
    self.count = count
  }

  package subscript(vector: Int) -> MutableSpan<Double> {
    @_lifetime(&self)
    mutating get {
      let span = MutableSpan(_unsafeStart: values + vector * stride, count: count)
      return _overrideLifetime(span, mutating: &self)
    }
  }

  /// Where a vector lies, for kernels over several vectors.
  func pointer(_ vector: Int) -> UnsafeMutablePointer<Double> { values + vector * stride }
}
