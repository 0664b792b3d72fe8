internal import Notation

/// A trainer's YAML file in the making: keys in order, with the reasons that a reader may want.
struct TrainerConfig {
  private var entries: [Entry] = []
  private let about: [String]

  private struct Entry {
    var key: String
    var value: String
    var comment: [String]
  }

  /// Keys that say what is saved, logged and shared out, and leave the weights as they are.
  private static let bystanders: Set<String> = [
    "dataloader_num_workers", "dataset_num_proc", "ddp_timeout", "disable_tqdm", "logging_dir",
    "logging_steps", "overwrite_cache", "plot_loss", "report_to", "run_name", "save_only_model",
    "save_steps", "save_strategy", "save_total_limit",
  ]

  /// Begins a file with comments on what it is, a line each.
  init(_ about: [String]) { self.about = about }

  mutating func set(_ key: String, _ value: String, _ comment: String...) {
    entries.append(Entry(key: key, value: value, comment: comment))
  }

  mutating func set(_ key: String, text: String, _ comment: String...) {
    entries.append(Entry(key: key, value: JSON.quoted(text), comment: comment))
  }

  /// Puts what the recipe passes on over what stands here, each in its place; the rest at the end.
  mutating func take(_ extra: [TrainingSettings.Extra]) {
    for extra in extra {
      let place = entries.firstIndex { $0.key == extra.key }
      switch (place, extra.value) {
      case (let place?, let value?): entries[place].value = value
      case (let place?, nil): entries.remove(at: place)
      case (nil, let value?): entries.append(Entry(key: extra.key, value: value, comment: []))
      case (nil, nil): break
      }
    }
  }

  var text: String {
    about.map { "# \($0)\n" }.joined()
      + entries.map { entry in
        entry.comment.map { "# \($0)\n" }.joined() + "\(key(entry.key)): \(entry.value)\n"
      }.joined()
  }

  var identity: [IdentityPart] {
    entries.filter { !Self.bystanders.contains($0.key) }
      .map { IdentityPart(name: $0.key, value: $0.value) }
  }

  private func key(_ name: String) -> String {
    let isPlain = name.utf8.allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || $0 == UInt8(ascii: "_")
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    return isPlain ? name : JSON.quoted(name)
  }
}
