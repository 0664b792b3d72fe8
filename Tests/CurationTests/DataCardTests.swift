import Files
import Lineage
import Testing

@testable import Curation

struct DataCardTests {
  @Test func `a branch's card says what is in it and where it came from`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.text)
    let outcome = try kitchen.run(given: ["pool": file]) { $0.maxQuarantined = .count(1) }.outcome
    let train = try #require(outcome.outputs.first)
    var bytes = ByteBuffer()
    bytes.append(Pool.text)
    #expect(
      try kitchen.folder.text("work/branches/math/README.md") == """
        ---
        license: apache-2.0
        configs:
        - config_name: default
          data_files: train.jsonl
        ---

        # math

        Problems with a verified solution.

        Built by BranchMerge from the recipe `test`. Rows are in the format `sharegpt`; `id` is a \
        sample's for good, and `branchmerge why ID` tells where it came from.

        ## Licences

        | licence | rows | share | sources |
        |---|---:|---:|---|
        | [Apache-2.0](https://spdx.org/licenses/Apache-2.0) | 2 | 100.00 % | pool |

        Licences are those of the source cards; this is no legal advice.

        ## Files

        | file | rows | bytes | XXH3-128 |
        |---|---:|---:|---|
        | train.jsonl | 2 | \(train.byteCount) | `\(train.digest)` |

        ## Funnel

        | math | pool | total |
        |---|---:|---:|
        | read | 8 | 8 |
        | − quarantined | 1 | 1 |
        | − mathematics | 1 | 1 |
        | − pick | 2 | 2 |
        | − prompt | 1 | 1 |
        | − duplicates | 1 | 1 |
        | = kept | 2 | 2 |

        ## Sources

        | source | config | revision | licence | homepage |
        |---|---|---|---|---|
        | pool | default | main | Apache-2.0 | https://example.org/pool |

        | file read | rows | bytes | XXH3-128 | SHA-256 |
        |---|---:|---:|---|---|
        | pool.jsonl | 8 | \(Pool.text.utf8.count) | `\(Digest(of: bytes.bytes))` |  |

        ## Steps

        `pool`, filter `mathematics`:

        ```yaml
        about: Keeps mathematics.
        keep: { topic: { in: [algebra, geometry] } }
        examples:
          - keep: { topic: algebra }
          - { drop: { topic: history }, because: topic }
        ```

        `pool`, pick `pick`:

        ```yaml
        {first: responses, where: {verified: {is: true}}}
        ```

        `pool`, prompt `prompt`:

        ```yaml
        {prompt}
        ```

        `pool`, response `response`:

        ```yaml
        <think>{responses|trim}
        ```

        """)
  }

  @Test func `seeds are a config of their own, and the only one where there is no row`() throws {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.text)
    try kitchen.run(given: ["pool": file]) { $0.maxQuarantined = .count(1) }
    let card = try kitchen.folder.text("work/branches/waiting/README.md")
    #expect(
      card.hasPrefix(
        """
        ---
        license: apache-2.0
        configs:
        - config_name: seeds
          data_files: seeds.jsonl
          default: true
        ---

        """))
  }

  @Test func `what a card says cannot become markup`() throws {
    let card = Pool.card.replacing("Apache-2.0", with: "'Ask | <b>Bob</b>'")
      .replacing("https://example.org/pool", with: "'`x` | [y](z)'")
    let kitchen = try Kitchen(
      recipe: Pool.recipe, cards: ["pool": card], filters: ["mathematics": Pool.filter])
    let file = try kitchen.folder.write("pool.jsonl", Pool.text)
    try kitchen.run(given: ["pool": file]) { $0.maxQuarantined = .count(1) }
    let text = try kitchen.folder.text("work/branches/math/README.md")
    #expect(text.contains("license: other\nlicense_name: \"ask-b-bob-b\"\n"))
    #expect(
      text.contains(
        "\n| pool | default | main | Ask \\| \\<b>Bob\\</b> | \\`x\\` \\| \\[y](z) |\n"))
    #expect(
      text.contains(
        "\n- Unknown: 2 of 2 rows (100.00 %) from 'pool' are under 'Ask \\| \\<b>Bob\\</b>', of"
          + " which nothing is known here: read it before you pass them on.\n"))
  }

  @Test func `a funnel has a column for each source and lines only for what happened`() {
    var first = Funnel.Source(
      name: "one",
      steps: [
        Funnel.Step(name: "f", dropped: 1200), Funnel.Step(name: "prompt"),
        Funnel.Step(name: "response", dropped: 3),
      ])
    first.counts.read = 1_234_567
    first.counts.kept = 1_233_364
    var second = Funnel.Source(
      name: "two", steps: [Funnel.Step(name: "g"), Funnel.Step(name: "prompt")])
    second.counts.read = 2
    second.counts.duplicates = 2
    var branch = Funnel.Branch(name: "b")
    branch.sources = [first, second]
    #expect(
      FunnelTable(branch).rows == [
        ["b", "one", "two", "total"],
        ["read", "1,234,567", "2", "1,234,569"],
        ["− quarantined", "0", "0", "0"],
        ["− f", "1,200", "", "1,200"],
        ["− g", "", "0", "0"],
        ["− response", "3", "", "3"],
        ["− duplicates", "0", "2", "2"],
        ["= kept", "1,233,364", "0", "1,233,364"],
      ])
  }

  @Test(arguments: [
    (0, "0"), (999, "999"), (1000, "1,000"), (12345, "12,345"), (1_000_000, "1,000,000"),
  ])
  func `thousands are set apart`(number: Int, text: String) {
    #expect(grouped(number) == text)
  }
}
