#!/bin/sh
# Asks a Kairos Upgrade Advisor what this node should upgrade to; prints the command, or runs it.
#
# For dash, busybox and every other POSIX shell; needs curl, and flock with --run. What comes over
# the network is never evaluated: each line must have the shape it should have, or nothing is done.
set -eu
LC_ALL=C
export LC_ALL

usage() {
  cat <<'EOT'
Usage: kairos-upgrade.sh --url URL [OPTION…]

Asks the advisor at URL (https; http on the loopback only) what this node should upgrade to, and
prints the command. A version that this node rolled back from is never tried again.

  --run                  run the command, and remember it; the node boots the new system at its
                         next reboot
  --image REFERENCE      what the node runs: since Kairos v3.5 its release file names no
                         repository, so give that (quay.io/kairos/hadron), or have the advisor
                         set ADVISOR_DEFAULT_ORGANISATION
  --max-step STEP        patch, minor (default) or major
  --accept CODE          a critical warning that was read and is accepted; repeatable
  --query NAME=VALUE     any other parameter of the advisor, such as kubernetes=keep; repeatable
  --boot-state STATE     instead of what /run/cos tells
  --token-file FILE      holds the bearer token
  --ca-file FILE         holds the certificates to trust, in PEM
  --jitter SECONDS       wait for a random time first, at most so long
  --state-directory DIR  what was tried is kept here (default: /usr/local/lib/kairos-upgrade, for
                         /usr/local outlives upgrades)
  --forget               first forget which versions this node rolled back from
  --help                 print this

Exit codes:
   0  an upgrade: its command was printed, or with --run carried out
  10  nothing to do, or an upgrade awaits the reboot
  20  refused: a person must read why (a critical warning, blocked, manual)
  30  cannot tell: no usable answer, a node that cannot be read, another run under way
  40  with --run: kairos-agent failed
  64  wrong usage
EOT
}

say() { printf '%s\n' "kairos-upgrade: $*" >&2; }

end() {
  code=$1
  shift
  say "$*"
  exit "$code"
}

nothing() { end 10 "$@"; }
refused() { end 20 "$@"; }
unsure() { end 30 "$@"; }
failed() { end 40 "$@"; }
misused() { end 64 "$* (--help tells more)"; }

finish() {
  code=$?
  [ -z "$work" ] || rm -rf "$work"
  case $code in
    0 | 10 | 20 | 30 | 40 | 64) ;;
    *) code=30 ;; # A command failed that should not.
  esac
  exit "$code"
}

# Tests put a directory before every path of the node.
root=${KAIROS_UPGRADE_ROOT:-}
state_directory=$root/usr/local/lib/kairos-upgrade
url='' image='' max_step=minor query='' boot_state='' token_file='' ca_file='' jitter=0 run='' forget=''
work=''
trap finish EXIT
trap 'exit 30' HUP INT TERM

# What needs no encoding in a query: all that versions, references and codes are made of.
is_plain() {
  case $1 in
    '' | *[!A-Za-z0-9._:/@-]*) return 1 ;;
  esac
}

is_release() {
  printf '%s\n' "$1" | grep -Eiq '^v[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)\.?[0-9]+)?$'
}

is_reference() {
  printf '%s\n' "$1" | grep -Eq \
    '^[a-z0-9][a-z0-9.-]*(:[0-9]+)?(/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9_.-]*(@sha(256|384|512):[0-9a-f]+)?$'
}

add_parameter() {
  is_plain "$2" || misused "'$2' is no value of $1"
  query="$query&$1=$2"
}

add_any_parameter() {
  case $1 in
    [a-z]*=*) ;;
    *) misused "--query takes NAME=VALUE, not '$1'" ;;
  esac
  case ${1%%=*} in
    *[!a-z_]* | format | node | image | max_step | boot_state)
      misused "--query takes no '${1%%=*}'" ;;
  esac
  add_parameter "${1%%=*}" "${1#*=}"
}

set_option() {
  case $1 in
    --url) url=${2%/} ;;
    --image) image=$2 ;;
    --max-step) max_step=$2 ;;
    --accept) add_parameter accept "$2" ;;
    --query) add_any_parameter "$2" ;;
    --boot-state) boot_state=$2 ;;
    --token-file) token_file=$2 ;;
    --ca-file) ca_file=$2 ;;
    --jitter) jitter=$2 ;;
    --state-directory) state_directory=$2 ;;
    *) misused "there is no option '$1'" ;;
  esac
}

read_options() {
  while [ $# -gt 0 ]; do
    case $1 in
      --help)
        usage
        exit 0
        ;;
      --run) run=yes ;;
      --forget) forget=yes ;;
      *)
        [ $# -ge 2 ] || misused "'$1' is no option, or lacks its value"
        set_option "$1" "$2"
        shift
        ;;
    esac
    shift
  done
}

