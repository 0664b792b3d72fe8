import Files
import Foundation
import Lineage
import Notation
import Testing

@testable import Audit

struct ExportTests {
  let fixture = try! ExportFixture()

  private func events(branch: String? = nil) throws -> [JSON] {
    try fixture.document(OpenLineage.self, branch: branch).split(separator: "\n")
      .map { try JSON(parsing: Array($0.utf8)) }
  }

  @Test func `the same ledger gives the same bytes`() throws {
    for format in ExportFormats.all {
      let branch = format.name == Croissant.name ? "math" : nil
      let document = try fixture.document(format, branch: branch)
      #expect(try fixture.document(format, branch: branch) == document)
    }
  }

  @Test func `the table has a line for each fate in the branches as they are`() throws {
    let lines = try fixture.document(FateTable.self).split(separator: "\r\n")
    // Eight samples in math of run 1, and in waiting of run 2.
    #expect(lines.count == 1 + 8 + 8)
    let fates = lines.dropFirst().map { $0.split(separator: ",")[0...2].joined(separator: ",") }
    #expect(fates.first?.hasPrefix("math,pool:") == true)
    #expect(fates.count { $0.hasPrefix("math,") && $0.hasSuffix(",kept") } == 4)
    #expect(fates.count { $0.hasPrefix("math,") && $0.hasSuffix(",duplicate") } == 1)
    #expect(lines.dropFirst().prefix(8).allSatisfy { $0.hasSuffix(",1") })
    #expect(lines.suffix(8).allSatisfy { $0.hasSuffix(",2") })
    let math = try fixture.document(FateTable.self, branch: "math").split(separator: "\r\n")
    #expect(math == Array(lines.prefix(9)))
  }

