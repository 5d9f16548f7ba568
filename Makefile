# Two commands do all the set-up: `make demo` shows what busta does, `make test` proves that it works.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: env demo test lint types layers bench honesty check check-all lock clean

env: $(STAMP)

# The lock names versions and hashes only; pip brings uv, uv brings the rest.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

demo: env
	$(BIN)/busta quickstart

test: env
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -m "not server and not browser" --numprocesses auto --dist loadfile --cov --cov-report=term

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

layers: env
	$(BIN)/lint-imports

check: lint types layers test

# What takes longer: real servers, kill -9, benchmarks, worlds with known truth.
check-all: check
	$(BIN)/python -m pytest -m server --no-cov
	$(MAKE) bench
	$(MAKE) honesty

bench: env
	$(BIN)/python benchmarks/odds.py
	$(BIN)/python benchmarks/features.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/backtest.py

# How often are the verdicts wrong? Exits with 1 where a target is missed.
honesty: env
	$(BIN)/python benchmarks/honesty.py
	$(BIN)/python benchmarks/gate.py

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--group dev --output-file requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
