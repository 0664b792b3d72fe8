import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import StubTeacher
import Testing

/// The stub as the HTTP client sees it that the program uses.
struct RealClientTests {
  private static func ask(_ stub: StubTeacher, _ prompt: String) async throws -> [UInt8] {
    var request = HTTPClientRequest(url: stub.url + "/chat/completions")
    request.method = .POST
    request.body = .bytes(
      ByteBuffer(
        string: #"{"model":"m","stream":true,"messages":[{"role":"user","content":"\#(prompt)"}]}"#)
    )
    let response = try await HTTPClient.shared.execute(request, timeout: .hours(1))
    return Array(buffer: try await response.body.collect(upTo: 1 << 20))
  }

  @Test func `Many at once get what each of them gets alone`() async throws {
    var behaviour = Behaviour()
    behaviour.latency = 0.01
    // A request that meets the closing of its connection would be lost.
    behaviour.faults = .share(1, of: FaultTests.harmless.filter { $0 != .closesAfter })
    let stub = try StubTeacher(behaviour)
    let texts = try await withThrowingTaskGroup(of: (Int, [UInt8]).self) { group in
      for number in 0..<200 {
        group.addTask { (number, try await Self.ask(stub, "prompt \(number)")) }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    #expect(stub.counts.good == 200)
    #expect(stub.counts.mostInFlight > 1)
    for number in 0..<200 {
      let exchange = RawExchange(body: texts[number] ?? [])
      let answer = StubAnswer(to: "prompt \(number)", attempt: 1)
      #expect(exchange.joined("reasoning_content") == answer.reasoning)
      #expect(exchange.joined("content") == answer.content)
      #expect(stub.answersGiven(for: "prompt \(number)") == 1)
    }
  }

  @Test(arguments: [Fault.cut, .reset, .cutInStream, .resetInStream])
  func `A connection that breaks is an error`(fault: Fault) async throws {
    var behaviour = Behaviour()
    behaviour.faults = .always(fault)
    let stub = try StubTeacher(behaviour)
    await #expect(throws: (any Error).self) { try await Self.ask(stub, "a") }
  }
}
