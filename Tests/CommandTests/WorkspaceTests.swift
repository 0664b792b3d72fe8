import Foundation
import Testing

/// Places where a run cannot write.
struct WorkspaceTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  @Test(arguments: [
    (
      "a-file/work", "a-file: could not create this folder: File exists; choose another --workspace"
    ),
    (
      "/proc/work",
      "/proc/work: could not create this folder: No such file or directory; choose another --workspace"
    ),
  ])
  func `a workspace that cannot be made is refused`(workspace: String, message: String) throws {
    try folder.write("a-file", "")
    try folder.write("in.jsonl", SmallLibrary.row(1))
    let ending = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", workspace, "--source", "small=in.jsonl",
      in: folder.path)
    #expect(ending.errors == "error: \(message)\n")
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }

  @Test func `a ledger that is none is refused`() throws {
    try folder.write("in.jsonl", SmallLibrary.row(1))
    try folder.write("work/lineage.sqlite", String(repeating: "This is no database. ", count: 100))
    let ending = try library.branch("in.jsonl")
    #expect(
      ending.errors.hasPrefix("error: work/lineage.sqlite: is damaged, or is not an SQLite file; "))
    #expect(ending.status == 2)
    #expect(folder.files(below: "work") == [".lock", "lineage.sqlite"])
  }

  @Test(
    .enabled(if: canMount, "mounting a small file system takes root"),
    arguments: [true, false])
  func `a full disk is an error with what to do and leaves nothing behind`(rowsAreKept: Bool) throws
  {
    // Kept rows fill the disk with a data set, dropped ones with the ledger.
    let filler = String(repeating: "so it goes ", count: rowsAreKept ? 300 : 1)
    let rows = (0..<(rowsAreKept ? 2000 : 50000)).map {
      "{\"question\": \"Q\($0)?\", \"answer\": \"\(filler)\", \"level\": \(rowsAreKept ? 1 : 9)}\n"
    }
    try folder.write("in.jsonl", rows.joined())
    try folder.write("disk/.here", "")
    try tool("mount", "-t", "tmpfs", "-o", "size=3m", "none", folder / "disk")
    defer { _ = try? tool("umount", folder / "disk") }
    let ending = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "disk/work", "--source", "small=in.jsonl",
      in: folder.path)
    if rowsAreKept {
      let message = ending.errors.replacing(/write byte \d+ on/, with: "write byte N on")
      #expect(
        message == """
          error: disk/work/.staging/run-1/branches/all/train.jsonl: could not write byte N on: No \
          space left on device; free some space there, or choose another folder, and run the \
          same again

          """)
    } else {
      #expect(
        ending.errors == """
          error: disk/work/lineage.sqlite: could not write to the ledger (database or disk is \
          full); free some space there, or choose another workspace, and run the same again

          """)
    }
    #expect(ending.output == "")
    #expect(ending.status == 2)
    #expect(folder.files(below: "disk/work") == [".lock", "lineage.sqlite"])
    #expect(!folder.exists("disk/work/.staging"))
    #expect(try folder.ledger("SELECT count(*) FROM run", of: "disk/work") == ["0"])

    // The same workspace serves as soon as there is room.
    try folder.write("in.jsonl", rows.prefix(100).joined())
    let next = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "disk/work", "--source", "small=in.jsonl",
      in: folder.path)
    #expect(
      next.errors == (rowsAreKept ? "" : "no row was kept; the funnel says which step took them\n"))
    #expect(next.status == (rowsAreKept ? 0 : 1))
  }

  @Test func `a finished run whose files cannot get their names waits for the next one`() throws {
    try folder.write("in.jsonl", SmallLibrary.row(1))
    _ = try branchmerge(
      "branch", "datasets/recipes/one.yaml", "-w", "reference", "--source", "small=in.jsonl",
      in: folder.path)
    try folder.write("work/branches/all/train.jsonl/in the way", "")
    let refused = try library.branch("in.jsonl")
    #expect(
      refused.errors == """
        error: work/branches/all/train.jsonl: could not put it in place: Is a directory

        """)
    #expect(refused.status == 2)
    try FileManager.default.removeItem(atPath: folder / "work/branches/all/train.jsonl")
    let next = try library.branch("in.jsonl")
    #expect(next.errors == "run 1 was stopped while its files got their names; finished that\n")
    #expect(next.status == 0)
    #expect(
      try folder.contents(below: "work/branches") == folder.contents(below: "reference/branches"))
    #expect(try folder.ledger("SELECT count(*) FROM run WHERE published IS NULL") == ["0"])
  }

  private static let canMount: Bool = {
    guard getuid() == 0, let folder = try? TemporaryFolder(), let mount = Package.tool("mount"),
      let umount = Package.tool("umount")
    else { return false }
    let arguments = ["-t", "tmpfs", "-o", "size=3m", "none", folder.path]
    guard (try? Running(mount, arguments, in: "/", [:]).end().status) == 0 else { return false }
    return (try? Running(umount, [folder.path], in: "/", [:]).end().status) == 0
  }()
}
