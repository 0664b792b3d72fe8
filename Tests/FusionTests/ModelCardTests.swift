import Testing

@testable import Fusion

struct ModelCardTests {
  static let licensed = "---\nlicense: apache-2.0\nlanguage: en\n---\n# Math\nlicense: none\n"

  func card(_ inputs: [ModelCard.Input], _ configuration: String = "a: 1\n") -> String {
    ModelCard(
      name: "merged", methodTitle: "Arcee Fusion", methodName: "arcee_fusion",
      paper: "https://example.org/paper", inputs: inputs, configuration: configuration
    ).text
  }

  @Test func `the card tells what, how and how again`() {
    let inputs = [
      ModelCard.Input(reference: "/data/math/", card: Self.licensed, share: 0.904, isBase: true),
      ModelCard.Input(
        reference: "/cache/models--Qwen--Qwen2.5-7B/snapshots/0a1b", card: Self.licensed,
        share: 0.096),
    ]
    #expect(
      card(inputs, "merge_method: arcee_fusion\n# ```") == """
        ---
        base_model:
        - "math"
        - "Qwen/Qwen2.5-7B"
        library_name: transformers
        license: apache-2.0
        tags:
        - merge
        - branchmerge
        ---
        # merged

        Merged from 2 models with BranchMerge by [Arcee Fusion](https://example.org/paper) \
        (`arcee_fusion`).

        | model | taken |
        |---|---:|
        | math (base) | 90.40 % |
        | Qwen/Qwen2.5-7B | 9.60 % |

        The configuration, as it was given:

        ````yaml
        merge_method: arcee_fusion
        # ```
        ````

        Save it as `merge.yml`, and `branchmerge merge merge.yml OUT` makes the same files again, byte
        for byte, from the same inputs.

        """)
  }

  @Test(arguments: [
    (licensed, true), (licensed.replacing("\n", with: "\r\n"), true),
    (licensed.replacing("apache-2.0", with: "mit"), false), ("# No front matter", false),
    ("---\nlicense: apache-2.0\n", false), ("---\nlicense:\n- apache-2.0\n---\n", false),
  ])
  func `a licence is named only where all cards name the same`(other: String, isNamed: Bool) {
    let text = card([
      ModelCard.Input(reference: "a", card: Self.licensed),
      ModelCard.Input(reference: "b", card: other),
    ])
    #expect(text.contains("license:") == isNamed)
    #expect(!card([ModelCard.Input(reference: "a")]).contains("license:"))
  }
}
