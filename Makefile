# make bench [SUITE=quick]   measure          make test      tests, with the real tools
# make check                 lint and types   make test-all  those too that take longer
#                                             make clean     remove environments and caches
# Everything that is missing is set up first: uv in .tools, and an environment of its own for the harness and for each tool.

SUITE ?= quick
ARGS ?=
# By its own path, not by that of a shim: uv would take it for another one, and replace a whole environment for a changed line.
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; (3, 11) <= sys.version_info[:2] <= (3, 13) or sys.exit(1); print(sys.executable)' 2>/dev/null && break; done)
UV := $(or $(shell command -v uv),$(CURDIR)/.tools/bin/uv)
TOOLS := $(patsubst implementations/%/pyproject.toml,%,$(wildcard implementations/*/pyproject.toml))
READY := .venv/ready $(TOOLS:%=implementations/%/.venv/ready)

# Compiled now, lest the first run of a tool pay for it. No interpreter is ever fetched: the one that runs make is used.
export UV_COMPILE_BYTECODE = 1
export UV_PYTHON_DOWNLOADS = never

.PHONY: bench test test-all check exercise format fuzz report clean setup

bench: setup
	.venv/bin/orchbench run --suite $(SUITE) $(ARGS)

# Servers take their time to start, so three tests run at once; but for those that measure. See docs/testing.md.
test: CHOICE = and not slow
test test-all: setup
	.venv/bin/python -m pytest -q -n 3 --dist loadgroup --no-loadscope-reorder -m "not alone $(CHOICE)"
	.venv/bin/python -m pytest -q -m "alone $(CHOICE)"

check: .venv/ready
	.venv/bin/ruff check -q
	.venv/bin/ruff format -q --check
	.venv/bin/mypy
	@# The types of the tools and of the numeric stack are not in this environment: what comes from them is Any here.
	MYPYPATH=shared/src .venv/bin/mypy --ignore-missing-imports --allow-subclassing-any --allow-untyped-decorators \
		--no-warn-unused-ignores shared/src/churn $(TOOLS:%=implementations/%/src) tests/pattern_fakes/src/faulty_patterns.py
	@# Apart, because each of its folders has a check.py, and each of theirs a pipeline.py.
	MYPYPATH=shared/src .venv/bin/mypy --explicit-package-bases --ignore-missing-imports --allow-subclassing-any \
		--allow-untyped-decorators course
	.venv/bin/lint-imports --no-cache >/dev/null || .venv/bin/lint-imports --no-cache

# make fuzz [MUTATIONS=10000] [SEED=1]   what strangers may do to a run folder; see tests/test_strange_folders.py
fuzz: MUTATIONS ?= 10000
fuzz: SEED ?= 1
fuzz: .venv/ready implementations/plain/.venv/ready
	ORCHBENCH_MUTATIONS=$(MUTATIONS) ORCHBENCH_SEED=$(SEED) .venv/bin/python -m pytest -q -rP tests/test_strange_folders.py

# make exercise EXERCISE=retries TOOL=...   see course/README.md; ARGS=solution runs the solution
exercise: .venv/ready $(patsubst %,implementations/%/.venv/ready,$(filter $(TOOL),$(TOOLS)))
	@test -n "$(EXERCISE)" -a -n "$(TOOL)" || { echo "which one, and with which tool? EXERCISE=retries TOOL=plain"; exit 2; }
	@.venv/bin/python course/exercise.py course/$(EXERCISE) $(TOOL) $(ARGS)

format: .venv/ready
	.venv/bin/ruff check -q --fix
	.venv/bin/ruff format -q

# make report [RUN=reports/2026-...]   the latest finished run, where none is named; the shell must not read what a name says
ifneq ($(origin RUN),undefined)
override export RUN := $(value RUN)
endif
report: .venv/ready
	@run="$${RUN:-$$(grep -ls '"finished": true' reports/20*/run.json | sort | tail -n 1)}"; \
	test -n "$$run" || { echo "no finished run is called reports/20...: measure one with make bench, or name one with RUN=..."; exit 2; }; \
	.venv/bin/orchbench report "$${run%/run.json}"

clean:
	rm -rf .venv .tools .mypy_cache .pytest_cache .ruff_cache implementations/*/.venv
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(READY)

define sync
	@test -n "$(PYTHON)" || { echo "orchbench needs Python 3.11, 3.12 or 3.13 on the PATH"; exit 2; }
	@echo "setting up $(@D)"
	@cd $(dir $(@D)) && $(UV) sync --frozen --quiet --python $(PYTHON)
	@touch $@
endef

.venv/ready: uv.lock pyproject.toml shared/pyproject.toml | $(UV)
	$(sync)

implementations/%/.venv/ready: implementations/%/uv.lock implementations/%/pyproject.toml shared/pyproject.toml | $(UV)
	$(sync)

# By hash, and not by a source archive, whose build would bring more. A uv of the reader's own is taken as it is.
$(CURDIR)/.tools/bin/uv: .ci/requirements.txt
	@test -n "$(PYTHON)" || { echo "orchbench needs Python 3.11, 3.12 or 3.13 on the PATH"; exit 2; }
	@echo "bringing uv into .tools"
	@$(PYTHON) -m venv --clear .tools && .tools/bin/python -m pip install --quiet --require-hashes --only-binary :all: -r $<
	@touch $@
