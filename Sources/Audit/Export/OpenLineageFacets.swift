internal import Curation
internal import Files
internal import Lineage
internal import Notation
internal import Samples

/// The facets of OpenLineage, and data sets as it sees them: what lies on this machine has the name
/// space `file` and its path, a published source that of its homepage's host.
struct Facets {
  let producer: JSON

  /// `tool` is the program that writes the events, with its version.
  init(tool: String) {
    producer = .string("urn:branchmerge:" + (tool.split(separator: " ").last ?? "unknown"))
  }

  /// A facet after its own schema, given as `VERSION/NAME`; what it defines is called the same, or
  /// as `definition` says.
  func facet(
    _ schema: String, definition: String? = nil, _ members: KeyValuePairs<String, JSON?>
  ) -> JSON {
    let name = definition ?? schema.fileName
    let url = "https://openlineage.io/spec/facets/\(schema).json#/$defs/\(name)"
    guard case .object(let own) = JSON.members(members) else { return .null }
    return .object(
      [JSON.Member("_producer", producer), JSON.Member("_schemaURL", .string(url))] + own)
  }

  /// The program that did the work, which may be an earlier version.
  func engine(_ tool: String) -> JSON {
    let words = tool.split(separator: " ").map(String.init)
    return facet(
      "1-1-1/ProcessingEngineRunFacet",
      ["version": .string(words.last ?? tool), "name": .string(words.first ?? tool)])
  }

  // MARK: - Data sets

  /// A source as a build read it.
  func source(_ taking: Provenance.Taking) -> JSON {
    let source = taking.source
    let (namespace, name) = Self.place(of: source)
    return .members([
      "namespace": .string(namespace), "name": .string(name),
      "facets": .members([
        "dataSource": facet(
          "1-0-1/DatasourceDatasetFacet",
          [
            "name": .string(source.name),
            "uri": Self.isURL(source.homepage) ? .string(source.homepage) : nil,
          ]),
        "version": version(source.revision),
        "schema": schema(of: source),
        "tags": tags(
          [("licence", source.licence), ("config", source.config)]
            + source.files.map { ("xxh3 of \($0.path.fileName)", $0.xxh3) }
            + source.files.compactMap { file in
              file.sha256.map { ("sha256 of \(file.path.fileName)", $0) }
            }),
      ]),
      "inputFacets": .members([
        "inputStatistics": facet(
          "1-0-0/InputStatisticsInputDatasetFacet",
          [
            "rowCount": .whole(taking.counts.read),
            "size": .whole(source.files.reduce(0) { $0 &+ $1.byteCount }),
            "fileCount": .whole(source.files.count),
          ]),
        "subset": facet(
          "1-0-0/BaseSubsetDatasetFacet", definition: "InputSubsetInputDatasetFacet",
          [
            "inputCondition": .members([
              "type": .string("location"),
              "locations": .array(source.files.map { .string($0.path) }),
            ])
          ]),
      ]),
    ])
  }

  /// What a build held its prompts against.
  func benchmark(_ benchmark: RecordedBenchmark) -> JSON {
    .members([
      "namespace": .string("file"), "name": .string(benchmark.path),
      "facets": .members([
        "documentation": facet(
          "1-1-0/DocumentationDatasetFacet",
          ["description": .string("benchmark \(benchmark.name)")]),
        "version": version("xxh3:" + benchmark.xxh3),
        "tags": tags([
          ("role", "benchmark"), ("licence", benchmark.licence),
          ("fingerprint", benchmark.fingerprint),
        ]),
      ]),
      "inputFacets": .members([
        "inputStatistics": facet(
          "1-0-0/InputStatisticsInputDatasetFacet",
          [
            "rowCount": .whole(benchmark.itemCount), "size": .whole(benchmark.byteCount),
            "fileCount": .whole(1),
          ])
      ]),
    ])
  }

