# Every target makes the virtual environment that it needs, and installs into it what it needs.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Processes of tests at once, each with a database of its own.
AT_ONCE ?= -n 2 --dist worksteal
KILLS ?= 200
N ?= 200000

.DEFAULT_GOAL := help
.PHONY: help demo run test test-fast docs links tox coverage mutants crash lint bench schema messages readme clean

help:  ## Show what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(VENV)/demo-is-installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..."; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox]'
	@touch $@

$(VENV)/dev-is-installed: $(VENV)/demo-is-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[sandbox,dev]'
	@touch $@

$(VENV)/bench-is-installed: $(VENV)/dev-is-installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
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
	$(BIN)/python -m tests.on_database postgresql $(AT_ONCE) -m "not browser and not packaging and not once"
	$(BIN)/python -m tests.on_database mariadb $(AT_ONCE) -m "not slow and not once"
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

mutants: $(VENV)/dev-is-installed  ## Break the gateway and the services in small ways: which test notices? (an hour and a half)
	rm -rf mutants
	$(BIN)/python -m docs.run_mutants
	$(BIN)/python -m docs.make_mutants

crash: $(VENV)/dev-is-installed  ## Kill workers at random on each database: make crash KILLS=200 N=200000
	@KILLS=$(KILLS) N=$(N) $(BIN)/python -m tests.crash

bench: $(VENV)/bench-is-installed  ## Measure what is promised in numbers, as ratios (half an hour)
	@$(BIN)/python -m benchmarks.sandbox
	@$(BIN)/python -m benchmarks.delivery --write
	@$(BIN)/python -m benchmarks.changelists --write
	@$(BIN)/python -m benchmarks --write

schema: $(VENV)/dev-is-installed  ## Renew docs/openapi.yaml from the webhooks
	$(BIN)/python -m docs.make_openapi

messages: $(VENV)/dev-is-installed  ## Collect the texts to translate, and compile the translations
	cd django_smsbat && ../$(BIN)/python ../manage.py makemessages --locale uk --no-wrap --no-location
	cd django_smsbat && ../$(BIN)/python ../manage.py compilemessages

readme: $(VENV)/dev-is-installed  ## Renew the transcript and the screenshots in the README
	$(BIN)/python -m docs.make_readme_pictures

clean:  ## Remove what the other targets made
	rm -rf $(VENV) .demo .tox build dist mutants .coverage .coverage.* *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
