import Foundation
import Notation
import Testing

@testable import Fusion

/// Valid headers with a few bytes, numbers or pieces of text exchanged, from a fixed seed.
///
/// The long form, of a million: `make fuzz`.
struct SafetensorsFuzzTests {
  static let count = ProcessInfo.processInfo.environment["BRANCHMERGE_FUZZ"].flatMap(Int.init)

  @Test func `no header makes the reader crash, and what it accepts keeps every promise`() {
    var mutator = Mutator(seed: 1)
    var accepted = 0
    let count = Self.count ?? 4000
    for number in 0..<count {
      let bytes = mutator.file()
      guard let header = try? SafetensorsHeader(file: bytes) else { continue }
      accepted += 1
      if let broken = broken(header, of: bytes.count) {
        Issue.record("file \(number): \(broken): \(String(decoding: bytes, as: UTF8.self))")
        return
      }
    }
    // Neither all nor none: a mutator that only makes garbage tests little.
    #expect(count / 20 < accepted && accepted < count * 3 / 4, "\(accepted) of \(count)")
  }

  @Test func `no JSON makes the reader crash, and what it accepts is read again as the same`() {
    var mutator = Mutator(seed: 2)
    var accepted = 0
    let count = Self.count ?? 4000
    for _ in 0..<count {
      guard let json = try? JSON(parsing: mutator.json()) else { continue }
      accepted += 1
      guard (try? JSON(parsing: Array(json.compact.utf8))) == json,
        (try? JSON(parsing: Array(json.formatted().utf8))) == json
      else {
        Issue.record("read differently: \(json.compact)")
        return
      }
    }
    #expect(count / 20 < accepted && accepted < count * 3 / 4, "\(accepted) of \(count)")
  }

  /// Which promise a header does not keep; nil where all are kept.
  private func broken(_ header: SafetensorsHeader, of byteCount: Int) -> String? {
    if Set(header.tensors.map(\.name)).count != header.tensors.count { return "a name twice" }
    var end = header.byteCount
    for tensor in header.tensors.sorted(by: {
      ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount)
    }) {
      if tensor.offset != end { return "a hole or an overlap" }
      end += tensor.byteCount
      if tensor.shape.contains(where: { $0 < 0 }) { return "a negative dimension" }
      if tensor.shape.count > 64 { return "too many dimensions" }
      if tensor.count * tensor.type.bits != tensor.byteCount * 8 { return "a wrong size" }
      if tensor.file != 0 { return "another file" }
    }
    return end == byteCount ? nil : "bytes that are no tensor's"
  }
}

/// Makes files that are nearly right.
private struct Mutator {
  /// SplitMix64 (Steele, Lea, Flood 2014).
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  private mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  private mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
  private mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[below(elements.count)]
  }

  /// A whole file.
  mutating func file() -> [UInt8] {
    var entries: [String] = []
    if below(2) == 0 { entries.append(#""__metadata__":{"format":"pt","é":"\u00e9"}"#) }
    var end = 0
    for index in 0..<below(5) {
      let type = pick(ElementType.allCases)
      let shape = (0..<below(4)).map { _ in below(4) * 2 }
      let start = end
      end += shape.reduce(type.bits, *) / 8
      entries.append(
        #""\#(pick(["a", "model.layers.", "\\ud83d\\ude00", ""]))\#(index)":{"dtype":"\#(type.rawValue)","#
          + #""shape":\#(shape),"data_offsets":[\#(start),\#(end)]}"#)
    }
    var json = Array(("{" + entries.joined(separator: ",") + "}").utf8)
    for _ in 0..<below(4) { mutate(&json) }
    var bytes = littleEndian(UInt64(json.count)) + json + [UInt8](repeating: 0, count: end)
    switch below(16) {
    case 0: bytes[below(8)] = UInt8(truncatingIfNeeded: next())
    case 1: bytes.append(0)
    case 2: bytes.removeLast(1 + below(bytes.count))
    default: break
    }
    return bytes
  }

  mutating func json() -> [UInt8] {
    var json = Array(
      #"{"a": [1, -0.5e+3, true, null, []], "b\n\u00e4": {"c": "\ud83d\ude00é"}, "d": false}"#.utf8)
    for _ in 0..<below(4) { mutate(&json) }
    return json
  }

  private static let pieces = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "1", "-", ".", "e", " ", "\n", "null", "true",
    "\\u0000", "\\ud800", "\\udc00", "\u{0}", "é", "18446744073709551615", "18446744073709551616",
    "9223372036854775807", "9223372036854775808", "1e9", "[]", "{}", "\"dtype\":", "\"F4\"",
    "\"data_offsets\":[0,0]", "\"shape\":[]", "__metadata__", "\"a\":{},",
  ].map { Array($0.utf8) }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let place = below(bytes.count)
    let length = min(below(12), bytes.count - place)
    switch below(7) {
    case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
    case 1: bytes[place] ^= 1 << UInt8(below(8))
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: below(bytes.count))
    case 4: bytes.insert(contentsOf: pick(Self.pieces), at: place)
    case 5: bytes.replaceSubrange(place..<place + min(length, 2), with: pick(Self.pieces))
    default:
      // A digit for another one is what most often stays valid JSON.
      guard let digit = bytes[place...].firstIndex(where: { 0x30...0x39 ~= $0 }) else { return }
      bytes[digit] = 0x30 + UInt8(below(10))
    }
  }
}
