import Samples

/// The cases of the checks that look at a text's quality.
enum TextChecks {
  static let cases: [CheckCase] = [
    // says
    CheckCase(
      .text, "says: {phrases: [\"I'm sorry\", as an AI, 很抱歉]}",
      holds: [
        #""I'm sorry""#, #""I’M  SORRY, no.""#, #""Well, i'm\n\u00a0sorry.""#, #""(As an AI)""#,
        #""\u0041s an ai""#, #""啊很抱歉啊""#,
      ],
      fails: [
        #""""#, #""I'm so sorry""#, #""as an aid""#, #""has an AI""#, #""Asan AI""#, #""很抱""#,
        #""I'm sorr""#,
      ]),
    CheckCase(
      .text, "says: {phrases: [no], within_first: 3}",
      holds: [#""no""#, #""a no""#], fails: [#""é no""#, #""and no""#]),
    CheckCase(
      .text, "says: {phrases: [no, '?'], within_last: 3}",
      holds: [#""say no""#, #""so?""#, #""no""#],
      fails: [#""no, sir""#, #""so? yes""#]),
    // reasoning_form
    CheckCase(
      .text, "reasoning_form: [<think>, </think>]",
      holds: [
        #""<think>a</think>b""#, #"" \n<think>\na\n</think>\n\nb\n""#, #""<think>a<\/think>b""#,
      ],
      fails: [
        #""""#, #""b""#, #""<think>""#, #""<think>a""#, #""<think>a</think>""#,
        #""<think>a</think>\u00a0\n""#, #""<think> </think>b""#, #""a<think>a</think>b""#,
        #""<think>a<think>a</think>b""#, #""<think>a</think>b</think>c""#, #""<think>a</think""#,
        #""</think>a<think>b""#,
      ]),
    // repetition
    CheckCase(
      .text, "repetition: {lines: 0.5}",
      holds: [#""""#, #""a\nb""#, #""a\n\n a \n""#, #""a\na\nb\nb""#],
      fails: [#""a\na\na""#, #""a\n a\na \nb\nb""#]),
    CheckCase(
      .text, "repetition: {paragraphs: 0.4}", holds: [#""a\nb\n\nb\na""#, #""a\n\nb\na\n\na""#],
      fails: [#""a\nb\n\na\nb""#, #""a\n \n\na""#]),
    CheckCase(
      .text, "repetition: {line_characters: 0.3}", holds: [#""äää\nb\nb""#],
      fails: [#""a\nbbb\nbbb""#]),
    CheckCase(
      .text, "repetition: {paragraph_characters: 0.3}", holds: [#""aaaaa\n\nb\n\nb""#],
      fails: [#""a\n\nbbb\nccc\n\nbbb\nccc""#]),
    // "a b" three times over 20 characters: 9 of 20.
    CheckCase(
      .text, "repetition: {top_2: 0.45}", holds: [#""a b c a b d a b efgh""#, #""a b c d""#],
      fails: [#""a b c a b d a b efg""#]),
    // The second "aa b cc" has 5 characters without its spaces: 5 of 18.
    CheckCase(
      .text, "repetition: {repeated_3: 0.278}", holds: [#""aa b cc d aa b ccd""#, #""aa b""#],
      fails: [#""aa b cc d aa b cc""#]),
    CheckCase(
      .text, "repetition: {repeated_2: 0}", holds: [#""你好吗""#, #""a b a""#, #""ab ab""#],
      fails: [#""你好，你好""#, #""a b\ta\nb""#]),
    // loop
    CheckCase(
      .text, "loop: {at_most: 24}",
      holds: [
        #""""#, text("a", 24), text("a b c", 8), text("no, no", 2),
        "\"" + (1...60).map { "step \($0)" }.joined(separator: " ") + "\"",
      ],
      fails: [text("a", 25), text("a b c", 9), text("啊", 30), text("\\u4f60好", 20)]),
    CheckCase(
      .text, "loop: {at_least: 24}", holds: [text("a", 24), text("one two three four", 6)],
      fails: [#""""#, text("a", 23), text("1 2 3 4 5 6 7 8 9 10 11 12 13", 2)]),
    // language
    CheckCase(
      .text, "language: {in: [en]}",
      holds: [
        #""What is the sum?""#, #""Let x be 4.""#,
        #""Find the value of \\frac{\\alpha}{2}, where NO is a gas.""#,
        #""Consider the naïve algorithm of Paul Erdős.""#,
      ],
      fails: [
        #""""#, #""1 + 1""#, #""Solve $x=1$""#, #""der die das und ist""#, #""已知函数""#,
        #""Что это""#, "\"```\\nthe of and\\n```\"",
      ]),
    CheckCase(
      .text, "language: {in: [unknown, none]}",
      holds: [#""""#, #""$x^2$""#, #""Solve: $2x = 4$""#, #""12 + 3""#, #""\\forall \\exists""#],
      fails: [#""What is 1?""#, #""求""#]),
    CheckCase(
      .text, "language: {in: [zh], mixing: 0.3}",
      holds: [#""已知函数 f(x) = sin x，求最小值。""#, #""设 ABC 为三角形""#],
      fails: [#""これは漢字です""#, #""已知 the function of this and that""#]),
    CheckCase(
      .text, "language: {in: [mixed], mixing: 0.01}",
      holds: [#""The sum of the two numbers is 然后 four.""#], fails: [#""The sum is 4.""#]),
    // has_image
    CheckCase(
      .text, "has_image: true",
      holds: [
        #""<img src=x>""#, #""a <IMG/>""#, #""<image>""#, #""![](x)""#, #""see ![a b](c d) there""#,
        #""[asy] x""#, #""[Image]""#, #""\\includegraphics{x}""#, #""\\begin{tikzpicture}""#,
        #""data:image/png;base64,AA""#, #""x.png""#, #""(x.JPEG)""#, #""\u003cimg>""#,
      ],
      fails: [
        #""""#, #""<imgs""#, #""5![1](""#, #""![a\n](b)""#, #""![a] (b)""#, #""png""#, #""x.pngs""#,
        #""[as y]""#, #""a < img""#,
      ]),
    CheckCase(.text, "has_image: false", holds: [#""""#, #""img""#], fails: [#""[asy]""#]),
    // has_link
    CheckCase(
      .text, "has_link: true",
      holds: [
        #""http://a""#, #""HTTPS://a""#, #""(www.a.org)""#, #""ftp://a""#, #""<a href='x'>""#,
        #""\\url{a}""#, #""\\href{a}{b}""#, #""http:\/\/a""#,
      ],
      fails: [
        #""""#, #""http""#, #""xhttp://a""#, #""www""#, #""awww.""#, #""[a](b)""#, #""<a >""#,
      ]),
    CheckCase(.text, "has_link: false", holds: [#""""#], fails: [#""www.a""#]),
    // is_multipart
    CheckCase(
      .text, "is_multipart: true",
      holds: [
        #""(a) Find x. (b) Find y.""#, #""a) What is x?\nb) What is y?""#,
        #""(i) Prove it. (ii) Hence find x.""#, #""1. Show that x.\n2. If so, compute y.""#,
        #""**p1.** What is x?**p2.** What is y?""#, #""Part A: find x. Part B: find y.""#,
        #""Part (a) find x. Part (b) find y.""#, #""(1) Find x. (2) Find y. (3) x = 1.""#,
      ],
      fails: [
        #""""#, #""(a) Find x.""#, #""(a) x = 1 (b) y = 2""#, #""(b) Find x. (c) Find y.""#,
        #""(A) Find x. (B) Find y.""#, #""f(a) find f(b) find""#, #""Is it 1. Find 2. Find""#,
        "\"```\\n1. Find x.\\n2. Find y.\\n```\"", #""(1) x > 1, (2) x < 2. Find x.""#,
      ]),
    CheckCase(
      .text, "is_multipart: false", holds: [#""""#, #""Find x.""#],
      fails: [#""(a) Find x. (b) Find y.""#]),
  ]

  /// A JSON string that says something so many times.
  private static func text(_ words: String, _ count: Int) -> String {
    "\"" + Array(repeating: words, count: count).joined(separator: " ") + "\""
  }

  static let badlyWritten: [(FieldType, String, String)] = [
    (.text, "says: [a]", "1:11: 'says' should be a mapping, and is a list"),
    (.text, "says: {within_first: 3}", "1:11: 'says' needs 'phrases'"),
    (.text, "says: {phrases: []}", "1:21: 'phrases' needs at least one phrase"),
    (.text, "says: {phrases: [' ']}", "1:22: a phrase needs something in it"),
    (
      .text, "says: {phrases: [a], within_first: 0}",
      "1:40: 'within_first' should be from 1 to 1073741824, and is '0'"
    ),
    (
      .text, "reasoning_form: <think>",
      "1:21: 'reasoning_form' should be a list, and is '<think>'"
    ),
    (
      .text, "reasoning_form: [a]",
      "1:21: 'reasoning_form' is a list of two marks: [<think>, </think>]"
    ),
    (
      .text, "reasoning_form: [a, a]",
      "1:21: the two marks are different texts, none of them empty"
    ),
    (
      .text, "repetition: gofer",
      "1:17: 'repetition' is 'gopher' or a mapping of measures to shares"
    ),
    (.text, "repetition: {}", "1:17: 'repetition' needs at least one measure"),
    (
      .text, "repetition: {top_0: 0.1}",
      "1:18: no measure is called 'top_0'; there are 'lines', 'paragraphs', 'line_characters',"
        + " 'paragraph_characters', and 'top_N' and 'repeated_N' for 1 to 64 words"
    ),
    (
      .text, "repetition: {lines: 2}",
      "1:25: 'lines' should be a share from 0 to 1, and is '2'"
    ),
    (.text, "loop: 3", "1:11: 'loop' should be a mapping, and is '3'"),
    (.text, "language: {mixing: 0.1}", "1:15: 'language' needs 'in', a list"),
    (.text, "language: {in: []}", "1:20: 'in' needs at least one language"),
    (
      .text, "language: {in: [english]}",
      "1:21: a language cannot be 'english'; it can be 'en', 'de', 'fr', 'es', 'it', 'pt', 'nl',"
        + " 'pl', 'tr', 'id', 'vi', 'zh', 'ja', 'ko', 'thai', 'cyrillic', 'greek', 'arabic',"
        + " 'hebrew', 'devanagari', 'mixed', 'unknown' and 'none'"
    ),
    (.text, "has_image: no", "1:16: here true or false is needed"),
    (.text, "has_link: 1", "1:15: here true or false is needed"),
    (.text, "is_multipart: []", "1:19: here true or false is needed"),
    (.text, "length_ratio: {at_least: 1}", "1:19: 'length_ratio' needs 'to', a field"),
    (.text, "length_ratio: {to: y, at_least: 1}", "1:24: the scope has no 'y'"),
    (
      .text, "length_ratio: {to: x}", "1:19: here 'at_least', 'at_most' or both are needed"
    ),
    (
      .text, "length_ratio: {to: x, at_least: 2, at_most: 1}",
      "1:19: 'at_least' is more than 'at_most'"
    ),
    (.text, "code_block: []", "1:17: 'code_block' needs at least one finding"),
    (
      .text, "code_block: [good]",
      "1:18: a finding cannot be 'good'; it can be 'sound', 'broken', 'unknown' and 'none'"
    ),
    (.text, "math_answer: {to: x}", "1:18: 'math_answer' needs 'is', a list of verdicts"),
    (.text, "math_answer: {is: []}", "1:23: 'is' needs at least one verdict"),
    (
      .text, "math_answer: {is: [same]}",
      "1:24: a verdict cannot be 'same'; it can be 'equal', 'different' and 'unknown'"
    ),
    (.text, "math_answer: {is: [equal]}", "1:18: the scope has no 'answer'"),
  ]
}
