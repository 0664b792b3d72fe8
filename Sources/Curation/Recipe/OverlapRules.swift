internal import Files
internal import Lineage
internal import Notation
internal import Samples
internal import Similarity

/// Which benchmarks a branch keeps away from, and how their items are recognised: `without: [NAME]`,
/// or `without: {benchmarks: [NAME], rules: [RULE]}`; all rules where none are named.
struct OverlapRules: Sendable {
  let benchmarks: [BenchmarkCard]
  /// In the order in which the rules are asked.
  let rules: [OverlapRule]

  init(_ yaml: YAML, _ library: Library) throws {
    var list = yaml
    var rules = OverlapRule.allCases
    if yaml.isMapping {
      let keys = try yaml.keyed("'without'", ["benchmarks", "rules"])
      guard let names = keys["benchmarks"] else { throw yaml.fail("'without' needs 'benchmarks'") }
      list = names
      if let wanted = keys["rules"] {
        var named: Set<OverlapRule> = []
        for item in try wanted.list("'rules'") { named.insert(try item.named("a rule")) }
        guard !named.isEmpty else { throw wanted.fail("'rules' needs at least one rule") }
        rules = rules.filter(named.contains)
      }
    }
    var cards: [BenchmarkCard] = []
    for item in try list.list("'without'") {
      let name = try item.text("a benchmark's name")
      guard library.hasBenchmark(name) else { throw item.fail(library.unknownBenchmark(name)) }
      guard !cards.contains(where: { $0.name == name }) else {
        throw item.fail("the benchmark '\(name)' stands twice here")
      }
      cards.append(try library.benchmark(name))
    }
    guard !cards.isEmpty else { throw list.fail("'without' needs at least one benchmark") }
    (benchmarks, self.rules) = (cards, rules)
  }

  /// A recorded step for people: benchmarks and rules, without fingerprints.
  static func shown(_ recorded: String) -> String {
    guard let keys = try? YAML(parsing: recorded, file: "").keyed("", ["benchmarks", "rules"]),
      let benchmarks = try? keys["benchmarks"]?.entries("").map({ try $0.key.text("") }),
      let rules = try? keys["rules"]?.list("").map({ try $0.text("") })
    else { return recorded }
    return "\(benchmarks.joined(separator: ", ")) by \(rules.joined(separator: ", "))"
  }

  /// The names that stand in a 'without'; none where it cannot be read.
  static func names(in yaml: YAML) -> [String] {
    let list =
      yaml.isMapping ? (try? yaml.keyed("", ["benchmarks", "rules"]))?["benchmarks"] : yaml
    return ((try? list?.list("")) ?? []).compactMap { try? $0.text("") }
  }

  /// What decides besides the benchmarks' files.
  var meaning: String {
    "{benchmarks: [\(benchmarks.map(\.name).joined(separator: ", "))], rules: \(ruleList)}"
  }

  /// As the ledger has it: with the fingerprint of each benchmark, so that items are known by it.
  func text(with files: [String: BenchmarkFile]) -> String {
    let known = benchmarks.map { card in
      "\(card.name): \(files[card.name].map(\.mark) ?? "")"
    }
    return "{benchmarks: {\(known.joined(separator: ", "))}, rules: \(ruleList)}"
  }

  private var ruleList: String { "[\(rules.map(\.rawValue).joined(separator: ", "))]" }

  /// What texts are held against.
  func index(_ files: [String: BenchmarkFile]) -> OverlapIndex {
    OverlapIndex(benchmarks.compactMap { files[$0.name]?.benchmark }, rules: Set(rules))
  }
}

extension Plan.Overlap {
  /// The step as `OverlapRules.text` wrote it, with the benchmarks of its run read again.
  init(recorded yaml: YAML, _ benchmarks: [RecordedBenchmark]) throws {
    let keys = try yaml.keyed("'without'", ["benchmarks", "rules"])
    var files: [BenchmarkFile] = []
    for (key, _) in try keys["benchmarks"]?.entries("'benchmarks'") ?? [] {
      let name = try key.text("a benchmark's name")
      guard let record = benchmarks.first(where: { $0.name == name }) else {
        throw key.fail("the run has no benchmark of this name")
      }
      files.append(try BenchmarkFile(recorded: record, at: record.path))
    }
    var rules: Set<OverlapRule> = []
    for item in try keys["rules"]?.list("'rules'") ?? [] { rules.insert(try item.named("a rule")) }
    index = OverlapIndex(files.map(\.benchmark), rules: rules)
    hashesOnly = Set(files.filter(\.isHashesOnly).map(\.card.name))
  }
}

extension OverlapHit {
  /// Of all hits of a prompt the first with the rules that found its item, as a JSON object; nil
  /// where there are none. The words are left out where the benchmark is known by hashes alone,
  /// whose text is to be written nowhere.
  static func evidence(
    of hits: [OverlapHit], in prompt: Span<UInt8>, hashesOnly: Set<String>
  ) -> String? {
    guard let first = hits.first else { return nil }
    let same = hits.filter { $0.benchmark == first.benchmark && $0.item == first.item }
    let rules = same.map { JSON.quoted($0.rule.rawValue) }.joined(separator: ", ")
    var text = "{\"benchmark\": \(JSON.quoted(first.benchmark))"
    text += ", \"item\": \(JSON.quoted(first.item)), \"rule\": \"\(first.rule.rawValue)\""
    text += ", \"share\": \((first.share * 1000).rounded() / 1000)"
    text += ", \"span\": [\(first.bytes.lowerBound), \(first.bytes.upperBound)]"
    if !hashesOnly.contains(first.benchmark) {
      text += ", \"words\": \(excerpt(of: prompt.extracting(first.bytes)))"
    }
    return text + ", \"rules\": [\(rules)], \"hits\": \(hits.count)}"
  }
}
