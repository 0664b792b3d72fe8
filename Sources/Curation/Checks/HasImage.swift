/// `has_image: true` — the text needs a picture that is not in it; `false` — it does not show so.
struct HasImage: MarkCheck {
  static let name = "has_image"
  static let page = CheckPage(
    "the text embeds a picture",
    [
      """
      True where one of these stands in the text, letters without case: `<img`, `<image`, `<svg`, \
      `![…](…)` on one line, `[asy]`, `[img]`, `[image]`, `\\includegraphics`, \
      `\\begin{tikzpicture}`, `\\begin{asy}`, `\\begin{picture}`, `data:image/`, or a name that ends \
      in .png, .jpg, .jpeg, .gif, .svg, .webp or .bmp. The ledger has which of them, and at which \
      byte. Texts that only speak of a figure are told by `says`, as filters/no-image.yaml does.
      """
    ],
    parameters: [("true or false", nil, "what has to be so")],
    source: """
      s1's selection leaves out `[asy]` and `![Image]` (Muennighoff et al., s1, 2025, \
      arXiv:2501.19393, data/filter.ipynb); OpenThoughts' figure, diagram and file endings
      """,
    examples: [
      .init(
        "prompt: { has_image: true }",
        holds: [
          "{ prompt: \"[asy] draw((0,0)--(1,1)); [/asy] What is shown?\" }",
          "{ prompt: \"![](a.b) How long is AB?\" }", "{ prompt: See fig1.PNG. }",
        ],
        fails: ["{ prompt: \"Is 5! [sic] (120) even?\" }", "{ prompt: Let $a<im$. }"])
    ])

  let wanted: Bool

  static let marks = PlainMarks(
    [
      .init("<img", ends: true), .init("<image", ends: true), .init("<svg", ends: true),
      .init("![", closes: true), .init("[asy]"), .init("[img]"), .init("[image]"),
      .init("\\includegraphics", ends: true), .init("\\begin{tikzpicture}"),
      .init("\\begin{asy}"), .init("\\begin{picture}"), .init("data:image/"),
      .init(".png", ends: true), .init(".jpg", ends: true), .init(".jpeg", ends: true),
      .init(".gif", ends: true), .init(".svg", ends: true), .init(".webp", ends: true),
      .init(".bmp", ends: true),
    ])
}
