import Curation
import Files
import Foundation
import Lineage
import Samples
import Workflow

/// A recipe with two sources and two branches, its cards, filters and rows, which can be changed and
/// built again: what impact and difference say is held against real builds.
struct BuildFixture {
  /// Source name to file name to rows.
  var files: [String: [String: [String]]]
  var cards = ["pool": poolCard, "tank": tankCard]
  var filters = [
    "topic": filter(
      "topic", "{ in: [algebra, geometry, physics] }", keep: "algebra", drop: "history"),
    "long": filter("prompt", "{ length: { at_most: 24 } }", keep: "short", drop: longText),
    "known": filter("answer", "{ in: ['1', '2', '3'] }", keep: "'1'", drop: "'9'"),
  ]
  var branches = [mixed, waiting]
  /// The recipe's section of this name, in flow style.
  var teacher: String?
  /// The flow of `near` for all branches.
  var across: String?
  var tool = "test 1"
  var maxRowBytes = 1 << 20

  struct Branch {
    var name: String
    var sources: [Taking]
    var isDistinct = true
    /// The flow of its `near`.
    var near: String?
    var row = "sharegpt"
  }

  struct Taking {
    var source: String
    var filters: [String]
    var pick: String?
    var prompt = "{prompt}"
    var without: String?
    var response = "{answer}"
    var verify: String?
  }

  static let longText = String(repeating: "long ", count: 8)

  static let mixed = Branch(
    name: "mixed",
    sources: [
      Taking(
        source: "pool", filters: ["topic", "long"],
        pick: "{ first: responses, where: { verified: { is: true } } }",
        response: "{responses} {answer}"),
      Taking(source: "tank", filters: ["long"]),
    ])

  static let waiting = Branch(
    name: "waiting",
    sources: [
      Taking(source: "pool", filters: ["known", "topic"], response: "teacher"),
      Taking(source: "tank", filters: ["known"]),
    ], row: "messages")

  static let poolCard = """
    about: Problems with several solutions.
    licence: Apache-2.0
    identity: [uuid]
    fields:
      prompt: question
      uuid: uuid
      topic: topic
      answer: answer
      other: other
      responses: { from: generations, type: texts }
      verified: { from: correct, type: flags }

    """

  static let tankCard = """
    about: Problems with an answer.
    licence: CC-BY-4.0
    identity: [prompt]
    fields:
      prompt: problem
      answer: answer
      topic: topic
      other: other

    """

  static func filter(_ field: String, _ rule: String, keep: String, drop: String) -> String {
    """
    about: A filter.
    keep: { \(field): \(rule) }
    examples:
      - keep: { \(field): \(keep) }
      - { drop: { \(field): \(drop) }, because: \(field) }

    """
  }

  /// Rows that meet every fate, duplicates within and across sources among them.
  init(rows count: Int, seed: UInt64) {
    var random = Generator(state: seed)
    files = [
      "pool": [
        "a.jsonl": (0..<count).map { Self.poolRow($0, &random) },
        "b.jsonl": (count..<count + count / 2).map { Self.poolRow($0, &random) },
      ],
      "tank": ["t.jsonl": (0..<count).map { _ in Self.tankRow(&random) }],
    ]
  }

  /// The same with longer prompts, in families of two that resemble each other.
  mutating func lengthenPrompts() {
    func word(_ number: Int) -> String {
      let letters = [number / 26 / 26, number / 26, number].map { UInt8(97 + $0 % 26) }
      return String(decoding: letters, as: UTF8.self)
    }
    for (source, files) in files {
      for (name, rows) in files {
        self.files[source]?[name] = rows.map { row in
          row.replacing(#/question  number (\d+)/#) { match in
            let number = Int(match.1) ?? 0
            let words = (0..<30).map { word(number / 2 * 911 + $0 * 7) }
            return words.joined(separator: " ") + (number % 2 == 0 ? " even" : " odd")
          }
        }
      }
    }
    filters["long"] = filters["long"]?.replacing("24", with: "130")
  }

