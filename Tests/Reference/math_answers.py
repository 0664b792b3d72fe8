#!/usr/bin/env python3
"""Holds our verdicts on final answers against PyPI's math-verify.

  math_answers.py DATA ROWS OUT [--sources DIR]

DATA is the folder of real problems, ROWS what compose_rows.py made of it. Pairs are made of the real answers (the same
in another spelling, changed in one place, of another problem, the other options of a question) and of whole texts
(solutions and generations against the answer). It needs math-verify in the Python that runs it, and swiftc, which
compiles Sources/Mathematics with MathAnswers/main.swift. OUT receives pairs.jsonl and disagreements.jsonl; figures are
printed. Same input, same pairs.
"""
import argparse, collections, hashlib, json, logging, os, random, re, subprocess, sys, time

logging.disable(logging.CRITICAL)


def load(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return json.load(file) if path[-1].endswith(".json") else [json.loads(line) for line in file if line.strip()]


def references(data):
    """(source, answer), each answer once."""
    seen = {}
    for name in ["benchmarks/math_500.jsonl", "benchmarks/aime_2024.jsonl", "benchmarks/amc_2023.jsonl",
                 "math/math_train.json", "math/aime_1983_2023.json"]:
        for row in load(data, name):
            seen.setdefault(str(row["answer"]), name)
    for row in load(data, "science/olympiadbench_test.jsonl"):
        for answer in row["final_answer"]:
            seen.setdefault(answer.replace("$", "") if answer.count("$") == 2 else answer, "olympiadbench")
    for row in load(data, "science/theoremqa_test.json"):
        seen.setdefault(str(row["Answer"]), "theoremqa")
    for row in load(data, "overlaps/openthoughts_full_ngram_hits.jsonl"):
        if row.get("math500_answer"):
            seen.setdefault(row["math500_answer"], "overlaps")
    return [(source, answer) for answer, source in seen.items() if answer.strip()]


NUMBER = re.compile(r"-?\d+(\.\d+)?")


def spellings(answer):
    """The same answer, written otherwise."""
    yield "dollars", f"${answer}$"
    yield "full stop", answer + "."
    if "\\frac" in answer and "\\dfrac" not in answer:
        yield "dfrac", answer.replace("\\frac", "\\dfrac")
    if m := re.fullmatch(r"(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}", answer):
        sign, a, b = m.groups()
        yield "slash", f"{sign}{a}/{b}"
        yield "frac of multiples", f"{sign}\\frac{{{3 * int(a)}}}{{{3 * int(b)}}}"
        if (10 ** 6 * int(a)) % int(b) == 0:
            yield "decimal", f"{sign}{int(a) / int(b):.8f}".rstrip("0")
        if int(a) > int(b):
            yield "mixed", f"{sign}{int(a) // int(b)}\\frac{{{int(a) % int(b)}}}{{{b}}}" if int(a) % int(b) else a
    if re.fullmatch(r"-?\d+", answer):
        yield "point zero", answer + ".0"
        yield "named", f"x = {answer}"
        if len(answer.lstrip("-")) > 3:
            yield "thousands", f"{int(answer):,}"
            yield "thousands", f"{int(answer):,}".replace(",", ",\\!")
    elif NUMBER.fullmatch(answer):
        yield "zeros", answer + "00"
    if " " in answer and "text" not in answer and "begin" not in answer:
        yield "no spaces", re.sub(r"(?<![a-zA-Z]) | (?![a-zA-Z])", "", answer)
    if m := re.fullmatch(r"([(\[])(.*)([)\]])", answer):
        if answer.count("(") + answer.count("[") == 1:
            yield "left right", f"\\left{m[1]}{m[2]}\\right{m[3]}"
            yield "spaced", f"{m[1]} {m[2].replace(',', ' , ')} {m[3]}"
    if "\\sqrt{" in answer:
        yield "power", re.sub(r"\\sqrt\{(\d+)\}", r"(\1)^{1/2}", answer)
        if m := re.fullmatch(r"(\d*)\s*\\sqrt\{(\d+)\}", answer):
            yield "under the root", f"\\sqrt{{{int(m[1] or 1) ** 2 * int(m[2])}}}"
    if "\\pi" in answer:
        yield "unicode", answer.replace("\\pi", "π")
        if m := re.fullmatch(r"(\d+)\s*\\pi", answer):
            yield "commuted", f"\\pi \\cdot {m[1]}"
    if re.fullmatch(r"[\w^]+( ?[-+] ?[\w^]+)+", answer) and not re.match(r"\de-", answer):
        terms = re.findall(r"[-+]? ?[\w^{}]+", answer)
        terms = [t if t[0] in "+-" else "+" + t for t in terms]
        yield "terms turned", "".join(reversed(terms)).lstrip("+")
    if "^\\circ" in answer:
        yield "no degree", answer.replace("^\\circ", "")
        yield "degree in braces", answer.replace("^\\circ", "^{\\circ}")
    if re.search(r"\\text\{ ?\w+\}", answer) and answer[0].isdigit():
        yield "no unit", re.sub(r"\s*\\text\{.*\}(\^\d)?", "", answer)
    if answer.endswith("\\%"):
        yield "percent sign", answer.replace("\\%", "%")
        yield "no percent", answer.replace("\\%", "")
        if re.fullmatch(r"\d+\\%", answer):
            yield "percent as decimal", str(int(answer[:-2]) / 100)
    if "pmatrix" in answer:
        yield "bmatrix", answer.replace("pmatrix", "bmatrix")
    if re.fullmatch(r"-?\w+(, ?-?\w+)+", answer):
        yield "turned", ", ".join(reversed(re.split(r", ?", answer)))
        yield "set", "\\{" + answer + "\\}"
    if answer.startswith("\\$"):
        yield "no dollar", answer[2:].strip()
    if m := re.fullmatch(r"\\text\{(.*)\}", answer):
        yield "no text", m[1]
    if m := re.fullmatch(r"(\d+)_\{?(\d)\}?", answer):
        yield "base in braces", f"{m[1]}_{{{m[2]}}}"
    if m := re.fullmatch(r"([a-z]) ?= ?(.*)", answer):
        yield "no name", m[2]
    if "\\cup" in answer:
        yield "union turned", " \\cup ".join(reversed([part.strip() for part in answer.split("\\cup")]))


def changes(answer, rng):
    """Another answer that looks much like it."""
    digits = [m.start() for m in re.finditer(r"\d", answer)]
    if digits:
        place = rng.choice(digits)
        yield "digit", answer[:place] + str((int(answer[place]) + rng.randint(1, 8)) % 10) + answer[place + 1:]
    if re.match(r"[\d\\]", answer) and not answer.startswith("\\text") and "begin" not in answer and "," not in answer:
        yield "sign", "-" + answer
        if "\\text" not in answer and "%" not in answer and "=" not in answer and "circ" not in answer:
            yield "plus one", answer + " + 1"
    if answer.startswith("-") and "," not in answer:
        yield "sign", answer[1:]
    if m := re.fullmatch(r"\(([^,]*), ?([^,]*)\)", answer):
        if m[1].strip() != m[2].strip():
            yield "swapped", f"({m[2]}, {m[1]})"
    if "[" in answer and answer.count("[") == 1 and "sqrt[" not in answer:
        yield "bracket", answer.replace("[", "(") if "]" not in answer else answer.replace("[", "(").replace("]", ")")
    if re.fullmatch(r"-?\w+(, ?-?\w+)+", answer):
        yield "one less", answer.rsplit(",", 1)[0]
    if "\\sqrt" in answer:
        yield "no root", re.sub(r"\\sqrt\{?(\d+)\}?", r"\1", answer)
    if "\\pi" in answer:
        yield "no pi", re.sub(r"\\pi", "", answer) if answer != "\\pi" else "3"
    if "x^2" in answer:
        yield "exponent", answer.replace("x^2", "x^3", 1)


def make_pairs(data, rows):
    rng = random.Random(7)
    known = references(data)
    for source, answer in known:
        for way, given in spellings(answer):
            if given != answer:
                yield dict(kind="same", way=way, given=given, reference=answer)
        for way, given in changes(answer, rng):
            if given != answer:
                yield dict(kind="changed", way=way, given=given, reference=answer)
        for _ in range(2):
            other = rng.choice(known)[1]
            if other != answer:
                yield dict(kind="other", way="other problem", given=other, reference=answer)
    for name in ["agieval_aqua-rat.jsonl", "agieval_sat-math.jsonl"]:
        for row in load(data, "science/" + name):
            options = {option[1]: option[3:].strip() for option in row["options"] if re.match(r"\([A-E]\)", option)}
            right = options.get(row["label"])
            for letter, text in options.items():
                if right and text and letter != row["label"]:
                    yield dict(kind="option", way=name, given=text, reference=right)
    for name in ["benchmarks/math_500.jsonl", "math/aime_1983_2023.json"]:
        for row in load(data, name):
            yield dict(kind="solution", way=name, text=row["solution"], reference=str(row["answer"]))
    for row in load(rows, "openr1_math_default.jsonl"):
        if row["answer"]:
            for text, right in zip(row["generations"], row["correctness_math_verify"]):
                yield dict(kind="generation", way="right" if right else "wrong", text=text, reference=row["answer"])


def judge(pair):
    """math-verify's verdict: True, False, or None where it could not read one of the two."""
    from math_verify import parse, verify
    try:
        gold = parse("\\boxed{" + pair["reference"] + "}")
        mine = parse(pair["text"] if "text" in pair else "\\boxed{" + pair["given"] + "}")
        agreed = verify(gold, mine)
    except Exception:
        return None
    if not agreed and not (any(not isinstance(x, str) for x in gold) and any(not isinstance(x, str) for x in mine)):
        return None
    return agreed


def compile_ours(sources, out):
    folder = os.path.dirname(os.path.abspath(__file__))
    files = sorted(os.path.join(sources, f) for f in os.listdir(sources) if f.endswith(".swift"))
    subprocess.run(["swiftc", "-O", "-wmo", "-swift-version", "6", "-o", out, *files,
                    os.path.join(folder, "MathAnswers", "main.swift"), "-lm"], check=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("data"), parser.add_argument("rows"), parser.add_argument("out")
    parser.add_argument("--sources", default=os.path.join(os.path.dirname(__file__), "../../Sources/Mathematics"))
    parser.add_argument("--keep", action="store_true", help="take math-verify's verdicts of the last run")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    pairs = list(make_pairs(options.data, options.rows))
    path = os.path.join(options.out, "pairs.jsonl")
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(pair, ensure_ascii=False) + "\n" for pair in pairs)

    program = os.path.join(options.out, "answers")
    compile_ours(options.sources, program)
    run = subprocess.run([program, path], check=True, capture_output=True, text=True)
    ours = run.stdout.splitlines()
    speed = {line.split()[0]: (int(line.split()[1]), float(line.split()[2])) for line in run.stderr.splitlines()}

    cache = os.path.join(options.out, "math_verify.json")
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    kept = json.load(open(cache)) if options.keep and os.path.exists(cache) else {}
    if kept.get("digest") == digest:
        theirs, seconds = kept["verdicts"], kept["seconds"]
    else:
        theirs, seconds = [], {"pairs": 0.0, "texts": 0.0}
        for pair in pairs:
            start = time.perf_counter()
            theirs.append(judge(pair))
            seconds["texts" if "text" in pair else "pairs"] += time.perf_counter() - start
        json.dump(dict(digest=digest, verdicts=theirs, seconds=seconds), open(cache, "w"))

    table = collections.defaultdict(collections.Counter)
    doubts = collections.Counter()
    with open(os.path.join(options.out, "disagreements.jsonl"), "w", encoding="utf-8") as file:
        for pair, mine, other in zip(pairs, ours, theirs):
            decided = {"equal": True, "different": False, "none": False}.get(mine)
            row = table[pair["kind"]]
            row["pairs"] += 1
            row["theirs undecided"] += other is None
            row["ours unknown"] += decided is None
            if decided is None:
                doubts[mine] += 1
            if other is not None:
                row["decided"] += 1
                row["unknown of decided"] += decided is None
                row["agree"] += decided == other
                row["disagree"] += decided is not None and decided != other
            if pair["kind"] in ("same", "changed", "option", "other"):
                truth = pair["kind"] == "same"
                row["ours wrong"] += decided is not None and decided != truth
                row["theirs wrong"] += other is not None and other != truth
            if other is not None and decided != other or other is None and decided is None:
                shown = dict(pair, ours=mine, theirs=other)
                if "text" in shown:
                    shown["text"] = shown["text"][-200:]
                file.write(json.dumps(shown, ensure_ascii=False) + "\n")
    columns = ["pairs", "decided", "agree", "disagree", "unknown of decided", "ours unknown", "theirs undecided",
               "ours wrong", "theirs wrong"]
    total = sum(table.values(), collections.Counter())
    print(f"{'':12}" + "".join(f"{c:>20}" for c in columns))
    for kind, row in [*table.items(), ("all", total)]:
        print(f"{kind:12}" + "".join(f"{row[c]:>20}" for c in columns))
    both = total["agree"] + total["disagree"]
    print(f"agreement {total['agree'] / both:.4%} of {both} that both decide, "
          f"{total['agree'] / total['decided']:.4%} of {total['decided']} that math-verify decides")
    print("doubts", dict(doubts.most_common()))
    for kind, (count, ours_seconds) in sorted(speed.items()):
        print(f"{kind}: ours {count / ours_seconds:,.0f}/s, math-verify {count / seconds[kind]:,.0f}/s, "
              f"{seconds[kind] / ours_seconds:,.0f} times")


if __name__ == "__main__":
    main()
