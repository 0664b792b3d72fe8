import Notation
import Testing

@testable import Fusion

struct ParameterTableTests {
  static let levels = """
    merge_method: linear
    modules:
      default:
        slices:
          - sources:
              - model: a
                layer_range: [0, 2]
                parameters: {weight: [{filter: up_proj, value: 2}]}
              - {model: b, layer_range: [0, 2]}
            parameters: {weight: [{filter: lm_head, value: 3}]}
        parameters: {weight: [{filter: embed, value: 4}], normalize: [0, 1]}
    parameters: {weight: 5, scale: [{filter: nowhere, value: 1}]}
    """

  // The same file, given to mergekit 0.1.5, multiplies the tensors by the same weights.
  static let tensors: [(String, Double)] = [
    ("model.layers.0.mlp.up_proj.weight", 2), ("lm_head.weight", 3),
    ("model.embed_tokens.weight", 4), ("model.norm.weight", 5),
  ]

  @Test(arguments: tensors)
  func `the first level with a value decides`(tensor: String, expected: Double) throws {
    let table = try #require(try MergeDocumentTests.document(Self.levels).tables.first)
    #expect(table.value("weight", forModel: 0, tensor: tensor, t: 0) == .number(expected))
  }

  @Test func `a source's parameters hold for it alone`() throws {
    let table = try #require(try MergeDocumentTests.document(Self.levels).tables.first)
    let tensor = "model.layers.0.mlp.up_proj.weight"
    #expect(table.value("weight", forModel: 1, tensor: tensor, t: 0) == .number(5))
    #expect(table.value("weight", forModel: nil, tensor: tensor, t: 0) == .number(5))
    #expect(table.value("weight", forModel: 9, tensor: tensor, t: 0) == .number(5))
    #expect(table.value("normalize", forModel: nil, tensor: tensor, t: 0.25) == .number(0.25))
    #expect(table.value("scale", forModel: nil, tensor: tensor, t: 0) == nil)
    #expect(table.value("density", forModel: 0, tensor: tensor, t: 0) == nil)
    let found = try #require(table.found("weight", forModel: 0, tensor: tensor, t: 0))
    #expect(found.place.description == "merge.yml:8:26")
  }

  static let known: [String: Set<String>] = [
    "linear": ["weight", "normalize"], "ties": ["weight", "density", "int8_mask"],
    "arcee_fusion": ["lambda_iqr", "preset"],
  ]

  @Test func `names of parameters are judged by what every method knows`() throws {
    let document = try MergeDocumentTests.document(
      """
      merge_method: arcee_fusion
      models:
        - {model: a, parameters: {density: 0.5, weight: 1}}
        - {model: b, parameters: {density: 0.5, lamda_iqr: 1}}
      parameters: {int8_mask: true, preset: paper, gamma: 1}
      """)
    let (errors, warnings) = document.checkParameters(known: Self.known, method: document.method)
    #expect(
      errors.map(\.description) == [
        "merge.yml:4:43: arcee_fusion has no parameter 'lamda_iqr'; did you mean 'lambda_iqr'? It"
          + " has 'lambda_iqr' and 'preset'",
        "merge.yml:5:46: arcee_fusion has no parameter 'gamma'; it has 'lambda_iqr' and 'preset'",
      ])
    #expect(
      warnings == [
        "merge.yml:3:29: 'density' has no effect on arcee_fusion",
        "merge.yml:3:43: 'weight' has no effect on arcee_fusion",
        "merge.yml:5:14: 'int8_mask' changes no value and is ignored",
      ])
  }

  @Test func `a method that does not exist is refused where it stands`() throws {
    let document = try MergeDocumentTests.document("merge_method: tie\nmodels: [{model: a}]")
    let (errors, _) = document.checkParameters(known: Self.known, method: document.method)
    #expect(
      errors.map(\.description) == [
        "merge.yml:1:15: no merge method is called 'tie'; did you mean 'ties'? There are"
          + " 'arcee_fusion', 'linear' and 'ties'"
      ])
  }
}
