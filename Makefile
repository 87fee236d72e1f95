# Every target does all the set-up it needs; python3 (3.11 or later) and make are enough.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: help setup demo run test promises check bench faults clean

help: ## Show what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## Make .venv and install what is locked

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Stockbell needs Python 3.11 or later; try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "Cannot make $(VENV): install the venv module (on Debian: apt install python3-venv)"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)

demo: $(READY) ## The main job in a browser: the real bot, a local Telegram and Slack
	@$(BIN)/python -m bot demo $(ARGS)

run: $(READY) ## Run the bot with the settings of .env
	@$(BIN)/python -m bot run

test: $(READY) ## The tests, on SQLite and on a real PostgreSQL; two minutes
	$(BIN)/python -m pytest -m "not promises" --numprocesses 3 --dist loadgroup $(ARGS)

promises: $(READY) ## Shares of the campaigns, state machines, simulations; about 20 minutes
	$(BIN)/python -m pytest -m promises --numprocesses 3 --dist loadgroup $(ARGS)

check: $(READY) ## ruff, ruff format, mypy --strict, the import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## Measure, as ratios against a bare loop
	$(BIN)/python -m tests.bench $(ARGS)

faults: $(READY) ## Kill, cut and refuse the real bot, and count from outside what arrived
	$(BIN)/python -m tests.faults $(ARGS)

clean: ## Remove what setup made; your data stay
	rm -rf $(VENV) build dist *.egg-info
