internal import Files
internal import Mathematics
internal import Notation
internal import Samples
internal import Similarity

/// A worker's hands: it asks every filter about every row and writes the rows that stay.
///
/// What it does with a row depends on nothing but the row and the plan.
final class Sifter {
  private let plan: Plan
  private var benches: [Int: Bench] = [:]
  /// For each of the plan's overlaps.
  private var finders: [OverlapFinder]

  /// What a worker needs for one source: a scanner and scratch memory.
  private final class Bench {
    var scanner: RowScanner
    var scratch = ByteBuffer()
    var folded = ByteBuffer()
    init(_ projection: Projection) { scanner = RowScanner(projection) }
  }

  init(_ plan: Plan) {
    self.plan = plan
    finders = plan.overlaps.map { $0.index.makeFinder() }
  }

  func sift(_ harvest: Harvest) {
    let source = plan.sources[harvest.source]
    let bench = benches[harvest.source] ?? Bench(source.projection)
    benches[harvest.source] = bench
    harvest.isPresent = Array(repeating: false, count: source.projection.columns.count)
    for place in harvest.chunk.rows {
      var entry = RowEntry()
      entry.fault = place.fault
      if place.fault == nil {
        harvest.chunk.withBytes(of: place) { row in
          // A row of a table has no bytes of its own that a hash could prove.
          if place.offset != nil { entry.hash = fastHash(of: row) }
          sift(
            row, of: source, into: harvest, &entry, &bench.scanner, &bench.scratch, &bench.folded)
        }
      }
      if entry.fault != nil {
        for _ in source.takings { harvest.outcomes.append(Outcome(verdict: .dropped)) }
      }
      harvest.rows.append(entry)
    }
  }

  private func sift(
    _ row: Span<UInt8>, of source: Plan.Source, into harvest: Harvest, _ entry: inout RowEntry,
    _ scanner: inout RowScanner, _ scratch: inout ByteBuffer, _ folded: inout ByteBuffer
  ) {
    if let fault = scanner.scan(row) {
      entry.fault = fault
      entry.faultOffset = scanner.faultOffset
      return
    }
    for column in harvest.isPresent.indices where !harvest.isPresent[column] {
      harvest.isPresent[column] = scanner.isPresent(column)
    }
    let sample = scanner.sample(of: row)
    entry.identity = Self.identity(of: sample, source, &scratch)
    entry.id = sampleID(source.card.name, entry.identity)
    for (index, taking) in source.takings.enumerated() {
      var outcome = outcome(
        sample, taking, source, entry.id, into: harvest, to: &harvest.output[index].bytes,
        &scratch)
      if outcome.verdict != .dropped {
        outcome.promptKey = key(
          of: harvest.output[index].bytes, outcome.prompt, &scratch, &folded)
      }
      harvest.outcomes.append(outcome)
    }
  }

  /// The hash of the source's name and the identity's decoded values, each with its length.
  static func identity(
    of sample: borrowing Sample, _ source: Plan.Source, _ scratch: inout ByteBuffer
  ) -> Digest {
    scratch.removeAll()
    scratch.append(source.card.name)
    var isNull = true
    for slot in source.identity where !sample[slot].isNull { isNull = false }
    for slot in isNull ? [source.prompt] : source.identity {
      scratch.append(0)
      let value = sample[slot]
      guard !value.isNull else { continue }
      let start = scratch.count
      for _ in 0..<8 { scratch.append(0) }
      if value.isEscaped {
        unescape(sample.bytes(of: value), into: &scratch)
      } else {
        scratch.append(sample.bytes(of: value))
      }
      scratch.store(UInt64(scratch.count - start - 8), at: start)
    }
    return Digest(of: scratch.bytes)
  }

  private func outcome(
    _ sample: borrowing Sample, _ taking: Plan.Taking, _ source: Plan.Source, _ id: String,
    into harvest: Harvest, to output: inout ByteBuffer, _ scratch: inout ByteBuffer
  ) -> Outcome {
    var step = 0
    for rule in taking.filters {
      if !rule.holds(sample) {
        return dropped(step, Self.evidence(of: rule.deciding(sample), sample), harvest)
      }
      step += 1
    }
    var result = Outcome(verdict: .kept)
    if let pick = taking.pick {
      guard let choice = pick.choose(sample) else {
        return dropped(step, Self.evidence(of: pick, sample), harvest)
      }
      (result.picked, result.candidates) = (choice.index, choice.candidates)
      harvest.evidence.append(Self.evidence(of: pick, sample))
      result.evidence = harvest.evidence.count - 1
      step += 1
    }
    let frame = taking.response == nil ? Seed.frame : plan.branches[taking.branch].format.frame
    let start = output.count
    let picked = result.picked < 0 ? nil : result.picked
    output.append(frame.start)
    output.append(id)
    output.append(frame.afterID)
    let promptStart = output.count
    var missing = taking.prompt.write(
      sample, picked: picked, to: &output, &result.hadMarkup)
    if missing == nil {
      result.prompt = promptStart..<output.count
      step += 1
      if let overlap = taking.overlap {
        if let found = overlaps(overlap, output, result.prompt, &scratch) {
          output.truncate(to: start)
          return dropped(step, found, harvest)
        }
        step += 1
      }
      output.append(frame.afterPrompt)
      if let response = taking.response {
        let responseStart = output.count
        missing = response.write(sample, picked: picked, to: &output, &result.hadMarkup)
        result.response = responseStart..<output.count
        if missing == nil, let verification = taking.verification {
          scratch.removeAll()
          unescape(output.bytes.extracting(responseStart..<output.count), into: &scratch)
          let verdict = verification.verdict(on: scratch.bytes, of: sample)
          let before = result.evidence < 0 ? nil : harvest.evidence[result.evidence]
          let isDropped = verification.drops(verdict)
          let evidence = verification.evidence(
            verdict, of: sample, picked: picked, after: isDropped ? nil : before)
          if isDropped {
            output.truncate(to: start)
            return dropped(step + 1, evidence, harvest)
          }
          harvest.evidence.append(evidence)
          result.evidence = harvest.evidence.count - 1
          result.isVerified = verdict.agreement == .equal
        }
      } else {
        result.verdict = .seed
        Seed.write(answer: source.answer.map { sample[$0] } ?? .absent, of: sample, to: &output)
      }
    }
    if let missing {
      output.truncate(to: start)
      return dropped(step, "{\(JSON.quoted(missing.name)): null}", harvest)
    }
    if let flag = taking.verified, Self.isTrue(sample, flag, picked) { result.isVerified = true }
    output.append(frame.end)
    result.row = start..<output.count
    result.rowHash = fastHash(of: output.bytes.extracting(result.row))
    return result
  }

