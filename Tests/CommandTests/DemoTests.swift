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
    let trace = try branchmerge("trace", keptID, "-w", folder / "work")
    #expect(trace.output.contains("run       2, recipe tinyr1, "))
    #expect(trace.output.contains("; read by 1 other run\n"))
    let earlier = try branchmerge("trace", keptID, "-w", folder / "work", "--run", "1")
    #expect(earlier.output.contains("run       1, recipe tinyr1, "))
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
struct TraceTests {
  let folder = try! TemporaryFolder()

  @Test(arguments: traces)
  func `a trace tells a sample's whole story`(trace: Trace) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("trace", trace.id, "-w", folder / "work")
    #expect(ending.output.withoutTimes == trace.text)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test(arguments: traces)
  func `a trace as JSON says the same`(trace: Trace) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("trace", trace.id, "-w", folder / "work", "--json")
    let json = try JSON(parsing: Data(ending.output.utf8))
    #expect(json["id"]?.text == trace.id)
    let fate = try #require(json["fates"]?[0])
    #expect(fate["fate"]?.text == trace.fate)
    for key in ["evidence", "duplicateOf", "outputPath", "step"] {
      if let text = fate[key]?.text { #expect(trace.text.contains(text)) }
    }
  }

  @Test func `the beginning of an id will do where it is the only one`() throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("trace", String(keptID.dropLast(16)), "-w", folder / "work")
    #expect(ending.output.withoutTimes == traces[0].text)
  }

  @Test func `a row that could not be read is found by its place`() throws {
    _ = try demo(in: folder)
    let trace = try branchmerge(
      "trace", "openr1-math.jsonl:42", "-w", folder / "work", "--raw")
    #expect(trace.status == 0)
    #expect(trace.output.hasPrefix("no id: the row could not be read\n"))
    #expect(
      trace.output.contains(
        """
        math: quarantined
          because  {"reason": "wrong-type", "message": "'problem' should be a text and is a number", \
        "fault_offset": 109664}

        original row

        {"problem": 2025,
        """))
    let none = try branchmerge("trace", "openr1-math.jsonl:151", "-w", folder / "work")
    #expect(none.errors == "error: no run read a row 'openr1-math.jsonl:151'\n")
    #expect(none.status == 2)
  }

  @Test func `an id that is not there and one that is not clear are refused`() throws {
    _ = try demo(in: folder)
    let ledger = folder / "work/lineage.sqlite"
    let unknown = try branchmerge("trace", "s1k:zz", "-w", folder / "work")
    #expect(
      unknown.errors == """
        error: no sample has the id 's1k:zz' in \(ledger); an id is 'source:' and 24 hexadecimal \
        digits, as in the rows' "id"; a row of a source file is FILE:ROW

        """)
    #expect(unknown.status == 2)
    let unclear = try branchmerge("trace", "openr1-math:", "-w", folder / "work")
    #expect(
      unclear.errors == """
        error: 'openr1-math:' is the beginning of several ids; write more of it:
          openr1-math:019f08facf1435c3e5c7c6b7
          openr1-math:03254c9516d95b6d332680d4
          openr1-math:038a5c7cc4b64e145cc57bd3
          openr1-math:067a7546dad40bdf6986b47b
          openr1-math:076471de9739a7a07832d56e
          …

        """)
    #expect(unclear.status == 2)
    let run = try branchmerge("trace", keptID, "-w", folder / "work", "--run", "7")
    #expect(run.errors == "error: run 7 did not read '\(keptID)'; runs 1 did\n")
    #expect(run.status == 2)
  }

  @Test func `without a ledger there is nothing to ask`() throws {
    let ending = try branchmerge("trace", keptID, "-w", folder / "work")
    #expect(
      ending.errors == """
        error: \(folder / "work/lineage.sqlite"): there is no ledger here; 'branchmerge run' \
        makes one

        """)
    #expect(ending.status == 2)
  }

  @Test(arguments: traces)
  func `the original row comes back byte for byte`(trace: Trace) throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("trace", trace.id, "-w", folder / "work", "--raw")
    #expect(ending.status == 0)
    let file = URL(fileURLWithPath: Package.root + "/" + trace.file)
    let row = try String(contentsOf: file, encoding: .utf8).split(
      separator: "\n", omittingEmptySubsequences: false)[trace.row - 1]
    #expect(
      ending.output.withoutTimes == trace.text + """

        original row

        \(row)

        """)
    #expect(ending.errors == "(its hash is that of the ledger)\n")
  }

  @Test func `a row that has changed since is told from the one that was read`() throws {
    let library = try SmallLibrary()
    try library.folder.write("in.jsonl", SmallLibrary.row(1) + "\n" + SmallLibrary.row(2) + "\n")
    _ = try library.branch("in.jsonl")
    let id = try #require(library.kept().first?.first)
    try library.folder.write("in.jsonl", SmallLibrary.row(3) + "\n" + SmallLibrary.row(2) + "\n")
    let changed = try branchmerge("trace", id, "-w", "work", "--raw", in: library.folder.path)
    #expect(changed.status == 1)
    #expect(changed.output.contains(SmallLibrary.row(3)))
    #expect(
      changed.errors.wholeMatch(
        of: /error: this is not the row that was read: its hash is not [0-9a-f]{16}\n/) != nil)
    try library.folder.write("in.jsonl", "{}")
    let cut = try branchmerge("trace", id, "-w", "work", "--raw", in: library.folder.path)
    #expect(
      cut.errors == """
        error: \(library.folder / "in.jsonl"): ends before byte 63; it is not the file that was read

        """)
    #expect(cut.status == 2)
  }
}

