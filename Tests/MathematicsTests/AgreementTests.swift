import Testing

@testable import Mathematics

struct AgreementTests {
  /// Pairs that are the same answer, by what makes them so.
  static let equal: [(String, String)] = [
    // Numbers
    ("5", "5.0"), ("005", "5"), (".5", "0.50"), ("1,234", "1234"), ("1,234.5", "1234.5"),
    ("10,\\!080", "10080"), ("1{,}234{,}567", "1234567"), ("1 234", "1234"), ("1\\,234", "1234"),
    ("3e-36", "3\\times10^{-36}"), ("1.5 \\times 10^{3}", "1500"), ("-2^{49}", "-562949953421312"),
    ("$5$.", "5"), ("\\(5\\)", "**5**"), ("\\boxed{5}", "5"), ("+5", "5"), ("−5", "-5"),
    ("99999999999999999999", "99999999999999999999.0"), ("20!", "2432902008176640000"),
    // Fractions
    ("1/2", "0.5"), ("\\frac12", "\\dfrac{1}{2}"), ("\\tfrac{2}{4}", "1/2"), ("\\frac{1}2", ".5"),
    ("1\\frac{1}{2}", "\\frac{3}{2}"), ("7 2/3", "\\frac{23}{3}"), ("-1\\frac12", "-1.5"),
    ("\\frac{-1}{2}", "-\\frac{1}{2}"), ("\\frac{1}{-2}", "-0.5"),
    // Percentages, units, currency
    ("50\\%", "0.5"), ("50%", "50"), ("12.5\\%", "\\frac18"), ("83 percent", "83\\%"),
    ("\\$18.90", "18.9"), ("382 \\text{ dollars}", "382"), ("5.4 \\text{ cents}", "5.4"),
    ("15\\mbox{ cm}^2", "15"), ("32\\text{ square cm}", "32"),

    ("120^\\circ", "120"), ("90^{\\circ}", "90 degrees"), ("\\frac{270}7\\text{ degrees}", "270/7"),
    ("12 hours.", "12"), ("50 kmph", "50"), ("5^{\\text{th}}", "5"), ("Rs. 712.50", "712.5"),
    ("\\approx 8.24 \\text{ mph}", "8.24"), ("3\\text{ m}", "3 meters"),
    ("5 \\text{ cm} + 3\\text{ cm}", "8 \\text{ cm}"),
    // Radicals, powers, constants
    ("3\\sqrt{13}", "\\sqrt{117}"), ("11\\sqrt2", "\\sqrt{242}"), ("√3", "\\sqrt{3}"),
    ("\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt{3}}"), ("\\sqrt{2}-1", "\\frac{1}{1+\\sqrt2}"),
    ("\\sqrt[3]{16}", "2\\sqrt[3]{2}"), ("2^{-2 / 3}", "\\frac{1}{\\sqrt[3]{4}}"),
    ("\\sqrt{7+4\\sqrt3}", "2+\\sqrt3"), ("\\sqrt{2}+\\sqrt{3}", "\\sqrt{5+2\\sqrt6}"),
    ("\\sqrt[3]{2+\\sqrt5}+\\sqrt[3]{2-\\sqrt5}", "1"), ("\\sqrt[3]{-8}", "-2"),
    ("2π", "\\pi \\cdot 2"), ("\\frac94\\pi", "\\frac{9\\pi}{4}"), ("e^{2x}", "(e^x)^2"),
    ("2^{n+1}", "2\\cdot 2^n"), ("3^{20}", "3486784401"),
    ("10x \\sqrt{21x}", "10\\sqrt{21}x^{3/2}"),
    // Functions
    ("\\ln 8", "3 \\ln 2"), ("\\log_2 8", "3"), ("\\sin 30^\\circ", "1/2"),
    ("\\frac{\\log 2}{\\log 2-\\log 3}", "\\frac{\\ln 2}{\\ln 2 - \\ln 3}"),
    ("\\cos\\frac{\\pi}{12}", "\\frac{\\sqrt6+\\sqrt2}{4}"), ("\\sin^2 x + \\cos^2 x", "1"),
    ("\\cos(2\\pi/7)+\\cos(4\\pi/7)+\\cos(6\\pi/7)", "-1/2"), ("\\tan^{-1} 1", "\\frac{\\pi}{4}"),
    ("\\binom{5}{2}", "10"), ("\\binom{2n}{n}", "\\frac{(2n)!}{n!n!}"),
    ("\\binom{n}{2}", "\\frac{n(n-1)}{2}"), ("|x|", "\\sqrt{x^2}"),
    ("\\left\\lfloor \\frac{7}{2} \\right\\rfloor", "3"),
    // Polynomials and fractions of them
    ("(x+1)(x+2)", "x^2+3x+2"), ("\\frac{n(n+1)}{2}", "\\frac{n^2+n}{2}"),
    ("\\frac{x^2-1}{x-1}", "x+1"), ("(x-1)^{10}", "(1-x)^{10}"), ("2RC+R+C", "C+R+2CR"),
    ("11z^{17}(5+11z^{17})", "55z^{17}+121z^{34}"), ("x**2", "x^2"), ("a_{1}+2", "2+a_1"),
    // Complex numbers
    ("3-4i", "-4i+3"), ("\\frac{1}{1+i}", "\\frac{1-i}{2}"), ("\\sqrt{-4}", "2i"),
    ("e^{2\\pi i/3}", "\\frac{-1+i\\sqrt{3}}{2}"), ("(1+i)^2", "2i"),
    // Points, lists, sets, intervals
    ("(1,2)", "\\left( 1, 2 \\right)"), ("1,2", "2, 1"), ("\\{1,2\\}", "2,1"),
    ("2, 3, \\text{ and } 4", "2,3,4"), ("3 \\text{ or } 5", "5, 3"), ("1,2", "(1,2)"),
    ("[0, 2, 0]", "0,2,0"), ("[8,-14]", "(8,-14)"), ("\\emptyset", "\\{\\}"),
    ("1 \\pm \\sqrt{19}", "1+\\sqrt{19}, 1-\\sqrt{19}"), ("{1±√5,-2}", "-2,1-\\sqrt5,1+\\sqrt5"),
    ("(-\\infty,2) \\cup (3,\\infty)", "(3,\\infty)\\cup(-\\infty,2)"),
    ("[0,1]\\cup[1,2]", "[0,2]"), ("\\mathbb{R}", "(-\\infty,\\infty)"),
    ("x \\ge 2", "[2,\\infty)"), ("-2<x<5", "(-2,5)"), ("x \\in (5,\\infty)", "5 < x"),
    ("x<-2 \\text{ or } x>5", "(-\\infty,-2)\\cup(5,\\infty)"),
    ("x\\neq 3", "(-\\infty,3)\\cup(3,\\infty)"), ("-2x < 4", "x > -2"),
    // Matrices
    (
      "\\begin{pmatrix} 1/5 \\\\ -18/5 \\end{pmatrix}", "\\begin{bmatrix} 0.2\\\\-3.6\\end{bmatrix}"
    ),
    // Equations
    ("x=5", "5"), ("5", "k=5"), ("f(x)=x+1", "x+1"), ("y=2x+3", "2x+3"), ("2+3=5", "5"),
    ("y=2x+3", "2x - y + 3 = 0"), ("xy=1", "y=1/x"), ("x=1, y=2", "(1,2)"),
    ("(x,y)=(1,2)", "(1,2)"),
    ("x^2+y^2=4", "8=2x^2+2y^2"), ("3:4", "6:8"),
    // Words, letters, bases
    ("\\text{Evelyn}", "Evelyn"), ("Yes.", "yes"), ("\\text{(C)}", "C"), ("A", "\\textbf{(A)}"),
    ("\\textbf{(B)}\\ 12", "12"), ("(b)", "B."), ("52_8", "52_{8}"), ("101_{2}", "101_2"),
    ("what \\nobody knows", "what  \\nobody knows"),
  ]

