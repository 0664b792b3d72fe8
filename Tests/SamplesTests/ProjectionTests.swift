import Testing

@testable import Samples

struct ProjectionTests {
  @Test func `fields share a column where the scanner can read them in one`() {
    var projection = Projection()
    let paths = ["a", "a[0]", "a[].x", "a[1].x", "b", "a"]
    let columns = paths.map { projection.slot(of: field($0)).column }
    #expect(columns == [0, 0, 1, 1, 2, 0])
    #expect(
      projection.columns == [
        .init(key: "a", member: ""), .init(key: "a", member: "x"), .init(key: "b", member: ""),
      ])
    #expect(projection.keys == ["a", "b"])
    #expect(projection.fields.map(\.name) == ["a", "a[0]", "a[].x", "a[1].x", "b"])
  }

  @Test func `a field asked for again has the same slot`() {
    var projection = Projection()
    let marked = field("a", .text, between: Marks("<", ">"))
    let slot = projection.slot(of: marked)
    #expect(slot.between == Marks("<", ">"))
    let other = projection.slot(of: field("a", .text))
    #expect(other != slot && other.column == slot.column)
    #expect(projection.slot(of: marked) == slot)
    #expect(projection.fields.count == 2)
  }
}
