# Two commands do everything on a fresh machine: `make demo` and `make test`.
# Both install into $(VENV) first. Variables:
#   PYTHON  the Python to build the environment with (3.11 or later)
#   VENV    where the environment goes
#   TORCH   cpu, or a build as uv names it: cu130, cu128, auto (see README, "On a GPU")

PYTHON ?= python3
VENV ?= .venv
TORCH ?= cpu

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
STAMP := $(VENV)/.installed-$(TORCH)

.PHONY: help install demo test docs lint format nightly bench clean

help:
	@echo "make demo     install, then sample -> train -> benchmark -> report (5 to 15 minutes)"
	@echo "make test     install, then lint, types, import rules and all tests"
	@echo "make docs     install, then the site with executed tutorials into build/docs; a warning is an error"
	@echo "make nightly  install, then all tests on new random examples, and those too long for every run"
	@echo "make bench    install, then the timed comparisons"
	@echo "make format   install, then let ruff write the code's layout"

install: $(STAMP)

# Python compiles what is imported when it is; compiling all of it beforehand takes half of the installation's time.
# Hence it must be let to: where this variable is set, every process of a test compiles torch and FiftyOne again.
export PYTHONDONTWRITEBYTECODE =

# torch comes first and from one place: an unconstrained resolver swaps a CPU build for a CUDA one of several GB.
# Where pip finds no build marked +cpu, uv fetches one from PyTorch's own index.
$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --no-compile --upgrade pip
	@if [ "$(TORCH)" = cpu ] && $(PIP) install --quiet --no-compile -c constraints.txt "$$(grep '^torch==' constraints.txt)+cpu" torchvision 2>/dev/null; \
	then echo "torch: CPU build"; \
	else $(PIP) install --quiet --no-compile -c constraints.txt uv && \
	  $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend $(TORCH) -c constraints.txt torch torchvision; fi
	$(PIP) install --quiet --no-compile -c constraints.txt -e '.[all,dev]'
	@touch $@

demo: install
	$(BIN)/wutdet demo

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# In two processes, a file of tests in one of them: most of the tests keep one core busy.
test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile

docs: install
	$(PIP) install --quiet --no-compile -c constraints.txt -e '.[docs]'
	$(BIN)/python -m sphinx -W --keep-going -q -b html docs build/docs

nightly: install
	WUTDET_HYPOTHESIS=random $(BIN)/python -m pytest
	WUTDET_HYPOTHESIS=random $(BIN)/python -m pytest -m nightly

bench: install
	$(BIN)/python tests/benchmarks/bench_scenarios.py
	$(BIN)/python tests/benchmarks/bench_scores.py build/bench-scores --images 20000
	$(BIN)/python tests/benchmarks/bench_rereads.py build/bench-scores --skip-table
	$(BIN)/python tests/benchmarks/bench_voc.py build/bench-voc --images 20000

format: install
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
