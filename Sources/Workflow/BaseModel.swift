internal import Curation
internal import Files
internal import Foundation

/// The model that training starts from: a folder, or a name on the hub whose files are in its cache.
package struct BaseModel: Sendable {
  /// As the recipe has it.
  package let name: String
  /// Where its files are; nil where they are not on this machine.
  package let path: String?

  package init(_ name: String) {
    self.name = name
    path = Folder.isFolder(name) ? name : Self.snapshot(of: name)
  }

  /// What to do where it is not here.
  package var advice: String {
    "the base model '\(name)' is no folder here, nor in the Hugging Face cache"
      + (Self.isHubName(name) ? "; fetch it with\n  hf download \(name)" : "")
  }

  private static func isHubName(_ name: String) -> Bool {
    name.split(separator: "/", omittingEmptySubsequences: false).count == 2
      && !name.hasPrefix(".") && !name.hasPrefix("/")
  }

  private static func snapshot(of name: String) -> String? {
    guard isHubName(name) else { return nil }
    let folder =
      SourceFiles.hubCache + "/models--" + name.replacingOccurrences(of: "/", with: "--")
    guard let reference = FileManager.default.contents(atPath: folder + "/refs/main") else {
      return nil
    }
    let commit = String(decoding: reference, as: UTF8.self)
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let path = "\(folder)/snapshots/\(commit)"
    return Folder.isFolder(path) ? path : nil
  }
}
