import Teaching
import Testing

@testable import branchmerge

struct AskingLineTests {
  private func state() -> AskingProgress {
    var state = AskingProgress()
    state.done = 1204
    state.left = 1292
    state.inFlight = 512
    state.requestsPerSecond = 37.4
    state.tokensPerSecond = 123_456
    state.retries = 12
    state.accepted = 1190
    state.cost = 3.214
    state.expectedCost = 12.4
    state.secondsLeft = 3725
    return state
  }

  @Test func `a line says how far an asking is, what it costs and how long it takes`() {
    let line = AskingLine("teach science", state(), currency: "USD")
    #expect(
      line.long == "teach science  48 %  1,204 done, 1,292 left  37 requests/s  123.5k tokens/s"
        + "  512 in flight  12 retries  98 % accepted  3.21 of about 12.40 USD  62 min 5 s left")
    #expect(line.fitting(200) == line.long)
    let short =
      "teach science  1,204/2,496  37/s  123.5k tok/s  512 out  12 again  98 % ok"
      + "  3.21/12.40 USD  1:02:05"
    #expect(short.count < 100)
    #expect(line.fitting(100) == short)
    #expect(line.fitting(40) == String(short.prefix(39)))
    #expect(line.fitting(0) == "")
  }

  @Test func `what is not known is left out`() {
    var state = AskingProgress()
    state.left = 3
    state.requestsPerSecond = 0.25
    #expect(
      AskingLine("teach a", state, currency: nil).long
        == "teach a  0 %  0 done, 3 left  0.2 requests/s  0.0 tokens/s  0 in flight  0 retries")
    state.done = 3
    state.left = 0
    state.retries = 1
    state.accepted = 3
    state.cost = 0.5
    #expect(
      AskingLine("teach a", state, currency: nil).long
        == "teach a  100 %  3 done, 0 left  0.2 requests/s  0.0 tokens/s  0 in flight  1 retry"
        + "  100 % accepted  0.50")
  }

  @Test func `servers that do not say a word for long are told of`() {
    var state = AskingProgress()
    (state.left, state.inFlight, state.silentSeconds) = (3, 3, 29.9)
    let line = AskingLine("teach a", state, currency: nil).long
    #expect(line.hasSuffix("3 in flight  0 retries"))
    state.silentSeconds = 95
    #expect(
      AskingLine("teach a", state, currency: nil).long == line + "  not a word for 95 s")
    #expect(AskingLine("teach a", state, currency: nil).fitting(70).hasSuffix("silent 95 s"))
  }

  @Test func `only nothing is 0 percent and only all is 100`() {
    var state = AskingProgress()
    state.done = 1000
    state.accepted = 999
    #expect(AskingLine("", state, currency: nil).long.contains("99 % accepted"))
    state.accepted = 1
    #expect(AskingLine("", state, currency: nil).long.contains("1 % accepted"))
  }
}
