# Each check has its command line here and nowhere else; .ci/run runs the same ones.
#
#   make env     the environment with everything that the checks need
#   make check   what every commit must pass, except the slow tests

PYTHON ?= python3
VENV ?= .venv

.PHONY: env format lint types test test-slow check clean

env:
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/pip install --quiet -e '.[test]'

# Made by `make env` if there is none yet.
$(VENV)/bin/pytest:
	$(MAKE) env

format lint types test test-slow: | $(VENV)/bin/pytest

# Rewrites files; `make lint` only says what is wrong.
format:
	$(VENV)/bin/ruff format .

lint:
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .

types:
	$(VENV)/bin/mypy

# The line that README gives under "Run the tests"; a test holds the two together.
test:
	$(VENV)/bin/python -m pytest

# Long runs, installations on each Python, statistics over many runs.
test-slow:
	$(VENV)/bin/python -m pytest -m slow

check: lint types test

# Caches and what was built. The environment, logs and results stay.
clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
