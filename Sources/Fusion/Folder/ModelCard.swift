internal import Notation

/// The `README.md` of a merged model: what it was made of, how, and how to make it again.
///
/// The same merge has the same card: no date, no machine.
package struct ModelCard: Sendable {
  package struct Input: Sendable {
    /// As the configuration refers to it: a folder, or an identifier of the hub.
    package var reference: String
    /// Its own `README.md`, if it has one; read for the licence.
    package var card: String?
    /// How much of the result's entries came from it, in 0 … 1, where the method takes entries.
    package var share: Double?
    package var isBase: Bool

    package init(reference: String, card: String? = nil, share: Double? = nil, isBase: Bool = false)
    {
      self.reference = reference
      self.card = card
      self.share = share
      self.isBase = isBase
    }
  }

  package var name: String
  /// The method's title, its name in the configuration, and where it is described.
  package var methodTitle: String
  package var methodName: String
  package var paper: String?
  package var inputs: [Input]
  /// The configuration as it was given.
  package var configuration: String

  package init(
    name: String, methodTitle: String, methodName: String, paper: String?, inputs: [Input],
    configuration: String
  ) {
    self.name = name
    self.methodTitle = methodTitle
    self.methodName = methodName
    self.paper = paper
    self.inputs = inputs
    self.configuration = configuration
  }

  package var text: String {
    let method = paper.map { "[\(methodTitle)](\($0))" } ?? methodTitle
    let fence = self.fence
    var bases: [String] = []
    for input in inputs where !bases.contains(Self.identifier(of: input.reference)) {
      bases.append(Self.identifier(of: input.reference))
    }
    let newLine = configuration.hasSuffix("\n") ? "" : "\n"
    return """
      ---
      base_model:
      \(bases.map { "- \(JSON.quoted($0))" }.joined(separator: "\n"))
      library_name: transformers
      \(licence.map { $0 + "\n" }.joined())tags:
      - merge
      - branchmerge
      ---
      # \(name)

      Merged from \(inputs.count) model\(inputs.count == 1 ? "" : "s") with BranchMerge by \
      \(method) (`\(methodName)`).

      \(table)

      The configuration, as it was given:

      \(fence)yaml
      \(configuration)\(newLine)\(fence)

      Save it as `merge.yml`, and `branchmerge merge merge.yml OUT` makes the same files again, byte
      for byte, from the same inputs.

      """
  }

  private var table: String {
    let hasShares = inputs.contains { $0.share != nil }
    var lines = hasShares ? ["| model | taken |", "|---|---:|"] : ["| model |", "|---|"]
    for input in inputs {
      let name = Self.identifier(of: input.reference).replacing("|", with: "\\|")
      let share = input.share.map(Self.percent) ?? "–"
      lines.append("| \(name)\(input.isBase ? " (base)" : "") |\(hasShares ? " \(share) |" : "")")
    }
    return lines.joined(separator: "\n")
  }

  /// Two decimals, rounded to nearest, without the help of a locale.
  private static func percent(_ share: Double) -> String {
    guard share.isFinite, (0...1).contains(share) else { return "–" }
    let hundredths = Int((share * 10_000).rounded())
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) %"
  }

  /// Longer than any run of backticks in the configuration, so that none ends the block.
  private var fence: String {
    var longest = 0
    var run = 0
    for byte in configuration.utf8 {
      run = byte == UInt8(ascii: "`") ? run + 1 : 0
      longest = max(longest, run)
    }
    return String(repeating: "`", count: max(3, longest + 1))
  }

  /// What the hub calls a model: told from the path in its cache, else the folder's name.
  static func identifier(of reference: String) -> String {
    let parts = reference.split(separator: "/").map(String.init)
    if let cached = parts.last(where: { $0.hasPrefix("models--") }) {
      return String(cached.dropFirst("models--".count)).replacing("--", with: "/")
    }
    let isPath = reference.hasPrefix("/") || reference.hasPrefix(".") || reference.hasPrefix("~")
    return isPath || parts.count > 2 ? parts.last ?? reference : reference
  }
}

// MARK: - Licence

extension ModelCard {
  /// The lines on the licence, if the cards of all inputs have the same ones.
  private var licence: [String] {
    let all = inputs.map { $0.card.map(Self.licence) ?? [] }
    guard let first = all.first, Set(all).count == 1 else { return [] }
    return first
  }

  /// The lines on the licence in the front matter of a card.
  private static func licence(in card: String) -> [String] {
    let lines = card.split(omittingEmptySubsequences: false) { $0.isNewline }
    guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return [] }
    let keys = ["license:", "license_name:", "license_link:"]
    return keys.compactMap { key in
      lines[1..<end].first { $0.hasPrefix(key) }.map(String.init)
    }.filter { line in
      // A list goes on in further lines; it is not ours to judge.
      line.split(separator: ":", maxSplits: 1).last?.contains { $0 != " " } ?? false
    }
  }
}
