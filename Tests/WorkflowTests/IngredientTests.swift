import Lineage
import Testing

struct IngredientTests {
  @Test func `what changed, came and went is named, short values with both`() {
    let old = [
      Ingredient("row", "sharegpt"), Ingredient("filter easy", #"{"level": {"at_most": 5}}"#),
      Ingredient("input small/a.jsonl", "88991ac6ad7d08efdab1fcecd5359a53"),
      Ingredient("distinct", "no"),
    ]
    let new = [
      Ingredient("row", "alpaca"), Ingredient("filter easy", #"{"level": {"at_most": 6}}"#),
      Ingredient("input small/a.jsonl", "3f8714c89916d1726bae310a52b80add"),
      Ingredient("pick of small", "first"),
    ]
    #expect(
      Ingredient.changes(from: old, to: new) == [
        "row: sharegpt became alpaca",
        #"filter easy: {"level": {"at_most": 5}} became {"level": {"at_most": 6}}"#,
        "input small/a.jsonl changed", "pick of small is new", "distinct is gone",
      ])
    #expect(Ingredient.changes(from: old, to: old).isEmpty)
    #expect(
      Ingredient.changes(from: old, to: old.reversed()) == ["the order of its parts changed"])
  }

  @Test func `no two lists have one identity`() {
    let lists = [
      [], [Ingredient("a", "b")], [Ingredient("ab", "")], [Ingredient("a", "b\n")],
      [Ingredient("a", ""), Ingredient("b", "")], [Ingredient("b", ""), Ingredient("a", "")],
    ]
    #expect(Set(lists.map { Ingredient.identity(of: $0) }).count == lists.count)
  }
}
