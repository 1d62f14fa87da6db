SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test build package crash storms bench profiles shots clean

help: ## Show this list
	@echo "Glassbase: make TARGET"
	@sed -n "s/^\([a-z]*\):.*## /\1|/p" Makefile | awk -F"|" "{ printf \"  %-7s %s\n\", \$$1, \$$2 }"

run: ## Get what is missing, build, and serve the page on 127.0.0.1:8080 (PORT=N for another port)
	@.ci/serve.sh

test: ## Get what is missing and run every check (STAGES="native e2e" for some of them)
	@.ci/test.sh

build: ## Build the static site into dist/, servable from any path
	@.ci/build.sh

package: ## Build the npm package into pkg/
	@.ci/package.sh

crash: ## Fail the power at more moments than make test does, and print what was tried (EFFORT=10)
	@.ci/crash.sh

storms: ## Try more storms on Raft, and more random scripts, than make test does (EFFORT=10)
	@.ci/storms.sh

bench: ## Measure, print a table and write target/bench.json
	@.ci/bench.sh

profiles: ## Compare release profiles on size, engine speed and frame time (ten minutes)
	@.ci/profiles.sh

shots: ## Take screenshots of the page
	@.ci/shots.sh

clean: ## Remove what was built, including the npm packages of the tests
	rm -rf dist pkg target tests/e2e/node_modules tests/e2e/screenshots tests/e2e/.cache
