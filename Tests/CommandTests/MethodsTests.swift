import Foundation
import Testing

struct MethodsTests {
  @Test func `every method is listed, and can be asked for`() throws {
    let list = try branchmerge("methods")
    #expect(list.errors == "")
    #expect(list.status == 0)
    #expect(list.output.hasSuffix("\n\nbranchmerge methods NAME says all of one.\n"))
    let all = try #require(
      JSON(parsing: Data(try branchmerge("methods", "--json").output.utf8)).list)
    let rows = list.output.split(separator: "\n").dropFirst().prefix(all.count)
    for (method, row) in zip(all, rows) {
      let name = try #require(method["name"]?.text)
      let title = try #require(method["title"]?.text)
      #expect(row.hasPrefix(name + " ") && row.contains(title))
      let one = try branchmerge("methods", name)
      #expect(one.output.hasPrefix("\(name): \(title)\n"))
      #expect(one.output.split(separator: "\n").allSatisfy { $0.count <= 100 })
      for parameter in try #require(method["parameters"]?.list) {
        let parameter = try #require(parameter["name"]?.text)
        #expect(one.output.contains("\n\(parameter) "))
      }
      #expect(
        try JSON(parsing: Data(try branchmerge("methods", name, "--json").output.utf8)) == method)
    }
  }

  @Test func `all of arcee_fusion`() throws {
    let ending = try branchmerge("methods", "arcee_fusion")
    #expect(
      ending.output.hasPrefix(
        """
        arcee_fusion: Selective fusion by salience

        formula  S = |R − L| · KL(softmax R ‖ softmax L) by row; out = R where S ≥ T, else L; T = median S +
                 λ · IQR S
        merges   a base and 1 model
        paper    Sun et al., Branch-Merge distillation (TinyR1-32B-Preview), 2025, arXiv:2503.04872
                 Goddard et al., Arcee's MergeKit, 2024, arXiv:2403.13257

        parameter        one for each  default
        preset           tensor        exact       where the other values start from: exact; mergekit (f32,

        """))
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `docs/methods.md is what the program says`() throws {
    let page = FileManager.default.contents(atPath: Package.root + "/docs/methods.md")
    #expect(
      try branchmerge("methods", "--markdown").output
        == String(decoding: page ?? Data(), as: UTF8.self),
      "run: branchmerge methods --markdown > docs/methods.md")
  }

  @Test func `a misspelt name is answered with the nearest`() throws {
    let ending = try branchmerge("methods", "arcee-fusion")
    #expect(
      ending.errors.hasPrefix(
        "error: no merge method is called 'arcee-fusion'; did you mean 'arcee_fusion'? There are "))
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }
}
