internal import Files
internal import Foundation
package import Notation
internal import Synchronization

/// A checkpoint that is being written aside, and gets its name when it is whole.
///
/// Beside `OUT` lies `.OUT.merging` with the shards, reserved in full at the start, and a journal of
/// finished tensors. After any end of the process the same merge goes on from there: a tensor counts
/// as finished if its bytes still have the hash that the journal has for it.
package final class StagedCheckpoint: Sendable {
  package let path: String
  package let layout: ShardLayout
  /// Whether tensors were found that an earlier process finished.
  package let isContinued: Bool
  private let staging: String
  private let isDurable: Bool
  private let lock: FileLock
  private let shards: [ShardFile]
  private let journal: Mutex<Journal>

  /// Where the files of the model are until they are published.
  package var folder: String { staging + "/model" }

  /// Begins, or goes on with what `identity` began.
  ///
  /// Throws where the name is taken, another process is at work, or the disk has not enough room.
  package init(_ path: String, layout: ShardLayout, identity: String, isDurable: Bool) throws {
    self.path = path
    self.layout = layout
    self.isDurable = isDurable
    staging = MergeFolders.staging(of: path)
    try Self.checkFree(path)
    try Folder.create(staging)
    lock = try FileLock(staging + "/lock")
    let folder = staging + "/model"
    let journal = try Journal(staging + "/journal.jsonl", identity: identity)
    isContinued = !journal.records.isEmpty
    do {
      if !isContinued && FileManager.default.fileExists(atPath: folder) {
        try FileManager.default.removeItem(atPath: folder)
      }
      try Folder.create(folder)
      var shards: [ShardFile] = []
      for shard in layout.shards {
        shards.append(try ShardFile(folder + "/" + shard.fileName, byteCount: shard.byteCount))
      }
      self.shards = shards
      for (file, shard) in zip(shards, layout.shards) {
        try file.write(shard.header, at: 0)
      }
    } catch {
      // Nothing was merged yet: leave no half of a disk behind.
      if !isContinued { try? FileManager.default.removeItem(atPath: staging) }
      throw error
    }
    self.journal = Mutex(journal)
  }

  /// Refuses a name that something else has; an empty folder is taken over.
  package static func checkFree(_ path: String) throws {
    // A folder cannot be renamed over a link, wherever that leads.
    if (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil {
      throw FileError(path, "is a link; the merged model needs a folder of its own")
    }
    if FileManager.default.fileExists(atPath: path), !Folder.isFolder(path) {
      throw FileError(path, "is a file; the merged model needs a folder of its own")
    }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    guard names.isEmpty else {
      let hasWeights = names.contains { $0.hasSuffix(".safetensors") }
      let what = hasWeights ? "a model" : "other files"
      throw FileError(
        path, "holds \(what) already; give another folder, or remove this one first")
    }
  }

  /// Where the bytes of a tensor go; `isSequential` where one worker writes them in order.
  func place(of tensor: Int, isSequential: Bool, withSHA256: Bool) -> TensorPlace {
    let place = layout.places[tensor]
    return TensorPlace(
      shards[place.shard], offset: place.offset, isSequential: isSequential,
      withSHA256: withSHA256, isDurable: isDurable)
  }

  /// What the journal says of a tensor that was finished before.
  package func record(of tensor: String) -> JSON? { journal.withLock { $0.records[tensor] } }

  /// How many tensors are finished.
  package var finished: Int { journal.withLock { $0.records.count } }

  /// Notes a tensor as finished.
  package func finish(_ tensor: String, record: JSON) throws {
    try journal.withLock { try $0.append(tensor, record) }
  }

  /// Removes what was written.
  func discard() { try? FileManager.default.removeItem(atPath: staging) }

  /// Gives the folder its name; all its other files are in `folder` by now.
  package func publish() throws {
    if isDurable {
      for shard in shards { try shard.sync() }
      Folder.sync(folder)
    }
    try Folder.rename(folder, to: path, isDurable: isDurable)
    try? FileManager.default.removeItem(atPath: staging)
  }
}

/// A tensor's place in its shard, with the hash of what was written there.
///
/// Sound to share: where writes come from one worker in order they are hashed as they come; else
/// nothing but the file is touched, and hashing reads it back.
final class TensorPlace: TensorSink, @unchecked Sendable {
  private let file: ShardFile
  private let offset: Int
  private let isSequential: Bool
  private let withSHA256: Bool
  private let isDurable: Bool
  private var written = 0
  private var hashes = Hashes()

  private struct Hashes: ~Copyable {
    var short = ContentHash()
    var long = SHA256()
  }

  init(
    _ file: ShardFile, offset: Int, isSequential: Bool, withSHA256: Bool, isDurable: Bool
  ) {
    self.file = file
    self.offset = offset
    self.isSequential = isSequential
    self.withSHA256 = withSHA256
    self.isDurable = isDurable
  }

  func write(_ bytes: UnsafeRawBufferPointer, at place: Int) throws {
    try file.write(bytes, at: offset + place)
    if isDurable { file.startWriteBack(at: offset + place, count: bytes.count) }
    guard isSequential else { return }
    precondition(place == written)
    add(bytes)
  }

  private func add(_ bytes: UnsafeRawBufferPointer) {
    let span = Span<UInt8>(_unsafeBytes: bytes)
    hashes.short.update(span)
    if withSHA256 { hashes.long.update(span) }
    written += bytes.count
  }

  /// The hashes of the tensor's bytes, of which there are so many.
  func digest(byteCount: Int) throws -> (xxh3: String, sha256: String?) {
    if written < byteCount {
      precondition(written == 0)
      let room = UnsafeMutableRawBufferPointer.allocate(
        byteCount: min(byteCount, 1 << 20), alignment: 64)
      defer { room.deallocate() }
      while written < byteCount {
        let part = UnsafeMutableRawBufferPointer(
          rebasing: room[..<min(room.count, byteCount - written)])
        try file.read(part, at: offset + written)
        add(UnsafeRawBufferPointer(part))
      }
    }
    var long = SHA256()
    swap(&long, &hashes.long)
    return (hashes.short.digest.description, withSHA256 ? hex(long.finish()) : nil)
  }
}
