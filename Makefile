# Each target does its own set-up; a second time it is there at once.
#   make run        serve; without .env and platform credentials, the sandbox
#   make test       every test, browser, crashes and PostgreSQL included
#   make test-fast  all but those that start the whole service
#   make bench      measure, beside peers
#   make lint       ruff and mypy
#   make setup      only what `make run` needs, into .venv
#   make lock       new lock files from setup.cfg

PYTHON := .venv/bin/python
PIP_INSTALL := $(PYTHON) -m pip install -qq --disable-pip-version-check --require-hashes -r
PYTEST := $(PYTHON) -m pytest --numprocesses 2 --dist loadfile
CREDENTIALS := ^(GITHUB|SLACK|SPOTIFY|DISCORD|LINKEDIN|GOOGLE)_CLIENT_(ID|SECRET)(_FILE)?=.

.PHONY: run test test-fast bench lint setup lock
.DELETE_ON_ERROR:

setup: .venv/.ready

run: .venv/.ready
	@if [ -z "$$SANDBOX" ] && [ ! -e .env ] && ! env | grep -qE '$(CREDENTIALS)'; then \
		echo "No .env and no platform credentials: playing the platforms (SANDBOX=true)."; \
		export SANDBOX=true; \
	fi; \
	exec $(PYTHON) run.py

test: .venv/.ready-test
	@sh deploy/prepare packages chromium postgresql nodejs npm
	@sh deploy/prepare npm_packages
	$(PYTEST)

test-fast: .venv/.ready-test
	@sh deploy/prepare packages postgresql nodejs npm
	@sh deploy/prepare npm_packages
	$(PYTEST) --ignore=tests/e2e -o faulthandler_timeout=120

bench: .venv/.ready-test
	@sh deploy/prepare packages gcc libc6-dev nodejs npm
	@sh deploy/prepare npm_packages
	$(PYTHON) -m tests.bench

lint: .venv/.ready-test
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy

lock: .venv/.ready-test
	sh deploy/lock

.venv/.ready: deploy/requirements.lock
	@sh deploy/prepare venv
	$(PIP_INSTALL) $<
	@touch $@

.venv/.ready-test: deploy/requirements-test.lock
	@sh deploy/prepare venv
	$(PIP_INSTALL) $<
	@touch $@ .venv/.ready
