// Names that mean nothing, and names that mean the same: sorted by bytes, searched by halves.
#pragma once
#include <stddef.h>
#include <string.h>

struct bm_name {
  const char *name;
  /// What it reads as; "" where it is not there, NULL where its braces go with it.
  const char *reads;
};

/// LaTeX commands for spacing, size and font, and those with several spellings.
static const struct bm_name bm_commands[] = {
    {"Big", ""}, {"Bigg", ""}, {"Biggl", ""}, {"Biggr", ""}, {"Bigl", ""}, {"Bigr", ""},
    {"Large", ""}, {"ast", "*"}, {"begin", ""}, {"bf", ""}, {"big", ""}, {"bigg", ""},
    {"biggl", ""}, {"biggr", ""}, {"bigl", ""}, {"bigr", ""}, {"bm", ""}, {"boldsymbol", ""},
    {"cdot", "*"}, {"cdots", ""}, {"centering", ""}, {"cr", ""}, {"ddots", ""}, {"dfrac", "frac"},
    {"displaystyle", ""}, {"div", "/"}, {"dots", ""}, {"dotsb", ""}, {"dotsc", ""}, {"dotsm", ""},
    {"emph", ""}, {"end", ""}, {"enspace", ""}, {"geq", "ge"}, {"geqslant", "ge"}, {"gt", ">"},
    {"hfill", ""}, {"hskip", ""}, {"hspace", NULL}, {"it", ""}, {"item", ""}, {"label", NULL},
    {"large", ""}, {"ldots", ""}, {"left", ""}, {"leq", "le"}, {"leqslant", "le"}, {"limits", ""},
    {"lt", "<"}, {"lvert", ""}, {"mathbf", ""}, {"mathit", ""}, {"mathop", ""}, {"mathrm", ""},
    {"mathsf", ""}, {"mbox", ""}, {"medspace", ""}, {"mid", ""}, {"middle", ""}, {"minus", "-"},
    {"neq", "ne"}, {"newline", ""}, {"noindent", ""}, {"nolimits", ""}, {"nonumber", ""},
    {"operatorname", ""}, {"par", ""}, {"phantom", NULL}, {"qquad", ""}, {"quad", ""},
    {"right", ""}, {"rightarrow", "to"}, {"rm", ""}, {"rvert", ""}, {"scriptstyle", ""},
    {"sf", ""}, {"small", ""}, {"space", ""}, {"tag", NULL}, {"text", ""}, {"textbf", ""},
    {"textit", ""}, {"textnormal", ""}, {"textrm", ""}, {"textsf", ""}, {"textstyle", ""},
    {"texttt", ""}, {"tfrac", "frac"}, {"thickspace", ""}, {"thinspace", ""}, {"times", "*"},
    {"tt", ""}, {"underline", ""}, {"varepsilon", "epsilon"}, {"varphi", "phi"},
    {"vartheta", "theta"}, {"vdots", ""}, {"vert", ""}, {"vskip", ""}, {"vspace", NULL},
};

/// HTML entities that occur in problems: the character they stand for.
static const struct bm_name bm_entities[] = {
    {"amp", "&"}, {"apos", "'"}, {"deg", "\u00b0"}, {"divide", "/"}, {"ge", "\u2265"},
    {"gt", ">"}, {"hellip", "."}, {"infin", "\u221e"}, {"ldquo", "\""}, {"le", "\u2264"},
    {"lsquo", "'"}, {"lt", "<"}, {"mdash", "\u2014"}, {"middot", "\u00b7"}, {"minus", "\u2212"},
    {"nbsp", " "}, {"ndash", "\u2013"}, {"ne", "\u2260"}, {"pi", "\u03c0"}, {"quot", "\""},
    {"radic", "\u221a"}, {"rdquo", "\""}, {"rsquo", "'"}, {"sup2", "\u00b2"}, {"sup3", "\u00b3"},
    {"thinsp", " "}, {"times", "\u00d7"},
};

/// HTML elements.
static const struct bm_name bm_elements[] = {
    {"a", ""}, {"b", ""}, {"big", ""}, {"blockquote", ""}, {"br", ""}, {"center", ""},
    {"code", ""}, {"dd", ""}, {"del", ""}, {"div", ""}, {"dl", ""}, {"dt", ""}, {"em", ""},
    {"font", ""}, {"h1", ""}, {"h2", ""}, {"h3", ""}, {"h4", ""}, {"h5", ""}, {"h6", ""},
    {"hr", ""}, {"i", ""}, {"img", ""}, {"ins", ""}, {"kbd", ""}, {"li", ""}, {"ol", ""},
    {"p", ""}, {"pre", ""}, {"s", ""}, {"small", ""}, {"span", ""}, {"strike", ""},
    {"strong", ""}, {"sub", ""}, {"sup", ""}, {"table", ""}, {"tbody", ""}, {"td", ""},
    {"th", ""}, {"thead", ""}, {"tr", ""}, {"tt", ""}, {"u", ""}, {"ul", ""}, {"var", ""},
};

/// The Greek letters from U+03B1 on, as LaTeX names them.
static const char *const bm_greek[] = {
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota",
    "kappa", "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma",
    "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
};

static inline const struct bm_name *bm_find(const struct bm_name *names, size_t count,
                                            const uint8_t *name, size_t length) {
  while (count > 0) {
    const struct bm_name *middle = names + count / 2;
    int order = strncmp(middle->name, (const char *)name, length);
    if (order == 0) order = middle->name[length] != 0;
    if (order == 0) return middle;
    if (order < 0) {
      names = middle + 1;
      count -= count / 2 + 1;
    } else {
      count /= 2;
    }
  }
  return NULL;
}
