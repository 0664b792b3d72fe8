internal import Audit

extension Report {
  /// What the stages of the recipe came to.
  var stages: Section? {
    guard !overview.stages.isEmpty else { return nil }
    let table = Table(
      "The latest attempt at each stage",
      [.text("Stage"), .text("State"), .text("Finished"), .text("Result"), .code("Identity")],
      overview.stages.map { stage in
        [
          "\(stage.name)", .state(stage.state),
          stage.finished.map { "<time datetime=\"\($0)\">\(Self.moment($0))</time>" } ?? "–",
          "\(stage.message ?? "")", .hash(stage.identity),
        ]
      }, isStack: true)
    let ingredients = overview.stages.map { stage -> HTML in
      .fold(
        "What <strong>\(stage.name)</strong> depends on", isPrinted: false,
        Table(
          "Ingredients of \(stage.name)", [.code("Ingredient"), .code("Value or XXH3")],
          stage.ingredients.map { [.code($0.first ?? ""), .hash($0.last ?? "")] }
        ).html)
    }.joined()
    return Section(
      "stages", "Stages",
      intro: "A stage is up to date while all that it depends on is what it was.",
      table.html + ingredients)
  }

  /// Every file on the way, with its hash.
  var files: Section {
    let sources = Table(
      "Source files as they were read",
      [
        .code("File"), .text("Source"), .number("Rows"), .number("Bytes"), .code("XXH3"),
        .code("SHA-256"),
      ],
      overview.sources.flatMap { source in
        source.files.map { file -> [HTML] in
          [
            .code(file.path), "\(source.name)", .number(file.rows), .number(file.bytes),
            .hash(file.xxh3), (file.sha256 ?? file.publishedSHA256).map { .hash($0) } ?? "–",
          ]
        }
      }, isStack: true)
    let outputs = Table(
      "Files of the branches",
      [.code("File"), .text("Branch"), .number("Rows"), .number("Bytes"), .code("XXH3")],
      overview.branches.flatMap { branch in
        let taught = overview.teachings.filter { $0.branch == branch.name }.map(\.output)
        return (branch.outputs + taught).map { file -> [HTML] in
          [
            .code(file.path), name(branch.name), .number(file.rows), .number(file.bytes),
            .hash(file.xxh3),
          ]
        }
      }, isStack: true)
    let models = overview.checkpoints.map { model -> HTML in
      .fold(
        """
        <strong>\(model.role == model.name ? "" : "\(model.role) ")\(model.name)</strong>, \(.number(model.parameters)) parameters, \
        \(.counted(model.files.count, "file"))
        """,
        Table(
          "Files of \(model.path)",
          [.code("File"), .number("Bytes"), .code("XXH3"), .code("SHA-256")],
          model.files.map { [.code($0.path), .number($0.bytes), .hash($0.xxh3), .hash($0.sha256)] }
        ).html)
    }.joined()
    let runs = overview.runs.map { run -> HTML in
      .fold(
        """
        Run \(.number(Int(run.id))) built \(run.branches.joined(separator: ", ")) on \
        \(Self.moment(run.finished)) with \(run.tool)
        """,
        "<p>The recipe, <strong>\(run.recipe)</strong>:</p>\n\(.text(run.recipeText))<p>Options:</p>\n\(.text(run.options))"
      )
    }.joined()
    return Section(
      "files", "Lineage and hashes",
      intro: """
        What was read, what was written, and what became of it. XXH3 is the 128-bit hash that \
        <code>xxh128sum</code> prints.
        """,
      sources.html + outputs.html
        + (models.isEmpty ? "" : "<h3>Models</h3>\n\(models)") + "<h3>Runs</h3>\n\(runs)")
  }
}
