internal import CKernels
internal import Synchronization

extension TensorTask {
  /// Writes an input as it is.
  ///
  /// One that is alone, or has no arithmetic, is copied byte for byte, with the payloads of NaN and
  /// whatever else it holds, if the output has its type.
  package func copy(_ input: Int) throws -> Written {
    let source = inputs[input]
    guard inputs.count == 1 || type.kernel == nil, source.rows == nil, source.tensor.type == type
    else {
      return try write(.flat(count)) { block, _, merged in merged.set(block[input], times: 1) }
    }
    // Units as a write has them, so that the norm is that of any other way to the same numbers.
    let unit = type.kernel == nil ? 1 << 14 : Tiling.piece * type.bits / 8
    let chunk = max(1, policy.chunk / Tiling.piece) * unit
    let byteCount = source.tensor.byteCount
    let chunks = (byteCount + chunk - 1) / chunk
    let squares = Mutex<[[Double]]>(Array(repeating: [], count: chunks))
    try share(chunks) { [self] number, worker in
      let start = number * chunk
      let room = UnsafeMutableRawBufferPointer(
        start: crew.scratch[worker].bytes(.output, chunk), count: min(chunk, byteCount - start))
      try source.file.read(at: source.tensor.offset + start, into: room)
      if let kernel = type.kernel {
        let values = crew.scratch[worker].doubles(.values, Tiling.piece)
        let bytes = UnsafeRawBufferPointer(room)
        let some = stride(from: 0, to: bytes.count, by: unit).map { place in
          let count = min(unit, bytes.count - place) * 8 / type.bits
          _ = kernels.widen(kernel, bytes.baseAddress! + place, values, count)
          return kernels.dot(values, values, count)
        }
        squares.withLock { $0[number] = some }
      }
      try sink.write(UnsafeRawBufferPointer(room), at: start)
    }
    let units = squares.withLock { $0.flatMap { $0 } }
    let distances = inputs.map { _ in 0.0 }
    return Written(
      units.map { Written.Unit(square: $0, squareDistances: distances) }, inputs: inputs.count)
  }

  /// Whether two inputs have the same stored bytes.
  func areEqual(_ a: Int, _ b: Int) throws -> Bool {
    let (first, second) = (inputs[a], inputs[b])
    let byteCount = first.tensor.byteCount
    guard first.tensor.type == second.tensor.type, byteCount == second.tensor.byteCount else {
      return false
    }
    let chunk = 1 << 20
    let differs = Atomic<Bool>(false)
    try share((byteCount + chunk - 1) / chunk) { [self] number, worker in
      let (start, count) = (number * chunk, min(chunk, byteCount - number * chunk))
      let room = UnsafeMutableRawBufferPointer(
        start: crew.scratch[worker].bytes(.output, 2 * chunk), count: 2 * count)
      let (left, right) = (room[..<count], room[count...])
      try first.file.read(at: first.tensor.offset + start, into: .init(rebasing: left))
      try second.file.read(at: second.tensor.offset + start, into: .init(rebasing: right))
      if !left.elementsEqual(right) { differs.store(true, ordering: .relaxed) }
    }
    return !differs.load(ordering: .relaxed)
  }
}
