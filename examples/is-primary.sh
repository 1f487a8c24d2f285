#!/bin/sh
# Whether a node is primary, as an exit status. Needs curl and nothing else, and no key.
#
#   is-primary.sh [NODE]    NODE, or the node that the pvcapid asked runs on
#
# PVC_API is the address of a pvcapid (default http://127.0.0.1:7370). For HTTPS with a certificate authority of your own, set CURL_CA_BUNDLE.
#
# Exit status:
#   0   it is, for certain
#   1   it is not (a node in takeover or relinquish is not)
#   2   not known: the API does not answer, or has no contact with ZooKeeper
#   64  the command line is wrong
set -u

api=${PVC_API:-http://127.0.0.1:7370}
api=${api%/}
say () { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
[ $# -le 1 ] || { say "usage: ${0##*/} [NODE]"; exit 64; }
case ${1-} in *[!A-Za-z0-9._-]*) say "\"$1\" is no name of a node"; exit 64 ;; esac

head=$(curl --silent --head --connect-timeout 3 --max-time 10 "$api/role/primary${1:+?node=$1}") || { say "$api does not answer"; exit 2; }
status=$(printf '%s\n' "$head" | sed -n '1s/^HTTP[^ ]* \([0-9]*\).*$/\1/p')
case $status in
  200) exit 0 ;;
  # The same status says that it is not certain; then a header says so, too.
  503) if printf '%s\n' "$head" | grep -qi '^x-view-stale: true'; then say "$api has no contact with ZooKeeper"; exit 2; fi
    exit 1 ;;
  *) say "$api answered $status"; exit 2 ;;
esac
