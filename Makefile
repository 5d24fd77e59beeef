# `make` builds .venv by itself and again when the pins change.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PY := .venv/bin/python -W ignore
DECK := .venv/bin/python -m driftdeck
MONITOR ?= flights
DATE ?=
PACE ?= 10
FORMAT ?=
IN = $(if $(FORMAT),--format $(FORMAT))
LIVE_PORT := 3001
LIVE_STACK ?= $(CURDIR)/.stack/live
# A project of its own, with its own ports, folders and clock: what it plays moves nobody else's.
# Without Docker.
LIVE := env DRIFTDECK_PROJECT=$(CURDIR)/examples/flights/live/house PYTHONPATH=$(CURDIR) \
	RUNTIME=$(if $(or $(GRAFANA_BIN),$(shell command -v grafana)),grafana,embedded) \
	STACK_DIR=$(LIVE_STACK) PROVISIONING_DIR=$(LIVE_STACK)/provisioning \
	POSTGRES_PORT=5434 GRAFANA_PORT=$(LIVE_PORT) EVIDENTLY_PORT=8001
# Whoever deletes an example keeps all that does not need it.
LINTED := driftdeck benchmarks soak $(if $(wildcard examples/__init__.py),examples)
FLIGHTS := $(wildcard examples/flights/__init__.py)
SERVED := $(wildcard examples/flights/live/__init__.py)
PEERS := $(patsubst %,.stack/bench/%/ready,nannyml whylogs frouros)
.PHONY: help new up down status verify look password uri preview build check diff plan apply pull explain collect backfill due cron prefect report calibrate collectors-status forget demo-live demo-live-down dummy test bench soak bench-peers record lint notebook requirements pre-commit clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1m%-18s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/ready: requirements.txt
	@$(PYTHON) scripts/venv.py requirements.txt

new: .venv/ready ## Make a monitor of your data: make new NAME=churn FROM=path [ARGS="--time at"]
	@$(DECK) new $(NAME) --from '$(FROM)' $(ARGS)
	@$(DECK) build

up: .venv/ready ## Start everything: database, a year of data, dashboards; verify it
	@$(DECK) up

down: .venv/ready ## Stop everything, keep the data
	@$(DECK) down

status: .venv/ready ## Say what runs, and where
	@$(DECK) status

verify: .venv/ready ## Prove datasource, dashboards, every query and every rule
	@$(DECK) verify $(IN)

look: .venv/ready ## See every dashboard of a running Grafana in a browser; keep pictures
	@$(DECK) look

password: .venv/ready ## Set Grafana's admin password to GRAFANA_ADMIN_PASSWORD
	@$(DECK) password

uri: .venv/ready ## Print the database's connection URI
	@$(DECK) uri

preview: .venv/ready ## Draw the dashboards without Grafana; SERVE=1: as you write; BASE=main: what changes
	@$(DECK) preview $(if $(SERVE),--serve) $(if $(BASE),--base $(BASE))

build: .venv/ready ## Write what Grafana reads from monitors/ and dashboards_src/; FORMAT=v2: with tabs
	@$(DECK) build $(IN)
	@PYTHONPATH=. $(PY) scripts/declare_page.py && PYTHONPATH=. $(PY) scripts/preflight_table.py

check: .venv/ready ## Fail if a built file or a threshold is stale
	@$(DECK) check

diff: .venv/ready ## What the source changes, by panel and field: make diff BASE=main
	@$(DECK) diff $(BASE)

plan: .venv/ready ## What differs in a live Grafana, hand edits too (any GRAFANA_URL); exit 3 if so
	@$(DECK) plan $(IN)

apply: .venv/ready ## Bring Grafana to what the source builds; FORCE=1 also over hand edits
	@$(DECK) apply $(if $(FORCE),--force) $(IN)

pull: .venv/ready ## Write what was edited in Grafana as Python; UID=... also what was made there
	@$(DECK) pull $(UID) $(IN)

explain: .venv/ready ## Have PostgreSQL prepare every query that Grafana will send
	@$(DECK) explain

collect: .venv/ready ## Collect one window: make collect MONITOR=flights WINDOW=2013-03-08 [EMPTY=1: its rows are gone]
	@$(DECK) run $(MONITOR) $(if $(WINDOW)$(DATE),--window $(or $(WINDOW),$(DATE))) $(if $(EMPTY),--empty)

backfill: .venv/ready ## Collect every window again: make backfill MONITOR=flights (or all)
	@$(DECK) backfill $(MONITOR)

