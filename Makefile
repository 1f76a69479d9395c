# Every target makes the virtual environment that it needs, and installs into it what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Processes of tests at once, each with a database of its own.
AT_ONCE ?= -n 2 --dist worksteal
LOCK := --universal --generate-hashes --upgrade --quiet
KILLS ?= 200
N ?= 200000

.DEFAULT_GOAL := help
.PHONY: help demo run test test-fast docs links tox coverage mutants crash lint lock audit bench schema messages pictures clean

help:  ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The versions of requirements/*.txt, by hash: a broken release of a dependency stops no newcomer.
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
EDITABLE := --no-deps --no-build-isolation --editable .

$(VENV)/demo-is-installed: pyproject.toml requirements/demo.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP_INSTALL) --require-hashes --requirement requirements/demo.txt
	$(PIP_INSTALL) $(EDITABLE)
	@touch $@

$(VENV)/dev-is-installed: $(VENV)/demo-is-installed requirements/dev.txt
	$(PIP_INSTALL) --require-hashes --requirement requirements/dev.txt
	$(PIP_INSTALL) $(EDITABLE)
	@touch $@

$(VENV)/lock-is-installed: $(VENV)/demo-is-installed
	$(PIP_INSTALL) uv pip-audit
	@touch $@

demo: $(VENV)/demo-is-installed  ## Send a campaign to the sandbox, from an empty database to a reply
	@$(BIN)/python -m example_project.demo

run: $(VENV)/demo-is-installed  ## Serve the admin on the demo's database, the sandbox beside it
	@$(BIN)/python -m example_project.demo.serve

lint: $(VENV)/dev-is-installed  ## Style, types, missing migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python manage.py makemigrations --check --dry-run

test-fast: $(VENV)/dev-is-installed  ## The unit tests, on SQLite
	$(BIN)/python -m pytest -q $(AT_ONCE) -m "not slow"

test: lint docs  ## Everything: style, types, docs, all tests on three databases, the demo
	$(BIN)/python -m pytest $(AT_ONCE)
	$(BIN)/python -m tests.support.on_database postgresql $(AT_ONCE) -m "not browser and not packaging and not once"
	$(BIN)/python -m tests.support.on_database mariadb $(AT_ONCE) -m "not slow and not once"
	@$(BIN)/python -m example_project.demo

docs: $(VENV)/dev-is-installed  ## Build the documentation into build/docs; a warning is an error
	$(BIN)/python -m sphinx --fail-on-warning --nitpicky --keep-going --quiet -b html docs build/docs

links: $(VENV)/dev-is-installed  ## Ask the world whether the documentation's links still lead somewhere
	$(BIN)/python -m sphinx --quiet -b linkcheck docs build/links

tox: $(VENV)/dev-is-installed  ## The suite on every Python, Django and database that is here
	$(BIN)/python -m tox

coverage: $(VENV)/dev-is-installed  ## How much of the package the tests run, by lines and branches
	rm -f .coverage .coverage.*
	$(BIN)/python -m coverage run -m pytest -q $(AT_ONCE)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

mutants: $(VENV)/dev-is-installed  ## Change the code in small ways and count which changes a test notices (an hour and a half)
	rm -rf mutants
	$(BIN)/python -m scripts.mutants

crash: $(VENV)/dev-is-installed  ## Kill workers at random on each database: make crash KILLS=200 N=200000
	@KILLS=$(KILLS) N=$(N) $(BIN)/python -m tests.scenarios.crash

lock: $(VENV)/lock-is-installed  ## Pin the newest versions that pyproject.toml allows
	$(BIN)/uv pip compile $(LOCK) --extra sandbox pyproject.toml requirements/build.in -o requirements/demo.txt
	$(BIN)/uv pip compile $(LOCK) --all-extras --group dev pyproject.toml requirements/build.in -o requirements/dev.txt

audit: $(VENV)/lock-is-installed  ## Ask for known vulnerabilities of the pinned versions (needs the advisories of PyPI)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip --requirement requirements/dev.txt

bench: $(VENV)/dev-is-installed  ## Measure what is promised in numbers, as ratios (half an hour)
	@$(BIN)/python -m benchmarks.sandbox
	@$(BIN)/python -m benchmarks.delivery --write
	@$(BIN)/python -m benchmarks.changelists --write
	@$(BIN)/python -m benchmarks --write

schema: $(VENV)/dev-is-installed  ## Renew docs/openapi.yaml from the webhooks
	$(BIN)/python -m scripts.openapi

messages: $(VENV)/dev-is-installed  ## Collect the texts to translate, and compile the translations
	cd django_smsbat && ../$(BIN)/python ../manage.py makemessages --locale uk --no-wrap --no-location
	cd django_smsbat && ../$(BIN)/python ../manage.py compilemessages

pictures: $(VENV)/dev-is-installed  ## Take the screenshots of the documentation and of the README
	$(BIN)/python -m scripts.pictures

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .demo .tox build dist mutants .coverage .coverage.* *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