check_options() {
  case $url in
    '') misused '--url is missing' ;;
    *[!][A-Za-z0-9._:/-]*) misused "'$url' is no address of an advisor" ;;
    https://*) protocol='=https' ;;
    http://127.0.0.1 | http://127.0.0.1[:/]* | http://localhost | http://localhost[:/]*)
      protocol='=http' ;;
    *) misused '--url must be https: whoever is in between could name any image' ;;
  esac
  case $jitter in
    *[!0-9]* | '' | ??????*) misused '--jitter takes seconds, at most 99999' ;;
  esac
  case $max_step in
    patch | minor | major) ;;
    *) misused '--max-step is patch, minor or major' ;;
  esac
}

wait_for_a_while() {
  [ "$jitter" -gt 0 ] || return 0
  number=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
  sleep $((number % (jitter + 1)))
}

# The kernel lets go of the lock when the last process that holds it ends: kairos-agent at the
# latest, should this script be killed.
lock() {
  mkdir -p "$state_directory" || unsure "$state_directory cannot be made"
  command -v flock >/dev/null || unsure 'flock is not installed'
  exec 9>"$state_directory/lock"
  flock -n 9 || unsure 'another run is under way'
}

# --- The node ---

read_node() {
  release=$root/etc/kairos-release
  # Kairos of before v3.2.0 has no file of its own.
  [ -f "$release" ] || release=$root/etc/os-release
  [ -f "$release" ] || unsure 'there is no /etc/kairos-release: is this a Kairos node?'
  fingerprint=$(cksum <"$release" | tr ' ' -)
  IFS= read -r boot_id <"$root/proc/sys/kernel/random/boot_id" || unsure 'the kernel tells no boot id'
  [ -n "$boot_state" ] || read_boot_state
}

# Anything beside "active" wins over it. Trusted boot tells no state, and has a file of its own.
read_boot_state() {
  for file in "$root"/run/cos/*_mode; do
    [ -e "$file" ] || continue
    name=${file##*/}
    case $name in
      active_mode) boot_state=active ;;
      uki*) boot_state=${boot_state:-unknown} ;;
      *) boot_state=${name%_mode} ;;
    esac
  done
  [ -n "$boot_state" ] || unsure '/run/cos does not tell what was booted; give --boot-state'
}

# --- What was tried before ---
#
# Lines "excluded RELEASE" for what the node rolled back from, and one "installing" or "installed
# RELEASE FINGERPRINT BOOT-ID" for the last attempt: what the release file was then, and which boot.

read_state() {
  excluded='' phase='' tried='' tried_from='' tried_boot=''
  [ -e "$state_directory/state" ] || return 0
  while read -r word version from boot rest; do
    if [ -n "$rest" ] || ! is_release "$version"; then word=broken; fi
    case $word in
      excluded) excluded="$excluded $version" ;;
      installing | installed) phase=$word tried=$version tried_from=$from tried_boot=$boot ;;
      *) unsure "$state_directory/state is damaged; --forget starts anew" ;;
    esac
  done <"$state_directory/state"
}

write_state() {
  {
    # shellcheck disable=SC2086 # They are words.
    [ -z "$excluded" ] || printf 'excluded %s\n' $excluded
    [ -z "$phase" ] || printf '%s %s %s %s\n' "$phase" "$tried" "$tried_from" "$tried_boot"
  } >"$state_directory/state.new" || return 1
  mv "$state_directory/state.new" "$state_directory/state" && sync
}

# The same release file after another boot means that the old system is back.
judge_attempt() {
  [ -n "$phase" ] || return 0
  if [ "$tried_boot" = "$boot_id" ]; then
    [ "$phase" = installing ] || nothing "$tried is installed and awaits the reboot"
    phase='' # It was interrupted.
    return 0
  fi
  case $boot_state in
    active | passive | unknown) ;;
    *) return 0 ;; # The recovery system is another one, and tells nothing.
  esac
  if [ "$tried_from" = "$fingerprint" ]; then
    say "this node rolled back from $tried, which is not tried again"
    exclude "$tried"
  fi
  phase=''
}

# The advisor takes 50; the oldest are below what the node runs by then.
exclude() {
  case " $excluded " in
    *" $1 "*) return 0 ;;
  esac
  # shellcheck disable=SC2086 # They are words.
  set -- $excluded "$1"
  [ $# -le 50 ] || shift
  excluded=" $*"
}

# --- The question and its answer ---

write_query() {
  query="format=env$query"
  add_parameter max_step "$max_step"
  add_parameter boot_state "$boot_state"
  [ -z "$image" ] || add_parameter image "$image"
  for version in $excluded; do
    add_parameter exclude "$version"
  done
}

# In a file that only its owner may read, as mktemp has it; curl's arguments are seen by all.
write_token() {
  [ -n "$token_file" ] || return 0
  token=''
  IFS= read -r token <"$token_file" || [ -n "$token" ] || unsure "$token_file cannot be read"
  case $token in
    '' | *[!A-Za-z0-9._~+/=-]*) unsure "$token_file holds no token" ;;
  esac
  printf 'header = "Authorization: Bearer %s"\n' "$token"
}

