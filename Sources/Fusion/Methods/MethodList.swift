internal import Notation

/// All merge methods, in the order in which they are listed.
package enum MethodList {
  package static let all: [any MergeMethod.Type] = [
    ArceeFusion.self,
    Linear.self, Slerp.self, NuSlerp.self, MultiSlerp.self, Karcher.self, ModelStock.self,
    TaskArithmetic.self, TIES.self, DARELinear.self, DARETIES.self, DELLA.self, DELLALinear.self,
    Breadcrumbs.self, BreadcrumbsTIES.self, SCE.self, RAM.self, RAMPlus.self,
    NearSwap.self, Passthrough.self,
  ]

  /// The parameters that each method knows.
  static var parameters: [String: Set<String>] {
    Dictionary(
      uniqueKeysWithValues: all.map { ($0.about.name, Set($0.about.parameters.map(\.name))) })
  }

  /// Methods and parameters that a merge file has wrong, with their places.
  package static func problems(in config: MergeConfig) -> [String] {
    config.documents.flatMap {
      $0.checkParameters(known: parameters, method: $0.method).errors.map(\.description)
    }
  }

  /// The method of a document; an unknown name is an error at its place.
  static func method(_ document: MergeDocument) throws -> any MergeMethod.Type {
    if let method = all.first(where: { $0.about.name == document.method }) { return method }
    let names = all.map { $0.about.name }
    throw document.methodPlace.fail(
      "no merge method is called '\(document.method)'"
        + choices(for: document.method, among: names, "there are"))
  }
}
