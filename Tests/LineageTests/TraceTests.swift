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
    let ledger = try ledger(folder)
    #expect(
      try Trace.find("pool:ab", run: 1, in: ledger).fates == [
        Trace.FateInBranch(
          branch: "math", run: 1, fate: "dropped", passed: [], step: "short", stepText: "keep: …",
          evidence: #"{"topic": "x"}"#,
          replacedBy: Trace.Replacement(
            run: 2, finished: try Trace.find("pool:ab", in: ledger).run.finished, isRead: true))
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

  @Test func `what a later build of the branch left out is of the run that had it`() throws {
    let folder = try Scratch()
    _ = try ledger(folder)
    let writing = try Ledger(writing: folder.ledger, isDurable: false)
    let book = try Book(writing, tool: "test 3")
    try book.recorder.record([book.sample(1, id: "pool:ba")], [book.kept(1)])
    try book.finish(rows: 1, kept: 1)
    try book.recorder.commit(
      expecting: book.funnel {
        $0.read = 1
        $0.kept = 1
      })
    let ledger = try Ledger(reading: folder.ledger)
    for (run, isAsked) in [(2, false), (2, true), (1, true)] as [(Int64, Bool)] {
      let fate = try #require(
        try Trace.find("pool:aa", run: isAsked ? run : nil, in: ledger).fates.first)
      #expect((fate.run, fate.replacedBy?.run, fate.replacedBy?.isRead) == (run, 3, false))
    }
    // A row without an id is known by its place.
    #expect(try Trace.find("pool.jsonl:4", run: 1, in: ledger).fates.first?.replacedBy?.run == 3)
    let place = try Trace.find("pool.jsonl:1", in: ledger)
    #expect(place.id == "pool:ba" && place.fates.map(\.run) == [3])
    #expect(place.fates.first?.replacedBy == nil)
  }
}
