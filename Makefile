# One word a task; each sets up what it needs. PYTHON=python3.13 chooses the interpreter, GDAL=interpreter, wheel or
# system (Debian's or Ubuntu's) whose GDAL; `make clean` before another choice.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-qgis test-pages test-all lint format bench torture dist clean

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 12

setup: ## Make .venv with GDAL and pixeltrend; does nothing the second time
	@PYTHON="$(PYTHON)" .ci/setup "$(VENV)"

demo: ## Run the main job on a made-up series: a trend, its map, a table of areas and a page
	@PYTHON="$(PYTHON)" .ci/setup "$(VENV)" demo
	$(BIN)/pixeltrend demo demo
	$(BIN)/pixeltrend slope 'demo/*.tiff' -o demo/trend.tif --stats slope,pvalue
	$(BIN)/pixeltrend plot demo/trend.tif -o demo/map.png
	$(BIN)/pixeltrend table demo/trend.tif --csv > demo/table.csv
	$(BIN)/pixeltrend report demo/trend.tif -o demo/report.html
	@$(BIN)/pixeltrend table demo/trend.tif --quiet
	@echo
	@printf '%-6s %s\n' Trend "$(CURDIR)/demo/trend.tif" Map "$(CURDIR)/demo/map.png" \
	    Table "$(CURDIR)/demo/table.csv" Page "$(CURDIR)/demo/report.html"

test: setup ## Run all tests; TESTS='-p randomly' shuffles them
	$(BIN)/python -m pytest -n auto $(TESTS)

test-qgis: setup ## Open outputs in QGIS, headless; needs Debian's or Ubuntu's python3-qgis
	@/usr/bin/python3 -c 'import qgis.core' || { echo 'apt-get install python3-qgis'; exit 1; }
	$(BIN)/python -m pytest tests/views/test_qgis.py $(TESTS)

test-pages: setup ## Open pages in Chromium, headless; needs Debian's or Ubuntu's chromium
	@command -v chromium chromium-browser google-chrome >/dev/null || { echo 'apt-get install chromium'; exit 1; }
	$(BIN)/python -m pytest tests/views/test_report_in_chromium.py $(TESTS)

test-all: setup ## Run all tests on every interpreter that is there, and a part of the torture
	@for python in python3.11 python3.12 python3.13 python3.14; do \
	    if $$python -c '' 2>/dev/null; then \
	        $(MAKE) test PYTHON=$$python VENV=.venv-$$python || exit 1; \
	    else echo "no $$python"; fi; \
	done
	@if /usr/bin/python3 -c 'import qgis.core' 2>/dev/null; then $(MAKE) test-qgis; else echo "no QGIS"; fi
	$(BIN)/python tests/torture --quick

torture: setup ## Runs with thousands of faults, for hours; TORTURE='--scale 0.1' for fewer
	$(BIN)/python tests/torture --resume torture.jsonl $(TORTURE)

lint: setup ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## Format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup ## Time pixeltrend beside what a user would run instead
	$(BIN)/python benchmarks/bench.py
	$(BIN)/python benchmarks/scaling.py
	$(BIN)/python benchmarks/compression.py
	$(BIN)/python benchmarks/executors.py
	$(BIN)/python benchmarks/pixels.py
	$(BIN)/python benchmarks/ratios.py
	$(BIN)/python benchmarks/scale.py
	$(BIN)/python benchmarks/latency.py

dist: setup ## Build the distributions, check them, try the wheel
	$(BIN)/python -m pip install --quiet --group dist
	@PYTHON="$(PYTHON)" .ci/dist "$(VENV)"

clean: ## Remove what the tasks made
	rm -rf .venv .venv-* demo bench-data dist torture.jsonl
