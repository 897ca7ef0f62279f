# A bare `make` lists the targets. Each of them sets up what it needs: see scripts/.
.DEFAULT_GOAL := help
.PHONY: help run demo test bench chart chaos soak image-test lint lock venv venv-dev

help:
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: venv ## serve the registries on port 8080 (PORT and ADVISOR_… change it)
	.venv/bin/gunicorn service.wsgi:app

demo: venv ## ask one question of a service on example tag lists; needs no network
	@.venv/bin/python scripts/demo.py

test: venv-dev ## run the tests (ARGS='-k stale' goes to pytest)
	@scripts/test.sh $(ARGS)

bench: venv venv-dev ## measure costs, storms and faults beside their targets (ROW=choice for one)
	@command -v docker-registry >/dev/null || scripts/apt.sh docker-registry
	@.venv-dev/bin/python -m bench $(ROW)

chart: venv-dev ## write the last figures of make bench into docs/
	@.venv-dev/bin/python -m bench.report

chaos: venv-dev ## break one thing after the other, and print what callers notice (some minutes)
	@.venv-dev/bin/python -m chaos $(ARGS)

soak: venv-dev ## print memory and file descriptors of ten minutes' load, once warm (ARGS=1 for one minute)
	@.venv-dev/bin/python -m chaos.soak $(ARGS)

image-test: venv-dev ## as root on Debian: build the image, run it, bring compose up, stop and clean all
	@.venv-dev/bin/python scripts/image_test.py

lint: venv-dev ## check format, style, types, layers, scripts, openapi.yaml and what is deployed
	.venv-dev/bin/ruff format --check
	.venv-dev/bin/ruff check
	.venv-dev/bin/mypy
	.venv-dev/bin/mypy gunicorn.conf.py scripts bench chaos
	.venv-dev/bin/lint-imports
	.venv-dev/bin/shellcheck .ci/run scripts/*.sh examples/*.sh
	.venv-dev/bin/openapi-spec-validator openapi.yaml
	.venv-dev/bin/hadolint Dockerfile
	.venv-dev/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	.venv-dev/bin/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml
	scripts/promtool.sh check rules deploy/prometheus/rules.yaml

# The lock files name no index, so that each reader may use the one that is configured at home.
LOCK = .venv-dev/bin/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --custom-compile-command 'make lock' $(ARGS)

lock: venv-dev ## write the lock files anew from pyproject.toml (ARGS=--upgrade for newer versions)
	$(LOCK) --output-file requirements.lock
	$(LOCK) --output-file requirements-dev.lock --group dev --constraints requirements.lock

venv:
	@scripts/venv.sh .venv requirements.lock

venv-dev:
	@scripts/venv.sh .venv-dev requirements-dev.lock
