internal import Notation

/// How one expert is trained: the recipe's common settings with the branch's own over them.
///
/// What a recipe may leave out is as in TinyR1's published script; what has no sensible default is
/// nil until given, and a trainer that needs it refuses the recipe.
package struct TrainingSettings: Sendable, Hashable {
  package enum Overlong: String, Sendable, CaseIterable { case drop, keep, fail }
  package enum Packing: String, Sendable, CaseIterable { case none, packed, neat }
  package enum Precision: String, Sendable, CaseIterable { case bf16, fp16, fp32 }

  /// The trainer's chat template, by LLaMA-Factory's name.
  package var template: String?
  /// Tokens of a row, or of a pack, at most.
  package var cutoff: Int?
  package var overlong = Overlong.keep
  package var packing = Packing.none
  /// Packs, or rows without packing, for one optimizer step, all GPUs together.
  package var batch: Int?
  package var deviceBatch = 1
  package var gpus = 1
  package var epochs: Double?
  package var learningRate: Double?
  package var schedule = "constant_with_warmup"
  /// The share of all steps in which the learning rate rises from 0.
  package var warmup = 0.1
  package var weightDecay = 0.01
  package var seed = 42
  package var precision = Precision.bf16
  package var saveSteps = 200
  /// Seconds without a new byte in the log after which the trainer counts as hung; nil for never.
  package var silence: Double?
  /// Passed to the trainer as they are, over what is written for it.
  package var extra: [Extra] = []
  /// Words, with `{config}` and the like for what is filled in; nil for the trainer's own.
  package var command: String?

  /// A key of the trainer's own file with its value in YAML; nil takes the key out.
  package struct Extra: Sendable, Hashable {
    package var key: String
    package var value: String?
  }

  /// Batches of each GPU that are added up before a step; nil without a batch.
  package var accumulation: Int? { batch.map { $0 / (gpus * deviceBatch) } }

  /// What a batch counts.
  package var unit: String { packing == .none ? "rows" : "packs" }

  /// Why the batch cannot be shared out evenly, with batches that can; nil if it can.
  var remainder: String? {
    guard let batch else { return nil }
    let share = gpus * deviceBatch
    let rest = batch % share
    guard rest != 0 else { return nil }
    let near = [batch - rest, batch - rest + share].filter { $0 > 0 }.map(String.init)
    return "a step of \(batch) \(unit) cannot be shared out evenly: \(gpus) "
      + "\(gpus == 1 ? "GPU" : "GPUs") with \(deviceBatch) each take \(share) at a time, and"
      + " \(batch) / \(share) leaves \(rest); \(near.joined(separator: " and "))"
      + " can be, or change 'gpus' or 'device_batch'"
  }

  /// The settings by the recipe's names, those that are known, values in JSON.
  package var named: [(name: String, json: String)] {
    let all: [(String, String?)] = [
      ("template", template.map(JSON.quoted)), ("cutoff", cutoff.map(String.init)),
      ("overlong", JSON.quoted(overlong.rawValue)), ("packing", JSON.quoted(packing.rawValue)),
      ("batch", batch.map(String.init)), ("device_batch", String(deviceBatch)),
      ("gpus", String(gpus)), ("gradient_accumulation", accumulation.map(String.init)),
      ("epochs", epochs.map(decimal)), ("learning_rate", learningRate.map(decimal)),
      ("schedule", JSON.quoted(schedule)), ("warmup", decimal(warmup)),
      ("weight_decay", decimal(weightDecay)), ("seed", String(seed)),
      ("precision", JSON.quoted(precision.rawValue)), ("save_steps", String(saveSteps)),
    ]
    return all.compactMap { name, json in json.map { (name, $0) } }
  }
}

/// A number as YAML 1.1, YAML 1.2 and JSON all read it: `1.0e-05`, where Python's reader would
/// take `1e-05` for a text.
func decimal(_ number: Double) -> String {
  if let whole = Int(exactly: number) { return String(whole) }
  let text = "\(number)"
  guard let exponent = text.firstIndex(of: "e"), !text[..<exponent].contains(".") else {
    return text
  }
  return text[..<exponent] + ".0" + text[exponent...]
}
