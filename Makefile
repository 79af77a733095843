# Every target sets itself up into .venv; it needs make and Python 3.11 to 3.13 with venv, no more.
# Another Python: make PYTHON=/path/to/python3.12 demo

BIN = .venv/bin
# a week's cool-off: a poisoned release is usually found within days
LOCK = $(BIN)/uv pip compile --universal --generate-hashes --no-header --no-annotate \
	--no-emit-index-url --python-version 3.11 --quiet --upgrade --exclude-newer "7 days"

.NOTPARALLEL:
.PHONY: help demo test lint bench storm smoke docs lock format clean

help:
	@echo "make demo     backtest the shipped strategies on the shipped prices"
	@echo "make test     run the tests"
	@echo "make lint     check format, lint, types, import floors and house rules"
	@echo "make format   put every file into its format"
	@echo "make bench    run Greenlight beside its peers"
	@echo "make storm    simulate the whole bot in bad weather (SEEDS=1..2000)"
	@echo "make smoke    check a broker's API with your own paper keys (BROKER=alpaca)"
	@echo "make docs     check the links and run the commands of README and docs"
	@echo "make lock     resolve the requirement files anew"
	@echo "make clean    remove .venv and everything generated"

demo: .venv/.warm
	@$(BIN)/greenlight demo

test: .venv/.dev .venv/.warm
	$(BIN)/pytest -n 2

lint: .venv/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest tests/test_house.py

format: .venv/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/.dev .venv/.warm
	$(BIN)/python bench/run.py

SEEDS = 1..2000
storm: .venv/.run .venv/.warm
	$(BIN)/greenlight storm --seeds $(SEEDS)

BROKER = alpaca
smoke: .venv/.dev
	$(BIN)/python scripts/smoke.py $(BROKER)

docs: .venv/.dev .venv/.warm
	$(BIN)/python scripts/write_docs.py
	$(BIN)/pytest tests/docs

lock: .venv/.run
	$(LOCK) pyproject.toml --all-extras --group build --output-file requirements/run.txt
	$(LOCK) pyproject.toml --all-extras --group build --group dev \
		--constraint requirements/run.txt --output-file requirements/dev.txt
	echo uv | $(LOCK) - --output-file requirements/bootstrap.txt

clean:
	rm -rf .venv .bench .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run: pyproject.toml requirements/bootstrap.txt requirements/run.txt scripts/setup.sh
	@sh scripts/setup.sh run
	@touch $@

.venv/.dev: pyproject.toml requirements/bootstrap.txt requirements/dev.txt scripts/setup.sh
	@sh scripts/setup.sh dev
	@touch .venv/.run $@

.venv/.warm: .venv/.run $(wildcard src/greenlight/engine/*.py)
	@$(BIN)/python -m greenlight.engine
	@touch $@
