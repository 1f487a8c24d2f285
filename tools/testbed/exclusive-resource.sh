#!/bin/sh
# A resource that only one node may hold: a file made exclusively before the effect and removed after it.
# Usage: exclusive-resource.sh FOLDER; reads PVC_ACTION, PVC_RESOURCE and PVC_NODE. Acquiring what another node holds
# is a collision: it is written to FOLDER/collisions and fails. Acquiring or releasing twice is no fault.
set -u
folder=$1
holder=$folder/$PVC_RESOURCE.holder
log() { printf '%s %s %s %s\n' "${PVC_EPOCH:--}" "$PVC_NODE" "$PVC_ACTION" "$PVC_RESOURCE" >> "$folder/$1"; }

case $PVC_ACTION in
  acquire)
    if (set -C; printf '%s\n' "$PVC_NODE" > "$holder") 2> /dev/null || [ "$(cat "$holder")" = "$PVC_NODE" ]; then
      log effects
    else
      log collisions
      exit 1
    fi ;;
  release)
    log effects
    if [ -e "$holder" ] && [ "$(cat "$holder")" = "$PVC_NODE" ]; then rm -f "$holder"; fi ;;
  *)
    echo "unknown action: $PVC_ACTION" >&2
    exit 64 ;;
esac
