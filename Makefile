# All project commands. `make help` lists them.
SHELL := /bin/sh
PY := .venv/bin
ALL := training,serving,s3,bedrock,dev
PORT ?= 8400
# Two more than the usual two cores: many tests wait for processes.
TEST_PROCESSES ?= 4
SERVE ?= 1
REPORT ?=
SCREENS ?= screens

.PHONY: help quickstart up test test-full tests tests-full check lint types limits bench docs screens setup browser

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

quickstart: ## install everything, start Vong and run the loop once (SERVE=0 stops Vong at the end)
	@tools/setup.sh training,serving
	@$(PY)/vong quickstart --port $(PORT) $(if $(filter 0,$(SERVE)),--stop,) $(if $(REPORT),--report $(REPORT),)

up: ## install everything and start Vong (Ctrl-C stops it)
	@tools/setup.sh training,serving
	@$(PY)/vong up --port $(PORT)

test: setup browser ## install everything, and run the checks but types, and the tests
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j2 limits tests

tests:
	@PYTHONHASHSEED=0 $(PY)/pytest -n $(TEST_PROCESSES) --dist loadfile -m "not slow and not full" --ignore tests/checks

test-full: setup browser ## run the exhaustive tables and slow tests, and check the types
	@$(MAKE) --no-print-directory -j2 types tests-full

tests-full:
	@PYTHONHASHSEED=0 $(PY)/pytest -n 2 --dist loadfile -m "slow or full" --ignore tests/checks --timeout 3600

check: setup ## check formatting, lint, types, import contracts, the console, size limits and completeness of the docs
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j2 types limits

lint:
	@$(PY)/ruff format --check src tests samples tools benchmarks
	@$(PY)/ruff check src tests samples tools benchmarks
	@$(PY)/lint-imports

types:
	@$(PY)/pyright

limits:
	@$(PY)/python tools/console.py check
	@$(PY)/python tools/console.py test
	@$(PY)/pytest -q tests/checks

bench: setup ## measure Vong and comparable gateways (benchmarks/LOG.md records the results)
	@$(PY)/python -m benchmarks

docs: setup ## generate docs/reference and the API types of the console
	@$(PY)/python -m tools.reference
	@$(PY)/python tools/console.py api

screens: setup browser ## save screenshots of every console page, light and dark, in screens/ (SCREENS=folder)
	@$(PY)/python -m tests.web.screens $(SCREENS)

browser:
	@tools/browser.sh

setup:
	@tools/setup.sh $(ALL)
