package import Notation

extension MergeDocument {
  /// Judges the method's and all parameters' names by what every method knows.
  ///
  /// A name that no method knows is an error. One that only others know has no effect and is
  /// a warning, told once: files that began with another method often keep some.
  package func checkParameters(known: [String: Set<String>], method: String)
    -> (errors: [RecipeError], warnings: [String])
  {
    guard let own = known[method] else {
      let names = known.keys.sorted()
      let message =
        "no merge method is called '\(method)'\(choices(for: method, among: names, "there are"))"
      return ([methodPlace.fail(message)], [])
    }
    var errors: [RecipeError] = []
    var warnings: [String] = []
    var told: Set<String> = []
    let given =
      parameters + moduleParameters
      + slices.flatMap { $0.parameters + $0.sources.flatMap(\.parameters) }
    for parameter in given.sorted(by: { $0.place < $1.place }) {
      let name = parameter.name
      if name == "int8_mask" {
        guard told.insert(name).inserted else { continue }
        warnings.append("\(parameter.place): 'int8_mask' changes no value and is ignored")
      } else if !own.contains(name) {
        if known.values.contains(where: { $0.contains(name) }) {
          guard told.insert(name).inserted else { continue }
          warnings.append("\(parameter.place): '\(name)' has no effect on \(method)")
        } else {
          errors.append(
            parameter.place.fail(
              "\(method) has no parameter '\(name)'"
                + choices(for: name, among: own.sorted(), "it has")))
        }
      }
    }
    return (errors, warnings)
  }
}
