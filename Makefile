# The two commands to know: make demo, make test. `make help` lists the others.
# Needs Go, make, git, node with npm, and a Debian-like package manager for what the tests install.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The version is the newest tag, or the commit, as Go writes it into the file itself; without git it is unknown.
BUILDVCS := $(if $(shell git describe --always 2>/dev/null),true,false)
BIN := build/bin
PURE := ./internal/fault/... ./internal/money/... ./internal/ident/... ./internal/secret/... ./internal/channel/... ./internal/catalog/... \
	./internal/guard/... ./internal/ledger/... ./internal/merge/... ./internal/plan/... ./internal/policy/... ./internal/pricing/...

# Nothing needs C, except the race detector of test-full.
export CGO_ENABLED := 0
# Official interface descriptions that tests compare with. Where CI=true they must be there.
SPECS_DIR ?= $(realpath ../shared/specs)
export SPECS_DIR

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: build
build: ## build/carpediem, one static file
	go build -trimpath -buildvcs=$(BUILDVCS) -ldflags='-s -w' -o build/carpediem ./cmd/carpediem

.PHONY: demo
demo: build ## everything in one process: shops, buyers, console (ARGS="--for 30s")
	build/carpediem demo $(ARGS)

.PHONY: check
check: lint ## before each commit: form, vet, lint, and the tests of the pure packages
	go test $(PURE) ./internal/archtest/...

.PHONY: fmt
fmt: $(BIN)/golangci-lint ## bring the code into form
	$(BIN)/golangci-lint fmt

# go vet, staticcheck, gofumpt and the others are parts of golangci-lint, in the versions of tools/go.mod.
.PHONY: lint
lint: $(BIN)/golangci-lint ## form, vet and all linters
	$(BIN)/golangci-lint run

.PHONY: test
test: needs $(BIN)/suites $(BIN)/withpg ## everything CI runs, on one PostgreSQL (WITH_LINT=1: make lint too)
	$(BIN)/withpg $(BIN)/suites $(if $(WITH_LINT),-beside 'lint=$(MAKE) --no-print-directory lint')

# CARPEDIEM_SEEDS, CARPEDIEM_CHECKS and CARPEDIEM_FUZZTIME say how much; a whole run takes hours.
.PHONY: test-full
test-full: needs $(BIN)/suites $(BIN)/withpg ## the long suites: race detector, more seeds and cases, fuzzing
	$(BIN)/withpg $(BIN)/suites -full -budget 12h

.PHONY: bench
bench: $(BIN)/withpg $(BIN)/benchstat ## benchmarks into build/bench.txt (BENCH=name, COUNT=5)
	$(BIN)/withpg go test -run '^$$' -bench '$(or $(BENCH),.)' -benchmem -count $(or $(COUNT),5) -timeout 2h ./... | tee build/bench.txt
	$(BIN)/benchstat build/bench.txt

.PHONY: vuln
vuln: $(BIN)/govulncheck ## known vulnerabilities (VULNDB_DIR=folder of OSV files; without it the online database)
	scripts/vuln.sh $(BIN)/govulncheck

.PHONY: needs
needs: ## install what the tests need and is missing: PostgreSQL, foreign stores, a browser
	@scripts/ensure.sh

.PHONY: clean
clean: ## remove what was built
	rm -rf build

# Tools are pinned in tools/go.mod, a module of its own so that they add nothing to ours.
$(BIN)/golangci-lint: TOOL := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(BIN)/govulncheck: TOOL := golang.org/x/vuln/cmd/govulncheck
$(BIN)/benchstat: TOOL := golang.org/x/perf/cmd/benchstat
$(BIN)/golangci-lint $(BIN)/govulncheck $(BIN)/benchstat: tools/go.mod tools/go.sum
	@mkdir -p $(BIN)
	cd tools && GOBIN=$(CURDIR)/$(BIN) go install $(TOOL)
	@touch $@

# Our own test programs: go decides whether there is anything to do.
.PHONY: $(BIN)/suites $(BIN)/withpg
$(BIN)/suites:
	@go build -o $@ ./scripts/suites
$(BIN)/withpg:
	@go build -o $@ ./internal/testkit/pg/withpg
