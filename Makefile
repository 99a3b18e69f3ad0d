# Every target works on a fresh clone with Go, git and make; those that need more say so.

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
COMMIT  ?= $(shell git rev-parse -q --verify HEAD 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X qlikbridge/bridge.release=$(VERSION) -X main.linked=$(COMMIT)
TAG     ?= dev
FUZZTIME ?= 2m

STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0
HELM_MODULE := helm.sh/helm/v3/cmd/helm@v3.22.0
KUBE_SCORE  := github.com/zegl/kube-score/cmd/kube-score@v1.20.0

.DEFAULT_GOAL := build
.PHONY: help build run test test-kafka race lint vulnerabilities generate fuzz bench footprint spooling chaos chaos-short mutants interop consumers compose-test test-browser bench-filter bench-deliver lint-helm test-k8s image clean

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 18

build: ## bin/qlik-bridge, one static binary
	@mkdir -p bin/spool # the image's, empty
	CGO_ENABLED=0 go build -trimpath -ldflags '$(LDFLAGS)' -o bin/qlik-bridge ./cmd/qlik-bridge

run: build ## everything in one process: signed events become CloudEvents on Kafka topics, printed as they arrive; DEV for flags
	bin/qlik-bridge dev $(DEV)

test: ## unit and end-to-end tests on the embedded Kafka; needs nothing else
	go test -short ./...

test-kafka: build ## the conformance suite and the end-to-end tests on a real Kafka (JDK and Maven, or Docker, or KAFKA_BROKERS)
	REAL_KAFKA=1 REQUIRE_KAFKA=1 go test -count=1 -timeout 15m -p 1 ./bridge/kafkatest ./bridge/kafka ./bridge/consumer
	REAL_KAFKA=1 REQUIRE_KAFKA=1 go test -count=1 -timeout 15m ./cmd/qlik-bridge -run 'Kafka|Hostile|Memory' # the others were run by test

test-browser: ## events followed by a real browser (Chromium)
	REQUIRE_BROWSER=1 go test -count=1 ./bridge/sse -run Browser

race: ## the short tests under the race detector
	go test -short -race ./topics ./bridge/...

lint: ## gofmt, go vet, staticcheck, shellcheck where it is installed
	@test -z "$$(gofmt -l cmd bridge topics helm examples)" || { gofmt -l cmd bridge topics helm examples; echo 'not formatted: run gofmt -w'; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	@if command -v shellcheck >/dev/null; then shellcheck -x .ci/run .ci/mutate .ci/compose-test .ci/vulnerabilities .ci/lint-helm .ci/image-check .ci/interop/run; else echo 'SKIP shellcheck: not installed'; fi

lint-helm: bin/tools/helm bin/tools/kube-score ## the chart: helm lint, kube-score, golden renders, what its schema refuses (helm is built once: a minute or two)
	HELM=$(CURDIR)/bin/tools/helm KUBE_SCORE=$(CURDIR)/bin/tools/kube-score .ci/lint-helm

bin/tools/helm:
	GOBIN=$(CURDIR)/bin/tools CGO_ENABLED=0 go install $(HELM_MODULE)

bin/tools/kube-score:
	GOBIN=$(CURDIR)/bin/tools CGO_ENABLED=0 go install $(KUBE_SCORE)

vulnerabilities: ## known vulnerabilities in what the binary reaches; says SKIP where the database cannot be reached
	.ci/vulnerabilities $(GOVULNCHECK)

generate: ## the pages that are made from the code
	go test ./topics -run ReferencePage -update
	go test ./bridge/app -run ReferencePages -update
	go test ./examples -run ConsumersPage -update
	HELM=$(CURDIR)/bin/tools/helm go test ./helm -run 'ValuesTable|Golden' -update # without helm: the table alone

fuzz: ## FUZZTIME (2m) for each fuzz target
	go test ./bridge -run '^$$' -fuzz '^FuzzNormalise$$' -fuzztime $(FUZZTIME)
	go test ./bridge -run '^$$' -fuzz '^FuzzVerify$$' -fuzztime $(FUZZTIME)
	go test ./bridge/spool -run '^$$' -fuzz '^FuzzRecovery$$' -fuzztime $(FUZZTIME)
	go test ./bridge/filter -run '^$$' -fuzz '^FuzzFilter$$' -fuzztime $(FUZZTIME)
	go test ./bridge/filter -run '^$$' -fuzz '^FuzzMatchJSON$$' -fuzztime $(FUZZTIME)
	go test ./bridge/marks -run '^$$' -fuzz '^FuzzParse$$' -fuzztime $(FUZZTIME)
	go test ./bridge/deliver -run '^$$' -fuzz '^FuzzTemplate$$' -fuzztime $(FUZZTIME)

bench: build ## the bridge beside a bare baseline on the same real Kafka (JDK and Maven); BENCH for flags
	go build -o bin/bench ./cmd/bench
	bin/bench $(BENCH)

footprint: build ## binary size, start time and idle memory (JDK and Maven)
	go build -o bin/bench ./cmd/bench
	bin/bench -footprint

spooling: build ## the bridge with Kafka, and while Kafka is away (JDK and Maven); BENCH for flags
	go build -o bin/bench ./cmd/bench && bin/bench -spooling $(BENCH)

bench-filter: build ## the consumer library, of one type in fifty, beside a bare franz-go consumer (JDK and Maven); BENCH for flags
	go build -o bin/bench ./cmd/bench && bin/bench -filter $(BENCH)

bench-deliver: build ## deliver with 20 subscriptions, three sinks bad, and none (JDK and Maven); BENCH for flags
	go build -o bin/bench ./cmd/bench && bin/bench -deliver $(BENCH)

chaos: build ## the promise, under every fault there is a scenario for (20 minutes; JDK and Maven, root for some); CHAOS for flags
	go build -o bin/chaos ./cmd/chaos
	bin/chaos $(CHAOS)

chaos-short: build ## the same in under 5 minutes, without root
	go build -o bin/chaos ./cmd/chaos
	bin/chaos -short $(CHAOS)

mutants: ## builds that break the promise, and the tests that catch them
	.ci/mutate

interop: build ## records read by kcat, Python, Java and Go, with SDKs that are not ours; and what consumers does
	.ci/interop/run

consumers: build ## the programs of docs/consumers.md at the same time, on a real Kafka: each has every event of its types and no other
	.ci/interop/run subscribers

compose-test: build ## docker-compose.yml run for real (Docker with compose)
	.ci/compose-test

image: build ## qlik-bridge:$(TAG), from scratch, non-root, 35 MB at most (Docker)
	docker build -t qlik-bridge:$(TAG) .
	.ci/image-check qlik-bridge:$(TAG)

test-k8s: ## the chart on the Kubernetes that KUBECONFIG names, run on its node: docs/kubernetes.md (JDK and Maven, kubectl, helm, the image); K8S for flags
	go build -o bin/k8s-test ./cmd/k8s-test
	bin/k8s-test $(K8S)

clean: ## remove what was built
	rm -rf bin
