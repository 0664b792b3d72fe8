internal import Curation
internal import Files
internal import Foundation
internal import Lineage
internal import Notation

/// Croissant 1.1 (http://mlcommons.org/croissant/1.1) of one branch: its files with their SHA-256, its
/// columns, its sources and, by an annotation of each row, the sample that the row was made of. Where a
/// teacher completed the branch it is the whole data set that is described, and by whom.
///
/// The files are read once, and must be those that the ledger knows.
package enum Croissant: ExportFormat {
  package static let name = "croissant"
  package static let about = "a branch as a data set with licences and provenance, in JSON-LD"
  package static let knowsSamples = false

  package static func write(_ export: Export, _ write: (String) throws -> Void) throws {
    let provenance = try Provenance(export.ledger, .present, branch: export.branch)
    guard let build = provenance.builds.first, provenance.builds.count == 1 else {
      let names = provenance.builds.map(\.name)
      throw LedgerError(
        names.isEmpty
          ? "\(export.ledger.path) has no branch yet"
          : "a Croissant document describes one data set; add --branch with \(some(of: names))")
    }
    let teaching = provenance.teachings.first { $0.build == build.id }
    let outputs = teaching.map { [$0.output] } ?? build.outputs
    let document = CroissantDocument(
      export: export, build: build, teaching: teaching, outputs: outputs,
      digests: try outputs.map { try digest(of: $0, export) })
    try write(document.json.formatted() + "\n")
  }

  /// The SHA-256 of an output that is as it was built.
  private static func digest(of output: Provenance.Output, _ export: Export) throws -> String {
    let path = export.workspace + "/" + output.path
    let stream = try FileStream(path)
    var hash = SHA256()
    var buffer = ByteBuffer(capacity: 1 << 20)
    while try stream.read(into: &buffer, upTo: 1 << 20) > 0 {
      hash.update(buffer.bytes)
      buffer.removeAll()
      try Interruption.check()
    }
    guard stream.digest.description == output.xxh3 else {
      throw FileError(
        path, "is not as it was built; 'branchmerge verify' tells more, and the run builds it again"
      )
    }
    return hex(hash.finish())
  }
}

/// The document of one build.
private struct CroissantDocument {
  let export: Export
  let build: Provenance.Build
  /// Nil where no teacher completed the branch.
  let teaching: Provenance.Teaching?
  /// The files that are described.
  let outputs: [Provenance.Output]
  /// SHA-256, for each output.
  let digests: [String]

  var json: JSON {
    let run = build.run
    let review = licences
    return .members([
      "@context": Self.context,
      "@type": .string("sc:Dataset"),
      "conformsTo": .string("http://mlcommons.org/croissant/1.1"),
      "name": .string(build.name),
      "description": .string(description),
      "license": .array(
        review.effective.map { .string($0.licence.url ?? $0.licence.text) }),
      "url": .string(
        path(of: (outputs.first?.path.parentPath ?? "branches/\(build.name)") + "/README.md")),
      // Another build is another data set, and so is another teaching.
      "version": .string("\(run.id).\(teaching?.stage ?? 0).0"),
      "datePublished": .string(teaching?.finished ?? run.finished),
      "citeAs": .string(citation),
      "usageInfo": findings(review).isEmpty
        ? nil
        : .members([
          "@type": .string("sc:CreativeWork"),
          "text": .string(findings(review).joined(separator: "\n")),
        ]),
      "rai:dataPreprocessingProtocol": .array(protocolSteps.map(JSON.string)),
      "prov:wasDerivedFrom": .array(build.takings.map { entity($0.source) }),
      "prov:wasGeneratedBy": teachingActivity.map { .array([runActivity, $0]) } ?? runActivity,
      "distribution": .array(
        zip(outputs, digests).map { output, digest in
          .members([
            "@type": .string("cr:FileObject"), "@id": .string(output.path.fileName),
            "name": .string(output.path.fileName), "contentUrl": .string(path(of: output.path)),
            "contentSize": .string("\(output.byteCount) B"),
            "encodingFormat": .string("application/jsonlines"), "sha256": .string(digest),
          ])
        }),
      "recordSet": .array(
        outputs.filter { $0.rowCount > 0 }.compactMap(rows) + [sources, sourceFiles]
          + (teaching.map { [teachers($0)] } ?? [])),
    ])
  }

