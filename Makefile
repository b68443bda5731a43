# make run     start on http://127.0.0.1:8050
# make test    everything: checks, Python and JavaScript units, storage on both databases, browser
# make bench   measure; prints a table
# make format  tidy the code

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test bench format browser clean
.DELETE_ON_ERROR:

run: $(VENV)/run.stamp
	@$(BIN)/python app.py

test: $(VENV)/dev.stamp browser
	@tests/run.sh $(BIN)

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

browser: $(VENV)/dev.stamp
	@tests/install.sh browser $(BIN)

clean:
	rm -rf $(VENV)
