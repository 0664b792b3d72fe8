import Files
import Testing

struct ByteBufferTests {
  @Test func `bytes appended in any way and number stay as they were`() {
    var random = SplitMix64(seed: 11)
    var buffer = ByteBuffer(capacity: 1)
    var expected: [UInt8] = []
    for _ in 0..<2_000 {
      let bytes = (0..<random.int(0...random.pick([3, 100]))).map { _ in UInt8(random.int(32...126))
      }
      switch random.int(0...5) {
      case 0: for byte in bytes { buffer.append(byte) }
      case 1: buffer.append(bytes.span)
      case 2: buffer.append(String(decoding: bytes, as: UTF8.self))
      case 3:
        buffer.append(upTo: bytes.count + random.int(0...9)) { room in
          room.copyBytes(from: bytes)
          return bytes.count
        }
      case 4:
        buffer.truncate(to: expected.count / 2)
        expected.removeLast(expected.count - expected.count / 2)
        continue
      default: buffer.append(bytes)
      }
      expected += bytes
    }
    let found = buffer.bytes.array
    #expect(found == expected)
    let tail = buffer.withBytes(from: expected.count / 2) { Array($0) }
    #expect(tail == Array(expected[(expected.count / 2)...]))
  }

  @Test func `a tail moves to another buffer`() {
    var buffer = ByteBuffer()
    var other = ByteBuffer()
    buffer.append("head tail")
    other.append("long ")
    buffer.moveTail(from: 5, to: &other)
    let texts =
      [String(decoding: buffer.bytes.array, as: UTF8.self)]
      + [String(decoding: other.bytes.array, as: UTF8.self)]
    #expect(texts == ["head ", "long tail"])
    buffer.removeAll()
    let isEmpty = buffer.isEmpty
    #expect(isEmpty)
  }

  @Test func `eight bytes are stored lowest first`() {
    var buffer = ByteBuffer()
    buffer.append(Array(repeating: 0xFF, count: 10))
    buffer.store(0x0102_0304_0506_0708, at: 1)
    let bytes = buffer.bytes.array
    #expect(bytes == [0xFF, 8, 7, 6, 5, 4, 3, 2, 1, 0xFF])
  }
}
