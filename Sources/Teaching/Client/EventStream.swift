/// Cuts server-sent events into the data of each, after the WHATWG's HTML Standard, section 9.2.6.
///
/// The bytes may come in any pieces. Only the field `data` is of use here. Unlike there, an event at
/// the end counts although no blank line closes it: some servers leave that out.
struct EventStream {
  /// Bytes from the beginning of the event that is coming in.
  private var pending: [UInt8] = []
  /// Where in them the present line begins, and up to where no line end was found.
  private var lineStart = 0
  private var scanned = 0
  /// The event's data where it is one line so far; more lines are joined.
  private var line: Range<Int>?
  private var joined: [UInt8]?
  private var isFirstLine = true
  /// Whether a newline at the beginning of the present line ends the one before.
  private var followsReturn = false

  private static let newline = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  /// Gives `body` the data of each event that is whole by now.
  mutating func read<Failure: Error>(
    _ bytes: some Collection<UInt8>, _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    pending.append(contentsOf: bytes)
    while let end = lineEnd() {
      let next = lineStart..<end
      followsReturn = pending[end] == Self.carriageReturn
      lineStart = end + 1
      scanned = lineStart
      try take(next, body)
    }
    forget(before: line?.lowerBound ?? lineStart)
  }

  /// The bytes have ended as they should: gives `body` the data of what is still open.
  mutating func finish<Failure: Error>(
    _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    try read(CollectionOfOne(Self.newline), body)
    try dispatch(body)
  }

  private mutating func lineEnd() -> Int? {
    let count = pending.count
    if followsReturn, lineStart < count {
      followsReturn = false
      if pending[lineStart] == Self.newline {
        lineStart += 1
        scanned = lineStart
      }
    }
    let end = Self.lineEnd(in: pending.span, from: scanned)
    scanned = end
    return end < count ? end : nil
  }

  /// The place of the first end of a line, or behind all bytes.
  private static func lineEnd(in bytes: Span<UInt8>, from start: Int) -> Int {
    var place = start
    while place < bytes.count {
      let byte = bytes[place]
      if byte == newline || byte == carriageReturn { break }
      place += 1
    }
    return place
  }

  private mutating func take<Failure: Error>(
    _ range: Range<Int>, _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    var range = range
    if isFirstLine {
      isFirstLine = false
      // A byte order mark.
      if pending[range].starts(with: [0xEF, 0xBB, 0xBF]) { range = range.dropFirst(3) }
    }
    guard !range.isEmpty else { return try dispatch(body) }
    guard pending[range].starts(with: Self.data) else { return }
    var value = range.dropFirst(Self.data.count)
    if let colon = value.first {
      guard pending[colon] == UInt8(ascii: ":") else { return }
      value = value.dropFirst()
      if let first = value.first, pending[first] == UInt8(ascii: " ") { value = value.dropFirst() }
    }
    if joined != nil {
      joined?.append(Self.newline)
      joined?.append(contentsOf: pending[value])
    } else if let line {
      joined = Array(pending[line]) + [Self.newline] + pending[value]
      self.line = nil
    } else {
      line = value
    }
  }

  private static let data = Array("data".utf8)

  private mutating func dispatch<Failure: Error>(
    _ body: (ArraySlice<UInt8>) throws(Failure) -> Void
  ) throws(Failure) {
    if let line {
      self.line = nil
      try body(pending[line])
    } else if let joined {
      self.joined = nil
      try body(joined[...])
    }
  }

  private mutating func forget(before place: Int) {
    guard place > 0 else { return }
    if place == pending.count {
      // A connection that waits for its next piece holds no large memory.
      pending.removeAll(keepingCapacity: pending.capacity <= 1 << 12)
    } else {
      pending.removeSubrange(..<place)
    }
    lineStart -= place
    scanned -= place
    line = line.map { $0.lowerBound - place..<$0.upperBound - place }
  }
}
