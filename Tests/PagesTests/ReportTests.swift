import Foundation
import FoundationXML
import Lineage
import Testing

@testable import Audit
@testable import Pages

struct ReportTests {
  /// What could break out of a page, if anything could.
  static let hostile = "<script>alert(1)</script>\"'><img src=x onerror=y>&amp;\u{202E}\u{0}\n]]>"

  @Test(arguments: [0, 1, 3, 100])
  func `a page is well formed, whatever is in it`(branchCount: Int) throws {
    let page = Report(.sample(branches: branchCount, name: Self.hostile)).page
    #expect(!page.contains("<script"))
    #expect(!page.contains("<img"))
    #expect(!page.contains("HTML(source"))
    #expect(!page.contains("\u{202E}"))
    let elements = try Elements(of: page)
    let ids = elements.attributes("id")
    #expect(Set(ids).count == ids.count)
    // The page is all there is: what it names is in it.
    for address in elements.attributes("href") where !address.hasPrefix("https://") {
      #expect(address.hasPrefix("#") && ids.contains(String(address.dropFirst())), "\(address)")
    }
    for name in ["src", "style", "onclick", "onload", "action"] {
      #expect(elements.attributes(name) == [])
    }
    #expect(elements.names.isDisjoint(with: ["script", "link", "iframe", "object", "form", "img"]))
    for name in elements.attributes("aria-labelledby") { #expect(ids.contains(name)) }
  }

  @Test func `the same overview gives the same page`() {
    #expect(
      Report(.sample(branches: 5, name: "a")).page == Report(.sample(branches: 5, name: "a")).page)
  }

  @Test func `a flow chart keeps every row, however much it takes together`() {
    for count in [1, 3, 12, 13, 100] {
      let overview = Overview.sample(branches: count, name: "a")
      let flow = Flow(overview)
      #expect(flow.branches.count <= FlowChart.shownBranches)
      #expect(flow.branches.reduce(0) { $0 + $1.rows } == overview.counts.read)
      for branch in flow.branches {
        #expect(branch.kept + branch.seeds == branch.sources.reduce(0) { $0 + $1.written })
        #expect(
          branch.sinks.reduce(0) { $0 + $1.total } == branch.sources.reduce(0) { $0 + $1.dropped })
        #expect(branch.sinks.count <= FlowChart.shownSteps)
        #expect(branch.taught ?? 0 <= branch.seeds)
      }
    }
  }

  @Test func `a piece within a literal is a piece, and a text is not`() {
    #expect(HTML.when(true, "<b>\("<")</b>").source == "<b>&lt;</b>")
    #expect(HTML.when(false, "<b>").isEmpty)
    let page: HTML = "<p>\(.when(true, "<b>x</b>"))\("<i>")</p>"
    #expect(page.source == "<p><b>x</b>&lt;i&gt;</p>")
  }

  @Test func `a bar has the colour of its fate`() {
    for fate in Fate.allCases {
      #expect(Style.sheet.contains("rect.\(fate.rawValue) { fill: var(--\(fate.rawValue)); }"))
    }
  }

  @Test func `what is stacked on a phone keeps the names of its columns`() {
    let table = Table(
      "a", [.code("id"), .prose("prompt"), .text("\"fate")], [["1", "2", "3"]]
    ).html.source
    #expect(table.contains("<table class=\"stack\">"))
    #expect(table.contains("<td class=\"prose\">2</td>"))
    #expect(table.contains("<td class=\"text\" data-name=\"&quot;fate\">3</td>"))
    #expect(!Table("a", [.text("b"), .text("c")], [["1", "2"]]).html.source.contains("data-name"))
  }

  @Test func `colours of words and marks stand out from their ground`() throws {
    for scheme in try Contrast.schemes() {
      for name in ["ink", "soft", "link", "kept", "seed", "dropped", "duplicate", "quarantined"]
        + ["good", "bad"]
      {
        for ground in ["paper", "card", "wash"] {
          let ratio = try Contrast.ratio(scheme, name, ground)
          #expect(ratio >= 4.5, "\(name) on \(ground): \(ratio)")
        }
      }
      for name in (0..<8).map({ "c\($0)" }) + ["edge", "focus"] {
        #expect(try Contrast.ratio(scheme, name, "paper") >= 3, "\(name)")
      }
    }
  }
}

