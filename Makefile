# What a newcomer types. `make` alone tells what there is; every target builds the environment that it needs, once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
ROOMS := bekal api schema resolvers auth workers models rules gateways engine demo
PYTHONS := python3.13 python3.12 python3.11 python3
# Tests run on as many processes as there are cores; `make test JOBS=1` is easier to debug.
JOBS ?= auto
# `make test ARGS='tests/api -k drain'`
ARGS ?=

.PHONY: help
help: ## Show this list
	@echo "Bekal: one typed GraphQL graph. Start with 'make demo'."
	@echo
	@grep -hE '^[a-z][a-z-]*:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | while IFS=$$'\t' read -r name what; do printf '  make %-9s %s\n' "$$name" "$$what"; done
	@echo
	@echo "BEKAL_PORT=9000 make demo serves on another port; 'bekal config' lists every setting."

.PHONY: demo
demo: .venv/.runtime api/static/graphiql/index.html ## Start real engines, load the demo programme, serve GraphiQL on http://127.0.0.1:8000
	@exec $(BIN)/bekal demo

.PHONY: test
test: .venv/.dev api/static/graphiql/index.html ## Run every test on real engines, in parallel, with coverage
	@$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term:skip-covered $(ARGS)

.PHONY: lint
lint: .venv/.dev ## Check style, types and imports between rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/basedpyright

.PHONY: format
format: .venv/.dev ## Put the code in its form, and mend what can be mended
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: types
types: .venv/.dev ## Check types only
	$(BIN)/basedpyright

.PHONY: schema
schema: .venv/.dev ## Write schema/schema.graphql and schema/subgraph.graphql from the code
	$(BIN)/bekal schema export

.PHONY: bench
bench: .venv/.dev ## Measure server CPU beside a hand-written endpoint (needs wrk)
	$(BIN)/python -m benchmarks

.PHONY: ide
ide: .venv/.runtime ## Build GraphiQL's bundle from ide/
	$(BIN)/python ide/build.py

.PHONY: wheel
wheel: .venv/.dev ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation

.PHONY: lock
lock: .venv/.dev ## Pin the newest allowed packages, with hashes, in requirements/
	$(call compile,pyproject.toml --group build,runtime)
	$(call compile,pyproject.toml --group build --group dev,dev)
	$(call compile,requirements/uv.in,uv)

.PHONY: clean
clean: ## Remove what was built; the environment and the demo's data stay
	rm -rf dist htmlcov .coverage .coverage.* .pytest_cache .ruff_cache .hypothesis .import_linter_cache api/static/graphiql
	find $(ROOMS) tests benchmarks alembic -name __pycache__ -prune -exec rm -rf {} +

compile = $(BIN)/uv pip compile $(1) --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command 'make lock' --quiet -o requirements/$(2).txt

# --- the environment: .venv, from hash-locked lists; a second run finds the stamps and does nothing -----------------

api/static/graphiql/index.html: .venv/.runtime $(wildcard ide/*.* ide/src/* ide/examples/*)
	@$(BIN)/python ide/build.py
	@touch $@

.venv/.runtime: .venv/.uv requirements/runtime.txt pyproject.toml
	@if [ -e .venv/.dev ]; then $(MAKE) .venv/.dev; else $(call install,runtime); fi
	@touch $@

.venv/.dev: .venv/.uv requirements/dev.txt pyproject.toml
	@$(call install,dev,--compile-bytecode)
	@touch .venv/.runtime $@

# Tests start many processes: they find the packages compiled, whatever the shell says about writing bytecode.
install = echo "Installing requirements/$(1).txt into .venv" \
	&& $(BIN)/uv pip sync --quiet --python $(BIN)/python $(2) --require-hashes requirements/$(1).txt \
	&& $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .

.venv/.uv: requirements/uv.txt
	@for python in $(PYTHONS); do \
		"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then echo "Bekal needs Python 3.11 or later, found none: install it (Debian: apt-get install python3 python3-venv)" >&2; exit 1; fi; \
	if [ ! -x $(BIN)/pip ]; then \
		"$$python" -m venv .venv || { rm -rf .venv; echo "'$$python -m venv' failed: install the venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }; \
	fi
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@
