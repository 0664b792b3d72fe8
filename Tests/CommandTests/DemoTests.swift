import Foundation
import Testing

/// The demo rows through the recipe that comes with the program.
struct DemoTests {
  let folder = try! TemporaryFolder()

  @Test func `the funnel is printed for each branch`() throws {
    let ending = try demo(in: folder)
    #expect(ending.output.withoutTimes.replacing(folder / "work", with: "WORK") == funnel)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `a run leaves its data sets, the ledger and nothing else`() throws {
    _ = try demo(in: folder)
    #expect(
      folder.files(below: "work") == [
        ".lock", "branches/coding/README.md", "branches/coding/dataset_info.json",
        "branches/coding/train.jsonl", "branches/math/README.md",
        "branches/math/dataset_info.json", "branches/math/train.jsonl",
        "branches/quarantine.jsonl", "branches/science/README.md",
        "branches/science/dataset_info.json", "branches/science/seeds.jsonl",
        "branches/science/train.jsonl", "lineage.sqlite",
      ])
  }

  @Test func `rows that cannot be read are listed with place and reason`() throws {
    _ = try demo(in: folder)
    #expect(try folder.text("work/branches/quarantine.jsonl") == quarantine)
  }

  @Test func `the data card says what is in a branch and where it came from`() throws {
    _ = try demo(in: folder)
    #expect(try folder.text("work/branches/science/README.md") == scienceCard)
  }

  @Test(arguments: ["math", "coding", "science"])
  func `the registry is what LLaMA-Factory reads`(branch: String) throws {
    _ = try demo(in: folder)
    let text = try folder.text("work/branches/\(branch)/dataset_info.json")
    #expect(text == scienceInfo.replacing("science", with: branch))
  }

  @Test func `one branch alone gives the same bytes`() throws {
    _ = try demo(in: folder)
    let both = try folder.contents(below: "work/branches/science")
    let ending = try branchmerge(
      [
        "branch", "datasets/recipes/tinyr1.yaml", "-w", folder / "alone", "--max-quarantined",
        "2%", "--only", "science",
      ] + demoSources)
    #expect(ending.status == 0)
    #expect(try folder.contents(below: "alone/branches/science") == both)
    #expect(!folder.exists("alone/branches/math"))
  }

  @Test func `JSON has the numbers of files and ledger`() throws {
    let ending = try demo(in: folder, "--json")
    #expect(ending.errors == "")
    let report = try JSON(parsing: Data(ending.output.utf8))
    #expect(report["run"]?.number == 1)
    #expect(report["rowsRead"]?.number == 449)
    #expect(report["quarantined"]?.number == 3)
    let files = try #require(report["outputs"]?.list).map { output in
      let path = try #require(output["path"]?.text)
      let bytes = try #require(FileManager.default.contents(atPath: path))
      #expect(output["bytes"]?.number == bytes.count)
      #expect(output["rows"]?.number == bytes.count { $0 == 0x0A })
      #expect(path.hasPrefix(folder / "work/"))
      return [
        path.dropFirst((folder / "work/").count).description, "\(output["rows"]?.number ?? -1)",
        "\(bytes.count)", output["xxh3"]?.text ?? "",
      ].joined(separator: "|")
    }
    #expect(
      files == (try folder.ledger("SELECT path, row_count, byte_count, xxh3 FROM output_file")))

    var counts: [String] = []
    var drops: [String] = []
    for branch in try #require(report["funnel"]?["branches"]?.list) {
      for source in branch["sources"]?.list ?? [] {
        let place = "\(branch["name"]?.text ?? "")|\(source["name"]?.text ?? "")"
        for (key, kind) in [
          ("dropped", "dropped"), ("duplicates", "duplicate"), ("kept", "kept"),
          ("quarantined", "quarantined"), ("seeds", "seed"),
        ] {
          let count = try #require(source["counts"]?[key]?.number)
          if count > 0 { counts.append("\(place)|\(kind)|\(count)") }
        }
        for step in source["steps"]?.list ?? [] {
          let count = try #require(step["dropped"]?.number)
          if count > 0 { drops.append("\(place)|\(step["name"]?.text ?? "")|\(count)") }
        }
      }
    }
    let fates = """
      FROM fate JOIN branch ON branch.id = fate.branch JOIN sample ON sample.id = fate.sample
      JOIN source_file ON source_file.id = sample.file JOIN source ON source.id = source_file.source
      """
    #expect(
      counts
        == (try folder.ledger(
          "SELECT branch.name, source.name, kind, count(*) \(fates) GROUP BY branch.id, source.id, kind"
        )))
    #expect(
      drops
        == (try folder.ledger(
          """
          SELECT branch.name, source.name, step.name, count(*) \(fates)
          JOIN step ON step.id = fate.step GROUP BY branch.id, source.id, step.id
          """)))
    #expect(counts.count == 17)
  }

  @Test func `a second run gives the same bytes and is the ledger's second`() throws {
    _ = try demo(in: folder)
    let first = try folder.contents(below: "work/branches")
    let ending = try demo(in: folder)
    #expect(ending.output.contains("\nrun 2: 449 rows, 797.9 kB in "))
    #expect(try folder.contents(below: "work/branches") == first)
    #expect(try folder.ledger("SELECT count(*) FROM sample") == ["898"])
    #expect(try folder.ledger("PRAGMA integrity_check") == ["ok"])
    #expect(try folder.ledger("PRAGMA foreign_key_check") == [])
    let why = try branchmerge("why", keptID, "-w", folder / "work")
    #expect(why.output.contains(" Run 2 (recipe tinyr1, "))
    #expect(why.output.hasSuffix("\n\nRead also by run 1; --run asks.\n"))
    let earlier = try branchmerge("why", keptID, "-w", folder / "work", "--run", "1")
    #expect(earlier.output.contains(" Run 1 (recipe tinyr1, "))
  }

  @Test func `the SHA-256 of a source file is taken on request`() throws {
    _ = try demo(in: folder, "--sha256")
    let files = try folder.ledger("SELECT path, sha256 FROM source_file")
    #expect(files.count == 4)
    for file in files {
      let parts = file.split(separator: "|")
      #expect(try tool("sha256sum", String(parts[0])).hasPrefix(parts[1] + " "))
    }
  }
}

