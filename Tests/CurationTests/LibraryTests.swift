import Notation
import Testing

@testable import Curation

struct LibraryTests {
  static let card = "about: A.\nlicence: MIT\nidentity: [prompt]\nfields: {prompt: p}\n"
  static let filter =
    "about: F.\nkeep: {prompt: {is: a}}\nexamples: [{keep: {prompt: a}},"
    + " {drop: {prompt: b}, because: prompt}]\n"

  @Test func `names come from the files of all folders, hidden and other files left out`() throws {
    let (first, second) = (try Scratch(), try Scratch())
    try first.write("datasets/b.yaml", Self.card)
    try first.write("datasets/.c.yaml", Self.card)
    try first.write("datasets/notes.md", "")
    try first.write("filters/f.yml", Self.filter)
    try second.write("datasets/a-1.1.yaml", Self.card)
    try second.write("datasets/b.yaml", Self.card.replacing("about: A.", with: "about: B."))
    let library = Library(roots: [first.path, second.path])
    #expect(library.cardNames == ["a-1.1", "b"])
    #expect(library.filterNames == ["f"])
    #expect(try library.card("b").about == "A.", "the first folder gives the meaning")
    #expect(try library.card("a-1.1").name == "a-1.1")
    #expect(try library.filter("f").about == "F.")
    #expect(library.hasCard("a-1.1") && !library.hasCard("a-1"))
    #expect(library.duplicateNames().isEmpty)
  }

  @Test func `the nearest folder above a recipe that has cards is its library`() throws {
    let folder = try Scratch()
    try folder.write("datasets/a.yaml", Self.card)
    let recipe = try folder.write("datasets/recipes/deep/r.yaml", "")
    #expect(Library(near: recipe).roots.first == folder.path)
    #expect(Library(near: recipe).cardNames.contains("a"))
  }

  @Test func `a name that nothing has is refused with the nearest and with all`() throws {
    let folder = try Scratch()
    try folder.write("datasets/pool.yaml", Self.card)
    try folder.write("filters/short.yaml", Self.filter)
    let library = Library(roots: [folder.path])
    #expect(
      message { _ = try library.card("pol") }
        == "datasets/pol.yaml: no source is called 'pol'; did you mean 'pool'? There are 'pool'")
    #expect(
      message { _ = try library.filter("zzzzzzz") }
        == "filters/zzzzzzz.yaml: no filter is called 'zzzzzzz'; there are 'short'")
    #expect(
      message { _ = try Library(roots: []).card("a") }
        == "datasets/a.yaml: no source is called 'a'; there are none")
  }

  @Test func `two files of one name are refused`() throws {
    let folder = try Scratch()
    try folder.write("datasets/a.yaml", Self.card)
    try folder.write("datasets/a.yml", Self.card)
    let found = Library(roots: [folder.path]).duplicateNames().map(\.description)
    #expect(found == ["\(folder.path)/datasets: two files are called 'a'"])
  }

  @Test func `a file that is not there or not UTF-8 is refused`() throws {
    let folder = try Scratch()
    #expect(
      message { _ = try Library.text(of: folder.path + "/r.yaml") }
        == "\(folder.path)/r.yaml: could not be read")
    try output(of: "sh", ["-c", "printf '\\377' > \(folder.path)/r.yaml"])
    #expect(
      message { _ = try Library.text(of: folder.path + "/r.yaml") }
        == "\(folder.path)/r.yaml: is not UTF-8")
  }
}
