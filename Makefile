# One word per task; CONTRIBUTING.md explains them.  Without make, README.md has the same commands in full.
PYTHON ?= python3
VENV   ?= .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
STAMP := $(VENV)/.core
DEV   := $(VENV)/.dev

# The notebooks are compared as they were stored: with the reference, and without a folder of examples beside them.
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.hypothesis
unexport EVTE_IUT EVTE_LAB

.PHONY: demo test lint types selftest notebooks report-sample vectors browser bench fuzz wheel clean

demo: $(STAMP)  ## set up, run the main job through a separate process, say where the report is
	$(BIN)/evte run --iut "cmd:$(BIN)/python -m conformance.reference" --profile usi-local --out evte-report

test: $(DEV) lint types selftest notebooks  ## set up, then everything that CI runs

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(DEV)
	$(BIN)/mypy

selftest: $(DEV)
	$(BIN)/python -m pytest -n 3 --dist worksteal -q --timeout 240 --durations 15

notebooks: $(DEV)
	$(BIN)/python notebooks/build.py --check
	$(BIN)/python -m pytest -n 2 --dist loadfile -q -p nbval --nbval --nbval-sanitize-with notebooks/sanitize.cfg --nbval-cell-timeout 120 notebooks

vectors: $(DEV)  ## write every generated file anew; nothing may change unless a generator did
	$(BIN)/python vectors/generate.py
	$(BIN)/python -m conformance.adapters.messages
	$(BIN)/python -m conformance.adapters.product_form

report-sample: $(DEV)  ## run the plans of the sample reports and write both anew
	$(BIN)/python reports/example/generate.py

browser: $(DEV)  ## look at the report in Chromium, which must be there; takes playwright and, from npm, axe-core
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[browser]"
	npm install --prefix tests/browser --no-audit --no-fund --no-package-lock --silent
	EVTE_BROWSER=1 $(BIN)/python -m pytest -q tests/browser

bench: $(DEV)  ## measure; prints ratios, asserts nothing
	$(BIN)/python benchmarks/carriers.py
	$(BIN)/python benchmarks/exchange.py
	$(BIN)/python benchmarks/registry.py
	$(BIN)/python benchmarks/tenants.py
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/pdf.py

fuzz: $(DEV)  ## damage 100 000 credential stores and read them; fails on a crash, a hang or another credential
	$(BIN)/python benchmarks/fuzz_keystore.py

wheel: $(DEV)
	$(BIN)/python -m build --wheel

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(STAMP)').touch()"

$(DEV): $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[notebooks,oracles,report-pdf,dev]"
	@$(BIN)/python -c "import pathlib; pathlib.Path('$(DEV)').touch()"

clean:
	$(PYTHON) -c "import shutil; [shutil.rmtree(p, ignore_errors=True) for p in ('$(VENV)', 'build', 'dist', '.hypothesis', '.mypy_cache', '.ruff_cache', '.pytest_cache')]"