  static func poolRow(_ number: Int, _ random: inout Generator) -> String {
    if random.next(20) == 0 { return "{\"question\": \"broken \(random.next(9))" }
    let topic = ["algebra", "geometry", "physics", "history"][random.next(4)]
    let correct = (0..<2).map { _ in random.next(3) > 0 ? "true" : "false" }
    return "{\"question\": \"\(prompt(&random))\", \"uuid\": \"u\(number - number % 7 / 6)\","
      + " \"topic\": \"\(topic)\", \"answer\": \"\(random.next(5))\", \"other\": \"o\(random.next(3))\","
      + " \"generations\": [\"one\", \"two \(random.next(9))\"],"
      + " \"checked\": [true, \(random.next(2) == 0)],"
      + " \"correct\": [\(correct.joined(separator: ", "))]}"
  }

  static func tankRow(_ random: inout Generator) -> String {
    "{\"problem\": \"\(prompt(&random))\", \"answer\": \"\(random.next(5))\","
      + " \"topic\": \"algebra\", \"other\": \"o\(random.next(3))\"}"
  }

  private static func prompt(_ random: inout Generator) -> String {
    let text = "question  number \(random.next(40))"
    return random.next(6) == 0 ? text + " and much more of it" : text
  }

  var recipe: String {
    var text = "about: A recipe.\nbranches:\n"
    for branch in branches {
      text += "  \(branch.name):\n    row: \(branch.row)\n"
      if let near = branch.near {
        text += "    distinct: { on: prompt, near: \(near) }\n"
      } else if branch.isDistinct {
        text += "    distinct: prompt\n"
      }
      text += "    sources:\n"
      for taking in branch.sources {
        text +=
          "      \(taking.source):\n        filters: [\(taking.filters.joined(separator: ", "))]\n"
        for (key, value) in [
          ("pick", taking.pick), ("without", taking.without), ("verify", taking.verify),
        ] {
          if let value { text += "        \(key): \(value)\n" }
        }
        text += "        prompt: \"\(taking.prompt)\"\n        response: \"\(taking.response)\"\n"
      }
    }
    if let across { text += "distinct: { near: \(across), across: branches }\n" }
    if let teacher { text += "teacher: \(teacher)\n" }
    return text
  }

  /// Writes everything below a folder and builds the branches in its `work`, or just these.
  @discardableResult
  func build(in folder: String, only: [String] = []) throws -> Ledger {
    try? FileManager.default.removeItem(atPath: folder + "/filters")
    try? FileManager.default.removeItem(atPath: folder + "/work/sources")
    func write(_ name: String, _ text: String) throws {
      try Folder.create((folder + "/" + name).parentPath)
      try text.write(toFile: folder + "/" + name, atomically: false, encoding: .utf8)
    }
    for (name, card) in cards { try write("datasets/\(name).yaml", card) }
    for (name, filter) in filters { try write("filters/\(name).yaml", filter) }
    for (source, files) in files {
      for (name, rows) in files {
        try write("work/sources/\(source)/\(name)", rows.map { $0 + "\n" }.joined())
      }
    }
    try write("recipe.yaml", recipe)
    var options = Curator.Options()
    options.workers = 2
    options.isDurable = false
    options.maxQuarantined = .share(1)
    options.limits = ReadLimits(rowBytes: maxRowBytes)
    let plan = try Plan(
      Recipe(reading: folder + "/recipe.yaml"), library: Library(roots: [folder]), only: only)
    let curator = Curator(plan, options, tool: tool, note: { _ in }, progress: { _ in })
    _ = try curator.run(in: folder + "/work")
    return try Ledger(reading: folder + "/work/lineage.sqlite")
  }
}

extension BuildFixture {
  static let teacher = "{url: 'http://127.0.0.1:1/v1', model: 'lab/r1'}"

  /// Teaches the seeds of a branch that was built below a folder, by the recipe as it is now.
  @discardableResult
  func teach(
    _ branch: String = "waiting", in folder: String,
    replies: @escaping (SeedRow) -> [FixtureTeacher.Reply] = FixtureTeacher.everyKind
  ) throws -> Ledger {
    try recipe.write(toFile: folder + "/recipe.yaml", atomically: false, encoding: .utf8)
    var teacher = FixtureTeacher(
      recipe: try ResolvedRecipe(reading: folder + "/recipe.yaml"), tool: tool)
    teacher.replies = replies
    try teacher.teach(branch, in: folder + "/work")
    return try Ledger(reading: folder + "/work/lineage.sqlite")
  }
}

/// Numbers from a seed (Vigna, splitmix64).
struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// A temporary folder that ends with its owner.
final class BuildFolder {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.path + "/audit-" + UUID().uuidString
    try Folder.create(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