/// Single samples of the demo rows.
struct WhyTests {
  let folder = try! TemporaryFolder()

  @Test func `the demo has a stub answer the seeds, says so, and asks nothing twice`() throws {
    let name = ".build/demo-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: "\(Package.root)/\(name)") }
    let stub = String(Package.program.dropLast("branchmerge".count)) + "stub-teacher"
    let ending = try Running(
      Package.root + "/scripts/demo", [Package.program, name, stub], in: Package.root, [:]
    ).end()
    #expect(ending.status == 0, "\(ending.errors)")
    #expect(
      ending.output.replacing(/127.0.0.1:[0-9]+/, with: "ADDRESS").contains(
        """
        A stub pretends to be the teacher of the seeds, at http://ADDRESS/v1:
        no model is behind it, and its answers are nonsense.

        """))
    #expect(ending.output.contains("science     82        82         0"))
    #expect(ending.output.contains("\nThe stub counted 82 requests, and is gone.\n"))
    #expect(ending.errors.components(separatedBy: "of 82 requests are answered").count == 2)
    #expect(
      ending.errors.components(
        separatedBy: "teach science: 71 rows kept, 82 taught of 82 seeds in "
      )
      .count == 3)
    #expect(
      ending.errors.contains("teach science: up to date (71 rows kept, 82 taught of 82 seeds)\n"))
    let why = try #require(ending.output.components(separatedBy: "$ branchmerge why ").last)
    #expect(why.contains("stub-teacher"))
    #expect(
      why.replacing("\n", with: " ").contains("is row 153 of teach/science/train.jsonl"))
    #expect(ending.output.contains("all of it holds"))
  }

  @Test(arguments: stories)
  func `why tells a sample's whole story`(story: Story) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", story.id, "-w", folder / "work")
    #expect(ending.output.withoutTimes == story.text)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
    // No index is made where none is needed.
    #expect(!folder.exists("work/.search.sqlite"))
  }

  @Test(arguments: stories)
  func `a story as JSON says the same, with the values`(story: Story) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", story.id, "-w", folder / "work", "--json")
    let json = try JSON(parsing: Data(ending.output.utf8))
    #expect(json["id"]?.text == story.id)
    #expect(json["proof"]?.text == "hash")
    let fate = try #require(json["fates"]?[0])
    #expect(fate["fate"]?.text == story.fate)
    let text = story.text.replacing("\n", with: " ")
    for key in ["duplicateOf", "outputPath", "step"] {
      if let value = fate[key]?.text { #expect(text.contains(value)) }
    }
    let account = try #require(json["account"]?[0])
    #expect(text.contains(try #require(account["text"]?.text).withoutTimes))
    for step in try #require(account["steps"]?.list) where step["kind"]?.text == "filter" {
      #expect(step["isConfirmed"] == (step["outcome"]?.text == "not asked" ? nil : .flag(true)))
      #expect(step["evidence"] != nil || step["outcome"]?.text == "not asked")
    }
  }

  @Test func `the beginning of an id will do where it is the only one`() throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", String(keptID.dropLast(16)), "-w", folder / "work")
    #expect(ending.output.withoutTimes == stories[0].text)
  }

  @Test(arguments: [
    #"A polynomial division of $4x^{80}+8x^{13}-6$ by $x^2-1$ leaves $ux+w$."#,
    #"task 17, grade 10: a polynomial division of 4x^80 + 8x^13 - 6 by x^2 - 1 leaves ux + w"#,
    #"polynomial division 8x^{13}-6"#,
  ])
  func `a prompt is found by its text, and by about its text`(text: String) throws {
    _ = try demo(in: folder)
    let first = try branchmerge("why", text, "-w", folder / "work")
    #expect(first.errors == "")
    #expect(first.output.withoutTimes == stories[0].text)
    #expect(folder.exists("work/.search.sqlite"))
    let second = try branchmerge("why", text, "-w", folder / "work")
    #expect(second.output == first.output)
  }

  @Test func `several that may be meant are listed, with what became of them`() throws {
    _ = try demo(in: folder)
    let ending = try branchmerge(
      "why", "remainder of a polynomial division by x^2-1", "-w", folder / "work")
    #expect(ending.status == 0)
    #expect(ending.output == choices)
    let json = try branchmerge(
      "why", "remainder of a polynomial division by x^2-1", "-w", folder / "work", "--json")
    let list = try #require(JSON(parsing: Data(json.output.utf8))["choices"]?.list)
    #expect(
      list.map { $0["sampleID"]?.text ?? "" } == [keptID, "openr1-math:9bc7b938387f27c2feb16033"])
    #expect(list[0]["fates"]?["math"]?.text == "kept")
    let unclear = try branchmerge("why", "openr1-math:0", "-w", folder / "work")
    #expect(unclear.status == 0)
    #expect(
      unclear.output.hasPrefix(
        """
        More than 10 ids begin with 'openr1-math:0'; ask for one of them by its id:
        openr1-math:019f08facf1435c3e5c7c6b7  math: kept
        openr1-math:03254c9516d95b6d332680d4  math: kept
        openr1-math:038a5c7cc4b64e145cc57bd3  math: dropped

        """))
    #expect(unclear.output.split(separator: "\n").count == 11)
  }

  @Test func `a row that could not be read is found by its place`() throws {
    _ = try demo(in: folder)
    let why = try branchmerge("why", "openr1-math.jsonl:42", "-w", folder / "work")
    #expect(why.status == 0)
    #expect(
      why.output.hasPrefix("no id: the row could not be read as a sample\n\nmath: quarantined\n"))
    #expect(
      why.output.replacing("\n", with: " ").contains(
        "It was put aside, because it could not be read as a sample: 'problem' should be a text and"
          + " is a number (byte 109664 of the file)."))
    let raw = try branchmerge("why", "openr1-math.jsonl:42", "-w", folder / "work", "--raw")
    #expect(raw.output.hasPrefix("{\"problem\": 2025, "))
    let none = try branchmerge("why", "openr1-math.jsonl:151", "-w", folder / "work")
    #expect(
      none.errors
        == "no sample has this id or place, and no prompt is like this: 'openr1-math.jsonl:151'\n")
    #expect(none.status == 1)
  }

  @Test(arguments: ["s1k:zz", "xylophone quux", "\u{1B}[2J", "???"])
  func `what is not there is told`(name: String) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", name, "-w", folder / "work")
    let shown = name.replacing("\u{1B}", with: "\\u{1b}")
    #expect(
      ending.errors
        == "no sample has this id or place, and no prompt is like this: '\(shown)'\n")
    #expect(ending.output == "")
    #expect(ending.status == 1)
  }

  @Test func `of an id that no sample has the nearest is named`() throws {
    _ = try demo(in: folder)
    let last = keptID.last == "0" ? "1" : "0"
    for name in [keptID.dropLast() + last, keptID + "0"] {
      let ending = try branchmerge("why", String(name), "-w", folder / "work")
      #expect(
        ending.errors
          == "no sample has the id '\(name)'; the one that begins most like it is \(keptID)\n")
      #expect(ending.output == "")
      #expect(ending.status == 1)
    }
    let parts = keptID.split(separator: ":")
    let loud = try branchmerge(
      "why", " \(parts[0]):\(parts[1].uppercased())", "-w", folder / "work")
    #expect(loud.output.hasPrefix(keptID))
  }

  @Test func `a row that is asked for among several is not guessed`() throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", "the", "-w", folder / "work", "--raw")
    #expect(ending.output == "")
    #expect(
      ending.errors.hasPrefix("several samples may be meant; ask for one of them by its id:\n"))
    #expect(ending.status == 1)
  }

  @Test func `a run that did not read it is an error`() throws {
    _ = try demo(in: folder)
    let run = try branchmerge("why", keptID, "-w", folder / "work", "--run", "7")
    #expect(run.errors == "error: run 7 did not read '\(keptID)'; run 1 did\n")
    #expect(run.status == 2)
  }

  @Test func `without a ledger there is nothing to ask`() throws {
    let ending = try branchmerge("why", keptID, "-w", folder / "work")
    #expect(
      ending.errors == """
        error: \(folder / "work/lineage.sqlite"): there is no ledger here; 'branchmerge run' \
        makes one

        """)
    #expect(ending.status == 2)
  }

  @Test(arguments: stories)
  func `the original row comes back byte for byte`(story: Story) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("why", story.id, "-w", folder / "work", "--raw")
    #expect(ending.status == 0)
    let file = URL(fileURLWithPath: Package.root + "/" + story.file)
    let row = try String(contentsOf: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)[story.row - 1]
    #expect(ending.output == row + "\n")
    #expect(ending.errors == "(its hash is that of the ledger)\n")
  }

  @Test func `a row that has changed since is told from the one that was read`() throws {
    let library = try SmallLibrary()
    let folder = library.folder
    try folder.write("in.jsonl", SmallLibrary.row(1) + "\n" + SmallLibrary.row(2) + "\n")
    _ = try library.branch("in.jsonl")
    let id = try #require(library.kept().first?.first)
    try folder.write("in.jsonl", SmallLibrary.row(3) + "\n" + SmallLibrary.row(2) + "\n")
    let changed = try branchmerge("why", id, "-w", "work", "--raw", in: folder.path)
    #expect(changed.status == 1)
    #expect(changed.output == "")
    let file = folder / "in.jsonl"
    #expect(
      changed.errors.replacing(/[0-9a-f]{16}/, with: "HASH")
        == "error: \(file): what stands at row 1 now is not the row that was read: its hash is not"
        + " HASH\n")
    let story = try branchmerge("why", id, "-w", "work", in: folder.path)
    #expect(story.status == 1)
    #expect(story.output.replacing("\n", with: " ").contains("The row could not be read again ("))
    // The text is found all the same, by the branch's row.
    let text = try branchmerge("why", "Q1?", "-w", "work", in: folder.path)
    #expect(text.output == story.output)
    #expect(
      text.errors
        == "note: '\(file)' is not the file that was read: of its samples only those can be found by"
        + " text that are rows or seeds of a branch\n")
    try folder.write("in.jsonl", "{}")
    let cut = try branchmerge("why", id, "-w", "work", "--raw", in: folder.path)
    #expect(cut.errors == "error: \(file): is shorter than row 1 was\n")
    #expect(cut.status == 1)
  }
}

