#!/usr/bin/env python3
"""Count the tinyr1 recipe's branches with Python's standard library alone, as a reference.

Prints one JSON object: for each branch its sources with their counts, the kept rows as
[prompt, response] and the seeds as [prompt, answer], all in order. `read` counts all lines that
are not blank, so it is the sum of quarantined, dropped, duplicates, kept and seeds.

Where the recipe's contract leaves room: a line is checked for the types of all fields that its
branch uses before the first step; null and absent are the same and are of any type; a duplicate
key counts in the row's own object; a row that passes all steps with no prompt is quarantined; the
answer of a seed may be null.
"""
import argparse
import json
import re

WHITE = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
WHITE_RUN = re.compile(f"[{WHITE}]+")
WHITE_ENDS = re.compile(rf"\A[{WHITE}]+|[{WHITE}]+\Z")
SURROGATE = re.compile("[\ud800-\udfff]")


def trim(text):
    """Remove white space at both ends; null becomes empty."""
    return WHITE_ENDS.sub("", text or "")


def key(prompt):
    """Return what makes two prompts equal: runs of white space are one space, ends are trimmed."""
    return WHITE_RUN.sub(" ", prompt).strip(" ")


# --- Steps: each takes a row and says whether it stays -------------------------------------------

def equals(field, *values):
    """Return the step: the field is one of the values."""
    return lambda row: row.get(field) in values


def verified(row):
    """Return the first generation that is verified and complete, or None."""
    texts = row.get("generations") or []
    correct = row.get("correctness_math_verify") or []
    complete = row.get("is_reasoning_complete") or []
    if not len(texts) == len(correct) == len(complete):
        return None
    good = (text for text, right, whole in zip(texts, correct, complete)
            if right is True and whole is True and isinstance(text, str))
    return next(good, None)


def has_trace(row):
    """Tell whether the reasoning and the solution both hold more than white space."""
    return bool(trim(row.get("deepseek_reasoning")) and trim(row.get("deepseek_solution")))


# --- Texts ---------------------------------------------------------------------------------------

def trace(row):
    """Return the response made of the reasoning and the solution."""
    reasoning, solution = trim(row["deepseek_reasoning"]), trim(row["deepseek_solution"])
    return f"<think>\n{reasoning}\n</think>\n\n{solution}"


def code_prompt(row):
    """Return the problem, then the starter code on the next line where there is some."""
    problem, starter = row.get("problem"), row.get("starter_code")
    return f"{problem}\n{starter}" if problem is not None and starter else problem


def field(name):
    """Return the function that takes a field of a row."""
    return lambda row: row.get(name)


# --- The recipe ----------------------------------------------------------------------------------

MATH_SOURCES = ("olympiads", "amc_aime", "aops_forum", "cn_contest", "inequalities",
                "number_theory", "olympiads_ref")
TRACE_TYPES = {"problem": str, "domain": str, "deepseek_reasoning": str, "deepseek_solution": str}
SEED_TYPES = {"question": str, "solution": str}

# For each branch its sources in order: name, fields used and their types, steps, prompt, text
# that goes with it, and whether the rows are seeds.
BRANCHES = {
    "math": [
        ("openr1-math",
         {"problem": str, "question_type": str, "source": str, "generations": list,
          "correctness_math_verify": list, "is_reasoning_complete": list},
         [equals("question_type", "math-word-problem"), equals("source", *MATH_SOURCES),
          lambda row: verified(row) is not None],
         field("problem"), verified, False),
    ],
    "coding": [
        ("openthoughts", {**TRACE_TYPES, "starter_code": str},
         [equals("domain", "code"), has_trace], code_prompt, trace, False),
    ],
    "science": [
        ("openthoughts", TRACE_TYPES,
         [equals("domain", "biology", "chemistry", "physics", "puzzle"), has_trace],
         field("problem"), trace, False),
        ("s1-59k", {**SEED_TYPES, "cot_type": str},
         [equals("cot_type", "science", "health science")],
         field("question"), field("solution"), True),
        ("s1k", SEED_TYPES, [], field("question"), field("solution"), True),
    ],
}


# --- Reading -------------------------------------------------------------------------------------

def refuse(constant):
    """Refuse NaN and the infinities, which are not JSON."""
    raise ValueError(f"{constant} is not JSON")


def parse(line, types):
    """Return the row of a line, or None where the line is not valid for the fields used."""
    try:
        row = json.loads(line.decode(), object_pairs_hook=tuple, parse_constant=refuse,
                         parse_int=float)
    except (ValueError, RecursionError):
        return None
    # An object arrives as a tuple of its pairs, nothing else does.
    if not isinstance(row, tuple) or len(dict(row)) < len(row):
        return None
    row = dict(row)
    for name, kind in types.items():
        value = row.get(name)
        if value is None:
            continue
        if not isinstance(value, kind):
            return None
        texts = [value] if kind is str else [item for item in value if isinstance(item, str)]
        if any(SURROGATE.search(text) for text in texts):
            return None
    return row


def count_source(path, types, steps, prompt_of, text_of, is_seed, seen, rows):
    """Run one source of a branch, add what stays to `rows`, return the counts."""
    counts = {"read": 0, "quarantined": 0, "dropped": [0] * len(steps), "duplicates": 0,
              "kept": 0, "seeds": 0}
    with open(path, "rb") as lines:
        for line in lines:
            if not line.strip(b" \t\r\n"):
                continue
            counts["read"] += 1
            row = parse(line, types)
            if row is None:
                counts["quarantined"] += 1
                continue
            failed = next((at for at, step in enumerate(steps) if not step(row)), None)
            if failed is not None:
                counts["dropped"][failed] += 1
                continue
            prompt = prompt_of(row)
            if prompt is None:
                counts["quarantined"] += 1
            elif key(prompt) in seen:
                counts["duplicates"] += 1
            else:
                seen.add(key(prompt))
                counts["seeds" if is_seed else "kept"] += 1
                rows.append([prompt, text_of(row)])
    return counts


def count_branch(sources, paths):
    """Run one branch; all its sources share the set of prompts seen."""
    seen, counts, rows, seeds = set(), {}, [], []
    for name, types, steps, prompt_of, text_of, is_seed in sources:
        counts[name] = count_source(paths[name], types, steps, prompt_of, text_of, is_seed, seen,
                                    seeds if is_seed else rows)
    return {"sources": counts, "rows": rows, "seeds": seeds}


def main():
    """Read the command line, print the counts of all branches."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("openr1-math", "openthoughts", "s1-59k", "s1k"):
        parser.add_argument(f"--{name}", dest=name, metavar="FILE", required=True)
    paths = vars(parser.parse_args())
    print(json.dumps({name: count_branch(sources, paths) for name, sources in BRANCHES.items()}))


if __name__ == "__main__":
    main()
