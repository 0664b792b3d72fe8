internal import Notation

extension MergeDocument {
  private static let forms = ["models", "slices", "modules", "chain"]
  private static let keys =
    ["merge_method", "base_model"] + forms + [
      "parameters", "dtype", "out_dtype", "tokenizer_source", "tokenizer", "chat_template", "name",
      "compat", "seed", "embed_mismatch", "shape_mismatch", "int_tensors", "post_t",
      "intermediate_dtype",
    ]

  init(_ yaml: YAML) throws(RecipeError) {
    let keys = try yaml.present("a merge", Self.keys)
    place = Place(yaml)
    guard let method = keys["merge_method"] else { throw yaml.fail("a merge needs 'merge_method'") }
    self.method = try method.text("'merge_method'")
    methodPlace = Place(method)
    name = try keys["name"].map { (name) throws(RecipeError) in try Self.name(name) }
    baseModel = try Self.model(keys["base_model"], "'base_model'")
    parameters = try Parameter.list(keys["parameters"])
    type = try Self.type(keys["dtype"], "dtype")
    outputType = try Self.type(keys["out_dtype"], "out_dtype")
    intermediateType = try Self.type(keys["intermediate_dtype"], "intermediate_dtype")
    tokenizer = try Self.tokenizer(keys)
    chatTemplate = try keys["chat_template"]?.text("'chat_template'")
    isCompatible = try keys["compat"]?.choice("'compat'", of: Peer.self) != nil
    seed = try keys["seed"]?.count("'seed'") ?? 0
    // mergekit cuts without being asked.
    embedMismatch =
      try keys["embed_mismatch"]?.choice("'embed_mismatch'")
      ?? (isCompatible ? .submatrix : .error)
    shapeMismatch = try keys["shape_mismatch"]?.choice("'shape_mismatch'") ?? .error
    integers = try keys["int_tensors"]?.choice("'int_tensors'") ?? .equal
    postDepth = try keys["post_t"]?.choice("'post_t'", of: PostDepth.self) == .end ? 1 : 0

    var reader = BodyReader(baseModel: baseModel, isCompatible: isCompatible)
    (body, moduleParameters) = try reader.body(keys, of: yaml, method: method)
    inputs = reader.inputs
    baseIndex = reader.baseIndex
    warnings = reader.warnings
  }

  private enum Peer: String, CaseIterable { case mergekit }
  private enum PostDepth: String, CaseIterable {
    case start = "0"
    case end = "1"
  }

  private static func name(_ yaml: YAML) throws(RecipeError) -> String {
    let name = try yaml.text("'name'")
    guard !name.isEmpty, !name.hasPrefix("."),
      name.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
    else { throw yaml.fail("'name' has letters, digits, '-', '_' and '.' only") }
    return name
  }

  fileprivate static func model(_ yaml: YAML?, _ what: String) throws(RecipeError)
    -> ModelReference?
  {
    try yaml.map { (yaml) throws(RecipeError) in try ModelReference(yaml, what) }
  }

  private static func type(_ yaml: YAML?, _ key: String) throws(RecipeError) -> ElementType? {
    guard let yaml else { return nil }
    let name = try yaml.text("'\(key)'")
    let known = ["float32", "float16", "bfloat16"]
    guard known.contains(name.hasPrefix("torch.") ? String(name.dropFirst(6)) : name) else {
      throw yaml.fail(
        "'\(key)' cannot be '\(name)'\(choices(for: name, among: known, "there are"))")
    }
    return ElementType(torch: name)
  }

  private static func tokenizer(_ keys: [String: YAML]) throws(RecipeError) -> TokenizerChoice? {
    if let source = keys["tokenizer_source"] {
      if let tokenizer = keys["tokenizer"] {
        throw tokenizer.fail(
          "a merge has 'tokenizer_source' or 'tokenizer', and not both; 'tokenizer: {source: …}'"
            + " says the same as the first")
      }
      return try TokenizerChoice(source: source)
    }
    return try keys["tokenizer"].map { (yaml) throws(RecipeError) in try TokenizerChoice(yaml) }
  }

  /// Reads the body and gathers the inputs on the way.
  private struct BodyReader {
    let baseModel: ModelReference?
    let isCompatible: Bool
    var inputs: [ModelReference] = []
    var baseIndex: Int?
    var warnings: [String] = []

