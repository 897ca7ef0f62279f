#!/bin/sh
# Makes a virtual environment of a lock file: scripts/venv.sh DIRECTORY LOCK
#
# A copy of the lock stays in the environment. While both are equal there is
# nothing to do; when they differ, all is made anew, so that nothing old stays.
set -eu

directory=$1
lock=$2
python=${PYTHON:-python3}

if [ -x "$directory/bin/python" ] && cmp -s "$lock" "$directory/made-of.lock"; then
  exit 0
fi

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
  echo "Python 3.11 or newer is needed (PYTHON=… names another); found: $("$python" --version 2>&1)" >&2
  exit 1
fi

# Debian keeps the half of venv that brings pip in a package of its own.
"$python" -c 'import ensurepip' 2>/dev/null || scripts/apt.sh python3-venv

echo "Making $directory of $lock"
"$python" -m venv --clear "$directory"
"$directory/bin/pip" install -qq --no-compile --disable-pip-version-check --require-hashes --requirement "$lock"
cp "$lock" "$directory/made-of.lock"