struct Story: CustomTestStringConvertible {
  var fate: String
  var id: String
  var file: String
  var row: Int
  var text: String
  var testDescription: String { fate }
}

private let keptID = "openr1-math:8131718b39eb2a0bda49bb1e"

private let stories = [
  Story(
    fate: "kept", id: keptID, file: "datasets/demo/openr1-math.jsonl", row: 1,
    text: #"""
      openr1-math:8131718b39eb2a0bda49bb1e
        “## Task 17 - Grade 10 A polynomial division of $4x^{80}+8x^{13}-6$ by $x^2-1$ leaves $ux+w$. Find
        that remainder.”

      math: kept
      The sample openr1-math:8131718b39eb2a0bda49bb1e comes from the source openr1-math (table default,
      licence Apache-2.0, revision main, https://huggingface.co/datasets/open-r1/OpenR1-Math-220k), where
      it is row 1 (bytes 0 to 2206) of the file datasets/demo/openr1-math.jsonl. The row was read again
      for this account, and its hash is the one that was recorded. Run 1 (recipe tinyr1, finished
      MOMENT) read it for the branch math. It passed the filter word-problem (“Keeps
      problems that ask for an answer in free form, neither proofs nor multiple choice.”): question_type
      was "math-word-problem". It passed the filter contest-source (“Keeps mathematics from contests and
      olympiads, without school books and synthetic problems.”): source was "olympiads". Its one answer
      was taken, by the rule {first: responses, where: {verified: {is: true}, complete: {is: true}}};
      verified was [true], and complete was [true]. The recipe writes its prompt by the template {prompt}
      and its response by the template {responses}. It was kept and is row 1 of branches/math/train.jsonl.
      No training on these rows is on record.

      source file                         XXH3 88991ac6ad7d08efdab1fcecd5359a53
      row 1 of it                         XXH3 e5922d035237f892
      row 1 of branches/math/train.jsonl  XXH3 495858ad1ba26a8c
      branches/math/train.jsonl           XXH3 89d8052cbbeae545e1d7bb50f34335bc

      """#),
  Story(
    fate: "seed", id: "s1-59k:c20d70acec302ee89013a286", file: "datasets/demo/s1-59k.jsonl", row: 1,
    text: #"""
      s1-59k:c20d70acec302ee89013a286
        “In which pH region does a solution work that holds 0.05 mol/L of $\mathrm{A^-}$ and 0.1 mol/L of
        HA, if $\mathrm{p}K_a(\mathrm{HA})=4.76$? Give the pH to three figures.”

      science: seed
      The sample s1-59k:c20d70acec302ee89013a286 comes from the source s1-59k (table default, licence
      Apache-2.0, revision main, https://huggingface.co/datasets/simplescaling/data_ablation_full59K),
      where it is row 1 (bytes 0 to 1510) of the file datasets/demo/s1-59k.jsonl. The row was read again
      for this account, and its hash is the one that was recorded. Run 1 (recipe tinyr1, finished
      MOMENT) read it for the branch science. It passed the filter science-cot (“Keeps s1's
      science and health science.”): cot_type was "science". The recipe writes its prompt by the template
      {prompt}. It was kept as a seed, for which a teacher is still to write the response: row 1 of
      branches/science/seeds.jsonl. The recipe's teacher has not been asked for it yet.

      source file                            XXH3 f5d0adaf41b381951632a756831d3784
      row 1 of it                            XXH3 22757086f67ea208
      row 1 of branches/science/seeds.jsonl  XXH3 0c1400b9a0107681
      branches/science/seeds.jsonl           XXH3 b9f467e1cc5b4e64af7e4b33da8ce854

      """#),
  Story(
    fate: "dropped", id: "openr1-math:929d110fd70fa882078ff421",
    file: "datasets/demo/openr1-math.jsonl", row: 2,
    text: #"""
      openr1-math:929d110fd70fa882078ff421
        “A bag holds 4 blue and 3 yellow beads. Farid takes two beads at once without looking. With what
        probability do their colours agree?”

      math: dropped
      The sample openr1-math:929d110fd70fa882078ff421 comes from the source openr1-math (table default,
      licence Apache-2.0, revision main, https://huggingface.co/datasets/open-r1/OpenR1-Math-220k), where
      it is row 2 (bytes 2208 to 4958) of the file datasets/demo/openr1-math.jsonl. The row was read again
      for this account, and its hash is the one that was recorded. Run 1 (recipe tinyr1, finished
      MOMENT) read it for the branch math. It passed the filter word-problem (“Keeps
      problems that ask for an answer in free form, neither proofs nor multiple choice.”): question_type
      was "math-word-problem". It was dropped by the filter contest-source (“Keeps mathematics from
      contests and olympiads, without school books and synthetic problems.”), whose rule is {source: {in:
      [olympiads, amc_aime, aops_forum, cn_contest, inequalities, number_theory, olympiads_ref]}}: source
      was missing.

      source file  XXH3 88991ac6ad7d08efdab1fcecd5359a53
      row 2 of it  XXH3 4612947ca60bc81a

      """#),
  Story(
    fate: "duplicate", id: "openr1-math:3e0bda01e017ae41f5df82c9",
    file: "datasets/demo/openr1-math.jsonl", row: 18,
    text: #"""
      openr1-math:3e0bda01e017ae41f5df82c9
        “Out of 14 pupils, 10 play chess and the other 4 play go. Two of them are chosen by lot. What is
        the probability that they play the same game? Give a reduced fraction.”

      math: duplicate
      The sample openr1-math:3e0bda01e017ae41f5df82c9 comes from the source openr1-math (table default,
      licence Apache-2.0, revision main, https://huggingface.co/datasets/open-r1/OpenR1-Math-220k), where
      it is row 18 (bytes 44261 to 46734) of the file datasets/demo/openr1-math.jsonl. The row was read
      again for this account, and its hash is the one that was recorded. Run 1 (recipe tinyr1, finished
      MOMENT) read it for the branch math. It passed the filter word-problem (“Keeps
      problems that ask for an answer in free form, neither proofs nor multiple choice.”): question_type
      was "math-word-problem". It passed the filter contest-source (“Keeps mathematics from contests and
      olympiads, without school books and synthetic problems.”): source was "amc_aime". Its one answer was
      taken, by the rule {first: responses, where: {verified: {is: true}, complete: {is: true}}}; verified
      was [true], and complete was [true]. The recipe writes its prompt by the template {prompt} and its
      response by the template {responses}. It was left out as a duplicate of the sample
      openr1-math:cc7020ad8db15d726d09ec70, row 9 of datasets/demo/openr1-math.jsonl, which has the same
      prompt, was read before it, and is row 5 of branches/math/train.jsonl.

      source file   XXH3 88991ac6ad7d08efdab1fcecd5359a53
      row 18 of it  XXH3 5f2e78e241cdf616

      """#),
]

private let choices = #"""
  2 samples are near; ask for one of them by its id:

  openr1-math:8131718b39eb2a0bda49bb1e  90 % alike  math: kept
    ## Task 17 - Grade 10 A polynomial division of $4x^{80}+8x^{13}-6$ by $x^2-1$ leaves $ux+w$. Find
    that remainder.

  openr1-math:9bc7b938387f27c2feb16033  89 % alike  math: dropped
    A polynomial division of $2x^{53}+2x^{7}+2$ by $x^2-1$ leaves $ux+w$. Find that remainder.
    $\text{(A)}\ 6$ $\text{(B)}\ 2$ $\text{(C)}\ 4x+2$ $\text{(D)}\ 0$ $\ …

  """#

private let funnel = """
  math              openr1-math  total
  read                      150    150
  − quarantined               2      2
  − word-problem             24     24
  − contest-source           21     21
  − pick                     13     13
  − duplicates                6      6
  = kept                     84     84

  coding         openthoughts  total
  read                    151    151
  − quarantined             1      1
  − code                   95     95
  − answered                4      4
  − duplicates              3      3
  = kept                   48     48

  science        openthoughts  s1-59k  s1k  total
  read                    151     108   40    299
  − quarantined             1       0    0      1
  − science                77                  77
  − answered                0                   0
  − science-cot                    49          49
  − duplicates              2       3   14     19
  = kept                   71       0    0     71
  + seeds                   0      56   26     82

  WORK/branches/math/train.jsonl     84 rows  83.6 kB
  WORK/branches/coding/train.jsonl   48 rows  69.6 kB
  WORK/branches/science/train.jsonl  71 rows  73.3 kB
  WORK/branches/science/seeds.jsonl  82 rows  28.1 kB

  3 rows could not be read: WORK/branches/quarantine.jsonl says why

  run 1: 449 rows, 797.9 kB in TIME

  """

private let quarantine = """
  {"source": "openr1-math", "file": "datasets/demo/openr1-math.jsonl", "row": 42, "byte_offset": 109652, "byte_count": 1943, "reason": "wrong-type", "message": "'problem' should be a text and is a number", "fault_offset": 109664}
  {"source": "openr1-math", "file": "datasets/demo/openr1-math.jsonl", "row": 75, "byte_offset": 194374, "byte_count": 884, "reason": "truncated", "message": "ends before its JSON object does", "fault_offset": 195258}
  {"source": "openthoughts", "file": "datasets/demo/openthoughts.jsonl", "row": 71, "byte_offset": 96904, "byte_count": 1139, "reason": "unpaired-surrogate", "message": "'problem' holds half of a surrogate pair", "fault_offset": 96917}

  """

private let scienceInfo = """
  {
    "science": {
      "file_name": "train.jsonl",
      "formatting": "sharegpt",
      "columns": {"messages": "conversations", "system": "system"},
      "tags": {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt", "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system"}
    }
  }

  """

private let scienceCard = #"""
  ---
  license: apache-2.0
  configs:
  - config_name: default
    data_files: train.jsonl
  - config_name: seeds
    data_files: seeds.jsonl
  ---

  # science

  Science questions and riddles. The paper has 8.6k: 4.9k of OpenThoughts, 2.7k of the s1 pool and 1.0k of s1K. Seeds wait for a teacher.

  Built by BranchMerge from the recipe `tinyr1`. Rows are in the format `sharegpt`; `id` is a sample's for good, and `branchmerge why ID` tells where it came from.

  ## Licences

  | licence | rows | share | sources |
  |---|---:|---:|---|
  | [Apache-2.0](https://spdx.org/licenses/Apache-2.0) | 153 | 100.00 % | openthoughts, s1-59k, s1k |

  Licences are those of the source cards; this is no legal advice.

  ## Files

  | file | rows | bytes | XXH3-128 |
  |---|---:|---:|---|
  | train.jsonl | 71 | 73283 | `b24ba4b44d46ad7d2ccdece5bb959a4f` |
  | seeds.jsonl | 82 | 28135 | `b9f467e1cc5b4e64af7e4b33da8ce854` |

  ## Funnel

  | science | openthoughts | s1-59k | s1k | total |
  |---|---:|---:|---:|---:|
  | read | 151 | 108 | 40 | 299 |
  | − quarantined | 1 | 0 | 0 | 1 |
  | − science | 77 |  |  | 77 |
  | − answered | 0 |  |  | 0 |
  | − science-cot |  | 49 |  | 49 |
  | − duplicates | 2 | 3 | 14 | 19 |
  | = kept | 71 | 0 | 0 | 71 |
  | + seeds | 0 | 56 | 26 | 82 |

  ## Sources

  | source | config | revision | licence | homepage |
  |---|---|---|---|---|
  | openthoughts | metadata | main | Apache-2.0 | https://huggingface.co/datasets/open-thoughts/OpenThoughts-114k |
  | s1-59k | default | main | Apache-2.0 | https://huggingface.co/datasets/simplescaling/data_ablation_full59K |
  | s1k | default | main | Apache-2.0 | https://huggingface.co/datasets/simplescaling/s1K |

  | file read | rows | bytes | XXH3-128 | SHA-256 |
  |---|---:|---:|---|---|
  | openthoughts.jsonl | 151 | 198891 | `3f8714c89916d1726bae310a52b80add` |  |
  | s1-59k.jsonl | 108 | 147056 | `f5d0adaf41b381951632a756831d3784` |  |
  | s1k.jsonl | 40 | 52362 | `8ffeda2e6508676218647b26d76c79b2` |  |

  ## Steps

  `openthoughts`, filter `science`:

  ```yaml
  about: Keeps what is neither mathematics nor code, riddles included.
  keep:
    domain: { in: [biology, chemistry, physics, puzzle] }
  examples:
    - keep: { domain: physics }
    - keep: { domain: puzzle }
    - drop: { domain: code }
      because: domain
    - drop: { domain: science }
      because: domain
  ```

  `openthoughts`, filter `answered`:

  ```yaml
  about: Keeps samples that have both a chain of thought and a solution.
  keep:
    reasoning: { is_blank: false }
    solution: { is_blank: false }
  examples:
    - keep: { reasoning: "First, add.", solution: "4" }
    - drop: { reasoning: "  \n", solution: "4" }
      because: reasoning
    - drop: { reasoning: "First, add.", solution: null }
      because: solution
  ```

  `openthoughts`, prompt `prompt`:

  ```yaml
  {prompt}
  ```

  `openthoughts`, response `response`:

  ```yaml
  <think>
  {reasoning|trim}
  </think>

  {solution|trim}
  ```

  `s1-59k`, filter `science-cot`:

  ```yaml
  about: Keeps s1's science and health science.
  keep:
    cot_type: { in: [science, health science] }
  examples:
    - keep: { cot_type: science }
    - keep: { cot_type: health science }
    - drop: { cot_type: math }
      because: cot_type
    - drop: { cot_type: crossword }
      because: cot_type
  ```

  `s1-59k`, prompt `prompt`:

  ```yaml
  {prompt}
  ```

  `s1k`, prompt `prompt`:

  ```yaml
  {prompt}
  ```

  """#
