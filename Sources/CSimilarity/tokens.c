// Tokens: what is left of a text when spacing, punctuation and markup are taken away.
//
// A token is a run of letters or of digits in lower case, one sign of arithmetic, or one character
// of a script that does without spaces. LaTeX's spacing, size and font commands, HTML tags,
// Markdown's signs, quotes, brackets, dollars, hyphens and full stops are gaps; other commands are
// words; entities are the characters they stand for.
#include "CSimilarity.h"
#include "mix.h"
#include "names.h"

enum run { no_run, letters, digits, raised, greek };

struct scan {
  const uint8_t *text, *end;
  struct bm_folding folding;
  struct bm_token *tokens;
  size_t found;
  // The token that is growing.
  enum run run;
  uint64_t state;
  const uint8_t *start, *stop;
  uint32_t greek_letter;  // its only letter so far, 0 where there are several
  uint32_t opens;         // the next token begins a line
  int lone;               // so many digits after \frac are tokens by themselves
};

#define COUNT(names) (sizeof(names) / sizeof(names[0]))
static inline int is_digit(uint8_t c) { return (uint8_t)(c - '0') < 10; }
static inline int is_letter(uint8_t c) { return (uint8_t)((c | 32) - 'a') < 26; }
static inline int is_blank(uint8_t c) { return c == ' ' || c == '\t'; }

static inline void put(struct scan *s, uint64_t hash, const uint8_t *start, const uint8_t *stop) {
  s->tokens[s->found++] =
      (struct bm_token){hash, (uint32_t)(start - s->text), (uint32_t)(stop - s->text) | s->opens};
  s->opens = 0;
}

static inline uint64_t name_hash(const char *name) {
  return bm_token_hash((const uint8_t *)name, strlen(name));
}

/// Ends the token that is growing.
static inline void gap(struct scan *s) {
  if (s->run == no_run) return;
  uint64_t hash = bm_mix(s->state);
  if (s->run == greek && s->greek_letter >= 0x3b1 && s->greek_letter <= 0x3c9)
    hash = name_hash(bm_greek[s->greek_letter - 0x3b1]);
  put(s, hash, s->start, s->stop);
  s->run = no_run;
}

static inline void line(struct scan *s) {
  gap(s);
  s->opens = 0x80000000u;
}

/// Makes the growing token one of this kind.
static inline void grow(struct scan *s, enum run run, const uint8_t *at, const uint8_t *stop) {
  if (s->run != run) {
    gap(s);
    s->run = run;
    s->state = bm_seed;
    s->start = at;
    s->greek_letter = 0;
  }
  s->stop = stop;
}

static inline void name(struct scan *s, const char *name, const uint8_t *at, const uint8_t *stop) {
  gap(s);
  put(s, name_hash(name), at, stop);
}

/// The byte before, or a space.
static inline uint8_t before(struct scan *s, const uint8_t *at) {
  return at > s->text ? at[-1] : ' ';
}

static inline uint8_t byte(struct scan *s, const uint8_t *at) { return at < s->end ? *at : ' '; }

/// Whether only blanks stand between the beginning of the line and here.
static int is_first_of_line(struct scan *s, const uint8_t *at) {
  while (at > s->text && is_blank(at[-1])) at--;
  return at == s->text || at[-1] == '\n' || at[-1] == '\r';
}

/// Whether what is here could follow a minus: a number, a variable, a command, a bracket.
static int is_operand(struct scan *s, const uint8_t *at) {
  uint8_t c = byte(s, at);
  if (is_letter(c)) return !is_letter(byte(s, at + 1)) && before(s, at) != '\'';
  return is_digit(c) || c == '\\' || c == '(' || c == '{' || c == '[' || c == '|' || c == '.' ||
         c >= 0x80;
}