/// The colours of a scheme, as the style sheet has them, and how far apart they are.
private enum Contrast {
  /// Light, dark and print.
  static func schemes() throws -> [[String: [Double]]] {
    let blocks = Style.sheet.matches(of: /:root \{([^}]*)\}/).map { String($0.output.1) }
    try #require(blocks.count == 3)
    return blocks.map { block in
      var colours: [String: [Double]] = [:]
      for match in block.matches(of: /--([a-z0-9-]+): #([0-9a-f]{3,6});/) {
        var digits = String(match.output.2)
        if digits.count == 3 { digits = digits.map { "\($0)\($0)" }.joined() }
        let number = Int(digits, radix: 16) ?? 0
        colours[String(match.output.1)] = [16, 8, 0].map { Double(number >> $0 & 255) / 255 }
      }
      return colours
    }
  }

  /// https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio
  static func ratio(_ scheme: [String: [Double]], _ a: String, _ b: String) throws -> Double {
    func light(_ name: String) throws -> Double {
      let parts = try #require(scheme[name], "\(name)").map {
        $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let (x, y) = (try light(a), try light(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }
}

/// The elements of a page, which is read as XML: one that does not end is an error.
private final class Elements: NSObject, XMLParserDelegate {
  private(set) var names: Set<String> = []
  private var found: [String: [String]] = [:]

  init(of page: String) throws {
    super.init()
    // What has no end in HTML gets one.
    let xml = page.replacing("<!DOCTYPE html>", with: "")
      .replacing(/<(meta|br|input)([^>]*)>/) { "<\($0.output.1)\($0.output.2)/>" }
      .replacing(/<details([^>]*) open>/) { "<details\($0.output.1) open=\"\">" }
    let parser = XMLParser(data: Data(xml.utf8))
    parser.delegate = self
    let isFine = parser.parse()
    try #require(
      isFine, "line \(parser.lineNumber): \(parser.parserError.map { "\($0)" } ?? "")")
  }

  func attributes(_ name: String) -> [String] { found[name] ?? [] }

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    names.insert(element)
    for (name, value) in attributes { found[name, default: []].append(value) }
  }
}

