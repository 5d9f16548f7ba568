# Two commands do all the set-up: `make demo` shows what busta does, `make test` proves that it works.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready
SCHEMAS := check-jsonschema==0.39.0
# Images of Python often set it, and then every process compiles every library that it loads anew.
export PYTHONDONTWRITEBYTECODE :=
IMAGE_LOCK = $(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 \
	--constraint requirements.lock

.PHONY: env demo test lint types layers docs chromium postgres prometheus dashboards-check pipeline pipeline-check \
	buildah image-check compose-check bench bench-accuracy honesty reliability zoos check check-all lock clean

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

test: env postgres prometheus
	$(BIN)/python -m coverage erase
	$(BIN)/python -m pytest -m "not server and not browser and not slow" --numprocesses auto --dist loadfile --cov --cov-report=term

# The pipeline on the simulated league (dvc.yaml, params.yaml); what has not changed is not run again.
pipeline: env
	PATH="$(abspath $(BIN)):$$PATH" BUSTA_HOME=. $(BIN)/dvc repro

# Its metrics are in git: whoever makes them again finds the same to the last digit.
pipeline-check: env
	rm -rf metrics
	$(MAKE) pipeline
	git diff --exit-code --stat metrics

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy

layers: env
	$(BIN)/lint-imports

# The site, into site/; warnings are errors.
docs: env
	$(BIN)/python -m mkdocs build --strict --quiet

check: lint types layers docs test

# What takes longer: real servers, kill -9, a browser, the guides' examples, benchmarks, worlds with known truth.
check-all: check chromium
	$(BIN)/python -m pytest -m "server or browser or slow" --no-cov
	$(MAKE) dashboards-check
	$(MAKE) pipeline-check
	$(MAKE) bench
	$(MAKE) honesty
	$(MAKE) reliability

# Reports are looked at in a real browser.
chromium:
	command -v chromium || (apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes chromium)

# The ledger is tested on a real PostgreSQL, too; where it is installed already, its server is none of ours.
postgres:
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null \
		|| (apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes postgresql)

# Rules of alerts are tested with Prometheus' own tools, and a real one scrapes the servers.
prometheus:
	command -v promtool >/dev/null && command -v amtool >/dev/null \
		|| (apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes prometheus prometheus-alertmanager)

# Grafana's own types of dashboards, from npm; what they ask Prometheus is tested with the rules.
dashboards-check: env
	command -v npm >/dev/null || (apt-get update --quiet --quiet && apt-get install --quiet --quiet --yes npm)
	mkdir -p build/dashboards
	cd build/dashboards && npm install --no-audit --no-fund --silent @grafana/schema@13.2.3 typescript@7.0.2
	$(BIN)/python deploy/grafana/build.py
	$(BIN)/python deploy/grafana/check.py build/dashboards

# Builds both images of deploy/ and runs them; as root, for want of a container engine with buildah alone.
# Schemas of compose files and workflows come with the tool that checks them.
image-check: env buildah
	$(BIN)/hadolint --failure-threshold style deploy/*.Dockerfile
	$(BIN)/uv tool run --quiet $(SCHEMAS) --builtin-schema vendor.compose-spec deploy/compose.yaml
	$(BIN)/uv tool run --quiet $(SCHEMAS) --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/python deploy/check.py

# The services of deploy/compose.yaml that are ours, together, in the images that image-check built.
compose-check: env buildah postgres prometheus
	PYTHONPATH=tests unshare --net --mount $(BIN)/python deploy/together.py

buildah:
	command -v buildah >/dev/null && command -v debootstrap >/dev/null || (apt-get update --quiet --quiet \
		&& apt-get install --quiet --quiet --yes --no-install-recommends buildah debootstrap)

bench: env
	$(BIN)/python benchmarks/odds.py
	$(BIN)/python benchmarks/features.py
	$(BIN)/python benchmarks/training.py
	$(BIN)/python benchmarks/scoring.py
	$(BIN)/python benchmarks/backtest.py
	$(BIN)/python benchmarks/joint.py
	$(BIN)/python -m benchmarks.tuning
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.monitoring
	$(BIN)/python benchmarks/report.py
	$(BIN)/python benchmarks/pipeline.py

# How good are the predictions of the real games in BUSTA_TEST_DATA, and which features earn? Exits with 1 where a target
# is missed. A look at results is a trial: see docs/experiments.md.
bench-accuracy: env
	$(BIN)/python -m benchmarks.accuracy
	$(BIN)/python -m benchmarks.ablation

# How often are the verdicts wrong, how many leaks are found? Exits with 1 where a target is missed.
honesty: env
	$(BIN)/python benchmarks/honesty.py
	$(BIN)/python benchmarks/gate.py
	$(BIN)/python benchmarks/trials.py
	$(BIN)/python -m benchmarks.watch
	$(BIN)/python benchmarks/audit.py --zoo first --seeds 3

# Does every training end right or in a clear refusal, whatever is done to it? Exits with 1 where one does not.
reliability: env
	$(BIN)/python -m benchmarks.reliability --runs 300

# All zoos of planted leaks, those that nothing was tuned on among them; it says what is missed.
zoos: env
	$(BIN)/python benchmarks/audit.py --seeds 3

lock:
	$(BIN)/uv pip compile --quiet --generate-hashes --no-header --no-annotate --python-version 3.11 \
		--group dev --output-file requirements.lock pyproject.toml
	$(IMAGE_LOCK) --output-file deploy/train.lock --extra postgres --extra s3 --extra pipeline pyproject.toml
	$(IMAGE_LOCK) --output-file deploy/serve.lock deploy/serve.in
	$(IMAGE_LOCK) --output-file deploy/build.lock deploy/build.in

clean:
	rm -rf $(VENV) .coverage* .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build site
