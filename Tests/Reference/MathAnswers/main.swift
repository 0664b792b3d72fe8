// Prints our verdicts for the pairs of math_answers.py, which compiles this file together with
// Sources/Mathematics. Pairs come as JSON lines in the file named first; verdicts go to standard
// output, the time to standard error.
import Foundation

struct Pair: Decodable {
  var given: String?
  var text: String?
  var reference: String
}

let lines = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8).split(
  separator: "\n")
let pairs = try lines.map { line in
  let pair = try JSONDecoder().decode(Pair.self, from: Data(line.utf8))
  return (
    isText: pair.text != nil, given: Array((pair.text ?? pair.given ?? "").utf8),
    reference: Array(pair.reference.utf8)
  )
}

func verdict(_ pair: (isText: Bool, given: [UInt8], reference: [UInt8])) -> Agreement? {
  if !pair.isText { return Agreement.of(pair.given, and: pair.reference) }
  guard let answer = FinalAnswer(in: pair.given.span) else { return nil }
  return Agreement.of(answer.bytes(in: pair.given.span), and: pair.reference)
}

let clock = ContinuousClock()
var verdicts: [Agreement?] = []
var times: [Bool: Duration] = [:]
for isText in [false, true] {
  let rounds = 5
  let start = clock.now
  for _ in 0..<rounds {
    for pair in pairs where pair.isText == isText { verdicts.append(verdict(pair)) }
    verdicts.removeAll(keepingCapacity: true)
  }
  times[isText] = (clock.now - start) / rounds
}
for pair in pairs {
  switch verdict(pair) {
  case nil: print("none")
  case .equal?: print("equal")
  case .different?: print("different")
  case .unknown(let why)?: print("unknown: \(why.rawValue)")
  }
}
for (isText, time) in times {
  let count = pairs.count(where: { $0.isText == isText })
  let seconds = time / Duration.seconds(1)
  FileHandle.standardError.write(
    Data("\(isText ? "texts" : "pairs") \(count) \(seconds)\n".utf8))
}
