internal import CKernels

/// The inner product of each pair of some vectors, from which all else on their span follows.
struct InnerProducts: Sendable {
  let count: Int
  /// The lower triangle of the matrix, row by row.
  private var products: [Double]
  /// Whether all vectors are the same to the bit.
  private(set) var areIdentical: Bool

  init(count: Int) {
    self.count = count
    products = Array(repeating: 0, count: count * (count + 1) / 2)
    areIdentical = true
  }

  init(_ vectors: [UnsafePointer<Double>], length: Int) {
    self.init(count: vectors.count)
    var place = 0
    for i in vectors.indices {
      for j in 0...i {
        products[place] = kernels.dot(vectors[i], vectors[j], length)
        place += 1
      }
    }
    areIdentical = vectors.allSatisfy { vector in
      (0..<length).allSatisfy { vector[$0].bitPattern == vectors[0][$0].bitPattern }
    }
  }

  /// Of two vectors, by their products: a·a, a·b, b·b.
  init(_ aa: Double, _ ab: Double, _ bb: Double, areIdentical: Bool) {
    count = 2
    products = [aa, ab, bb]
    self.areIdentical = areIdentical
  }

  mutating func add(_ other: InnerProducts) {
    for index in products.indices { products[index] += other.products[index] }
    areIdentical = areIdentical && other.areIdentical
  }

  subscript(i: Int, j: Int) -> Double {
    let (i, j) = (max(i, j), min(i, j))
    return products[i * (i + 1) / 2 + j]
  }

  func length(_ i: Int) -> Double { self[i, i].squareRoot() }

  /// The product of two combinations of the vectors, given by their factors.
  func product(_ a: [Double], _ b: [Double]) -> Double {
    var sum = 0.0
    for i in 0..<count { for j in 0..<count { sum += a[i] * b[j] * self[i, j] } }
    return sum
  }
}

extension TensorTask {
  /// The inner products of inputs for each row of a tiling, or of their changes from a base.
  ///
  /// Changes are subtracted before they are multiplied: the products of nearly equal inputs say
  /// little about what is between them.
  func innerProducts(of inputs: [Int], from base: Int? = nil, _ tiling: Tiling) throws
    -> [InnerProducts]
  {
    let units = try survey(tiling, vectors: base == nil ? 0 : inputs.count) { block, room in
      let vectors = block.vectors(inputs, from: base, &room)
      return InnerProducts(vectors, length: block.count)
    }
    var rows = Array(
      repeating: InnerProducts(count: inputs.count), count: max(1, tiling.rowCount))
    for (unit, products) in units.enumerated() { rows[unit / tiling.unitsPerRow].add(products) }
    return rows
  }

  /// The length of Σ factor · x over inputs, or over their changes from a base.
  func length(
    of factors: [Double], _ inputs: [Int], from base: Int? = nil, _ products: InnerProducts
  ) throws -> Double {
    let square = products.product(factors, factors)
    var most = 0.0
    for (index, factor) in factors.enumerated() { most += abs(factor) * products.length(index) }
    // Where the terms cancel, so do the digits of their products.
    if square > most * most / 1024 { return square.squareRoot() }
    let units = try survey(.flat(count), vectors: inputs.count + 1) { block, room in
      let vectors = block.vectors(inputs, from: base, &room)
      let sum = room.pointer(inputs.count)
      let pointers = vectors.map { Optional($0) }
      kernels.combine(pointers, factors, pointers.count, 1, 0, sum, block.count)
      return kernels.dot(sum, sum, block.count)
    }
    return units.reduce(0, +).squareRoot()
  }
}

extension ExpertBlock {
  /// Inputs, or their changes from a base in as many vectors of room.
  fileprivate func vectors(_ inputs: [Int], from base: Int?, _ room: inout Room)
    -> [UnsafePointer<Double>]
  {
    inputs.enumerated().map { index, input in
      guard let base else { return pointer(input) }
      subtract(base, from: input, to: room.pointer(index))
      return UnsafePointer(room.pointer(index))
    }
  }

  /// target = input − base.
  func subtract(_ base: Int, from input: Int, to target: UnsafeMutablePointer<Double>) {
    var change = bm_change(x: pointer(input))
    _ = kernels.keep(&change, pointer(base), target, count)
  }
}
