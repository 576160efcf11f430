# What can be done here; `make` alone lists it. The CI runs `make lint` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

SWIFT ?= swift
PYTHON ?= python3
# Tests use the public interface only (no @testable). So the build that is tested is the build that is
# shipped, and nothing is compiled twice.
# One after the other: Foundation's Process crashed once when several tests started programs at the same moment.
TEST_FLAGS ?= -c release --disable-testable-imports --no-parallel
export BRICKWORK_PYTHON := $(CURDIR)/.venv/bin/python3
BIN := .build/release/brickwork
# Of the checks in `make test-all`.
SEED ?= 1
COUNT ?= 200
KILLS ?= 20
# Of `make memory`: L (6.4 GB of tiles) or XL (34 GB).
SCALE ?= L
# Of `make fuzz`: seconds for each parser, and which ones (all where none is named).
SECONDS_EACH ?= 600
PARSERS ?=
# Of `make bench`; Benchmarks/README.md says what each is.
PEERS ?=
DATASETS ?=
ND2 ?=
PEER_PYTHON ?=
WORK ?= .build/bench
SETS ?= S,M
ROUNDS ?= 5
ONLY ?=
BENCH_FLAGS ?=

.PHONY: help deps build demo venv test memory test-all lint format docs bench sanitize fuzz clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

deps: ## install the system libraries that are missing (apt; prints the names for Homebrew)
	@.ci/dependencies

build: deps ## the command and the library, optimised
	$(SWIFT) build -c release --product brickwork

demo: build ## make six tiles, stitch, export and preview them into demo/
	@$(SWIFT) build -c release --product DemoTiles
	@.ci/demo

.venv/.stamp: Tests/Python/requirements.txt
	@.ci/dependencies --python "$(PYTHON)"
	@"$(PYTHON)" -m venv --clear .venv
	@.venv/bin/python3 -m pip install --quiet --disable-pip-version-check -r $<
	@cp $< $@

venv: .venv/.stamp ## the Python readers that tests compare with, in .venv

test: deps venv ## build and run all tests; count what jobs do; prove that they keep within memory
	@.ci/dependencies --readers
	$(SWIFT) build -c release --build-tests
	@$(SWIFT) test $(TEST_FLAGS)
	.venv/bin/python3 Tests/Python/counts.py $(BIN) .build/check-counts
	.venv/bin/python3 Tests/Python/memory_proof.py $(BIN) .build/check-memory --scale small
	.venv/bin/python3 Tests/Python/memory_proof.py $(BIN) .build/check-memory --scale tiny --smallest

memory: build venv ## SCALE=L: every job under a kernel limit, as root; XL has more tiles than memory (22 GB of disk)
	.venv/bin/python3 Tests/Python/memory_proof.py $(BIN) .build/check-memory --scale $(SCALE)

test-all: test ## the tests, then the slow checks: layouts, kills, damage
	BRICKWORK_SLOW=1 $(SWIFT) test $(TEST_FLAGS)
	@$(SWIFT) build -c release --product DemoTiles
	.venv/bin/python3 Tests/Python/random_layouts.py $(BIN) --count $(COUNT) --seed $(SEED)
	.build/release/DemoTiles .build/check-tiles
	.venv/bin/python3 Tests/Python/kill_test.py $(BIN) --data .build/check-tiles --kills $(KILLS)
	.venv/bin/python3 Tests/Python/damage_test.py $(BIN) .build/check-tiles
	$(BIN) stitch .build/check-tiles/*.tif -o .build/check-store.ome.zarr --overwrite --quiet
	.venv/bin/python3 Tests/Python/export_kill_test.py --kills $(KILLS) --updates 10 --full 0 $(BIN) .build/check-store.ome.zarr

lint: ## check the formatting rules
	$(SWIFT) format lint --strict --parallel -r Sources Tests Package.swift

format: ## apply the formatting rules
	$(SWIFT) format --in-place --parallel -r Sources Tests Package.swift

docs: deps ## the reference of the library as web pages, in .build/documentation
	@.ci/documentation

bench: build ## PEERS= DATASETS= WORK= [SETS=S,M] [ROUNDS=5] [ONLY=] [PEER_PYTHON=]: beside other programs
	$(SWIFT) build --package-path Benchmarks -c release --scratch-path .build-benchmarks
	@"$(PYTHON)" Benchmarks/suite --brickwork $(BIN) --readers .build-benchmarks/release --work "$(WORK)" \
	  --peers "$(PEERS)" --datasets "$(DATASETS)" --nd2 "$(ND2)" --peer-python "$(PEER_PYTHON)" \
	  --sets "$(SETS)" --rounds "$(ROUNDS)" --only "$(ONLY)" $(BENCH_FLAGS)

sanitize: deps venv ## the tests under the address and the thread sanitizer (slow: unoptimised)
	$(SWIFT) test --scratch-path .build-address --sanitize address
	$(SWIFT) test --scratch-path .build-thread --sanitize thread

fuzz: deps venv ## SECONDS_EACH=600 PARSERS=: damaged bytes for every parser, under the address sanitizer
	SECONDS_EACH=$(SECONDS_EACH) Tests/Fuzz/run.sh .venv/bin/python3 $(PARSERS)

clean: ## delete everything that was built
	rm -rf .build .build-* .venv demo
