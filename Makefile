# `make demo` and `make test` set up by themselves; nothing but CPython >= 3.11, pip, make and git is needed.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
# what the tests start, they start hundreds of times: without byte code, that would be read and compiled each time
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo chat matrix test lint docs clean

setup: .venv/.ready

.venv/.ready: pyproject.toml reference_chat/pyproject.toml
	$(PYTHON) -m venv .venv
	$(PIP) --upgrade "pip>=25.1"
	{ $(PIP) --upgrade --target .venv/plugins --group plugins && $(PIP) --upgrade --target .venv/apart --group apart; } & plugins=$$!; \
	$(PIP) --editable . --editable "./reference_chat[postgres,redis]" --group dev && wait $$plugins
	@touch $@

demo: setup
	@$(BIN)/python -m demo

# a user logs in and gets an answer: http://127.0.0.1:8000, data in chat-data/, no key needed
chat: setup
	@$(BIN)/python -m reference_chat

# every fault of the golden path, planted: which check notices it, by which rule; on SQLite, and on PostgreSQL with Redis
matrix: setup
	@$(BIN)/python -m golden_path

define LINT
$(BIN)/ruff check --quiet && \
$(BIN)/ruff format --check --quiet && \
$(BIN)/mypy && \
{ $(BIN)/lint-imports --no-cache > .lint-imports.log 2>&1 || { cat .lint-imports.log; false; }; } && \
rm -f .lint-imports.log
endef

# three processes at least, four at most: the tests wait for processes more than they compute
WORKERS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ $$n -lt 3 ] && n=3; [ $$n -gt 4 ] && n=4; echo $$n)

# a file's tests stay together, for they share
# fixtures, and long files come first (tests/conftest.py). The lint runs beside them and says at once what it finds.
test: setup
	@$(BIN)/python -m compileall -q src demo reference_chat/src
	@{ $(LINT); } & lint=$$!; tests=0; \
	$(BIN)/python -m pytest -q --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder || tests=$$?; \
	wait $$lint || { echo "the lint fails; what it says stands above" >&2; exit 1; }; \
	exit $$tests

lint: setup
	@$(LINT)

docs: setup
	$(BIN)/python docs/refresh.py

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