  /// Pairs that the parser alone cannot tell, by what it is that does.
  static let equalByReading: [(String, String)] = [
    ("0.\\overline{3}", "1/3"), ("-0.1\\overline{6}", "-\\frac16"), ("½", "0.5"), ("3½", "7/2"),
    ("5C3", "10"), ("100 cm", "1 m"), ("1 hr 15 min", "75 minutes"), ("three", "3"),
    ("3% gain", "3\\% profit"), ("II and I only", "I and II only"), ("None", "Neither I nor II"),
    (
      "f(x)=\\begin{cases} x & x>0 \\\\ 2/4 & x<0 \\end{cases}",
      "f(x) = \\begin{cases} 0.5, & \\text{if } x < 0, \\\\ x, & \\text{if } x > 0. \\end{cases}"
    ),
  ]

  static let differentByReading: [(String, String)] = [
    ("0.\\overline{3}", "0.4"), ("(2,5) + 1", "(2,5)"), ("proof + 1", "proof"),
    ("52_8 + 1", "52_8"), ("[2,\\infty) + 1", "[2,\\infty)"), ("2 5", "2\\sqrt{5}"),
    ("5 \\text{ cm}", "5 \\text{ m}"), ("55 min", "56 min"), ("1 hour and 31 minutes", "90 min"),
    ("12\\pi", "75^\\circ"), ("Cannot be determined", "22"), ("One", "Two"), ("2% loss", "2% gain"),
    ("I only", "I and II only"), ("After 6 minutes", "After 12 minutes."),
    ("There are exactly 2 solutions.", "There is exactly 1 solution."), ("x > y", "x < 2y"),
    ("(x+5)^2+(y+7)^2=4", "(x-5)^2+(y-7)^2=4"),
  ]

