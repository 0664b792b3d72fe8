import Testing

@testable import Curation

struct LibraryCheckTests {
  @Test func `everything in the repository holds`() throws {
    let check = try LibraryCheck([repository + "/datasets", repository + "/filters"])
    #expect(check.errors == [])
    #expect(check.sources == SourceCardTests.names.count)
    #expect(check.filters == FilterTests.names.count)
    #expect(check.recipes == 2)
    #expect(check.examples >= 2 * check.filters)
  }

  @Test func `what is wrong in a folder is reported together`() throws {
    let kitchen = try Pool.kitchen()
    try kitchen.folder.write("filters/bad.yaml", "about: B.\nkeep: {}\nexamples: []\n")
    try kitchen.folder.write("datasets/odd.yaml", "about: O.\n")
    try kitchen.folder.write("datasets/recipes/r.yaml", "branches: {}\n")
    let check = try LibraryCheck([kitchen.folder.path])
    #expect(
      check.errors.map { "\($0)".replacing(kitchen.folder.path + "/", with: "") } == [
        "datasets/odd.yaml:1:1: is neither a source ('fields'), nor a filter ('keep'), nor a recipe"
          + " ('branches'), nor a merge file ('merge_method')",
        "datasets/recipes/r.yaml:1:11: a recipe needs at least one branch",
        "filters/bad.yaml:3:11: a filter needs at least one 'keep' and one 'drop' example",
      ])
    #expect((check.sources, check.filters, check.recipes, check.examples) == (1, 2, 2, 2))
  }

  @Test func `a path that is not there is an error`() throws {
    #expect(
      message { _ = try LibraryCheck(["/nowhere.yaml"]) }
        == "/nowhere.yaml: there is no such file or folder")
  }
}
