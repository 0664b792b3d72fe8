import Foundation
import Testing

struct ExportCommandTests {
  let library = try! SmallLibrary()
  private var folder: TemporaryFolder { library.folder }

  init() throws {
    let rows = (1...3).map { SmallLibrary.row($0) }.joined(separator: "\n")
    try folder.write("small.jsonl", rows)
    let ending = try library.branch("small.jsonl")
    try #require(ending.status == 0, "\(ending.errors)")
  }

  private func export(_ arguments: String..., environment: [String: String] = [:]) throws -> Ending
  {
    try branchmerge(["export", "work"] + arguments, in: folder.path, environment: environment)
  }

  @Test(arguments: ["croissant", "openlineage", "prov", "csv"])
  func `a format goes to standard output, or into a file of which nothing else is left`(
    format: String
  ) throws {
    let printed = try export("--format", format)
    #expect(printed.status == 0, "\(printed.errors)")
    #expect(printed.errors == "")
    let written = try export("-f", format, "-o", "work/branches/all/export")
    #expect(written.output + written.errors == "")
    #expect(try folder.text("work/branches/all/export") == printed.output)
    let left = try FileManager.default.contentsOfDirectory(atPath: folder / "work/branches/all")
    #expect(!left.contains { $0.hasSuffix(".partial") })
  }

  @Test func `where the document cannot be made the file that is there stays`() throws {
    try folder.write("out.json", "before")
    try folder.write("work/branches/all/train.jsonl", "{}\n")
    let ending = try export("--format", "croissant", "--output", "out.json")
    #expect(ending.status == 2)
    #expect(ending.errors.contains("is not as it was built"))
    #expect(try folder.text("out.json") == "before")
  }

  @Test(arguments: [
    (["--format", "prof"], "no format is called 'prof'; did you mean 'prov'?"),
    (["--format", "croissant", "--id", "small:1"], "--id is for prov and csv"),
    (["--format", "csv", "--send", "http://localhost"], "--send is for openlineage, not for csv"),
    (["--format", "openlineage", "--key-variable", "KEY"], "--key-variable is for --send"),
    (
      ["--format", "openlineage", "--send", "http://localhost", "--key-variable", "NO_SUCH_KEY"],
      "the environment has no 'NO_SUCH_KEY'"
    ),
    (["--format", "prov", "--branch", "al"], "has no branch 'al'; did you mean 'all'?"),
    (["--format", "openlineage", "--send", "nowhere"], "nowhere: is not an address"),
  ])
  func `what does not go together is refused`(arguments: [String], complaint: String) throws {
    let ending = try branchmerge(["export", "work"] + arguments, in: folder.path)
    #expect(ending.status == 2)
    #expect(ending.errors.contains(complaint), "\(ending.errors)")
  }

  @Test func `events are sent to a server with the key of the environment`() throws {
    let script = """
      import http.server, json
      class Handler(http.server.BaseHTTPRequestHandler):
          def do_POST(self):
              event = json.loads(self.rfile.read(int(self.headers["content-length"])))
              with open("received", "a") as file:
                  print(self.path, self.headers["authorization"], event["eventType"],
                        event["job"]["name"], file=file)
              self.send_response(201)
              self.send_header("content-length", "0")
              self.end_headers()
          def log_message(self, *arguments):
              pass
      server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
      open("port.partial", "w").write(str(server.server_port))
      import os
      os.rename("port.partial", "port")
      server.serve_forever()
      """
    let python = try #require(Package.tool("python3"))
    let server = try Running(python, ["-c", script], in: folder.path, [:])
    defer { server.send(SIGKILL) }
    var port: String?
    for _ in 0..<200 where port == nil {
      port = try? folder.text("port")
      if port == nil { usleep(50_000) }
    }
    let address = "http://127.0.0.1:\(try #require(port))"
    let ending = try export(
      "--format", "openlineage", "--send", address, "--key-variable", "LINEAGE_KEY",
      environment: ["LINEAGE_KEY": "sesame"])
    #expect(ending.errors == "4 events sent to \(address)\n")
    #expect(ending.status == 0)
    #expect(
      try folder.text("received") == """
        /api/v1/lineage Bearer sesame START one
        /api/v1/lineage Bearer sesame START one.branch.all
        /api/v1/lineage Bearer sesame COMPLETE one.branch.all
        /api/v1/lineage Bearer sesame COMPLETE one

        """)
  }
}

struct TargetTests {
  @Test func `an export goes through a link, and replaces no pipe and no folder`() throws {
    let folder = try TemporaryFolder()
    _ = try demo(in: folder)
    let work = folder / "work"
    try folder.write("there.csv", "old\n")
    try FileManager.default.createSymbolicLink(
      atPath: folder / "link.csv", withDestinationPath: "there.csv")
    let linked = try branchmerge("export", work, "-f", "csv", "-o", folder / "link.csv")
    #expect(linked.status == 0)
    #expect(try folder.text("there.csv").hasPrefix("branch,id,fate,step"))
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: folder / "link.csv") == "there.csv")
    #expect(mkfifo(folder / "pipe", 0o600) == 0)
    for (name, message) in [
      ("pipe", "is no file that could be replaced; name another"),
      ("work", "is a folder; name a file in it"),
      ("none/x.csv", "cannot be written: there is no folder \(folder / "none")"),
    ] {
      let ending = try branchmerge("export", work, "-f", "csv", "-o", folder / name)
      #expect(ending.errors == "error: \(folder / name): \(message)\n")
      #expect(ending.status == 2)
    }
    #expect(
      try branchmerge("report", work, "--output", folder / "pipe").errors
        == "error: \(folder / "pipe"): is no file that could be replaced; name another\n")
  }

  @Test func `a result that cannot be written is an error`() throws {
    let folder = try TemporaryFolder()
    _ = try demo(in: folder)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "exec \"$0\" status \"$1\" > /dev/full 2> \"$2\"", Package.program, folder / "work",
      folder / "errors",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 2)
    #expect(
      try folder.text("errors").hasPrefix(
        "error: standard output: could not write: No space left on device"))
  }
}
