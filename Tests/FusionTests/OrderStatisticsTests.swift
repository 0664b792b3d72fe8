import Testing

@testable import Fusion

/// Values at ranks, without sorting.
struct OrderStatisticsTests {
  static let kinds = [
    "random", "constant", "mostly zero", "two values", "heavy tails", "all zero", "subnormal",
    "neighbours", "sorted",
  ]

  static func keys(_ kind: String, _ count: Int) -> [Double] {
    var numbers = SeededNumbers(UInt64(count))
    return (0..<count).map { index in
      switch kind {
      case "constant": 0.375
      case "mostly zero": numbers.next() % 20 == 0 ? abs(numbers.normal()) : 0
      case "two values": numbers.next() % 3 == 0 ? 1e-9 : 1
      case "heavy tails": 1 / (numbers.uniform() + 1e-300) - 1
      case "all zero": 0
      case "subnormal": Double(bitPattern: numbers.next() % 1000)
      case "neighbours": Double(bitPattern: (1.0).bitPattern + numbers.next() % 5000)
      case "sorted": Double(index)
      default: abs(numbers.normal())
      }
    }
  }

  @Test(arguments: kinds)
  func `selection by rank is what sorting gives`(kind: String) {
    for count in [1, 2, 255, 256, 257, 300, 10_000] {
      let keys = Self.keys(kind, count)
      let sorted = keys.sorted()
      let ranks = [0, count / 4, count / 2, count / 2, count - 1, count * 3 / 4]
      #expect(keys.values(atRanks: ranks) == ranks.map { sorted[$0] })
    }
    #expect([Double]().values(atRanks: []) == [])
  }

  @Test(arguments: kinds)
  func `order statistics are what sorting gives, whatever the sample`(kind: String) throws {
    for count in [1, 3, 5000, 70_001] {
      let keys = Self.keys(kind, count)
      let sorted = keys.sorted()
      let ranks = [count / 4, count / 2, 3 * (count - 1) / 4, 0, count - 1]
      let misleading: [[Double]] = [
        [], keys.enumerated().filter { $0.offset % 7 == 0 }.map(\.element),
        Array(repeating: 0, count: 5000), Array(repeating: 1e300, count: 5000),
        (0..<5000).map { Double($0) * 1e-12 }, [0.5],
        Array(repeating: sorted[count / 2], count: 3000), Array(repeating: .infinity, count: 3000),
      ]
      for (index, sample) in misleading.enumerated() {
        for workers in index == 1 ? [1, 3] : [1] {
          let found = try statistics(keys, ranks, sample: sample, workers: workers)
          for (rank, key) in zip(ranks, found) {
            #expect(key.value == sorted[rank], "rank \(rank) of \(count), sample \(index)")
            #expect(key.below == keys.count { $0 < sorted[rank] })
            #expect(key.equal == keys.count { $0 == sorted[rank] })
          }
        }
      }
    }
  }

  /// More keys than are gathered at most: buckets narrow the bracket until few enough are in it.
  @Test(arguments: ["random", "two values", "neighbours"])
  func `brackets that hold too many keys are narrowed`(kind: String) throws {
    let count = 2_300_000
    let keys = Self.keys(kind, count)
    let sorted = keys.sorted()
    for sample in [[], [0, 1e300]] {
      let found = try statistics(keys, [count / 2, 10], sample: sample, workers: 2)
      #expect(found.map(\.value) == [sorted[count / 2], sorted[10]])
      #expect(found[0].below == keys.count { $0 < sorted[count / 2] })
      #expect(found[0].equal == keys.count { $0 == sorted[count / 2] })
    }
  }

  @Test func `keys that are no number come behind all others`() throws {
    var keys = Self.keys("random", 9000)
    for index in stride(from: 0, to: 9000, by: 10) { keys[index] = -1 }
    keys[5] = 1e300
    let sorted = keys.filter { $0 >= 0 }.sorted()
    let some = keys.enumerated().filter { $0.offset % 3 == 0 }.map { $1 < 0 ? .nan : $1 }
    for sample in [[], some] {
      let found = try statistics(keys, [2000, 8099, 8100, 8999], sample: sample, workers: 1)
      #expect(found.prefix(2).map(\.value) == [sorted[2000], 1e300])
      #expect(found.suffix(2).allSatisfy { $0.value == .infinity && $0.below == 8100 })
    }
  }

  /// Keys are read from a file of Doubles, in pieces.
  private func statistics(
    _ keys: [Double], _ ranks: [Int], sample: [Double], workers: Int
  ) throws -> [RankedKey] {
    var fixture = try TaskFixture([FixtureTensor("keys", .f64, [1], [0])])
    fixture.workers = workers
    fixture.isLed = workers == 1
    try fixture.scratch.write("0.safetensors", Self.file(keys))
    let file = try SafetensorsFile(fixture.scratch.path + "/0.safetensors")
    let task = try TensorTask(
      name: "keys", shape: [keys.count], type: .f64,
      inputs: [TensorInput(model: 0, file: file, tensor: file.header.tensors[0])],
      labels: ["keys"], base: nil, crew: Crew(workers: workers),
      lead: workers == 1 ? 0 : nil, sink: TaskFixture.Memory(0), policy: fixture.policy)
    return try task.orderStatistics(ranks, .flat(keys.count), sample: sample, vectors: 1) {
      block, room in
      for index in 0..<block.count {
        let key = block[0][index]
        room.pointer(0)[index] = key < 0 ? (index % 2 == 0 ? .nan : -.nan) : key
      }
    }
  }

  private static func file(_ keys: [Double]) -> [UInt8] {
    let data = keys.withUnsafeBytes { Array($0) }
    return ModelFixture.safetensors(
      header:
        "{\"keys\":{\"dtype\":\"F64\",\"shape\":[\(keys.count)],\"data_offsets\":[0,\(data.count)]}}",
      data: data)
  }
}
