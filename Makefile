# make run     start on http://127.0.0.1:8050
# make test    everything: checks, Python and JavaScript units, storage on both databases, browser
# make test-interop  other people's readers on what we write, and the other way round
# make bench   measure; prints a table
# make format  tidy the code

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-interop bench format browser clean
.DELETE_ON_ERROR:

run: $(VENV)/run.stamp
	@$(BIN)/python app.py

test: $(VENV)/dev.stamp browser
	@tests/run.sh $(BIN)

test-interop: $(VENV)/dev.stamp $(VENV)-interop/stamp
	@INTEROP_PYTHON=$(VENV)-interop/bin/python $(BIN)/python -m pytest tests/interop

bench: $(VENV)/dev.stamp browser
	@$(BIN)/python -m tests.benchmarks

format: $(VENV)/dev.stamp
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

$(VENV)/run.stamp: requirements.txt
	@tests/install.sh venv $(PYTHON) $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt $(VENV)/run.stamp
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

$(VENV)-interop/stamp: requirements-interop.txt
	@tests/install.sh venv $(PYTHON) $(VENV)-interop
	@$(VENV)-interop/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-interop.txt
	@touch $@

browser: $(VENV)/dev.stamp
	@tests/install.sh browser $(BIN)

clean:
	rm -rf $(VENV) $(VENV)-interop
