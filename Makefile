# Thin: each line calls one tool. `make setup` is implied by everything and does nothing when nothing changed.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
ORDERS ?= 1000
ROUNDS ?=
TRADE ?= toy
export PYTHONUNBUFFERED := 1

.PHONY: setup demo test check up down bench chaos mutants cases-table lock format clean

setup: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@echo "[setup] virtual environment in .venv (first time about a minute)"
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Laotie needs Python >= 3.11, this is " + sys.version' 
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --disable-pip-version-check --no-deps --require-hashes --progress-bar off -q -r requirements.lock
	@$(BIN)/pip install --disable-pip-version-check --no-deps --no-build-isolation -q -e .
	@touch $@
	@echo "[setup] done"

demo: setup
	@$(BIN)/python -m deploy.market.demo --orders $(ORDERS)

test: setup
	@$(BIN)/pytest -n 3

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/laotie contract check

up: setup
	@$(BIN)/laotie up

down:
	@test ! -x $(BIN)/laotie || $(BIN)/laotie down

bench: setup
	@$(BIN)/python -m tests.bench

chaos: setup
	@$(BIN)/python -m tests.chaos --trade $(TRADE) $(if $(ROUNDS),--rounds $(ROUNDS))

mutants: setup
	@$(BIN)/python -m tests.chaos.mutants

cases-table: setup
	@$(BIN)/python -m tests.unit.refund.table

lock: setup
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-emit-index-url --python-version 3.11 -q -o requirements.lock --custom-compile-command "make lock"

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: down
	@test ! -x $(BIN)/laotie || LAOTIE_HOME=$(CURDIR)/.laotie/demo $(BIN)/laotie down
	@test ! -x $(BIN)/laotie || $(BIN)/python -c 'from deploy.local.home import CHECKOUT, Home; [Home(CHECKOUT / ".laotie" / name).remove() for name in ("demo", "")]'
	rm -rf .venv .laotie
