internal import Files
internal import Foundation

/// Where a source's files are on this machine.
package struct SourceFiles: Sendable {
  /// In the order in which they are read: byte order of their paths.
  package var paths: [String]
  /// The hub's commit where the files lie in its cache, else what the card says.
  package var revision: String

  /// Finds them: at `given` if that is set, else in the workspace's `sources/`, else in the
  /// Hugging Face cache. Nil where they are in none of these.
  package static func locate(
    _ card: SourceCard, _ config: SourceCard.Config, given: String?, workspace: String?
  ) throws -> SourceFiles? {
    if let given {
      let paths = try files(at: given, config)
      guard !paths.isEmpty else {
        throw FileError(given, "no file is here for the source '\(card.name)'")
      }
      return SourceFiles(paths: paths, revision: card.revision)
    }
    if let workspace {
      let folder = workspace + "/sources/" + card.name
      var paths = Folder.isFolder(folder) ? try files(at: folder, config) : []
      if paths.isEmpty {
        paths = Folder.matches(escaped(folder) + ".*").filter { isData($0) }
      }
      if !paths.isEmpty { return SourceFiles(paths: paths, revision: card.revision) }
    }
    guard let (snapshot, revision) = snapshot(of: card) else { return nil }
    let paths = layout(config, in: snapshot)
    return paths.isEmpty ? nil : SourceFiles(paths: paths, revision: revision)
  }

  /// The public command that fetches a source.
  package static func fetchCommand(_ card: SourceCard, _ config: SourceCard.Config) -> String? {
    guard !card.hub.isEmpty else { return nil }
    let revision = card.revision == "main" ? "" : " --revision \(card.revision)"
    let include = config.layouts.first.map { " --include '\($0)'" } ?? ""
    return "hf download --repo-type dataset \(card.hub)\(revision)\(include)"
  }

  /// The SHA-256 that the hub published for a file in its cache: the name of its blob.
  static func publishedSHA256(of path: String) -> String? {
    let blob = URL(fileURLWithPath: path).resolvingSymlinksInPath()
    let name = blob.lastPathComponent
    guard
      blob.deletingLastPathComponent().lastPathComponent == "blobs", name.count == 64,
      name.allSatisfy({ $0.isHexDigit })
    else { return nil }
    return name
  }

  /// The data files that a path means: itself, those in the folder, or those of the pattern.
  static func files(at path: String, _ config: SourceCard.Config) throws -> [String] {
    if Folder.isFolder(path) {
      let laidOut = layout(config, in: path)
      if !laidOut.isEmpty { return laidOut }
      return Folder.files(below: path).filter(isData).map { path + "/" + $0 }
    }
    if FileManager.default.fileExists(atPath: path) { return [path] }
    return Folder.matches(path).filter { !Folder.isFolder($0) }
  }

  /// The files of the first layout that is there.
  private static func layout(_ config: SourceCard.Config, in folder: String) -> [String] {
    for pattern in config.layouts {
      let found = Folder.matches(escaped(folder) + "/" + pattern)
      if !found.isEmpty { return found }
    }
    return []
  }

  private static func isData(_ path: String) -> Bool {
    var name = path.fileName.lowercased()
    for packing in [".gz", ".zst"] where name.hasSuffix(packing) {
      name.removeLast(packing.count)
    }
    // Of the tables of a Stack Exchange dump only this one has samples.
    return [".jsonl", ".ndjson", ".json", ".parquet", "posts.xml"].contains { name.hasSuffix($0) }
  }

  /// A path as a pattern that matches itself alone.
  private static func escaped(_ path: String) -> String {
    path.map { "*?[]{}\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
  }

  /// The card's revision in the Hugging Face cache, and which commit that is.
  private static func snapshot(of card: SourceCard) -> (path: String, revision: String)? {
    guard !card.hub.isEmpty else { return nil }
    let repository =
      hubCache + "/datasets--" + card.hub.replacingOccurrences(of: "/", with: "--")
    let reference = FileManager.default.contents(atPath: "\(repository)/refs/\(card.revision)")
    let commit =
      reference.map { String(decoding: $0, as: UTF8.self) }?
      .trimmingCharacters(in: .whitespacesAndNewlines) ?? card.revision
    let path = "\(repository)/snapshots/\(commit)"
    return Folder.isFolder(path) ? (path, commit) : nil
  }

  /// The cache's place, by the rules of huggingface_hub.
  package static var hubCache: String {
    let environment = ProcessInfo.processInfo.environment
    if let cache = environment["HF_HUB_CACHE"] { return cache }
    if let home = environment["HF_HOME"] { return home + "/hub" }
    let home = environment["HOME"] ?? NSHomeDirectory()
    let cache = environment["XDG_CACHE_HOME"] ?? home + "/.cache"
    return cache + "/huggingface/hub"
  }
}
