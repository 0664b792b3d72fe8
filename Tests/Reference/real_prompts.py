"""The real prompts of shared/data, and its benchmarks, as files with a text to each line.

Line breaks inside a text become carriage returns, which count as white space everywhere.
"""
import json


def rows(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file] if path.suffix == ".jsonl" else json.load(file)


# Each source, its file, and the key of the prompt.
SOURCES = [
    ("openthoughts", "openthoughts/openthoughts_prompts.jsonl", "user"),
    ("s1", "s1/s1k_questions.jsonl", "question"),
    ("math", "math/math_train.json", "problem"),
    ("aime", "math/aime_1983_2023.json", "problem"),
    ("leetcode", "code/leetcode.json", "problem"),
    ("contests", "code/code_contests.json", "problem"),
    ("codeforces", "code/codeforces.json", "problem"),
    ("mmlu", "science/mmlu_stem_test.jsonl", "question"),
    ("olympiad", "science/olympiadbench_test.jsonl", "question"),
    ("scieval", "science/scieval-valid.json", "question"),
    ("theoremqa", "science/theoremqa_test.json", "Question"),
    ("aqua", "science/agieval_aqua-rat.jsonl", "question"),
    ("sat", "science/agieval_sat-math.jsonl", "question"),
]
BENCHMARKS = [("math-500", "benchmarks/math_500.jsonl"), ("aime-2024", "benchmarks/aime_2024.jsonl"),
              ("amc-2023", "benchmarks/amc_2023.jsonl")]


def line(text):
    return text.replace("\r", "").replace("\n", "\r")


def prompts(data):
    """(source, prompt) of all, in the order of the list."""
    return [(name, line(row[key])) for name, path, key in SOURCES for row in rows(data / path)
            if row[key]]


def benchmarks(data):
    """{name: problems}"""
    return {name: [line(row["problem"]) for row in rows(data / path)] for name, path in BENCHMARKS}


def pairs(data):
    """(kind, benchmark problem, training prompt) of the judged overlaps."""
    for path in sorted((data / "overlaps").glob("*_c_*.jsonl")):
        for row in rows(path):
            kind = path.stem.rpartition("_c_")
            yield kind[0], "c_" + kind[2], line(row["math500_problem"]), line(row["train_problem"])


def write(path, texts):
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.writelines(text + "\n" for text in texts)
    return path
