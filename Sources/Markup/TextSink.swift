/// Text on its way out: lines, with what stands before each of them, and breaks that are written only
/// when something follows.
struct TextSink {
  private(set) var bytes: [UInt8] = []
  /// Line breaks before what follows, wanted by blocks and by `<br>`.
  private var blockBreaks = 0, lineBreaks = 0
  /// White space was met, of which one space is written before a word.
  private(set) var hasSpace = false
  /// White space stood before the first word.
  private(set) var beganWithSpace = false
  /// What every line begins with: `> ` and the spaces of list items.
  private var prefix: [UInt8] = []
  private var prefixes: [Int] = []
  /// A list item's mark is all that the line has.
  private var isAtItem = false

  /// Bytes before a line; deeper lists and quotes are written like the last one that fits.
  private static let longestPrefix = 32

  /// Bytes that stay as they are, lines included.
  mutating func keep(_ text: some Collection<UInt8>) {
    guard !text.isEmpty else { return }
    open()
    put(text)
  }

  /// Words, with each run of white space between them as one space.
  mutating func fold(_ text: ArraySlice<UInt8>) {
    var index = text.startIndex
    while index < text.endIndex {
      if isSpace(text[index]) {
        hasSpace = true
        index += 1
        continue
      }
      // A single space between words stays where it is.
      let start = index
      while index < text.endIndex,
        !isSpace(text[index])
          || text[index] == 0x20 && index + 1 < text.endIndex && !isSpace(text[index + 1])
      {
        index += 1
      }
      open()
      bytes += text[start..<index]
    }
  }

  /// Text outside of blocks, as it is written; its own line breaks do for those that are due.
  mutating func write(_ text: ArraySlice<UInt8>) {
    guard max(blockBreaks, lineBreaks) > 0 else { return keep(text) }
    let rest = text.drop(while: isSpace)
    let breaks = text[..<rest.startIndex].count { $0 == 0x0A }
    lineBreaks = max(lineBreaks, min(breaks, 2))
    keep(rest)
  }

  mutating func space() { hasSpace = true }

  /// A block begins or ends here.
  mutating func breakBlock(_ lines: Int) {
    hasSpace = false
    if !isAtItem { blockBreaks = max(blockBreaks, lines) }
  }

  mutating func breakLine() {
    hasSpace = false
    lineBreaks = min(max(lineBreaks, blockBreaks) + 1, 2)
  }

  mutating func beginItem(_ mark: String) {
    breakBlock(1)
    open()
    bytes += mark.utf8
    push(String(repeating: " ", count: mark.utf8.count))
    isAtItem = true
  }

  mutating func beginQuote() {
    breakBlock(2)
    if isAtItem { bytes += "> ".utf8 }
    push("> ")
  }

  /// Ends what `beginItem` or `beginQuote` began.
  mutating func endLines(_ lines: Int) {
    isAtItem = false
    breakBlock(lines)
    prefix.removeLast(prefixes.removeLast())
  }

  private mutating func push(_ text: String) {
    let fits = prefix.count + text.utf8.count <= Self.longestPrefix
    if fits { prefix += text.utf8 }
    prefixes.append(fits ? text.utf8.count : 0)
  }

  /// Writes the breaks and the space that are due.
  private mutating func open() {
    let breaks = max(blockBreaks, lineBreaks)
    if bytes.isEmpty {
      beganWithSpace = hasSpace && breaks == 0
    } else if breaks > 0 {
      while let last = bytes.last, isSpace(last) { bytes.removeLast() }
      if !bytes.isEmpty { bytes += repeatElement(0x0A, count: breaks) }
    } else if hasSpace, let last = bytes.last, !isSpace(last) {
      bytes.append(0x20)
    }
    if !prefix.isEmpty, bytes.last ?? 0x0A == 0x0A { bytes += prefix }
    (blockBreaks, lineBreaks, hasSpace, isAtItem) = (0, 0, false, false)
  }

  private mutating func put(_ text: some Collection<UInt8>) {
    guard !prefix.isEmpty else {
      bytes += text
      return
    }
    for byte in text {
      if bytes.last == 0x0A, byte != 0x0A { bytes += prefix }
      bytes.append(byte)
    }
  }
}
