internal import CKernels
internal import Files
internal import Foundation
package import Notation

/// Tensors of a merged model, made again from the inputs and held against the model's bytes; nothing
/// is written.
///
/// The result is the same for any number of workers, as a merge's is. Each worker makes one tensor
/// at a time, in the memory that a merge takes.
package struct MergeProof: Sendable {
  package let plan: MergePlan
  private let merged: Checkpoint

  /// `merged` is the model that the plan was carried out as.
  package init(_ plan: MergePlan, of merged: Checkpoint) {
    self.plan = plan
    self.merged = merged
  }

  /// What a tensor came to.
  package struct Tensor: Sendable {
    package let name: String
    /// What the report says of the tensor that was made again, its hash included.
    package let record: JSON
    /// The first byte of the tensor in which the model differs from it; nil where all are the same.
    package let firstDifference: Int?
    /// Whether the model has a tensor of this name, type and shape.
    package let isThere: Bool
  }

  /// Makes some of the plan's tensors again, given by their places in it, and lends each as it is
  /// done, in any order, one at a time.
  package func run(
    _ places: [Int], _ options: Merger.Options, withSHA256: Bool = false,
    _ body: @escaping @Sendable (Tensor) throws -> Void
  ) throws {
    let merger = Merger(options)
    let tensors = try merger.settled(plan.tensors)
    let lock = NSLock()
    try merger.crew.share(places.count) { number, worker in
      try Interruption.check()
      let tensor = tensors[places[number]]
      let stored = merged[tensor.name].flatMap { stored in
        stored.type == tensor.type && stored.shape == tensor.shape ? stored : nil
      }
      let sink = ComparingSink(
        stored.map { (merged.files[$0.file], $0.offset) }, withSHA256: withSHA256)
      var record = try merger.merge(tensors[places[number]], lead: worker, sink)
      record += sink.hashes
      try lock.withLock {
        try body(
          Tensor(
            name: tensor.name, record: .object(record), firstDifference: sink.firstDifference,
            isThere: stored != nil))
      }
    }
  }

  /// Some tensors, the same ones each time, one for every twenty and at least `least`.
  package func sample(least: Int = 16) -> [Int] {
    let tensors = plan.tensors
    let count = min(tensors.count, max(least, tensors.count / 20))
    func mark(_ index: Int) -> Digest { Digest(of: Array(tensors[index].name.utf8).span) }
    return tensors.indices.sorted { a, b in
      let (x, y) = (mark(a), mark(b))
      return (x.high, x.low) < (y.high, y.low)
    }.prefix(count).sorted()
  }
}

/// Holds what a tensor is made of against the bytes of a file, and hashes it.
///
/// Sound to share: one worker writes to it, in order.
private final class ComparingSink: TensorSink, @unchecked Sendable {
  private let place: (file: SafetensorsFile, offset: Int)?
  private let withSHA256: Bool
  private var room: UnsafeMutableRawBufferPointer
  private var written = 0
  private var short = ContentHash()
  private var long = SHA256()
  private(set) var firstDifference: Int?

  init(_ place: (file: SafetensorsFile, offset: Int)?, withSHA256: Bool) {
    self.place = place
    self.withSHA256 = withSHA256
    room = .allocate(byteCount: 1 << 20, alignment: 64)
  }

  deinit { room.deallocate() }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
    precondition(offset == written)
    written += bytes.count
    let span = Span<UInt8>(_unsafeBytes: bytes)
    short.update(span)
    if withSHA256 { long.update(span) }
    guard let place, firstDifference == nil else { return }
    for start in stride(from: 0, to: bytes.count, by: room.count) {
      let made = UnsafeRawBufferPointer(
        rebasing: bytes[start..<min(bytes.count, start + room.count)])
      let there = UnsafeMutableRawBufferPointer(rebasing: room[..<made.count])
      try place.file.read(at: place.offset + offset + start, into: there)
      guard let a = there.baseAddress, let b = made.baseAddress, memcmp(a, b, made.count) != 0
      else { continue }
      firstDifference = offset + start + (made.indices.first { made[$0] != there[$0] } ?? 0)
      return
    }
  }

  /// As the report has them; nothing can be written afterwards.
  var hashes: [JSON.Member] {
    var long = SHA256()
    swap(&long, &self.long)
    return [.init("xxh3", .string(short.digest.description))]
      + (withSHA256 ? [.init("sha256", .string(hex(long.finish())))] : [])
  }
}
