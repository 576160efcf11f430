#!/bin/bash
# Fuzzes every parser, or those named, for SECONDS_EACH seconds under the address sanitizer; inputs that fail stay behind.
#
#   run.sh PYTHON [PARSER …]     BRICKWORK_SHARED/data or ../shared/data gives real files as first inputs, where it is there
set -euo pipefail
python=$1
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$root/.build-fuzz
each=${SECONDS_EACH:-600}
jobs=${JOBS:-$(nproc)}

resources=$(swiftc -print-target-info | "$python" -c 'import json,sys; print(json.load(sys.stdin)["paths"]["runtimeResourcePath"])')
driver=$(ls "$resources"/clang/lib/*/libclang_rt.fuzzer_no_main*.a | head -1)
# The linker's notes on the sanitizer's own symbols are of no interest.
swift build --package-path "$here" --scratch-path "$work" -c release --sanitize address \
  -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table -Xlinker "$driver" -Xlinker -lstdc++ \
  2>&1 | { grep -v "Cannot export local symbol" || true; }

data=${BRICKWORK_SHARED:-$root/../shared}/data
"$python" "$here/seeds.py" "$work/seeds" $([[ -d "$data" ]] && echo "$data")
[[ $# -gt 0 ]] || set -- $(ls "$work/seeds")

fuzz() {
  local parser=$1
  mkdir -p "$work/corpus/$parser" "$work/failures"
  if BRICKWORK_FUZZ=$parser "$work/release/BrickFuzz" -max_total_time="$each" -timeout=20 -rss_limit_mb=2048 \
    -max_len=300000 -artifact_prefix="$work/failures/$parser-" "$work/corpus/$parser" "$work/seeds/$parser" \
    >"$work/$parser.log" 2>&1; then
    echo "$parser: clean, $(grep -E '^Done|DONE' "$work/$parser.log" | tr '\n' ' ')"
  else
    echo "$parser: FAILED, see $work/$parser.log"
    grep -E 'ERROR|SUMMARY|Fatal error|Test unit' "$work/$parser.log" | head -5
    return 1
  fi
}
export -f fuzz
export work each
printf '%s\n' "$@" | xargs -P "$jobs" -I{} bash -c 'fuzz {}'
