internal import CKernels
internal import Files
internal import Synchronization

/// One output tensor under merge: its inputs, read as often as the method asks, and its output.
///
/// All inputs have the output's shape. Memory is a few units and one chunk of stored bytes for each
/// worker, whatever the tensor's size; a tensor that is small enough is read once and kept.
package final class TensorTask: Sendable {
  package let name: String
  package let shape: [Int]
  package let inputs: [TensorInput]
  /// Which of the inputs is the base; nil for methods without one.
  package let base: Int?
  /// What the models are called in messages and the report, by input.
  package let labels: [String]
  package let type: ElementType
  let policy: Policy

  /// What is decided for the whole merge.
  package struct Policy: Sendable {
    package var allowsNonFinite = false
    /// Elements of one chunk: what is read with one call, and what a worker does at a time.
    package var chunk = 1 << 17
    /// Stored bytes of all inputs together that one worker keeps in memory.
    package var cacheByteCount = 128 << 20
    package init() {}
  }

  let crew: Crew
  /// The one worker that does it all; nil where the workers share each pass.
  private let lead: Int?
  let sink: any TensorSink
  private let cached = Mutex<Cached?>(nil)

  /// The type and the bytes of an element of each input; fewer where one has no arithmetic.
  private let kinds: [(kernel: bm_type, width: Int)]

  /// The whole stored bytes of each input, in the lead's memory.
  ///
  /// Sound to share: written by the lead before it reads them.
  private struct Cached: @unchecked Sendable { var bytes: [UnsafeRawPointer?] }

  package init(
    name: String, shape: [Int], type: ElementType, inputs: [TensorInput], labels: [String],
    base: Int?, crew: Crew, lead: Int?, sink: any TensorSink, policy: Policy
  ) throws {
    self.name = name
    self.shape = shape
    self.type = type
    self.inputs = inputs
    self.labels = labels
    self.base = base
    self.crew = crew
    self.lead = lead
    self.sink = sink
    self.policy = policy
    kinds = inputs.compactMap { input in input.tensor.type.kernel.map { ($0, input.byteWidth) } }
  }

  /// Keeps what will be read again, if it is not too much: who surveys comes back.
  private func keep() throws {
    guard let lead, cached.withLock({ $0 == nil }) else { return }
    let count = count
    let plain = inputs.filter { $0.rows == nil }
    let total = plain.map { $0.byteWidth * count }.reduce(0, +)
    guard total <= policy.cacheByteCount else { return }
    var place = crew.scratch[lead].bytes(.cached, total)
    let bytes = try inputs.map { input -> UnsafeRawPointer? in
      guard input.rows == nil else { return nil }
      defer { place += input.byteWidth * count }
      try input.read(0..<count, into: place)
      return UnsafeRawPointer(place)
    }
    let all = Cached(bytes: bytes)
    cached.withLock { $0 = all }
  }

  private func requireArithmetic() throws {
    guard kinds.count < inputs.count else { return }
    for (label, input) in zip(labels, inputs) where input.tensor.type.kernel == nil {
      throw MergeError("\(label): \(name) is \(input.tensor.type.rawValue), which cannot be merged")
    }
  }

  package var count: Int { shape.reduce(1, *) }
  /// The length of a row: the last dimension.
  package var columns: Int { shape.last ?? 1 }
  package var workers: Int { crew.workers }

  /// Asks something of every unit, or of every `stride`th one, and returns the answers in order.
  ///
  /// `vectors` of room are lent with each block. Units are worked on in any order at once.
  package func survey<Answer: Sendable>(
    _ tiling: Tiling, every stride: Int = 1, vectors: Int = 0,
    _ body: @escaping @Sendable (borrowing ExpertBlock, inout Room) throws -> Answer
  ) throws -> [Answer] {
    try requireArithmetic()
    try keep()
    let chunks = Chunks(tiling, stride: stride, size: policy.chunk)
    let answers = Mutex<[[Answer]]>(Array(repeating: [], count: chunks.count))
    try share(chunks.count) { [self] number, worker in
      var some: [Answer] = []
      try each(chunks, number, worker, vectors) { block, room in
        some.append(try body(block, &room))
      }
      answers.withLock { $0[number] = some }
    }
    return answers.withLock { $0.count == 1 ? $0[0] : $0.flatMap { $0 } }
  }

  /// Has every unit merged, rounds it to the output's type and writes it to its place.
  @discardableResult
  package func write(
    _ tiling: Tiling, vectors: Int = 0,
    _ body:
      @escaping @Sendable (borrowing ExpertBlock, inout Room, inout MutableSpan<Double>) throws ->
      Void
  ) throws -> Written {
    try writeAnswering(tiling, vectors: vectors, body).written
  }

  /// The same, with an answer for every unit, in order.
  package func writeAnswering<Answer: Sendable>(
    _ tiling: Tiling, vectors: Int = 0,
    _ body:
      @escaping @Sendable (borrowing ExpertBlock, inout Room, inout MutableSpan<Double>) throws
      -> Answer
  ) throws -> (written: Written, answers: [Answer]) {
    try requireArithmetic()
    let chunks = Chunks(tiling, stride: 1, size: policy.chunk)
    let figures = Mutex<[[(Written.Unit, Answer)]]>(Array(repeating: [], count: chunks.count))
    guard let kernel = type.kernel else {
      throw MergeError("\(name): \(type.rawValue) is no type that weights are merged in")
    }
    let width = type.bits / 8
    try share(chunks.count) { [self] number, worker in
      let range = chunks.range(number)
      let output = crew.scratch[worker].bytes(.output, range.count * width)
      var some: [(Written.Unit, Answer)] = []
      // The last vector of the room is the merged one.
      try each(chunks, number, worker, vectors + 1) { block, room in
        var merged = MutableSpan(_unsafeStart: room.pointer(vectors), count: block.count)
        let answer = try body(block, &room, &merged)
        var unit = Written.Unit()
        let values = UnsafePointer(room.pointer(vectors))
        unit.overflowed = kernels.narrow(
          kernel, values, output + (block.start - range.lowerBound) * width, block.count)
        unit.square = kernels.dot(values, values, block.count)
        unit.squareDistances = inputs.indices.map { input in
          block[input].withUnsafeBufferPointer {
            kernels.square_distance(values, $0.baseAddress, block.count)
          }
        }
        some.append((unit, answer))
      }
      try sink.write(
        UnsafeRawBufferPointer(start: output, count: range.count * width),
        at: range.lowerBound * width)
      figures.withLock { $0[number] = some }
    }
    let units = figures.withLock { $0.flatMap { $0 } }
    return (Written(units.lazy.map(\.0), inputs: inputs.count), units.map(\.1))
  }

  // ---- numbers as they are stored ----

  /// The type of all inputs and of the output, where nothing needs to be widened to be chosen from.
  var commonType: ElementType? {
    inputs.allSatisfy { $0.tensor.type == type && $0.rows == nil } ? type : nil
  }

  /// Room for one more tensor of this shape and type, where one worker keeps all of them in memory.
  func intermediate() -> UnsafeMutableRawPointer? {
    let byteCount = count * type.bits / 8
    guard let lead, byteCount * (inputs.count + 1) <= policy.cacheByteCount else { return nil }
    return crew.scratch[lead].bytes(.intermediate, byteCount)
  }

  /// Asks something of every unit's stored bytes, and returns the answers in order; only `needed`
  /// inputs are read.
  ///
  /// `roomByteCount` bytes of room for each element of a unit are lent with each block.
  func surveyStored<Answer: Sendable>(
    _ tiling: Tiling, of needed: [Int], roomByteCount: Int,
    _ body: @escaping @Sendable (StoredBlock) throws -> Answer
  ) throws -> [Answer] {
    try keep()
    let chunks = Chunks(tiling, stride: 1, size: policy.chunk)
    let answers = Mutex<[[Answer]]>(Array(repeating: [], count: chunks.count))
    try share(chunks.count) { [self] number, worker in
      var some: [Answer] = []
      some.reserveCapacity(chunks.units(number).count)
      try eachStored(chunks, number, worker, needed, roomByteCount) { some.append(try body($0)) }
      answers.withLock { $0[number] = some }
    }
    return answers.withLock { $0.count == 1 ? $0[0] : $0.flatMap { $0 } }
  }

  /// Has every unit's stored bytes chosen and writes them to their place; `body` gets the address
  /// of the output, and gives what it wrote with its answer.
  func writeStored<Answer: Sendable>(
    _ tiling: Tiling, roomByteCount: Int,
    _ body:
      @escaping @Sendable (StoredBlock, UnsafeMutableRawPointer) throws -> (Written.Unit, Answer)
  ) throws -> (written: Written, answers: [Answer]) {
    let chunks = Chunks(tiling, stride: 1, size: policy.chunk)
    let figures = Mutex<[[(Written.Unit, Answer)]]>(Array(repeating: [], count: chunks.count))
    let width = type.bits / 8
    try share(chunks.count) { [self] number, worker in
      let range = chunks.range(number)
      let output = crew.scratch[worker].bytes(.output, range.count * width)
      var some: [(Written.Unit, Answer)] = []
      some.reserveCapacity(chunks.units(number).count)
      try eachStored(chunks, number, worker, Array(inputs.indices), roomByteCount) { block in
        some.append(try body(block, output + (block.start - range.lowerBound) * width))
      }
      try sink.write(
        UnsafeRawBufferPointer(start: output, count: range.count * width),
        at: range.lowerBound * width)
      figures.withLock { $0[number] = some }
    }
    let units = figures.withLock { $0.flatMap { $0 } }
    return (Written(units.lazy.map(\.0), inputs: inputs.count), units.map(\.1))
  }

  /// Finds the number that is not finite in one of these inputs and throws with its place.
  func refuseNonFinite(in block: StoredBlock, of some: [Int]) throws {
    try withUnsafeTemporaryAllocation(of: Double.self, capacity: block.count) { room in
      for input in some {
        let good = kernels.widen(kinds[input].kernel, block[input], room.baseAddress, block.count)
        if good < block.count { try refuse(room[good], at: block.start + good, of: input) }
      }
    }
  }

  private func eachStored(
    _ chunks: Chunks, _ number: Int, _ worker: Int, _ needed: [Int], _ roomByteCount: Int,
    _ body: (StoredBlock) throws -> Void
  ) throws {
    let tiling = chunks.tiling
    let range = chunks.range(number)
    let scratch = crew.scratch[worker]
    let room = scratch.bytes(.room, roomByteCount * (tiling.unitLength + 16))
    let sources = try stored(range, scratch, needed)
    let width = type.bits / 8
    // A block holds no references: they would be counted for every unit, by all workers at once.
    try sources.withUnsafeBufferPointer { sources in
      for unit in chunks.units(number) {
        let elements = tiling.range(of: unit)
        try body(
          StoredBlock(
            row: unit / tiling.unitsPerRow, start: elements.lowerBound, count: elements.count,
            worker: worker, room: room, sources: sources,
            offset: (elements.lowerBound - range.lowerBound) * width))
      }
    }
  }

  func share(
    _ count: Int, _ body: @escaping @Sendable (_ number: Int, _ worker: Int) throws -> Void
  ) throws {
    guard let lead else {
      return try crew.share(count) { number, worker in
        try Interruption.check()
        try body(number, worker)
      }
    }
    for number in 0..<count {
      try Interruption.check()
      try body(number, lead)
    }
  }

  /// Widens the units of a chunk one after another and lends them.
  private func each(
    _ chunks: Chunks, _ number: Int, _ worker: Int, _ vectors: Int,
    _ body: (borrowing ExpertBlock, inout Room) throws -> Void
  ) throws {
    let tiling = chunks.tiling
    let range = chunks.range(number)
    let scratch = crew.scratch[worker]
    // Vectors begin at a multiple of 64 bytes, with room for a kernel's last, incomplete vector.
    let stride = (tiling.unitLength + 31) / 16 * 16
    let values = scratch.doubles(.values, stride * max(1, inputs.count))
    let spare = scratch.doubles(.room, stride * max(1, vectors))
    let sources = try stored(range, scratch)
    for unit in chunks.units(number) {
      let elements = tiling.range(of: unit)
      for index in 0..<sources.count {
        let target = values + index * stride
        if let bytes = sources[index] {
          let place = (elements.lowerBound - range.lowerBound) * kinds[index].width
          let good = kernels.widen(kinds[index].kernel, bytes + place, target, elements.count)
          if good < elements.count {
            try refuse(target[good], at: elements.lowerBound + good, of: index)
          }
        } else {
          try inputs[index].widenGathered(elements, columns: columns, into: target)
          let good = kernels.widen(BM_F64, target, target, elements.count)
          if good < elements.count {
            try refuse(target[good], at: elements.lowerBound + good, of: index)
          }
        }
      }
      let block = ExpertBlock(
        unit: unit, row: unit / tiling.unitsPerRow, start: elements.lowerBound,
        count: elements.count, worker: worker, values: values, stride: stride)
      var room = Room(values: spare, stride: stride, count: elements.count)
      try body(block, &room)
    }
  }

  /// Where the stored bytes of these elements are, by input; nil for mapped rows.
  private func stored(_ range: Range<Int>, _ scratch: Scratch, _ needed: [Int]? = nil) throws
    -> [UnsafeRawPointer?]
  {
    if let cached = cached.withLock({ $0 }) {
      return zip(cached.bytes, inputs).map { bytes, input in
        bytes.map { $0 + range.lowerBound * input.byteWidth }
      }
    }
    let width = inputs.map(\.byteWidth).reduce(0, +)
    var place = scratch.bytes(.stored, range.count * width)
    return try inputs.enumerated().map { index, input in
      guard input.rows == nil, needed?.contains(index) ?? true else { return nil }
      defer { place += range.count * input.byteWidth }
      try input.read(range, into: place)
      return UnsafeRawPointer(place)
    }
  }

  private func refuse(_ value: Double, at place: Int, of input: Int) throws {
    guard !policy.allowsNonFinite else { return }
    throw MergeError(
      "\(labels[input]): \(name)\(subscripts(place)) is \(value); a merge would spread it. Look for"
        + " the step that broke this checkpoint, or pass --allow-nonfinite")
  }

  /// A flat place in the tensor as indices: [3, 17].
  package func subscripts(_ place: Int) -> String {
    var rest = place
    var indices: [Int] = []
    for length in shape.reversed() {
      indices.insert(rest % max(1, length), at: 0)
      rest /= max(1, length)
    }
    return "[" + indices.map(String.init).joined(separator: ", ") + "]"
  }
}

