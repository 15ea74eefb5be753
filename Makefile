# Each target installs what it needs, once. To use another interpreter: make test PYTHON=python3.12
PYTHON ?= python3
VENV ?= .venv
PYTEST_FLAGS ?= -n auto --maxprocesses 4

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
SETTINGS := pyproject.toml
INFOGAN := runs/infogan-digits/seed-0
BASELINE := runs/gan-with-q-digits/seed-0
EXPLORER := runs/explorer.html

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-fast lint types imports check docs bench perf clean

help: ## Show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

demo: $(VENV)/.installed ## Train InfoGAN and the baseline on 8x8 digits, evaluate, compare, draw (minutes)
	$(BIN)/dbench train infogan-digits --resume
	$(BIN)/dbench train gan-with-q-digits --resume
	$(BIN)/dbench eval $(BASELINE)
	$(BIN)/dbench eval $(INFOGAN)
	$(BIN)/dbench compare $(BASELINE) $(INFOGAN) --figures runs/figures
	-@$(BIN)/dbench explore $(INFOGAN) $(BASELINE) --single-file $(EXPLORER) > /dev/null && \
		echo "Explorer, which a browser opens: $(EXPLORER)"
	@echo "Figures: $(INFOGAN)/figures $(BASELINE)/figures runs/figures"

test: $(VENV)/.installed-test ## Run every test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_FLAGS)

test-fast: $(VENV)/.installed-test ## Run the quick tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest $(PYTEST_FLAGS) -m "not slow"

lint: $(VENV)/.installed-dev ## Check style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.installed-dev ## Check types, strictly
	$(BIN)/mypy

imports: $(VENV)/.installed-dev ## Check that each layer imports only from lower ones
	$(BIN)/lint-imports

check: lint types imports test ## Everything that CI checks

docs: $(VENV)/.installed-docs ## Build the documentation's site into build/site; a dead link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "Pages: build/site/index.html"

bench: $(VENV)/.installed ## Train and score the suite of continuous integration, print its table, check its gates (minutes)
	@$(BIN)/dbench bench run smoke --accepted benchmarks/accepted/smoke.json --format markdown

perf: $(VENV)/.installed ## Measure speed, relative to other code on the same machine
	$(BIN)/python -m benchmarks.perf

clean: ## Remove the environment and the caches, but not the runs
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make ... PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python $(SETTINGS)
	$(PIP) install --quiet --editable '.[onnx]'
	@touch $@

$(VENV)/.installed-test: $(VENV)/bin/python $(SETTINGS)
	$(PIP) install --quiet --editable '.[test]'
	@touch $@ $(VENV)/.installed

$(VENV)/.installed-dev: $(VENV)/bin/python $(SETTINGS)
	$(PIP) install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/.installed $(VENV)/.installed-test

$(VENV)/.installed-docs: $(VENV)/bin/python $(SETTINGS)
	$(PIP) install --quiet --editable '.[docs]'
	@touch $@ $(VENV)/.installed
