internal import CLinux
internal import Files
internal import Foundation

/// DuckDB's command line as a child process: it reads Parquet, we read what it prints.
struct DuckDB {
  let program: String

  /// Finds `duckdb` on the path.
  init(for file: String) throws(FileError) {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    let found = path.split(separator: ":").map { $0 + "/duckdb" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    guard let found else {
      throw FileError(
        file,
        "is Parquet, which DuckDB's command line reads; it is not on the PATH:"
          + " pip install duckdb-cli")
    }
    program = found
  }

  /// Starts a query whose result DuckDB writes to its standard output.
  func start(_ query: String, for file: String) throws(FileError) -> ChildStream {
    try ChildStream(program, ["-init", "/dev/null", "-batch", "-c", query], for: file)
  }

  /// Runs a query to its end and decodes its JSON result.
  func rows<Row: Decodable>(_ query: String, for file: String) throws(FileError) -> [Row] {
    let stream = try ChildStream(
      program, ["-init", "/dev/null", "-batch", "-json", "-c", query], for: file)
    var output = ByteBuffer()
    while try stream.read(into: &output, upTo: 1 << 16) > 0 {}
    let text = String(copying: output.bytes)
    if text.allSatisfy(\.isWhitespace) { return [] }
    do {
      return try JSONDecoder().decode([Row].self, from: Data(text.utf8))
    } catch {
      throw FileError(file, "DuckDB answered what could not be read: \(text.prefix(200))")
    }
  }

  /// A text as an SQL literal.
  static func literal(_ text: String) -> String {
    "'" + text.replacingOccurrences(of: "'", with: "''") + "'"
  }

  /// One Parquet file as an SQL table.
  ///
  /// DuckDB takes a bare path for a pattern, and a folder called `lang=de` for a column of the file.
  static func table(_ path: String) -> String {
    let literal = literal(path.map { "[*?".contains($0) ? "[\($0)]" : String($0) }.joined())
    return "read_parquet(\(literal), hive_partitioning = false)"
  }

  /// A name as an SQL identifier.
  static func identifier(_ name: String) -> String {
    "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\""
  }
}

/// The standard output of a child process; its failure is an error at the end of the stream.
final class ChildStream: ByteStream {
  private let process = Process()
  private let output = Pipe()
  private let errors: FileHandle
  private let path: String

  init(_ program: String, _ arguments: [String], for path: String) throws(FileError) {
    self.path = path
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    // A file, not a pipe: nobody has to read it while the child runs.
    guard let file = tmpfile() else { throw FileError(path, failedTo: "make a temporary file") }
    errors = FileHandle(fileDescriptor: dup(fileno(file)), closeOnDealloc: true)
    fclose(file)
    process.standardError = errors
    do {
      try process.run()
      // Room for a chunk, so that both sides work instead of taking turns.
      bm_widen_pipe(output.fileHandleForReading.fileDescriptor, Int32(Chunk.size))
    } catch {
      throw FileError(path, "could not start \(program): \(error.localizedDescription)")
    }
  }

  deinit { if process.isRunning { process.terminate() } }

  func read(into buffer: inout ByteBuffer, upTo limit: Int) throws(FileError) -> Int {
    let descriptor = output.fileHandleForReading.fileDescriptor
    var failed = false
    let count = buffer.append(upTo: limit) { room in
      while true {
        let got = Glibc.read(descriptor, room.baseAddress, room.count)
        if got < 0 && errno == EINTR { continue }
        failed = got < 0
        return max(0, got)
      }
    }
    if failed { throw FileError(path, failedTo: "read what DuckDB prints") }
    if count == 0 { try finish() }
    return count
  }

  private func finish() throws(FileError) {
    process.waitUntilExit()
    guard process.terminationStatus != 0 || process.terminationReason != .exit else { return }
    try? errors.seek(toOffset: 0)
    let text = String(decoding: errors.readDataToEndOfFile(), as: UTF8.self)
    throw FileError(
      path, "DuckDB could not read it: " + text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
