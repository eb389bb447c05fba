# Two commands do everything: `make run` and `make test`. Both make the environment first.
PYTHON ?= $(shell command -v python3.11 || command -v python3.12 || command -v python3.13 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: setup run example test test-slow lint format peers bench gallery response validation pages schemas lock clean

setup: $(STAMP)

$(STAMP): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 13) else f"Python 3.11 to 3.13 is needed; {sys.executable} is {v[0]}.{v[1]}. Say which one: make PYTHON=/path/to/python3.12")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { test "$$(id -u)" = 0 && apt-get install --yes --quiet python3-venv; } || { echo "Python's venv module is missing: sudo apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# The clinic in a browser; prints its address and, the first time, a link for the owner.
run: setup
	@$(BIN)/cryomassage-clinic run $(ARGS)

# One plan from a file, without a browser.
example: setup
	@$(BIN)/cryomassage plan examples/acne-ln2-swab.toml --out out/example
	@echo "Open the report in a browser: file://$(CURDIR)/out/example/report.html"

# Everything once, then what hangs on the database again on a PostgreSQL of its own.
test: setup
	@$(BIN)/python -m tests.support.tools
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile --no-loadscope-reorder
	$(BIN)/python -m tests.support.postgres -- $(BIN)/python -m pytest tests/clinic -m "not slow and not browser and not sqlite and not pages" -n 2 --dist loadfile --no-loadscope-reorder -q

test-slow: setup
	@$(BIN)/python -m tests.support.tools
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m tests.support.postgres -- $(BIN)/python -m pytest tests/clinic -m "(slow or pages) and not browser and not sqlite" -q

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# What the benchmarks are held against; without it they say what they left out.
peers:
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/peers.lock

bench: setup
	$(BIN)/python -m benchmarks.run

gallery: setup
	$(BIN)/python docs/make_gallery.py

# The page on the body's response.
response: setup
	$(BIN)/python docs/make_response.py

# The page of published trials; `cryomassage fit` first where what it rests on has changed.
validation: setup
	$(BIN)/python docs/make_validation.py

# The pictures of the clinic, taken while going the way in a browser.
pages: setup
	@$(BIN)/python -m tests.support.tools
	$(BIN)/python docs/make_clinic_pages.py

schemas: setup
	$(BIN)/python -c "from pathlib import Path; from cryomassage.interchange.json_schema import write_schemas; write_schemas(Path('docs/schemas'))"

# Needs uv on the path; the locks name no registry.
lock:
	uv pip compile pyproject.toml --extra clinic --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/run.lock
	uv pip compile pyproject.toml --extra clinic --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/dev.lock
	uv pip compile --group peers --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/peers.lock

clean:
	rm -rf $(VENV) .venv-peers out .pytest_cache .mypy_cache .ruff_cache .hypothesis
