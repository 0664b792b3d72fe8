import ArgumentParser
import Curation
import Foundation
import Notation
import Samples

/// `branchmerge checks`: lists the checks that filters are made of, or says all of one.
struct ChecksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "checks",
    abstract: "List the checks that filters are made of, or say all of one.",
    discussion: """
      Example:
        branchmerge checks
        branchmerge checks loop
      """)

  @Argument(help: "The check to say all of.")
  var name: String?

  @Flag(help: "Print the page docs/checks.md.")
  var markdown = false

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard !(markdown && (json || name != nil)) else {
      throw ValidationError("--markdown stands alone: the page has all checks")
    }
  }

  func run() throws {
    let all = CheckPage.all
    if markdown { return show(ChecksMarkdown(all).text) }
    guard let name else {
      return show(json ? JSON.array(all.map(\.json)).formatted() : list(all))
    }
    guard let check = all.first(where: { $0.name == name }) else {
      throw UnknownCheck(
        description: "no check is called '\(name)'"
          + choices(for: name, among: all.map(\.name), "there are"))
    }
    show(json ? check.json.formatted() : check.text)
  }

  private struct UnknownCheck: Error, CustomStringConvertible { var description: String }

  private func list(_ all: [CheckPage]) -> String {
    let rows = all.map { [$0.name, $0.title, $0.typeNames] }
    return table([["check", "holds where", "for"]] + rows, leftColumns: 3)
      + "\n\nbranchmerge checks NAME says all of one."
  }
}

extension CheckPage {
  fileprivate var typeNames: String {
    types.count == FieldType.allCases.count
      ? "any field" : types.map(\.rawValue).joined(separator: ", ")
  }

  /// All of it, for a terminal of 100 columns.
  fileprivate var text: String {
    var parts = ["\(name): holds where \(title)"]
    parts += about.map { wrapped($0) }
    parts.append("for: \(typeNames)")
    if !parameters.isEmpty {
      let rows = parameters.map { [$0.name, $0.standard ?? "(needed)"] }
      let heads = table([["parameter", "default"]] + rows, leftColumns: 2)
        .split(separator: "\n").map(String.init)
      let width = (heads.map(\.count).max() ?? 0) + 2
      parts.append(
        zip(heads, [""] + parameters.map(\.about)).map { head, about in
          about.isEmpty ? head : wrapped(about, behind: head, width: width)
        }.joined(separator: "\n"))
    }
    if !source.isEmpty { parts.append(wrapped("source: " + source)) }
    parts += examples.map { example in
      (["    " + example.rule] + example.holds.map { "      holds  " + $0 }
        + example.fails.map { "      fails  " + $0 }).joined(separator: "\n")
    }
    return parts.joined(separator: "\n\n")
  }

  fileprivate var json: JSON {
    .object([
      .init("name", .string(name)),
      .init("holds_where", .string(title)),
      .init("about", .string(about.joined(separator: "\n\n"))),
      .init("types", .array(types.map { .string($0.rawValue) })),
      .init(
        "parameters",
        .array(
          parameters.map { parameter in
            .object([
              .init("name", .string(parameter.name)),
              .init("default", parameter.standard.map { .string($0) } ?? .null),
              .init("about", .string(parameter.about)),
            ])
          })),
      .init("source", .string(source)),
      .init(
        "examples",
        .array(
          examples.map { example in
            .object([
              .init("rule", .string(example.rule)),
              .init("holds", .array(example.holds.map { .string($0) })),
              .init("fails", .array(example.fails.map { .string($0) })),
            ])
          })),
    ])
  }
}

/// The documentation of all checks.
private struct ChecksMarkdown {
  private let checks: [CheckPage]

  init(_ checks: [CheckPage]) { self.checks = checks }

  var text: String {
    let list = checks.map {
      "| [`\($0.name)`](#\($0.name)) | \(markdownCell($0.title)) | \($0.typeNames) |"
    }
    var parts = [
      "# Checks",
      """
      Printed by `branchmerge checks --markdown`. A filter, the file `filters/NAME.yaml`, puts checks \
      to fields and combines them with `all`, `any`, `not`, and for lists `some` and `every`. Null \
      and a missing field fail every check but `is_null`. What is dropped is on record with the \
      figures that decided.
      """,
      (["| check | holds where | for |", "|---|---|---|"] + list).joined(separator: "\n"),
    ]
    parts += checks.map { check in
      var section = ["## \(check.name)", "Holds where \(check.title). For \(check.typeNames)."]
      section += check.about
      if !check.parameters.isEmpty {
        section.append(
          (["| parameter | default | what it is |", "|---|---|---|"]
            + check.parameters.map { parameter in
              "| `\(parameter.name)` | \(parameter.standard ?? "needed")"
                + " | \(markdownCell(parameter.about)) |"
            }).joined(separator: "\n"))
      }
      if !check.source.isEmpty { section.append("Source: \(markdownLinks(check.source)).") }
      section += check.examples.map { example in
        (["```yaml", example.rule] + example.holds.map { "# holds: \($0)" }
          + example.fails.map { "# fails: \($0)" } + ["```"]).joined(separator: "\n")
      }
      return section.joined(separator: "\n\n")
    }
    return parts.joined(separator: "\n\n")
  }
}
