#!/bin/bash
# Runs a command under a hard memory limit of the kernel, page cache counted and without swap, and says
# how much it took at most. As root, on Linux with cgroups of either version.
#
#   memory_limit.sh LIMIT [-- ] command…            LIMIT in bytes, or 512M, 2G (powers of 1024)
#   memory_limit.sh 512M -- brickwork stitch … --memory 384MiB
#
# Evict the inputs first (see README.md): pages that another group brought in stay charged to it.
set -euo pipefail
if [[ $# -lt 2 ]]; then sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 64; fi

number=${1%%[!0-9]*}
case "${1#"$number"}" in
  '') limit=$number ;;
  K|k|KiB) limit=$((number << 10)) ;;
  M|m|MiB) limit=$((number << 20)) ;;
  G|g|GiB) limit=$((number << 30)) ;;
  *) echo "memory_limit: a limit is like 512M or 2G, not $1" >&2; exit 64 ;;
esac
shift
[[ "$1" == -- ]] && shift

if [[ -d /sys/fs/cgroup/memory ]]; then           # version 1
  group=/sys/fs/cgroup/memory/brickwork.$$
  mkdir "$group"
  echo "$limit" > "$group/memory.limit_in_bytes"
  # With swap accounting in the kernel this forbids swap; without it there is nothing to forbid.
  if [[ -e "$group/memory.memsw.limit_in_bytes" ]]; then
    echo "$limit" > "$group/memory.memsw.limit_in_bytes"
  fi
  peak="$group/memory.max_usage_in_bytes"
elif [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then  # version 2
  echo +memory > /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null || true
  group=/sys/fs/cgroup/brickwork.$$
  mkdir "$group"
  echo "$limit" > "$group/memory.max"
  echo 0 > "$group/memory.swap.max"
  peak="$group/memory.peak"
else
  echo "memory_limit: this system has no memory cgroups" >&2
  exit 1
fi
trap 'rmdir "$group" 2>/dev/null || true' EXIT

started=$(date +%s.%N)
code=0
( echo "$BASHPID" > "$group/cgroup.procs"; exec "$@" ) || code=$?
ended=$(date +%s.%N)
failures=$(awk '$1 == "oom_kill" { print $2 }' "$group/memory.oom_control" "$group/memory.events" 2>/dev/null || true)
awk -v limit="$limit" -v peak="$(cat "$peak" 2>/dev/null || echo 0)" \
  -v kills="${failures:-0}" -v code="$code" -v a="$started" -v b="$ended" 'BEGIN {
    printf "limit %.0f MiB, peak %.0f MiB (page cache counted), %.1f s, exit code %d, %d killed\n",
      limit / 1048576, peak / 1048576, b - a, code, kills > "/dev/stderr" }'
exit "$code"
