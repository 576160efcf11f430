// The kernels of Brickwork as plain C loops, built for the processor they run on: what ours are held against.
//
// Every function works on contiguous voxels. `type` is the place of the element type in
// uint8, uint16, uint32, uint64, int8, int16, int32, int64, float32, float64.
#ifndef YARDSTICKS_H
#define YARDSTICKS_H
#include <stddef.h>
#include <stdint.h>

void yard_copy(const void *from, void *to, size_t bytes);
void yard_overlay(int type, const void *from, void *to, size_t voxels);
void yard_maximum(int type, const void *from, void *to, size_t voxels);
void yard_minimum(int type, const void *from, void *to, size_t voxels);
/// Mean of two tiles, integers half up.
void yard_average(int type, const void *a, const void *b, void *to, size_t voxels);
/// Weighted mean of two tiles; one weight for each x of a row, and one for each row.
void yard_linear(
    int type, const void *a, const void *b, const double *alongA, const double *alongB,
    const double *rowsA, const double *rowsB, void *to, size_t rows, size_t rowVoxels);
/// Means of blocks of factorZ × 2 × 2 voxels (factorZ 1 or 2), integers half up; sizes are multiples of the factors.
void yard_mean(int type, const void *from, void *to, size_t z, size_t y, size_t x, size_t factorZ);
/// The majority of blocks of 2 × 2 × 2 labels: 0 with more than half of them, else the label with most, of several the smallest.
void yard_majority(int type, const void *from, void *to, size_t z, size_t y, size_t x);
void yard_histogram8(const void *from, int64_t *bins, size_t voxels);
void yard_histogram16(const void *from, int64_t *bins, size_t voxels);
/// clamp((v − low)·255/(high − low), 0, 255), truncated.
void yard_scale(int type, const void *from, uint8_t *to, size_t voxels, double low, double high);
/// Labels looked up in a table of 32-bit entries.
void yard_relabel(int type, const void *from, uint32_t *to, const uint32_t *table, size_t voxels);
/// Labels looked up in an open-addressing table of (label, new label); its slots are a power of two.
void yard_relabel_hashed(
    int type, const void *from, uint32_t *to, const uint64_t *table, size_t slots, size_t voxels);
void yard_table_insert(uint64_t *table, size_t slots, uint64_t key, uint64_t value);
/// Voxels of each pair of labels, in an open-addressing table of (first, second, voxels); returns the pairs found.
size_t yard_pairs(
    int type, const void *a, const void *b, uint64_t *table, size_t slots, size_t voxels);
/// Voxels and sums of coordinates of labels below `count`, in rows of (voxels, z, y, x).
void yard_centroids(
    int type, const void *from, uint64_t *rows, size_t count, size_t z, size_t y, size_t x);
void yard_shuffle(const void *from, void *to, size_t width, size_t voxels);
void yard_unshuffle(const void *from, void *to, size_t width, size_t voxels);
uint32_t yard_crc32c(const void *from, size_t bytes);

/// zstd level 1 of bytes that are shuffled first (width 1: not); returns the compressed bytes.
size_t yard_zstd(void *context, const void *from, void *scratch, void *to, size_t room, size_t width, size_t voxels);
void yard_unzstd(void *context, const void *from, size_t bytes, void *scratch, void *to, size_t width, size_t voxels);
void *yard_compressor(void);
void *yard_decompressor(void);
/// igzip level 1 in zlib's frame of bytes that are shuffled first; returns the compressed bytes.
size_t yard_deflate(const void *from, void *scratch, void *to, size_t room, size_t width, size_t voxels);
#endif
