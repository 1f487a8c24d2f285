#!/bin/sh
# Takes everything off a node and then reboots it: hands the primary role over if the node has it, with -d has its domains moved away, makes sure
# that it holds nothing, and only then runs the command. Uses switch-and-wait.sh and is-primary.sh, which lie beside it.
#
#   drain-and-reboot.sh [-d] [-w WAIT] NODE [COMMAND [ARGUMENT...]]
#
#   -d        also have the domains flushed, and wait until they are
#   -w WAIT   how many seconds each step may take; default 300
#   COMMAND   what is run at the end, on this machine; default systemctl reboot
#
# PVC_API, PVC_API_KEY and CURL_CA_BUNDLE are as for switch-and-wait.sh. After the reboot, give flushed domains back with
#   curl -X POST "$PVC_API/api/v1/node/NODE/domain-state?state=ready"
#
# Exit status (the command is run in the first case only):
#   the command's own, once the node holds nothing
#   101  the role was not handed over; the node is as it was
#   102  the domains were not flushed in time; the node is no longer primary
#   103  the node still holds something, or that is not certain
#   64   the command line is wrong
set -u

api=${PVC_API:-http://127.0.0.1:7370}
api=${api%/}
here=$(dirname "$0")
say () { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
usage () { say "usage: ${0##*/} [-d] [-w WAIT] NODE [COMMAND [ARGUMENT...]]"; exit 64; }

domains=no wait=300
while getopts dw: option; do
  case $option in
    d) domains=yes ;;
    w) wait=$OPTARG; case $wait in '' | *[!0-9]*) usage ;; esac ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
case $1 in '' | *[!A-Za-z0-9._-]*) usage ;; esac
node=$1
shift
[ $# -gt 0 ] || set -- systemctl reboot

ask () {
  { [ -z "${PVC_API_KEY:-}" ] || printf '%s\n' "$PVC_API_KEY" | sed 's/[\\"]/\\&/g; s/.*/header = "X-Api-Key: &"/'; } |
    curl --silent --fail --config - --connect-timeout 5 --max-time 20 "$@"
}
# Looks once a second, for WAIT seconds at most, whether what is asked for is so.
await () {
  deadline=$(($(date +%s) + wait))
  until "$@"; do
    [ "$(date +%s)" -lt "$deadline" ] || return 1
    sleep 1
  done
}
is_flushed () { ask "$api/api/v1/node/$node/domain-state?consistent" | grep -q '"domain_state":"flushed"'; }
holds_nothing () { ask --output /dev/null "$api/role/secondary?node=$node"; }

"$here/is-primary.sh" "$node"
case $? in
  0) say "$node is primary: handing over"
    "$here/switch-and-wait.sh" -w "$wait" -r "reboot of $node" -f "$node" >&2 || { say "not handed over; nothing was rebooted"; exit 101; } ;;
  1) ;;
  *) say "whether $node is primary is not known; nothing was rebooted"; exit 101 ;;
esac

if [ "$domains" = yes ]; then
  say "having the domains of $node moved away"
  ask --output /dev/null --request POST "$api/api/v1/node/$node/domain-state?state=flush" || { say "the wish to flush was refused, or not answered"; exit 102; }
  await is_flushed || { say "not flushed after $wait s; nothing was rebooted"; exit 102; }
fi

await holds_nothing || { say "$node may still hold something; nothing was rebooted"; exit 103; }
say "$node holds nothing: $*"
exec "$@"
