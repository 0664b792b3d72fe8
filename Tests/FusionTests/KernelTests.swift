import CKernels
import Foundation
import Testing

@testable import Fusion

/// The inner loops, on every set of instructions that the machine has.
struct KernelTests {
  nonisolated(unsafe) static let sets: [bm_kernels] = {
    var found = [UnsafePointer<bm_kernels>?](repeating: nil, count: 8)
    let count = bm_kernel_sets(&found)
    return found.prefix(count).compactMap { $0?.pointee }
  }()

  static let types: [(type: bm_type, element: ElementType)] = [
    (BM_F16, .f16), (BM_BF16, .bf16), (BM_F32, .f32), (BM_F64, .f64),
  ]
  static let directions = [BM_RIGHT_LEFT, BM_LEFT_RIGHT, BM_SYMMETRIC]

  // ---- the same bits ----

  @Test(arguments: Array(0...40) + [255, 4096, 5003])
  func `every set of instructions gives the bits of the first`(count: Int) {
    let first = Self.sets[0]
    for seed in 0..<3 as Range<UInt64> {
      let samples = Samples(count, seed: seed)
      let expected = samples.results(of: first)
      for set in Self.sets.dropFirst() {
        for (one, other) in zip(expected, samples.results(of: set)) {
          #expect(one.bits == other.bits, "\(one.name), \(String(cString: set.name))")
        }
      }
    }
  }

  /// Vectors of one length with all that is odd in them, one double off any alignment.
  private struct Samples {
    let count: Int
    let left: [Double]
    let right: [Double]
    let near: [Double]
    let raw: [UInt8]

    init(_ count: Int, seed: UInt64) {
      var numbers = SeededNumbers(seed * 1000 + UInt64(count))
      let odd = [
        0, -0.0, 0x1p-1074, -0x1p-1060, 0x1p-1022, 1e-300, 0x1p-149, 3e-8, -0x1p-24, 65519,
      ]
      func vector() -> [Double] {
        [0]
          + (0..<count).map { _ in
            switch numbers.next() % 4 {
            case 0: odd[Int(numbers.next() % UInt64(odd.count))]
            case 1: numbers.normal(20)
            default: numbers.normal()
            }
          }
      }
      self.count = count
      left = vector()
      right = vector()
      near = left.map { $0 + (abs($0) < 100 ? numbers.normal(0.004) : 0) }
      raw = [0] + (0..<8 * count).map { _ in UInt8(truncatingIfNeeded: numbers.next()) }
    }

