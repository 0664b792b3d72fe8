package import Files
internal import Foundation
package import Lineage
internal import Notation
internal import Samples
package import Similarity

/// A benchmark as it was read: from a file of its questions, or of their hashes.
package struct BenchmarkFile: Sendable {
  package let card: BenchmarkCard
  package let path: String
  package let benchmark: Benchmark
  /// The hash of its fingerprint, the same for the questions and for their hashes.
  package let fingerprint: Digest
  package let byteCount: Int
  package let digest: Digest
  /// Whether its questions are not known, but their hashes.
  package let isHashesOnly: Bool

  /// Reads the file: a fingerprint, CSV with a header, or what a source's file may be.
  package init(reading path: String, _ card: BenchmarkCard) throws {
    self.card = card
    self.path = path
    let start = Array(Benchmark.fingerprintStart.utf8)
    let file = try FileStream(path)
    isHashesOnly =
      try file.byteCount > start.count && file.bytes(at: 0, count: start.count) == start
    if isHashesOnly {
      let found = try Benchmark(fingerprint: Library.text(of: path), path: path)
      guard found.name == card.name else {
        throw FileError(path, "is the fingerprint of '\(found.name)', not of '\(card.name)'")
      }
      benchmark = found
    } else {
      let items = try BenchmarkReader(card, path).items()
      guard !items.isEmpty else { throw FileError(path, "has no question of '\(card.name)'") }
      benchmark = Benchmark(name: card.name, items: items)
    }
    fingerprint = Digest(of: Array(benchmark.fingerprint().utf8).span)
    var bytes = ByteBuffer()
    while try file.read(into: &bytes, upTo: 1 << 20) > 0 { bytes.removeAll() }
    (byteCount, digest) = (file.byteCount, file.digest)
  }

  package var itemCount: Int { benchmark.items.count }

  /// The fingerprint of what several files hold together.
  package static func fingerprint(of files: [BenchmarkFile], _ card: BenchmarkCard) -> String {
    Benchmark(name: card.name, items: files.flatMap(\.benchmark.items)).fingerprint()
  }

  /// What the ledger keeps of it.
  var record: RecordedBenchmark {
    RecordedBenchmark(
      name: card.name, licence: card.licence, homepage: card.homepage, revision: card.revision,
      card: card.text, path: URL(fileURLWithPath: path).standardizedFileURL.path,
      byteCount: byteCount, itemCount: benchmark.items.count, xxh3: digest.description,
      fingerprint: fingerprint.description)
  }

  /// Reads a benchmark of a run again; a file with other questions is an error.
  package init(recorded: RecordedBenchmark, at path: String) throws {
    let card = try BenchmarkCard(
      YAML(parsing: recorded.card, file: "\(recorded.name).yaml (as recorded)"),
      name: recorded.name, text: recorded.card)
    try self.init(reading: path, card)
    guard fingerprint.description == recorded.fingerprint else {
      throw FileError(
        path,
        "is not the benchmark that the run read: its fingerprint is \(fingerprint), and the"
          + " ledger has \(recorded.fingerprint); put that file back")
    }
  }

  /// What it is called in a step: the fingerprint, and whether a rule that needs texts is without.
  var mark: String { fingerprint.description + (isHashesOnly ? " (hashes)" : "") }

  /// Where it is: at `given`, else as `benchmarks/NAME.*` in the workspace; nil where it is not.
  package static func locate(_ card: BenchmarkCard, given: String?, workspace: String?) throws
    -> String?
  {
    if let given {
      guard FileManager.default.fileExists(atPath: given) else {
        throw FileError(given, "no file is here for the benchmark '\(card.name)'")
      }
      return given
    }
    guard let workspace else { return nil }
    let folder = workspace + "/benchmarks"
    let names = Folder.isFolder(folder) ? Folder.files(below: folder) : []
    let found = names.filter { $0.hasPrefix(card.name + ".") }.sorted()
    guard found.count < 2 else {
      throw FileError(
        folder, "two files are called as the benchmark '\(card.name)': \(listed(found))")
    }
    return found.first.map { folder + "/" + $0 }
  }
}