struct Trace: CustomTestStringConvertible {
  var fate: String
  var id: String
  var file: String
  var row: Int
  var text: String
  var testDescription: String { fate }
}

private let keptID = "openr1-math:8131718b39eb2a0bda49bb1e"

private let traces = [
  Trace(
    fate: "kept", id: keptID, file: "datasets/demo/openr1-math.jsonl", row: 1,
    text: """
      openr1-math:8131718b39eb2a0bda49bb1e

      source    openr1-math, config default
      licence   Apache-2.0
      homepage  https://huggingface.co/datasets/open-r1/OpenR1-Math-220k
      revision  main
      file      datasets/demo/openr1-math.jsonl (plain, XXH3 88991ac6ad7d08efdab1fcecd5359a53)
      row       1, bytes 0 to 2206, XXH3 e5922d035237f892
      run       1, recipe tinyr1, MOMENT

      math: kept: row 1 of branches/math/train.jsonl
        because  {"candidates": 1, "verified": [true], "complete": [true]}
        passed   word-problem, contest-source, pick, prompt, response
        took     trajectory 1 of 1
        by       pick: {first: responses, where: {verified: {is: true}, complete: {is: true}}}

      """),
  Trace(
    fate: "seed", id: "s1-59k:c20d70acec302ee89013a286", file: "datasets/demo/s1-59k.jsonl", row: 1,
    text: """
      s1-59k:c20d70acec302ee89013a286

      source    s1-59k, config default
      licence   Apache-2.0
      homepage  https://huggingface.co/datasets/simplescaling/data_ablation_full59K
      revision  main
      file      datasets/demo/s1-59k.jsonl (plain, XXH3 f5d0adaf41b381951632a756831d3784)
      row       1, bytes 0 to 1510, XXH3 22757086f67ea208
      run       1, recipe tinyr1, MOMENT

      science: kept as a seed, waiting for a teacher's response: row 1 of branches/science/seeds.jsonl
        passed  science-cot, prompt

      """),
  Trace(
    fate: "dropped", id: "openr1-math:929d110fd70fa882078ff421",
    file: "datasets/demo/openr1-math.jsonl", row: 2,
    text: """
      openr1-math:929d110fd70fa882078ff421

      source    openr1-math, config default
      licence   Apache-2.0
      homepage  https://huggingface.co/datasets/open-r1/OpenR1-Math-220k
      revision  main
      file      datasets/demo/openr1-math.jsonl (plain, XXH3 88991ac6ad7d08efdab1fcecd5359a53)
      row       2, bytes 2208 to 4958, XXH3 4612947ca60bc81a
      run       1, recipe tinyr1, MOMENT

      math: dropped by contest-source
        because  {"source": null}
        rule     keep: source: in: [olympiads, amc_aime, aops_forum, cn_contest, inequalities, number_theory, olympiads_ref]
        passed   word-problem

      """),
  Trace(
    fate: "duplicate", id: "openr1-math:3e0bda01e017ae41f5df82c9",
    file: "datasets/demo/openr1-math.jsonl", row: 18,
    text: """
      openr1-math:3e0bda01e017ae41f5df82c9

      source    openr1-math, config default
      licence   Apache-2.0
      homepage  https://huggingface.co/datasets/open-r1/OpenR1-Math-220k
      revision  main
      file      datasets/demo/openr1-math.jsonl (plain, XXH3 88991ac6ad7d08efdab1fcecd5359a53)
      row       18, bytes 44261 to 46734, XXH3 5f2e78e241cdf616
      run       1, recipe tinyr1, MOMENT

      math: duplicate of openr1-math:cc7020ad8db15d726d09ec70
        because  {"candidates": 1, "verified": [true], "complete": [true]}
        passed   word-problem, contest-source, pick, prompt, response
        took     trajectory 1 of 1
        by       pick: {first: responses, where: {verified: {is: true}, complete: {is: true}}}

      """),
]

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
  license:
  - apache-2.0
  configs:
  - config_name: default
    data_files: train.jsonl
  ---

  # science

  Science questions and riddles. The paper has 8.6k: 4.9k of OpenThoughts, 2.7k of the s1 pool and 1.0k of s1K. Seeds wait for a teacher.

  Built by BranchMerge from the recipe `tinyr1`. Rows are in the format `sharegpt`; `id` is a sample's for good, and `branchmerge trace ID` tells where it came from.

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
