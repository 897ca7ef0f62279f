#!/bin/sh
# Runs the tests: scripts/test.sh [ARGUMENT OF PYTEST…]
#
# Some of them speak to a real registry server or proxy, or look through a real
# browser, and skip themselves where there is none. Root gets them installed; in
# CI their absence is a failure.
set -eu

for program in busybox chromium curl dash docker-registry nginx openssl; do
  if ! command -v "$program" >/dev/null; then
    if [ "$(id -u)" -eq 0 ] || [ -n "${CI:-}" ]; then
      scripts/apt.sh "$program"
    else
      echo "Left out: the tests that need $program (as root: apt-get install $program)"
    fi
  fi
done

exec .venv-dev/bin/python -m pytest "$@"
