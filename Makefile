# The set-up happens by itself: the first target that needs it creates .venv and installs the
# pinned versions; afterwards it costs nothing until pyproject.toml or constraints.txt change.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.installed
# Workers of pytest; on two cores this is two.
WORKERS ?= auto
PYTEST_ARGS ?=

.PHONY: help demo test check format lint types layers docs clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make demo     train on embedded pictures and write demo/index.html"
	@echo "make test     everything a push must pass"
	@echo "make check    format, lint, types, layers, tests"
	@echo "make docs     draw the page of all ops again: docs/ops.md"
	@echo "make bench-X  run benchmarks/X.py"
	@echo "make clean    remove what these commands wrote; make distclean: also .venv"

demo: $(READY)
	@$(VENV)/bin/vitral demo

# Lint, types and layers are tests too (tests/house), so pytest's closing line speaks for all.
test: $(READY)
	@OMP_NUM_THREADS=1 $(RUN) pytest -n $(WORKERS) --maxprocesses=8 $(PYTEST_ARGS)

check: format lint types layers test

format: $(READY)
	@echo "== format"
	@$(RUN) ruff format .

lint: $(READY)
	@echo "== lint"
	@$(RUN) ruff check .

types: $(READY)
	@echo "== types"
	@$(RUN) pyright

layers: $(READY)
	@echo "== layers"
	@$(VENV)/bin/lint-imports

docs: $(READY)
	@OMP_NUM_THREADS=1 $(VENV)/bin/python docs/make_ops.py

bench-%: $(READY)
	@$(VENV)/bin/python benchmarks/$*.py

clean:
	@rm -rf demo runs build dist .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean
	@rm -rf $(VENV)

# hatchling comes first, from the same pins, so that nothing unpinned takes part in the build.
$(READY): pyproject.toml constraints.txt
	@command -v "$(PYTHON)" >/dev/null || { \
	  echo "Vitral needs Python 3.11 or newer, and '$(PYTHON)' was not found; try: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; v = sys.version_info; sys.exit(0 if v >= (3, 11) else "Vitral needs Python 3.11 or newer, and $(PYTHON) is %d.%d; try: make $(MAKECMDGOALS) PYTHON=python3.12" % v[:2])'
	@$(RUN) pip --version >/dev/null 2>&1 || { \
	  echo "Creating $(VENV) ..."; rm -rf $(VENV); "$(PYTHON)" -m venv $(VENV) || { \
	  echo "Python could not create $(VENV); on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; }
	@echo "Installing PyTorch and the other libraries into $(VENV) (several hundred MB; once) ..."
	@$(RUN) pip install --quiet --disable-pip-version-check -c constraints.txt hatchling editables
	@$(RUN) pip install --quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev]'
	@touch $@
	@echo "Ready."