  @Test(arguments: equalByReading)
  func `another spelling is read where the parser has no rule`(given: String, reference: String) {
    #expect(Agreement.of(given, and: reference) == .equal)
    #expect(Agreement.of(reference, and: given) == .equal)
  }

  @Test(arguments: differentByReading)
  func `what is another answer in each of its readings is different`(
    given: String, reference: String
  ) {
    #expect(Agreement.of(given, and: reference) == .different)
    #expect(Agreement.of(reference, and: given) == .different)
  }

  @Test(arguments: equal)
  func `the same answer in another spelling is equal`(given: String, reference: String) {
    #expect(Agreement.of(given, and: reference) == .equal)
  }

  static let different: [(String, String)] = [
    ("5", "6"), ("-5", "5"), ("1/2", "1/3"), ("0.5", "0.05"), ("99999999999999999999", "10^{20}"),
    ("3\\sqrt{13}", "\\sqrt{118}"), ("\\pi", "3"), ("2\\pi", "\\pi^2"), ("3.141593", "3.141592"),
    ("x^2+1", "x^2-1"), ("p - q", "q - p"), ("2^n", "2^{n+1}"), ("\\sqrt{x^2}", "x"),
    ("(1,2)", "(2,1)"), ("1,2,3", "1,2"), ("\\{1,2\\}", "\\{1,3\\}"), ("5", "5, 6"),
    ("(3,4]", "(3,4)"), ("[3,4]", "(3,4)"), ("(0,1)\\cup(1,2)", "(0,2)"), ("x > 2", "x \\ge 2"),
    ("x<5", "x>5"), ("\\infty", "-\\infty"), ("\\infty", "7"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}2\\\\1\\end{pmatrix}"),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "7"), ("x=5", "x=6"), ("y=x^2", "y=-x^2"),
    ("x^2+(y+4)^2=25/9", "x^2+(y-4)^2=25/9"), ("x^2=4", "x=2"), ("even", "odd"),
    ("\\text{Sunday}", "\\text{Monday}"), ("Sunday", "5"), ("A", "\\text{(B)}"), ("52_8", "53_8"),
    ("40_9", "7"), ("50\\%", "51\\%"), ("50\\%", "5"), ("5 \\text{ cm}", "6 \\text{ cm}"),
    ("\\frac{5}{0}", "5"), ("3-4i", "3+4i"), ("e^{i\\pi/3}", "e^{i\\pi/4}"), ("3:4", "4:3"),
    ("\\sin 30", "\\sin 31"), ("\\log_2 8", "4"), ("100\\pi", "314"), ("6m", "7"),
  ]

  @Test(arguments: different)
  func `another answer is different`(given: String, reference: String) {
    #expect(Agreement.of(given, and: reference) == .different)
    #expect(Agreement.of(reference, and: given) == .different)
  }

