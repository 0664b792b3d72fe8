/// What a stub says: a fixed function of the prompt and of how often that was asked.
package struct StubAnswer: Equatable, Sendable {
  package var reasoning: String
  package var content: String

  package init(reasoning: String, content: String) {
    self.reasoning = reasoning
    self.content = content
  }

  /// `sentences` of reasoning, and a conclusion that says who wrote it.
  package init(to prompt: String, attempt: Int, sentences: Int = 5) {
    var state = Self.hash(prompt, attempt, 0)
    reasoning = "I am a stub and only pretend to think about this."
    for number in 0..<sentences {
      state = Self.mixed(state)
      reasoning += number % 4 == 3 ? "\n\n" : " "
      reasoning += Self.sentences[Int(state % UInt64(Self.sentences.count))]
    }
    content =
      "Lorem ipsum: no model wrote this answer, but a stub that only pretends to be a teacher"
    content += attempt == 1 ? ".\n\n" : " (answer \(attempt)).\n\n"
    content += "\\boxed{\(Self.hash(prompt, 0, 0) % 1000)}"
  }

  /// A server's estimate: one for every four bytes begun.
  package static func tokens(_ text: String) -> Int { (text.utf8.count + 3) / 4 }

  /// With what JSON escapes, and characters of one to four bytes.
  private static let sentences = [
    "Lorem ipsum dolor sit amet, so let us say that $x \\ge 0$.",
    "Wait, consectetur adipiscing elit?",
    "Sed do \"eiusmod\" tempor: \\frac{1}{2} + \\frac{1}{3} = \\frac{5}{6}.",
    "Ut labore et dolore → magna aliqua, naïvely.",
    "Quis nostrud ≤ ullamco ≤ laboris.",
    "Duis aute irure 🤔 dolor, which is 速い.",
    "Excepteur sint\toccaecat cupidatat non proident.",
    "Hmm, sunt in culpa qui officia deserunt mollit anim id est laborum.",
  ]

  /// From 0 up to 1, the same for the same arguments.
  static func fraction(_ prompt: String, _ attempt: Int, _ seed: UInt64) -> Double {
    Double(hash(prompt, attempt, seed) >> 11) / Double(1 << 53)
  }

  /// FNV-1a over the prompt, then a round for the rest.
  static func hash(_ prompt: String, _ attempt: Int, _ seed: UInt64) -> UInt64 {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in prompt.utf8 { state = (state ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return mixed(mixed(state ^ seed) &+ UInt64(attempt))
  }

  /// A round of SplitMix64.
  private static func mixed(_ state: UInt64) -> UInt64 {
    var z = state &+ 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
