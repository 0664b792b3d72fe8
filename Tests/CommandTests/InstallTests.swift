import Foundation
import Testing

/// Where cards and filters are looked up.
struct InstallTests {
  let folder = try! TemporaryFolder()

  @Test func `a recipe elsewhere is read with the cards and filters beside it`() throws {
    let library = try SmallLibrary()
    try library.folder.write("in.jsonl", SmallLibrary.row(1))
    let ending = try branchmerge(
      "branch", library.folder / "datasets/recipes/one.yaml", "-w", library.folder / "work",
      "--source", "small=" + library.folder / "in.jsonl")
    #expect(ending.status == 0)
    #expect(try library.kept().map { $0[1] } == ["Q1?"])
    // Those of the working folder are not in it.
    try library.folder.write(
      "datasets/recipes/two.yaml", SmallLibrary.recipe.replacing("small", with: "s1k"))
    let other = try branchmerge(
      "branch", library.folder / "datasets/recipes/two.yaml", "-w", library.folder / "work")
    #expect(
      other.errors == """
        error: \(library.folder / "datasets/recipes/two.yaml"):4:7: no source is called 's1k'; \
        there are 'small'

        """)
    #expect(other.status == 2)
  }

  @Test func `the installed program brings its library and completions`() throws {
    let prefix = folder / "usr"
    let printed = try tool(Package.root + "/scripts/install", Package.program, prefix)
    #expect(printed == "installed \(prefix)/bin/branchmerge\n")
    let program = prefix + "/bin/branchmerge"
    let here = try branchmerge("sources", "--json")
    let elsewhere = try TemporaryFolder()
    let there = try Running(program, ["sources", "--json"], in: elsewhere.path, [:]).end()
    #expect(there.output == here.output)
    #expect(there.errors == "")

    // A recipe of one's own may use the installed cards and filters.
    try elsewhere.write(
      "mine.yaml",
      """
      branches:
        code:
          sources:
            openthoughts:
              filters: [code]
              response: "{solution}"
      """)
    let demo = Package.root + "/datasets/demo/openthoughts.jsonl"
    let ending = try Running(
      program, ["branch", "mine.yaml", "-w", "work", "--source", "openthoughts=" + demo],
      in: elsewhere.path, [:]
    ).end()
    #expect(ending.errors == "")
    #expect(ending.status == 0)
    #expect(elsewhere.exists("work/branches/code/train.jsonl"))

    // The installed recipes go by their names.
    let named = try Running(
      program,
      [
        "branch", "tinyr1", "--only", "coding", "-w", "named", "--source", "openthoughts=" + demo,
      ], in: elsewhere.path, [:]
    ).end()
    #expect(named.errors == "")
    #expect(named.status == 0)
    #expect(elsewhere.exists("named/branches/coding/train.jsonl"))

    for (file, word) in [
      (
        "bash-completion/completions/branchmerge",
        "complete -o filenames -F _branchmerge branchmerge"
      ),
      ("zsh/site-functions/_branchmerge", "#compdef branchmerge"),
      ("fish/vendor_completions.d/branchmerge.fish", "complete -c 'branchmerge'"),
    ] {
      let text = try folder.text("usr/share/" + file)
      #expect(text.contains(word), "\(file)")
      #expect(text.contains("max-quarantined"), "\(file)")
    }
  }
}
