import Foundation
import Testing

/// Cards, filters and recipes with a mistake in them: all of it is said before any data is read.
struct BadRecipeTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  @Test(arguments: badFiles)
  func `a mistake is shown with its place and what was meant`(file: BadFile) throws {
    for (name, text) in file.files { try folder.write(name, text) }
    // There is no data: whoever looked for it would say so.
    let ending = try library.branch("/nonexistent", environment: [:])
    #expect(ending.errors == "error: " + file.message + "\n")
    #expect(ending.output == "")
    #expect(ending.status == 2)
    #expect(!folder.exists("work"))
  }

  @Test func `all mistakes are shown together in the order of the files`() throws {
    try folder.write(
      "datasets/recipes/one.yaml",
      """
      branches:
        all:
          sources:
            small:
              filters: [easy, esay, hard]
              response: "{respnse}"
        more:
          sources:
            smal: { response: teacher }
      """)
    try folder.write("filters/hard.yaml", SmallLibrary.filter.replacing("5", with: "five"))
    let ending = try library.branch("/nonexistent")
    #expect(
      ending.errors == """
        error: datasets/recipes/one.yaml:5:25: no filter is called 'esay'; did you mean 'easy'? \
        There are 'easy' and 'hard'
        datasets/recipes/one.yaml:6:19: small has no field called 'respnse'; did you mean \
        'response'? It has 'prompt', 'response', 'level' and 'tags'
        datasets/recipes/one.yaml:9:7: no source is called 'smal'; did you mean 'small'? There \
        are 'small'
        filters/hard.yaml:3:21: here a number is needed (used at datasets/recipes/one.yaml:5)

        """)
    #expect(ending.status == 2)
  }

  @Test func `a name that the recipe does not know is refused on the command line`() throws {
    let source = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "work", "--source", "smal=/nonexistent",
      in: folder.path)
    #expect(
      source.errors == """
        error: --source smal: the recipe takes nothing from a source of this name; did you mean \
        'small'? It takes from 'small'

        """)
    #expect(source.status == 2)
    let only = try library.branch("/nonexistent", "--only", "al")
    #expect(
      only.errors == """
        error: datasets/recipes/one.yaml: no branch is called 'al'; did you mean 'all'? There \
        are 'all'

        """)
    #expect(only.status == 2)
  }

  @Test func `files that are nowhere are named with the command that fetches them`() throws {
    let ending = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "work", in: folder.path)
    #expect(
      ending.errors == """
        error: the files of the source 'small' are neither given by --source, nor in work/sources, \
        nor in the Hugging Face cache; fetch them with
          hf download --repo-type dataset example/small --revision v1 --include 'data/*.jsonl'

        """)
    #expect(ending.status == 2)
    #expect(!folder.exists("work"))
    let demo = try branchmerge(
      "branch", "datasets/recipes/tinyr1.yaml", "-w", folder / "work", "--only", "science",
      "--source", "openthoughts=datasets/demo/openthoughts.jsonl")
    #expect(
      demo.errors == """
        error: the files of the source 's1-59k' are neither given by --source, nor in \
        \(folder / "work")/sources, nor in the Hugging Face cache; fetch them with
          hf download --repo-type dataset simplescaling/data_ablation_full59K --include \
        'data/train-*.parquet'
        the files of the source 's1k' are neither given by --source, nor in \
        \(folder / "work")/sources, nor in the Hugging Face cache; fetch them with
          hf download --repo-type dataset simplescaling/s1K --include 'data/train-*.parquet'

        """)
    #expect(demo.status == 2)
  }
}

struct BadFile: CustomTestStringConvertible {
  var files: [(String, String)]
  var message: String
  var testDescription: String { message }

  /// A file of the library with a part of its text exchanged.
  init(_ file: String, _ part: String, _ other: String, _ message: String) {
    let text =
      file.hasPrefix("filters")
      ? SmallLibrary.filter
      : file.hasSuffix("small.yaml") ? SmallLibrary.card : SmallLibrary.recipe
    precondition(text.contains(part))
    files = [(file, text.replacing(part, with: other))]
    self.message = message
  }

  init(adding file: String, _ text: String, _ message: String) {
    files = [(file, text)]
    self.message = message
  }
}

private let recipe = "datasets/recipes/one.yaml"
private let card = "datasets/small.yaml"
private let filter = "filters/easy.yaml"

