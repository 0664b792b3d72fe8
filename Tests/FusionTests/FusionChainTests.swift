import Notation
import Testing

@testable import Fusion

/// Experts fused one after another in a single pass.
struct FusionChainTests {
  static let sides = [[true, true], [true, false], [false, true], [false, false]]
  static let shape = [60, 90]

  /// Three experts that differ in most entries.
  static func experts(_ type: ElementType) -> [FixtureTensor] {
    let (a, b) = ArceeFusionTests.pair(shape, changed: 0.8, type: type)
    var numbers = SeededNumbers(99)
    let values = a.values.map { value in
      numbers.uniform() < 0.7 ? value + 0.2 + abs(numbers.normal(0.7)) : value
    }
    return [a, b, FixtureTensor("w", type, shape, values)]
  }

  @Test(arguments: sides, [nil, ElementType.bf16, .f32])
  func `a chain is its merges one after another`(keepsExisting: [Bool], intermediate: ElementType?)
    throws
  {
    for type in [ElementType.bf16, .f32] {
      let experts = Self.experts(type)
      for settings in [
        [[:], [:]], [[:], ["lambda_iqr": .number(0.2)]],
        [["kl_scope": .text("tensor")], [:]], [[:], ["kl_scope": .text("tensor")]],
        [["kl_scope": .text("none")], [:]], [["scale": .number(0.5)], ["gate": .text("ramp")]],
      ] as [[[String: SettingValue]]] {
        var chained = try TaskFixture(experts)
        chained.type = .bf16
        let links = zip(keepsExisting, settings).map { ($0, chained.settings($1)) }
        let chain = try chained.merge(ArceeFusion(chain: links, intermediate: intermediate))

        var existing = experts[0]
        for step in 0...1 {
          var fixture = try TaskFixture([existing, experts[step + 1]])
          fixture.base = keepsExisting[step] ? 0 : 1
          fixture.type = step == 1 ? .bf16 : intermediate ?? .f64
          let method = try ArceeFusion(fixture.settings(settings[step]))
          let (values, bytes, merged) = try fixture.merge(method)
          existing = FixtureTensor("w", fixture.type, Self.shape, values)
          #expect(
            chain.2.figure("steps", "\(step)", "selected_changed")
              == merged.figure("steps", "0", "selected_changed"), "\(settings)")
          if step == 1 { #expect(chain.bytes == bytes, "\(settings)") }
        }
      }
    }
  }

  @Test(arguments: sides)
  func `where every entry comes from is counted`(keepsExisting: [Bool]) throws {
    for type in [ElementType.bf16, .f64] {
      let experts = Self.experts(type)
      var fixture = try TaskFixture(experts)
      fixture.type = type
      let links = keepsExisting.map { ($0, fixture.settings()) }
      let (values, _, merged) = try fixture.merge(ArceeFusion(chain: links, intermediate: nil))

      var (current, origins) = (experts[0].stored, experts[0].values.map { _ in 0 })
      for (step, keeps) in keepsExisting.enumerated() {
        let incoming = experts[step + 1].stored
        let (left, right) = keeps ? (current, incoming) : (incoming, current)
        let result = PlainFusion().fuse(left, right, columns: Self.shape[1])
        try #require(!result.hasDoubt)
        for index in origins.indices {
          let takesRight = result.gates[index] == 1 && result.changed[index]
          if takesRight == keeps { origins[index] = step + 1 }
        }
        current = result.values
      }
      #expect(values == current)
      let counts = (0..<3).map { input in origins.count { $0 == input } }
      let found = (0..<3).map { merged.figure("entries_from", "model\($0)")?.int }
      #expect(found == counts)
      #expect(counts.reduce(0, +) == values.count)
    }
  }

  @Test func `where all is equal everything comes from the kept side`() throws {
    let one = Self.experts(.bf16)[0]
    for type in [ElementType.bf16, .f64] {
      for keeps in Self.sides {
        var fixture = try TaskFixture([one, one, one])
        fixture.type = type
        let links = keeps.map { ($0, fixture.settings()) }
        let (_, _, merged) = try fixture.merge(ArceeFusion(chain: links, intermediate: nil))
        let kept = keeps[1] ? (keeps[0] ? 0 : 1) : 2
        #expect(merged.figure("entries_from", "model\(kept)")?.int == one.values.count)
      }
    }
  }
}
