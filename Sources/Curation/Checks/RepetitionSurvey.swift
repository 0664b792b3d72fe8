internal import Samples

/// The measures of `repetition` for one text; each is computed when it is asked for.
///
/// A pass over the text for its lines, another for its words, and one over the words for each number
/// of them.
struct RepetitionSurvey {
  private let characters: Int
  private var words: Words?
  private var table: HashCounts?
  private var blocks: (lines: Blocks, paragraphs: Blocks)?

  /// How many lines or paragraphs there are, and how much of them came before.
  private struct Blocks {
    var count = 0
    var repeated = 0
    var characters = 0
    private var seen = HashCounts(for: 64)
    private var capacity = 64

    mutating func add(_ hash: UInt64, characters length: Int) {
      count += 1
      if count > capacity {
        capacity *= 4
        seen = seen.copied(for: capacity)
      }
      guard seen.add(hash) > 1 else { return }
      repeated += 1
      characters += length
    }
  }

  init(_ text: Span<UInt8>) {
    var count = 0
    for index in text.indices where text[unchecked: index] & 0xC0 != 0x80 { count += 1 }
    characters = count
  }

  mutating func share(_ measure: Repetition.Measure, in text: Span<UInt8>) -> Double {
    switch measure {
    case .lines: Self.share(blocks(of: text).lines.repeated, of: blocks(of: text).lines.count)
    case .paragraphs:
      Self.share(blocks(of: text).paragraphs.repeated, of: blocks(of: text).paragraphs.count)
    case .lineCharacters: Self.share(blocks(of: text).lines.characters, of: characters)
    case .paragraphCharacters: Self.share(blocks(of: text).paragraphs.characters, of: characters)
    case .top(let count): Self.share(top(count, in: text), of: characters)
    case .repeated(let count): Self.share(repeated(count, in: text), of: characters)
    }
  }

  private static func share(_ part: Int, of whole: Int) -> Double {
    whole > 0 ? Double(part) / Double(whole) : 0
  }

  /// Characters in the most frequent run of so many words, spaces between them included; none where
  /// each stands there once.
  private mutating func top(_ count: Int, in text: Span<UInt8>) -> Int {
    let words = allWords(of: text)
    guard words.count >= count else { return 0 }
    var counts = emptyTable(for: words.count)
    var most = (times: 0, length: 0)
    var run = Run(words, count)
    for end in count...words.count {
      let times = counts.add(run.hash)
      if times > most.times { most = (times, run.length + count - 1) }
      if end < words.count { run.advance(to: end, words) }
    }
    table = counts
    return most.times > 1 ? most.times * most.length : 0
  }

  /// Characters in runs of so many words that came before; a run that is counted is stepped over.
  private mutating func repeated(_ count: Int, in text: Span<UInt8>) -> Int {
    let words = allWords(of: text)
    guard words.count >= count else { return 0 }
    var counts = emptyTable(for: words.count)
    var total = 0
    var free = 0
    var run = Run(words, count)
    for end in count...words.count {
      if end - count >= free, counts.add(run.hash) > 1 {
        total += run.length
        free = end
      }
      if end < words.count { run.advance(to: end, words) }
    }
    table = counts
    return total
  }

  private mutating func allWords(of text: Span<UInt8>) -> Words {
    if let words { return words }
    let words = Words(text)
    self.words = words
    return words
  }

  /// The table, taken out of here so that it is changed in place.
  private mutating func emptyTable(for count: Int) -> HashCounts {
    guard var table else { return HashCounts(for: count) }
    self.table = nil
    table.removeAll()
    return table
  }

  private mutating func blocks(of text: Span<UInt8>) -> (lines: Blocks, paragraphs: Blocks) {
    if let blocks { return blocks }
    var lines = Blocks()
    var paragraphs = Blocks()
    var paragraph = (hash: UInt64(0), characters: 0)
    var start = 0
    while start <= text.count {
      var end = start
      while end < text.count, text[unchecked: end] != 0x0A { end += 1 }
      let line = text.extracting(start..<end)
      let content = line.extracting(plainTrimmed(line))
      if content.isEmpty {
        if paragraph.characters > 0 {
          paragraphs.add(paragraph.hash, characters: paragraph.characters)
        }
        paragraph = (0, 0)
      } else {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var length = 0
        for index in content.indices {
          let byte = content[unchecked: index]
          hash = (hash ^ UInt64(byte)) &* 0x9E37_79B9_7F4A_7C15
          if byte & 0xC0 != 0x80 { length += 1 }
        }
        hash ^= hash >> 29
        lines.add(hash, characters: length)
        let space = paragraph.characters > 0 ? 1 : 0
        paragraph = (
          (paragraph.hash &* 0xD6E8_FEB8_6659_FD93) &+ hash, paragraph.characters + length + space
        )
      }
      start = end + 1
    }
    if paragraph.characters > 0 { paragraphs.add(paragraph.hash, characters: paragraph.characters) }
    blocks = (lines, paragraphs)
    return (lines, paragraphs)
  }
}

/// The hash of so many words in a row, moved on word by word.
struct Run {
  private(set) var hash: UInt64 = 0
  /// Characters of its words.
  private(set) var length = 0
  private let count: Int
  /// What the first word's hash was multiplied by.
  private var weight: UInt64 = 1

  /// The first `count` words, of which there are so many.
  init(_ words: Words, _ count: Int) {
    self.count = count
    for index in 0..<count {
      hash = hash &* Self.factor &+ words.hashes[index]
      length += words.lengths[index]
      if index > 0 { weight = weight &* Self.factor }
    }
  }

  /// Takes in the word at `end` and lets go of the first.
  mutating func advance(to end: Int, _ words: Words) {
    let first = end - count
    hash = (hash &- words.hashes[first] &* weight) &* Self.factor &+ words.hashes[end]
    length += words.lengths[end] - words.lengths[first]
  }

  private static let factor: UInt64 = 0xD6E8_FEB8_6659_FD93
}
