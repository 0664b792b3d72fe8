package import Notation

/// The recipe's section `train`: which trainer, and with which settings for each branch.
package struct TrainingPlan: Sendable {
  package let trainer: any Trainer
  private let experts: [String: TrainingSettings]
  private let paths: [String: String]

  /// What applies to every branch, and may be given for one of them instead.
  private static let common = [
    "template", "cutoff", "overlong", "packing", "batch", "device_batch", "gpus", "epochs",
    "learning_rate", "schedule", "warmup", "weight_decay", "seed", "precision", "save_steps",
    "silence", "extra", "command",
  ]

  package init(_ yaml: YAML, branches: [String]) throws(RecipeError) {
    let keys = try yaml.keyed("'train'", ["with"] + Self.common + ["experts"])
    trainer = try Self.trainer(keys["with"])

    var own: [String: YAML] = [:]
    if let list = keys["experts"] {
      for (key, value) in try list.entries("'experts'") {
        let name = try key.text("a branch's name")
        guard branches.contains(name) else {
          throw key.fail(
            "no branch is called '\(name)'\(choices(for: name, among: branches, "there are"))")
        }
        own[name] = value
      }
    }

    var experts: [String: TrainingSettings] = [:]
    var paths: [String: String] = [:]
    for branch in branches {
      var reader = SettingsReader()
      try reader.read(keys)
      if trainer is GivenExperts {
        guard let place = own[branch] else {
          throw (keys["experts"] ?? yaml).fail(
            "with 'experts' every branch has the path of its expert, and '\(branch)' has none")
        }
        paths[branch] = try place.text("the path of an expert")
      } else if let mapping = own[branch] {
        try reader.read(try mapping.keyed("an expert", Self.common))
      }
      experts[branch] = try reader.settings(for: trainer, at: own[branch] ?? yaml)
    }
    self.experts = experts
    self.paths = paths
  }

  /// The settings of one of the branches that the plan was made for.
  package func settings(of branch: String) -> TrainingSettings { experts[branch] ?? .init() }

  /// The path of a branch's expert where the recipe gives it; nil where it is to be trained.
  package func given(of branch: String) -> String? { paths[branch] }

  private static func trainer(_ yaml: YAML?) throws(RecipeError) -> any Trainer {
    guard let yaml else { return LlamaFactory() }
    let name = try yaml.text("'with'")
    guard let known = Trainers.all.first(where: { $0.name == name }) else {
      let names = Trainers.all.map { $0.name }
      throw yaml.fail(
        "no trainer is called '\(name)'\(choices(for: name, among: names, "there are"))")
    }
    return known.init()
  }
}

/// Reads settings one mapping after another; what comes later counts.
private struct SettingsReader {
  private var settings = TrainingSettings()
  /// Where the present value of each key stands.
  private var places: [String: YAML] = [:]

  private static let schedules = [
    "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts",
    "cosine_with_min_lr", "polynomial", "inverse_sqrt", "warmup_stable_decay",
  ]

