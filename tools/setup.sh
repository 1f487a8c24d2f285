#!/bin/sh
# Puts a Debian machine with Node 20 or newer and npm in order for building and testing: compiler and Python for the native
# ZooKeeper client, a Java runtime, ZooKeeper's programs, python3-kazoo, iproute2 and IPMI's programs for the
# tests, and node_modules as the lockfile has it. Programs of the longer checks (prometheus, haproxy, nginx, chromium, faketime, wrk, ping, shellcheck) are
# arguments.
# Starts and enables no service. Says what it does; one line and no work when there is nothing to do.
set -eu
cd "$(dirname "$0")/.."

say () { printf 'setup: %s\n' "$*"; }
fail () { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v node >/dev/null 2>&1 || fail "Node is missing; install Node 20 or newer, with npm."
command -v npm >/dev/null 2>&1 || fail "npm is missing; install npm 10 or newer."
# One start of Node for all that is asked of it: major version, full version with ABI, prefix of its installation.
facts=$(node -p 'const { versions, platform, arch, execPath } = process; versions.node.split(".")[0] + " " + platform + "-" + arch + "-abi" + versions.modules + " " + path.dirname(path.dirname(execPath))')
node_major=${facts%% *}
facts=${facts#* }
node_abi=${facts%% *}
node_prefix=${facts#* }
[ "$node_major" -ge 20 ] || fail "Node 20 or newer is needed; this is $(node --version)."

# --- programs ---------------------------------------------------------------------------------------------------------
missing=
need () { missing="$missing $1"; }
command -v gcc >/dev/null 2>&1 || need gcc
command -v g++ >/dev/null 2>&1 || need g++
command -v make >/dev/null 2>&1 || need make
command -v patch >/dev/null 2>&1 || need patch
command -v python3 >/dev/null 2>&1 || need python3
command -v java >/dev/null 2>&1 || need default-jre-headless
[ -e /usr/share/java/zookeeper.jar ] || need zookeeper
[ -d /usr/lib/python3/dist-packages/kazoo ] || need python3-kazoo
command -v ip >/dev/null 2>&1 || need iproute2
command -v ipmitool >/dev/null 2>&1 || need ipmitool
command -v ipmi_sim >/dev/null 2>&1 || need openipmi
# What a campaign needs besides is named as an argument.
for program in "$@"; do
  case "$program" in
    prometheus) command -v promtool >/dev/null 2>&1 || need prometheus ;;
    haproxy | chromium | faketime | wrk | shellcheck) command -v "$program" >/dev/null 2>&1 || need "$program" ;;
    nginx) command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || need nginx-light ;;
    ping) command -v ping >/dev/null 2>&1 || need iputils-ping ;;
    *) fail "\"$program\" is no program that this knows; it knows prometheus, haproxy, nginx, chromium, faketime, wrk, shellcheck and ping." ;;
  esac
done

if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 ||
    fail "This machine has no apt-get; install these by hand, under the names that your system has for Debian's packages:$missing"
  if [ "$(id -u)" = 0 ]; then
    as_root=
  elif command -v sudo >/dev/null 2>&1; then
    as_root=sudo
  else
    fail "These packages are missing and need root, but you are not root and there is no sudo; run as root: apt-get install$missing"
  fi
  apt_install () {
    # shellcheck disable=SC2086 # both are lists of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
  }
  apt_update () {
    say "updating the package lists"
    $as_root apt-get update -q || fail "apt-get update failed; see its message above."
  }
  # shellcheck disable=SC2086
  if ! apt-cache show $missing >/dev/null 2>&1; then apt_update; updated=yes; else updated=no; fi
  say "installing$missing"
  if ! apt_install; then
    # Lists that are too old name files which are gone.
    [ "$updated" = no ] || fail "apt-get could not install$missing; see its message above."
    apt_update
    apt_install || fail "apt-get could not install$missing; see its message above."
  fi
fi

# --- node_modules -----------------------------------------------------------------------------------------------------
# The stamp names the lockfile, the patch and, because the ZooKeeper client is native, the Node it was built for.
stamp=node_modules/.setup-stamp
addon=node_modules/zookeeper/build/Release/zookeeper.node
inputs=$(cat package-lock.json patches/zookeeper.patch | sha256sum)
state="${inputs%% *} $node_abi"

if [ -f "$addon" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$state" ]; then
  [ -n "$missing" ] || say "everything is in place"
  exit 0
fi

# With Node's headers at hand the native build needs no download of them.
if [ -z "${npm_config_nodedir:-}" ] && [ -f "$node_prefix/include/node/node_version.h" ]; then
  npm_config_nodedir=$node_prefix
  export npm_config_nodedir
fi
say "installing node_modules from package-lock.json and building the ZooKeeper client (some minutes)"
# Of all packages only zookeeper has a script that is needed; it runs after the patch.
npm ci --ignore-scripts --no-audit --no-fund || fail "npm ci failed; see its message above."
MAKEFLAGS=${MAKEFLAGS:--j$(nproc)}
export MAKEFLAGS
sh tools/patch-client.sh || fail "The native ZooKeeper client was not built; see the message above."
printf '%s\n' "$state" > "$stamp"
say "done"