    mutating func body(_ keys: [String: YAML], of yaml: YAML, method: YAML) throws(RecipeError)
      -> (Body, [Parameter])
    {
      let form = try only(MergeDocument.forms, of: keys, "a merge", yaml)
      let body: Body
      var moduleParameters: [Parameter] = []
      switch form {
      case "modules": (body, moduleParameters) = try module(keys[form], of: yaml)
      case "chain": body = .chain(try chain(keys[form], of: yaml, method: method))
      default: body = try models(keys, form, of: yaml)
      }
      if let baseModel {
        baseIndex = index(of: baseModel)
      }
      return (body, moduleParameters)
    }

    /// The only one of some keys that is there.
    private func only(_ names: [String], of keys: [String: YAML], _ what: String, _ yaml: YAML)
      throws(RecipeError) -> String
    {
      let given = names.filter { keys[$0] != nil }
      guard let first = given.first else {
        throw yaml.fail("\(what) needs \(names.map { "'\($0)'" }.joined(separator: " or "))")
      }
      if given.count > 1, let second = keys[given[1]] {
        throw second.fail("\(what) has one body, and this one has \(listed(given))")
      }
      return first
    }

    private mutating func module(_ yaml: YAML?, of merge: YAML) throws(RecipeError)
      -> (Body, [Parameter])
    {
      let modules = try yaml?.entries("'modules'") ?? []
      guard let (name, module) = modules.first else {
        throw (yaml ?? merge).fail("'modules' needs a module")
      }
      if modules.count > 1 {
        let names = try modules.map { (key, _) throws(RecipeError) in try key.text("a module") }
        throw modules[1].key.fail(
          "modules (\(listed(names))) are not merged one by one; list 'models' at the top level,"
            + " and set what differs by 'filter' on the tensors' names")
      }
      _ = try name.text("a module's name")
      let keys = try module.present("a module", ["models", "slices", "parameters"])
      let form = try only(["models", "slices"], of: keys, "a module", module)
      return (try models(keys, form, of: module), try Parameter.list(keys["parameters"]))
    }

    private mutating func models(_ keys: [String: YAML], _ form: String, of yaml: YAML)
      throws(RecipeError) -> Body
    {
      let list = keys[form] ?? yaml
      let items = try list.list("'\(form)'")
      guard !items.isEmpty else { throw list.fail("'\(form)' is empty") }
      if form == "slices" {
        var slices: [Slice] = []
        for item in items { slices.append(try slice(item)) }
        return .slices(slices)
      }
      var entries: [SourceEntry] = []
      for item in items {
        let keys = try item.present("an entry of 'models'", ["model", "parameters"])
        let model = try self.model(keys, "an entry of 'models'", item)
        if isCompatible, inputs.contains(where: model.isSame) {
          warnings.append(
            "\(model.place): '\(model)' is listed twice; as in mergekit only the first entry counts"
          )
          continue
        }
        entries.append(try entry(model, at: distinct(model), keys, item))
      }
      return .models(entries)
    }

    private mutating func slice(_ yaml: YAML) throws(RecipeError) -> Slice {
      let keys = try yaml.present(
        "a slice", ["sources", "base_model", "residual_weight", "parameters"])
      guard let list = keys["sources"] else { throw yaml.fail("a slice needs 'sources'") }
      if let weight = keys["residual_weight"] {
        guard weight.isScalar, SettingValue(try weight.text("'residual_weight'")).number != nil
        else {
          throw weight.fail(
            "'residual_weight' should be a number, and is \(weight.described)")
        }
        warnings.append("\(Place(weight)): 'residual_weight' has no effect, as in mergekit")
      }
      var sources: [SourceEntry] = []
      for item in try list.list("'sources'") { sources.append(try source(item, after: sources)) }
      guard !sources.isEmpty else { throw list.fail("'sources' is empty") }
      let ownBase = try MergeDocument.model(keys["base_model"], "'base_model'")
      if let ownBase { _ = index(of: ownBase) }
      let base = ownBase ?? baseModel
      return Slice(
        sources: sources,
        baseIndex: base.flatMap { base in sources.firstIndex { $0.model.isSame(as: base) } },
        parameters: try Parameter.list(keys["parameters"]), place: Place(yaml))
    }

