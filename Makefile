# Every target sets up what it needs; nothing here takes root.
.DEFAULT_GOAL := help
SHELL := /bin/bash
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/var/tools/bin:$(PATH)

.PHONY: help setup demo run test test-postgresql e2e lint types imports deps package sbom check drills quiet-month docs rules dashboards deploy-files deploy-check image-test systemd-test pictures bench bench-planner bench-worlds bench-scale lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## make .venv with everything the other targets need (they do it by themselves)
	@scripts/setup-venv

demo: setup ## run the exporter against a simulated gateway on 127.0.0.1
	@exec smsc-exporter demo $(ARGS)

run: setup ## run the exporter: SMSC_LOGIN=... SMSC_PASSWORD=... make run
	@exec smsc-exporter run $(ARGS)

test: setup ## run the tests, with branch coverage
	pytest --quiet -m "not e2e" --numprocesses=2 --dist=worksteal --cov --cov-report=term $(ARGS)

test-postgresql: setup ## run the ledger's tests on PostgreSQL (as root, once: scripts/e2e-servers)
	pytest --quiet tests/ledger --ledger postgresql --numprocesses=2 --dist=worksteal $(ARGS)

e2e: setup ## run the tests against real servers (as root, once: scripts/e2e-servers)
	pytest --quiet -m e2e $(ARGS)

drills: setup ## run all incident drills and write docs/drills.md (a quarter of an hour; scripts/e2e-servers first)
	python -m tests.e2e.drills $(ARGS)

quiet-month: setup ## live through thirty ordinary days and write docs/drills.md (two hours; scripts/e2e-servers first)
	python -m tests.e2e.quiet_month $(ARGS)

lint: setup ## check style: Python, shell, YAML
	ruff check .
	ruff format --check .
	shellcheck .ci/run scripts/e2e-servers scripts/lock scripts/package scripts/sbom scripts/pictures scripts/dashboard_pictures scripts/setup-venv scripts/unpack-debian \
	  scripts/boot-systemd scripts/deploy-check scripts/image tests/deploy/boot/check
	yamllint --strict .

types: setup ## check types
	mypy

imports: setup ## check which package may import which
	lint-imports

deps: setup ## check that declared and used dependencies agree
	deptry exporter

package: setup ## install the built package by plain pip, as a user would, and run it
	scripts/package

sbom: setup ## write the software bill of materials of a release into dist/
	@scripts/sbom

check: lint types imports deps test package ## all of the above that needs no servers

docs: setup ## write the generated pages of docs/ anew
	python scripts/generate_docs.py

rules: setup ## write rules, alerts and their tests anew from deploy/prometheus/thresholds.yml
	python scripts/generate_rules.py
	python -m tests.monitoring.scenarios
	python scripts/generate_deploy.py

dashboards: setup ## write grafana/dashboards anew
	python -m grafana
	python scripts/generate_deploy.py

deploy-files: setup ## write anew what deploy/ repeats of rules and dashboards
	python scripts/generate_deploy.py

deploy-check: setup ## check the Dockerfile and deploy/ with the tools that read them
	scripts/deploy-check $(ARGS)

image-test: ## build the image and run it with every right taken away (as root)
	scripts/image

systemd-test: setup ## boot the systemd unit in a container (as root)
	scripts/boot-systemd

pictures: setup ## draw docs/pictures anew (needs Chromium: scripts/e2e-servers)
	scripts/pictures

bench: setup ## run the benchmarks
	python -m benchmarks $(ARGS)

bench-planner: setup ## compare planners on two days of traffic (hours; ARGS='--traces 1,2 --hours 8' is quick)
	python -m benchmarks.planner $(ARGS)

bench-worlds: setup ## the planner against the plain one in worlds drawn afresh (an hour; for a nightly run)
	python -m benchmarks.worlds $(ARGS)

bench-scale: setup ## poll a thousand accounts with all of their budgets (eight minutes; ARGS='--ledger postgresql')
	python -m benchmarks.scale $(ARGS)

lock: ## compile requirements/ from pyproject.toml (ARGS=--upgrade takes newer versions)
	scripts/lock $(ARGS)

clean: ## remove caches and build products; .venv and var/ stay
	rm -rf build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -path ./.venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
