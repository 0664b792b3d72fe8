import Foundation
import Testing

/// A dump of Stack Exchange as a source, from `Posts.xml` to rows.
struct StackExchangeTests {
  let folder = try! TemporaryFolder()

  static let posts = """
    <?xml version="1.0" encoding="utf-8"?>
    <!DOCTYPE posts SYSTEM 'posts.dtd'>
    <posts>
      <row Id="1" PostTypeId="1" AcceptedAnswerId="4" Score="5" Title="Is $a &lt; b$?" Body="&lt;p&gt;Let&#xA;$a_1 &amp;lt; b$ in H&lt;sub&gt;2&lt;/sub&gt;O.&lt;/p&gt;&#xA;" Tags="&lt;algebra&gt;" />
      <row Id="2" PostTypeId="1" Score="1" Title="No answer" Body="&lt;p&gt;?&lt;/p&gt;" Tags="" />
      <row Id="3" PostTypeId="2" ParentId="1" Score="9" Body="&lt;p&gt;No.&lt;/p&gt;" />
      <row Id="4" PostTypeId="2" ParentId="1" Score="1" Body="&lt;pre&gt;&lt;code&gt;a &amp;lt; b&#xA;&lt;/code&gt;&lt;/pre&gt;" />
    </posts>

    """
  static let card = """
    about: Questions about mathematics.
    licence: CC-BY-SA-4.0
    format: stackexchange
    identity: [id]
    fields:
      id: { from: id, type: number }
      title: title
      prompt: body
      answer: answer
      link: link

    """
  static let recipe = """
    branches:
      all:
        sources:
          maths:
            prompt: "{title}\\n\\n{prompt|markup|trim}\\n\\nhttps://maths.example{link}"
            response: "{answer|markup|trim}"

    """

  init() throws {
    try folder.write("datasets/maths.yaml", Self.card)
    try folder.write("datasets/recipes/one.yaml", Self.recipe)
    try folder.write("Posts.xml", Self.posts)
  }

  private func branch(_ source: String) throws -> Ending {
    try branchmerge(
      ["branch", "datasets/recipes/one.yaml", "-w", "work", "--source", "maths=\(source)"],
      in: folder.path)
  }

  @Test func `a question with its accepted answer is a row of text`() throws {
    // A folder's other tables are no samples.
    try folder.write("dump/Posts.xml", Self.posts)
    try folder.write("dump/Users.xml", "<users></users>")
    let ending = try branch("dump")
    #expect(ending.errors.contains("run 1: 2 rows") || ending.output.contains("run 1: 2 rows"))
    #expect(ending.status == 0)
    let rows = try shareGPTRows(folder.bytes("work/branches/all/train.jsonl"))
    #expect(
      rows.map { Array($0.dropFirst()) } == [
        [
          "Is $a < b$?\n\nLet $a_1 < b$ in H_{2}O.\n\nhttps://maths.example/questions/1",
          "```\na < b\n```",
        ]
      ])
    // The row without an answer fell at the template that needs one.
    #expect(
      try folder.ledger("SELECT evidence FROM fate WHERE kind = 'dropped'")
        == [#"{"answer": null}"#])

    // A row is read back by joining again, and proved by its id.
    let why = try branchmerge("why", rows[0][0], "-w", "work", "--raw", in: folder.path)
    #expect(
      why.errors
        == "(the row has no bytes of its own in the file; its values give the id of the ledger)\n"
    )
    #expect(
      why.output.hasPrefix(
        #"{"body": "<p>Let\n$a_1 &lt; b$ in H<sub>2</sub>O.</p>\n", "id": 1, "score": 5, "#))
    let proof = try branchmerge("verify", "work", in: folder.path)
    #expect(proof.status == 0, "\(proof.output)\(proof.errors)")
  }

  @Test func `a file of another layout than the card says is refused`() throws {
    try folder.write("rows.jsonl", "{\"id\": 1}\n")
    #expect(
      try branch("rows.jsonl").errors.contains(
        "rows.jsonl: is no Posts.xml of a Stack Exchange dump, which the card of 'maths' says it is"
      ))
    try folder.write(
      "datasets/maths.yaml", Self.card.replacing("format: stackexchange\n", with: ""))
    #expect(
      try branch("Posts.xml").errors.contains(
        "Posts.xml: is XML; the card of 'maths' has to say 'format: stackexchange' to read it"))
  }

  @Test func `a survey tells what a dump holds`() throws {
    let ending = try branchmerge("survey", "Posts.xml", "--field", "is_accepted", in: folder.path)
    #expect(ending.output.hasPrefix("Posts.xml: Stack Exchange, 2 rows, "))
    #expect(ending.output.contains("is_accepted: 1 value\n  true  1  100"))
  }
}
