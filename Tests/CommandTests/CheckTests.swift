import Foundation
import Testing

struct CheckTests {
  let folder = try! TemporaryFolder()

  @Test func `what comes with the program holds`() throws {
    let ending = try branchmerge("check")
    #expect(
      ending.output == """
        7 sources, 20 filters with 77 examples, 2 recipes, 2 merge files: all hold

        """)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `single files are checked with the library around them`() throws {
    let ending = try branchmerge(
      "check", "filters/word-problem.yaml", Package.root + "/datasets/recipes/tinyr1.yaml",
      "datasets/s1k.yaml")
    #expect(ending.output == "1 source, 1 filter with 4 examples, 1 recipe: all hold\n")
    #expect(ending.status == 0)
  }

  @Test func `all that is wrong in a folder is shown in the order of the files`() throws {
    try folder.write("datasets/good.yaml", SmallLibrary.card)
    try folder.write(
      "datasets/misspelt.yaml", SmallLibrary.card.replacing("licence", with: "license"))
    try folder.write("datasets/syntax.yaml", "about: [never\nclosed\n")
    try folder.write("datasets/twice.yaml", "about: a\nabout: b\n")
    try folder.write("datasets/twin.yaml", SmallLibrary.card)
    try folder.write("datasets/twin.yml", SmallLibrary.card)
    try folder.write(
      "datasets/recipes/broken.yaml", SmallLibrary.recipe.replacing("small", with: "goood"))
    try folder.write("filters/easy.yaml", SmallLibrary.filter)
    try folder.write("filters/empty.yaml", "")
    try folder.write("filters/latin.yaml", Data([0x61, 0x3A, 0xE9]))
    try folder.write("filters/other.yaml", "hello: world\n")
    try folder.write(
      "filters/wrong.yaml",
      """
      about: Keeps other things than it says.
      keep:
        level: { at_most: 5 }
        prompt: { is_blank: false }
      examples:
        - keep: { level: 5, prompt: "Why?" }
        - keep: { level: 6, prompt: "Why?" }
        - drop: { level: 1, prompt: "Why?" }
          because: level
        - drop: { level: 1, prompt: "" }
          because: level
        - drop: { level: one }
          because: level
        - drop: { levle: 6 }
          because: level
      """)
    try folder.write("filters/notes.txt", "not YAML: [")
    let ending = try branchmerge("check", in: folder.path)
    #expect(ending.errors == broken)
    #expect(
      ending.output == "4 sources, 2 filters with 8 examples, 1 recipe: 13 errors\n")
    #expect(ending.status == 1)
    let elsewhere = try branchmerge("check", folder.path, in: "/")
    #expect(elsewhere.output == ending.output)
    #expect(elsewhere.status == 1)
  }

  @Test func `where there is nothing to check it says so`() throws {
    let ending = try branchmerge("check", in: folder.path)
    #expect(ending.errors == "nothing to check here: no YAML below datasets/ or filters/\n")
    #expect(ending.output == "0 sources, 0 filters with 0 examples, 0 recipes: all hold\n")
    #expect(ending.status == 1)
  }
}

private let broken = """
  datasets: two files are called 'twin'
  datasets/misspelt.yaml:2:1: a source has no 'license'; did you mean 'licence'? It has 'about', 'licence', 'homepage', 'revision', 'hub', 'configs', 'identity', 'fields' and 'format'
  datasets/recipes/broken.yaml:4:7: no source is called 'goood'; did you mean 'good'? There are 'good', 'misspelt', 'syntax', 'twice' and 'twin'
  datasets/syntax.yaml:3:1: is not YAML: did not find expected ',' or ']'
  datasets/twice.yaml:1:1: the key 'about' stands twice in one mapping
  filters/empty.yaml: is empty
  filters/latin.yaml: is not UTF-8
  filters/other.yaml:1:1: is neither a source ('fields'), nor a filter ('keep'), nor a recipe ('branches'), nor a merge file ('merge_method')
  filters/wrong.yaml:7:5: 'wrong' drops this example, which it should keep
  filters/wrong.yaml:8:5: 'wrong' keeps this example, which it should drop
  filters/wrong.yaml:11:14: 'wrong' drops this example because of 'prompt', not 'level'
  filters/wrong.yaml:12:11: in this example the row: 'level' should be a number and is a text
  filters/wrong.yaml:14:13: no source has a field called 'levle'; did you mean 'level'?

  """
