package import Notation
internal import Similarity

/// Which samples of a branch count as the same: `distinct:`.
///
/// `prompt` alone means that of samples with one prompt, but for white space, the first stays. With
/// `near` those that nearly say the same fall, too.
package struct Distinct: Sendable, Equatable {
  /// Whether of one prompt the first stays.
  var isExact = false
  var near: Near?

  /// How near duplicates are looked for.
  struct Near: Sendable, Equatable {
    enum Part: String, Sendable, CaseIterable { case prompt, response }
    enum FrequentLinesChoice: String, Sendable, CaseIterable { case ignore, compare }

    /// From which resemblance on, |A ∩ B| / |A ∪ B| of the runs of five words, two texts are one.
    var threshold = 0.8
    /// What is compared.
    var on = Part.prompt
    /// Which of a cluster stays.
    var keep = KeepPolicy.first
    /// What many prompts begin with, and none is known by.
    var prefixes: [String] = []
    /// What is done with lines that many texts share.
    var frequentLines = FrequentLinesChoice.ignore
    /// The most texts that become one; a larger cluster is a template, and stops the run.
    var limit = NearDuplicates.usualSizeLimit

    /// Whether it matters which samples were verified.
    var asksVerified: Bool { keep == .verified }
  }

  static let none = Distinct()

  /// What decides, on one line: `no`, `prompt`, or more.
  package var meaning: String {
    let parts = (isExact ? ["prompt"] : []) + (near.map { [$0.meaning] } ?? [])
    return parts.isEmpty ? "no" : parts.joined(separator: ", ")
  }

  /// The same for a branch and its recipe together, as far as they say something.
  package static func meaning(branch: YAML?, recipe: YAML?) throws(RecipeError) -> String {
    let own = branch == nil ? none : try Distinct(branch!)
    guard let recipe else { return own.meaning }
    return own.meaning + ", across branches " + (try across(recipe)).meaning
  }

  /// Of one branch: `prompt`, or `{on: prompt, near: …}`.
  package init(_ yaml: YAML) throws(RecipeError) {
    guard yaml.isMapping else {
      guard try yaml.text("'distinct'") == "prompt" else {
        throw yaml.fail("'distinct' can be 'prompt', {on: prompt, near: …}, or left out")
      }
      isExact = true
      return
    }
    let keys = try yaml.keyed("'distinct'", ["on", "near"])
    if let on = keys["on"] {
      guard try on.text("'on'") == "prompt" else { throw on.fail("'on' can be 'prompt'") }
      isExact = true
    }
    guard let near = keys["near"] else { throw yaml.fail("this 'distinct' needs 'near'") }
    self.near = try Near(near)
  }

  private init() {}

  /// Of the whole recipe: `{near: …, across: branches}`.
  static func across(_ yaml: YAML) throws(RecipeError) -> Near {
    let keys = try yaml.keyed("a recipe's 'distinct'", ["near", "across"])
    guard let near = keys["near"], let across = keys["across"] else {
      throw yaml.fail("a recipe's 'distinct' needs 'near' and 'across: branches'")
    }
    guard try across.text("'across'") == "branches" else {
      throw across.fail("'across' can be 'branches'")
    }
    return try Near(near)
  }
}

extension Distinct.Near {
  init(_ yaml: YAML) throws(RecipeError) {
    let keys = try yaml.keyed(
      "'near'", ["threshold", "on", "keep", "prefixes", "frequent_lines", "limit"])
    if let value = keys["threshold"] {
      threshold = try value.number("'threshold'")
      guard threshold >= 0.3 && threshold <= 1 else {
        throw value.fail("'threshold' should be from 0.3 to 1, and is \(value.described)")
      }
    }
    if let value = keys["on"] { on = try value.named("'on'") }
    if let value = keys["keep"] { keep = try value.named("'keep'") }
    for value in try keys["prefixes"]?.list("'prefixes'") ?? [] {
      let prefix = try value.text("a prefix")
      guard Boilerplate.hasTokens(prefix) else {
        throw value.fail("a prefix needs a letter or a digit; it is compared by its words")
      }
      prefixes.append(prefix)
    }
    if let value = keys["frequent_lines"] {
      frequentLines = try value.named("'frequent_lines'")
    }
    if let value = keys["limit"] { limit = try value.positiveWhole("'limit'") }
  }

  /// All of it, so that two that decide alike read alike.
  var meaning: String {
    var text =
      "near {threshold: \(threshold), on: \(on.rawValue), keep: \(keep.rawValue),"
      + " frequent_lines: \(frequentLines.rawValue), limit: \(limit)"
    if !prefixes.isEmpty {
      text += ", prefixes: [\(prefixes.map { JSON.quoted($0) }.joined(separator: ", "))]"
    }
    return text + "}"
  }
}
