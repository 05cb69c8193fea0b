# One-line doors to `selat`; the work is done there. `make help` lists them.
PYTHON ?= python3
VENV   ?= .venv
ENGINE ?= embedded
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test conformance conformance-record check up down status bench clean

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 22

$(VENV)/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Selat needs Python 3.11 or newer, and %s is %d.%d. Name a newer one: make PYTHON=python3.12 ..." % (sys.executable, v[0], v[1]))'
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/run: $(VENV)/python setup.cfg pyproject.toml
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable . && touch $@

$(VENV)/dev: $(VENV)/run
	@$(BIN)/pip install --quiet --disable-pip-version-check --editable '.[test,check,bench]' && touch $@

demo: $(VENV)/run  ## Play one consignment from Shenzhen to Hanoi (KEEP=1 leaves it up, ENGINE=native for the real Fabric)
	@$(BIN)/selat demo --engine $(ENGINE) $(if $(KEEP),--keep)

test: $(VENV)/dev  ## Run every test this machine can run
	@$(BIN)/python -m pytest

conformance: $(VENV)/dev  ## Ask an engine what real Fabric was asked (ENGINE=embedded|native)
	@$(BIN)/python -m pytest tests/conformance -k "test_every_case or test_the_$(ENGINE)_engine"

conformance-record: $(VENV)/dev  ## Write down what real Fabric answers (ENGINE=native)
	@$(BIN)/python -m tests.conformance.record --engine $(ENGINE)

check: $(VENV)/dev  ## Run the linters: ruff, mypy, import-linter
	@$(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/lint-imports --no-cache

up: $(VENV)/run  ## Start the consortium (ENGINE=embedded|native)
	@$(BIN)/selat network up --engine $(ENGINE)

down: $(VENV)/run  ## Stop it
	@$(BIN)/selat network down

status: $(VENV)/run  ## Say what is running
	@$(BIN)/selat network status

bench: $(VENV)/dev  ## Measure (ONLY=name for one figure)
	@$(BIN)/python -m benchmarks --engine $(ENGINE) $(if $(ONLY),--only $(ONLY))

clean:  ## Remove what was built or installed here
	@rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