  private var runActivity: JSON {
    let run = build.run
    return .members([
      "@type": .string("prov:Activity"), "@id": .string("run/\(run.id)"),
      "name": .string("branchmerge, recipe \(run.recipe)"),
      "prov:startedAtTime": .string(run.started), "prov:endedAtTime": .string(run.finished),
      "prov:used": .array(build.takings.map { .members(["@id": .string(Self.id($0.source))]) }),
      "prov:wasAssociatedWith": agent("tool", run.tool),
    ])
  }

  private var teachingActivity: JSON? {
    teaching.map { teaching in
      .members([
        "@type": .string("prov:Activity"), "@id": .string("stage/\(teaching.stage)"),
        "name": .string("teaching of \(build.name), \(grouped(teaching.count(.taught))) rows"),
        "prov:startedAtTime": .string(teaching.started),
        "prov:endedAtTime": .string(teaching.finished),
        "prov:used": .array(build.takings.map { .members(["@id": .string(Self.id($0.source))]) }),
        "prov:wasAssociatedWith": .array([
          agent("tool/teaching", teaching.tool), agent("teacher", teaching.model),
        ]),
      ])
    }
  }

  private func agent(_ id: String, _ name: String) -> JSON {
    .members([
      "@type": .string("prov:SoftwareAgent"), "@id": .string(id), "name": .string(name),
    ])
  }

  // MARK: - About the whole

  private var licences: LicenceReview {
    LicenceReview(
      build.takings.map { taking in
        let (source, counts) = (taking.source, taking.counts)
        let seeds = teaching?.count(.taught, of: source.name) ?? counts.seeds
        return (source.name, source.licence, counts.kept + seeds)
      })
  }

  /// What is to be settled about the licences of the sources, and that answers have terms of their
  /// own, of which nothing is known here.
  private func findings(_ review: LicenceReview) -> [String] {
    guard let teaching, teaching.count(.taught) > 0 else { return review.findings }
    return review.findings + [
      "Written by a model: the responses of \(grouped(teaching.count(.taught))) of"
        + " \(grouped(teaching.rowCount)) rows are answers of \(quoted(teaching.model)). The terms of"
        + " that model, and of the server that it answered from, apply to them; nothing is known of"
        + " these here."
    ]
  }

  /// What the recipe says of the branch, and how much of what was read it has.
  private var description: String {
    let counts = build.counts
    let seeds =
      counts.seeds == 0
      ? ""
      : teaching.map {
        " and \(grouped($0.count(.taught))) of \(grouped(counts.seeds)) seeds, whose responses"
          + " \($0.model) wrote,"
      } ?? " and \(grouped(counts.seeds)) seeds"
    let numbers =
      "\(grouped(counts.kept)) rows\(seeds) of \(grouped(counts.read)) samples of"
      + " \(listed(build.takings.map(\.source.name)))."
    guard let about = try? aboutInRecipe(), !about.isEmpty else { return numbers }
    return about + "\n\n" + numbers
  }

  private func aboutInRecipe() throws -> String {
    let recipe = try YAML(parsing: build.run.recipeText, file: "the recipe").entries("a recipe")
    for (key, value) in recipe where try key.text("a key") == "branches" {
      for (name, branch) in try value.entries("branches")
      where try name.text("a name") == build.name {
        for (key, value) in try branch.entries("a branch") where try key.text("a key") == "about" {
          return try value.text("'about'").trimmingCharacters(in: .whitespacesAndNewlines)
        }
      }
    }
    return ""
  }

  private var citation: String {
    func safe(_ text: String) -> String { text.filter { !"{}\\\n".contains($0) } }
    let sources = build.takings.map { taking in
      let source = taking.source
      return source.homepage.isEmpty ? source.name : "\(source.name) (\(source.homepage))"
    }
    return "@misc{\(safe(build.name))-\(build.run.id), title = {\(safe(build.name))},"
      + " year = {\(safe(String(build.run.finished.prefix(4))))},"
      + " note = {Built by \(safe(build.run.tool)) from the recipe \(safe(build.run.recipe)) of"
      + " \(safe(sources.joined(separator: ", ")))}}"
  }

