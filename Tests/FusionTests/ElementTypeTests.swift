import Testing

@testable import Fusion

struct ElementTypeTests {
  @Test func `a type is found by the name that a merge file has for it`() {
    #expect(ElementType(torch: "bfloat16") == .bf16)
    #expect(ElementType(torch: "torch.float32") == .f32)
    #expect(ElementType(torch: "bfloat") == nil)
  }
}
