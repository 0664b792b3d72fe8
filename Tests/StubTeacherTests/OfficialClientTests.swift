import Foundation
import StubTeacher
import Testing

/// The stub as OpenAI's own Python client sees it.
struct OfficialClientTests {
  static let python = ProcessInfo.processInfo.environment["BRANCHMERGE_PYTHON"]

  static let hasOpenAI = (try? run(["-c", "import openai"]))?.status == 0

  private static func run(_ arguments: [String]) throws -> (status: Int32, text: String) {
    guard let python else { return (1, "") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  @Test(
    .enabled(if: hasOpenAI, "BRANCHMERGE_PYTHON names no Python with openai"),
    arguments: [
      nil, .comments, .crlf, .byteByByte, .escaped, .twice, .withoutDone, .closesAfter,
      .usageMissing,
    ] as [Fault?])
  func `Answers are what OpenAI's types want`(fault: Fault?) throws {
    var behaviour = Behaviour()
    behaviour.faults = FaultPlan { _, _ in fault }
    let stub = try StubTeacher(behaviour)
    let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Reference/stub_types.py").path
    let (status, text) = try Self.run([script, stub.url])
    #expect(text == (fault == .usageMissing ? "stream: no usage\n" : ""))
    #expect(status == (fault == .usageMissing ? 1 : 0))
    #expect(stub.counts.good == 4)
  }
}
