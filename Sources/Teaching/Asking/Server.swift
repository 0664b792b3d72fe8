/// One of a teacher's servers, as the loop sees it.
struct Server {
  let url: String
  var throttle: Throttle
  /// The latest attempt that went there.
  var turn: Int64 = 0
  /// What it said when it last gave no answer.
  var lastWords: String?
  var hasAnswered = false
  var failuresInARow = 0

  init(_ url: String, concurrency: Int) {
    self.url = url
    throttle = Throttle(ceiling: concurrency)
  }

  mutating func answered(_ turn: Int, isCounted: Bool, at now: Double) {
    hasAnswered = true
    failuresInARow = 0
    throttle.heard()
    if !isCounted { throttle.answered(turn, at: now) }
  }
}
