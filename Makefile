# What people do with this repository: `make demo`, `make test`, and the rest below.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PREFIX ?= /usr/local
PYTHON := .build/python
# DuckDB's command line and the Python tools of tests and benchmarks live in the build folder.
export PATH := $(CURDIR)/$(PYTHON)/bin:$(PATH)
# The references that merge methods are held to are in Python.
export BRANCHMERGE_PYTHON ?= $(CURDIR)/$(PYTHON)/bin/python

PROGRAM := .build/release/branchmerge
STUB := .build/release/stub-teacher
DEMO := .build/demo
E2E := .build/e2e

.PHONY: demo e2e test bench bench-answers bench-audit bench-checks bench-markup bench-merge bench-near bench-overlap bench-teach bench-tokens fuzz install lint sanitize setup build clean

demo: build  ## Build, then run everything there is on the rows in datasets/demo.
	swift build -c release --static-swift-stdlib --product stub-teacher
	@scripts/demo $(PROGRAM) $(DEMO) $(STUB)

e2e: build  ## Let a served model teach, train tiny experts with LLaMA-Factory, merge, compare losses.
	@scripts/e2e $(PROGRAM) $(E2E) .build/e2e-python

test: setup  ## Run all tests.
	@scripts/setup $(PYTHON) test
	swift build --build-tests
	swift test --skip-build

build: setup  ## Build one program with the Swift runtime linked in.
	swift build -c release --static-swift-stdlib --product branchmerge

setup:  ## Install what is missing: Debian packages, and Python tools into the build folder.
	@scripts/setup $(PYTHON)

bench: build  ## Time the math branch against DuckDB, Polars and orjson on 1.2 GB.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/branch.py --program $(PROGRAM)

bench-tokens: build  ## Time `branchmerge tokens` against PyPI's tokenizers on 32 MB.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/tokenize.py --program $(PROGRAM)

bench-answers: setup  ## Work out real answers beside PyPI's math-verify.
	@scripts/setup .build/reference-python reference
	@rm -rf .build/answers
	python3 ../shared/tools/compose_rows.py ../shared/data .build/answers/rows
	.build/reference-python/bin/python Tests/Reference/math_answers.py ../shared/data .build/answers/rows .build/answers

bench-audit: build  ## Time the questions to a ledger of 1,000,000 samples, and its pages.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/audit.py --program $(PROGRAM)

bench-checks: build  ## Time the checks of text, and Gopher's figures against datatrove.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/checks.py --program $(PROGRAM)

bench-markup: build  ## Time `{field|markup}` against BeautifulSoup and html2text.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/markup.py --program $(PROGRAM)

bench-merge: build  ## Time merges of 1 GB models against cp and, where it is installed, mergekit.
	@scripts/setup $(PYTHON) bench
	$(PYTHON)/bin/python Tests/Benchmarks/merge.py --program $(PROGRAM)

bench-near: setup  ## Find near duplicates beside datasketch and text-dedup, and beside all pairs.
	@scripts/setup .build/near-python near
	swift build -c release --static-swift-stdlib --product SimilarityProgram
	.build/near-python/bin/python Tests/Benchmarks/near.py

bench-overlap: setup  ## Find benchmark items in real prompts beside the rules of s1, open-r1 and open-thoughts.
	@scripts/setup .build/reference-python reference
	swift build -c release --static-swift-stdlib --product SimilarityProgram
	.build/reference-python/bin/python Tests/Reference/overlap.py

bench-teach: build  ## Ask a stub teacher 20,000 questions, beside PyPI's openai.
	@scripts/setup $(PYTHON) bench
	swift build -c release --static-swift-stdlib --product stub-teacher
	$(PYTHON)/bin/python Tests/Benchmarks/teach.py --program $(PROGRAM)

fuzz: setup  ## Read a million mutated checkpoint headers.
	BRANCHMERGE_FUZZ=1000000 swift test --filter Fuzz

install: build  ## Install the program, its source cards, filters and recipes, and completions.
	scripts/install $(PROGRAM) $(PREFIX)

lint:
	swift format lint --strict --recursive Package.swift Sources Tests

sanitize: setup  ## Run the tests under the address and the thread sanitizer.
	@scripts/setup $(PYTHON) test
	@# Leaks are not looked for: XCTest and Foundation have some of their own.
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize address --scratch-path .build/address
	swift test --sanitize thread --scratch-path .build/thread

clean:
	rm -rf .build
