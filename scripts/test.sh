#!/bin/sh
# Runs the tests: scripts/test.sh [ARGUMENT OF PYTEST…]
#
# Some of them speak to a real registry server or proxy, and skip themselves
# where there is none. Root gets it installed; in CI its absence is a failure.
set -eu

for program in docker-registry nginx openssl busybox curl dash; do
  if ! command -v "$program" >/dev/null; then
    if [ "$(id -u)" -eq 0 ] || [ -n "${CI:-}" ]; then
      scripts/apt.sh "$program"
    else
      echo "Left out: the tests that need $program (as root: apt-get install $program)"
    fi
  fi
done

exec .venv-dev/bin/python -m pytest "$@"
