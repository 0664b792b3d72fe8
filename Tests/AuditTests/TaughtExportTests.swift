import Files
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct TaughtExportTests {
  private let fixture = try! ExportFixture(isTaught: true)

  private func json(_ format: any ExportFormat.Type, sample: String? = nil) throws -> JSON {
    try JSON(
      parsing: Array(
        fixture.document(format, branch: sample == nil ? "waiting" : nil, sample: sample).utf8))
  }

  @Test func `the table says of seeds what their teacher made of them`() throws {
    let lines = try fixture.document(FateTable.self, branch: "waiting").split(separator: "\r\n")
    let names = lines[0].split(separator: ",").map(String.init)
    let seeds = lines.dropFirst().filter { $0.contains(",seed,") }
    #expect(seeds.count == 4)
    func value(_ name: String, _ line: Substring) throws -> String {
      let place = try #require(names.firstIndex(of: name))
      // No field before has a comma or a line's end here.
      return String(line.split(separator: ",", omittingEmptySubsequences: false)[place])
    }
    #expect(
      try seeds.map { try value("taught", $0) } == ["taught", "taught", "rejected", "taught"])
    #expect(try seeds.map { try value("taught_row", $0) } == ["3", "4", "", "5"])
    #expect(try value("untaught_because", seeds[2]) == "no reasoning")
    #expect(try value("taught_output", seeds[0]) == "teach/waiting/train.jsonl")
    #expect(try value("completion_tokens", seeds[1]) == "200")
    let file = try Data(
      contentsOf: URL(fileURLWithPath: fixture.workspace + "/teach/waiting/train.jsonl"))
    for seed in [seeds[0], seeds[1], seeds[3]] {
      let start = try #require(Int(value("taught_offset", seed)))
      let count = try #require(Int(value("taught_byte_count", seed)))
      let hash = hex(fastHash(of: Array(file[start..<start + count]).span))
      #expect(try value("taught_xxh3", seed) == hash)
    }
    let kept = try #require(lines.first { $0.contains(",kept,") })
    #expect(try value("taught", kept) == "" && value("teacher", kept) == "")
  }

  @Test func `Croissant describes the whole data set, and says who wrote its last rows`() throws {
    let json = try json(Croissant.self)
    #expect(json["distribution"]?.items?.map { $0["contentUrl"]?.text } == ["train.jsonl"])
    #expect(json["recordSet"]?.items?.first?["@id"]?.text == "default")
    #expect(json["url"]?.text == "README.md")
    let text = try #require(json["description"]?.text)
    #expect(
      text.hasPrefix(
        "2 rows and 3 of 4 seeds, whose responses lab/r1 \"<b>\" wrote, of 8 samples of"))
    let usage = try #require(json["usageInfo"]?["text"]?.text)
    #expect(
      usage.hasSuffix(
        "Written by a model: the responses of 3 of 5 rows are answers of 'lab/r1 \"<b>\"'. The terms"
          + " of that model, and of the server that it answered from, apply to them; nothing is known"
          + " of these here."))
    let agents = (json["prov:wasGeneratedBy"]?.items ?? [])
      .flatMap { $0["prov:wasAssociatedWith"]?.items ?? [] }
    #expect(agents.map { $0["name"]?.text } == ["branchmerge 0.0.9", "lab/r1 \"<b>\""])
    let teachers = try #require(json["recordSet"]?.items?.last)
    #expect(teachers["data"]?.items?.first?["teachers/taught"]?.int == 3)
    #expect(teachers["data"]?.items?.first?["teachers/rejected"]?.int == 1)
    // Beside another data set it leads to the file.
    let far = try fixture.document(
      Croissant.self, branch: "waiting", folder: fixture.path + "/elsewhere")
    #expect(far.contains("\"../work/teach/waiting/train.jsonl\""))
  }

  @Test func `PROV has the teacher as an agent, and of a seed the asking and its row`() throws {
    let whole = try json(PROV.self)
    let agents = (whole["agent"]?.members ?? []).compactMap { $0.value["prov:label"]?.text }
    #expect(agents.contains("lab/r1 \"<b>\""))
    let lines = try fixture.document(FateTable.self, branch: "waiting").split(separator: "\r\n")
    let seeds = lines.filter { $0.contains(",seed,") }
      .map { String($0.split(separator: ",")[1]) }
    for (number, id) in seeds.enumerated() {
      let document = try json(PROV.self, sample: id)
      let activity = try #require(
        document["activity"]?.members?.first { $0.key.contains("/seed/\(number + 1)") }?.value)
      #expect(activity["bm:outcome"]?.text == (number == 2 ? "rejected" : "taught"))
      #expect(activity["bm:request"]?.text?.count == 64)
      let rows = (document["entity"]?.members ?? []).filter { $0.key.contains("/rows/") }
      #expect(rows.count == (number == 2 ? 0 : 1))
      let attributed = (document["wasAttributedTo"]?.members ?? []).compactMap { relation in
        relation.value["prov:entity"]?.text
      }
      #expect(rows.allSatisfy { attributed.contains($0.key) })
    }
  }

  @Test func `OpenLineage has the stage between the branch and its training`() throws {
    let events = try fixture.document(OpenLineage.self, branch: "waiting").split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
    func names(_ job: String, _ side: String) -> [String] {
      let event = events.last {
        $0["job"]?["name"]?.text == job && $0["eventType"]?.text == "COMPLETE"
      }
      return (event?[side]?.items ?? []).compactMap { $0["name"]?.text }
        .map { $0.replacing(fixture.workspace + "/", with: "") }
    }
    #expect(
      names("two.teach.waiting", "inputs") == [
        "branches/waiting/train.jsonl", "branches/waiting/seeds.jsonl",
      ])
    #expect(names("two.teach.waiting", "outputs") == ["teach/waiting/train.jsonl"])
    #expect(names("two.train.waiting", "inputs") == ["teach/waiting/train.jsonl"])
  }

  private static let hasCroissant = Validator.has("mlcroissant")
  private static let hasPROV = Validator.has("prov.model")
  private static let hasOpenLineage =
    Validator.hasSchemas && Validator.has("jsonschema, referencing, openlineage.client")

  private func complaints(_ kind: String, _ text: String, in folder: String, _ more: String = "--")
    throws -> String
  {
    let path = "\(folder)/\(kind).\(kind == "openlineage" ? "jsonl" : "json")"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try Validator.complaints(kind, path, more)
  }

  @Test(.enabled(if: hasCroissant && hasPROV, "BRANCHMERGE_PYTHON names no Python with both"))
  func `official validators take all of it, also of a ledger that says strange things`() throws {
    let own = try ExportFixture(isTaught: true)
    let folder = own.workspace + "/teach/waiting"
    for isStrange in [false, true] {
      if isStrange { try own.spoil(ExportFixture.strangeness) }
      let croissant = try own.document(Croissant.self, branch: "waiting", folder: folder)
      #expect(try complaints("croissant", croissant, in: folder) == "")
      #expect(try complaints("prov", own.document(PROV.self), in: folder) == "")
      let lines = try own.document(FateTable.self, branch: "waiting").split(separator: "\r\n")
      let id = try #require(lines.first { $0.contains(",seed,") }).split(separator: ",")[1]
      #expect(
        try complaints("prov", own.document(PROV.self, sample: String(id)), in: folder) == "")
    }
  }

  @Test(
    .enabled(if: hasOpenLineage, "no OpenLineage schemas beside the repository, or no validator"))
  func `events of the stage hold against their schemas`() throws {
    let own = try ExportFixture(isTaught: true)
    for isStrange in [false, true] {
      if isStrange { try own.spoil(ExportFixture.strangeness) }
      let text = try own.document(OpenLineage.self)
      #expect(try complaints("openlineage", text, in: own.path, Validator.schemas) == "")
    }
  }
}
