internal import Notation

/// Pairs every output tensor with its inputs, and settles its shape, type and parameters.
struct TensorPlanner {
  let document: MergeDocument
  let method: any MergeMethod.Type
  let isCompatible: Bool
  let seed: Int
  let checkpoints: [Checkpoint]
  let labels: [String]
  /// Decides on the rows of embeddings, where a tokenizer was asked for.
  let rowMaps: TokenizerMerge?

  private(set) var problems: [String] = []
  private(set) var warnings: [String] = []
  /// For every layer of the output the donor's layer whose place it takes; nil when slices change
  /// nothing.
  private(set) var layers: [Int]?
  private var told: Set<String> = []

  init(
    document: MergeDocument, method: any MergeMethod.Type, isCompatible: Bool, seed: Int,
    checkpoints: [Checkpoint], labels: [String], rowMaps: TokenizerMerge?
  ) {
    self.document = document
    self.method = method
    self.isCompatible = isCompatible
    self.seed = seed
    self.checkpoints = checkpoints
    self.labels = labels
    self.rowMaps = rowMaps
  }

  mutating func plan() throws -> [PlannedTensor] {
    let map = try LayerMap(document, names: checkpoints.map { $0.tensors.map(\.name) })
    let slices = document.slices
    let tables = document.tables
    if case .slices = document.body {
      layers = slices.flatMap { slice in
        Array(slice.sources[slice.baseIndex ?? 0].layers ?? 0..<0)
      }
    }
    warnScopes(slices)
    return map.outputs.compactMap { output in
      tensor(output, slices[output.slice], tables[output.slice])
    }
  }

  private mutating func tensor(
    _ output: LayerMap.Output, _ slice: MergeDocument.Slice, _ table: ParameterTable
  ) -> PlannedTensor? {
    let count =
      method.about.base == .none ? document.givenSources(of: slice).count : slice.sources.count
    var found: [Found] = []
    var lacking: [String] = []
    for index in 0..<count {
      let source = slice.sources[index]
      let checkpoint = checkpoints[source.input]
      if let tensor = checkpoint[output.sources[index]]
        ?? tied(output.sources[index], in: checkpoint)
      {
        found.append(Found(source: index, input: source.input, tensor: tensor))
      } else {
        lacking.append(labels[source.input])
      }
    }
    guard let first = found.first else { return nil }
    guard lacking.isEmpty else {
      problems.append(
        "\(output.name): missing in \(lacking.joined(separator: ", ")), present in"
          + " \(found.map { labels[$0.input] }.joined(separator: ", "))")
      return nil
    }
    let base = slice.baseIndex.flatMap { index in found.firstIndex { $0.source == index } }
    let leading = base.map { found[$0] } ?? first
    guard let shape = settleShape(output, &found, leading) else { return nil }
    let inputs = found.map { item in
      TensorInput(
        model: item.input, file: checkpoints[item.input].files[item.tensor.file],
        tensor: item.tensor, rows: item.rows)
    }
    var planned = PlannedTensor(
      name: output.name, type: leading.tensor.type, shape: shape, inputs: inputs,
      labels: found.map { labels[$0.input] },
      base: base.flatMap { index in found.firstIndex { $0.source == slice.baseIndex } ?? index },
      method: IdenticalTensors(), methodName: "identical", parameters: [],
      t: output.t)
    guard found.allSatisfy({ $0.tensor.type.isWeight }) else {
      return sameInAll(planned, found)
    }
    planned.type = document.outputType ?? document.type ?? leading.tensor.type
    do {
      let (settings, parameters) = self.settings(output, slice, table, found, planned)
      planned.parameters = parameters
      planned.methodName = method.about.name
      planned.method = try makeMethod(output, table, found, settings)
    } catch let error as MergeError {
      for problem in error.problems where told.insert(problem).inserted {
        problems.append("\(output.name): \(problem)")
      }
      return nil
    } catch {
      problems.append("\(output.name): \(error)")
      return nil
    }
    return planned
  }

  /// A tensor of one source.
  private struct Found {
    var source: Int
    var input: Int
    var tensor: StoredTensor
    var rows: GatheredRows?
  }

  /// The embedding of a model whose head is tied to it.
  private func tied(_ name: String, in checkpoint: Checkpoint) -> StoredTensor? {
    guard name == "lm_head.weight" || name.hasSuffix(".lm_head.weight"),
      checkpoint.config.flatMap({ ModelConfig($0).tiesEmbeddings }) ?? true
    else { return nil }
    let embeddings = checkpoint.tensors.filter { $0.name.hasSuffix("embed_tokens.weight") }
    return embeddings.count == 1 ? embeddings[0] : nil
  }

