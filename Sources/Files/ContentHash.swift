internal import CCrypto
internal import CXXHash

#if canImport(Glibc)
  internal import Glibc
#endif

/// A 128-bit hash; as text the 32 hexadecimal digits that `xxh128sum` prints.
package struct Digest: Hashable, Sendable, CustomStringConvertible {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// XXH3 of bytes at hand (https://github.com/Cyan4973/xxHash, specification of XXH3_128bits).
  package init(of bytes: Span<UInt8>) {
    let hash = bytes.withUnsafeBytes { bm_xxh3_128($0.baseAddress, $0.count) }
    self.init(high: hash.high64, low: hash.low64)
  }

  package var description: String { hex(high) + hex(low) }

  /// Half of a good hash is one.
  package func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// Sixteen hexadecimal digits.
package func hex(_ value: UInt64) -> String {
  String(unsafeUninitializedCapacity: 16) { digits in
    for index in 0..<16 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 15
      digits[index] = nibble < 10 ? 0x30 + nibble : 0x57 + nibble
    }
    return 16
  }
}

/// The 64-bit XXH3 of bytes at hand.
package func fastHash(of bytes: Span<UInt8>) -> UInt64 {
  bytes.withUnsafeBytes { bm_xxh3_64($0.baseAddress, $0.count) }
}

/// XXH3 with 128 bits over bytes that come in pieces; some 30 GB/s.
package struct ContentHash: ~Copyable {
  private let state: OpaquePointer

  package init() {
    state = XXH3_createState()
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  package mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { bm_xxh3_128_update(state, $0.baseAddress, $0.count) }
  }

  package var digest: Digest {
    let hash = XXH3_128bits_digest(state)
    return Digest(high: hash.high64, low: hash.low64)
  }
}

/// SHA-256 over bytes that come in pieces.
package struct SHA256: ~Copyable {
  private let context: OpaquePointer

  package init() {
    context = EVP_MD_CTX_new()
    EVP_DigestInit_ex(context, EVP_sha256(), nil)
  }

  deinit { EVP_MD_CTX_free(context) }

  package mutating func update(_ bytes: Span<UInt8>) {
    bytes.withUnsafeBytes { _ = EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
  }

  /// The 32 bytes of the digest; nothing can be added afterwards.
  package consuming func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
    var length: UInt32 = 0
    EVP_DigestFinal_ex(context, &digest, &length)
    return Array(digest.prefix(Int(length)))
  }
}

/// The SHA-256 of bytes at hand.
package func sha256(of bytes: [UInt8]) -> [UInt8] {
  var hash = SHA256()
  hash.update(bytes.span)
  return hash.finish()
}

/// The SHA-256 of a whole file, in hexadecimal; one pass of its own over the bytes.
package func sha256(ofFile path: String) throws(FileError) -> String {
  let stream = try FileStream(path)
  var hash = SHA256()
  var buffer = ByteBuffer(capacity: 1 << 20)
  while try stream.read(into: &buffer, upTo: 1 << 20) > 0 {
    hash.update(buffer.bytes)
    buffer.removeAll()
  }
  return hex(hash.finish())
}

/// Two hexadecimal digits for each byte.
package func hex(_ bytes: [UInt8]) -> String {
  bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