  /// Whether a flag is true, of a list the picked one.
  private static func isTrue(
    _ sample: borrowing Sample, _ slot: Projection.Slot, _ picked: Int?
  ) -> Bool {
    let value = sample[slot]
    guard value.kind == .array else { return value.kind == .true }
    guard let picked, picked < value.count else { return false }
    return sample.element(picked, of: slot).kind == .true
  }

  /// What of a prompt, given as a JSON string's bytes, is in a benchmark; nil where nothing is.
  private func overlaps(
    _ overlap: Int, _ output: borrowing ByteBuffer, _ prompt: Range<Int>,
    _ scratch: inout ByteBuffer
  ) -> String? {
    scratch.removeAll()
    unescape(output.bytes.extracting(prompt), into: &scratch)
    let hits = finders[overlap].hits(in: scratch.bytes)
    return OverlapHit.evidence(
      of: hits, in: scratch.bytes, hashesOnly: plan.overlaps[overlap].hashesOnly)
  }

  /// The hash of a prompt, given as a JSON string's bytes, with white space folded.
  private func key(
    of output: borrowing ByteBuffer, _ prompt: Range<Int>, _ scratch: inout ByteBuffer,
    _ folded: inout ByteBuffer
  ) -> Digest {
    scratch.removeAll()
    folded.removeAll()
    unescape(output.bytes.extracting(prompt), into: &scratch)
    foldWhiteSpace(scratch.bytes, into: &folded)
    return Digest(of: folded.bytes)
  }

  private func dropped(_ step: Int, _ evidence: String, _ harvest: Harvest) -> Outcome {
    harvest.evidence.append(evidence)
    var outcome = Outcome(verdict: .dropped)
    outcome.step = step
    outcome.evidence = harvest.evidence.count - 1
    return outcome
  }

  /// The fields that decided with the values they had, as a JSON object.
  static func evidence(
    of leaves: [Rule.Leaf], _ sample: borrowing Sample, after start: String = "{"
  ) -> String {
    var text = start
    for (index, leaf) in leaves.enumerated()
    where !leaves[..<index].contains(where: { $0.label == leaf.label }) {
      let value = sample[leaf.slot]
      let measured =
        value.kind == .array
        ? elements(of: value, leaf, leaves, sample)
        : value.isNull ? nil : leaf.check.measured(value, in: sample)
      if text.utf8.count > 1 { text += ", " }
      text += leaf.label
      text += ": "
      text += measured ?? sample.excerpt(of: value)
    }
    text += "}"
    return text
  }

  /// For each element of a list the figure of the check that it fails, else true; nil where its
  /// checks measure nothing.
  private static func elements(
    of list: Value, _ leaf: Rule.Leaf, _ leaves: [Rule.Leaf], _ sample: borrowing Sample
  ) -> String? {
    let checks = leaves.filter { $0.label == leaf.label }
    guard checks.contains(where: { type(of: $0.check).measures }) else { return nil }
    var text = "["
    for index in 0..<list.count {
      let element = sample.element(index, of: leaf.slot)
      if index > 0 { text += ", " }
      var told = element.isNull ? "null" : "true"
      for check in checks where !element.isNull {
        if check.check.holds(element, in: check.slot, of: sample) { continue }
        told = check.check.measured(element, in: sample) ?? "false"
        break
      }
      text += told
    }
    return text + "]"
  }

  static func evidence(of pick: Pick, _ sample: borrowing Sample) -> String {
    let list = sample[pick.evidenceSlot]
    let count = list.isNull ? "null" : "\(list.count)"
    return evidence(of: pick.evidence, sample, after: "{\"candidates\": \(count)")
  }
}

/// A sample's id without the number of its occurrence: the source and 96 bits of the identity.
func sampleID(_ source: String, _ identity: Digest) -> String {
  var id = source
  id.reserveCapacity(source.utf8.count + 33)
  id += ":"
  id += hex(identity.high)
  id += hex(identity.low).prefix(8)
  return id
}

/// How a seed is written: id, prompt and the reference answer, if there is one.
enum Seed {
  static let frame = RowFrame(
    start: #"{"id": ""#, afterID: #"", "prompt": ""#, afterPrompt: #"", "answer": "#, end: "}\n")

  /// Appends the answer as JSON, as it stands in the row.
  static func write(
    answer: Value, of sample: borrowing Sample, to output: inout ByteBuffer
  ) {
    if answer.kind == .absent { return output.append("null") }
    let quote = answer.kind == .string ? "\"" : ""
    output.append(quote)
    output.append(sample.bytes(of: answer))
    output.append(quote)
  }
}