  /// Rows that a build wrote, for the one who wrote them or, with `isInput`, for one who reads them.
  func rows(
    _ output: Provenance.Output, of build: Provenance.Build, in workspace: String,
    isInput: Bool = false
  ) -> JSON {
    written(
      output, of: build, in: workspace, tags: build.licences(of: output).map { ("licence", $0) },
      columnLineage: isInput ? nil : columnLineage(of: output, build), isInput: isInput)
  }

  /// A branch's whole data set, with the rows that a teacher wrote.
  func taught(
    _ teaching: Provenance.Teaching, of build: Provenance.Build, in workspace: String,
    isInput: Bool = false
  ) -> JSON {
    let counts = TeachingEntry.Kind.allCases.map { ($0.rawValue, "\(teaching.count($0))") }
    return written(
      teaching.output, of: build, in: workspace,
      tags: build.licences(with: teaching).map { ("licence", $0) }
        + [("teacher", teaching.model), ("kept", "\(teaching.keptCount)")] + counts,
      columnLineage: nil, isInput: isInput)
  }

  private func written(
    _ output: Provenance.Output, of build: Provenance.Build, in workspace: String,
    tags: [(key: String, value: String)], columnLineage: JSON?, isInput: Bool
  ) -> JSON {
    .members([
      "namespace": .string("file"), "name": .string(workspace + "/" + output.path),
      "facets": .members([
        "version": version("xxh3:" + output.xxh3),
        "schema": facet(
          "1-2-0/SchemaDatasetFacet", ["fields": .array(Self.columns(of: output, build))]),
        "storage": facet(
          "1-0-1/StorageDatasetFacet",
          ["storageLayer": .string("file"), "fileFormat": .string("json")]),
        "tags": self.tags(tags),
        "columnLineage": columnLineage,
      ]),
      "outputFacets": isInput
        ? nil
        : .members([
          "outputStatistics": facet(
            "1-0-2/OutputStatisticsOutputDatasetFacet",
            [
              "rowCount": .whole(output.rowCount), "size": .whole(output.byteCount),
              "fileCount": .whole(1),
            ])
        ]),
    ])
  }

  func model(_ model: Provenance.Checkpoint) -> JSON {
    .members([
      "namespace": .string("file"), "name": .string(model.path),
      "facets": .members([
        "documentation": facet(
          "1-1-0/DocumentationDatasetFacet",
          ["description": .string("\(model.role) \(model.name)")]),
        "tags": tags(
          [("role", model.role), ("parameters", "\(model.parameterCount)")]
            + model.files.map { ("sha256 of \($0.path)", $0.sha256) }),
      ]),
    ])
  }

  func product(_ product: StageRecord.Product, in workspace: String) -> JSON {
    .members([
      "namespace": .string("file"),
      "name": .string(product.path.hasPrefix("/") ? product.path : workspace + "/" + product.path),
      "facets": .members(["version": version("xxh3:" + product.xxh3)]),
    ])
  }

  private func version(_ text: String) -> JSON {
    facet("1-0-1/DatasetVersionDatasetFacet", ["datasetVersion": .string(text)])
  }

  private func tags(_ tags: [(key: String, value: String)]) -> JSON {
    facet(
      "1-0-0/TagsDatasetFacet",
      [
        "tags": .array(
          tags.map { tag in
            .members([
              "key": .string(tag.key), "value": .string(tag.value),
              "source": .string("BRANCHMERGE"),
            ])
          })
      ])
  }

  /// Two cards of one published table are one data set.
  private static func place(of source: Provenance.Source) -> (namespace: String, name: String) {
    guard isURL(source.homepage), let mark = source.homepage.firstRange(of: "://") else {
      return ("branchmerge", "sources/\(source.name)/\(source.config)")
    }
    let rest = source.homepage[mark.upperBound...]
    let host = rest.prefix { $0 != "/" }
    let path = rest.dropFirst(host.count).split(separator: "/").joined(separator: "/")
    let table = path.isEmpty ? source.config : "\(path)/\(source.config)"
    return (String(source.homepage[..<mark.upperBound] + host), table)
  }