extension Plan {
  /// The cards of all benchmarks that the branches are held against, each once; with `branch` those
  /// of this one.
  package func benchmarks(of branch: String? = nil) -> [BenchmarkCard] {
    var cards: [BenchmarkCard] = []
    let takings = sources.flatMap(\.takings).filter {
      branch == nil || branches[$0.branch].name == branch
    }
    for card in takings.flatMap({ $0.without?.benchmarks ?? [] })
    where !cards.contains(where: { $0.name == card.name }) {
      cards.append(card)
    }
    return cards
  }

  /// The same with the benchmarks at hand; only such a plan can be run.
  package func holding(_ files: [BenchmarkFile]) -> Plan {
    guard !files.isEmpty else { return self }
    let known = Dictionary(files.map { ($0.card.name, $0) }, uniquingKeysWith: { $1 })
    var plan = self
    plan.benchmarkFiles = files
    plan.overlaps = []
    var places: [String: Int] = [:]
    for source in plan.sources.indices {
      plan.sources[source].takings = plan.sources[source].takings.map { taking in
        guard let without = taking.without else { return taking }
        let text = without.text(with: known)
        if places[text] == nil {
          places[text] = plan.overlaps.count
          plan.overlaps.append(
            Overlap(
              index: without.index(known),
              hashesOnly: Set(files.filter(\.isHashesOnly).map(\.card.name))))
        }
        var steps = taking.steps
        if let step = steps.firstIndex(where: { $0.kind == .without }) { steps[step].text = text }
        return taking.changing(steps: steps, overlap: places[text])
      }
    }
    return plan
  }

  /// What prompts of a taking are held against.
  struct Overlap: Sendable {
    let index: OverlapIndex
    /// Benchmarks whose text is not known, and is to be written nowhere.
    let hashesOnly: Set<String>
  }
}

/// The questions of a benchmark's file.
private struct BenchmarkReader {
  private let card: BenchmarkCard
  private let path: String

  init(_ card: BenchmarkCard, _ path: String) {
    self.card = card
    self.path = path
  }

  func items() throws -> [BenchmarkItem] {
    path.lowercased().hasSuffix(".csv") ? try table() : try rows()
  }

  private func rows() throws -> [BenchmarkItem] {
    var projection = Projection()
    let prompt = projection.slot(of: card.prompt)
    let id = card.id.map { projection.slot(of: $0) }
    let reader = try SourceFile(path).rows(projection)
    let chunk = Chunk()
    var scanner = RowScanner(projection)
    var items: [BenchmarkItem] = []
    var fault: FileError?
    while try reader.next(chunk) {
      for place in chunk.rows where fault == nil {
        chunk.withBytes(of: place) { row in
          if let found = place.fault ?? scanner.scan(row) {
            fault = FileError(path, "row \(place.number): \(found.description)")
            return
          }
          let sample = scanner.sample(of: row)
          let value = sample[prompt]
          guard value.kind == .string else {
            fault = FileError(path, "row \(place.number) has no '\(card.prompt.path)'")
            return
          }
          let name = id.map { sample[$0] }
          let known = name.flatMap { name -> String? in
            if name.isNull { return nil }
            return name.kind == .string ? sample.text(of: name) : sample.excerpt(of: name)
          }
          items.append(
            BenchmarkItem(
              id: known ?? "\(place.number)", text: Array(sample.text(of: value).utf8)))
        }
      }
      if let fault { throw fault }
    }
    return items
  }

  private func table() throws -> [BenchmarkItem] {
    let table = try CSV(Library.text(of: path), path: path)
    let prompt = try column(card.prompt, of: table)
    let id = try card.id.map { try column($0, of: table) }
    return table.rows.enumerated().map { number, row in
      BenchmarkItem(
        id: id.map { row[$0] } ?? "\(number + 1)", text: Array(row[prompt].utf8))
    }
  }

  private func column(_ field: Field, of table: CSV) throws -> Int {
    guard let column = table.header.firstIndex(of: field.path.key) else {
      throw FileError(
        path,
        "has no column '\(field.path.key)'"
          + choices(for: field.path.key, among: table.header, "it has"))
    }
    return column
  }
}