    func results(of set: bm_kernels) -> [(name: String, bits: [UInt64])] {
      var results: [(name: String, bits: [UInt64])] = []
      func note(_ name: String, _ values: [Double]) {
        // The sign of a zero maximum is nobody's business; a NaN is a NaN.
        results.append((name, values.map { $0.isNaN ? 1 : $0.bitPattern }))
      }
      func note(_ name: String, _ values: [Int]) {
        results.append((name, values.map { UInt64(bitPattern: Int64($0)) }))
      }
      func written(_ body: (UnsafeMutablePointer<Double>) -> Void) -> [Double] {
        var target = [Double](repeating: 7, count: count + 1)
        target.withUnsafeMutableBufferPointer { body($0.baseAddress! + 1) }
        return target
      }
      left.withUnsafeBufferPointer { left in
        right.withUnsafeBufferPointer { right in
          near.withUnsafeBufferPointer { near in
            raw.withUnsafeBytes { raw in
              let (x, y, z) = (
                left.baseAddress! + 1, right.baseAddress! + 1, near.baseAddress! + 1
              )
              for (type, _) in KernelTests.types {
                var good = 0
                note(
                  "widen", written { good = set.widen(type, raw.baseAddress! + 1, $0, count) })
                note("widen", [good])
                for source in [x, y] {
                  var bytes = [UInt8](repeating: 0xAA, count: 8 * count + 9)
                  note("overflows", [set.narrow(type, source, &bytes, count)])
                  note("narrow", bytes.map { Int($0) })
                }
              }
              note("scale", written { set.scale(x, -1.5, $0, count) })
              note(
                "add_scaled",
                written {
                  $0.update(from: y, count: count)
                  set.add_scaled(x, 0.3, $0, count)
                })
              note(
                "subtract",
                written {
                  $0.update(from: y, count: count)
                  set.subtract(x, $0, count)
                })
              note("dot", [set.dot(x, y, count)])
              note("square_distance", [set.square_distance(x, y, count)])
              note("absolute_sum", [set.absolute_sum(x, count)])
              var below: UInt64 = 5
              var taken = 0
              let collected = written { taken = set.collect(x, count, -0.5, 0.75, &below, $0) }
              // What lies behind them is room.
              note("collect", Array(collected[...taken]))
              note("collected", [taken, Int(below)])
              note("count_equal", [set.count_equal(x, 0, count)])
              for other in [y, z, x] {
                var rows = bm_softmax.empty
                set.extent(x, other, count, &rows)
                set.weigh(x, other, count, &rows)
                note(
                  "softmax",
                  [
                    rows.left_max + 0, rows.right_max + 0, rows.gap, rows.left_sum,
                    rows.right_sum, rows.moved,
                  ])
                for direction in KernelTests.directions {
                  for epsilon in [0, 1e-8] {
                    note("diverge", [set.diverge(x, other, count, epsilon, direction, &rows)])
                  }
                }
                var zeros = 0
                note("scores", written { zeros = set.scores(x, other, 1e-9, $0, count) })
                note("zeros", [zeros])
                for strict in [0, 1] as [Int32] {
                  for threshold in [0, 1e-9] {
                    var figures = bm_selection()
                    note(
                      "select",
                      written {
                        set.select(x, other, 1e-9, threshold, strict, $0, count, &figures)
                      })
                    note(
                      "selected",
                      [
                        Int(figures.changed), Int(figures.selected),
                        Int(figures.selected_changed),
                      ])
                    note("squares", [figures.square_changed, figures.square_selected])
                    note(
                      "take",
                      written { set.take(x, other, 1e-9, threshold, strict, y, z, $0, count) })
                  }
                }
              }
              var figures = bm_comparison()
              figures.least = .infinity
              note("compare", written { set.compare(x, y, $0, count, &figures) })
              note(
                "compared",
                [Int(figures.differing), Int(figures.same_sign), Int(figures.not_finite)])
              note(
                "products",
                [
                  figures.square_left, figures.square_right, figures.product,
                  figures.square_difference, figures.least, figures.largest,
                ])
              var struck = 0
              note(
                "strike",
                written {
                  $0.update(from: z, count: count)
                  struck = set.strike(x, $0, count)
                })
              note("struck", [struck])
              for (index, (type, element)) in KernelTests.types.dropLast().enumerated() {
                noteStored(
                  set, set.stored(index), type, element.bits / 8, x, [y, z],
                  note: { results.append(($0, $1)) })
              }
            }
          }
        }
      }
      return results
    }

