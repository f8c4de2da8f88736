# What one can do here. `make` alone prints the list.

SEEDS  ?= 1000 ## how many random runs:  make simulate SEEDS=20
N      ?= 1 ## how many processors:  make start-processor N=3
PEERS  ?= ## 1: Kafka Streams in turn with ours, by bench.sh in PEERS_DIR:  make bench PEERS=1
BENCH  ?= ## flags of bench:  make bench BENCH="-work zipf -runs 1"
RUNNER ?= auto ## what is started runs in, docker or host:  make start-kafka RUNNER=host
BROKERS ?= ## 1 or 3 Kafka brokers:  make start-kafka BROKERS=3
DURATION ?= 1h ## how long:  make soak DURATION=10m
ARCH   ?= own ## whose machine the Lambda is for, own, arm64 or x86_64:  make build-lambda ARCH=arm64

# Settings of the programs (docs/settings.md) come from the environment and from config/.env, which
# is chosen by cp config/.env.dev config/.env. Only what runs gets them: tests have their own.
ENV := deploy/env.sh

.DEFAULT_GOAL := help
.PHONY: help
help: ## this list
	@awk -F '[:?].*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@awk -F ' *[?]= *| *## *' '/^[A-Z]+ *[?]=.*## / { printf "  %-21s %s (%s)\n", $$1, $$3, $$2 }' $(MAKEFILE_LIST)

# The whole path in one process.

.PHONY: run
run: build ## count likes: everything in one process, Kafka included
	@$(ENV) dist/standalone

.PHONY: demo
demo: build ## the same with 2-second minutes, likes of its own, and nothing kept
	@$(ENV) deploy/demo.sh

.PHONY: watch
watch: ## print running and final counts as they come, from localhost:9094
	@$(BUILD_PLAIN) ./standalone/watch
	@$(ENV) dist/watch

# A real Kafka and the programs, in containers or as processes. What was started stays until it is stopped.
START   = RUNNER=$(RUNNER) BROKERS=$(BROKERS) $(ENV) deploy
ON_HOST = [ "$$($(START)/start.sh runner)" = docker ] ||

.PHONY: start-kafka
start-kafka: ## Apache Kafka 4.1.1 at localhost:9094; with BROKERS=3 also :9095 and :9096
	@$(START)/kafka/start.sh

.PHONY: stop-kafka
stop-kafka: ## stop it; its data stays
	@$(ENV) deploy/kafka/stop.sh

.PHONY: start-producer
start-producer: ## the API on :3000
	@$(ON_HOST) { $(BUILD_PLAIN) ./functions; }
	@$(START)/start.sh producer

.PHONY: stop-producer
stop-producer: ## stop it
	@deploy/stop.sh producer

.PHONY: start-gateway
start-gateway: ## the gateway on :8000; ready once it has read all counts
	@$(ON_HOST) { $(BUILD_PLAIN) ./gateway; }
	@$(START)/start.sh gateway

.PHONY: stop-gateway
stop-gateway: ## stop it
	@deploy/stop.sh gateway

.PHONY: start-processor
start-processor: ## N processors, number i with state of its own
	@$(ON_HOST) $(MAKE) --no-print-directory build
	@$(START)/start.sh processor $(N)

.PHONY: stop-processor
stop-processor: ## stop all of them
	@deploy/stop.sh processor

.PHONY: logs
logs: ## follow the logs of all of these, until Ctrl-C
	@deploy/logs.sh

# The API as a Lambda, in the foreground.

.PHONY: start-serverless
start-serverless: ## the Lambda by serverless offline, http://localhost:3000/dev; needs Node.js
	@deploy/deps.sh go
	@deploy/lambda.sh own
	@$(ENV) deploy/serverless.sh

.PHONY: start-sam
start-sam: ## the Lambda by AWS SAM, http://localhost:3000; needs Docker and sam
	@deploy/deps.sh go
	@deploy/lambda.sh $$(uname -m)
	@$(ENV) deploy/sam.sh

# Is it right?

.PHONY: test
test: deps ## all tests, race detector on; needs no broker
	go test -race ./...

.PHONY: test-kafka
test-kafka: deps ## exactly once on a real Kafka, under kill -9: some six minutes
	go test ./chaos -count 1 -timeout 15m -v -args -kafka

.PHONY: soak
soak: deps ## DURATION on a real Kafka at 1,000 likes/s: are memory, goroutines and disk flat?
	go test ./chaos -run TestSoak -count 1 -timeout 0 -v -args -soak $(DURATION) -keep $(CURDIR)/data/soak

