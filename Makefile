# Everything a fresh machine needs: `make audit` and `make test` set themselves up.
.PHONY: audit test lint types bench demo peers lock format clean help
PYTHON ?= python3
JOBS ?= 4
# tests that must have the machine to themselves: the SSH client's deadlines of a few seconds; new accounts on this machine
ALONE := tests/access tests/whole/test_accounts.py
BIN := .venv/bin
SAMPLE := build/sample-town
export PYTHON

help:
	@echo "make audit  set up, audit this machine and the sample town, print the paths of the pages"
	@echo "make test   set up, install the test peers (as root on Debian), run all tests"
	@echo "make lint   ruff: rules and format"
	@echo "make types  mypy --strict"
	@echo "make bench  speed, as ratios against a peer in the same run"
	@echo "make demo   write the sample town only ($(SAMPLE))"
	@echo "make lock   pin the dependencies anew (needs uv)"

audit: .venv/run
	$(BIN)/auditor scan --out build/this-machine --fail-on none --max-unknown -1
	rm -rf $(SAMPLE)
	$(BIN)/auditor demo $(SAMPLE)
	$(BIN)/auditor scan $(SAMPLE) --fail-on none --max-unknown -1

demo: .venv/run
	rm -rf $(SAMPLE)
	$(BIN)/auditor demo $(SAMPLE)

# Most tests wait for a server or a time limit, so that more of them at once than there are processors pays off.
test: .venv/dev peers
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist loadfile $(ALONE:%=--ignore %)
	$(BIN)/python -m pytest $(ALONE)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/mypy

bench: .venv/dev peers
	$(BIN)/python -m benchmarks

format: .venv/dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

peers:
	sh tests/peers/install.sh
	sh scripts/peers.sh

lock:
	sh scripts/lock.sh

.venv/%: requirements/%.txt FORCE
	@sh scripts/venv.sh $<

clean:
	rm -rf .venv .peers .mayan build telework-audit

FORCE:
