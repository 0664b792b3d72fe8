internal import Files
internal import Foundation
internal import Notation

/// Which packages a trainer would run with, read off the names in its Python's library.
///
/// Nothing is started: to ask a trainer for its version takes seconds. A command that is no script
/// of Python has none.
package enum TrainerVersions {
  private static let packages = [
    "accelerate", "datasets", "deepspeed", "flash_attn", "liger_kernel", "llamafactory", "peft",
    "tokenizers", "torch", "transformers", "trl",
  ]

  package static func of(_ words: [String]) -> [String: String] {
    guard let word = words.first, let program = located(word) else { return [:] }
    let isPython = program.fileName.hasPrefix("python")
    guard let python = isPython ? program : interpreter(of: program) else { return [:] }
    let root = python.parentPath.parentPath
    var versions: [String: String] = [:]
    for folder in Folder.matches("\(root)/lib/python3*/{site,dist}-packages/*.dist-info") {
      let parts = folder.fileName.dropLast(".dist-info".count).split(separator: "-")
      guard parts.count >= 2, packages.contains(String(parts[0]).lowercased()) else { continue }
      versions[String(parts[0]).lowercased()] = String(parts[1])
    }
    return versions
  }

  /// Where the system would find a program.
  private static func located(_ word: String) -> String? {
    if word.contains("/") { return word }
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.map { "\($0)/\(word)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) && !Folder.isFolder($0) }
  }

  /// The interpreter in a script's first line.
  private static func interpreter(of script: String) -> String? {
    guard let file = try? OpenFile(script),
      let bytes = try? file.bytes(count: min(512, file.byteCount)),
      bytes.starts(with: [0x23, 0x21])
    else { return nil }
    let line = String(decoding: bytes.dropFirst(2).prefix { $0 != 0x0A }, as: UTF8.self)
    let words = line.split(separator: " ").map(String.init)
    guard let first = words.first else { return nil }
    let path = first.fileName == "env" ? words.dropFirst().first.flatMap(located) : first
    guard let path, path.fileName.hasPrefix("python") else { return nil }
    return path
  }
}
