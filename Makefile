# Everything a developer or an owner does here, each with one word. `make help` lists it.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help setup demo serve test check format docs site pictures lock cassettes plugin bench \
  bench-scale sim sim-release replay planted crash-windows kills races webhooks ssrf fuzz upgrade \
  golden mutation reliability-page sbom audit changelog clean

help: ## Show what there is
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime ## Make .venv with what the product needs
	@echo "Ready: $(BIN)/pef --help"

demo: $(VENV)/.runtime ## Press a store's refund button and watch it being paid
	@$(BIN)/pef demo

serve: $(VENV)/.runtime ## Run the service
	@$(BIN)/pef serve

test: $(VENV)/.dev ## Run all tests
	@$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder

check: $(VENV)/.dev ## Check style, types, import contracts and generated docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(BIN)/python docs/asvs.py --check
	$(RELIABLE) reliability/page.py --check

format: $(VENV)/.dev ## Put the code into shape
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(VENV)/.dev ## Write the reference pages that are made from code
	$(BIN)/python docs/generate.py
	$(BIN)/python docs/asvs.py

site: $(VENV)/.dev ## Build the documentation as a site, in build/site; it needs no network
	$(BIN)/sphinx-build -E -W --keep-going -q -b html -c docs -d build/doctrees . build/site

pictures: $(VENV)/.dev ## Take the README's pictures of the real screens, in Chromium
	$(BIN)/python docs/take_pictures.py

cassettes: $(VENV)/.dev ## Record the HTTP cassettes again, against the sandbox and the fake store
	$(BIN)/python tests/contract/pagoefectivo/record_cassettes.py
	PEF_RECORD_CASSETTES=1 $(BIN)/python -m pytest -q tests/integration/woocommerce/test_woocommerce_cassettes.py

plugin: $(VENV)/.runtime ## Build the WordPress plugin's zip, dist/pef-refunds.zip
	@$(BIN)/python adapters/woocommerce/plugin/build.py

bench: $(VENV)/.dev ## Measure ratios against bare baselines
	$(BIN)/python bench/run.py

bench-scale: $(VENV)/.dev ## Measure a ledger of a million refunds against one of a thousand
	$(BIN)/python bench/scale.py

# What is measured for docs/reliability.md; each target writes reliability/record/NAME.json.
RELIABLE := PYTHONPATH=tests:reliability:$(subst $() $(),:,$(patsubst %/,%,$(wildcard reliability/*/))) \
  $(BIN)/python

sim: $(VENV)/.dev ## Play 10,000 simulated worlds; the last line says how many violations
	@$(BIN)/python -m pef_adapters.testing.simulation run --seeds 10000

sim-release: $(VENV)/.dev ## Play 1,000,000 worlds, for the release record; can be left and taken up again
	@mkdir -p build
	@$(RELIABLE) reliability/sim_release.py --seeds 1000000 --state build/sim-release.json

replay: $(VENV)/.dev ## Tell the story of one simulated world: make replay SEED=17
	@$(BIN)/python -m pef_adapters.testing.simulation replay $(SEED)

planted: $(VENV)/.dev ## Plant known mistakes one by one; the simulation has to see each
	@$(RELIABLE) reliability/planted/planted_faults.py --write

crash-windows: $(VENV)/.dev ## Kill at every place of the engine, with every fault after it
	@$(RELIABLE) reliability/crash_windows/crash_windows.py

kills: $(VENV)/.dev ## Kill web and workers a thousand times under load, and restart PostgreSQL
	@$(RELIABLE) reliability/kills/kills.py

races: $(VENV)/.dev ## Let two workers race for one refund, ten thousand times
	@$(RELIABLE) reliability/kills/kills_races.py

webhooks: $(VENV)/.dev ## Send forged, broken, repeated, shuffled and no webhooks at all
	@$(RELIABLE) reliability/webhooks/webhook_battery.py

ssrf: $(VENV)/.dev ## Try unsafe addresses at every door
	@$(RELIABLE) reliability/hostile/ssrf_run.py

fuzz: $(VENV)/.dev ## Spoil 200,000 answers of rail and platforms
	@$(RELIABLE) reliability/hostile/answer_fuzz.py 200000

upgrade: $(VENV)/.dev ## Run each older release's code on the newest schema, and the reverse, under load
	@$(RELIABLE) reliability/upgrades/upgrade.py --refunds 2000

golden: $(VENV)/.dev ## Replay every recorded history, and carry on refunds that were under way
	@$(RELIABLE) reliability/upgrades/golden.py

mutation: $(VENV)/.dev ## Make small mistakes in core, engine and rail; count what no test notices
	@$(RELIABLE) reliability/mutation/mutation.py --workers 2

reliability-page: $(VENV)/.dev ## Write docs/reliability.md from the record
	@$(RELIABLE) reliability/page.py

sbom: $(VENV)/.dev ## Write the bill of materials, dist/sbom.cdx.json
	@$(BIN)/python reliability/supply_chain/sbom.py

audit: $(VENV)/.dev ## Ask what is known to be vulnerable among what is locked
	@$(BIN)/python reliability/supply_chain/audit.py

lock: $(VENV)/.dev ## Pin the newest allowed versions, with hashes and without index addresses
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --group dev $(LOCK) -o requirements/dev.txt
	$(BIN)/uv pip compile --quiet --upgrade pyproject.toml --group build $(LOCK) -c requirements/dev.txt -o requirements/runtime.txt

LOCK := --exclude-newer "1 week" --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

changelog: $(VENV)/.dev ## Show the changelog of the next release
	$(BIN)/towncrier build --draft --version next

clean: ## Remove what was made here
	rm -rf $(VENV) .pef dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making $(VENV)…"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked dependencies…"
	@$(PIP) install --require-hashes -r requirements/runtime.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@echo "Installing what tests and checks need…"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@
