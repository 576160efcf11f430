#!/bin/bash
# Stitches a tile set twice, unlimited and under a kernel limit, and compares every byte.
#
#   larger_than_memory.sh BRICKWORK TILES_FOLDER WORK_FOLDER [options of stitch…]
#
# TILES_FOLDER holds tile_*.tif and offsets.npy in the layout `exm`, or files that know their positions.
# LIMIT (512M) and MEMORY (384MiB) can be set in the environment. The stores are left in WORK_FOLDER.
set -euo pipefail
if [[ $# -lt 3 ]]; then sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 64; fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
brickwork=$(realpath "$1"); tiles=$(realpath "$2"); work=$3
shift 3
limit=${LIMIT:-512M}
memory=${MEMORY:-384MiB}
mkdir -p "$work"

arguments=("$tiles"/*.tif)
if [[ -e "$tiles/offsets.npy" ]]; then
  arguments+=(--offsets "$tiles/offsets.npy" --offset-layout exm)
fi
if [[ -e "$tiles/dataset.json" ]]; then
  voxel=$(sed -n '/"voxel_size_xyz_um"/,/]/p' "$tiles/dataset.json" | grep -oE '[0-9]+\.?[0-9]*' | paste -sd,)
  arguments+=(--voxel-size "$voxel")
fi
arguments+=(--progress none "$@")

for run in unlimited limited; do
  # Under one name, which the metadata repeat.
  rm -rf "${work:?}/$run"
  mkdir -p "$work/$run"
  "$here/evict.sh" "$tiles"
  echo "== $run" >&2
  if [[ $run == limited ]]; then
    "$here/memory_limit.sh" "$limit" -- "$brickwork" stitch "${arguments[@]}" \
      --memory "$memory" -o "$work/$run/stitched.ome.zarr"
  else
    # A limit far away, so that both runs are measured alike.
    "$here/memory_limit.sh" 1024G -- "$brickwork" stitch "${arguments[@]}" -o "$work/$run/stitched.ome.zarr"
  fi
  du -sh "$work/$run/stitched.ome.zarr" >&2
done

if diff -rq "$work/unlimited" "$work/limited"; then
  echo "both stores are the same, byte for byte"
else
  echo "the stores differ" >&2
  exit 1
fi
