import Foundation
import Testing

struct ChecksTests {
  @Test func `every check is listed, and can be asked for`() throws {
    let list = try branchmerge("checks")
    #expect(list.errors == "")
    #expect(list.status == 0)
    #expect(list.output.hasSuffix("\n\nbranchmerge checks NAME says all of one.\n"))
    let all = try #require(
      JSON(parsing: Data(try branchmerge("checks", "--json").output.utf8)).list)
    let rows = list.output.split(separator: "\n").dropFirst().prefix(all.count)
    for (check, row) in zip(all, rows) {
      let name = try #require(check["name"]?.text)
      let title = try #require(check["holds_where"]?.text)
      #expect(row.hasPrefix(name + " ") && row.contains(title))
      let one = try branchmerge("checks", name)
      #expect(one.output.hasPrefix("\(name): holds where \(title)\n"))
      #expect(
        one.output.split(separator: "\n").allSatisfy { $0.count <= 100 || $0.hasPrefix("      ") })
      for parameter in try #require(check["parameters"]?.list) {
        let parameter = try #require(parameter["name"]?.text)
        #expect(one.output.contains("\n\(parameter) "))
      }
      #expect(
        try JSON(parsing: Data(try branchmerge("checks", name, "--json").output.utf8)) == check)
    }
  }

  @Test func `all of length_ratio`() throws {
    let ending = try branchmerge("checks", "length_ratio")
    #expect(
      ending.output == """
        length_ratio: holds where the text is so many times as long as another

        Characters of the field over characters of the other one, both counted as Unicode scalars. Fails
        where the other one is null, missing or empty.

        for: text

        parameter  default
        to         (needed)  the field that is compared with; one text, no list
        at_least   0         the least ratio that holds
        at_most    any       the largest ratio that holds; one of the two is needed

            reasoning: { length_ratio: { to: solution, at_least: 0.5, at_most: 4 } }
              holds  { reasoning: abcdef, solution: abc }
              holds  { reasoning: ab, solution: abcd }
              fails  { reasoning: a, solution: abcd }
              fails  { reasoning: a, solution: '' }

        """)
    #expect(ending.errors == "")
    #expect(ending.status == 0)
  }

  @Test func `docs/checks.md is what the program says`() throws {
    let page = FileManager.default.contents(atPath: Package.root + "/docs/checks.md")
    #expect(
      try branchmerge("checks", "--markdown").output
        == String(decoding: page ?? Data(), as: UTF8.self),
      "run: branchmerge checks --markdown > docs/checks.md")
  }

  @Test func `a misspelt name is answered with the nearest`() throws {
    let ending = try branchmerge("checks", "loops")
    #expect(
      ending.errors.hasPrefix(
        "error: no check is called 'loops'; did you mean 'loop'? There are 'is', "))
    #expect(ending.output == "")
    #expect(ending.status == 2)
  }
}
