internal import CKernels

/// The inner loops in C, with the same bits on every machine.
///
/// Sound to share: a table of functions that is never written to.
nonisolated(unsafe) let kernels: bm_kernels = bm_kernels().pointee

extension ElementType {
  /// The kernels' name for the type; nil where there is no arithmetic on it.
  var kernel: bm_type? {
    switch self {
    case .f16: BM_F16
    case .bf16: BM_BF16
    case .f32: BM_F32
    case .f64: BM_F64
    default: nil
    }
  }
}

extension Span where Element == Double {
  /// Σ x·y, in an order that depends on the count alone.
  func dot(_ other: Span<Double>) -> Double {
    precondition(other.count == count)
    return withUnsafeBufferPointer { x in
      other.withUnsafeBufferPointer { y in kernels.dot(x.baseAddress, y.baseAddress, x.count) }
    }
  }
}

extension MutableSpan where Element == Double {
  /// self = factor · x.
  mutating func set(_ x: Span<Double>, times factor: Double) {
    precondition(x.count == count)
    withUnsafeMutableBufferPointer { target in
      x.withUnsafeBufferPointer {
        kernels.scale($0.baseAddress, factor, target.baseAddress, $0.count)
      }
    }
  }

  /// self += factor · x.
  mutating func add(_ x: Span<Double>, times factor: Double) {
    precondition(x.count == count)
    withUnsafeMutableBufferPointer { target in
      x.withUnsafeBufferPointer {
        kernels.add_scaled($0.baseAddress, factor, target.baseAddress, $0.count)
      }
    }
  }

  /// self −= x.
  mutating func subtract(_ x: Span<Double>) {
    precondition(x.count == count)
    withUnsafeMutableBufferPointer { target in
      x.withUnsafeBufferPointer {
        kernels.subtract($0.baseAddress, target.baseAddress, $0.count)
      }
    }
  }
}
