import Testing

@testable import Lineage

struct TraceTests {
  /// Two runs of the same four samples.
  private func ledger(_ folder: Scratch) throws -> Ledger {
    let ledger = try Ledger(writing: folder.ledger, isDurable: false)
    for tool in ["test 1", "test 2"] {
      let book = try Book(ledger, tool: tool)
      try book.recordFour()
      try book.recorder.commit(expecting: book.funnelOfFour)
    }
    return try Ledger(reading: folder.ledger)
  }

  @Test func `a kept sample is traced from its row to its source`() throws {
    let folder = try Scratch()
    let trace = try Trace.find("pool:aa", in: ledger(folder))
    #expect(trace.id == "pool:aa")
    #expect((trace.run.id, trace.run.recipe, trace.run.tool) == (2, "r", "test 2"))
    #expect(trace.otherRuns == [1])
    #expect(
      trace.source
        == Trace.Source(
          name: "pool", config: "default", licence: "MIT", homepage: "https://example.org",
          revision: "main"))
    #expect(
      trace.place
        == Trace.Place(
          path: "pool.jsonl", format: "plain", fileXXH3: "00000000000000010000000000000002",
          publishedSHA256: "ab", sha256: "cd", row: 1, byteOffset: 10, byteCount: 9,
          rowXXH3: "fffffffffffffffe"))
    #expect(
      trace.fates == [
        Trace.FateInBranch(
          branch: "math", run: 2, fate: "kept", passed: ["short", "response"],
          outputPath: "branches/math/train.jsonl", outputRow: 1,
          outputRowXXH3: "0000000000000001", outputXXH3: "00000000000000010000000000000002")
      ])
  }

  @Test func `a dropped sample names its step with its text`() throws {
    let folder = try Scratch()
    #expect(
      try Trace.find("pool:ab", run: 1, in: ledger(folder)).fates == [
        Trace.FateInBranch(
          branch: "math", run: 1, fate: "dropped", passed: [], step: "short", stepText: "keep: …",
          evidence: #"{"topic": "x"}"#)
      ])
  }

  @Test func `a duplicate names the sample that stayed`() throws {
    let folder = try Scratch()
    #expect(
      try Trace.find("pool:aa#2", in: ledger(folder)).fates == [
        Trace.FateInBranch(
          branch: "math", run: 2, fate: "duplicate", passed: ["short", "response"],
          duplicateOf: "pool:aa")
      ])
  }

  @Test func `the beginning of an id is enough where no other has it`() throws {
    let folder = try Scratch()
    let ledger = try ledger(folder)
    #expect(try Trace.find("pool:ab", in: ledger).id == "pool:ab")
    #expect(try Trace.find("pool:aa#", in: ledger).id == "pool:aa#2")
    #expect(
      message { _ = try Trace.find("pool:", in: ledger) }
        == """
        'pool:' is the beginning of several ids; write more of it:
          pool:aa
          pool:aa#2
          pool:ab
        """)
    #expect(
      message { _ = try Trace.find("pool:ac", in: ledger) }
        == "no sample has the id 'pool:ac' in \(folder.ledger); an id is 'source:' and 24"
        + " hexadecimal digits, as in the rows' \"id\"; a row of a source file is FILE:ROW")
    #expect(
      message { _ = try Trace.find("pool:ab", run: 7, in: ledger) }
        == "run 7 did not read 'pool:ab'; runs 2, 1 did")
  }
}