    /// What is chosen straight from stored numbers; all of them are finite.
    private func noteStored(
      _ set: bm_kernels, _ stored: bm_stored_kernels, _ type: bm_type, _ width: Int,
      _ x: UnsafePointer<Double>, _ others: [UnsafePointer<Double>],
      note: (String, [UInt64]) -> Void
    ) {
      func bytes(_ x: UnsafePointer<Double>) -> [UInt8] {
        var bytes = [UInt8](repeating: 0xAA, count: width * count)
        _ = KernelTests.sets[0].narrow(type, x, &bytes, count)
        return bytes
      }
      let left = bytes(x)
      for right in others.map(bytes) + [left] {
        for direction in KernelTests.directions {
          var room = [Float](repeating: 0, count: count + 16)
          let found = stored.divergence(left, right, count, 1e-8, direction, &room)
          note("stored divergence", [found.bitPattern])
        }
        var scores = [Double](repeating: 7, count: count + 1)
        stored.scores(left, right, 1e-9, min(count, 2), 3, count, &scores)
        note("stored scores", scores.map(\.bitPattern))
        var targets = [Double](repeating: 7, count: 3 * (count + 8))
        targets.withUnsafeMutableBufferPointer { target in
          var brackets = (0..<3).map { number in
            bm_bracket(
              low: [0, 1e-10, 2e-9][number], high: [1e-10, 1e-9, .infinity][number], below: 3,
              target: target.baseAddress! + number * (count + 8), taken: 0)
          }
          stored.collect(left, right, 1e-9, count, &brackets, 3)
          for bracket in brackets {
            let keys = UnsafeBufferPointer(start: bracket.target, count: bracket.taken)
            note("stored collect", [bracket.below, UInt64(bracket.taken)] + keys.map(\.bitPattern))
          }
        }
        for strict in [0, 1] as [Int32] {
          for threshold in [0, 1e-10] {
            var (figures, merged) = (bm_selection(), [UInt8](repeating: 0xAA, count: width * count))
            let square = stored.select(
              left, right, 1e-9, threshold, strict, &merged, count, &figures)
            note("stored select", merged.map { UInt64($0) })
            note(
              "stored selected",
              [
                square.bitPattern, figures.changed, figures.selected, figures.selected_changed,
                figures.square_changed.bitPattern, figures.square_selected.bitPattern,
              ])
            stored.choose(
              left, right, 1e-9, threshold, strict, left, right, &merged, count)
            note("stored choose", merged.map { UInt64($0) })
          }
        }
        note("stored count", [UInt64(stored.count(right, 0, count))])
        var origins = [UInt8](repeating: 0xAA, count: width * count)
        stored.follow(left, right, left, right, &origins, count)
        note("stored follow", origins.map { UInt64($0) })
      }
    }
  }

  // ---- storing ----

  @Test(arguments: [ElementType.f16, .bf16])
  func `all 65,536 numbers of two bytes are widened exactly and come back`(element: ElementType)
    throws
  {
    let type = try #require(element.kernel)
    let stored = (0...UInt16.max).map { $0 }
    for set in Self.sets {
      var values = [Double](repeating: 0, count: stored.count)
      let good = set.widen(type, stored, &values, stored.count)
      #expect(good == (element == .f16 ? 0x7C00 : 0x7F80), "the first infinity")
      var back = [UInt16](repeating: 0, count: stored.count)
      #expect(set.narrow(type, values, &back, stored.count) == 0)
      for (index, bits) in stored.enumerated() {
        let expected = element.fixtureValue(littleEndian(bits))
        if expected.isNaN {
          try #require(values[index].isNaN)
          try #require(element.fixtureValue(littleEndian(back[index])).isNaN)
        } else {
          try #require(values[index].bitPattern == expected.bitPattern)
          try #require(back[index] == bits)
        }
      }
    }
  }

