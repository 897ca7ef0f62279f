#!/bin/sh
# Installs a Debian package, or tells who may not install it what to ask for: scripts/apt.sh PACKAGE
set -eu

package=$1

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
  echo "$package is missing; install it as root: apt-get install $package" >&2
  exit 1
fi

# Of what serves (nginx, docker-registry, prometheus), the program is wanted and no daemon.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
fi

echo "Installing $package"
export DEBIAN_FRONTEND=noninteractive
# One broken source among several is no reason to stop: the installation tells whether it matters.
apt-get update -qq >/dev/null 2>&1 || true
output=$(apt-get install -y -qq --no-install-recommends "$package" 2>&1) || {
  echo "$output" >&2
  exit 1
}
