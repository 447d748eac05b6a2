# Everything starts here. Needs make and a Python 3.11, 3.12 or 3.13; PYTHON=… names another one.
PYTHON ?= python3
RUN = .venv/bin/python

.PHONY: help setup dev up test check bench storm soak clean

help:
	@echo "make up      the whole bot and its workbench, at http://localhost:3000"
	@echo "make test    every test"
	@echo "make check   format, lint, types, imports, locks, audit"
	@echo "make bench   figures: throughput, latency, start-up, memory"
	@echo "make storm   kill things at random while orders and presses come in; nothing may be lost"
	@echo "make soak    the same load for ten minutes (SECONDS=…); memory must stay flat"
	@echo "make setup   what all of these begin with"
	@echo "make clean   remove what was built; keeps .countersign (data and keys) and .env"

setup:
	@$(PYTHON) -m bot.setup

dev:
	@$(PYTHON) -m bot.setup dev

up: setup
	@exec .venv/bin/countersign up

test: dev
	@exec $(RUN) -m bot.setup.tests

check: dev
	@exec $(RUN) -m bot.setup.check

bench: dev
	@exec $(RUN) tests/bench

storm: dev
	@$(RUN) -m tests.faults.storm
	@exec $(RUN) -m tests.faults.presses

soak: dev
	@exec $(RUN) -m tests.bench.soak

clean:
	rm -rf .venv bot/workbench/page/dist bot/workbench/page/node_modules .mypy_cache .ruff_cache .pytest_cache