  /// Integers and flags are not merged: they are the same in all inputs, or the base's.
  private mutating func sameInAll(_ planned: PlannedTensor, _ found: [Found]) -> PlannedTensor? {
    let types = Set(found.map(\.tensor.type))
    guard types.count == 1 else {
      let list = zip(planned.labels, found).map { "\($0) \($1.tensor.type.rawValue)" }
      problems.append(
        "\(planned.name): these types do not merge: \(list.joined(separator: ", "))")
      return nil
    }
    var planned = planned
    if document.integers == .base, let base = planned.base {
      planned.inputs = [planned.inputs[base]]
      planned.labels = [planned.labels[base]]
      planned.base = 0
    }
    return planned
  }

  // ---- shapes ----

  private mutating func settleShape(
    _ output: LayerMap.Output, _ found: inout [Found], _ leading: Found
  ) -> [Int]? {
    let isEmbedding = output.position != .layer(0) && Self.isEmbedding(output.name, leading.tensor)
    if isEmbedding, let rowMaps, let shape = gather(rowMaps, &found) { return shape }
    let shapes = Set(found.map(\.tensor.shape))
    guard shapes.count > 1 else { return leading.tensor.shape }
    let list = found.map { "\(labels[$0.input]) \($0.tensor.shape)" }.joined(separator: ", ")
    guard isEmbedding, found.allSatisfy({ $0.tensor.shape.count == 2 }) else {
      if document.shapeMismatch == .skip {
        found.removeAll { $0.tensor.shape != leading.tensor.shape }
        warnings.append("\(output.name): models of another shape are left out: \(list)")
        return leading.tensor.shape
      }
      problems.append(
        "\(output.name): shapes differ: \(list)"
          + (output.position == .after || output.position == .before
            ? "" : "; 'shape_mismatch: skip' leaves such models out of such tensors"))
      return nil
    }
    let rows = found.map { $0.tensor.shape[0] }
    let columns = found.map { $0.tensor.shape[1] }
    let target: [Int]
    switch document.embedMismatch {
    case .error:
      problems.append(
        "\(output.name): shapes differ: \(list); 'embed_mismatch' can be submatrix (what they have"
          + " in common), pad_base (the base's rows) or union (all rows), and 'tokenizer_source'"
          + " pairs rows by their tokens")
      return nil
    case .submatrix: target = [rows.min() ?? 0, columns.min() ?? 0]
    case .padBase: target = leading.tensor.shape
    case .union: target = [rows.max() ?? 0, leading.tensor.shape[1]]
    }
    guard columns.allSatisfy({ $0 >= target[1] }) else {
      problems.append("\(output.name): rows have different lengths: \(list)")
      return nil
    }
    warnings.append("\(output.name): shapes differ: \(list); the output has \(target)")
    let sources = found.map {
      RowSource(file: checkpoints[$0.input].files[$0.tensor.file], tensor: $0.tensor)
    }
    let leader = found.firstIndex { $0.source == leading.source } ?? 0
    for index in found.indices where found[index].tensor.shape != target {
      var gathered = GatheredRows(sources)
      for row in 0..<target[0] {
        // A row that a model lacks is the base's, else that of the first model which has it.
        let owner =
          row < rows[index]
          ? index : row < rows[leader] ? leader : rows.firstIndex { row < $0 } ?? leader
        gathered.append([.init(source: owner, row: row)])
      }
      found[index].rows = gathered
    }
    return target
  }

  /// Rows paired by their tokens.
  private func gather(_ tokenizer: TokenizerMerge, _ found: inout [Found]) -> [Int]? {
    let counts = checkpoints.indices.map { input in
      found.first { $0.input == input }?.tensor.shape[0]
        ?? checkpoints[input].tensors.first { Self.isEmbedding($0.name, $0) }?.shape[0] ?? 0
    }
    let map = tokenizer.rowMap(rowCounts: counts)
    guard let columns = found.first?.tensor.shape.last,
      found.allSatisfy({ $0.tensor.shape.last == columns })
    else { return nil }
    let sources = checkpoints.indices.map { input -> RowSource? in
      guard let item = found.first(where: { $0.input == input }) else { return nil }
      return RowSource(file: checkpoints[input].files[item.tensor.file], tensor: item.tensor)
    }
    for index in found.indices {
      let input = found[index].input
      let isWhole = map.isIdentity(of: input)
      if isWhole { continue }
      var gathered = GatheredRows(sources)
      var isPadding = false
      for source in map.sources[input] {
        if case .meanOfTokens = source, isPadding {
          gathered.repeatLast()
        } else {
          gathered.append(parts(of: source, input, map))
        }
        if case .meanOfTokens = source { isPadding = true }
      }
      found[index].rows = gathered
    }
    return [map.rowCount, columns]
  }

