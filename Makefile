# make run · make test · make test-compiled · make test-pythons · make test-security · make fuzz · make lint · make coverage · make bench · make docs · make lock
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

COMPILED       := .venv-compiled
COMPILED_TESTS := tests/test_compiled.py tests/proto tests/maildrop tests/server tests/stores tests/observe tests/doors \
	tests/accounts/test_answers.py tests/accounts/test_authenticator.py tests/accounts/test_change_sign.py \
	tests/accounts/test_forks.py tests/accounts/test_fresh.py tests/accounts/test_sql.py \
	tests/accounts/test_throttle.py tests/accounts/test_verified.py \
	tests/e2e/test_serve.py tests/e2e/test_stls.py

# What differs from one Python to the next: all but what needs programs of others, other kernels or a long time.
QUICK_TESTS := tests/test_compiled.py tests/test_benchmarks.py tests/test_house.py tests/proto tests/maildrop tests/sasl tests/explain \
	tests/server tests/stores tests/accounts tests/observe tests/doors tests/client tests/delivery tests/submission tests/fetch \
	tests/tap tests/mail_accounts tests/reading tests/config tests/cli tests/e2e/test_serve.py tests/e2e/test_stls.py \
	tests/e2e/test_workers.py

.PHONY: run test test-security test-compiled test-pythons test-quick compiled fuzz lint coverage bench docs lock clean

run: $(VENV)/ready-run
	$(BIN)/restante serve --demo

test: $(VENV)/ready-dev
	@tests/install-peers
	$(BIN)/pytest -n 4 --dist worksteal $(PYTEST_ARGS)

# The compiled build: the wheel in dist/, and .venv-compiled, which has it in the place of the checkout.
compiled: $(COMPILED)/ready

# What touches the compiled modules, on the compiled build.
test-compiled: $(COMPILED)/ready
	@tests/install-peers
	$(COMPILED)/bin/python -m pytest -n 3 --dist worksteal $(COMPILED_TESTS) $(PYTEST_ARGS)

# The quick tests of both builds on each Python found here, or on those in PYTHONS.
test-pythons:
	MAKE=$(MAKE) tests/on-pythons $(PYTHONS)

test-quick: $(VENV)/ready-dev $(COMPILED)/ready
	$(BIN)/pytest -n 3 --dist worksteal $(QUICK_TESTS) $(PYTEST_ARGS)
	$(COMPILED)/bin/python -m pytest -n 3 --dist worksteal $(COMPILED_TESTS) $(PYTEST_ARGS)

# What the server withstands, measured: apart, since it wants the machine for itself.
test-security: $(VENV)/ready-dev
	@tests/install-peers
	$(BIN)/pytest -n 0 tests/security $(PYTEST_ARGS)

# Each fuzzer for a minute, two at a time.
fuzz: $(VENV)/ready-dev
	$(BIN)/python -m tests.fuzz.run $(FUZZ_ARGS)

lint: $(VENV)/ready-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# By branch, the server's own processes too.
coverage: $(VENV)/ready-dev
	$(BIN)/pytest -n 3 --dist worksteal --cov --cov-report=term-missing:skip-covered $(PYTEST_ARGS)

docs: $(VENV)/ready-dev
	$(BIN)/python docs/generate

bench: $(VENV)/ready-dev $(COMPILED)/ready
	$(BIN)/python benchmarks/run.py $(BENCH_ARGS)

$(VENV)/ready-run: requirements/run.txt pyproject.toml
	tests/make-venv $(PYTHON) $(VENV) requirements/run.txt
	@touch $@

$(VENV)/ready-dev: requirements/dev.txt pyproject.toml
	tests/make-venv $(PYTHON) $(VENV) requirements/dev.txt
	@touch $@ $(VENV)/ready-run

$(COMPILED)/ready: $(VENV)/ready-dev hatch_build.py $(shell find src -name '*.py')
	tests/make-compiled $(BIN) $(COMPILED)
	@touch $@

# Needs uv (pip install uv). No index address goes into the lists.
lock:
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --group build pyproject.toml -o requirements/run.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --group compiled -o requirements/compiled.txt
	uv pip compile -q --universal --python-version 3.11 --no-strip-extras --generate-hashes --no-emit-index-url --no-header --group dev --all-extras pyproject.toml -o requirements/dev.txt

clean:
	rm -rf $(VENV) $(COMPILED) dist .mypy_cache .ruff_cache .pytest_cache .coverage*
