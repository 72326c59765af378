# `make demo` and `make test` set up by themselves; nothing but CPython >= 3.11, pip, make and git is needed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo chat test lint docs clean

setup: .venv/.ready

.venv/.ready: pyproject.toml reference_chat/pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --editable "./reference_chat[postgres,redis]" --group dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --target .venv/plugins --group plugins
	@touch $@

demo: setup
	@$(BIN)/python -m demo

# a user logs in and gets an answer: http://127.0.0.1:8000, data in chat-data/, no key needed
chat: setup
	@$(BIN)/python -m reference_chat

# one process per core: the tests wait for processes more than they compute; a file's tests stay together, for they share fixtures
test: setup lint
	$(BIN)/python -m pytest -q --numprocesses=auto --maxprocesses=4 --dist=loadfile

lint: setup
	$(BIN)/ruff check --quiet
	$(BIN)/ruff format --check --quiet
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache > .lint-imports.log 2>&1 || { cat .lint-imports.log; exit 1; }
	@rm -f .lint-imports.log

docs: setup
	$(BIN)/python docs/refresh.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
