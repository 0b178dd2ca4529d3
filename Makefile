# Everything a person types. `make help` lists it.
SHELL := /bin/sh
PY := .venv/bin
ALL := training,serving,s3,dev
PORT ?= 8400
SERVE ?= 1
REPORT ?=
SCREENS ?= screens

.PHONY: help quickstart up test test-slow check types limits bench docs screens setup browser

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

quickstart: ## set everything up, start Vong and run one turn of the loop (SERVE=0 stops it at the end)
	@tools/setup.sh training,serving
	@$(PY)/vong quickstart --port $(PORT) $(if $(filter 0,$(SERVE)),--stop,) $(if $(REPORT),--report $(REPORT),)

up: ## set everything up and start Vong (Ctrl-C stops it)
	@tools/setup.sh training,serving
	@$(PY)/vong up --port $(PORT)

test: setup browser ## set everything up and run the checks and the tests
	@$(MAKE) --no-print-directory check
	@$(PY)/pytest -n 2 --dist loadfile -m "not slow" --ignore tests/checks

test-slow: setup ## the tests that take minutes: real training of the shipped model, soak
	@$(PY)/pytest -m slow --timeout 3600

check: setup ## formatting, lint, types, the import contract, the console, the limits on size, the completeness of the docs
	@$(PY)/ruff format --check src tests samples tools benchmarks
	@$(PY)/ruff check src tests samples tools benchmarks
	@$(PY)/lint-imports
	@$(MAKE) --no-print-directory -j2 types limits

types:
	@$(PY)/pyright

limits:
	@$(PY)/python tools/console.py check
	@$(PY)/python tools/console.py test
	@$(PY)/pytest -q tests/checks

bench: setup ## measure Vong beside its peers (benchmarks/LOG.md keeps the results)
	@$(PY)/python -m benchmarks

docs: setup ## write docs/reference from the program itself
	@$(PY)/python -m tools.reference
	@$(PY)/python tools/console.py api

screens: setup browser ## pictures of every page of the console, light and dark, into screens/ (SCREENS=folder)
	@$(PY)/python -m tests.web.screens $(SCREENS)

browser:
	@tools/browser.sh

setup:
	@tools/setup.sh $(ALL)
