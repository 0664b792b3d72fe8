import Foundation
import StubTeacher
import Testing

/// A recipe with kept rows and seeds, and a stub to answer these.
final class TeachFixture {
  let library: SmallLibrary
  let stub: StubTeacher
  var folder: TemporaryFolder { library.folder }

  /// `URL` is the stub's.
  static let recipe = """
    branches:
      science:
        sources:
          small:
            filters: [easy]
            response: "{response}"
          asked:
            response: teacher
    teacher:
      url: URL
      model: stub
      max_tokens: 500

    """

  init(
    seeds: Int = 4, recipe: String = TeachFixture.recipe, _ behaviour: Behaviour = Behaviour()
  ) throws {
    library = try SmallLibrary()
    stub = try StubTeacher(behaviour)
    try folder.write(
      "datasets/asked.yaml", SmallLibrary.card.replacing("example/small", with: "example/asked"))
    try folder.write("datasets/recipes/one.yaml", recipe.replacing("URL", with: stub.url))
    try folder.write("work/sources/small.jsonl", (1...2).map(Self.line).joined())
    try folder.write("work/sources/asked.jsonl", (0..<seeds).map { Self.line($0 + 11) }.joined())
  }

  private static func line(_ number: Int) -> String { SmallLibrary.row(number) + "\n" }

  /// A command on the recipe, without waiting for the disk.
  func command(
    _ arguments: String..., environment: [String: String] = [:]
  ) throws -> Ending {
    try branchmerge(all(arguments), in: folder.path, environment: environment)
  }

  func start(_ arguments: String..., environment: [String: String] = [:]) throws -> Running {
    try Running(Package.program, all(arguments), in: folder.path, environment)
  }

  private func all(_ arguments: [String]) -> [String] {
    let writes = !arguments.contains("plan") && !arguments.contains("branch")
    return arguments.prefix(1) + ["datasets/recipes/one.yaml", "-w", "work"]
      + (writes ? ["--no-fsync"] : []) + arguments.dropFirst()
  }

  func build() throws {
    let ending = try command("run", "--until", "branch")
    try #require(ending.status == 0, "\(ending.errors)")
  }

  var requests: Int { stub.counts.requests }

  /// Kind and reason of each seed.
  func fates() throws -> [String] {
    try folder.ledger(
      """
      SELECT kind, coalesce(reason, '') FROM taught
      WHERE teaching = (SELECT max(id) FROM teaching) ORDER BY seed_row
      """)
  }

  /// What a query of the store answers.
  func store(_ query: String) throws -> [String] {
    try tool("sqlite3", folder / "work/teacher.sqlite", query)
      .split(separator: "\n").map(String.init)
  }
}