due: .venv/ready ## Collect what is missing, failed or stale; safe at any moment
	@$(DECK) due

cron: .venv/ready ## Print a line for a crontab that does so every hour
	@$(DECK) cron

prefect: .stack/prefect-venv/ready ## Have Prefect do so every hour, with its own server, until Ctrl-C
	@$(DECK) prefect

# Prefect's pins differ from ours, so it has an environment of its own.
.stack/prefect-venv/ready: driftdeck/schedules/requirements.txt .venv/ready
	@.venv/bin/python -m uv venv --quiet --clear --python .venv/bin/python .stack/prefect-venv
	@.venv/bin/python -m uv pip install --quiet --python .stack/prefect-venv/bin/python -r $<
	@touch $@

report: .venv/ready ## Make the Evidently report of a window: make report MONITOR=flights WINDOW=2013-05-02
	@$(DECK) report $(MONITOR) --window $(or $(WINDOW),$(DATE))

calibrate: .venv/ready ## Find thresholds on the reference: make calibrate MONITOR=flights
	@$(DECK) calibrate $(MONITOR)

collectors-status: .venv/ready ## Say what has been collected, and what is left over
	@$(DECK) collected

forget: .venv/ready ## Remove what is stored: make forget MONITOR=old [BEFORE=2024-01-01] [LEFTOVERS=1] YES=1
	@$(DECK) forget $(if $(filter file,$(origin MONITOR)),$(error name it: make forget MONITOR=...),$(MONITOR)) \
		$(if $(BEFORE),--before $(BEFORE)) $(if $(LEFTOVERS),--leftovers) $(if $(YES),--yes)

demo-live: .venv/ready ## Play a year against a served model, in a house of its own: PACE=10 s a day
	@$(LIVE) $(DECK) up
	@echo "driftdeck: watch http://127.0.0.1:$(LIVE_PORT)/d/driftdeck-flights-live?refresh=10s; Ctrl-C stops the play"
	@$(LIVE) $(DECK) exec -- python -m examples play --pace $(PACE)

demo-live-down: .venv/ready ## Stop the house of demo-live, keep its data
	@$(LIVE) $(DECK) down

dummy: .venv/ready ## Insert a random row every five seconds until Ctrl-C
	@$(PY) -m examples dummy

test: .venv/ready ## Run the tests: no network, no Docker, no Grafana needed
	@.venv/bin/python -m pytest

bench: .venv/ready ## Measure: drift, segments, backfill, hours, store, panels, build, idle (an hour)
	@for part in drift segments $(if $(FLIGHTS),backfill hours) store panels build idle pictures; do \
		echo "== $$part"; $(PY) -m benchmarks.$$part || exit 1; done

soak: .venv/ready ## Try to break it: a thousand bad days, 25 kills, an hour under load (two hours)
	@$(PY) -m soak.days --count 1000 && $(PY) -m soak.kills 25 $(if $(SERVED),&& $(PY) -m soak.load)

bench-peers: .venv/ready $(PEERS) ## Measure drift against other libraries, each in an environment
	@$(PY) -m benchmarks.drift --peers && $(PY) -m benchmarks.pictures

.stack/bench/%/ready: benchmarks/peers/requirements-%.txt
	@.venv/bin/python -m uv venv --quiet --clear --python .venv/bin/python $(@D)
	@.venv/bin/python -m uv pip install --quiet --python $(@D)/bin/python -r $<
	@touch $@

record: .venv/ready ## Record a live Grafana's answers anew, for the tests without one
	@.venv/bin/python -m pytest tests/test_live.py -k shows --record

lint: .venv/ready ## Ruff and mypy
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy $(LINTED:%=-p %)

notebook: .venv/ready ## Make docs/explore.ipynb from docs/explore.py
	@.venv/bin/python scripts/notebook.py

requirements: .venv/ready ## Pin what pyproject.toml asks: make requirements UPGRADE=--upgrade
	@.venv/bin/python scripts/requirements.py $(UPGRADE)

pre-commit: .venv/ready ## Install the pre-commit hooks
	@.venv/bin/pre-commit install

clean: ## Stop everything local and remove .stack
	@if [ -x .venv/bin/python ]; then $(DECK) clean; \
	elif [ -z "$$(find .stack -name '*.pid' 2>/dev/null)" ]; then rm -rf .stack; \
	else echo "clean: something may run in .stack; make .venv/ready, or end it and remove .stack" >&2; exit 1; fi
