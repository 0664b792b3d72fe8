import Samples
import Testing

@testable import Curation

struct RepetitionTests {
  /// The same measures, written down as the page of the check says them, over strings.
  private struct Plain {
    let text: String
    var words: [String] {
      var words: [String] = []
      for piece in text.split(whereSeparator: \.isWhitespace) {
        var word = ""
        for scalar in piece.unicodeScalars {
          if 0x3040...0x9FFF ~= scalar.value {
            if !word.isEmpty { words.append(word) }
            words.append(String(scalar))
            word = ""
          } else {
            word.unicodeScalars.append(scalar)
          }
        }
        if !word.isEmpty { words.append(word) }
      }
      return words
    }

    private func length(_ text: some StringProtocol) -> Int { text.unicodeScalars.count }

    private func share(_ part: Int) -> Double {
      length(text) > 0 ? Double(part) / Double(length(text)) : 0
    }

    func top(_ count: Int) -> Double {
      let words = words
      guard words.count >= count else { return 0 }
      var most = (times: 0, length: 0)
      var counts: [String: Int] = [:]
      for start in 0...words.count - count {
        let run = words[start..<start + count].joined(separator: " ")
        counts[run, default: 0] += 1
        if counts[run]! > most.times { most = (counts[run]!, length(run)) }
      }
      return share(most.times > 1 ? most.times * most.length : 0)
    }

    func repeated(_ count: Int) -> Double {
      let words = words
      var seen: Set<String> = []
      var total = 0
      var start = 0
      while start + count <= words.count {
        if seen.insert(words[start..<start + count].joined(separator: " ")).inserted {
          start += 1
        } else {
          total += length(words[start..<start + count].joined())
          start += count
        }
      }
      return share(total)
    }

    func lines() -> (share: Double, characters: Double) {
      let lines = text.split(separator: "\n").map { trimmed($0) }.filter { !$0.isEmpty }
      return repeats(in: lines)
    }

    func paragraphs() -> (share: Double, characters: Double) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { trimmed($0) }
      return repeats(
        in: lines.split(separator: "").map { $0.joined(separator: "\n") }.filter { !$0.isEmpty })
    }

    private func trimmed(_ line: Substring) -> String {
      String(line.trimmingPrefix { $0 == " " }.reversed().trimmingPrefix { $0 == " " }.reversed())
    }

    private func repeats(in parts: [String]) -> (Double, Double) {
      var seen: Set<String> = []
      var count = 0
      var characters = 0
      for part in parts where !seen.insert(part).inserted {
        count += 1
        characters += length(part)
      }
      return (parts.isEmpty ? 0 : Double(count) / Double(parts.count), share(characters))
    }
  }

  @Test func `every measure is what its words say`() {
    var random = SplitMix(seed: 7)
    let pieces = [
      "a", "b", "cc", "é", "求", "和", " ", " ", "  ", "\n", "\n", "\n\n", "a b\n", "the ",
    ]
    for _ in 0..<400 {
      let text = (0..<random.below(60)).map { _ in pieces[random.below(pieces.count)] }.joined()
      let plain = Plain(text: text)
      let bytes = Array(text.utf8)
      var survey = RepetitionSurvey(bytes.span)
      func share(_ measure: Repetition.Measure) -> Double { survey.share(measure, in: bytes.span) }
      #expect(share(.lines) == plain.lines().share, "\(text.debugDescription)")
      #expect(share(.lineCharacters) == plain.lines().characters, "\(text.debugDescription)")
      #expect(share(.paragraphs) == plain.paragraphs().share, "\(text.debugDescription)")
      #expect(
        share(.paragraphCharacters) == plain.paragraphs().characters, "\(text.debugDescription)")
      for count in 1...5 {
        #expect(share(.top(count)) == plain.top(count), "\(count) \(text.debugDescription)")
        #expect(
          share(.repeated(count)) == plain.repeated(count), "\(count) \(text.debugDescription)")
      }
    }
  }

  @Test func `a loop is found with its round, wherever it stands`() throws {
    var random = SplitMix(seed: 3)
    for _ in 0..<200 {
      let round = 1 + random.below(40)
      let rounds = max(3, (24 + round - 1) / round) + random.below(5)
      var number = 0
      func fresh(_ count: Int) -> [String] {
        (0..<count).map { _ in
          number += 1
          return "w\(number)"
        }
      }
      let before = fresh(random.below(50))
      let once = fresh(round)
      let loop = (0..<rounds).flatMap { _ in once }
      let text = (before + loop + fresh(random.below(50))).joined(separator: " ")
      let rule = try RuleInHand("x: {loop: {at_most: 0}}", ["x": .text])
      let told = try withSample("{\"x\": \"\(text)\"}", rule.projection) { sample in
        rule.rule.leaves[0].check.measured(sample[rule.rule.leaves[0].slot], in: sample)
      }
      let start = before.reduce(0) { $0 + $1.utf8.count + 1 }
      #expect(
        told?.hasPrefix(
          "{\"loop\": \(loop.count), \"round\": \(round), \"rounds\": \(rounds), \"at\": \(start), "
        ) == true, "\(told ?? "") for \(round) × \(rounds)")
    }
  }
}

/// Random numbers that are the same in every run.
private struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func below(_ bound: Int) -> Int {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ value >> 30) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ value >> 27) &* 0x94D0_49BB_1331_11EB
    return Int((value ^ value >> 31) % UInt64(bound))
  }
}
