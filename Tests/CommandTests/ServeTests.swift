import Foundation
import Testing

struct ServeTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  init() throws {
    try folder.write(
      "small.jsonl", [SmallLibrary.row(1), SmallLibrary.row(2)].joined(separator: "\n"))
    let ending = try library.branch("small.jsonl")
    try #require(ending.status == 0, "\(ending.errors)")
  }

  /// A server that is ready, and its address.
  private func start(_ port: String = "0") throws -> (Running, URL) {
    let running = try Running(
      Package.program, ["serve", "work", "--port", port], in: folder.path, [:])
    for _ in 0..<400 {
      if let address = running.output.firstMatch(of: /at (http:[^,]+), until Ctrl-C/) {
        return (running, try #require(URL(string: String(address.1))))
      }
      try #require(running.process.isRunning)
      Thread.sleep(forTimeInterval: 0.05)
    }
    running.send(SIGKILL)
    throw POSIXError(.ETIMEDOUT)
  }

  @Test func `the address is printed, asked, and free again after Ctrl-C`() throws {
    let (running, address) = try start()
    let page = try tool(
      "python3", "-c",
      "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())",
      "\(address)runs")
    #expect(page.contains("<title>Runs"))
    let port = try #require(address.port)

    let second = try branchmerge("serve", "work", "--port", "\(port)", in: folder.path)
    #expect(second.status == 2)
    #expect(
      second.errors
        == "error: port \(port) of 127.0.0.1 is taken; choose another with --port, or --port 0 for a"
        + " free one\n")

    running.send(SIGINT)
    let ending = try running.end()
    #expect(ending.wasKilled && ending.status == SIGINT)
    let (third, again) = try start("\(port)")
    #expect(again == address)
    third.send(SIGTERM)
    #expect(try third.end().wasKilled)
  }

  @Test(arguments: [
    (["nowhere"], "nowhere/lineage.sqlite: there is no ledger here; 'branchmerge run' makes one"),
    (["work", "--host", "192.0.2.1"], "192.0.2.1 is no address of this machine"),
    (["work", "--host", "no.such.host.invalid"], "no.such.host.invalid: no address is known"),
  ])
  func `what cannot be served is told`(arguments: [String], message: String) throws {
    let ending = try branchmerge(["serve"] + arguments + ["--port", "0"], in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains("error: " + message))
  }
}
