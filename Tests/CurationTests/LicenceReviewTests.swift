import Testing

@testable import Curation

struct LicenceReviewTests {
  private func findings(_ entries: (String, String, Int)...) -> [String] {
    LicenceReview(entries.map { ($0.0, $0.1, $0.2) }).findings
  }

  @Test(arguments: [
    ("Apache-2.0", "Apache-2.0"), ("apache-2.0", "Apache-2.0"), ("odc-by", "ODC-By-1.0"),
    ("ODbL-1.0", "ODbL-1.0"), ("MIT", "MIT"),
  ])
  func `a licence is known by SPDX's name and by the hub's`(text: String, identifier: String) {
    #expect(Licence(text).identifier == identifier)
    #expect(Licence(text).url == "https://spdx.org/licenses/\(identifier)")
  }

  @Test(arguments: ["Apache 2", "Apache-2.0 OR MIT", "CC-BY", "unknown", "", "other", "MIT "])
  func `any other text is no licence that anything is known of`(text: String) {
    #expect(Licence(text).identifier == nil)
    #expect(Licence(text).url == nil)
    #expect(findings(("a", text, 3)).count == 1)
  }

  @Test func `licences that ask for nothing special go together`() {
    #expect(findings(("a", "Apache-2.0", 1), ("b", "MIT", 2), ("c", "CC-BY-4.0", 3)) == [])
  }

  @Test func `what forbids commercial use forbids it for the whole`() {
    #expect(
      findings(("a", "CC-BY-NC-4.0", 1)) == [
        "Not for commercial use: 1 of 1 rows (100.00 %) from 'a' are under CC-BY-NC-4.0, which"
          + " forbids it."
      ])
    #expect(
      findings(("a", "CC-BY-NC-4.0", 1), ("b", "MIT", 7)) == [
        "Not for commercial use: 1 of 8 rows (12.50 %) from 'a' are under CC-BY-NC-4.0, which"
          + " forbids it, and so it is forbidden for the whole."
      ])
  }

  @Test func `share-alike is a conflict beside anything else, and none alone`() {
    #expect(findings(("a", "CC-BY-SA-4.0", 1), ("b", "cc-by-sa-4.0", 1)) == [])
    #expect(
      findings(("a", "CC-BY-SA-4.0", 1), ("b", "ODbL-1.0", 1), ("c", "MIT", 2)) == [
        "Conflict: 1 of 4 rows (25.00 %) from 'a' are under CC-BY-SA-4.0, which wants changed"
          + " copies passed on under itself, and the other rows are under 'ODbL-1.0' and 'MIT'.",
        "Conflict: 1 of 4 rows (25.00 %) from 'b' are under ODbL-1.0, which wants changed copies"
          + " passed on under itself, and the other rows are under 'CC-BY-SA-4.0' and 'MIT'.",
      ])
  }

  @Test func `what forbids changed copies forbids a branch`() {
    #expect(findings(("a", "CC-BY-ND-4.0", 2))[0].hasPrefix("Conflict: 2 of 2 rows (100.00 %)"))
  }

  @Test func `of an unknown licence nothing is assumed, and its text does no harm`() {
    #expect(
      findings(("a", "Ask\n\u{1B}[2J", 3), ("b", "CC-BY-SA-4.0", 1)) == [
        "Unknown: 3 of 4 rows (75.00 %) from 'a' are under 'Ask\\u{a}\\u{1b}[2J', of which nothing"
          + " is known here: read it before you pass them on.",
        "Conflict: 1 of 4 rows (25.00 %) from 'b' are under CC-BY-SA-4.0, which wants changed"
          + " copies passed on under itself, and the other rows are under 'Ask\\u{a}\\u{1b}[2J'.",
      ])
  }

  @Test func `a source of which no row stayed says nothing about the rows`() {
    let review = LicenceReview([("a", "CC-BY-NC-4.0", 0), ("b", "MIT", 2)])
    #expect(review.findings == [])
    #expect(review.frontMatter == ["license: mit"])
    #expect(review.shares.map(\.rows) == [0, 2])
  }

  @Test func `the hub is told one licence that it knows, or of all that there are`() {
    func matter(_ licences: String...) -> [String] {
      LicenceReview(licences.map { ("s", $0, 1) }).frontMatter
    }
    #expect(matter("ODbL-1.0") == ["license: odbl"])
    #expect(
      matter("Apache-2.0", "CC-BY-4.0") == [
        "license: other", "license_name: \"apache-2.0-and-cc-by-4.0\"", "license_link: README.md",
      ])
    #expect(
      matter("Ask: \"Bob\"\n- x") == [
        "license: other", "license_name: \"ask-bob-x\"", "license_link: README.md",
      ])
    #expect(matter("?")[1] == "license_name: \"unnamed\"")
  }
}
