# Weiche needs Go and nothing else to run. Its tests also want node 20 with npm, and
# Chromium, which they install where they may. What check, fmt and
# generate need beside it is pinned in tools/go.mod and built into bin/ once.
#
# Variables, for every target that has a use for them:
#   ARGS=...       goes to the command, as in make test ARGS='-run Link'
#   FUZZTIME=10s   how long each Fuzz target runs
#   FUZZ=...       only the Fuzz targets whose "package Name" matches

SHELL     := /bin/bash
FUZZTIME  ?= 10s
WEICHE    := go run weiche/services/cmd/weiche
CHECKS    := inherit,ST1000,ST1020,ST1021,ST1022
UNBOUNDED := -count=1 -timeout=0

# The product is built without cgo, and so is what is tested.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

help: ## print this
	@awk -F ':.*## ' '/^##: / { print "\n" substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

##: Run

demo: ## play the story with simulated providers, and stay up
	$(WEICHE) demo $(ARGS)

serve: ## start Weiche on this machine, with its data in ./data
	$(WEICHE) serve $(ARGS)

##: Test

test: ## run the tests of all modules, with Go, node and npm
	@tools/test.sh $(ARGS)

race: ## the same under the race detector (needs a C compiler)
	@CGO_ENABLED=1 tools/test.sh -race $(ARGS)

stories: ## play the stories of the semantics, step by step
	go test -count=1 -v$(if $(ARGS), $(ARGS)) weiche/services/story

fuzz: ## run every Fuzz target for FUZZTIME
	@FUZZTIME='$(FUZZTIME)' tools/fuzz.sh '$(FUZZ)'

soak: ## run the fault tests at their nightly size (WEICHE_SOAK=1), for hours
	@grep -rlq WEICHE_SOAK --include='*_test.go' . || { echo 'no test reads WEICHE_SOAK'; exit 1; }
	@WEICHE_SOAK=1 tools/test.sh $(UNBOUNDED) $(ARGS)

bench: ## compare with others side by side; ARGS names the comparisons
	GOWORK=off go -C bench run . $(ARGS)

##: Check

check: lint lint-web check-breaking check-generated check-map check-modules check-words ## everything that a commit has to pass beside the tests
	@echo 'make check: passed'

lint: lint-proto lint-go ## the linters alone

lint-proto: bin/buf
	cd proto && ../bin/buf lint
	cd proto && ../bin/buf format --diff --exit-code

lint-go: bin/staticcheck bin/gofumpt
	go vet work
	bin/staticcheck -checks=$(CHECKS) $$(go list work | grep -v /gen/)
	@unformatted=$$(bin/gofumpt -l .) && [ -z "$$unformatted" ] || { printf '%s\n' "$$unformatted" 'not formatted: run make fmt'; exit 1; }

lint-web: web/node_modules
	cd web && npm run --silent check

check-breaking: bin/buf
	tools/breaking.sh

check-generated: bin/buf web/node_modules
	tools/generated.sh

check-map:
	go test -count=1 weiche/services/importmap

check-modules:
	tools/modules.sh

check-words:
	tools/words.sh

vulncheck: bin/govulncheck ## look for known vulnerabilities; says NOT RUN without their database
	tools/vulncheck.sh

##: Change

fmt: bin/gofumpt bin/buf web/node_modules ## format Go, proto and web
	bin/gofumpt -l -w .
	cd proto && ../bin/buf format -w
	cd web && npm run --silent fmt

generate: bin/buf web/node_modules ## generate code from the proto files, and what is written of settings
	cd proto && ../bin/buf generate
	cd proto && ../bin/buf generate --template buf.web.yaml -o ..
	cd proto && ../bin/buf generate --template buf.openapi.yaml -o ../services/reference
	$(WEICHE) config env > .env.example
	$(WEICHE) config doc > docs/settings.md

bundle: web/node_modules ## make web/dist from web/src
	go run weiche/web/bundle

clean: ## remove what was built; ./data stays
	rm -rf bin
	find . -name '*.test' -o -name '*.prof' | xargs -r rm -f

web/node_modules: web/package-lock.json
	cd web && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

bin/buf:         TOOL = github.com/bufbuild/buf/cmd/buf
bin/gofumpt:     TOOL = mvdan.cc/gofumpt
bin/govulncheck: TOOL = golang.org/x/vuln/cmd/govulncheck
bin/staticcheck: TOOL = honnef.co/go/tools/cmd/staticcheck

bin/buf bin/gofumpt bin/govulncheck bin/staticcheck: tools/go.mod tools/go.sum
	GOWORK=off go -C tools build -o ../$@ $(TOOL)
	@touch $@

.PHONY: help demo serve test race stories fuzz soak bench check lint lint-proto lint-go lint-web bundle \
	check-breaking check-generated check-map check-modules check-words vulncheck fmt generate clean
