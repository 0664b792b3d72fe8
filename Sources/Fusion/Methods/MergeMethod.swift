package import Notation

/// How the tensors of base and experts become one.
///
/// A method is a value made from the settings of one output tensor. Adding one: a file in this
/// folder with its paper, its formula and its parameters, and a line in `MethodList`.
package protocol MergeMethod: Sendable {
  static var about: MethodDescription { get }

  /// Takes its parameters; what cannot be is an error that names the parameter.
  init(_ settings: MethodSettings) throws

  /// Merges one tensor and tells what was done.
  func merge(_ task: TensorTask) throws -> Merged
}

/// What `branchmerge methods` and the documentation say of a method.
package struct MethodDescription: Sendable {
  package var name: String
  package var title: String
  /// Authors, title, year and address of the paper; of a method without one where it comes from.
  package var paper: String
  package var formula: String
  /// How many inputs besides the base it takes.
  package var experts: ClosedRange<Int>
  package var base: BaseUse
  package var parameters: [ParameterDescription]

  package enum BaseUse: String, Sendable { case none, optional, required }

  package init(
    _ name: String, _ title: String, paper: String, formula: String,
    experts: ClosedRange<Int>, base: BaseUse, parameters: [ParameterDescription] = []
  ) {
    self.name = name
    self.title = title
    self.paper = paper
    self.formula = formula
    self.experts = experts
    self.base = base
    self.parameters = parameters
  }
}

/// A parameter of a method: what it is called, where it may stand and what it does.
package struct ParameterDescription: Sendable {
  package enum Scope: String, Sendable {
    /// One value for the tensor.
    case tensor
    /// One value for each model, which may be given once for all.
    case model
  }
  package var name: String
  package var scope: Scope
  /// As a merge file would have it; nil where it has to be given.
  package var standard: String?
  package var about: String

  package init(_ name: String, _ scope: Scope = .tensor, default standard: String?, _ about: String)
  {
    self.name = name
    self.scope = scope
    self.standard = standard
    self.about = about
  }
}

/// The parameters of one output tensor, after gradients, filters and precedence.
package struct MethodSettings: Sendable {
  package var values: [String: SettingValue] = [:]
  /// By input, in the order of the task's inputs.
  package var models: [[String: SettingValue]] = []
  /// What the inputs are called, and which is the base.
  package var labels: [String] = []
  package var base: Int?
  /// Whether to do as mergekit does where that is a defect.
  package var isCompatible = false
  /// The type that a merge file asks to compute in, else that of the base.
  package var type: ElementType?
  package var seed = 0

  package init() {}

  package func number(_ name: String, default standard: Double? = nil) throws -> Double {
    try number(values[name], name, standard, "")
  }

  package func whole(_ name: String, default standard: Int) throws -> Int {
    let number = try number(name, default: Double(standard))
    guard let whole = Int(exactly: number) else {
      throw MergeError("parameter '\(name)' should be a whole number, and is \(number)")
    }
    return whole
  }

  package func flag(_ name: String, default standard: Bool) throws -> Bool {
    switch values[name] {
    case nil: standard
    case .flag(let flag): flag
    case .number(let number): number != 0
    case .text(let text):
      throw MergeError("parameter '\(name)' should be true or false, and is '\(text)'")
    }
  }

  package func choice<Choice: RawRepresentable & CaseIterable>(
    _ name: String, default standard: Choice
  ) throws -> Choice where Choice.RawValue == String {
    guard let value = values[name] else { return standard }
    guard case .text(let text) = value, let choice = Choice(rawValue: text) else {
      let known = Choice.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", ")
      throw MergeError("parameter '\(name)' is \(value.described); it can be \(known)")
    }
    return choice
  }

  /// The value of a per-model parameter for every input; 0 stands for the base, which needs none.
  package func numbers(_ name: String, default standard: Double? = nil) throws -> [Double] {
    try models.enumerated().map { index, values in
      if index == base && values[name] == nil { return standard ?? 0 }
      return try number(values[name], name, standard, " of \(labels[index])")
    }
  }

  private func number(
    _ value: SettingValue?, _ name: String, _ standard: Double?, _ place: String
  ) throws -> Double {
    switch value {
    case .number(let number): return number
    case .flag(let flag): return flag ? 1 : 0
    case .text(let text):
      throw MergeError("parameter '\(name)'\(place) should be a number, and is '\(text)'")
    case nil:
      guard let standard else { throw MergeError("parameter '\(name)'\(place) has to be given") }
      return standard
    }
  }
}

/// What a method did with a tensor.
package struct Merged: Sendable {
  package var written: Written
  /// Figures for the report, in the order in which they are to stand there.
  package var figures: [JSON.Member]
  /// Thresholds without meaning: the interquartile range is 0.
  package var isDegenerate = false
  package var notes: [String] = []

  package init(_ written: Written, figures: [JSON.Member] = []) {
    self.written = written
    self.figures = figures
  }
}
