#!/bin/sh
# Follows what happens in the cluster: one line for each event, its name and its JSON, on stdout. Comes back by itself when the stream breaks, and
# continues where it ended; the event "resync" says that something may have been missed, and everything there is follows it. Needs curl and nothing else.
#
#   follow.sh [EVENT...]    only these events: node, primary, switchover, resync; all unless given
#
# PVC_API is the address of a pvcapid, or of several with spaces between, which are tried in turn (default http://127.0.0.1:7370): an event's id
# means the same at each. PVC_API_KEY is the key, if they ask for one. For HTTPS with a certificate authority of your own, set CURL_CA_BUNDLE.
#
# Exit status: it ends only when it is told to, when its output is closed, or when it is refused.
#   0    its output was closed (as by head)
#   2    refused: a wrong key, or no pvcapid at this address; stderr says which
#   70   this machine has no temporary folder to work in
#   130, 143  ended by SIGINT, SIGTERM
set -u

apis=${PVC_API:-http://127.0.0.1:7370}
say () { printf '%s: %s\n' "${0##*/}" "$*" >&2; }
folder=$(mktemp -d) || { say "no temporary folder can be made"; exit 70; }
curl_pid=
finish () {
  [ -z "$curl_pid" ] || kill "$curl_pid" 2> /dev/null
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# A closed output is found out by the write that fails, rather than by a signal that ends this without a word.
trap '' PIPE
mkfifo "$folder/stream" || { say "no pipe can be made in $folder"; exit 70; }

wanted () {
  [ -n "$filter" ] || return 0
  case " $filter " in *" $1 "*) return 0 ;; esac
  return 1
}
filter=$*
last=

# One stream, from its beginning to its end. The server sends a comment every 15 s, so that silence is a broken connection.
follow () {
  {
    [ -z "${PVC_API_KEY:-}" ] || printf '%s\n' "$PVC_API_KEY" | sed 's/[\\"]/\\&/g; s/.*/header = "X-Api-Key: &"/'
    [ -z "$last" ] || printf 'header = "Last-Event-ID: %s"\n' "$last"
  } > "$folder/config"
  curl --silent --no-buffer --config "$folder/config" --connect-timeout 5 --speed-limit 1 --speed-time 45 \
    --dump-header "$folder/head" "${1%/}/api/v1/events" > "$folder/stream" &
  curl_pid=$!
  event=message
  while IFS= read -r line; do
    case $line in
      'event: '*) event=${line#event: } ;;
      'id: '*) id=${line#id: } ;;
      'data: '*)
        if wanted "$event"; then printf '%s %s\n' "$event" "${line#data: }" 2> /dev/null || exit 0; fi ;;
      '') [ -z "${id:-}" ] || last=$id; event=message ;;
    esac
  done < "$folder/stream"
  wait "$curl_pid"
  failure=$?
  curl_pid=
}

while :; do
  for api in $apis; do
    : > "$folder/head"
    follow "$api"
    status=$(sed -n '1s/^HTTP[^ ]* \([0-9]*\).*$/\1/p' "$folder/head")
    case $status in
      4?? | 3??) [ "$status" = 429 ] || { say "$api refuses ($status)"; exit 2; } ;;
      '') say "$api does not answer (curl $failure); trying again" ;;
      *) say "the stream of $api has ended (status $status); following it again" ;;
    esac
    sleep 1
  done
done
