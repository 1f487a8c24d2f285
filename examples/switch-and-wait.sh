#!/bin/sh
# Has a node made primary, or any other than a given one, and waits for the end of it. Needs curl and nothing else.
#
#   switch-and-wait.sh [-r REASON] [-t TIMEOUT] [-w WAIT] NODE     NODE is to be primary
#   switch-and-wait.sh [-r REASON] [-t TIMEOUT] [-w WAIT] -f NODE  any coordinator but NODE is to be primary
#
#   -r REASON   kept with the switchover, for people
#   -t TIMEOUT  the switchover's own bound in seconds; it is rolled back at its end. By default what the nodes say they need.
#   -w WAIT     how many seconds to wait for its end; default 300
#
# PVC_API is the address of a pvcapid (default http://127.0.0.1:7370); PVC_API_KEY is the key, if it asks for one. For HTTPS with a certificate
# authority of your own, set CURL_CA_BUNDLE. The switchover, as JSON, goes to stdout; what is wrong goes to stderr.
#
# Exit status:
#   0   it has succeeded, or was so already
#   1   it has ended otherwise: failed, timed out, superseded or never begun; the JSON says which, and why
#   2   refused; nothing was done (no node is eligible, another switchover is in flight, there is no such node, a wrong key)
#   3   not known: it continues, or the API could not be asked any more. Asking again is safe: the same wish is the same switchover.
#   64  the command line is wrong
#   69  the API could not be reached; nothing was done
#   70  this machine has no temporary folder to work in
set -u

api=${PVC_API:-http://127.0.0.1:7370}
api=${api%/}
say () { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
usage () { say "$1; usage: ${0##*/} [-r REASON] [-t TIMEOUT] [-w WAIT] [-f] NODE"; exit 64; }
is_number () { case $1 in '' | *[!0-9]*) return 1 ;; esac; }

wish=to reason='' timeout='' wait=300
while getopts fr:t:w: option; do
  case $option in
    f) wish=from ;;
    r) reason=$OPTARG ;;
    t) timeout=$OPTARG; is_number "$timeout" || usage "the timeout must be a number of seconds" ;;
    w) wait=$OPTARG; is_number "$wait" || usage "the wait must be a number of seconds" ;;
    *) usage "an option is wrong" ;;
  esac
done
shift $((OPTIND - 1))
[ $# -eq 1 ] || usage "exactly one node is needed"
case $1 in '' | *[!A-Za-z0-9._-]*) usage "\"$1\" is no name of a node" ;; esac
case $reason in *[[:cntrl:]]*) usage "the reason must be a single line" ;; esac
reason=$(printf '%s' "$reason" | sed 's/[\\"]/\\&/g')
body="{\"$wish\": \"$1\"${reason:+, \"reason\": \"$reason\"}${timeout:+, \"timeout\": $timeout}}"

folder=$(mktemp -d) || { say "no temporary folder can be made"; exit 70; }
trap 'rm -rf "$folder"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# Asks; sets status (000 if there was no answer), and leaves the answer in $folder/body and $folder/head. The key is on no command line.
ask () {
  : > "$folder/body"; : > "$folder/head"
  status=$({ [ -z "${PVC_API_KEY:-}" ] || printf '%s\n' "$PVC_API_KEY" | sed 's/[\\"]/\\&/g; s/.*/header = "X-Api-Key: &"/'; } |
    curl --silent --config - --connect-timeout 5 --max-time 40 --output "$folder/body" --dump-header "$folder/head" --write-out '%{http_code}' "$@")
  failure=$?
}
answer () { cat "$folder/body"; printf '\n'; }
location () { sed -n 's/^[Ll][Oo][Cc][Aa][Tt][Ii][Oo][Nn]: *\([^[:space:]]*\).*$/\1/p' "$folder/head"; }
deadline=$(($(date +%s) + wait))
left () { left=$((deadline - $(date +%s))); [ "$left" -gt 0 ] || left=0; }
over () { left; [ "$left" -eq 0 ]; }

# Asked again for as long as it is not answered: while it continues the same wish is the same switchover, and once it has succeeded it is so already.
sent=no
while :; do
  ask --request POST --header 'Content-Type: application/json' --data "$body" "$api/api/v1/switchover"
  case $status in
    200 | 202) break ;;
    4*)
      answer >&2
      # An earlier request may have been carried out, though its answer was lost.
      if [ "$sent" = yes ]; then say "refused, but an earlier request that was not answered may have been carried out"; exit 3; fi
      say "refused ($status)"
      exit 2 ;;
    000)
      case $failure in
        5 | 6 | 7 | 35 | 60 | 77) ;; # never connected, so nothing was sent
        2 | 3 | 26) say "curl cannot send this (exit $failure)"; exit 64 ;;
        *) sent=yes ;;
      esac ;;
    *) [ ! -s "$folder/body" ] || answer >&2 ;;
  esac
  if over; then
    if [ "$sent" = yes ]; then say "not answered in $wait s; whether it was begun is not known"; exit 3; fi
    say "$api: no answer that helps in $wait s (status $status, curl $failure); nothing was done"
    exit 69
  fi
  sleep 1
done

path=$(location)
if [ -z "$path" ]; then answer; exit 0; fi # so already, by a write without a record
# Behind a proxy with a path prefix the path has the prefix already, if the proxy says it.
prefix=$(printf '%s' "$api" | sed 's|^[^:/]*://[^/]*||; s|/*$||')
case $path in "$prefix"/*) api=${api%"$prefix"*} ;; esac
while :; do
  left
  [ "$left" -lt 25 ] || left=25
  ask "$api$path?wait=$left"
  if [ "$status" = 200 ] && grep -q '"done":true' "$folder/body"; then
    answer
    grep -q '"outcome":"succeeded"' "$folder/body" && exit 0
    say "it has not succeeded"
    exit 1
  fi
  case $status in
    # 404: the record is not seen yet where the connection to ZooKeeper was lost.
    200 | 000 | 404 | 429 | 5*) ;;
    *) answer >&2; say "$path cannot be read ($status)"; exit 3 ;;
  esac
  if over; then say "not over after $wait s; $api$path tells what becomes of it"; exit 3; fi
  [ "$status" = 200 ] || sleep 1
done
