import Foundation
import Testing

/// The three ways to write a kept sample.
struct RowFormatTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  @Test func `the formats hold the same samples under the same ids`() throws {
    let recipe = ["sharegpt", "messages", "alpaca"].map { format in
      """
        \(format):
          sources:
            small:
              filters: [easy]
              prompt: "Task: {prompt}"
              response: "{response}"
          row: \(format)
      """
    }
    try folder.write("datasets/recipes/three.yaml", "branches:\n" + recipe.joined(separator: "\n"))
    try folder.write(
      "in.jsonl",
      #"""
      {"question": "Say \"é\"\n\u00e9 \ud83d\ude00", "answer": "a\\b\/c", "level": 1}
      {"question": "dropped", "answer": "", "level": 6}
      {"question": "", "answer": "", "level": 5}

      """#)
    let ending = try library.branch("in.jsonl", recipe: "three")
    #expect(ending.status == 0)

    let texts = [["Task: Say \"é\"\né 😀", #"a\b/c"#], ["Task: ", ""]]
    let ids = try folder.ledger(
      "SELECT DISTINCT sample_id FROM fate JOIN sample ON sample.id = sample WHERE kind = 'kept'")
    #expect(ids.count == 2)
    let rows = zip(ids, texts).map { (JSON.text($0), JSON.text($1[0]), JSON.text($1[1])) }
    #expect(
      try folder.rows("work/branches/sharegpt/train.jsonl")
        == rows.map { id, prompt, response in
          .object([
            "id": id,
            "conversations": .list([
              .object(["from": .text("human"), "value": prompt]),
              .object(["from": .text("gpt"), "value": response]),
            ]),
            "system": .text(""),
          ])
        })
    #expect(
      try folder.rows("work/branches/messages/train.jsonl")
        == rows.map { id, prompt, response in
          .object([
            "id": id,
            "messages": .list([
              .object(["role": .text("user"), "content": prompt]),
              .object(["role": .text("assistant"), "content": response]),
            ]),
          ])
        })
    #expect(
      try folder.rows("work/branches/alpaca/train.jsonl")
        == rows.map { id, prompt, response in
          .object([
            "id": id, "instruction": prompt, "input": .text(""), "output": response,
            "system": .text(""),
          ])
        })
    for format in ["sharegpt", "messages", "alpaca"] {
      let info = try JSON(parsing: folder.bytes("work/branches/\(format)/dataset_info.json"))
      #expect(info[format]?["file_name"] == .text("train.jsonl"))
      #expect(info[format]?["formatting"] == .text(format == "alpaca" ? "alpaca" : "sharegpt"))
    }
  }

  @Test func `a sample that stands twice has an id for each of its rows`() throws {
    try folder.write(
      "datasets/recipes/all.yaml",
      """
      branches:
        all:
          sources:
            small: { response: "{response}" }
      """)
    try folder.write("in.jsonl", [1, 2, 1, 1].map { SmallLibrary.row($0) + "\n" }.joined())
    _ = try library.branch("in.jsonl", recipe: "all")
    let first = try #require(library.kept().first?.first)
    #expect(
      try library.kept().map { $0[0] } == [
        first, try library.kept()[1][0], first + "#2", first + "#3",
      ])
    let why = try branchmerge("why", first + "#3", "-w", "work", in: folder.path)
    #expect(why.output.contains("row 4 of it "))
  }
}
