internal import Notation

/// A parameter where a merge file gives it.
package struct Parameter: Hashable, Sendable {
  package let name: String
  package let setting: Setting
  /// Where its name stands.
  package let place: Place

  /// Reads a mapping `parameters`.
  static func list(_ yaml: YAML?) throws(RecipeError) -> [Parameter] {
    guard let yaml else { return [] }
    var parameters: [Parameter] = []
    for (key, value) in try yaml.entries("'parameters'") {
      let name = try key.text("a parameter's name")
      parameters.append(
        Parameter(name: name, setting: try Setting(value, of: name), place: Place(key)))
    }
    return parameters
  }
}

/// The parameters that hold for one slice of the output, by the levels at which they are given.
///
/// The first level with a value decides: the source itself, its slice, the module, the whole file.
package struct ParameterTable: Hashable, Sendable {
  /// Per source of the slice.
  let sources: [[Parameter]]
  /// Slice, module, file.
  let shared: [[Parameter]]

  /// A parameter's value for a tensor; nil where it is given at no level.
  ///
  /// Without a model the levels that are common to all are asked. `t` is the tensor's depth.
  package func value(_ name: String, forModel index: Int?, tensor: String, t: Double)
    -> SettingValue?
  {
    found(name, forModel: index, tensor: tensor, t: t)?.value
  }

  /// The value together with the place of what decided it.
  package func found(_ name: String, forModel index: Int?, tensor: String, t: Double)
    -> (value: SettingValue, place: Place)?
  {
    let own = index.map { sources.indices.contains($0) ? [sources[$0]] : [] } ?? []
    for level in own + shared {
      for parameter in level where parameter.name == name {
        if let value = parameter.setting.value(for: tensor, at: t) {
          return (value, parameter.place)
        }
      }
    }
    return nil
  }
}