/// A unit of all inputs as it is stored, in one common type.
struct StoredBlock {
  let row: Int
  let start: Int
  let count: Int
  let worker: Int
  let room: UnsafeMutableRawPointer
  fileprivate let sources: UnsafeBufferPointer<UnsafeRawPointer?>
  fileprivate let offset: Int

  subscript(input: Int) -> UnsafeRawPointer { sources[input]! + offset }
}

/// Where the bytes of a merged tensor go.
package protocol TensorSink: Sendable {
  /// Takes bytes at an offset from the tensor's start; called from several threads.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws
}

/// For tasks that write nothing.
struct NoSink: TensorSink {
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {}
}

/// What was written, counted and summed in the order of the units.
package struct Written: Sendable {
  struct Unit: Sendable {
    var overflowed = 0
    var square = 0.0
    var squareDistances: [Double] = []
  }

  /// Finite results that became infinite in the output's type.
  package var overflowed = 0
  /// ‖out‖.
  package var norm = 0.0
  /// ‖out − x‖ for each input; none where a method does not tell.
  package var distances: [Double]

  init(_ units: some Sequence<Unit>, inputs: Int) {
    distances = Array(repeating: 0, count: inputs)
    for unit in units {
      overflowed += unit.overflowed
      norm += unit.square
      if unit.squareDistances.isEmpty { distances = [] }
      for index in distances.indices { distances[index] += unit.squareDistances[index] }
    }
    norm = norm.squareRoot()
    distances = distances.map { $0.squareRoot() }
  }
}

/// Units grouped so that one read serves several of them.
private struct Chunks {
  let tiling: Tiling
  let stride: Int
  private let unitsPerChunk: Int

  init(_ tiling: Tiling, stride: Int, size: Int) {
    self.tiling = tiling
    self.stride = stride
    unitsPerChunk = stride > 1 ? 1 : max(1, size / tiling.unitLength)
  }

  var count: Int {
    let units = (tiling.unitCount + stride - 1) / stride
    return (units + unitsPerChunk - 1) / unitsPerChunk
  }

  func units(_ number: Int) -> Range<Int> {
    let first = number * unitsPerChunk * stride
    return first..<min(first + unitsPerChunk, tiling.unitCount)
  }

  func range(_ number: Int) -> Range<Int> {
    let units = units(number)
    return tiling.range(of: units.lowerBound)
      .lowerBound..<tiling.range(of: units.upperBound - 1).upperBound
  }
}