  @Test func `a double is rounded once, to nearest even`() throws {
    // Just above a tie of BF16, so near it that a float would be the tie, which rounds down.
    #expect(
      try narrow([1 + 0x1p-8 + 0x1p-40, 1 + 0x1p-8, 1 + 0x1p-8 - 0x1p-40], .bf16)
        == [1 + 0x1p-7, 1, 1])
    #expect(try narrow([-1 - 3 * 0x1p-8 + 0x1p-45], .bf16) == [-1 - 0x1p-7])
    #expect(
      try narrow([1 + 0x1p-11 + 0x1p-40, 1 + 0x1p-11, 1 + 3 * 0x1p-11], .f16)
        == [1 + 0x1p-10, 1, 1 + 0x1p-9])
    // Subnormal halves: ties of 2^-25, and just above.
    #expect(
      try narrow([0x1p-25, 0x1p-25 + 0x1p-60, 3 * 0x1p-25, 0x1p-24], .f16)
        == [0, 0x1p-24, 0x1p-23, 0x1p-24])
    // Less than any float.
    #expect(
      try narrow([0x1p-1074, -0x1p-1074], .bf16).map(\.bitPattern)
        == [(0.0).bitPattern, (-0.0).bitPattern])
  }

  @Test(arguments: [ElementType.f16, .bf16, .f32])
  func `numbers near every kind of tie are rounded as the fixtures round them`(
    element: ElementType
  ) throws {
    var numbers = SeededNumbers(5)
    var values: [Double] = []
    for _ in 0..<20_000 {
      let bits = UInt16(truncatingIfNeeded: numbers.next())
      let a = (element == .f32 ? .bf16 : element).fixtureValue(littleEndian(bits))
      let b = (element == .f32 ? .bf16 : element).fixtureValue(littleEndian(bits &+ 1))
      guard a.isFinite, b.isFinite else { continue }
      let tie = a / 2 + b / 2
      values += [tie, tie.nextUp, tie.nextDown, tie * (1 + 0x1p-30), tie + 0x1p-140, a, tie / 3]
    }
    let expected = values.map { element.fixtureValue(element.fixtureBytes($0)) }
    for set in Self.sets {
      let found = try narrow(values, element, by: set)
      for index in values.indices where found[index].bitPattern != expected[index].bitPattern {
        Issue.record("\(values[index]) is \(found[index]) and should be \(expected[index])")
        return
      }
    }
  }

  @Test func `what becomes infinite is counted`() throws {
    for (type, element) in Self.types {
      let largest: Double =
        switch element {
        case .f16: 65504
        case .bf16: 0x1.FEp127
        case .f32: Double(Float.greatestFiniteMagnitude)
        default: .greatestFiniteMagnitude
        }
      // The limit is half a step above the largest number.
      let limit = largest + largest.ulp(of: element) / 2
      let values = [largest, -largest, limit.nextDown, limit, -limit, .infinity, .nan, 1e300]
        .map { element == .f64 && $0.isInfinite ? 1 : $0 }
      for set in Self.sets {
        var bytes = [UInt8](repeating: 0, count: 8 * values.count)
        let overflowed = set.narrow(type, values, &bytes, values.count)
        #expect(overflowed == (element == .f64 ? 0 : 3), "\(element)")
        if element != .f64 {
          let found = try narrow(values, element, by: set)
          #expect(found.prefix(6).map(\.isInfinite) == [false, false, false, true, true, true])
          #expect(found[6].isNaN)
        }
      }
    }
  }

  private func narrow(_ values: [Double], _ element: ElementType, by set: bm_kernels? = nil)
    throws -> [Double]
  {
    let type = try #require(element.kernel)
    let width = element.bits / 8
    var bytes = [UInt8](repeating: 0, count: width * values.count)
    _ = (set ?? kernels).narrow(type, values, &bytes, values.count)
    return stride(from: 0, to: bytes.count, by: width).map {
      element.fixtureValue(Array(bytes[$0..<$0 + width]))
    }
  }

  /// Room behind the output that a kernel must not touch is checked by the rows of odd lengths above;
  /// here what the two ways of choosing give.
  @Test func `choosing stored numbers is choosing widened ones`() throws {
    var numbers = SeededNumbers(21)
    for (index, (type, element)) in Self.types.dropLast().enumerated() {
      for count in [1, 5, 16, 17, 1000] {
        let tensors = [0.02, 1].map { _ in numbers.normals(count) }
        let left = FixtureTensor("l", element, [count], tensors[0])
        let right = FixtureTensor(
          "r", element, [count], zip(tensors[0], tensors[1]).map { $0 + $1 * 0.001 })
        for set in Self.sets {
          let stored = set.stored(index)
          var room = [Float](repeating: 0, count: count + 16)
          let divergence = stored.divergence(
            left.bytes, right.bytes, count, 1e-8, BM_RIGHT_LEFT, &room)
          let widened =
            count == 1
            ? 0 : self.divergence(left.stored, right.stored, 1e-8, BM_RIGHT_LEFT, by: set)
          #expect(abs(divergence - widened) <= 4e-6 * widened, "\(element) \(count)")
          var merged = [UInt8](repeating: 0, count: left.bytes.count)
          var (figures, expected) = (bm_selection(), bm_selection())
          var values = [Double](repeating: 0, count: count)
          let square = stored.select(
            left.bytes, right.bytes, 0.5, 2e-4, 0, &merged, count, &figures)
          set.select(left.stored, right.stored, 0.5, 2e-4, 0, &values, count, &expected)
          #expect(FixtureTensor("m", element, [count], values).bytes == merged)
          #expect(figures.selected_changed == expected.selected_changed)
          #expect(figures.changed == expected.changed && figures.selected == expected.selected)
          #expect(abs(square - values.reduce(0) { $0 + $1 * $1 }) <= 1e-12 * square)
        }
      }
      _ = type
    }
  }

  @Test(arguments: [0, 0x1p-1030, 1e-9, 0.3, 1e300])
  func `collected scores are those that lie within`(factor: Double) throws {
    var numbers = SeededNumbers(22)
    for (index, (_, element)) in Self.types.dropLast().enumerated() {
      for count in [5, 16, 1040, 3001] {
        let left = numbers.normals(count)
        // Equal ones, near ones, and some whose difference is too large for a float.
        let right = zip(left, numbers.normals(count)).enumerated().map { place, pair in
          place % 3 == 0 ? pair.0 : place % 50 == 1 ? pair.1 * 65000 : pair.0 + pair.1 * 0.001
        }
        let (l, r) = (
          FixtureTensor("l", element, [count], left), FixtureTensor("r", element, [count], right)
        )
        for set in Self.sets {
          let stored = set.stored(index)
          var scores = [Double](repeating: 0, count: count)
          stored.scores(l.bytes, r.bytes, factor, 0, 1, count, &scores)
          let sorted = scores.sorted()
          let bounds = [
            (0, 0), (sorted[count / 2], sorted[count * 3 / 4]), (sorted[count - 1], .infinity),
            (sorted[count / 2].nextUp, sorted[count * 3 / 4].nextDown),
          ]
          var targets = [Double](repeating: 7, count: bounds.count * (count + 8))
          targets.withUnsafeMutableBufferPointer { target in
            var brackets = bounds.enumerated().map { number, bound in
              bm_bracket(
                low: bound.0, high: bound.1, below: 0,
                target: target.baseAddress! + number * (count + 8), taken: 0)
            }
            stored.collect(l.bytes, r.bytes, factor, count, &brackets, brackets.count)
            for (bracket, bound) in zip(brackets, bounds) {
              let within = scores.filter { $0 >= bound.0 && $0 <= bound.1 }
              let found = Array(UnsafeBufferPointer(start: bracket.target, count: bracket.taken))
              // The rest of a row that sixteen do not divide comes first.
              #expect(found.sorted() == within.sorted(), "\(element) \(count) \(bound)")
              #expect(bracket.below == scores.count { $0 < bound.0 })
            }
          }
        }
      }
    }
  }

  // ---- elementary functions ----

  @Test func `elementary functions are those of the C library within a few units`() {
    var numbers = SeededNumbers(11)
    func check(
      _ name: String, _ ours: (Double) -> Double, _ theirs: (Double) -> Double,
      _ argument: () -> Double
    ) {
      for _ in 0..<20_000 {
        let x = argument()
        let (found, expected) = (ours(x), theirs(x))
        if found == expected || found.isNaN && expected.isNaN { continue }
        let units = abs(found - expected) / expected.ulp
        guard units <= 7 else {
          Issue.record("\(name)(\(x)) is \(found) and should be \(expected): \(units) units")
          return
        }
      }
    }
    func wide(_ most: Double) -> Double {
      let sign: Double = numbers.next() & 1 == 0 ? 1 : -1
      return sign * min(most, exp(numbers.uniform() * 60 - 50))
    }
    check("exp", bm_exp, exp) { numbers.uniform() * 1480 - 760 }
    check("exp", bm_exp, exp) { wide(700) }
    check("expm1", bm_expm1, expm1) { wide(700) }
    check("expm1", bm_expm1, expm1) { numbers.normal() }
    check("log", bm_log, log) { abs(wide(1e300)) }
    check("log", bm_log, log) { 1 + wide(0.1) }
    check("log", bm_log, log) { Double(bitPattern: numbers.next() >> 1 % 0x7FF0_0000_0000_0000) }
    check("log1p", bm_log1p, log1p) { max(-0.999, wide(1e300)) }
    check("log1p", bm_log1p, log1p) { numbers.uniform() * 2 - 1 }
    check("sin", bm_sin, sin) { numbers.uniform() * 7 - 3.5 }
    check("cos", bm_cos, cos) { numbers.uniform() * 7 - 3.5 }
    check("sin", bm_sin, sin) { numbers.normal(10_000) }
    check("cos", bm_cos, cos) { numbers.normal(10_000) }
    check("acos", bm_acos, acos) { numbers.uniform() * 2 - 1 }
    check("acos", bm_acos, acos) { 1 - abs(wide(1)) }
    check("acos", bm_acos, acos) { abs(wide(1)) - 1 }
  }

  @Test func `elementary functions are right at the ends of their ranges`() {
    #expect(bm_exp(0) == 1)
    #expect(bm_exp(-1000) == 0)
    #expect(bm_exp(1000) == .infinity)
    #expect(bm_exp(-.infinity) == 0)
    #expect(bm_exp(.nan).isNaN)
    #expect(bm_expm1(-.infinity) == -1)
    #expect(bm_expm1(.infinity) == .infinity)
    #expect(bm_expm1(-0.0) == 0)
    #expect(bm_log(0) == -.infinity)
    #expect(bm_log(1) == 0)
    #expect(bm_log(-1).isNaN)
    #expect(bm_log(.infinity) == .infinity)
    #expect(bm_log1p(-1) == -.infinity)
    #expect(bm_log1p(-2).isNaN)
    #expect(bm_acos(1) == 0)
    #expect(bm_acos(-1) == .pi)
    #expect(bm_acos(2) == 0)
  }

  // ---- divergence ----

  #if arch(x86_64)
    @Test(arguments: [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.07, 0.3, 1, 3, 10])
    func `the divergence is what the formula says, however small the differences`(gap: Double) {
      var numbers = SeededNumbers(17)
      for count in [1, 2, 3, 15, 16, 17, 100, 5000] {
        for deviation in [0.02, 3] {
          let left = numbers.normals(count, deviation)
          let right = left.map { $0 + (numbers.uniform() * 2 - 1) * gap }
          for direction in Self.directions {
            for epsilon in [0, 1e-8] {
              let expected = plainDivergence(left, right, epsilon, direction)
              for set in Self.sets {
                let found = divergence(left, right, epsilon, direction, by: set)
                let isNear =
                  abs(found - expected) <= 2e-6 * expected + 1e-13 * min(gap * gap, 1) + 4e-18
                #expect(
                  found >= 0 && isNear,
                  "\(count) \(deviation) \(direction) \(epsilon): \(found), not \(expected)")
              }
            }
          }
        }
      }
    }

    /// Equation by equation, in numbers of 64 bits of fraction.
    private func plainDivergence(
      _ left: [Double], _ right: [Double], _ epsilon: Double, _ direction: bm_direction
    ) -> Double {
      func softmax(_ row: [Double]) -> [Float80] {
        let top = Float80(row.max() ?? 0)
        let weights = row.map { exp(Float80($0) - top) }
        let sum = weights.reduce(0, +)
        return weights.map { $0 / sum + Float80(epsilon) }
      }
      func divergence(_ p: [Float80], _ q: [Float80]) -> Float80 {
        zip(p, q).reduce(0) { $0 + $1.0 * log($1.0 / $1.1) }
      }
      let (l, r) = (softmax(left), softmax(right))
      return switch direction {
      case BM_RIGHT_LEFT: Double(divergence(r, l))
      case BM_LEFT_RIGHT: Double(divergence(l, r))
      default: Double(divergence(r, l) + divergence(l, r))
      }
    }
  #endif

  @Test func `the divergence of hostile rows is no NaN and not negative`() {
    let rows: [([Double], [Double])] = [
      ([-1000, 0, -500], [0, -1000, -500]), ([1e300, 0], [0, 1e300]), ([1e300, 1], [1e300, 2]),
      ([-745, 0], [-746, 0]), ([0, 0, 0], [0.05, 0.05, 0.05]), ([-90, 0], [-90.01, 0.01]),
      ([0x1p-1074, 0], [0, -0x1p-1074]), ([-0.0, 0], [0, -0.0]),
    ]
    for (left, right) in rows {
      for direction in Self.directions {
        for epsilon in [0, 1e-8] {
          let found = divergence(left, right, epsilon, direction, by: Self.sets[0])
          #expect(found >= 0, "\(left) \(right) \(direction) \(epsilon)")
        }
      }
    }
    // Without ε what has no probability on one side is infinitely far away.
    #expect(divergence([0, -2000], [0, 0], 0, BM_RIGHT_LEFT, by: Self.sets[0]) == .infinity)
    #expect(divergence([0, 0], [0, -2000], 0, BM_LEFT_RIGHT, by: Self.sets[0]) == .infinity)
    #expect(divergence([0, 0], [0, -2000], 0, BM_RIGHT_LEFT, by: Self.sets[0]).isFinite)
  }

  @Test func `a divergence in pieces is that of the row`() {
    var numbers = SeededNumbers(3)
    for gap in [1e-4, 0.5] {
      let left = numbers.normals(3000)
      let right = left.map { $0 + numbers.normal(gap / 6) }
      let whole = divergence(left, right, 1e-8, BM_RIGHT_LEFT, by: Self.sets[0])
      var rows = bm_softmax.empty
      let cuts = [0..<16, 16..<17, 17..<1001, 1001..<3000]
      func each(_ body: (UnsafePointer<Double>, UnsafePointer<Double>, Int) -> Void) {
        for cut in cuts {
          left.withUnsafeBufferPointer { left in
            right.withUnsafeBufferPointer { right in
              body(
                left.baseAddress! + cut.lowerBound, right.baseAddress! + cut.lowerBound, cut.count)
            }
          }
        }
      }
      var sum = 0.0
      each { kernels.extent($0, $1, $2, &rows) }
      each { kernels.weigh($0, $1, $2, &rows) }
      each { sum += kernels.diverge($0, $1, $2, 1e-8, BM_RIGHT_LEFT, &rows) }
      #expect(abs(sum - whole) <= 1e-6 * whole)
    }
  }

  private func divergence(
    _ left: [Double], _ right: [Double], _ epsilon: Double, _ direction: bm_direction,
    by set: bm_kernels
  ) -> Double {
    var rows = bm_softmax.empty
    set.extent(left, right, left.count, &rows)
    set.weigh(left, right, left.count, &rows)
    return set.diverge(left, right, left.count, epsilon, direction, &rows)
  }
}

extension Double {
  /// The distance to the next number of a type, for large ones.
  fileprivate func ulp(of element: ElementType) -> Double {
    switch element {
    case .f16: 32
    case .bf16: 0x1p120
    case .f32: Double(Float.greatestFiniteMagnitude.ulp)
    default: 0
    }
  }
}

extension bm_kernels {
  /// The kernels of a type, in the order of their names.
  fileprivate func stored(_ index: Int) -> bm_stored_kernels {
    index == 0 ? stored.0 : index == 1 ? stored.1 : stored.2
  }
}
