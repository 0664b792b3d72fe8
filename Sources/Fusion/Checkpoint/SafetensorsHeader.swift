internal import Notation

/// The description that a safetensors file begins with, held to every rule of the format.
///
/// A header that passes names each tensor once, and their bytes fill the file from the header's
/// end to its own without hole or overlap. Beyond the reference reader, a name may not stand
/// twice, and a shape has at most 64 dimensions, each below 2^63. It is read in one pass, and what
/// is allocated is a small multiple of its own length.
///
/// https://github.com/huggingface/safetensors, section Format of the read-me.
package struct SafetensorsHeader: Sendable {
  /// In the header's order, with places counted from the start of the file.
  package let tensors: [StoredTensor]
  package let metadata: [(key: String, value: String)]
  /// Up to the first byte of data: eight bytes, and the header they announce.
  package let byteCount: Int

  static let byteLimit = 100_000_000
  static let rankLimit = 64

  /// How long the JSON after the first eight bytes is, asked before room is made for it.
  static func jsonByteCount(of start: [UInt8], fileByteCount: Int) throws(SafetensorsFault) -> Int {
    guard fileByteCount >= 8, start.count >= 8 else {
      throw SafetensorsFault(
        .tooShort,
        fileByteCount == 0
          ? "is empty" : "has \(fileByteCount) bytes, and the shortest safetensors file has 10")
    }
    let count = start.prefix(8).reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    guard count <= byteLimit else {
      throw SafetensorsFault(
        .headerTooLarge,
        ForeignFile(start)?.refusal
          ?? "is no safetensors file: its header would have \(count) bytes, and \(byteLimit) are"
          + " the limit; fetch it again")
    }
    guard count <= fileByteCount - 8 else {
      throw SafetensorsFault(
        .headerCutShort,
        "ends inside its header: \(count) bytes of it should follow the first 8, and"
          + " \(fileByteCount - 8) do")
    }
    return Int(count)
  }

  /// Reads the JSON that follows the first eight bytes of a file of a known length.
  init(parsing json: [UInt8], fileByteCount: Int) throws(SafetensorsFault) {
    byteCount = 8 + json.count
    var tensors: [StoredTensor]
    do {
      var reader = HeaderReader(scanner: try JSONScanner(json))
      try reader.read()
      (tensors, metadata) = (reader.tensors, reader.metadata)
    } catch let error as JSONError {
      throw SafetensorsFault(.header, byte: 8 + error.offset, error.message)
    } catch {
      throw error as? SafetensorsFault ?? SafetensorsFault(.header, "\(error)")
    }
    try Self.check(tensors, fillExactly: fileByteCount - byteCount)
    for index in tensors.indices { tensors[index].offset += byteCount }
    self.tensors = tensors
  }

  /// From the first byte of data to the last, every byte belongs to one tensor.
  private static func check(
    _ tensors: [StoredTensor], fillExactly byteCount: Int
  ) throws(SafetensorsFault) {
    let order = tensors.indices.sorted {
      (tensors[$0].offset, tensors[$0].byteCount) < (tensors[$1].offset, tensors[$1].byteCount)
    }
    var end = 0
    var previous: StoredTensor?
    for index in order {
      let tensor = tensors[index]
      guard tensor.offset == end else {
        let before = previous.map { quoted($0.name) } ?? "the start"
        throw SafetensorsFault(
          .placement, tensor: tensor.name,
          tensor.offset > end
            ? "\(tensor.offset - end) bytes lie unused between \(before) and it"
            : "it overlaps \(before)")
      }
      end += tensor.byteCount
      previous = tensor
    }
    guard end <= byteCount else {
      throw SafetensorsFault(
        .length, "ends \(end - byteCount) bytes early: it was cut short; fetch it again")
    }
    guard end == byteCount else {
      throw SafetensorsFault(
        .length,
        "has \(byteCount - end) bytes after its last tensor, which nothing describes; it is"
          + " damaged, or hides something: fetch it again from where you trust it")
    }
  }
}

/// Goes through a header once and keeps what it describes, places counted from the first data byte.
private struct HeaderReader {
  var scanner: JSONScanner
  var tensors: [StoredTensor] = []
  var metadata: [(key: String, value: String)] = []
  private var names: Set<String> = []

  init(scanner: JSONScanner) { self.scanner = scanner }