/// A sign of ASCII at `at`, or one that reads as it; `next` follows it.
static const uint8_t *sign(struct scan *s, uint8_t c, const uint8_t *at, const uint8_t *next) {
  const char text[2] = {(char)c, 0};
  switch (c) {
  case '\n': case '\r':
    line(s);
    return next;
  case '.': case '!': case '?': case ':': {
    uint8_t last = before(s, at);
    uint8_t follows = byte(s, next);
    if (c == '!' && follows == '=') {
      name(s, "ne", at, next + 1);
      return next + 1;
    }
    // A factorial stands directly behind a number, a bracket, or a variable of one letter.
    if (c == '!' && !is_letter(follows) &&
        (is_digit(last) || last == ')' ||
         (is_letter(last) && (at - 2 < s->text || !is_letter(at[-2])))))
      name(s, text, at, next);
    if (follows <= ' ')
      line(s);
    else
      gap(s);
    return next;
  }
  case '-': {
    const uint8_t *beyond = next;
    while (beyond < s->end && is_blank(*beyond)) beyond++;
    int isRule = before(s, at) == '-' || byte(s, next) == '-';
    int isBullet = beyond > next && is_first_of_line(s, at);
    if (!isRule && !isBullet && is_operand(s, beyond))
      name(s, text, at, next);
    else
      gap(s);
    return next;
  }
  case '*': {
    uint8_t last = before(s, at), follows = byte(s, next);
    int isBold = last == '*' || follows == '*';
    // Markdown's sign has a space on one side alone.
    if (isBold || (last <= ' ') != (follows <= ' ') || is_first_of_line(s, at))
      gap(s);
    else
      name(s, text, at, next);
    return next;
  }
  case '/': {
    uint8_t last = before(s, at), follows = byte(s, next);
    if ((is_digit(last) || is_letter(last) || last == ')' || last == '}') &&
        (is_digit(follows) || is_letter(follows) || follows == '(' || follows == '\\'))
      name(s, text, at, next);
    else
      gap(s);
    return next;
  }
  case '<': case '>':
    if (byte(s, next) == '=') {
      name(s, c == '<' ? "le" : "ge", at, next + 1);
      return next + 1;
    }
    if (c == '>' && is_first_of_line(s, at))
      gap(s);
    else
      name(s, text, at, next);
    return next;
  case '=':
    if (byte(s, next) == '=') {
      // A comparison in code is one sign, a rule of many is none.
      const uint8_t *beyond = next;
      while (beyond < s->end && *beyond == '=') beyond++;
      if (beyond - at == 2)
        name(s, "==", at, beyond);
      else
        gap(s);
      return beyond;
    }
    name(s, text, at, next);
    return next;
  case '+': case '%':
    name(s, text, at, next);
    return next;
  case '{':
    s->lone = 0;
    gap(s);
    return next;
  default:
    gap(s);
    return next;
  }
}

/// A character of ASCII, or one that reads as it.
static inline const uint8_t *ascii(struct scan *s, uint8_t c, const uint8_t *at,
                                   const uint8_t *next) {
  if (is_letter(c)) {
    grow(s, letters, at, next);
    s->state = bm_letter(s->state, c | 32);
    return next;
  }
  if (is_digit(c)) {
    if (s->lone > 0) {
      s->lone--;
      gap(s);
    }
    grow(s, digits, at, next);
    s->state = bm_letter(s->state, c);
    if (s->lone > 0) gap(s);
    return next;
  }
  if (c == ' ' || c == '\t') {
    gap(s);
    return next;
  }
  return sign(s, c, at, next);
}

