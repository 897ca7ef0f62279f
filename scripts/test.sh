#!/bin/sh
# Runs the tests: scripts/test.sh [ARGUMENT OF PYTEST…]
#
# Some of them speak to a real registry server, and skip themselves where there
# is none. Root gets it installed; in CI its absence is a failure.
set -eu

if ! command -v docker-registry >/dev/null; then
  if [ "$(id -u)" -eq 0 ] || [ -n "${CI:-}" ]; then
    scripts/apt.sh docker-registry
  else
    echo "Left out: the tests that need a registry server (as root: apt-get install docker-registry)"
  fi
fi

exec .venv-dev/bin/python -m pytest "$@"