  mutating func read() throws {
    try scanner.enterObject()
    while let name = try scanner.nextKey() {
      // Compared as Swift's strings are everywhere, so that no two names are ever mistaken.
      guard names.insert(name).inserted else {
        throw SafetensorsFault(
          .duplicate, tensor: name, byte: 8 + scanner.keyOffset, "the name is there twice")
      }
      if name == "__metadata__" {
        try readMetadata()
      } else {
        tensors.append(try tensor(name))
      }
    }
    try scanner.finish()
  }

  private mutating func readMetadata() throws {
    var keys: Set<String> = []
    try scanner.enterObject()
    while let key = try scanner.nextKey() {
      guard keys.insert(key).inserted else {
        throw SafetensorsFault(
          .duplicate, tensor: "__metadata__", byte: 8 + scanner.keyOffset,
          "the key \(quoted(key)) is there twice")
      }
      metadata.append((key, try scanner.string()))
    }
  }

  private mutating func tensor(_ name: String) throws -> StoredTensor {
    let start = 8 + scanner.keyOffset
    func fault(_ rule: SafetensorsFault.Rule, _ message: String) -> SafetensorsFault {
      SafetensorsFault(rule, tensor: name, byte: start, message)
    }
    var type: ElementType?
    var shape: [Int]?
    var ends: [Int]?
    do {
      try scanner.enterObject()
      while let key = try scanner.nextKey() {
        switch key {
        case "dtype":
          guard type == nil else { throw fault(.header, "it has two 'dtype'") }
          let spelling = try scanner.string()
          guard let known = ElementType(rawValue: spelling) else {
            throw fault(.header, "its type \(quoted(spelling)) is none that this program knows")
          }
          type = known
        case "shape":
          guard shape == nil else { throw fault(.header, "it has two 'shape'") }
          shape = try numbers(
            upTo: SafetensorsHeader.rankLimit, or: fault(.header, "it has over 64 dimensions"),
            orBeyond: fault(.overflow, "its shape has a number beyond 2^63"))
        case "data_offsets":
          guard ends == nil else { throw fault(.header, "it has two 'data_offsets'") }
          ends = try numbers(
            upTo: 2, or: fault(.header, "its 'data_offsets' are more than two"),
            orBeyond: fault(.placement, "its 'data_offsets' have a number beyond 2^63"))
        default: try scanner.skip()
        }
      }
    } catch let error as JSONError {
      throw SafetensorsFault(.header, tensor: name, byte: 8 + error.offset, error.message)
    }
    guard let type else { throw fault(.header, "its 'dtype' is missing") }
    guard let shape else { throw fault(.header, "its 'shape' is missing") }
    guard let ends else { throw fault(.header, "its 'data_offsets' are missing") }
    guard ends.count == 2 else { throw fault(.header, "its 'data_offsets' are not two numbers") }

    guard let bits = type.bitCount(of: shape) else {
      throw fault(.overflow, "\(type.rawValue) \(shape) has more bytes than a machine can count")
    }
    guard bits % 8 == 0 else {
      throw fault(.partialByte, "\(type.rawValue) \(shape) has \(bits) bits, and 8 make a byte")
    }
    guard ends[0] <= ends[1] else {
      throw fault(.placement, "it begins at \(ends[0]) and ends before that, at \(ends[1])")
    }
    guard ends[1] - ends[0] == bits / 8 else {
      throw fault(
        .size,
        "\(type.rawValue) \(shape) needs \(bits / 8) bytes, and it has \(ends[1] - ends[0])")
    }
    return StoredTensor(
      name: name, type: type, shape: shape, file: 0, offset: ends[0], byteCount: bits / 8)
  }

  private mutating func numbers(
    upTo limit: Int, or excess: @autoclosure () -> SafetensorsFault,
    orBeyond beyond: @autoclosure () -> SafetensorsFault
  ) throws -> [Int] {
    var numbers: [Int] = []
    try scanner.enterArray()
    while try scanner.nextElement() {
      guard numbers.count < limit else { throw excess() }
      guard let number = Int(exactly: try scanner.unsigned()) else { throw beyond() }
      numbers.append(number)
    }
    return numbers
  }
}

extension ElementType {
  /// The bits of a tensor of that shape; nil where there are more than a machine can count.
  func bitCount(of shape: [Int]) -> Int? {
    // From the left, so that every later product over the dimensions is known to fit.
    var bits = 1
    for factor in shape + [self.bits] {
      let (product, isTooLarge) = bits.multipliedReportingOverflow(by: factor)
      guard !isTooLarge else { return nil }
      bits = product
    }
    return bits
  }
}
