internal import Curation
internal import Foundation
internal import Lineage
internal import Notation

/// A sample's way through a branch, in sentences that need no knowledge of the program.
struct Sentences {
  let trace: Trace
  let unread: String?
  let proof: OriginalRow.Proof?

  /// `untaught` is why no teacher has answered it, where it is a seed.
  func paragraph(
    on fate: Trace.FateInBranch, _ steps: [Story.Step], _ stayed: Stayed?,
    _ untaught: Untaught? = nil
  ) -> String {
    ([origin, evidence] + account(of: fate, steps) + end(of: fate, steps, stayed)
      + teaching(of: fate, untaught) + later(fate) + model(of: fate)).joined(separator: " ")
  }

  private var origin: String {
    let source = trace.source
    let place = trace.place
    var facts = ["table \(source.config)", "licence \(source.licence)"]
    facts.append("revision \(source.revision)")
    if !source.homepage.isEmpty { facts.append(source.homepage) }
    let what = trace.id.map { "The sample \($0)" } ?? "This sample, which has no id,"
    let bytes = place.byteOffset.map { " (bytes \($0) to \($0 &+ place.byteCount &- 1))" } ?? ""
    return "\(what) comes from the source \(source.name) (\(facts.joined(separator: ", "))), where"
      + " it is row \(place.row)\(bytes) of the file \(Library.shown(place.path))."
  }

  private var evidence: String {
    if let unread {
      return "The row could not be read again (\(unread)), so that the values which it passed by"
        + " are not known."
    }
    return switch proof {
    case .hash:
      "The row was read again for this account, and its hash is the one that was recorded."
    case .id:
      "The row was read again for this account, and its values give the id that was recorded."
    default: "Nothing was recorded by which the row could be proved to be the one that was read."
    }
  }

  /// What the steps saw that it passed.
  private func account(of fate: Trace.FateInBranch, _ steps: [Story.Step]) -> [String] {
    let run =
      "Run \(fate.run)"
      + (fate.run == trace.run.id
        ? " (recipe \(trace.run.recipe), finished \(trace.run.finished))" : "")
    var sentences = ["\(run) read it for the branch \(fate.branch)."]
    for step in steps where step.outcome == .passed {
      switch step.kind {
      case "filter":
        let saw = step.evidence.flatMap { Values($0)?.words }.map { ": \($0)" } ?? ""
        sentences.append("It passed the filter \(named(step))\(saw).")
      case "pick":
        let values = step.evidence.flatMap { Values($0) }
        let count = fate.candidates.map(String.init) ?? values?.candidates ?? "several"
        let which = fate.picked.map { "number \($0 + 1)" } ?? "one"
        let saw = values.map { $0.words.isEmpty ? "" : "; \($0.words)" } ?? ""
        let choice = count == "1" ? "Its one answer was" : "Of its \(count) answers \(which) was"
        sentences.append("\(choice) taken, by the rule \(step.rule)\(saw).")
      case "without":
        sentences.append("Its prompt overlaps with no item of \(step.rule).")
      case "verify":
        guard let verdict = step.evidence.flatMap(Self.verdict) else { continue }
        sentences.append("Worked out anew, \(verdict).")
      default: continue
      }
    }
    let templates = steps.filter {
      $0.outcome == .passed && [Plan.Step.Kind.prompt, .response].map(\.rawValue).contains($0.kind)
    }
    if !templates.isEmpty {
      let texts = templates.map { "its \($0.kind) by the template \($0.rule)" }
      sentences.append("The recipe writes " + texts.joined(separator: " and ") + ".")
    }
    for step in steps where step.isConfirmed == false {
      sentences.append(
        "Asked again by this version of the program, the \(step.kind) \(step.name) decides"
          + " otherwise; what is told here is what was decided then.")
    }
    return sentences
  }

  private func named(_ step: Story.Step) -> String {
    step.name
      + (step.about.map { " (“\($0.trimmingCharacters(in: .whitespacesAndNewlines))”)" } ?? "")
  }

