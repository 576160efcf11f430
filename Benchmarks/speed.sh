#!/bin/bash
# Brickwork beside other programs: one paired run, interleaved, medians and spread.
#
#   speed.sh BENCH_PEERS DATA
#
# BENCH_PEERS is the peers' benchmark script: `bench_peers.py TASK --peer NAME --data DIR …` prints one
# JSON line. DATA is a folder it reads. In the environment:
#   PEER_PYTHON (python3)   an interpreter with the peers installed
#   ROUNDS (5)              how often each program runs; the order alternates
#   CPUS (0,1) THREADS (2)  cores to pin to, threads for each program
#   ONLY                    a regular expression of job names to run
# All stores have bricks 32×128×128 in shards 64×512×512. Results: one JSON line a run in
# Results/speed.jsonl, the table on stdout (table.py makes it again from the file).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [[ $# -ne 2 || ! -f "$1" || ! -d "$2" ]]; then sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 64; fi
peers=$(realpath "$1"); data=$(realpath "$2")
python=${PEER_PYTHON:-python3}
brickwork=$(realpath "${BRICKWORK:-$here/../.build/release/brickwork}")
rounds=${ROUNDS:-5}; cpus=${CPUS:-0,1}; threads=${THREADS:-2}; only=${ONLY:-.}
results=${RESULTS:-$here/Results/speed.jsonl}
work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/brickwork-speed.XXXXXX")
trap 'rm -rf "$work" "$work-store"' EXIT
mkdir -p "$(dirname "$results")"
: > "$results"

voxel=$("$python" -c 'import json, sys
print(",".join(map(str, json.load(open(sys.argv[1]))["voxel_size_xyz_um"])))' "$data/dataset.json")
stitch="$brickwork stitch {data}/tile_*.tif --offsets {data}/offsets.npy --offset-layout exm \
  --voxel-size $voxel --fusion overwrite --brick 32,128,128 --shard 64,512,512 --threads {threads} \
  --progress none"

run() { # job, task, peer, further arguments
  local job=$1 task=$2 peer=$3
  shift 3
  [[ "$job" =~ $only ]] || return 0
  "$python" "$peers" "$task" --peer "$peer" --data "$data" --out "$work" --reps 1 \
    --cpus "$cpus" --threads "$threads" --chunk 32 128 128 --shard 64 512 512 "$@" \
    | "$python" -c 'import json, sys
print(json.dumps({"job": sys.argv[1], "who": sys.argv[2], **json.loads(sys.stdin.readlines()[-1])}))' \
      "$job" "$peer" | tee -a "$results" >&2
}
ours() { # job, task, command, suffix of the output
  local job=$1 task=$2 command=$3
  # Under the name the benchmark gave, so that it counts the bytes and waits until they are on the disk.
  local suffix=$4
  run "$job" "$task" cmd --cmd \
    "rm -rf {out}$suffix && $command -o {out}$suffix && mv {out}$suffix {out}"
}

# Not under $work, which the peers' script empties after each run.
store=$work-store/for-export.ome.zarr
if [[ "export" =~ $only ]]; then
  mkdir -p "$(dirname "$store")"
  stitch_once=${stitch//\{data\}/$data}
  eval "${stitch_once//\{threads\}/$threads} -o $store"
fi
peer_jobs=(
  "level0 stitch tensorstore --codec bzstd1"
  "level0 stitch dask+zarr --codec zstd3"
  "pyramid stitch tensorstore --codec bzstd1"
  "pyramid pyramid tensorstore --codec bzstd1"
  "export bdv npy2bdv-gzip-pyr"
  "export bdv pybdv"
)
# The pyramid of the peers starts from a stitched store, which has to be there.
[[ "pyramid" =~ $only ]] && "$python" "$peers" prepare --peer stitched --data "$data" --reps 1 \
  --cpus "$cpus" --threads "$threads" --chunk 32 128 128 --shard 64 512 512 --codec bzstd1 >/dev/null

for round in $(seq "$rounds"); do
  if ((round % 2)); then order=(ours peers); else order=(peers ours); fi
  for side in "${order[@]}"; do
    if [[ $side == ours ]]; then
      ours level0 stitch "$stitch --levels 1" .ome.zarr
      ours pyramid stitch "$stitch" .ome.zarr
      ours export bdv "$brickwork export $store --threads {threads} --progress none" .h5
    else
      for job in "${peer_jobs[@]}"; do
        # shellcheck disable=SC2086
        run $job
      done
    fi
  done
done
"$python" "$here/table.py" "$results"