.PHONY: test-clients
test-clients: ## other people's Socket.IO clients, from their registries, on a real gateway
	@deploy/deps.sh clients
	@gateway/clients/run
	go test ./gateway/server -run TestClientsOfTheOriginal -count 1 -timeout 10m -args -clients

.PHONY: test-web
test-web: build ## the page: unit tests, then Chromium on the real thing: two or three minutes
	@deploy/web.sh test

.PHONY: check-web
check-web: ## fails when the committed page, web/dist, is not what its sources give
	@deploy/web.sh check

.PHONY: check-platform
check-platform: ## what would be deployed: template.yaml, serverless.yml, the compose files
	@deploy/deps.sh go
	@deploy/check-platform.sh

.PHONY: test-platform
test-platform: ## the fleet in containers, likes by SAM, serverless offline and curl; needs Docker, sam and Node.js
	@deploy/deps.sh go
	@deploy/test-platform.sh

.PHONY: check
check: deps ## format, vet, staticcheck, tidy, and the architecture page against the code
	@deploy/check.sh

.PHONY: simulate
simulate: deps ## SEEDS random runs with crashes, each checked against a plain recount
	go test ./simulation -count 1 -timeout 0 -args -seeds $(SEEDS)

# Is it fast? All measure on a Kafka of their own, from its jars, and print what they found.

.PHONY: bench
bench: build ## likes/s, CPU and memory; three workloads beside a plain consumer
	@go build -o dist/ ./bench
	@PEERS=$(PEERS) deploy/bench.sh bench $(BENCH)

.PHONY: bench-latency
bench-latency: build ## from a like to its acknowledgement, and to its running count, at 5,000 likes/s
	@go build -o dist/bench-latency ./bench/latency
	@deploy/bench.sh bench-latency $(BENCH)

.PHONY: bench-restore
bench-restore: build ## 1,000,000 videos: a restart with nothing on disk, and one with the store
	@go build -o dist/bench-restore ./bench/restore
	@deploy/bench.sh bench-restore $(BENCH)

.PHONY: bench-pane
bench-pane: build ## a pane with 1,000,000 videos: how long its publication takes, and what waits for it
	@go build -o dist/bench-latency ./bench/latency
	@deploy/bench.sh bench-latency -pane 1000000 $(BENCH)

.PHONY: bench-growth
bench-growth: build ## 10,000 to 10,000,000 videos, 3 to 48 partitions: what a like costs
	@go build -o dist/ ./bench
	@deploy/bench.sh bench -growth $(BENCH)

.PHONY: bench-gateway
bench-gateway: build ## 10,000 viewers: memory, CPU and latency, beside the reference server
	@deploy/deps.sh clients
	@go build -o dist/bench-gateway ./bench/gateway
	@deploy/bench-gateway.sh $(BENCH)

.PHONY: bench-function
bench-function: ## the Lambda: its start, a warm like beside a plain produce, its memory; also in SAM's emulator
	@deploy/deps.sh go
	@deploy/lambda.sh own
	@go build -o dist/bench-function ./bench/function
	@emulator=$$(deploy/sam.sh emulator) && deploy/bench.sh bench-function -emulator "$$emulator" $(BENCH)

# Building and tidying up.

.PHONY: deps
deps: ## install what the build needs (RocksDB's library), or say what to install
	@deploy/deps.sh

# A first build downloads and compiles for a minute or two; -v shows that it does.
BUILD       = go build -buildvcs=false $(if $(wildcard dist/standalone),,-v) -o dist/
BUILD_PLAIN = deploy/deps.sh go && CGO_ENABLED=0 $(BUILD)

.PHONY: build
build: deps ## dist/: standalone, watch, functions (the API), processor, gateway
	@$(BUILD_PLAIN) ./functions ./gateway ./standalone/watch
	@$(BUILD) ./processor ./standalone

.PHONY: start-web
start-web: ## the page's development server, beside a gateway that runs
	@deploy/web.sh start

.PHONY: build-web
build-web: ## web/dist anew, which is committed
	@deploy/web.sh build

.PHONY: build-lambda
build-lambda: ## dist/videos/bootstrap and dist/videos.zip, what Lambda runs
	@deploy/deps.sh go
	@deploy/lambda.sh $(ARCH)

.PHONY: clean
clean: ## remove what was built or fetched: dist/
	rm -rf dist

.PHONY: clean-data
clean-data: ## remove all state: data/, and the volumes of containers
	@$(ENV) deploy/clean-data.sh