  private var protocolSteps: [String] {
    build.takings.flatMap { taking in
      taking.steps.map { step in
        "\(taking.source.name), \(step.kind) \(step.name), dropped \(step.dropped): \(step.text)"
      }
    }
      + (teaching.map { teaching in
        let kinds = TeachingEntry.Kind.allCases.map { "\($0.rawValue) \(teaching.count($0))" }
        return [
          "seeds, teacher \(teaching.model), \(kinds.joined(separator: ", ")):"
            + " \(teaching.question), accepted by \(teaching.policy)"
        ]
      } ?? [])
  }

  private func entity(_ source: Provenance.Source) -> JSON {
    .members([
      "@type": .string("prov:Entity"), "@id": .string(Self.id(source)),
      "name": .string(source.name),
      "license": .string(Licence(source.licence).url ?? source.licence),
      "version": .some(source.revision), "prov:atLocation": .some(source.homepage),
    ])
  }

  private static func id(_ source: Provenance.Source) -> String {
    percentEncoded("source/\(source.name)/\(source.config)")
  }

  /// Where a file of the workspace lies, seen from the document.
  private func path(of file: String) -> String {
    let own = export.workspace + "/" + file
    var folder = (export.folder ?? own.parentPath).split(separator: "/")
    var parts = own.split(separator: "/")
    while let first = folder.first, first == parts.first, parts.count > 1 {
      folder.removeFirst()
      parts.removeFirst()
    }
    return (folder.map { _ in ".." } + parts.map(String.init)).joined(separator: "/")
  }

  // MARK: - Records

