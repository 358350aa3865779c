# make run    sets up .venv, then opens the demo (or does it headless where there is no display)
# make test   sets up and runs every check and test
# make check  lint, format, types, layers
# make bench  measured ratios against plain references
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-installed
DEV_STAMP := $(VENV)/.dev-installed
CONSTRAINTS := packaging/constraints.txt
# Two at a time, of one thread each: threads of several processes would wait for each other.
PYTEST := QT_QPA_PLATFORM=offscreen OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: run test check bench system clean

run: $(RUN_STAMP)
	@sh packaging/system_libraries.sh
	$(BIN)/unet-studio demo

test: $(DEV_STAMP) check
	@sh packaging/system_libraries.sh
	$(PYTEST) -m "not slow and not benchmark"
	$(PYTEST) -m "slow and not benchmark"

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV_STAMP)
	$(BIN)/unet-studio bench
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -m benchmark -s --no-header -q

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "U-Net Studio needs Python 3.11 or newer: make PYTHON=python3.11 run")'
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -c $(CONSTRAINTS) -e .
	@touch $@

$(DEV_STAMP): pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(BIN)/python -m pip install --disable-pip-version-check -q -c $(CONSTRAINTS) -e '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) dist build