  static let unknown: [(String, String, Unknown)] = [
    ("", "5", .empty), ("$", "5", .empty), (String(repeating: "1+", count: 4_000), "5", .tooLarge),
    (String(repeating: "(", count: 200) + "1" + String(repeating: ")", count: 200), "5", .tooLarge),
    ("2^{2^{2^{2^{2^2}}}}", "5", .undecided), ("\\int_0^1 x\\,dx", "1/2", .notation),
    ("0.333...", "1/3", .notation),
    ("0.333333", "1/3", .rounded), ("3.14", "\\pi", .rounded), ("0.5", "0.46", .rounded),
    ("5 \\text{ cm}", "5 \\text{ kg}", .units),
    ("\\frac{\\pi}{2}", "90^\\circ", .units), ("6m", "6", .units), ("2k+2", "2n+2", .names),
    ("x=5", "y=5", .names), ("52_8", "42", .base), ("52_8", "52", .base),
    ("(C)", "12", .options), ("12", "(C)", .options), ("B", "12", .options),
    ("even numbers", "even", .words), ("None of these", "5", .words),
    ("There is no such value", "0", .words), ("2 5", "10", .notation),
    ("\\mathbb{Z}+1", "\\mathbb{Z}", .notation),
    ("the 2^{3} words", "the 2^{4} words", .notation),
    (
      "\\begin{cases}x&x>0\\\\1&x<0\\end{cases}", "\\begin{cases}1&x<0\\\\2&x>0\\end{cases}",
      .notation
    ),
    ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "(1,2)", .shape), ("(3,4)", "4,3", .shape),
    ("58,500", "58, 500", .shape), ("t(0,4]", "5", .shape), ("5/0", "6/0", .undefined),
    ("x^3+y^3=0", "x^9+y^9=0", .undecided),
  ]

  @Test(arguments: unknown)
  func `what cannot be told is unknown, with its reason`(
    given: String, reference: String, reason: Unknown
  ) {
    #expect(Agreement.of(given, and: reference) == .unknown(reason))
  }

  @Test func `a letter is its option's text`() {
    let problem = "What is $2+2$?\n(A) 3 (B) $\\frac{8}{2}$ \\qquad (C) 5\n\nExplain."
    let bytes = Array(problem.utf8)
    let options = AnswerOptions(in: bytes.span)
    #expect(
      options?.texts.map { String(decoding: $0, as: UTF8.self) } == ["3", "\\frac{8}{2}", "5"])
    #expect(Agreement.of("(B)", and: "4", options: options) == .equal)
    #expect(Agreement.of("4", and: "B", options: options) == .equal)
    #expect(Agreement.of("C", and: "4", options: options) == .different)
    #expect(Agreement.of("\\textbf{(D)}", and: "4", options: options) == .unknown(.options))
  }

  /// Bytes are cut, doubled, replaced and joined with others' at random; the sum of what comes out is
  /// of no interest, that it comes out is, and that nothing is equal one way and different the other.
  @Test func `any bytes are answered`() {
    var random = SplitMix64(seed: 20)
    let seeds = (Self.equal + Self.different).flatMap { [Array($0.0.utf8), Array($0.1.utf8)] }
    let pieces = [
      "\\frac", "{", "}", "(", ")", "[", "^", "_", "\\sqrt", "!", "10^", "\\left", "\\pm",
      "&", "\\\\", "\\begin{pmatrix}", "\\end{pmatrix}", "|", ",", "=", "<", "\\%", "\u{ff}", "0",
      "9",
    ].map { Array($0.utf8) }
    for _ in 0..<6_000 {
      var bytes = random.pick(seeds)
      for _ in 0..<random.int(1...4) {
        let place = random.int(0...bytes.count)
        switch random.int(0...4) {
        case 0: bytes.insert(contentsOf: random.pick(pieces), at: place)
        case 1: bytes.insert(UInt8(random.int(0...255)), at: place)
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + random.int(0...3)))
        case 3: bytes.insert(contentsOf: bytes[..<place], at: place)
        default: bytes.append(contentsOf: random.pick(seeds))
        }
      }
      let other = random.pick(seeds)
      #expect(Agreement.of(bytes, and: bytes) != .different)
      let (there, back) = (Agreement.of(bytes, and: other), Agreement.of(other, and: bytes))
      #expect(
        !(there == .equal && back == .different) && !(there == .different && back == .equal),
        "\(String(decoding: bytes, as: UTF8.self)) | \(String(decoding: other, as: UTF8.self))")
    }
  }
}
