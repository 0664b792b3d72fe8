import Curation
import Notation
import Testing

@testable import Teaching

struct RequestTests {
  @Test func `a request is known by the hash of what decides its answer`() {
    let request = TeacherRequest(
      model: "r1", parameters: #"{"max_tokens":8}"#,
      messages: #"[{"role":"user","content":"1 + 1?"}]"#, answer: 1)
    // sha256sum of {"answer":1,"messages":[…],"model":"r1","parameters":{"max_tokens":8}}
    #expect(
      request.hash
        == "67644d4b80b79766e3d71ff4c825fb1946904a70ed78de7f7c9143c00a2f59eb")
    #expect(
      request.body(isStreamed: true)
        == #"{"model":"r1","messages":[{"role":"user","content":"1 + 1?"}],"max_tokens":8,"#
        + #""stream":true,"stream_options":{"include_usage":true}}"#)
  }
}
