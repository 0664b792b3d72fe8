package import Samples

/// What a check is: its page in `branchmerge checks` and docs/checks.md.
package struct CheckPage: Sendable {
  /// The key in a filter; the list of checks puts it in.
  package var name = ""
  /// Types of field that can be checked so, in the order of their declaration.
  package var types: [FieldType] = []
  /// In a few words, when it holds.
  package var title: String
  /// What is measured and how, in paragraphs.
  package var about: [String]
  package var parameters: [Parameter]
  /// Where the measure or its figures come from; empty where they are our own.
  package var source: String
  package var examples: [Example]

  /// A key that stands after the check's own.
  package struct Parameter: Sendable {
    package var name: String
    /// What it is where it is left out; nil where it is needed.
    package var standard: String?
    package var about: String
  }

  /// A rule with rows for which it holds and for which it does not, in YAML; the tests try them.
  package struct Example: Sendable {
    package var rule: String
    package var holds: [String]
    package var fails: [String]

    init(_ rule: String, holds: [String], fails: [String]) {
      self.rule = rule
      self.holds = holds
      self.fails = fails
    }
  }

  init(
    _ title: String, _ about: [String] = [],
    parameters: [(name: String, standard: String?, about: String)] = [],
    source: String = "", examples: [Example]
  ) {
    self.title = title
    self.about = about
    self.parameters = parameters.map {
      Parameter(name: $0.name, standard: $0.standard, about: $0.about)
    }
    self.source = source
    self.examples = examples
  }
}

extension CheckPage {
  /// The pages of all checks, in their order.
  package static var all: [CheckPage] {
    CheckList.all.map { check in
      var page = check.page
      page.name = check.name
      page.types = FieldType.allCases.filter(check.types.contains)
      return page
    }
  }
}
