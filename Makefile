# make lab       open the start page in JupyterLab; installs only what learners need
# make install   install everything that instructors, administrators and contributors need
# make quick     linters, types and the fast tests: under three minutes
# make test      every check and test, but for those marked `long`
# make long      the tests marked `long`: some minutes each
# make class     let a simulated class go through the whole teaching loop
# make hub       start a JupyterHub with a demo class (as root on Debian); see deploy/README.md
# make hub-test  the hub's tests alone: logging in, submitting, grading, and a curious student
# make build     rebuild the notebooks after a change in source/*/*.md
# make book      build a static site of all lessons in build/book/html; KEYS=no leaves out the answers
# make lite      build a JupyterLite of the lessons in build/lite, to try without installing; KEYS=no
# make slides    build slides of all lessons, for teaching, in build/slides
# make wheels    build what pip, uvx and pipx install: the course, and the answers for self-learners
# make format    format and fix the code
# make lock      renew the locked versions after a change in pyproject.toml
# The first call creates the environment in .venv; later calls reuse it. All but `make lab` install
# everything.

PYTHON ?= python3
export UV_PYTHON_DOWNLOADS = never
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
RUN := .venv/bin/python
BIOME := .tools/biome/node_modules/.bin/biome
EXTENSION := $(wildcard course/labextension/*.json course/labextension/static/* course/server/*.json)

.PHONY: lab install lint style types lint-js quick test pytest long test-programs class hub hub-test build book lite slides wheels format lock

lab: .venv/lab-ready
	@UV="$(abspath $(UV))" $(RUN) -m course lab

install: .venv/ready

# One thread for each test process: small matrix products compete for cores otherwise.
quick test long hub-test: export OPENBLAS_NUM_THREADS = 1
quick test long hub-test: export OMP_NUM_THREADS = 1
# On two cores, four processes: some of them wait for a server or a time limit.
PROCESSES := 4
PYTEST = $(RUN) -m pytest -n $(PROCESSES) --dist loadgroup --no-loadscope-reorder
# The type checker uses one core, so the tests run beside it.
CHECK := @$(MAKE) --no-print-directory -j 2 lint-js types pytest

lint: style types

style: .venv/ready
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .

types: .venv/ready
	$(RUN) -m mypy

# JavaScript and CSS; without Node.js, only a continuous integration run fails.
lint-js: $(if $(shell command -v npm 2>/dev/null),$(BIOME))
	@if [ -x $(BIOME) ]; then $(BIOME) check --error-on-warnings; \
	elif [ "$(CI)" ]; then echo "JavaScript can't be checked: install Node.js and npm." >&2; exit 1; \
	else echo "JavaScript is not checked: npm is missing."; fi

quick: style
	$(CHECK) PROCESSES=3 MARKS="not browser and not classroom and not hub and not slow and not long"

test: style test-programs
	$(CHECK) MARKS="not long"

pytest: .venv/ready
	$(PYTEST) -m "$(MARKS)"

long: .venv/ready test-programs
	$(PYTEST) -m long

# Programs that some tests start. As root on Debian this installs what is missing.
test-programs: .venv/ready
	$(RUN) -m tests.browser.install
	$(RUN) -m tests.hostile.install
	$(RUN) -m tests.hub.install
	$(RUN) -m tests.postgres

class: .venv/ready
	@$(RUN) -m tests.classroom

# Another class than the demo's: make hub SETTINGS=/srv/autoencoders.toml
hub: .venv/ready
	@$(RUN) -m deploy $(if $(SETTINGS),--settings $(SETTINGS)) up

hub-test: .venv/ready
	$(RUN) -m tests.browser.install
	$(RUN) -m tests.hub.install
	$(RUN) -m pytest tests/hub

build: .venv/ready
	@$(RUN) -m autograder build

book: .venv/ready
	@$(RUN) -m book $(if $(filter no,$(KEYS)),--no-keys)

# Another source of Pyodide than its own host, a folder or an address: make lite PYODIDE=/srv/pyodide
lite: .venv/ready
	@$(RUN) -m book.lite $(if $(filter no,$(KEYS)),--no-keys) $(if $(PYODIDE),--pyodide "$(PYODIDE)") \
	  $(if $(WHEELS),--wheels "$(WHEELS)")

slides: .venv/ready
	@$(RUN) -m book.slides

wheels: .venv/ready
	@$(RUN) -m hatchling build -t wheel -d dist
	@cd selfstudy && ../$(RUN) -m hatchling build -t wheel -d ../dist

format: .venv/ready
	$(RUN) -m ruff check --fix-only .
	$(RUN) -m ruff format .
	@if [ -x $(BIOME) ]; then $(BIOME) check --write; fi

# Learners get the same versions as everybody else, first without TensorFlow, then only that.
COMPILE = $(UV) pip compile -q --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" pyproject.toml
SAME = --no-annotate --constraint requirements.txt
lock: $(UV)
	$(COMPILE) --extra tensorflow --extra grader --extra cluster --extra hub --extra book --extra lite \
	  --extra editable --extra test -o requirements.txt
	$(COMPILE) $(SAME) --extra editable -o requirements-lab.txt
	$(COMPILE) $(SAME) --extra tensorflow -o course/tensorflow.txt \
	  $$(sed -n 's/^\([a-z0-9._-]*\)\(\[.*\]\)\?==.*/--no-emit-package \1/p' requirements-lab.txt)
	$(COMPILE) --extra tensorflow --extra peers -o benchmarks/peers.txt

.venv/ready: requirements.txt pyproject.toml $(EXTENSION) | $(UV) .venv/pyvenv.cfg
	@echo "Installing everything into .venv (some minutes the first time) ..."
	@$(UV) pip install -q --compile-bytecode --python $(RUN) --require-hashes -r requirements.txt
	@$(INSTALL_COURSE)
	@rm -rf .venv/share/jupyter/autoencoder-course/tensorflow* .venv/lib/python*/site-packages/autoencoder_course_tensorflow.pth
	@touch $@ .venv/lab-ready

# What a learner needs to begin: quickly, so nothing is compiled in advance.
.venv/lab-ready: requirements-lab.txt pyproject.toml $(EXTENSION) | $(UV) .venv/pyvenv.cfg
	@echo "Installing the course into .venv (a minute the first time) ..."
	@$(UV) pip install -q --python $(RUN) --require-hashes -r requirements-lab.txt
	@$(INSTALL_COURSE)
	@touch $@

INSTALL_COURSE = $(UV) pip install -q --python $(RUN) --no-deps --no-build-isolation -e .

.venv/pyvenv.cfg: | $(UV)
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v <= (3, 14) else \
	  "Python 3.11, 3.12, 3.13 or 3.14 is needed, but $(PYTHON) is %d.%d. Name another: make PYTHON=python3.12" % v)'
	@$(UV) venv -q --allow-existing --python $(PYTHON) .venv

# Debian and Ubuntu ship Python without pip; an environment has one.
.tools/bin/uv:
	@echo "Fetching uv into .tools ..."
	@pip="$(PYTHON) -m pip"; $$pip --version > /dev/null 2>&1 || \
	  { $(PYTHON) -m venv .tools/pip && pip=.tools/pip/bin/pip; }; \
	  $$pip install -q --disable-pip-version-check --target .tools uv

$(BIOME): tests/javascript/package.json tests/javascript/package-lock.json
	@echo "Installing Biome into .tools ..."
	@mkdir -p .tools/biome && cp $^ .tools/biome
	@cd .tools/biome && npm ci --no-audit --no-fund --silent
	@touch $@
