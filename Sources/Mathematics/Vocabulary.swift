/// What commands, words and characters mean. A new spelling is one entry here.
enum Vocabulary {
  struct Meaning: Sendable {
    var kind: Token.Kind
    var value: UInt8 = 0

    init(_ kind: Token.Kind) { self.kind = kind }
    init(_ constant: Constant) { (kind, value) = (.constant, constant.rawValue) }
    init(_ function: Function) { (kind, value) = (.function, function.rawValue) }
  }

  /// LaTeX commands, without the backslash; what is not here is no notation that we know.
  static let commands: [Name: Meaning] = make([
    (
      .skip,
      """
      left right mleft mright big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr
      displaystyle textstyle scriptstyle limits nolimits quad qquad , ; ! : > ( ) [ ] space
      boxed fbox rm bf it tt cal hfill hspace noindent thinspace medspace enspace strut
      nonumber middle enclose angle triangle vec hat widehat overrightarrow overleftrightarrow
      """
    ),
    (
      .styled,
      """
      text textbf textit textrm textsf texttt textnormal mbox hbox mathrm mathbf mathit mathsf
      mathtt mathcal operatorname operatorname* emph underline boldsymbol bm pmb
      """
    ),
    (.fraction, "frac dfrac tfrac cfrac"), (.root, "sqrt"),
    (.binomial, "binom dbinom tbinom"), (.modulo, "bmod pmod mod"),
    (.times, "times cdot ast star"), (.divide, "div"),
    (.plusMinus, "pm"), (.minusPlus, "mp"),
    (.percent, "%"), (.currency, "$ pounds euro"), (.degree, "degree circ"),
    (.prime, "prime"), (.overline, "overline bar dot"), (.dots, "dots ldots cdots dotsc dotsb"),
    (.openSet, "{ lbrace"), (.closeSet, "} rbrace"), (.openBracket, "lbrack"),
    (.closeBracket, "rbrack"), (.openAngle, "langle"), (.closeAngle, "rangle"),
    (.openFloor, "lfloor"), (.closeFloor, "rfloor"), (.openCeiling, "lceil"),
    (.closeCeiling, "rceil"), (.bar, "lvert rvert vert mid"),
    (.equal, "equiv"), (.less, "lt"), (.greater, "gt"), (.lessOrEqual, "le leq leqslant"),
    (.greaterOrEqual, "ge geq geqslant"), (.notEqual, "ne neq"), (.element, "in"),
    (.approximately, "approx sim thickapprox simeq"),
    (.union, "cup bigcup"), (.intersection, "cap"), (.without, "setminus backslash"),
    (
      .letter,
      """
      alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu
      xi rho sigma tau upsilon phi varphi chi psi omega Gamma Delta Theta Lambda Xi Sigma
      Upsilon Phi Psi Omega ell
      """
    ),
  ]).merging(shared) { first, _ in first }

  /// Letters in a row that are no product of symbols.
  static let words: [Name: Meaning] = make([
    (.root, "sqrt"), (.comma, "and or"), (.percent, "percent percentage pct"),
    (.union, "union"), (.degree, "deg"),
  ]).merging(shared) { first, _ in first }

  /// Characters beyond ASCII, by their UTF-8.
  static let characters: [Name: Meaning] = make([
    (.skip, "\u{a0} \u{2009} \u{202f} \u{200b} \u{feff}"),
    (.times, "× · ⋅ ∙ ∗"), (.divide, "÷ ∕ ⁄"), (.minus, "− – ‐ ‑"), (.plusMinus, "±"),
    (.minusPlus, "∓"), (.degree, "° º"), (.prime, "′ ’"), (.root, "√"), (.dots, "…"),
    (.currency, "€ £ ¥ ₹ ¢"), (.lessOrEqual, "≤ ⩽"), (.greaterOrEqual, "≥ ⩾"), (.notEqual, "≠"),
    (.approximately, "≈"), (.element, "∈"), (.union, "∪"), (.intersection, "∩"),
    (.openAngle, "⟨ 〈"), (.closeAngle, "⟩ 〉"), (.openFloor, "⌊"), (.closeFloor, "⌋"),
    (.openCeiling, "⌈"), (.closeCeiling, "⌉"), (.comma, "，"), (.open, "（"), (.close, "）"),
    (.letter, "α β γ δ ε ζ η θ ι κ λ μ ν ξ ρ σ τ φ χ ψ ω Δ Σ Φ Ω"),
  ]).merging([
    "π": Meaning(.pi), "∞": Meaning(.infinity), "∅": Meaning(.emptySet), "ℝ": Meaning(.reals),
  ]) { first, _ in first }

  private static let shared: [Name: Meaning] = [
    "pi": Meaning(.pi), "infty": Meaning(.infinity), "infinity": Meaning(.infinity),
    "inf": Meaning(.infinity), "emptyset": Meaning(.emptySet), "varnothing": Meaning(.emptySet),
    "imath": Meaning(.imaginary), "sin": Meaning(.sin), "cos": Meaning(.cos),
    "tan": Meaning(.tan), "cot": Meaning(.cot), "sec": Meaning(.sec), "csc": Meaning(.csc),
    "arcsin": Meaning(.arcsin), "arccos": Meaning(.arccos), "arctan": Meaning(.arctan),
    "asin": Meaning(.arcsin), "acos": Meaning(.arccos), "atan": Meaning(.arctan),
    "sinh": Meaning(.sinh), "cosh": Meaning(.cosh), "tanh": Meaning(.tanh),
    "ln": Meaning(.ln), "log": Meaning(.log), "exp": Meaning(.exp), "abs": Meaning(.absolute),
    "max": Meaning(.max), "min": Meaning(.min), "gcd": Meaning(.gcd), "lcm": Meaning(.lcm),
  ]

  private static func make(_ groups: [(Token.Kind, String)]) -> [Name: Meaning] {
    var meanings: [Name: Meaning] = [:]
    for (kind, spellings) in groups {
      for spelling in spellings.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        meanings[Name(String(spelling))] = Meaning(kind)
      }
    }
    return meanings
  }
}
