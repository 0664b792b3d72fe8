internal import Samples

/// A survey's figures, as `branchmerge survey --json` prints them.
package struct SurveyReport: Encodable, Sendable {
  /// A field of the rows, or a member of the objects in a list: `key` or `key[].member`.
  package struct Field: Encodable, Sendable {
    package var path: String
    /// The card's names for it.
    package var parts: [String]
    /// Rows; of a member the objects in lists.
    package var count: Int
    package var nulls: Int
    package var missing: Int
    package var types: [TypeCount]
    package var nullElements: Int
    package var elements: Figures?
    package var characters: Figures?
    package var numbers: NumberFigures?
    package var values: Values?
  }

  package struct TypeCount: Encodable, Sendable {
    package var type: Shape
    package var count: Int
  }

  /// Texts, numbers, flags and elements of lists that are these, with their counts.
  package struct Values: Encodable, Sendable {
    /// Different ones that were counted.
    package var distinct: Int
    /// False where there are more than those; then `counts` are the least that they can be.
    package var isComplete: Bool
    /// Texts of more than 80 bytes, which are not told apart.
    package var longTexts: Int
    /// The most frequent first; none where there are too many and the field was not asked for.
    package var counts: [ValueCount]

    var total: Int { counts.reduce(0) { $0 + $1.count } }
  }

  package struct ValueCount: Encodable, Sendable {
    package var value: TallyValue
    package var count: Int
  }

  package var source: String?
  package var config: String?
  /// As the card has it.
  package var publishedRows: Int?
  package var files: [Survey.File]
  package var bytes: Int
  /// Rows that could be read.
  package var rows: Int
  package var unreadable: Int
  package var fields: [Field]
  /// More fields occur than are counted.
  package var hasMoreFields: Bool
  /// Fields of the card that no row has.
  package var absent: [String]
  package var faults: [Survey.Fault]
  /// The fields that were asked for; none where all were.
  package var only: [String]

  /// `scope` is that of the survey.
  package init(_ survey: Survey, of subject: SurveySubject, _ scope: SurveyScope) {
    source = subject.card?.name
    config = subject.config?.name
    publishedRows = subject.config?.rows
    files = survey.files
    bytes = survey.files.reduce(0) { $0 + $1.bytes }
    rows = survey.rows.count
    unreadable = survey.unreadable
    hasMoreFields = survey.rows.isCutShort || survey.rows.fields.contains { $0.members.isCutShort }
    faults = survey.faults
    only = scope.paths.map(Self.place)
    let card = subject.card?.fields ?? []
    let only = only
    func field(_ path: FieldPath, _ field: FieldSurvey, of count: Int) -> Field {
      Field(
        path: Self.place(path),
        parts: card.filter { $0.path.key == path.key && $0.path.member == path.member }
          .map(\.name),
        count: count, nulls: field.nulls, missing: count - field.present,
        types: field.shapes.map { TypeCount(type: $0.shape, count: $0.count) },
        nullElements: field.nullElements, elements: field.elements.figures,
        characters: field.characters.figures, numbers: field.numbers.figures,
        values: Values(field.values, isNamed: only.contains(Self.place(path))))
    }
    fields = survey.rows.fields.flatMap { own in
      let members = own.members.fields.map { member in
        field(FieldPath(key: own.key, member: member.key), member, of: own.members.count)
      }
      return [field(FieldPath(key: own.key), own, of: survey.rows.count)] + members
    }
    absent = card.filter { field in
      !survey.contains(field.path)
        && (scope.paths.isEmpty || scope.paths.contains { $0.key == field.path.key })
    }.map(\.name)
  }

  /// A path without its index: `key` or `key[].member`.
  private static func place(_ path: FieldPath) -> String {
    path.member.isEmpty ? path.key : "\(path.key)[].\(path.member)"
  }
}

extension SurveyReport.Values {
  fileprivate init?(_ tally: Tally, isNamed: Bool) {
    guard !tally.entries.isEmpty || tally.longTexts > 0 else { return nil }
    distinct = tally.entries.count
    isComplete = tally.isComplete
    longTexts = tally.longTexts
    counts =
      tally.isComplete || isNamed
      ? tally.ranked.map { SurveyReport.ValueCount(value: $0.value, count: $0.count) } : []
  }
}