  /// How it ended.
  private func end(
    of fate: Trace.FateInBranch, _ steps: [Story.Step], _ stayed: Stayed?
  ) -> [String] {
    let output = "row \(fate.outputRow ?? 0) of \(fate.outputPath ?? "")"
    switch Fate(rawValue: fate.fate) {
    case .kept: return ["It was kept and \(fate.isThere) \(output)\(fate.inBuild)."]
    case .seed:
      let rest =
        fate.teaching == nil
        ? "for which a teacher \(fate.isThere) still to write the response"
        : "for a teacher to write the response"
      return ["It was kept as a seed, \(rest): \(output)\(fate.inBuild)."]
    case .dropped: return dropped(steps)
    case .duplicate where stayed?.near != nil: return [nearDuplicate(of: fate, stayed)]
    case .duplicate:
      var sentence = "It was left out as a duplicate of the sample \(fate.duplicateOf ?? "")"
      if let stayed {
        sentence += ", row \(stayed.row) of \(Library.shown(stayed.path))"
        if let path = stayed.outputPath, let row = stayed.outputRow {
          sentence +=
            ", which has the same prompt, was read before it, and \(fate.isThere) row \(row) of"
            + " \(path)\(fate.inBuild)"
        }
      }
      return [sentence + "."]
    case .quarantined, nil:
      let fault = fate.evidence.flatMap { try? JSON(parsing: Array($0.utf8)) }
      var message = fault?["message"]?.text ?? fate.evidence ?? "no reason was recorded"
      // What is wrong with a field begins with its name.
      if fault != nil && !message.hasPrefix("'") { message = "the row " + message }
      let place = fault?["fault_offset"]?.int.map { " (byte \($0) of the file)" } ?? ""
      return ["It was put aside, because it could not be read as a sample: \(message)\(place)."]
    }
  }

  private func nearDuplicate(of fate: Trace.FateInBranch, _ stayed: Stayed?) -> String {
    guard let stayed, let near = stayed.near else { return "" }
    let over = stayed.overID ?? "without an id"
    var sentence = "It was left out as a near duplicate of the sample \(fate.duplicateOf ?? "")"
    sentence += ", row \(stayed.row) of \(Library.shown(stayed.path))"
    if let path = stayed.outputPath, let row = stayed.outputRow {
      let branch = near.branch.map { " of the branch \($0)" } ?? ""
      sentence += ", which \(fate.isThere) row \(row) of \(path)\(branch)\(fate.inBuild)"
    }
    if near.samePrompt != nil {
      return sentence
        + ": its prompt is that of the sample \(over), which was left out for this one, being"
        + " \(Self.share(near.near)) alike."
    }
    guard let overNear = near.overNear else {
      return sentence + ": of the runs of five words that either has, both have"
        + " \(Self.share(near.near)). \(near.size) samples hang together so, and one stays."
    }
    return sentence + ". With that one it has \(Self.share(near.near)) of the runs of five words in"
      + " common, and with the sample \(over), over which they hang together,"
      + " \(Self.share(overNear)). \(near.size) samples hang together so, and one stays."
  }

  private static func share(_ part: Double) -> String { String(format: "%.1f %%", part * 100) }

  private func dropped(_ steps: [Story.Step]) -> [String] {
    guard let step = steps.first(where: { $0.outcome == .dropped }) else {
      return ["It was dropped."]
    }
    let values = step.evidence.flatMap { Values($0) }
    let because = values?.words ?? step.evidence ?? ""
    let sentence =
      switch step.kind {
      case "filter":
        "It was dropped by the filter \(named(step)), whose rule is \(step.rule): \(because)."
      case "pick":
        "It was dropped because none of its \(values?.candidates ?? "") answers satisfied the rule"
          + " \(step.rule)" + (because.isEmpty ? "." : ": \(because).")
      case "without":
        "It was dropped because \(step.evidence.flatMap(Self.overlap) ?? because)."
      case "verify":
        "It was dropped because \(step.evidence.flatMap(Self.verdict) ?? because)."
      default:
        "It was dropped because its \(step.kind) could not be written from the template"
          + " \(step.rule): \(because)."
      }
    return [sentence]
  }

