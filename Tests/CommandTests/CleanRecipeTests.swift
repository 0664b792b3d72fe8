import Foundation
import Testing

/// The recipe with all checks of text quality on, over the demo rows.
struct CleanRecipeTests {
  let folder = try! TemporaryFolder()

  private func branch() throws {
    let ending = try branchmerge(
      ["branch", "tinyr1-clean", "-w", folder / "work", "--max-quarantined", "2%"] + demoSources)
    #expect(ending.status == 0)
  }

  @Test func `what falls to a check of text has the figure that decided`() throws {
    try branch()
    let ending = try branchmerge(
      "query", "-w", folder / "work", "--csv",
      """
      SELECT step.name, evidence FROM fate JOIN step ON step.id = fate.step
      WHERE step.name IN ('in-proportion', 'one-question') OR evidence LIKE '%reasoning_form%'
      ORDER BY 1, 2
      """)
    let expected = #"""
      name,evidence
      in-proportion,"{""reasoning"": {""length_ratio"": 0.499}}"
      one-question,"{""prompt"": {""is_multipart"": ""(a) (b) (c)""}}"
      pick,"{""candidates"": 2, ""verified"": [false, false], ""complete"": [true, false], ""responses"": [true, {""reasoning_form"": ""the second mark is missing""}]}"
      pick,"{""candidates"": 2, ""verified"": [false, true], ""complete"": [false, false], ""responses"": [{""reasoning_form"": ""the second mark is missing""}, {""reasoning_form"": ""the second mark is missing""}]}"
      pick,"{""candidates"": 2, ""verified"": [true, false], ""complete"": [false, true], ""responses"": [{""reasoning_form"": ""the second mark is missing""}, true]}"

      """#
    #expect(ending.output.replacing("\r\n", with: "\n") == expected)
  }

  @Test func `the ledger of such a run is proved, and its falls are told`() throws {
    try branch()
    let proof = try branchmerge("verify", folder / "work")
    #expect(proof.status == 0, "\(proof.output)")
    let sample = "openthoughts:2082383f7d771cf918752718"
    let why = try branchmerge("why", sample, "-w", folder / "work")
    #expect(
      why.output.replacing("\n", with: " ")
        .contains("It was dropped by the filter in-proportion ("), "\(why.output)")
    #expect(why.output.contains(#"{"length_ratio":0.499}"#))
  }
}