  private func parts(
    of source: RowMap.Source, _ input: Int, _ map: RowMap, weight: Double = 1
  ) -> [GatheredRows.Part] {
    switch source {
    case .zero: return []
    case .row(let row): return [.init(source: input, row: row, weight: weight)]
    case .rowOf(let model, let row): return [.init(source: model, row: row, weight: weight)]
    case .mean(let places):
      return places.map {
        .init(source: $0.model, row: $0.row, weight: weight / Double(places.count))
      }
    case .meanOfTokens:
      return map.sources[input].prefix(map.tokenCount).flatMap {
        parts(of: $0, input, map, weight: weight / Double(map.tokenCount))
      }
    }
  }

  /// Whether rows stand for tokens: embeddings and heads, as they are called.
  static func isEmbedding(_ name: String, _ tensor: StoredTensor) -> Bool {
    guard tensor.shape.count == 2 else { return false }
    let words = ["embed_tokens", "lm_head", "wte", "tok_embeddings", "word_embeddings", "embed_in"]
    return words.contains { name.contains($0) } || name == "output.weight"
  }

  // ---- parameters ----

  private func settings(
    _ output: LayerMap.Output, _ slice: MergeDocument.Slice, _ table: ParameterTable,
    _ found: [Found], _ planned: PlannedTensor
  ) -> (MethodSettings, [JSON.Member]) {
    var settings = MethodSettings()
    settings.labels = planned.labels
    settings.base = planned.base
    settings.isCompatible = isCompatible
    settings.type = document.type ?? found[planned.base ?? 0].tensor.type
    settings.seed = seed
    settings.models = found.map { _ in [:] }
    var given: [JSON.Member] = []
    for parameter in method.about.parameters {
      switch parameter.scope {
      case .tensor:
        guard
          let value = table.value(
            parameter.name, forModel: nil, tensor: output.name, t: output.t)
        else { continue }
        settings.values[parameter.name] = value
        given.append(.init(parameter.name, value.json))
      case .model:
        var values: [JSON] = []
        for (index, item) in found.enumerated() {
          let value = table.value(
            parameter.name, forModel: item.source, tensor: output.name, t: output.t)
          settings.models[index][parameter.name] = value
          values.append(value?.json ?? .null)
        }
        if values.contains(where: { $0 != .null }) {
          given.append(.init(parameter.name, .array(values)))
        }
      }
    }
    return (settings, given)
  }

  private func makeMethod(
    _ output: LayerMap.Output, _ table: ParameterTable, _ found: [Found],
    _ settings: MethodSettings
  ) throws -> any MergeMethod {
    guard case .chain(let links) = document.body else { return try method.init(settings) }
    let steps = links.enumerated().dropFirst().map { index, link in
      var own = settings
      for parameter in method.about.parameters {
        own.values[parameter.name] = table.value(
          parameter.name, forModel: index, tensor: output.name, t: output.t)
      }
      return (keepsExisting: link.kept != .incoming, settings: own)
    }
    return try ArceeFusion(chain: steps, intermediate: document.intermediateType)
  }

  /// A parameter of the tensor that stands under one model decides nothing.
  private mutating func warnScopes(_ slices: [MergeDocument.Slice]) {
    if case .chain = document.body { return }
    let shared = Set(method.about.parameters.filter { $0.scope == .tensor }.map(\.name))
    for parameter in slices.flatMap({ $0.sources.flatMap(\.parameters) })
    where shared.contains(parameter.name) && told.insert(parameter.name).inserted {
      warnings.append(
        "\(parameter.place): '\(parameter.name)' is one value for all models; under a single model"
          + " it has no effect, put it at the top level")
    }
  }
}

extension SettingValue {
  var json: JSON {
    switch self {
    case .number(let number):
      Int(exactly: number).map { .whole($0) } ?? .real(number)
    case .flag(let flag): .bool(flag)
    case .text(let text): .string(text)
    }
  }
}