  /// What became of the build since.
  private func later(_ fate: Trace.FateInBranch) -> [String] {
    guard let later = fate.replacedBy else { return [] }
    let again = "Run \(later.run) (finished \(later.finished)) built the branch again"
    guard !later.isRead else { return ["\(again), which replaced what is told here."] }
    return [
      "\(again) without reading this sample for it"
        + (fate.outputRow == nil ? "." : ", so that the row is no longer in the file.")
    ]
  }

  /// Where the row's weights went.
  private func model(of fate: Trace.FateInBranch) -> [String] {
    let trainings = [fate.training].compactMap { $0 } + fate.otherTrainings
    guard !trainings.isEmpty else {
      let isRow = fate.fate == Fate.kept.rawValue || fate.teaching?.outputRow != nil
      return isRow ? ["No training on these rows is on record."] : []
    }
    let none = fate.untrainedRun.map { run in
      let teacher = fate.untrainedTeaching.map { " as stage \($0) completed them" } ?? ""
      return
        "The rows that the branch has now, those of run \(run)\(teacher), have not been trained on."
    }
    return [none].compactMap { $0 } + trainings.flatMap { sentences(on: $0, fate) }
  }

  private func sentences(on training: Trace.Training, _ fate: Trace.FateInBranch) -> [String] {
    let path = Library.shown(training.expert)
    let expert = training.isLatest ? "expert \(path)" : "earlier expert \(path)"
    let merges = training.merges.map { merge in
      var share = ""
      if let entries = merge.entries, let total = merge.totalEntries, total > 0 {
        share =
          "; \(String(format: "%.2f", 100 * Double(entries) / Double(total))) % of that model's"
          + " entries are the expert's"
      }
      return "The expert is part of the merged model \(Library.shown(merge.model))"
        + " (\(merge.method))\(share)."
    }
    guard let rows = training.rows, let run = training.run else {
      return [
        "The \(expert) of this branch was given, and nobody recorded whether it saw this row."
      ] + merges
    }
    // A kept row is the same whatever a teacher wrote behind it.
    let isOwn =
      run == fate.run
      && (fate.fate == Fate.kept.rawValue || training.teaching == fate.teaching?.stage)
    let teacher =
      training.teaching == fate.teaching?.stage
      ? ""
      : training.teaching.map { " as stage \($0) completed them" } ?? " before they were taught"
    guard let row = training.row else {
      return [
        "The \(expert) was trained on the rows of run \(run)\(teacher) by \(training.trainer), and"
          + " this sample was not among these."
      ] + merges
    }
    let build = isOwn && fate.replacedBy == nil ? "" : " on the rows of run \(run)\(teacher)"
    if let reason = training.leftOut {
      let which = isOwn ? "this row" : "this sample, which was row \(row),"
      return ["The training of the \(expert)\(build) left \(which) out: \(reason)."]
    }
    return [
      build.isEmpty
        ? "The \(expert) was trained on it by \(training.trainer), one of \(rows) rows."
        : "The \(expert) was trained\(build) by \(training.trainer); this sample was row \(row)"
          + " there, and one of \(rows) rows that it saw."
    ] + merges
  }
}

extension Trace.FateInBranch {
  var isThere: String { replacedBy == nil ? "is" : "was" }

  /// Which build a row is of, where it is not the one that is there.
  var inBuild: String { replacedBy == nil ? "" : " in the build of run \(run)" }
}

/// The values that a step decided by, in words.
private struct Values {
  /// How many there were to pick from.
  let candidates: String?
  let words: String

  /// Nil where it is no JSON object.
  init?(_ evidence: String) {
    guard let members = (try? JSON(parsing: Array(evidence.utf8)))?.members else { return nil }
    candidates = members.first { $0.key == "candidates" }?.value.compact
    words = members.filter { $0.key != "candidates" }.map { member in
      if let length = member.value["length"]?.int {
        return "\(member.key) was \(length) character\(length == 1 ? "" : "s") long"
      }
      return member.value == .null
        ? "\(member.key) was missing" : "\(member.key) was \(member.value.compact)"
    }.joined(separator: ", and ")
  }
}
