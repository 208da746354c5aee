# Thin: each line calls one tool. `make setup` is implied by everything and does nothing when nothing changed.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip install --disable-pip-version-check --progress-bar off -q --no-deps
ORDERS ?= 1000
ROUNDS ?=
TRADE ?= toy
export PYTHONUNBUFFERED := 1
# Hundreds of processes are started here: a shell that forbids compiled copies makes each compile everything again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test check check-types check-rest up down bench chaos mutants cases-table lock format clean

setup: .venv/.ready

# uv takes a fifth of pip's time; where it does not get through, pip goes the way that the machine is set up for.
.venv/.ready: requirements.lock pyproject.toml
	@echo "[setup] virtual environment in .venv (first time half a minute)"
	@$(PYTHON) -c 'import sys; assert sys.version_info >= (3, 11), "Laotie needs Python >= 3.11, this is " + sys.version' 
	@$(PYTHON) -m venv .venv
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock > .venv/uv.lock
	@$(PIP) --require-hashes -r .venv/uv.lock
	@$(BIN)/uv pip install -q --compile-bytecode --python $(BIN)/python --no-deps --require-hashes -r requirements.lock \
		|| { echo "[setup] once more, with pip"; $(PIP) --require-hashes -r requirements.lock; }
	@$(PIP) --no-build-isolation -e .
	@touch $@
	@echo "[setup] done"

demo: setup
	@$(BIN)/python -m deploy.market.demo --orders $(ORDERS)

test: setup
	@$(BIN)/pytest -n 5

check: setup
	@$(MAKE) -j2 --no-print-directory check-types check-rest

check-types:
	$(BIN)/mypy

check-rest:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/laotie contract check

up: setup
	@$(BIN)/laotie up

down:
	@test ! -x $(BIN)/laotie || $(BIN)/laotie down

bench: setup
	@$(BIN)/python -m tests.bench

chaos: setup
	@$(BIN)/python -m tests.chaos --trade $(TRADE) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(CLUSTER),--cluster)

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
