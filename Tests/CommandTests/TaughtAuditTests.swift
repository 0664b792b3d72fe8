import Foundation
import StubTeacher
import Testing

/// What the commands that look back say of rows that a teacher wrote.
struct TaughtAuditTests {
  private static let recipe = """
    branches:
      science:
        sources:
          asked:
            response: teacher
        row: alpaca
    teacher: { url: URL, model: stub, max_tokens: 500, attempts: 1, max_unanswered: 50% }

    """

  private func lines(_ path: String) throws -> [String] {
    try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
  }

  @Test func `a branch of seeds alone is proved, told and described`() throws {
    let fixture = try TeachFixture(seeds: 6, recipe: Self.recipe)
    let run = try fixture.command("run")
    #expect(run.status == 0, "\(run.errors)")
    let folder = fixture.folder.path
    let verify = try branchmerge("verify", "work", in: folder)
    #expect(verify.status == 0 && verify.output.contains("all of it holds"), "\(verify.output)")
    #expect(!FileManager.default.fileExists(atPath: folder + "/work/teacher.sqlite-wal"))
    let rows = try lines(folder + "/work/teach/science/train.jsonl")
    #expect(rows.count == 6 && rows.allSatisfy { $0.contains("\"instruction\": ") })
    let id = try #require(rows.last?.firstMatch(of: /"id": "([^"]*)"/)).1
    let why = try branchmerge("why", String(id), "--workspace", "work", in: folder)
    #expect(why.status == 0)
    #expect(why.output.contains("The teacher stub (max_tokens 500"))
    #expect(why.output.contains("row 6 of teach/science/train.jsonl"))
    let fates = try branchmerge("query", "seeds", "-w", "work", "--csv", in: folder)
    #expect(fates.output.contains("science,stub,taught,,6"))
    for format in ["croissant", "csv", "prov", "openlineage"] {
      let export = try branchmerge(
        "export", "work", "--format", format, "--branch", "science", in: folder)
      #expect(
        export.status == 0 && export.output.contains("teach/science/train.jsonl")
          || format == "croissant", "\(format): \(export.errors)")
    }
    let report = try branchmerge("report", "work", in: folder)
    #expect(report.status == 0, "\(report.errors)")
    #expect(
      try String(contentsOfFile: folder + "/work/report.html", encoding: .utf8)
        .contains("What was made of the seeds"))
  }

  @Test func `rows in another format are written anew, from the answers that are there`() throws {
    let fixture = try TeachFixture(seeds: 3, recipe: Self.recipe)
    #expect(try fixture.command("run").status == 0)
    let asked = fixture.requests
    let again = try fixture.command("run", "--set", "branches.science.row=messages")
    #expect(again.status == 0, "\(again.errors)")
    #expect(fixture.requests == asked)
    let rows = try lines(fixture.folder.path + "/work/teach/science/train.jsonl")
    #expect(rows.count == 3 && rows.allSatisfy { $0.contains("\"messages\": ") })
    let verify = try branchmerge("verify", "work", in: fixture.folder.path)
    #expect(verify.status == 0, "\(verify.output)")
  }

  @Test func `without its store a workspace says what cannot be proved`() throws {
    let fixture = try TeachFixture(seeds: 3, recipe: Self.recipe)
    #expect(try fixture.command("run").status == 0)
    try FileManager.default.removeItem(atPath: fixture.folder.path + "/work/teacher.sqlite")
    let verify = try branchmerge("verify", "work", in: fixture.folder.path)
    #expect(verify.status == 1)
    #expect(verify.output.contains("not checked: the store of a teacher's answers cannot be read"))
    #expect(verify.output.contains("3 things could not be checked"))
    #expect(!verify.output.contains("does not hold"))
  }
}
