internal import CKernels
internal import Files

/// Random numbers by element: the same for any order of work, any number of workers and any machine.
///
/// Philox-4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), keyed by the
/// first 8 bytes of the SHA-256 of "SEED/TENSOR/STREAM"; element i takes half i mod 2 of block i / 2.
package struct Random: Sendable {
  private let key: (UInt32, UInt32)

  package init(seed: Int, tensor: String, stream: Int) {
    let digest = sha256(of: Array("\(seed)/\(tensor)/\(stream)".utf8))
    func word(_ place: Int) -> UInt32 {
      (0..<4).reduce(0) { $0 | UInt32(digest[place + $1]) << UInt32(8 * $1) }
    }
    key = (word(0), word(4))
  }

  init(key: (UInt32, UInt32)) { self.key = key }

  /// A number from 0 up to but not including 1, with 53 bits.
  package func uniform(_ element: Int) -> Double {
    let words = block(UInt64(element) >> 1)
    let (low, high) = element & 1 == 0 ? (words.0, words.1) : (words.2, words.3)
    return Double((UInt64(high) << 32 | UInt64(low)) >> 11) * 0x1p-53
  }

  /// The same for a run of elements.
  func fill(_ numbers: UnsafeMutablePointer<Double>, _ count: Int, from element: Int) {
    kernels.uniform(key.0, key.1, UInt64(element), numbers, count)
  }

  /// The four words of a block whose counter is this number.
  func block(_ number: UInt64) -> (UInt32, UInt32, UInt32, UInt32) {
    block(UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32), 0, 0)
  }

  func block(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32)
    -> (UInt32, UInt32, UInt32, UInt32)
  {
    var (a, b, c, d, key) = (a, b, c, d, key)
    for _ in 0..<10 {
      let first = a.multipliedFullWidth(by: 0xD251_1F53)
      let second = c.multipliedFullWidth(by: 0xCD9E_8D57)
      (a, b, c, d) = (second.high ^ b ^ key.0, second.low, first.high ^ d ^ key.1, first.low)
      key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
    }
    return (a, b, c, d)
  }
}
