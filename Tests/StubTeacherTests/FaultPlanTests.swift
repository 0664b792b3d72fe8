import StubTeacher
import Testing

struct FaultPlanTests {
  @Test func `A plan with shares meets them, and says the same whenever it is asked`() {
    let plan = FaultPlan.shares([.hang: 0.1, .length: 0.05], seed: 7)
    let prompts = (0..<20_000).map { "prompt \($0)" }
    let first = prompts.map { plan.choose($0, 1) }
    #expect(first == prompts.map { plan.choose($0, 1) })
    #expect((1900...2100).contains(first.count { $0 == .hang }))
    #expect((900...1100).contains(first.count { $0 == .length }))
    // Another attempt and another seed are drawn anew.
    let other = FaultPlan.shares([.hang: 0.1, .length: 0.05], seed: 8)
    for again in [prompts.map { plan.choose($0, 2) }, prompts.map { other.choose($0, 1) }] {
      #expect((1900...2100).contains(again.count { $0 == .hang }))
      #expect((150...250).contains(zip(first, again).count { $0 == .hang && $1 == .hang }))
    }
  }

  @Test func `Every fault has its part of a share of all of them`() {
    let plan = FaultPlan.share(0.5, seed: 3)
    let faults = (0..<40_000).map { plan.choose("\($0)", 1) }
    #expect((19_500...20_500).contains(faults.count { $0 != nil }))
    for fault in Fault.allCases {
      let expected = 20_000 / Fault.allCases.count
      #expect((expected * 3 / 4...expected * 5 / 4).contains(faults.count { $0 == fault }))
    }
  }

  @Test func `First attempts get the faults that were named for them, later ones none`() {
    let plan = FaultPlan.first(.hang, nil, .cut)
    #expect((1...4).map { plan.choose("a", $0) } == [.hang, nil, .cut, nil])
    let named = FaultPlan.of(["a": [.length]])
    #expect(named.choose("a", 1) == .length)
    #expect(named.choose("a", 2) == nil)
    #expect(named.choose("b", 1) == nil)
  }
}
