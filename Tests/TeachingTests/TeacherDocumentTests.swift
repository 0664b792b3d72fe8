import Curation
import Foundation
import Notation
import Testing

@testable import Teaching

/// `docs/teacher.md` says what is so.
struct TeacherDocumentTests {
  private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../..").standardizedFileURL.path
  private static let document =
    (try? String(contentsOfFile: repository + "/docs/teacher.md", encoding: .utf8)) ?? ""

  private static func section(_ title: String) -> String {
    let parts = document.components(separatedBy: "\n" + title + "\n")
    guard parts.count == 2 else { return "" }
    return parts[1].components(separatedBy: title.hasPrefix("###") ? "\n#" : "\n## ")[0]
  }

  /// The cells of all rows of tables whose first cell is code.
  private static func rows(of section: String) -> [[String]] {
    section.split(separator: "\n").filter { $0.hasPrefix("| `") }.map { line in
      line.dropFirst().dropLast().replacing("\\|", with: "\u{0}").split(separator: "|")
        .map { $0.replacing("\u{0}", with: "|").trimmingCharacters(in: .whitespaces) }
    }
  }

  private static func names(_ cell: String) -> [String] {
    cell.split(separator: "`").map(String.init).filter { $0.first?.isLetter == true }
  }

  @Test func `every key of the recipe is explained, and no other`() {
    let explained = Self.rows(of: Self.section("## In the recipe")).flatMap { Self.names($0[0]) }
    let groups = [
      ("accept", TeacherPlan.acceptKeys), ("budget", TeacherPlan.budgetKeys),
      ("prices", TeacherPlan.priceKeys),
    ]
    let names = Set(groups.map(\.0))
    let keys =
      TeacherPlan.keys.filter { !names.contains($0) }
      + groups.flatMap { group in group.1.map { "\(group.0).\($0)" } }
    #expect(explained.sorted() == keys.sorted())
  }

  @Test func `a default that is told is the default`() throws {
    func plan(_ more: String) throws -> TeacherPlan {
      try TeacherPlan(
        YAML(
          parsing: "{url: http://a, model: m, prices: {prompt: 1, completion: 2}\(more)}",
          file: "recipe.yaml"), library: Library(roots: []))
    }
    func told(_ plan: TeacherPlan) -> String {
      "\(plan.ingredients) \(plan.limits) \(plan.servers) \(plan.maxUnanswered)"
        + " \(plan.question) \(plan.prices?.currency ?? "")"
    }
    let none = told(try plan(""))
    var count = 0
    for row in Self.rows(of: Self.section("## In the recipe")) where row[1].hasPrefix("`") {
      let name = Self.names(row[0])[0].split(separator: ".")
      var value = String(row[1].dropFirst().dropLast())
      if value.hasPrefix("{p") || value.hasPrefix("<") { value = "\"\(value)\"" }
      switch name[0] {
      case "prices":
        let text =
          "{url: http://a, model: m, prices: {prompt: 1, completion: 2, currency: \(value)}}"
        let plan = try TeacherPlan(
          YAML(parsing: text, file: "recipe.yaml"), library: Library(roots: []))
        #expect(told(plan) == none, "\(name)")
      case "accept": #expect(told(try plan(", accept: {\(name[1]): \(value)}")) == none, "\(name)")
      default: #expect(told(try plan(", \(name[0]): \(value)")) == none, "\(name)")
      }
      count += 1
    }
    #expect(count == 18)
    // What differs is seen.
    #expect(told(try plan(", retries: 9")) != none)
    #expect(told(try plan(", max_unanswered: 6%")) != none)
  }

  @Test func `the recipe that is shown is one`() throws {
    let block = try #require(
      Self.section("## In the recipe").firstMatch(of: /```yaml\n((?s).*?)```/))
    let yaml = try YAML(parsing: String(block.output.1), file: "shown.yaml")
    let teacher = try #require(yaml.keyed("a recipe", ["teacher"])["teacher"])
    let plan = try TeacherPlan(teacher, library: Library(roots: [Self.repository]))
    #expect(plan.servers.urls.count == 2)
    #expect(plan.servers.keyVariable == "TEACHER_API_KEY")
  }

  /// A store of everything: answers, failures, a batch.
  private static func fixture() throws -> BatchFixture {
    let fixture = try BatchFixture()
    try fixture.sqlite(
      "DROP TABLE verdict; DROP TABLE policy; DROP TABLE attempt; DROP TABLE asking;"
        + " DROP TABLE request; DROP TABLE grdb_migrations;")
    try fixture.sqlite(".read \(repository)/Tests/Reference/teacher-1.sql")
    return fixture
  }

  @Test func `every column of every table is explained, and no other`() throws {
    let fixture = try BatchFixture()
    let columns = try fixture.rows(
      """
      SELECT made.name || '.' || "column".name
      FROM sqlite_schema AS made JOIN pragma_table_info(made.name) AS "column"
      WHERE made.type = 'table' AND made.name NOT LIKE 'grdb%'
      """)
    let tables = try fixture.rows(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'grdb%'")
    let explained = tables.flatMap { table in
      Self.rows(of: Self.section("### \(table)")).flatMap { Self.names($0[0]) }
        .map { "\(table).\($0)" }
    }
    #expect(explained.sorted() == columns.sorted())
    #expect(columns.count > 30)
  }

  @Test func `every state, usage and origin that the tables admit is explained`() throws {
    let schema = try BatchFixture().rows("SELECT sql FROM sqlite_schema").joined(separator: " ")
    let values = schema.matches(of: /CHECK \(\w+ IN\s+\(([^)]*)\)/).flatMap { match in
      match.output.1.split(separator: "'").filter { $0.first?.isLetter == true }
    }
    #expect(values.count == 12)
    for value in values { #expect(Self.document.contains("`\(value)`"), "\(value)") }
  }

  @Test func `the questions are answered`() throws {
    let fixture = try Self.fixture()
    let questions = Self.section("## Questions").matches(of: /```sql\n((?s).*?)```/)
    #expect(questions.count == 6)
    for question in questions {
      #expect(try !fixture.rows(String(question.output.1)).isEmpty, "\(question.output.1)")
    }
    let cost = try fixture.rows(String(try #require(questions.first).output.1))
    #expect(cost == ["r1|1|0.003226|0.003226"])
  }

  @Test func `the hash comes out of the shell as it stands in the store`() throws {
    let fixture = try Self.fixture()
    let block = try #require(
      Self.section("## What a request is").firstMatch(of: /```sh\n((?s).*?)```/))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c", String(block.output.1).replacing("work/teacher.sqlite", with: fixture.store.path),
    ]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let hash = try fixture.rows("SELECT hash FROM request WHERE id = 1")
    #expect(
      String(decoding: data, as: UTF8.self).split(separator: " ").first.map(String.init) == hash[0])
  }

  @Test func `the limits of the batch APIs are those that are told of`() {
    #expect(Self.document.contains("\(grouped(BatchExport.requestLimit)) requests"))
    #expect(Self.document.contains("\(BatchExport.byteLimit / 1_000_000) MB"))
  }
}
