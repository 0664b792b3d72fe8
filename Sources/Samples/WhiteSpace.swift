internal import CSimdJSON
package import Files

// White space is what has the Unicode property White_Space: U+0009-000D, 0020, 0085, 00A0, 1680,
// 2000-200A, 2028, 2029, 202F, 205F and 3000.

private func isWhiteSpace(_ scalar: UInt32) -> Bool {
  switch scalar {
  case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F,
    0x3000:
    true
  default: false
  }
}

/// Bytes of the white space character that begins at `index` of UTF-8 text; 0 where none does.
package func whiteSpaceLength(_ text: Span<UInt8>, at index: Int) -> Int {
  let byte = text[index]
  if byte > 0x20 && byte < 0xC2 { return 0 }
  if byte < 0x80 { return isWhiteSpace(UInt32(byte)) ? 1 : 0 }
  if byte == 0xC2, index + 1 < text.count {
    return text[index + 1] == 0x85 || text[index + 1] == 0xA0 ? 2 : 0
  }
  guard byte == 0xE1 || byte == 0xE2 || byte == 0xE3, index + 2 < text.count else { return 0 }
  let scalar =
    UInt32(byte & 0x0F) << 12 | UInt32(text[index + 1] & 0x3F) << 6 | UInt32(text[index + 2] & 0x3F)
  return isWhiteSpace(scalar) ? 3 : 0
}

/// The part of a JSON string's bytes without the white space at both ends, escaped or not.
package func trimmed(_ bytes: Span<UInt8>) -> Range<Int> {
  var start = 0
  while start < bytes.count {
    let length =
      bytes[start] == 0x5C
      ? escapedWhiteSpace(bytes, at: start) : whiteSpaceLength(bytes, at: start)
    if length == 0 { break }
    start += length
  }
  var end = bytes.count
  while end > start {
    let length = lastWhiteSpace(bytes.extracting(start..<end))
    if length == 0 { break }
    end -= length
  }
  return start..<end
}

/// Bytes of the escape at `index` where it stands for white space, else 0.
private func escapedWhiteSpace(_ bytes: Span<UInt8>, at index: Int) -> Int {
  guard index + 1 < bytes.count else { return 0 }
  switch bytes[index + 1] {
  case UInt8(ascii: "n"), UInt8(ascii: "t"), UInt8(ascii: "r"), UInt8(ascii: "f"): return 2
  case UInt8(ascii: "u"):
    guard index + 6 <= bytes.count else { return 0 }
    let digits = String(copying: bytes.extracting(index + 2..<index + 6))
    return UInt32(digits, radix: 16).map(isWhiteSpace) == true ? 6 : 0
  default: return 0
  }
}

/// Bytes of the white space that the string ends in, as one escape or one character, else 0.
private func lastWhiteSpace(_ bytes: Span<UInt8>) -> Int {
  let count = bytes.count
  for length in [6, 2] where count >= length && beginsEscape(bytes, at: count - length) {
    if escapedWhiteSpace(bytes, at: count - length) == length { return length }
  }
  // The last byte may belong to an escape that is no white space.
  if count >= 2 && beginsEscape(bytes, at: count - 2) { return 0 }
  for length in 1...3 where count >= length {
    if whiteSpaceLength(bytes, at: count - length) == length { return length }
  }
  return 0
}

/// Whether the backslash at `index` begins an escape: an even number of them stands before it.
private func beginsEscape(_ bytes: Span<UInt8>, at index: Int) -> Bool {
  guard bytes[index] == 0x5C else { return false }
  var before = 0
  while index - before > 0 && bytes[index - before - 1] == 0x5C { before += 1 }
  return before % 2 == 0
}

/// Appends the text with runs of white space as one space and none at its ends.
package func foldWhiteSpace(_ text: Span<UInt8>, into output: inout ByteBuffer) {
  var index = 0
  var start = 0
  let first = output.count
  while index < text.count {
    let length = whiteSpaceLength(text, at: index)
    if length == 0 {
      index += 1
      continue
    }
    if length == 1 && text[index] == 0x20 && index > start && index + 1 < text.count
      && whiteSpaceLength(text, at: index + 1) == 0
    {
      // A single space between words stays where it is.
      index += 2
      continue
    }
    output.append(text.extracting(start..<index))
    while index < text.count {
      let more = whiteSpaceLength(text, at: index)
      if more == 0 { break }
      index += more
    }
    start = index
    if output.count > first && index < text.count { output.append(0x20) }
  }
  output.append(text.extracting(start..<text.count))
}