/// A scalar outside ASCII.
static const uint8_t *wide(struct scan *s, uint32_t scalar, const uint8_t *at,
                           const uint8_t *next) {
  uint64_t entry = s->folding.entries[s->folding.pages[scalar >> 8] * 256u + (scalar & 255)];
  char reads[8] = {0};
  for (int i = 0; i < 7; i++) reads[i] = (char)(entry >> (8 * i + 8));
  switch ((enum bm_fold)(entry & 255)) {
  case bm_fold_keep:
    grow(s, letters, at, next);
    for (const uint8_t *each = at; each < next; each++) s->state = bm_letter(s->state, *each);
    return next;
  case bm_fold_letters: {
    unsigned length;
    uint32_t first = bm_decode((const uint8_t *)reads, (const uint8_t *)reads + 7, &length);
    int isGreek = first >= 0x370 && first < 0x400;
    grow(s, isGreek ? greek : letters, at, next);
    if (isGreek) s->greek_letter = s->state == bm_seed ? first : 0;
    for (const char *each = reads; *each; each++) s->state = bm_letter(s->state, (uint8_t)*each);
    return next;
  }
  case bm_fold_ascii:
    return ascii(s, (uint8_t)reads[0], at, next);
  case bm_fold_raised:
    grow(s, raised, at, next);
    for (const char *each = reads; *each; each++) s->state = bm_letter(s->state, (uint8_t)*each);
    return next;
  case bm_fold_name:
    name(s, reads, at, next);
    return next;
  case bm_fold_fraction:
    name(s, "frac", at, next);
    for (const char *each = reads; *each; each++) {
      const char digit[2] = {*each, 0};
      name(s, digit, at, next);
    }
    return next;
  case bm_fold_alone:
    gap(s);
    put(s, bm_token_hash(at, (size_t)(next - at)), at, next);
    return next;
  case bm_fold_gap:
    gap(s);
    return next;
  case bm_fold_line:
    line(s);
    return next;
  case bm_fold_nothing:
    return next;
  }
  return next;
}

/// A LaTeX command at a backslash.
static const uint8_t *command(struct scan *s, const uint8_t *at) {
  const uint8_t *first = at + 1, *stop = first;
  while (stop < s->end && is_letter(*stop)) stop++;
  if (stop == first) {
    gap(s);
    // Of signs behind a backslash only the percent sign is one of arithmetic.
    if (first < s->end && *first == '%') name(s, "%", at, first + 1);
    return first < s->end && *first < 0x80 && *first != '\n' ? first + 1 : first;
  }
  const struct bm_name *known =
      bm_find(bm_commands, COUNT(bm_commands), first, (size_t)(stop - first));
  if (!known) {
    gap(s);
    grow(s, letters, at, stop);
    for (const uint8_t *each = first; each < stop; each++)
      s->state = bm_letter(s->state, *each | 32);
    if (stop - first == 4 && memcmp(first, "frac", 4) == 0) s->lone = 2;
    gap(s);
    return stop;
  }
  if (!known->reads) {
    gap(s);
    if (stop < s->end && *stop == '*') stop++;
    if (byte(s, stop) == '{')
      for (const uint8_t *each = stop; each < s->end && each < stop + 200; each++)
        if (*each == '}') return each + 1;
    return stop;
  }
  if (known->reads[0])
    name(s, known->reads, at, stop);
  else
    gap(s);
  if (strcmp(known->reads, "frac") == 0) s->lone = 2;
  return stop;
}

/// The end of an HTML tag at '<'; null where it is none.
static const uint8_t *tag(struct scan *s, const uint8_t *at) {
  const uint8_t *first = at + 1;
  if (byte(s, first) == '/') first++;
  const uint8_t *stop = first;
  uint8_t name[12];
  while (stop < s->end && stop - first < 11 && (is_letter(*stop) || is_digit(*stop))) {
    name[stop - first] = *stop | (is_letter(*stop) ? 32 : 0);
    stop++;
  }
  if (stop == first || !bm_find(bm_elements, COUNT(bm_elements), name, (size_t)(stop - first)))
    return NULL;
  int hasAttributes = 0;
  for (const uint8_t *each = stop; each < s->end && each < stop + 2000; each++) {
    if (*each == '>') {
      int isBare = 1;
      for (const uint8_t *inside = stop; inside < each; inside++)
        if (*inside != ' ' && *inside != '/') isBare = 0;
      return isBare || (hasAttributes && *stop == ' ') ? each + 1 : NULL;
    }
    if (*each == '=' && (byte(s, each + 1) == '"' || byte(s, each + 1) == '\'' ||
                         is_letter(byte(s, each + 1)) || is_digit(byte(s, each + 1))))
      hasAttributes = 1;
    if (*each == '<') return NULL;
  }
  return NULL;
}

