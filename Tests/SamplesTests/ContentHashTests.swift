import Files
import Testing

struct ContentHashTests {
  /// Published with xxHash: XXH3_128bits and XXH3_64bits of no bytes.
  @Test func `the hash of nothing is the published one`() {
    let digest = Digest(of: [UInt8]().span)
    #expect(digest.description == "99aa06d3014798d86001c324468d497f")
    let fast = hex(fastHash(of: [UInt8]().span))
    #expect(fast == "2d06800538d394c2")
  }

  @Test func `pieces give the hash of the whole`() {
    var random = SplitMix64(seed: 7)
    for count in [0, 1, 3, 16, 17, 128, 129, 240, 241, 1_024, 5_000] {
      let bytes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      var hash = ContentHash()
      var start = 0
      while start < count {
        let end = min(count, start + random.int(0...random.pick([4, 300, 2_000])))
        hash.update(bytes.span.extracting(start..<end))
        start = end
      }
      let pieces = hash.digest
      let whole = Digest(of: bytes.span)
      #expect(pieces == whole)
    }
  }

  @Test func `hexadecimal keeps its leading zeros`() {
    #expect(hex(0) == "0000000000000000")
    #expect(hex(0xABC) == "0000000000000abc")
    #expect(Digest(high: 1, low: .max).description == "0000000000000001ffffffffffffffff")
  }

  /// FIPS 180-2, appendix B, and of no bytes.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ])
  func `a file's SHA-256 is the published one`(text: String, expected: String) throws {
    try inFolder { folder in
      try write(text, to: folder + "/file")
      #expect(try sha256(ofFile: folder + "/file") == expected)
    }
  }
}
