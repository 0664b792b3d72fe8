import ArgumentParser
import Foundation
import Fusion
import Notation

/// `branchmerge methods`: lists the merge methods, or says all of one.
struct MethodsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "methods",
    abstract: "List the merge methods, or say all of one: paper, formula, parameters.",
    discussion: """
      Example:
        branchmerge methods
        branchmerge methods arcee_fusion
      """)

  @Argument(help: "The method to say all of.")
  var name: String?

  @Flag(help: "Print the page docs/methods.md.")
  var markdown = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !(markdown && (json || name != nil)) else {
      throw ValidationError("--markdown stands alone: the page has all methods")
    }
  }

  func run() throws {
    let all = MethodList.all.map { $0.about }
    if markdown { return show(MethodPage(all).text) }
    guard let name else {
      return show(json ? JSON.array(all.map(\.json)).formatted() : list(all))
    }
    guard let method = all.first(where: { $0.name == name }) else {
      throw MergeError(
        "no merge method is called '\(name)'"
          + choices(for: name, among: all.map(\.name), "there are"))
    }
    show(json ? method.json.formatted() : method.text)
  }

  private func list(_ all: [MethodDescription]) -> String {
    let rows = all.map { [$0.name, $0.title, $0.inputs] }
    return table([["method", "what it does", "merges"]] + rows, leftColumns: 3)
      + "\n\nbranchmerge methods NAME says all of one."
  }
}

extension MethodDescription {
  /// Which models it takes.
  fileprivate var inputs: String {
    let (least, most) = (experts.lowerBound, experts.upperBound)
    let number =
      least == most ? "\(least)" : most == .max ? "\(least) or more" : "\(least) to \(most)"
    let noun = least == 1 && most == 1 ? "model" : "models"
    return switch base {
    case .none: "\(number) \(noun)"
    case .optional: "\(number) \(noun), with or without a base"
    case .required: "a base and \(number) \(noun)"
    }
  }

  /// All of it, for a terminal of 100 columns.
  fileprivate var text: String {
    var parts = ["\(name): \(title)"]
    var rows = [("formula", formula), ("merges", inputs)]
    rows += papers.enumerated().map { ($0 == 0 ? "paper" : "", $1) }
    parts.append(rows.map { wrapped($1, behind: $0, width: 9) }.joined(separator: "\n"))
    guard !parameters.isEmpty else {
      return (parts + ["It has no parameters."]).joined(separator: "\n\n")
    }
    let heads = table(
      [["parameter", "one for each", "default"]]
        + parameters.map { [$0.name, $0.scope.rawValue, $0.standard ?? "(needed)"] },
      leftColumns: 3
    ).split(separator: "\n").map(String.init)
    let width = (heads.map(\.count).max() ?? 0) + 2
    parts.append(
      zip(heads, [""] + parameters.map(\.about)).map { head, about in
        about.isEmpty ? head : wrapped(about, behind: head, width: width)
      }.joined(separator: "\n"))
    return parts.joined(separator: "\n\n")
  }

  /// One for each; the description sets them apart by semicolons.
  fileprivate var papers: [String] {
    paper.isEmpty ? [] : paper.components(separatedBy: "; ")
  }

  fileprivate var json: JSON {
    .object([
      .init("name", .string(name)),
      .init("title", .string(title)),
      .init("paper", .string(paper)),
      .init("formula", .string(formula)),
      .init("base", .string(base.rawValue)),
      .init("least_models", .whole(experts.lowerBound)),
      .init(
        "most_models", experts.upperBound == .max ? .null : .whole(experts.upperBound)),
      .init(
        "parameters",
        .array(
          parameters.map { parameter in
            .object([
              .init("name", .string(parameter.name)),
              .init("scope", .string(parameter.scope.rawValue)),
              .init("default", parameter.standard.map { .string($0) } ?? .null),
              .init("about", .string(parameter.about)),
            ])
          })),
    ])
  }
}

/// The documentation of all methods.
private struct MethodPage {
  private let methods: [MethodDescription]

  init(_ methods: [MethodDescription]) { self.methods = methods }

  var text: String {
    let list = methods.map {
      "| [`\($0.name)`](#\($0.name)) | \(markdownCell($0.title)) | \($0.inputs) |"
    }
    var parts = [
      "# Merge methods",
      """
      Printed by `branchmerge methods --markdown`. A parameter that is one for each tensor stands \
      under `parameters:` of the merge file, a slice or a module; one for each model also beside the \
      model. Either can be a number, a gradient over the layers, or a list of filters by name.
      """,
      (["| method | what it does | merges |", "|---|---|---|"] + list).joined(separator: "\n"),
    ]
    parts += methods.map { method in
      var section = ["## \(method.name)", method.title + "; merges " + method.inputs + "."]
      section.append("```\n\(method.formula)\n```")
      section += method.papers.map { markdownLinks($0) + "." }
      if !method.parameters.isEmpty {
        section.append(
          (["| parameter | one for each | default | what it does |", "|---|---|---|---|"]
            + method.parameters.map { parameter in
              "| `\(parameter.name)` | \(parameter.scope.rawValue) |"
                + " \(parameter.standard.map { "`\($0)`" } ?? "needed")"
                + " | \(markdownCell(parameter.about)) |"
            }).joined(separator: "\n"))
      }
      return section.joined(separator: "\n\n")
    }
    return parts.joined(separator: "\n\n")
  }
}
