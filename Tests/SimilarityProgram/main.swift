// Runs `Similarity` on files of texts, for Tests/Benchmarks/near.py and Tests/Reference/overlap.py.
//
// A text is a line; its own line breaks are carriage returns.
//   near FILE THRESHOLD WORKERS FOLDER [--lines] [--prefixes FILE] [--clusters]
//   overlap FILE WORKERS [--rules A,B] [--hits] NAME=FILE ...
//   tokens FILE FORM [--hashes]
internal import Files
internal import Foundation
internal import Similarity

/// Lines that a worker takes at a time, and what it made of them.
final class Piece {
  var lines: Range<Int> = 0..<0
  var signatures: [Signature] = []
  var hits: [[OverlapHit]] = []
}

/// The lines of a file, lent.
struct Texts: Sendable {
  let bytes: [UInt8]
  let ranges: [Range<Int>]

  init(_ path: String) throws {
    let file = try OpenFile(path)
    let bytes = try file.bytes(count: file.byteCount)
    var ranges: [Range<Int>] = []
    bytes.withUnsafeBufferPointer { room in
      var start = 0
      while start < room.count {
        let found = memchr(room.baseAddress! + start, 10, room.count - start)
        let end =
          found.map { $0 - UnsafeMutableRawPointer(mutating: room.baseAddress!) } ?? room.count
        ranges.append(start..<end)
        start = end + 1
      }
    }
    self.bytes = bytes
    self.ranges = ranges
  }

  /// Takes some lines at a time to each worker and what it made of them back in order.
  func convey(
    workers: Int, makeWork: @escaping @Sendable () -> (Piece) throws -> Void,
    collect: (Piece) throws -> Void
  ) throws {
    var next = 0
    let count = ranges.count
    let conveyor = Conveyor(pieces: (0..<workers * 2).map { _ in Piece() }) { piece in
      if next == count { return false }
      piece.lines = next..<min(count, next + 256)
      next = piece.lines.upperBound
      return true
    }
    try conveyor.run(workers: workers, makeWork: makeWork, collect: collect)
  }

  func span(_ line: Int, _ body: (Span<UInt8>) -> Void) {
    body(bytes.span.extracting(ranges[line]))
  }
}

func now() -> Double { ProcessInfo.processInfo.systemUptime }

func near(_ arguments: [String]) throws {
  let texts = try Texts(arguments[0])
  let workers = Int(arguments[2])!
  var prefixes: [String] = []
  if let place = arguments.firstIndex(of: "--prefixes") {
    prefixes = try String(contentsOfFile: arguments[place + 1], encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }
  let start = now()
  var frequent: FrequentLines?
  if arguments.contains("--lines") {
    var counts = LineCounts()
    var lines = Lines()
    for line in texts.ranges.indices {
      texts.span(line) { lines.read($0) }
      counts.add(lines)
    }
    frequent = FrequentLines(counts)
  }
  var search = try NearDuplicates(
    threshold: Double(arguments[1])!,
    boilerplate: Boilerplate(prefixes: prefixes, frequent: frequent), folder: arguments[3])
  let maker = search.makeSignatureMaker()
  try texts.convey(
    workers: workers,
    makeWork: {
      var maker = maker
      return { piece in
        while piece.signatures.count < piece.lines.count { piece.signatures.append(Signature()) }
        for (place, line) in piece.lines.enumerated() {
          texts.span(line) { maker.make($0, into: &piece.signatures[place]) }
        }
      }
    },
    collect: { piece in
      for (place, line) in piece.lines.enumerated() {
        try search.add(piece.signatures[place], as: line)
      }
    })
  let signed = now()
  let banding = search.banding
  let answer = try search.clusters()
  let end = now()
  if arguments.contains("--clusters") {
    for cluster in answer.clusters {
      print(cluster.members.map(String.init).joined(separator: " "))
    }
  }
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  FileHandle.standardError.write(
    Data(
      """
      {"texts": \(texts.ranges.count), "bytes": \(texts.bytes.count), "signatures": \(signed - start),
       "clusters": \(end - signed), "seconds": \(end - start), "found": \(answer.clusters.count),
       "members": \(answer.clusters.reduce(0) { $0 + $1.members.count }),
       "compared": \(answer.compared), "joined": \(answer.joined), "twins": \(answer.twins),
       "cut": \(answer.cutGroups), "too_large": \(answer.clusters.filter(\.isTooLarge).count),
       "bands": \(banding.bands), "rows": \(banding.rows), "kilobytes": \(usage.ru_maxrss)}

      """.utf8))
}

func overlap(_ arguments: [String]) throws {
  let texts = try Texts(arguments[0])
  let workers = Int(arguments[1])!
  var rules = Set(OverlapRule.allCases)
  if let place = arguments.firstIndex(of: "--rules") {
    rules = Set(
      arguments[place + 1].split(separator: ",").map { OverlapRule(rawValue: String($0))! })
  }
  let start = now()
  let benchmarks = try arguments.dropFirst(2).filter { $0.contains("=") }.map { argument in
    let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
    let items = try Texts(parts[1])
    return Benchmark(
      name: parts[0],
      items: items.ranges.enumerated().map { number, range in
        BenchmarkItem(id: "\(number)", text: Array(items.bytes[range]))
      })
  }
  let index = OverlapIndex(benchmarks, rules: rules)
  let made = now()
  var hits = 0
  var texted = 0
  let isShown = arguments.contains("--hits")
  try texts.convey(
    workers: workers,
    makeWork: {
      var finder = index.makeFinder()
      return { piece in
        piece.hits.removeAll(keepingCapacity: true)
        for line in piece.lines {
          texts.span(line) { piece.hits.append(finder.hits(in: $0)) }
        }
      }
    },
    collect: { piece in
      for (place, line) in piece.lines.enumerated() {
        hits += piece.hits[place].count
        texted += piece.hits[place].isEmpty ? 0 : 1
        guard isShown else { continue }
        for hit in piece.hits[place] {
          print(
            line, hit.rule.rawValue, hit.benchmark, hit.item, hit.bytes.lowerBound,
            hit.bytes.upperBound, hit.share, separator: "\t")
        }
      }
    })
  let end = now()
  FileHandle.standardError.write(
    Data(
      """
      {"texts": \(texts.ranges.count), "bytes": \(texts.bytes.count), "index": \(made - start),
       "seconds": \(end - made), "hits": \(hits), "texts_hit": \(texted)}

      """.utf8))
}

func tokens(_ arguments: [String]) throws {
  let texts = try Texts(arguments[0])
  var list = TokenList()
  for line in texts.ranges.indices {
    texts.span(line) { list.read($0, as: TextForm(rawValue: arguments[1])!) }
    let start = texts.ranges[line].lowerBound
    if arguments.contains("--hashes") {
      print((0..<list.count).map { String(list.hash(at: $0), radix: 16) }.joined(separator: " "))
      continue
    }
    print(
      (0..<list.count).map { place in
        let range = list.bytes(of: place..<place + 1)
        return String(
          decoding: texts.bytes[start + range.lowerBound..<start + range.upperBound], as: UTF8.self)
      }.joined(separator: "|"))
  }
}

var arguments = Array(CommandLine.arguments.dropFirst())
switch arguments.removeFirst() {
case "near": try near(arguments)
case "overlap": try overlap(arguments)
default: try tokens(arguments)
}
