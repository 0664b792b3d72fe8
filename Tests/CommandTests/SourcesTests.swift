import Foundation
import Testing

struct SourcesTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  @Test func `all sources are listed with the commands that fetch them`() throws {
    let ending = try branchmerge("sources")
    #expect(ending.output == sources)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `outside of any library there are no sources`() throws {
    let empty = try TemporaryFolder()
    let ending = try branchmerge("sources", in: empty.path)
    #expect(
      ending.errors == """
        no source cards are known here; run this where datasets/ is, or install the program

        """)
    #expect(ending.status == 1)
  }

  @Test func `files in a workspace are found`() throws {
    try folder.write("work/sources/small/data/a.jsonl", SmallLibrary.row(1))
    let one = try branchmerge("sources", "-w", "work", in: folder.path)
    #expect(
      one.output == """
        source         licence  rows as published  files
        small/default  CC0-1.0                  3  work/sources/small/data/a.jsonl

        """)
    try folder.write("work/sources/small/data/b.jsonl", SmallLibrary.row(2))
    let two = try branchmerge("sources", "-w", "work", in: folder.path)
    #expect(
      two.output == """
        source         licence  rows as published  files
        small/default  CC0-1.0                  3  2 in work/sources/small/data

        """)
    let json = try branchmerge("sources", "-w", "work", "--json", in: folder.path)
    #expect(
      try JSON(parsing: Data(json.output.utf8))
        == .list([
          .object([
            "name": .text("small"), "config": .text("default"), "about": .text("Rows for tests."),
            "licence": .text("CC0-1.0"), "homepage": .text("https://example.org/small"),
            "publishedRows": .number(3), "revision": .text("v1"),
            "files": .list([
              .text("work/sources/small/data/a.jsonl"), .text("work/sources/small/data/b.jsonl"),
            ]),
            "fetch": .text(
              "hf download --repo-type dataset example/small --revision v1 --include 'data/*.jsonl'"
            ),
          ])
        ]))
  }

  @Test(arguments: ["HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"])
  func `files in the Hugging Face cache are found with revision and hash`(variable: String) throws {
    let hub =
      ["HF_HOME": "cache/hub", "XDG_CACHE_HOME": "cache/huggingface/hub"][variable] ?? "cache"
    let repository = "\(hub)/datasets--example--small"
    let commit = "0123456789abcdef0123456789abcdef01234567"
    let hash = String(repeating: "0a1b2c3d", count: 8)
    let part = "\(repository)/snapshots/\(commit)/data/part.jsonl"
    try folder.write("\(repository)/blobs/\(hash)", SmallLibrary.row(1) + "\n")
    try folder.write("\(repository)/refs/v1", commit)
    try folder.write("\(repository)/snapshots/\(commit)/data/.keep", "")
    try FileManager.default.createSymbolicLink(
      atPath: folder / part, withDestinationPath: "../../../blobs/\(hash)")
    let environment = [variable: folder / "cache"]

    let listed = try branchmerge("sources", in: folder.path, environment: environment)
    #expect(
      listed.output == """
        source         licence  rows as published  files
        small/default  CC0-1.0                  3  \(folder / part)

        """)
    let ending = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "work", in: folder.path, environment: environment
    )
    #expect(ending.errors == "")
    #expect(ending.status == 0)
    #expect(try library.kept().map { $0[1] } == ["Q1?"])
    #expect(try folder.ledger("SELECT revision FROM source") == [commit])
    #expect(
      try folder.ledger("SELECT path, published_sha256 FROM source_file")
        == ["\(folder / part)|\(hash)"])
    let why = try branchmerge("why", try library.kept()[0][0], "-w", "work", in: folder.path)
    let text = why.output.replacing("\n", with: " ")
    #expect(text.contains("revision \(commit), "))
    #expect(text.contains(" of the file \(part). The row was read again "))
    #expect(text.contains(" source file, as published "))
    #expect(text.contains(" SHA-256 \(hash) "))
    #expect(try folder.text("work/branches/all/README.md").contains("| \(commit) |"))
  }
}

private let sources = """
  source                     licence     rows as published  files
  numinamath-1.5/default     Apache-2.0            896,215  missing
  openr1-math/default        Apache-2.0             93,733  missing
  openr1-math/extended       Apache-2.0            131,396  missing
  openr1-math/all            Apache-2.0            225,129  missing
  openthoughts/metadata      Apache-2.0            113,957  missing
  openthoughts-chat/default  Apache-2.0            113,957  missing
  s1-59k/default             Apache-2.0             58,986  missing
  s1k/default                Apache-2.0              1,000  missing
  s1k-1.1/default            MIT                     1,000  missing

  Fetch what is missing with (pip install huggingface_hub):
    hf download --repo-type dataset AI-MO/NuminaMath-1.5 --include 'data/train-*.parquet'
    hf download --repo-type dataset open-r1/OpenR1-Math-220k --include 'data/train-*.parquet'
    hf download --repo-type dataset open-r1/OpenR1-Math-220k --include 'extended/train-*.parquet'
    hf download --repo-type dataset open-r1/OpenR1-Math-220k --include 'all/train-*.parquet'
    hf download --repo-type dataset open-thoughts/OpenThoughts-114k --include 'metadata/train-*.parquet'
    hf download --repo-type dataset open-thoughts/OpenThoughts-114k --include 'data/train-*.parquet'
    hf download --repo-type dataset simplescaling/data_ablation_full59K --include 'data/train-*.parquet'
    hf download --repo-type dataset simplescaling/s1K --include 'data/train-*.parquet'
    hf download --repo-type dataset simplescaling/s1K-1.1 --include 'data/train-*.parquet'

  """
