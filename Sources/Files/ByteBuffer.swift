#if canImport(Glibc)
  internal import Glibc
#endif

/// Growing, reusable memory for bytes; what is appended is copied once and never cleared.
///
/// `padding` readable bytes follow the last one, so that scanners may look past the end.
package struct ByteBuffer: ~Copyable {
  package static let padding = 64

  private var base: UnsafeMutableRawPointer
  package private(set) var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int = 1 << 12) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity + Self.padding, alignment: 64)
  }

  deinit { base.deallocate() }

  package var isEmpty: Bool { count == 0 }

  /// The bytes, lent until the buffer changes.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    borrowing get {
      let pointer = UnsafeRawBufferPointer(start: base, count: count)
      let span = Span<UInt8>(_unsafeBytes: pointer)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  package mutating func removeAll() { count = 0 }

  /// Forgets what was appended after `count` bytes.
  package mutating func truncate(to count: Int) {
    precondition(count <= self.count)
    self.count = count
  }

  /// Makes room for `more` bytes; growing doubles, so that appending stays linear.
  package mutating func reserve(_ more: Int) {
    guard count + more > capacity else { return }
    let larger = Swift.max(capacity * 2, count + more)
    let fresh = UnsafeMutableRawPointer.allocate(
      byteCount: larger + Self.padding, alignment: 64)
    fresh.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = fresh
    capacity = larger
  }

  package mutating func append(_ byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  package mutating func append(_ bytes: Span<UInt8>) {
    let more = bytes.count
    guard more > 0 else { return }
    reserve(more)
    bytes.withUnsafeBytes { (base + count).copyMemory(from: $0.baseAddress!, byteCount: more) }
    count += more
  }

  package mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { utf8 in append(Span(_unsafeElements: utf8)) }
  }

  /// Writes eight bytes, lowest first, over those at `offset`.
  package mutating func store(_ value: UInt64, at offset: Int) {
    precondition(offset >= 0 && offset + 8 <= count)
    base.storeBytes(of: value.littleEndian, toByteOffset: offset, as: UInt64.self)
  }

  /// Hands out room for `upTo` bytes; `fill` says how many it wrote.
  @discardableResult
  package mutating func append(
    upTo more: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Int
  ) rethrows -> Int {
    reserve(more)
    let written = try fill(UnsafeMutableRawBufferPointer(start: base + count, count: more))
    precondition(written <= more)
    count += written
    return written
  }

  /// Lends the bytes from `start` on to a C function.
  package func withBytes<Result>(
    from start: Int, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try body(UnsafeRawBufferPointer(start: base + start, count: count - start))
  }

  /// Moves the bytes from `start` on to another buffer and forgets them here.
  package mutating func moveTail(from start: Int, to other: inout ByteBuffer) {
    other.append(bytes.extracting(start..<count))
    count = start
  }
}
