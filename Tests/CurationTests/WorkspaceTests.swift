import Files
import Foundation
import Testing

@testable import Curation

struct WorkspaceTests {
  private func kitchen() throws -> (Kitchen, [String: String]) {
    let kitchen = try Pool.kitchen()
    let file = try kitchen.folder.write("pool.jsonl", Pool.rows[0] + "\n" + Pool.rows[1])
    return (kitchen, ["pool": file])
  }

  @Test func `two runs in one workspace are both in the ledger and write the same bytes`() throws {
    let (kitchen, given) = try kitchen()
    #expect(try kitchen.run(given: given).outcome.run == 1)
    let first = try kitchen.folder.outputs(below: "work/branches")
    let second = try kitchen.run(given: given)
    #expect(second.outcome.run == 2)
    #expect(second.notes == [])
    #expect(try kitchen.folder.outputs(below: "work/branches") == first)
    #expect(
      try query("SELECT id, published IS NOT NULL FROM run", in: kitchen.workspace)
        == ["1|1", "2|1"])
    let fates = """
      SELECT sample_id, branch.name, kind, evidence, output_row FROM fate
      JOIN sample ON sample.id = sample JOIN branch ON branch.id = branch WHERE run =
      """
    #expect(
      try query(fates + " 1", in: kitchen.workspace)
        == query(fates + " 2", in: kitchen.workspace))
    #expect(try query(fates + " 2", in: kitchen.workspace).count == 4)
  }

  @Test func `a workspace in use is refused`() throws {
    let (kitchen, given) = try kitchen()
    let workspace = try Workspace(kitchen.workspace, isDurable: false)
    #expect(
      message { try kitchen.run(given: given) }
        == "\(workspace.path)/.lock: another run is at work in this workspace, process"
        + " \(getpid()); wait for its end")
    #expect(Folder.files(below: kitchen.workspace) == [])
  }

  @Test func `what a run left that was killed before its commit is removed`() throws {
    let (kitchen, given) = try kitchen()
    try kitchen.run(given: given)
    let before = try kitchen.folder.outputs(below: "work/branches")
    try kitchen.folder.write("work/.staging/run-2/branches/math/train.jsonl", "half a ro")
    let (outcome, notes) = try kitchen.run(given: given)
    #expect(
      notes == ["removed what an interrupted run had begun (run-2); starting clean"])
    #expect(outcome.run == 2)
    #expect(try kitchen.folder.outputs(below: "work/branches") == before)
    #expect(!kitchen.folder.has("work/.staging"))
  }

  @Test func `a run that was killed while its files got their names is brought to its end`() throws
  {
    let (kitchen, given) = try kitchen()
    try kitchen.run(given: given)
    let before = try kitchen.folder.outputs(below: "work/branches")
    // One file has its name, the others have not.
    _ = try query("UPDATE run SET published = NULL", in: kitchen.workspace)
    for name in before.keys where name != "waiting/seeds.jsonl" {
      try kitchen.folder.write("work/.staging/run-1/branches/" + name, before[name]!)
      try FileManager.default.removeItem(atPath: kitchen.workspace + "/branches/" + name)
    }
    // The next run makes another branch, so that what it finds is the first run's.
    let (outcome, notes) = try kitchen.run(only: ["waiting"], given: given)
    #expect(notes == ["run 1 was stopped while its files got their names; finished that"])
    #expect(outcome.run == 2)
    let after = try kitchen.folder.outputs(below: "work/branches")
    #expect(after.keys.sorted() == before.keys.sorted())
    #expect(after["math/train.jsonl"] == before["math/train.jsonl"])
    #expect(after["math/README.md"] == before["math/README.md"])
    #expect(!kitchen.folder.has("work/.staging"))
    #expect(
      try query("SELECT count(*) FROM run WHERE published IS NULL", in: kitchen.workspace) == ["0"])
  }

  @Test func `a run whose files cannot get their names is ended by the next run`() throws {
    let (kitchen, given) = try kitchen()
    // A folder with something in it stands where a file should be.
    let obstacle = kitchen.workspace + "/branches/math/train.jsonl"
    try kitchen.folder.write("work/branches/math/train.jsonl/x", "")
    #expect(
      message { try kitchen.run(given: given) }
        == "\(obstacle): could not put it in place: Is a directory")
    #expect(kitchen.folder.has("work/.staging/run-1/branches/math/train.jsonl"))
    try FileManager.default.removeItem(atPath: obstacle)
    let (_, notes) = try kitchen.run(only: ["waiting"], given: given)
    #expect(notes == ["run 1 was stopped while its files got their names; finished that"])
    #expect(
      try kitchen.folder.text("work/branches/math/train.jsonl").hasPrefix(#"{"id": "pool:"#))
  }
}
