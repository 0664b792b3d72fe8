internal import Files
internal import Foundation
package import Lineage
internal import Notation

/// What is to leave a workspace: all its branches as they are, one of them, or one sample.
package struct Export {
  let ledger: Ledger
  /// From the root of the file system.
  let workspace: String
  let branch: String?
  /// A sample's whole id.
  let sample: String?
  /// The folder that the document will lie in, from which its paths lead; nil means beside the files
  /// that it describes.
  let folder: String?
  /// Program and version that write the document.
  let tool: String

  /// `sample` may be whatever `Trace.find` knows it by.
  package init(
    _ workspace: String, ledger: Ledger, branch: String?, sample: String?, folder: String?,
    tool: String
  ) throws {
    self.ledger = ledger
    self.workspace = Self.absolute(workspace)
    self.branch = branch
    self.folder = folder.map(Self.absolute)
    self.tool = tool
    self.sample = try sample.map { name in
      guard let id = try Trace.find(name, in: ledger).id else {
        throw LedgerError("\(quoted(name)) is a row that could not be read, and has no id")
      }
      return id
    }
    let names = try Provenance.names(in: ledger)
    if let branch, !names.contains(branch) {
      throw LedgerError(
        "\(ledger.path) has no branch \(quoted(branch))"
          + choices(for: branch, among: names, "there are"))
    }
  }

  private static func absolute(_ path: String) -> String {
    URL(fileURLWithPath: path.isEmpty ? "." : path).standardizedFileURL.path
  }
}

/// A way to write down what a workspace is made of, for programs that know nothing of this one.
///
/// A new one is one file with one type, and one line in `ExportFormats`.
package protocol ExportFormat: Sendable {
  /// As `--format` has it.
  static var name: String { get }
  /// What it is, for the help.
  static var about: String { get }
  /// Whether one sample can be asked for.
  static var knowsSamples: Bool { get }
  /// Writes piece by piece; the same ledger gives the same bytes.
  static func write(_ export: Export, _ write: (String) throws -> Void) throws
}

package enum ExportFormats {
  package static let all: [any ExportFormat.Type] = [
    Croissant.self, OpenLineage.self, PROV.self, FateTable.self,
  ]
}