    private mutating func source(_ yaml: YAML, after sources: [SourceEntry]) throws(RecipeError)
      -> SourceEntry
    {
      let what = "an entry of 'sources'"
      let keys = try yaml.present(what, ["model", "layer_range", "parameters"])
      let model = try self.model(keys, what, yaml)
      guard let range = keys["layer_range"] else { throw yaml.fail("\(what) needs 'layer_range'") }
      let layers = try self.layers(range)
      if let first = sources.first?.layers, first.count != layers.count {
        throw range.fail(
          "'layer_range' takes \(layers.count) layers, and the first source of the slice"
            + " \(first.count); all sources of a slice give equally many")
      }
      if sources.contains(where: { $0.model.isSame(as: model) }) {
        warnings.append(
          "\(model.place): '\(model)' stands twice in a slice and counts as two inputs")
      }
      return try entry(
        model, at: index(of: model), keys, yaml, LayerRange(layers: layers, place: Place(range)))
    }

    private func layers(_ yaml: YAML) throws(RecipeError) -> Range<Int> {
      let ends = try yaml.list("'layer_range'")
      guard ends.count == 2 else {
        throw yaml.fail(
          "'layer_range' should be [FIRST, END], END not included, and has \(ends.count) entries")
      }
      let first = try ends[0].count("the first layer of 'layer_range'")
      let end = try ends[1].count("the end of 'layer_range'")
      guard first < end else {
        throw yaml.fail(
          "'layer_range' takes no layer: [\(first), \(end)]; give"
            + " [FIRST, END] with FIRST below END")
      }
      return first..<end
    }

    private mutating func chain(_ yaml: YAML?, of merge: YAML, method: YAML) throws(RecipeError)
      -> [Link]
    {
      if let baseModel {
        throw baseModel.place.fail(
          "a chain has no 'base_model': 'kept' says for every step which side is kept")
      }
      guard try method.text("'merge_method'") == "arcee_fusion" else {
        throw method.fail(
          "a chain is fused with 'arcee_fusion', and not with '\(try method.text("it"))'")
      }
      let list = yaml ?? merge
      let items = try list.list("'chain'")
      guard items.count >= 2 else { throw list.fail("'chain' needs at least two models") }
      var links: [Link] = []
      for item in items { links.append(try link(item, isFirst: links.isEmpty)) }
      return links
    }

    private mutating func link(_ yaml: YAML, isFirst: Bool) throws(RecipeError) -> Link {
      let what = "an entry of 'chain'"
      let keys = try yaml.present(what, ["model", "kept", "parameters"])
      let model = try self.model(keys, what, yaml)
      if isFirst, let extra = keys["kept"] ?? keys["parameters"] {
        throw extra.fail(
          "the first model of a chain joins nothing; 'kept' and 'parameters' belong to those"
            + " after it")
      }
      let kept = try keys["kept"]?.choice("'kept'", of: KeptSide.self)
      if !isFirst, kept == nil {
        throw yaml.fail(
          "\(what) after the first needs 'kept': 'existing' keeps the chain so far where nothing is"
            + " salient, 'incoming' keeps this model")
      }
      return Link(source: try entry(model, at: distinct(model), keys, yaml), kept: kept)
    }

    private func model(_ keys: [String: YAML], _ what: String, _ yaml: YAML) throws(RecipeError)
      -> ModelReference
    {
      guard let model = keys["model"] else { throw yaml.fail("\(what) needs 'model'") }
      return try ModelReference(model, "'model'")
    }

    private func entry(
      _ model: ModelReference, at input: Int, _ keys: [String: YAML], _ yaml: YAML,
      _ range: LayerRange? = nil
    ) throws(RecipeError) -> SourceEntry {
      SourceEntry(
        model: model, input: input, layerRange: range,
        parameters: try Parameter.list(keys["parameters"]), place: Place(yaml))
    }

    /// The input that a model is; it becomes one if it was none.
    private mutating func index(of model: ModelReference) -> Int {
      if let known = inputs.firstIndex(where: model.isSame) { return known }
      inputs.append(model)
      return inputs.count - 1
    }

    /// A new input, even if the model is one already.
    private mutating func distinct(_ model: ModelReference) -> Int {
      if inputs.contains(where: model.isSame) {
        warnings.append(
          "\(model.place): '\(model)' is listed twice and counts as two inputs; mergekit would not"
            + " take the second")
      }
      inputs.append(model)
      return inputs.count - 1
    }
  }
}