/// A character at a place: as it stands or by a fold.
static const uint8_t *character(struct scan *s, uint32_t scalar, const uint8_t *at,
                                const uint8_t *next) {
  return scalar < 0x80 ? ascii(s, (uint8_t)scalar, at, next) : wide(s, scalar, at, next);
}

/// An HTML entity at '&'; a gap where it is none.
static const uint8_t *entity(struct scan *s, const uint8_t *at) {
  const uint8_t *first = at + 1, *stop = first;
  while (stop < s->end && stop - first < 10 && *stop != ';' && (*stop > ' ' && *stop < 0x7f)) stop++;
  if (stop < s->end && *stop == ';' && stop > first) {
    uint32_t scalar = 0;
    if (*first == '#') {
      int isHex = stop - first > 1 && (first[1] | 32) == 'x';
      const uint8_t *digit = first + 1 + isHex;
      int isNumber = digit < stop;
      for (; digit < stop && isNumber; digit++) {
        uint8_t c = *digit | 32;
        uint32_t value = is_digit(*digit) ? *digit - '0' : isHex && c >= 'a' && c <= 'f' ? c - 87u : 99;
        isNumber = value < 16;
        scalar = scalar * (isHex ? 16 : 10) + value;
        if (scalar > 0x10ffff) isNumber = 0;
      }
      if (!isNumber) scalar = 0;
    } else {
      const struct bm_name *known =
          bm_find(bm_entities, COUNT(bm_entities), first, (size_t)(stop - first));
      unsigned length;
      if (known)
        scalar = bm_decode((const uint8_t *)known->reads,
                           (const uint8_t *)known->reads + strlen(known->reads), &length);
    }
    // A kept letter of another script is rare here and becomes a gap: its bytes are not these.
    if (scalar >= 0x80 &&
        (s->folding.entries[s->folding.pages[scalar >> 8] * 256u + (scalar & 255)] & 255) %
                bm_fold_alone == bm_fold_keep)
      scalar = ' ';
    if (scalar) return character(s, scalar, at, stop + 1);
  }
  gap(s);
  return first;
}

size_t bm_tokens(const uint8_t *text, size_t count, struct bm_folding folding,
                 struct bm_token *tokens) {
  struct scan s = {.text = text, .end = text + count, .folding = folding, .tokens = tokens};
  const uint8_t *at = text;
  s.opens = 0x80000000u;
  while (at < s.end) {
    uint8_t c = *at;
    if (is_letter(c)) {
      // The same as `ascii` does, for all of a run at once.
      grow(&s, letters, at, at);
      uint64_t state = s.state;
      do state = bm_letter(state, c | 32);
      while (++at < s.end && is_letter(c = *at));
      s.state = state;
      s.stop = at;
    } else if (c < 0x80) {
      if (c == ' ') {
        gap(&s);
        at++;
      } else if (c == '\\') {
        at = command(&s, at);
      } else if (c == '&') {
        at = entity(&s, at);
      } else if (c == '<') {
        const uint8_t *after = tag(&s, at);
        if (after) gap(&s);
        at = after ? after : ascii(&s, c, at, at + 1);
      } else {
        at = ascii(&s, c, at, at + 1);
      }
    } else {
      unsigned length;
      uint32_t scalar = bm_decode(at, s.end, &length);
      at = wide(&s, scalar, at, at + length);
    }
  }
  gap(&s);
  return s.found;
}