  @Test func `of one sample the table has its fates alone`() throws {
    let all = try fixture.document(FateTable.self).split(separator: "\r\n")
    let kept = try #require(all.last { $0.contains(",kept,") })
    let id = try #require(kept.split(separator: ",").dropFirst().first.map(String.init))
    let own = try fixture.document(FateTable.self, sample: id).split(separator: "\r\n")
    #expect(own == [all[0]] + all.dropFirst().filter { $0.contains(",\(id),") })
    // Its beginning is enough.
    #expect(
      try fixture.document(FateTable.self, sample: String(id.dropLast(6))).split(separator: "\r\n")
        == own)
  }

  @Test func `a stage's end is that of its events`() throws {
    let ends = try events().map { event in
      "\(event["eventType"]?.text ?? "") \(event["job"]?["name"]?.text ?? "")"
    }
    #expect(
      ends.sorted()
        == [
          "ABORT two.train.math", "COMPLETE two", "COMPLETE two", "COMPLETE two.branch.math",
          "COMPLETE two.branch.waiting", "COMPLETE two.branch.waiting", "COMPLETE two.merge",
          "COMPLETE two.train.math", "COMPLETE two.train.waiting", "FAIL two.train.math",
          "START two", "START two", "START two.branch.math", "START two.branch.waiting",
          "START two.branch.waiting", "START two.merge", "START two.report",
          "START two.train.math", "START two.train.math", "START two.train.math",
          "START two.train.waiting",
        ])
    let failure = try events().compactMap { $0["run"]?["facets"]?["errorMessage"] }
    #expect(failure.map { $0["message"] } == [.string("the disk is full \"<b>\"")])
    #expect(try events(branch: "math").allSatisfy { !$0.compact.contains("two.branch.waiting") })
  }

  @Test func `columns are led back to raw fields, and filters to what they asked`() throws {
    let event = try #require(
      try events().last { $0["job"]?["name"]?.text == "two.branch.math" })
    let lineage = try #require(event["outputs"]?.items?.first?["facets"]?["columnLineage"])
    func inputs(_ value: JSON?) -> [String] {
      (value?.items ?? []).map {
        "\($0["namespace"]?.text ?? "") \($0["name"]?.text ?? "") \($0["field"]?.text ?? "")"
      }
    }
    let pool = "https://example.org sets/pool/default "
    let ring = "branchmerge sources/ring/default "
    #expect(
      inputs(lineage["fields"]?["conversations"]?["inputFields"])
        == [
          pool + "question", ring + "q", pool + "generations", pool + "answer", ring + "a",
        ])
    #expect(inputs(lineage["fields"]?["id"]?["inputFields"]) == [pool + "uuid", ring + "q"])
    #expect(
      inputs(lineage["dataset"])
        == [pool + "tags[0].name", pool + "generations", pool + "correct"])
    #expect(
      event["outputs"]?.items?.first?["outputFacets"]?["outputStatistics"]?["rowCount"]
        == .number("4"))
  }

  @Test func `a training reads the rows that it saw, and a merge its models`() throws {
    func names(_ job: String, _ side: String) throws -> [String] {
      let event = try events().last {
        $0["job"]?["name"]?.text == job && $0["eventType"]?.text == "COMPLETE"
      }
      return (event?[side]?.items ?? []).compactMap { $0["name"]?.text?.fileName }
    }
    #expect(try names("two.train.math", "inputs") == ["train.jsonl"])
    #expect(try names("two.train.math", "outputs") == ["math"])
    #expect(try names("two.train.waiting", "inputs") == [])
    #expect(try names("two.merge", "inputs") == ["base", "math"])
    #expect(try names("two.merge", "outputs") == ["merged"])
  }

  @Test func `runs have ids of their own, which stay`() throws {
    let other = try ExportFixture()
    try other.spoil("UPDATE run SET started = '2001-01-01T00:00:00Z' WHERE id = 1")
    func ids(_ fixture: ExportFixture) throws -> Set<String> {
      Set(
        try fixture.document(OpenLineage.self).split(separator: "\n").compactMap {
          try JSON(parsing: Array($0.utf8))["run"]?["runId"]?.text
        })
    }
    #expect(try ids(fixture).count == 11)
    #expect(try ids(fixture).isDisjoint(with: try ids(other)))
  }

  @Test func `Croissant names the files as seen from where it lies`() throws {
    func urls(_ folder: String?) throws -> [String] {
      let text = try fixture.document(Croissant.self, branch: "waiting", folder: folder)
      let json = try JSON(parsing: Array(text.utf8))
      return (json["distribution"]?.items ?? []).compactMap { $0["contentUrl"]?.text }
    }
    #expect(try urls(nil) == ["train.jsonl", "seeds.jsonl"])
    #expect(try urls(fixture.workspace + "/branches/waiting") == ["train.jsonl", "seeds.jsonl"])
    #expect(
      try urls(fixture.path + "/elsewhere")
        == ["../work/branches/waiting/train.jsonl", "../work/branches/waiting/seeds.jsonl"])
  }

  @Test func `licences and what is to be settled about them go with the data set`() throws {
    let text = try fixture.document(Croissant.self, branch: "math")
    let json = try JSON(parsing: Array(text.utf8))
    #expect(
      json["license"]?.items == [
        .string("https://spdx.org/licenses/Apache-2.0"),
        .string("https://spdx.org/licenses/CC-BY-NC-SA-4.0"),
      ])
    let usage = try #require(json["usageInfo"]?["text"]?.text)
    #expect(
      usage == """
        Not for commercial use: 1 of 4 rows (25.00 %) from 'ring' are under CC-BY-NC-SA-4.0, which \
        forbids it, and so it is forbidden for the whole.
        Conflict: 1 of 4 rows (25.00 %) from 'ring' are under CC-BY-NC-SA-4.0, which wants changed \
        copies passed on under itself, and the other rows are under 'Apache-2.0'.
        """)
  }

  @Test func `of a file that is not as it was built nothing is said`() throws {
    let file = fixture.workspace + "/branches/math/train.jsonl"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    bytes[40] ^= 1
    try bytes.write(to: URL(fileURLWithPath: file))
    #expect(throws: FileError.self) { try fixture.document(Croissant.self, branch: "math") }
  }

  @Test func `what cannot be told is refused with what there is`() throws {
    func complaint(_ body: () throws -> Void) -> String {
      do {
        try body()
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(
      complaint { _ = try fixture.document(FateTable.self, branch: "maths") }
        .hasSuffix("has no branch 'maths'; did you mean 'math'? There are 'math' and 'waiting'"))
    #expect(
      complaint { _ = try fixture.document(Croissant.self) }
        == "a Croissant document describes one data set; add --branch with 'math' and 'waiting'")
    #expect(
      complaint { _ = try fixture.document(PROV.self, sample: "pool:0") }
        .contains("no sample has the id 'pool:0'"))
    #expect(
      complaint { _ = try fixture.document(PROV.self, sample: "pool.jsonl:4") }
        == "'pool.jsonl:4' is a row that could not be read, and has no id")
  }

  @Test func `a ledger that says strange things is written down all the same`() throws {
    try fixture.spoil(ExportFixture.strangeness)
    for format in ExportFormats.all {
      for branch in ["math", "waiting"] {
        let text = try fixture.document(format, branch: branch)
        if format.name == OpenLineage.name {
          for line in text.split(separator: "\n") { _ = try JSON(parsing: Array(line.utf8)) }
        } else if format.name != FateTable.name {
          _ = try JSON(parsing: Array(text.utf8))
        }
      }
    }
  }
}