# Leaves the body in $work/body, and gives status and media type.
fetch() {
  # In blocks of 512 bytes: no answer is that long.
  ulimit -f 128
  set -- --globoff --silent --show-error --proto "$protocol" --connect-timeout 10 --max-time 60
  [ -z "$ca_file" ] || set -- "$@" --cacert "$ca_file"
  curl --disable "$@" --config "$work/config" --data-binary "@$release" \
    --header 'Content-Type: text/plain' --header 'Accept: application/x-sh' --header 'Expect:' \
    --output "$work/body" --write-out '%{http_code} %{content_type}' "$url/v1/upgrade?$query"
}

ask() {
  work=$(mktemp -d)
  write_token >"$work/config"
  told=$(fetch) || unsure "the advisor gave no answer (curl ended with $?)"
  kind=${told#* }
  case "${told%% *} ${kind%%;*}" in
    '200 application/x-sh') ;;
    '409 text/plain') is_error_line && refused "$(show_body)" ;;
    *' text/plain') is_error_line && unsure "$(show_body)" ;;
  esac
  case "${told%% *} ${kind%%;*}" in
    '200 application/x-sh') ;;
    *) unsure "no answer of an advisor (status ${told%% *})" ;;
  esac
}

is_error_line() { head -n 1 "$work/body" | grep -Eq '^error: [a-z-]+: '; }

show_body() { head -n 1 "$work/body" | tr -cd ' -~' | cut -c 1-500; }

# Takes one assignment: of this name, of plain characters, and whole.
take() {
  IFS= read -r line || return 1
  case $line in
    "$1='"*"'") value=${line#*=?} && value=${value%?} ;;
    "$1="*' '*) return 1 ;;
    "$1="*) value=${line#*=} ;;
    *) return 1 ;;
  esac
  case $value in
    *[!A-Za-z0-9._:/@\ -]*) return 1 ;;
  esac
}

take_all() {
  take UPGRADE_STATUS && status=$value || return 1
  take UPGRADE_TARGET && target=$value || return 1
  take UPGRADE_SOURCE && source=$value || return 1
  take UPGRADE_WARNINGS && warnings=$value || return 1
  ! IFS= read -r line && [ -z "$line" ]
}

read_answer() {
  [ "$(tr -d '\n -~' <"$work/body" | wc -c)" -eq 0 ] || unsure 'the answer is no text'
  take_all <"$work/body" || unsure 'the answer is not as an advisor writes it'
  case $status in
    upgrade_available)
      if ! is_reference "$target" || [ "$source" != "oci:$target" ]; then
        unsure 'the answer names no image'
      fi
      ;;
    up_to_date | ahead | withheld | end_of_line)
      [ -z "$target$source" ] || unsure 'the answer contradicts itself'
      nothing "nothing to do: $status${warnings:+ ($warnings)}"
      ;;
    *) unsure 'the answer has no status of an advisor' ;;
  esac
}

# Finds the release in …-standard-amd64-generic-v3.6.0-rc1-k3s-v1.32.9-k3s1.
find_release() {
  tag=${target%%@*}
  tag=${tag##*:}
  parts=${tag#*-core-}
  [ "$parts" != "$tag" ] || parts=${tag#*-standard-}
  model=${parts%%-v[0-9]*}
  case $model in
    *-k3s | *-k0s) unsure "$tag tells no release" ;; # What follows is Kubernetes.
  esac
  rest=${parts#"$model"-}
  found=${rest%%-*}
  stage=${rest#"$found"}
  stage=${stage#-}
  case $stage in
    [Aa][Ll][Pp][Hh][Aa]* | [Bb][Ee][Tt][Aa]* | [Rr][Cc]*) found=$found-${stage%%-*} ;;
  esac
  is_release "$found" || unsure "no release can be told from $tag"
}

upgrade() {
  command -v kairos-agent >/dev/null || unsure 'kairos-agent is not installed'
  phase=installing tried=$found tried_from=$fingerprint tried_boot=$boot_id
  write_state || unsure "$state_directory cannot be written, so a rollback would go unnoticed"
  say "upgrading to $target"
  code=0
  kairos-agent upgrade --source "$source" </dev/null || code=$?
  if [ "$code" -ne 0 ]; then
    phase=''
    write_state || say "$state_directory cannot be written"
    failed "kairos-agent ended with $code"
  fi
  phase=installed
  write_state || say "$state_directory cannot be written"
  say "$found is installed; reboot to boot it"
}

read_options "$@"
check_options
wait_for_a_while
[ -z "$run" ] || lock
[ -z "$forget" ] || rm -f "$state_directory/state"
read_node
read_state
judge_attempt
if [ -n "$run" ]; then
  write_state || unsure "$state_directory cannot be written"
fi
write_query
ask
read_answer
find_release
[ -z "$warnings" ] || say "warnings: $warnings"
if [ -n "$run" ]; then
  upgrade
else
  printf 'kairos-agent upgrade --source %s\n' "$source"
fi