  /// What a validator of URIs takes without doubt.
  private static func isURL(_ text: String) -> Bool {
    (text.hasPrefix("https://") || text.hasPrefix("http://"))
      && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"<>\"{}|\\^`".utf8.contains($0) }
      && text.split(separator: "/").count > 1
  }

  // MARK: - Columns

  /// The raw fields that the card knows, each with our name for it.
  private func schema(of source: Provenance.Source) -> JSON? {
    guard let use = try? FieldUse(card: source.card, of: source.name) else { return nil }
    return facet(
      "1-2-0/SchemaDatasetFacet",
      [
        "fields": .array(
          use.fields.map { field in
            .members([
              "name": .string(field.path.description), "type": .string(field.type.rawValue),
              "description": .string(field.name),
            ])
          })
      ])
  }

  /// The columns of an output as its row format has them.
  private static func columns(of output: Provenance.Output, _ build: Provenance.Build) -> [JSON] {
    func fields(_ members: [JSON.Member]) -> [JSON] {
      members.map { member in
        let inner = member.value.items?.first?.members
        return .members([
          "name": .string(member.key), "type": .string(inner == nil ? "string" : "array"),
          "fields": inner.map { .array(fields($0)) },
        ])
      }
    }
    return fields(output.example(in: build)?.members ?? [])
  }

  /// Which raw fields each column is made of, and which decided about rows; nil where a card or a
  /// step is none that this version can read.
  private func columnLineage(of output: Provenance.Output, _ build: Provenance.Build) -> JSON? {
    var parts: [String: [JSON]] = [:]
    var deciding: [JSON] = []
    for taking in build.takings
    where taking.steps.contains(where: { $0.kind == "response" }) != output.isSeeds {
      guard let use = try? FieldUse(card: taking.source.card, of: taking.source.name) else {
        return nil
      }
      let (namespace, name) = Self.place(of: taking.source)
      func inputs(_ fields: [Field], _ type: String, _ subtype: String, _ about: String) -> [JSON] {
        fields.map { field in
          .members([
            "namespace": .string(namespace), "name": .string(name),
            "field": .string(field.path.description),
            "transformations": .array([
              .members([
                "type": .string(type), "subtype": .string(subtype),
                "description": .string(about), "masking": .bool(false),
              ])
            ]),
          ])
        }
      }
      parts["id", default: []] += inputs(
        use.identity, "DIRECT", "TRANSFORMATION", "a hash of the identity")
      parts["answer", default: []] += inputs(
        use.field("answer").map { [$0] } ?? [], "DIRECT", "IDENTITY", "as it is")
      for step in taking.steps {
        guard let fields = try? use.fields(of: step.kind, step.text) else { return nil }
        switch step.kind {
        case "prompt", "response":
          parts[step.kind, default: []] += inputs(fields, "DIRECT", "TRANSFORMATION", "template")
        default:
          deciding += inputs(fields, "INDIRECT", "FILTER", "\(step.kind) \(step.name)")
        }
      }
    }
    let columns = output.example(in: build)?.members ?? []
    return facet(
      "1-2-0/ColumnLineageDatasetFacet",
      [
        "fields": .object(
          columns.compactMap { column in
            let inputs = Self.texts(in: column.value).flatMap { parts[$0] ?? [] }
            guard !inputs.isEmpty else { return nil }
            return JSON.Member(column.key, .members(["inputFields": .array(inputs)]))
          }),
        "dataset": .array(deciding),
      ])
  }

  private static func texts(in value: JSON) -> [String] {
    if let text = value.text { return [text] }
    return (value.items ?? []).flatMap(texts)
      + (value.members ?? []).flatMap { texts(in: $0.value) }
  }
}

extension Provenance.Output {
  /// A row with the names of its parts in their places; nil for a format of another version.
  func example(in build: Provenance.Build) -> JSON? {
    let text = isSeeds ? RowExample.seed : RowExample.row(of: build.rowFormat)
    return text.flatMap { try? JSON(parsing: Array($0.utf8)) }
  }
}