extension Overview {
  /// Branches that all read two sources; everything has a name that begins alike.
  static func sample(branches count: Int, name: String) -> Overview {
    func counts(_ number: Int) -> Funnel.Counts {
      var counts = Funnel.Counts()
      (counts.kept, counts.seeds, counts.duplicates) = (10 + number, number % 3, 4)
      (counts.quarantined, counts.dropped) = (number % 2, 36)
      counts.read =
        counts.kept + counts.seeds + counts.duplicates + counts.quarantined + counts.dropped
      return counts
    }
    let place = Example.Place(
      sample: 1, offset: 0, byteCount: 1, rowHash: nil, source: name, card: "", fileXXH3: "")
    let example = Example(id: name, path: name, row: 1, prompt: name, place: place)
    let branches = (0..<count).map { number -> Branch in
      let steps = (1...8).map { Step(name: "\(name) \($0)", kind: "filter", dropped: $0) }
      let sources = ["one", "two"].map {
        Intake(source: "\(name) \($0)", config: name, counts: counts(number), steps: steps)
      }
      var branch = Branch(
        name: "\(name) \(number)", run: 1, rowFormat: "sharegpt", sources: sources,
        outputs: [Output(path: name, rows: 10 + number, bytes: 10, xxh3: "ab")],
        lengths: [LengthBin(from: 16, through: 19, read: 9, kept: 5)])
      for source in sources { branch.counts += source.counts }
      branch.tokens = Tokens(
        template: name, limit: 10, rows: 2, trainedRows: 2, tokens: 20, keptTokens: 20,
        learnedTokens: 3, median: 5, p99: 9, longest: 12,
        bins: [
          .init(from: 0, through: 10, rows: 1), .init(from: 11, through: nil, rows: 1),
        ])
      return branch
    }
    let steps = [Merge.Threshold(incoming: name, threshold: 1e-9, selected: 1, isDegenerate: true)]
    let tensors = ["a.weight", "l.0.b.weight", "l.1.b.weight", name].map { tensor in
      var tensor = Merge.Tensor(name: tensor, record: #"{"shape":[2,2]}"#)
      tensor.shares = [.init(input: name, entries: 3, distance: 0.5)]
      tensor.steps = steps
      tensor.isDegenerate = true
      return tensor
    }
    return Overview(
      recipe: name, tool: name,
      runs: [
        Run(
          id: 1, started: name, finished: name, tool: name, recipe: name, recipeText: name,
          options: name, branches: [name])
      ],
      sources: ["one", "two"].map { source in
        Source(
          name: "\(name) \(source)", config: name, licence: name, homepage: "https://\(name)",
          revision: name, rows: 70, bytes: 7000,
          files: [
            .init(path: name, format: name, rows: 70, bytes: 7000, xxh3: name, sha256: name)
          ],
          branches: branches.map { .init(branch: $0.name, read: 60, kept: 10, seeds: 1) },
          runs: [1])
      }, branches: branches,
      removals: branches.map { branch in
        Removal(
          branch: branch.name, source: name, step: name, kind: "filter", text: name, dropped: 9,
          distinct: 7,
          values: [
            Value(evidence: name, dropped: 2, example: example),
            Value(evidence: "{\"a\":\"<b>\"}", dropped: 2, example: example),
          ])
      },
      duplicates: Duplicates(
        samples: 8, near: 3, groups: 4,
        largest: [.init(branch: name, stayed: example, duplicates: 3)],
        between: [.init(branch: name, source: name, stayed: name, duplicates: 8)]),
      quarantine: Quarantine(
        rows: 1, reasons: [.init(reason: name, rows: 1)],
        examples: [.init(path: name, row: 1, reason: name, message: name, byte: nil)]),
      teachings: branches.filter { $0.counts.seeds > 0 }.map { branch in
        Teaching(
          branch: branch.name, model: name, finished: name,
          settings: [.init(name: name, value: name)],
          output: Output(path: name, rows: 11, bytes: 10, xxh3: name), kept: 10,
          seeds: branch.counts.seeds, taught: 1, answers: 3, promptTokens: 5,
          completionTokens: 17, longest: 17, servers: [.init(url: name, rows: 1)],
          unanswered: [
            .init(
              kind: "rejected", reason: name, seeds: branch.counts.seeds - 1, example: example)
          ], lengths: [.init(from: 16, through: 19, rows: 1)])
      },
      trainings: branches.map {
        Training(
          branch: $0.name, trainer: name, isGiven: false, rows: 10, tokens: nil, isCurrent: true,
          leftOut: [.init(reason: name, rows: 1)], command: name, versions: name,
          metrics: (0..<1000).map {
            .init(
              step: $0, epoch: nil, loss: $0 == 7 ? .nan : 1 / Double($0 + 1), learningRate: nil)
          })
      },
      merge: Merge(
        method: name, config: name,
        inputs: [.init(name: name, branch: branches.first?.name, isBase: false, entries: 3)],
        tensors: tensors),
      checkpoints: [
        Checkpoint(
          role: "expert", name: name, path: name, parameters: 9,
          files: [.init(path: name, bytes: 1, xxh3: name, sha256: name)])
      ], stages: [], notes: [name])
  }
}