/// What the official validators say, and what only we can see: `Tests/Reference/exports.py` knows
/// both, and breaks each document in many ways to show that it does.
struct ExportValidationTests {
  private static let hasCroissant = Validator.has("mlcroissant")
  private static let hasPROV = Validator.has("prov.model")
  private static let hasOpenLineage =
    Validator.hasSchemas && Validator.has("jsonschema, referencing, openlineage.client")

  private func check(_ text: String, at path: String, _ arguments: String...) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    let more = arguments.first ?? "--"
    let kind = path.fileName.withoutExtension
    #expect(try Validator.complaints(kind, path, more) == "")
    #expect(try Validator.complaints(kind, path, more, "--mutate") == "")
  }

  @Test(
    .enabled(if: hasCroissant, "BRANCHMERGE_PYTHON names no Python with mlcroissant"),
    arguments: ["sharegpt", "messages", "alpaca"])
  func `mlcroissant validates and loads every branch without a warning`(format: String) throws {
    let fixture = try ExportFixture(rowFormat: format)
    for branch in ["math", "waiting"] {
      let folder = "\(fixture.workspace)/branches/\(branch)"
      let text = try fixture.document(Croissant.self, branch: branch, folder: folder)
      if format == "sharegpt" {
        try check(text, at: folder + "/croissant.json")
      } else {
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/croissant.json"))
        #expect(try Validator.complaints("croissant", folder + "/croissant.json", "--") == "")
      }
    }
  }

  @Test(.enabled(if: hasCroissant && hasPROV, "BRANCHMERGE_PYTHON names no Python with both"))
  func `a ledger that says strange things gives documents that hold`() throws {
    let fixture = try ExportFixture()
    try fixture.spoil(ExportFixture.strangeness)
    let folder = "\(fixture.workspace)/branches/math"
    for (kind, text) in [
      ("croissant", try fixture.document(Croissant.self, branch: "math", folder: folder)),
      ("prov", try fixture.document(PROV.self)),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(kind).json"))
      #expect(try Validator.complaints(kind, "\(folder)/\(kind).json", "--") == "")
    }
  }

  @Test(.enabled(if: hasPROV, "BRANCHMERGE_PYTHON names no Python with prov"))
  func `PROV survives a round trip, of the whole, of a branch and of a sample`() throws {
    let fixture = try ExportFixture()
    let path = fixture.path + "/prov.json"
    try check(try fixture.document(PROV.self), at: path)
    try check(try fixture.document(PROV.self, branch: "waiting"), at: path)
    let lines = try fixture.document(FateTable.self, branch: "math").split(separator: "\r\n")
    for fate in ["kept", "dropped", "duplicate"] {
      let line = try #require(lines.first { $0.contains(",\(fate),") })
      let id = String(line.split(separator: ",")[1])
      try check(try fixture.document(PROV.self, sample: id), at: path)
    }
  }

  @Test(
    .enabled(if: hasOpenLineage, "no OpenLineage schemas beside the repository, or no validator"))
  func `every event and facet holds against its own schema, and the client writes the same`() throws
  {
    let fixture = try ExportFixture()
    let path = fixture.path + "/openlineage.jsonl"
    try check(try fixture.document(OpenLineage.self), at: path, Validator.schemas)
    try fixture.spoil(ExportFixture.strangeness)
    try Data(try fixture.document(OpenLineage.self).utf8).write(to: URL(fileURLWithPath: path))
    #expect(try Validator.complaints("openlineage", path, Validator.schemas) == "")
  }

  @Test(.enabled(if: Validator.has("datasets"), "BRANCHMERGE_PYTHON names no Python with datasets"))
  func `load_dataset loads a branch's folder as it is`() throws {
    let fixture = try ExportFixture()
    let script = """
      import sys, datasets
      datasets.disable_progress_bars()
      for folder, config in (("math", None), ("waiting", None), ("waiting", "seeds")):
          path = sys.argv[1] + "/branches/" + folder
          found = datasets.load_dataset(path, config, cache_dir=sys.argv[1] + "/cache")
          print(folder, config, {k: v.num_rows for k, v in found.items()}, found["train"].column_names)
      """
    let ending = try Validator.run(
      try #require(Validator.python), ["-c", script, fixture.workspace])
    #expect(
      ending.output == """
        math None {'train': 4} ['id', 'conversations', 'system']
        waiting None {'train': 2} ['id', 'conversations', 'system']
        waiting seeds {'train': 4} ['id', 'prompt', 'answer']

        """, "\(ending.errors)")
  }
}
