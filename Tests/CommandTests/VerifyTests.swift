import Foundation
import Testing

struct VerifyTests {
  let folder = try! TemporaryFolder()

  @Test func `the branches of the demo hold`() throws {
    _ = try demo(in: folder)
    let ending = try branchmerge("verify", folder / "work")
    #expect(ending.errors == "")
    #expect(
      ending.output.replacing(/in [0-9.]+ s, [0-9.]+ [kM]?B\/s/, with: "in TIME") == """
                                           proved  not
        laws of the ledger                     19    -
        recorded recipes, cards and steps      27    -
        source files                            4    -
        rows of source files                  449    -
        fates, sifted again                   600    -
        data sets                              12    -
        rows of data sets                     285    -
        lines of the quarantine list            4    -

        all of it holds; 1.1 MB in TIME

        """)
    #expect(ending.status == 0)
  }

  @Test func `what does not hold is named with what to do, and the status is 1`() throws {
    let library = try SmallLibrary()
    let rows = (1...3).map { SmallLibrary.row($0) + "\n" }.joined()
    try library.folder.write("small.jsonl", rows)
    _ = try library.branch("small.jsonl")
    try library.folder.write("small.jsonl", rows.replacing("Q2?", with: "Q7?"))
    try FileManager.default.removeItem(atPath: library.folder / "work/branches/quarantine.jsonl")
    let ending = try branchmerge("verify", "work", in: library.folder.path)
    #expect(ending.status == 1)
    let output = ending.output.replacing(library.folder.path, with: "FOLDER")
      .replacing(/XXH3 [0-9a-f]+/, with: "XXH3 HASH")
    #expect(
      output.contains(
        """
        does not hold: a row has other bytes than were read
          at 'FOLDER/small.jsonl' row 2
            ledger: XXH3 HASH
            here: XXH3 HASH
          put back the file that was read, or run the recipe again with the file as it is now

        not checked: the quarantine list is not there
          at branches/quarantine.jsonl
          put back a copy of the file, or run the recipe again, which makes it anew

        """))
    #expect(
      output.contains("2 things of the ledger do not hold, 1 thing could not be checked; "))
    let json = try branchmerge("verify", "work", "--json", in: library.folder.path)
    #expect(json.status == 1)
    let failures = try #require(try JSON(parsing: Data(json.output.utf8))["failures"]?.list)
    #expect(failures.compactMap { $0["matter"]?.text } == ["source", "row", "quarantine"])
  }

  @Test func `a folder without a ledger cannot be verified`() throws {
    let ending = try branchmerge("verify", folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("there is no ledger here; 'branchmerge run' makes one"))
  }

  @Test func `a file that is no ledger is told as damaged`() throws {
    try folder.write("work/lineage.sqlite", String(repeating: "no ledger ", count: 1000))
    let ending = try branchmerge("verify", folder / "work")
    #expect(ending.status == 1)
    #expect(ending.output.contains("does not hold: the ledger is damaged"))
  }
}