private let badFiles = [
  // Recipes.
  BadFile(
    recipe, "distinct: prompt", "distint: prompt",
    "\(recipe):7:5: a branch has no 'distint'; did you mean 'distinct'? It has 'about', 'sources',"
      + " 'without', 'verify', 'distinct' and 'row'"),
  BadFile(
    recipe, "distinct: prompt", "distinct: response",
    "\(recipe):7:15: 'distinct' can be 'prompt', {on: prompt, near: …}, or left out"),
  BadFile(
    recipe, "distinct: prompt", "row: sharegtp",
    "\(recipe):7:10: no row format is called 'sharegtp'; did you mean 'sharegpt'? There are"
      + " 'sharegpt', 'messages' and 'alpaca'"),
  BadFile(
    recipe, "filters: [easy]", "filter: [easy]",
    "\(recipe):5:9: a branch's source has no 'filter'; did you mean 'filters'? It has 'filters',"
      + " 'pick', 'prompt', 'without', 'response' and 'verify'"),
  BadFile(
    recipe, "response: \"{response}\"", "prompt: x",
    "\(recipe):5:9: a branch's source needs 'response': a template, or 'teacher'"),
  BadFile(
    recipe, "{response}", "{response",
    "\(recipe):6:19: a '{' in this template is never closed"),
  BadFile(
    recipe, "{response}", "{tags}",
    "\(recipe):6:19: 'tags' is a list of texts, not a text; 'pick' takes one of them"),
  BadFile(
    recipe, "small:", "small/extended:",
    "\(recipe):4:7: 'small' has no config 'extended'; it has 'default'"),
  BadFile(
    recipe, "branches:", "branch:",
    "\(recipe):1:1: a recipe has no 'branch'; did you mean 'branches'? It has 'about',"
      + " 'compared_with', 'branches', 'without', 'distinct', 'teacher', 'base', 'train' and 'merge'"
  ),
  BadFile(
    recipe, "sources:", "sources: [",
    "\(recipe):5:16: is not YAML: did not find expected ',' or ']'"),
  // Filters.
  BadFile(
    filter, "level: { at_most", "levl: { at_most",
    "\(filter):3:3: small has no field called 'levl'; did you mean 'level'? It has 'prompt',"
      + " 'response', 'level' and 'tags' (used at \(recipe):5)"),
  BadFile(
    filter, "at_most: 5", "at_mots: 5",
    "\(filter):3:12: no check is called 'at_mots'; did you mean 'at_most'? There are 'is', 'in',"
      + " 'at_least', 'at_most', 'length', 'contains', 'starts_with', 'count', 'is_null',"
      + " 'is_blank', 'length_ratio', 'says', 'reasoning_form', 'repetition', 'loop', 'language',"
      + " 'has_image', 'has_link', 'is_multipart', 'code_block' and 'math_answer' (used at \(recipe):5)"
  ),
  BadFile(
    filter, "at_most: 5", "at_most: five",
    "\(filter):3:21: here a number is needed (used at \(recipe):5)"),
  BadFile(
    filter, "at_most: 5", "contains: five",
    "\(filter):3:12: 'level' is a number, which 'contains' cannot check; 'is', 'in', 'at_least',"
      + " 'at_most' and 'is_null' can (used at \(recipe):5)"),
  BadFile(
    filter, "level: { at_most: 5 }", "prompt: { is: 5 }",
    "\(filter):3:17: here a text is needed, and this is the number 5; put it in quotation marks"
      + " (used at \(recipe):5)"),
  BadFile(
    filter, "examples:", "example:",
    "\(filter):4:1: a filter has no 'example'; did you mean 'examples'? It has 'about', 'keep' and"
      + " 'examples'"),
  BadFile(
    filter, "drop: { level: 6 }", "keep: { level: 1 }",
    "\(filter):6:5: a 'drop' example says 'because' of which field, a 'keep' example does not"),
  // Cards.
  BadFile(
    card, "licence:", "license:",
    "\(card):2:1: a source has no 'license'; did you mean 'licence'? It has 'about', 'licence',"
      + " 'homepage', 'revision', 'hub', 'configs', 'identity', 'fields' and 'format'"),
  BadFile(
    card, "[prompt]", "[promt]",
    "\(card):8:12: small has no field called 'promt'; did you mean 'prompt'? It has 'prompt',"
      + " 'response', 'level' and 'tags'"),
  BadFile(
    card, "type: number", "type: nmber",
    "\(card):12:31: no type is called 'nmber'; did you mean 'number'? There are 'text', 'number',"
      + " 'flag', 'texts', 'numbers', 'flags' and 'any'"),
  BadFile(
    card, "prompt: question", "question: question",
    "\(card):8:12: small has no field called 'prompt'; it has 'question', 'response', 'level' and"
      + " 'tags'"),
  // Names.
  BadFile(
    adding: "datasets/small.yml", SmallLibrary.card, "datasets: two files are called 'small'"),
  BadFile(
    adding: "filters/easy.yml", SmallLibrary.filter, "filters: two files are called 'easy'"),
]
