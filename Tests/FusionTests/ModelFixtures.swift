import Files
import Foundation
import Testing

@testable import Fusion

/// A temporary folder that ends with its owner.
final class Scratch {
  let path: String

  init(in folder: String = FileManager.default.temporaryDirectory.path) throws {
    path = folder + "/fusion-" + UUID().uuidString
    try Folder.create(path)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with its folders, and returns its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Folder.create((file as NSString).deletingLastPathComponent)
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
  }

  func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }
}

/// A tensor to write, its values rounded to the type when they are.
struct FixtureTensor {
  var name: String
  var type: ElementType = .bf16
  var shape: [Int]
  var values: [Double]

  init(_ name: String, _ type: ElementType = .bf16, _ shape: [Int], _ values: [Double]) {
    precondition(shape.reduce(1, *) == values.count, "\(name): \(shape) and \(values.count) values")
    self.name = name
    self.type = type
    self.shape = shape
    self.values = values
  }

  var bytes: [UInt8] { values.flatMap { type.fixtureBytes($0) } }
}

/// A small model folder, written by rules of its own: the product's code has no part in it.
struct ModelFixture {
  let folder: String

  /// The folder is made, with those above it.
  init(_ folder: String) throws {
    self.folder = folder
    try Folder.create(folder)
  }

  /// Writes the tensors, in their order, into `files` of about equally many, with an index where
  /// there are several, and `config.json` as given.
  @discardableResult
  func write(
    _ tensors: [FixtureTensor], files: Int = 1, config: String? = #"{"model_type": "llama"}"#
  ) throws -> ModelFixture {
    var map: [String] = []
    let size = max(1, (tensors.count + files - 1) / files)
    for file in 0..<files {
      let name =
        files == 1
        ? "model.safetensors"
        : String(format: "model-%05d-of-%05d.safetensors", file + 1, files)
      let part = tensors.dropFirst(file * size).prefix(size)
      try write(name, Self.safetensors(Array(part)))
      map += part.map { "\"\($0.name)\": \"\(name)\"" }
    }
    if files > 1 {
      let total = tensors.reduce(0) { $0 + $1.bytes.count }
      let index =
        "{\"metadata\": {\"total_size\": \(total)}, \"weight_map\": {\(map.joined(separator: ", "))}}"
      try write("model.safetensors.index.json", Array(index.utf8))
    }
    if let config { try write("config.json", Array(config.utf8)) }
    return self
  }

  func write(_ name: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  func write(_ name: String, _ text: String) throws { try write(name, Array(text.utf8)) }

  /// A whole file: header in the order given, then the data.
  static func safetensors(_ tensors: [FixtureTensor]) -> [UInt8] {
    var data: [UInt8] = []
    var entries = [#""__metadata__":{"format":"pt"}"#]
    for tensor in tensors {
      let start = data.count
      data += tensor.bytes
      entries.append(
        "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type.rawValue)\",\"shape\":\(tensor.shape),"
          + "\"data_offsets\":[\(start),\(data.count)]}")
    }
    return safetensors(header: "{" + entries.joined(separator: ",") + "}", data: data)
  }

  /// Any text as a header, its true length before it and any bytes after it.
  static func safetensors(header: String, data: [UInt8] = []) -> [UInt8] {
    littleEndian(UInt64(header.utf8.count)) + Array(header.utf8) + data
  }
}

extension Checkpoint {
  /// The values of a tensor, widened exactly.
  func values(_ name: String) throws -> [Double] {
    let tensor = try #require(self[name], "there is no tensor '\(name)'")
    var bytes = [UInt8](repeating: 0, count: tensor.byteCount)
    try bytes.withUnsafeMutableBytes { room in
      try files[tensor.file].read(at: tensor.offset, into: room)
    }
    let size = tensor.type.bits / 8
    return stride(from: 0, to: bytes.count, by: size).map { place in
      tensor.type.fixtureValue(Array(bytes[place..<place + size]))
    }
  }
}

func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

extension ElementType {
  /// A value as bytes, rounded to nearest, ties to even, in one step; types of whole bytes only.
  func fixtureBytes(_ value: Double) -> [UInt8] {
    switch self {
    case .f64: littleEndian(value.bitPattern)
    case .f32: littleEndian(Float(value).bitPattern)
    case .f16: littleEndian(UInt16(rounded(value, exponentBits: 5, fractionBits: 10)))
    case .bf16: littleEndian(UInt16(rounded(value, exponentBits: 8, fractionBits: 7)))
    case .f8e5m2: [UInt8(rounded(value, exponentBits: 5, fractionBits: 2))]
    case .i64: littleEndian(Int64(value))
    case .u64: littleEndian(UInt64(value))
    case .i32: littleEndian(Int32(value))
    case .u32: littleEndian(UInt32(value))
    case .i16: littleEndian(Int16(value))
    case .u16: littleEndian(UInt16(value))
    case .i8: littleEndian(Int8(value))
    case .u8, .bool, .f8e4m3: [UInt8(value)]
    default: preconditionFailure("no fixture has \(rawValue)")
    }
  }

  func fixtureValue(_ bytes: [UInt8]) -> Double {
    let bits = bytes.reversed().reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
    return switch self {
    case .f64: Double(bitPattern: bits)
    case .f32: Double(Float(bitPattern: UInt32(bits)))
    case .f16: widened(bits, exponentBits: 5, fractionBits: 10)
    case .bf16: widened(bits, exponentBits: 8, fractionBits: 7)
    case .f8e5m2: widened(bits, exponentBits: 5, fractionBits: 2)
    case .i64: Double(Int64(bitPattern: bits))
    case .i32: Double(Int32(truncatingIfNeeded: bits))
    case .i16: Double(Int16(truncatingIfNeeded: bits))
    case .i8: Double(Int8(truncatingIfNeeded: bits))
    default: Double(bits)
    }
  }
}

/// The bits of an IEEE format that come nearest to a value.
private func rounded(_ value: Double, exponentBits: Int, fractionBits: Int) -> UInt64 {
  let bias = 1 << (exponentBits - 1) - 1
  let infinity = (UInt64(1) << UInt64(exponentBits) - 1) << UInt64(fractionBits)
  let sign: UInt64 = value.sign == .minus ? 1 << UInt64(exponentBits + fractionBits) : 0
  if value.isNaN { return sign | infinity | 1 << UInt64(fractionBits - 1) }
  if value.isInfinite { return sign | infinity }
  if value == 0 { return sign }
  // In units of the last place; a carry into the exponent is the next number, up to infinity.
  let exponent = max(Int(value.exponent), 1 - bias)
  let steps = UInt64(
    scalbn(value.magnitude, fractionBits - exponent).rounded(.toNearestOrEven))
  let offset = UInt64(exponent + bias - 1) << UInt64(fractionBits)
  return sign | min(offset + steps, infinity)
}

private func widened(_ bits: UInt64, exponentBits: Int, fractionBits: Int) -> Double {
  let bias = 1 << (exponentBits - 1) - 1
  let fraction = Double(bits & (1 << UInt64(fractionBits) - 1))
  let exponent = Int(bits >> UInt64(fractionBits)) & (1 << exponentBits - 1)
  let sign = bits >> UInt64(exponentBits + fractionBits) & 1 == 1 ? -1.0 : 1.0
  if exponent == 1 << exponentBits - 1 { return fraction == 0 ? sign * .infinity : .nan }
  let steps = exponent == 0 ? fraction : fraction + Double(1 << fractionBits)
  return sign * scalbn(steps, max(exponent, 1) - bias - fractionBits)
}
