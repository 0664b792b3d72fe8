internal import Files
internal import Foundation
internal import Fusion
internal import Lineage
internal import Notation
internal import Synchronization
internal import Workflow

/// What the ledger says of a file's bytes.
struct FileClaim: Sendable {
  let path: String
  let matter: Matter
  /// Whose file it is, in words: `made by 'merge'`.
  let owner: String
  var byteCount: Int?
  var xxh3: String?
  var sha256: String?
  /// Pieces of the file with hashes of their own.
  var parts: [Part] = []

  struct Part: Sendable {
    let name: String
    let range: Range<Int>
    let xxh3: String
  }

  init(
    _ path: String, _ matter: Matter, _ owner: String, byteCount: Int? = nil, xxh3: String? = nil,
    sha256: String? = nil
  ) {
    self.path = path
    self.matter = matter
    self.owner = owner
    self.byteCount = byteCount
    self.xxh3 = xxh3
    self.sha256 = sha256
  }
}

/// All that is to be proved of whole files: each file is read once, however much is said of it.
struct FileClaims {
  private var claims: [String: [FileClaim]] = [:]

  mutating func add(_ claim: FileClaim) {
    claims[URL(fileURLWithPath: claim.path).standardizedFileURL.path, default: []].append(claim)
  }

  /// Bytes to be read, as far as the files are there.
  var byteCount: Int {
    claims.keys.reduce(0) { $0 + ((try? ContentHashes.Look($1).byteCount) ?? 0) }
  }

  /// Reads the files, several at once, and holds them against what is said of them.
  func prove(_ ledger: Ledger, workers: Int, _ proof: Proof, _ meter: ReadingMeter) throws {
    // The largest come first, so that no worker is left with one at the end.
    let files = claims.map { path, claims in
      (path: path, claims: claims, size: (try? ContentHashes.Look(path).byteCount) ?? 0)
    }.sorted { ($1.size, $0.path) < ($0.size, $1.path) }
    var memory: [String: FileState] = [:]
    for file in files { memory[file.path] = try ledger.fileState(of: file.path) }
    let remembered = memory
    try Crew(workers: workers).share(files.count) { number, _ in
      let (path, claims, _) = files[number]
      do {
        let look = try ContentHashes.Look(path)
        let parts = claims.flatMap(\.parts).sorted { $0.range.lowerBound < $1.range.lowerBound }
        let reading = try FileReading(
          path, withSHA256: claims.contains { $0.sha256 != nil }, parts: parts, meter)
        for claim in claims { Self.compare(claim, reading, proof) }
        for (part, xxh3) in zip(parts, reading.parts) {
          proof.expect(
            .tensor, part.xxh3 == xxh3, "a tensor has other bytes than were merged",
            at: "\(quoted(path)): \(quoted(part.name))", expected: part.xxh3, found: xxh3)
        }
        Self.compareMemory(remembered[path], look, reading, proof)
      } catch let error as Interrupted {
        throw error
      } catch {
        for claim in claims {
          proof.cannotCheck(
            claim.matter, "a file cannot be read", at: "\(quoted(path)), \(claim.owner)",
            because: "\(error)")
        }
      }
    }
  }

  private static func compare(_ claim: FileClaim, _ reading: FileReading, _ proof: Proof) {
    let place = "\(quoted(claim.path)), \(claim.owner)"
    func text(_ count: Int?, _ xxh3: String?, _ sha256: String?) -> String {
      [
        count.map { "\($0) bytes" }, xxh3.map { "XXH3 \($0)" }, sha256.map { "SHA-256 \($0)" },
      ].compactMap { $0 }.joined(separator: ", ")
    }
    let isSame =
      claim.byteCount ?? reading.byteCount == reading.byteCount
      && claim.xxh3 ?? reading.xxh3 == reading.xxh3
      && (claim.sha256 == nil || claim.sha256 == reading.sha256)
    proof.expect(
      claim.matter, isSame, "a file is not what it was", at: place,
      expected: text(claim.byteCount, claim.xxh3, claim.sha256),
      found: text(
        claim.byteCount.map { _ in reading.byteCount }, claim.xxh3.map { _ in reading.xxh3 },
        claim.sha256.flatMap { _ in reading.sha256 }))
  }

  /// A remembered hash that would be trusted must be that of the bytes.
  private static func compareMemory(
    _ known: FileState?, _ look: ContentHashes.Look, _ reading: FileReading, _ proof: Proof
  ) {
    guard let known, look.isLook(of: known) else { return }
    proof.expect(
      .memory,
      known.xxh3 == reading.xxh3
        && (known.sha256 == nil || reading.sha256 == nil || known.sha256 == reading.sha256),
      "the ledger would trust a wrong hash of a file", at: quoted(known.path),
      expected: reading.xxh3, found: known.xxh3)
  }
}

/// A file read from its first byte to its last.
private struct FileReading {
  let byteCount: Int
  let xxh3: String
  let sha256: String?
  /// The hashes of the pieces that were asked for, in their order.
  let parts: [String]

  init(
    _ path: String, withSHA256: Bool, parts: [FileClaim.Part], _ meter: ReadingMeter
  ) throws {
    let stream = try FileStream(path)
    var buffer = ByteBuffer(capacity: 1 << 20)
    var long = SHA256()
    var pieces = Pieces(parts.map(\.range))
    let doing = "reading \(path.fileName)"
    while true {
      let start = stream.position
      let count = try stream.read(into: &buffer, upTo: 1 << 20)
      guard count > 0 else { break }
      try Interruption.check()
      if withSHA256 { long.update(buffer.bytes) }
      pieces.take(buffer.bytes, from: start)
      meter.read(count, doing)
      buffer.removeAll()
    }
    byteCount = stream.position
    xxh3 = stream.digest.description
    sha256 = withSHA256 ? hex(long.finish()) : nil
    self.parts = pieces.finish()
  }

  /// Pieces of a file that come one after another and do not overlap.
  private struct Pieces: ~Copyable {
    private let ranges: [Range<Int>]
    private var hash = ContentHash()
    private var digests: [String] = []

    init(_ ranges: [Range<Int>]) { self.ranges = ranges }

    mutating func take(_ bytes: Span<UInt8>, from start: Int) {
      let end = start + bytes.count
      while digests.count < ranges.count {
        let range = ranges[digests.count]
        let part = range.clamped(to: start..<end)
        if !part.isEmpty {
          hash.update(bytes.extracting(part.lowerBound - start..<part.upperBound - start))
        }
        guard range.upperBound <= end else { return }
        close()
      }
    }

    private mutating func close() {
      digests.append(hash.digest.description)
      hash = ContentHash()
    }

    /// Of a file that ended before them the last ones have the hashes of what was there.
    consuming func finish() -> [String] {
      while digests.count < ranges.count { close() }
      return digests
    }
  }
}