  mutating func read(_ keys: [String: YAML]) throws(RecipeError) {
    for (key, yaml) in keys.sorted(by: { $0.key < $1.key }) {
      places[key] = yaml
      switch key {
      case "template": settings.template = try yaml.text("'template'")
      case "cutoff": settings.cutoff = try yaml.positiveWhole("'cutoff'")
      case "overlong": settings.overlong = try yaml.named("'overlong'")
      case "packing": settings.packing = try yaml.named("'packing'")
      case "batch": settings.batch = try yaml.positiveWhole("'batch'")
      case "device_batch": settings.deviceBatch = try yaml.positiveWhole("'device_batch'")
      case "gpus": settings.gpus = try yaml.positiveWhole("'gpus'")
      case "epochs": settings.epochs = try yaml.positive("'epochs'")
      case "learning_rate": settings.learningRate = try yaml.positive("'learning_rate'")
      case "schedule":
        let name = try yaml.text("'schedule'")
        guard Self.schedules.contains(name) else {
          throw yaml.fail(
            "no schedule is called '\(name)'\(choices(for: name, among: Self.schedules, "there are"))"
          )
        }
        settings.schedule = name
      case "warmup":
        settings.warmup = try yaml.number("'warmup'")
        guard 0..<1 ~= settings.warmup else {
          throw yaml.fail("'warmup' is a share of all steps, from 0 up to but not including 1")
        }
      case "weight_decay":
        settings.weightDecay = try yaml.number("'weight_decay'")
        guard settings.weightDecay >= 0 else { throw yaml.fail("'weight_decay' is at least 0") }
      case "seed": settings.seed = try yaml.whole("'seed'")
      case "precision": settings.precision = try yaml.named("'precision'")
      case "save_steps": settings.saveSteps = try yaml.positiveWhole("'save_steps'")
      case "silence": settings.silence = try yaml.seconds("'silence'")
      case "extra": try readExtra(yaml)
      case "command": settings.command = try Self.command(yaml)
      default: break
      }
    }
  }

  /// Key by key over what was there.
  private mutating func readExtra(_ yaml: YAML) throws(RecipeError) {
    for (key, value) in try yaml.entries("'extra'") {
      let name = try key.text("a key")
      let extra = TrainingSettings.Extra(
        key: name, value: value.isNull ? nil : try value.forTrainer())
      settings.extra.removeAll { $0.key == name }
      settings.extra.append(extra)
    }
  }

  private static func command(_ yaml: YAML) throws(RecipeError) -> String {
    let text = try yaml.text("'command'")
    for name in CommandTemplate(text).names where !CommandTemplate.known.contains(name) {
      throw yaml.fail(
        "nothing is filled in for '{\(name)}'"
          + choices(for: name, among: CommandTemplate.known, "there are"))
    }
    if let word = CommandTemplate(text).words.first(where: { "\"'".contains($0.prefix(1)) }) {
      throw yaml.fail(
        "'command' is cut at white space and knows no quotes (\(word)); put what needs a shell into a"
          + " script, and name that")
    }
    guard !CommandTemplate(text).words.isEmpty else { throw yaml.fail("'command' has no words") }
    return text
  }

  func settings(for trainer: any Trainer, at place: YAML) throws(RecipeError) -> TrainingSettings {
    let kind = type(of: trainer)
    for key in kind.required where places[key] == nil {
      throw place.fail("the trainer '\(kind.name)' needs '\(key)'")
    }
    if !kind.templates.isEmpty, let template = settings.template,
      !kind.templates.contains(template)
    {
      throw (places["template"] ?? place).fail(
        "no template is called '\(template)'"
          + choices(for: template, among: kind.templates, "there are"))
    }
    if settings.overlong != .keep, !(trainer is GivenExperts) {
      for key in ["template", "cutoff", "batch", "epochs"] where places[key] == nil {
        throw (places["overlong"] ?? place).fail(
          "'overlong: \(settings.overlong.rawValue)' needs '\(key)', to count the rows by")
      }
    }
    if let remainder = settings.remainder {
      throw (places["batch"] ?? place).fail(remainder)
    }
    return settings
  }
}

extension YAML {
  /// The node as YAML that trainers written in Python read as it was meant.
  fileprivate func forTrainer() throws(RecipeError) -> String {
    if isMapping {
      var parts: [String] = []
      for (key, value) in try entries("") {
        parts.append(JSON.quoted(try key.text("a key")) + ": " + (try value.forTrainer()))
      }
      return "{" + parts.joined(separator: ", ") + "}"
    }
    switch literal {
    case .text(let text): return JSON.quoted(text)
    case .number(let number): return decimal(number)
    case .flag(let flag): return "\(flag)"
    case .null: return "null"
    case nil:
      var parts: [String] = []
      for value in try list("a value of 'extra'") { parts.append(try value.forTrainer()) }
      return "[" + parts.joined(separator: ", ") + "]"
    }
  }
}