  /// The rows of an output; nil where its format is one of another version.
  private func rows(_ output: Provenance.Output) -> JSON? {
    guard let columns = output.example(in: build)?.members else { return nil }
    let set = output.isSeeds ? "seeds" : "default"
    let file = output.path.fileName
    return .members([
      "@type": .string("cr:RecordSet"), "@id": .string(set), "name": .string(set),
      "description": .string(
        output.isSeeds
          ? "Problems that wait for a teacher's response." : "Problems with their responses."),
      "key": .members(["@id": .string("\(set)/id")]),
      "field": .array(columns.map { column($0, in: set, file) }),
      "annotation": field(
        "\(set)/sample",
        [
          "description": .string("The sample of a source that the row was made of."),
          "dataType": .string("prov:Entity"),
          "equivalentProperty": .string("prov:wasDerivedFrom"),
          "subField": .array([
            field(
              "\(set)/sample/id",
              [
                "description": .string("'branchmerge why' tells all that is known of it."),
                "dataType": .string("sc:Text"), "equivalentProperty": .string("sc:identifier"),
                "source": Self.source(file, column: "id"),
              ]),
            field(
              "\(set)/sample/source",
              [
                "description": .string("The source that it is from."),
                "dataType": .string("sc:Text"),
                "equivalentProperty": .string("prov:hadPrimarySource"),
                "source": Self.source(
                  file, column: "id", transform: ("regex", #"^([^:]+):"#)),
                "references": .members(["field": .members(["@id": .string("sources/name")])]),
              ]),
          ]),
        ]),
    ])
  }

  private func column(_ column: JSON.Member, in set: String, _ file: String) -> JSON {
    let id = "\(set)/\(column.key)"
    guard let members = column.value.items?.first?.members else {
      return field(
        id, ["dataType": .string("sc:Text"), "source": Self.source(file, column: column.key)])
    }
    return field(
      id,
      [
        "isArray": .bool(true), "arrayShape": .string("-1"),
        "subField": .array(
          members.map { member in
            field(
              "\(id)/\(member.key)",
              [
                "dataType": .string("sc:Text"),
                "source": Self.source(
                  file, column: column.key, transform: ("jsonPath", member.key)),
              ])
          }),
      ])
  }

  /// The sources, as records that rows refer to.
  private var sources: JSON {
    table(
      "sources", "The sources of the rows, as their cards have them.",
      texts: ["name", "config", "revision", "licence", "homepage"],
      numbers: ["read", "rows", "seeds"],
      build.takings.map { taking in
        let source = taking.source
        return (
          [source.name, source.config, source.revision, source.licence, source.homepage],
          [taking.counts.read, taking.counts.kept, taking.counts.seeds]
        )
      })
  }

  /// Who wrote the responses of seeds, asked how, and what came of it.
  private func teachers(_ teaching: Provenance.Teaching) -> JSON {
    let counts = TeachingEntry.Kind.allCases.map { ($0.rawValue, teaching.count($0)) }
    return table(
      "teachers", "Who wrote the responses of the last rows, and what became of the other seeds.",
      texts: ["model", "question", "policy"],
      numbers: counts.map(\.0) + ["prompt_tokens", "completion_tokens"],
      [
        (
          [teaching.model, teaching.question, teaching.policy],
          counts.map(\.1) + [teaching.promptTokens, teaching.completionTokens]
        )
      ])
  }

  private var sourceFiles: JSON {
    table(
      "source_files", "The files of the sources, in the order in which they were read.",
      texts: ["source", "file", "xxh3", "sha256"], numbers: ["rows", "bytes"],
      build.takings.flatMap { taking in
        taking.source.files.map { file in
          (
            [taking.source.name, file.path.fileName, file.xxh3, file.sha256 ?? ""],
            [file.rowCount, file.byteCount]
          )
        }
      })
  }

  /// A record set with its records in the document.
  private func table(
    _ set: String, _ about: String, texts: [String], numbers: [String],
    _ records: [(texts: [String], numbers: [Int])]
  ) -> JSON {
    func key(_ name: String) -> String { "\(set)/\(name)" }
    return .members([
      "@type": .string("cr:RecordSet"), "@id": .string(set), "name": .string(set),
      "description": .string(about),
      "field": .array(
        texts.map { field(key($0), ["dataType": .string("sc:Text")]) }
          + numbers.map { field(key($0), ["dataType": .string("sc:Integer")]) }),
      "data": .array(
        records.map { record in
          .object(
            zip(texts, record.texts).map { JSON.Member(key($0), .string($1)) }
              + zip(numbers, record.numbers).map { JSON.Member(key($0), .whole($1)) })
        }),
    ])
  }

  private func field(_ id: String, _ members: KeyValuePairs<String, JSON?>) -> JSON {
    guard case .object(let own) = JSON.members(members) else { return .null }
    return .object(
      [
        JSON.Member("@type", .string("cr:Field")), JSON.Member("@id", .string(id)),
        JSON.Member("name", .string(id.fileName)),
      ] + own)
  }

  private static func source(
    _ file: String, column: String, transform: (key: String, value: String)? = nil
  ) -> JSON {
    .members([
      "fileObject": .members(["@id": .string(file)]),
      "extract": .members(["column": .string(column)]),
      "transform": transform.map { .object([JSON.Member($0.key, .string($0.value))]) },
    ])
  }

  // MARK: - Context

  /// As the specification has it; readers compare it letter by letter.
  private static let context: JSON = {
    let croissant = [
      "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field",
      "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray", "isLiveDataset",
      "jsonPath", "key", "md5", "parentField", "path", "recordSet", "references", "regex",
      "repeated", "replace", "samplingRate", "separator", "source", "subField", "transform",
      "annotation",
    ]
    let byLanguage = JSON.members(["@container": .string("@language")])
    func json(_ id: String, _ type: String) -> JSON {
      .members(["@id": .string(id), "@type": .string(type)])
    }
    let others = JSON.members([
      "@language": .string("en"), "@vocab": .string("https://schema.org/"),
      "conformsTo": .string("dct:conformsTo"),
      "cr": .string("http://mlcommons.org/croissant/"),
      "rai": .string("http://mlcommons.org/croissant/RAI/"),
      "data": json("cr:data", "@json"), "dataType": json("cr:dataType", "@vocab"),
      "dct": .string("http://purl.org/dc/terms/"), "description": byLanguage,
      "examples": json("cr:examples", "@json"), "name": byLanguage,
      "prov": .string("http://www.w3.org/ns/prov#"), "sc": .string("https://schema.org/"),
    ])
    return .object(
      ((others.members ?? []) + croissant.map { JSON.Member($0, .string("cr:\($0)")) })
        .sorted { $0.key < $1.key })
  }()
}
