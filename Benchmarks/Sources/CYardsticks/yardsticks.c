#include "yardsticks.h"

#include <isa-l/igzip_lib.h>
#include <math.h>
#include <nmmintrin.h>
#include <string.h>
#include <zstd.h>

#define INTEGERS(X)                                                                                \
  X(0, uint8_t) X(1, uint16_t) X(2, uint32_t) X(3, uint64_t) X(4, int8_t) X(5, int16_t)            \
  X(6, int32_t) X(7, int64_t)
#define ALL(X) INTEGERS(X) X(8, float) X(9, double)

void yard_copy(const void *from, void *to, size_t bytes) { memcpy(to, from, bytes); }

// MARK: Fusion

#define PAIRWISE(name, expression)                                                                 \
  void yard_##name(int type, const void *from, void *to, size_t voxels) {                          \
    switch (type) { ALL(CASE_##name) }                                                             \
  }
#define LOOP(number, T, expression)                                                                \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    T *restrict d = to;                                                                            \
    for (size_t i = 0; i < voxels; i++) {                                                          \
      T v = s[i], o = d[i];                                                                        \
      d[i] = expression;                                                                           \
    }                                                                                              \
    break;                                                                                         \
  }
#define CASE_overlay(number, T) LOOP(number, T, v == 0 ? o : v)
#define CASE_maximum(number, T) LOOP(number, T, v > o ? v : o)
#define CASE_minimum(number, T) LOOP(number, T, v < o ? v : o)
PAIRWISE(overlay, )
PAIRWISE(maximum, )
PAIRWISE(minimum, )

#define AVERAGE(number, T, Wide)                                                                   \
  case number: {                                                                                   \
    const T *restrict s = a, *restrict o = b;                                                      \
    T *restrict d = to;                                                                            \
    for (size_t i = 0; i < voxels; i++) d[i] = (T)(((Wide)s[i] + (Wide)o[i] + 1) >> 1);            \
    break;                                                                                         \
  }
#define AVERAGE_FLOAT(number, T)                                                                   \
  case number: {                                                                                   \
    const T *restrict s = a, *restrict o = b;                                                      \
    T *restrict d = to;                                                                            \
    for (size_t i = 0; i < voxels; i++) d[i] = (T)(((double)s[i] + (double)o[i]) / 2);             \
    break;                                                                                         \
  }
void yard_average(int type, const void *a, const void *b, void *to, size_t voxels) {
  switch (type) {
    AVERAGE(0, uint8_t, int32_t)
    AVERAGE(1, uint16_t, int32_t)
    AVERAGE(2, uint32_t, int64_t)
    AVERAGE(3, uint64_t, __int128)
    AVERAGE(4, int8_t, int32_t)
    AVERAGE(5, int16_t, int32_t)
    AVERAGE(6, int32_t, int64_t)
    AVERAGE(7, int64_t, __int128)
    AVERAGE_FLOAT(8, float)
    AVERAGE_FLOAT(9, double)
  }
}

#define LINEAR(number, T, W, convert)                                                              \
  case number: {                                                                                   \
    for (size_t r = 0; r < rows; r++) {                                                            \
      const T *restrict s = (const T *)a + r * rowVoxels, *restrict o = (const T *)b + r * rowVoxels; \
      T *restrict d = (T *)to + r * rowVoxels;                                                     \
      W ra = (W)rowsA[r], rb = (W)rowsB[r];                                                        \
      for (size_t x = 0; x < rowVoxels; x++) {                                                     \
        W wa = ra * (W)alongA[x], wb = rb * (W)alongB[x];                                          \
        W value = (wa * (W)s[x] + wb * (W)o[x]) / (wa + wb);                                       \
        d[x] = convert;                                                                            \
      }                                                                                            \
    }                                                                                              \
    break;                                                                                         \
  }
void yard_linear(
    int type, const void *a, const void *b, const double *alongA, const double *alongB,
    const double *rowsA, const double *rowsB, void *to, size_t rows, size_t rowVoxels) {
  switch (type) {
    LINEAR(0, uint8_t, float, (uint8_t)(int32_t)nearbyintf(value))
    LINEAR(1, uint16_t, float, (uint16_t)(int32_t)nearbyintf(value))
    LINEAR(2, uint32_t, double, (uint32_t)(int64_t)nearbyint(value))
    LINEAR(3, uint64_t, double, (uint64_t)nearbyint(value))
    LINEAR(4, int8_t, float, (int8_t)(int32_t)nearbyintf(value))
    LINEAR(5, int16_t, float, (int16_t)(int32_t)nearbyintf(value))
    LINEAR(6, int32_t, double, (int32_t)nearbyint(value))
    LINEAR(7, int64_t, double, (int64_t)nearbyint(value))
    LINEAR(8, float, double, (float)value)
    LINEAR(9, double, double, value)
  }
}

// MARK: Coarser levels

#define MEAN(number, T, Wide, total)                                                               \
  case number:                                                                                     \
    for (size_t i = 0; i < z / factorZ; i++)                                                       \
      for (size_t j = 0; j < y / 2; j++) {                                                         \
        const T *restrict p = (const T *)from + (i * factorZ * y + j * 2) * x;                     \
        const T *restrict q = p + x;                                                               \
        const T *restrict u = p + (factorZ - 1) * y * x, *restrict v = u + x;                      \
        T *restrict d = (T *)to + (i * (y / 2) + j) * (x / 2);                                     \
        if (factorZ == 2)                                                                          \
          for (size_t k = 0; k < x / 2; k++) {                                                     \
            Wide sum = (Wide)p[2 * k] + p[2 * k + 1] + q[2 * k] + q[2 * k + 1] + u[2 * k] +        \
                       u[2 * k + 1] + v[2 * k] + v[2 * k + 1];                                     \
            d[k] = (T)(total(3, 4, 8));                                                            \
          }                                                                                        \
        else                                                                                       \
          for (size_t k = 0; k < x / 2; k++) {                                                     \
            Wide sum = (Wide)p[2 * k] + p[2 * k + 1] + q[2 * k] + q[2 * k + 1];                    \
            d[k] = (T)(total(2, 2, 4));                                                            \
          }                                                                                        \
      }                                                                                            \
    break;
#define HALF_UP(shift, half, count) (sum + half) >> shift
#define QUOTIENT(shift, half, count) sum / count
void yard_mean(int type, const void *from, void *to, size_t z, size_t y, size_t x, size_t factorZ) {
  switch (type) {
    MEAN(0, uint8_t, uint16_t, HALF_UP)
    MEAN(1, uint16_t, uint32_t, HALF_UP)
    MEAN(2, uint32_t, uint64_t, HALF_UP)
    MEAN(3, uint64_t, unsigned __int128, HALF_UP)
    MEAN(4, int8_t, int16_t, HALF_UP)
    MEAN(5, int16_t, int32_t, HALF_UP)
    MEAN(6, int32_t, int64_t, HALF_UP)
    MEAN(7, int64_t, __int128, HALF_UP)
    MEAN(8, float, double, QUOTIENT)
    MEAN(9, double, double, QUOTIENT)
  }
}

#define MAJORITY(number, T)                                                                        \
  case number:                                                                                     \
    for (size_t i = 0; i < z / 2; i++)                                                             \
      for (size_t j = 0; j < y / 2; j++) {                                                         \
        const T *restrict p = (const T *)from + (i * 2 * y + j * 2) * x, *restrict q = p + x;      \
        const T *restrict u = p + y * x, *restrict v = u + x;                                      \
        T *restrict d = (T *)to + (i * (y / 2) + j) * (x / 2);                                     \
        for (size_t k = 0; k < x / 2; k++) {                                                       \
          T l[8] = {p[2 * k], p[2 * k + 1], q[2 * k], q[2 * k + 1],                                \
                    u[2 * k], u[2 * k + 1], v[2 * k], v[2 * k + 1]};                               \
          T differ = 0;                                                                            \
          for (int m = 1; m < 8; m++) differ |= l[m] ^ l[0];                                       \
          if (differ == 0) {                                                                       \
            d[k] = l[0];                                                                           \
            continue;                                                                              \
          }                                                                                        \
          T best = 0;                                                                              \
          int most = 0, zeros = 0;                                                                 \
          for (int m = 0; m < 8; m++) {                                                            \
            int votes = 0;                                                                         \
            for (int n = 0; n < 8; n++) votes += l[n] == l[m];                                     \
            if (l[m] == 0) {                                                                       \
              zeros = votes;                                                                       \
              continue;                                                                            \
            }                                                                                      \
            if (votes > most || (votes == most && l[m] < best)) {                                  \
              most = votes;                                                                        \
              best = l[m];                                                                         \
            }                                                                                      \
          }                                                                                        \
          d[k] = zeros > 4 ? 0 : best;                                                             \
        }                                                                                          \
      }                                                                                            \
    break;
void yard_majority(int type, const void *from, void *to, size_t z, size_t y, size_t x) {
  switch (type) { INTEGERS(MAJORITY) }
}

// MARK: Intensities

void yard_histogram8(const void *from, int64_t *bins, size_t voxels) {
  const uint8_t *s = from;
  int64_t part[4][256] = {{0}};
  size_t i = 0;
  for (; i + 4 <= voxels; i += 4)
    for (int k = 0; k < 4; k++) part[k][s[i + k]]++;
  for (; i < voxels; i++) part[0][s[i]]++;
  for (int b = 0; b < 256; b++) bins[b] += part[0][b] + part[1][b] + part[2][b] + part[3][b];
}
void yard_histogram16(const void *from, int64_t *bins, size_t voxels) {
  const uint16_t *s = from;
  for (size_t i = 0; i < voxels; i++) bins[s[i]]++;
}

#define SCALE(number, T)                                                                           \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    for (size_t i = 0; i < voxels; i++) {                                                          \
      double v = ((double)s[i] - low) * 255 / (high - low);                                        \
      v = v < 0 ? 0 : (v > 255 ? 255 : v);                                                         \
      to[i] = (uint8_t)(int32_t)v;                                                                 \
    }                                                                                              \
    break;                                                                                         \
  }
void yard_scale(int type, const void *from, uint8_t *to, size_t voxels, double low, double high) {
  switch (type) { ALL(SCALE) }
}

// MARK: Labels

#define UNSIGNED(X) X(0, uint8_t) X(1, uint16_t) X(2, uint32_t) X(3, uint64_t)

#define RELABEL(number, T)                                                                         \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    for (size_t i = 0; i < voxels; i++) to[i] = table[s[i]];                                       \
    break;                                                                                         \
  }
void yard_relabel(int type, const void *from, uint32_t *restrict to, const uint32_t *restrict table, size_t voxels) {
  switch (type) { UNSIGNED(RELABEL) }
}

static inline size_t spread(uint64_t key) {
  key ^= key >> 32;
  key *= 0x9E3779B97F4A7C15u;
  return key >> 29;
}
void yard_table_insert(uint64_t *table, size_t slots, uint64_t key, uint64_t value) {
  size_t place = spread(key) & (slots - 1);
  while (table[2 * place] != 0) place = (place + 1) & (slots - 1);
  table[2 * place] = key;
  table[2 * place + 1] = value;
}
#define RELABEL_HASHED(number, T)                                                                  \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    T last = 0;                                                                                    \
    uint32_t now = 0;                                                                              \
    for (size_t i = 0; i < voxels; i++) {                                                          \
      if (s[i] != last) {                                                                          \
        last = s[i];                                                                               \
        now = 0;                                                                                   \
        if (last != 0) {                                                                           \
          size_t place = spread(last) & (slots - 1);                                               \
          while (table[2 * place] != last) place = (place + 1) & (slots - 1);                      \
          now = (uint32_t)table[2 * place + 1];                                                    \
        }                                                                                          \
      }                                                                                            \
      to[i] = now;                                                                                 \
    }                                                                                              \
    break;                                                                                         \
  }
void yard_relabel_hashed(
    int type, const void *from, uint32_t *to, const uint64_t *table, size_t slots, size_t voxels) {
  switch (type) { UNSIGNED(RELABEL_HASHED) }
}

#define PAIRS(number, T)                                                                           \
  case number: {                                                                                   \
    const T *restrict s = a, *restrict o = b;                                                      \
    size_t i = 0;                                                                                  \
    while (i < voxels) {                                                                           \
      T first = s[i], second = o[i];                                                               \
      size_t end = i + 1;                                                                          \
      while (end < voxels && s[end] == first && o[end] == second) end++;                           \
      if (first != 0 && second != 0) {                                                             \
        size_t place = spread(first * 0x9E3779B1u + second) & (slots - 1);                         \
        for (;; place = (place + 1) & (slots - 1)) {                                               \
          uint64_t *entry = table + 3 * place;                                                     \
          if (entry[2] == 0) {                                                                     \
            entry[0] = first;                                                                      \
            entry[1] = second;                                                                     \
            found++;                                                                               \
          }                                                                                        \
          if (entry[0] == first && entry[1] == second) {                                           \
            entry[2] += end - i;                                                                   \
            break;                                                                                 \
          }                                                                                        \
        }                                                                                          \
      }                                                                                            \
      i = end;                                                                                     \
    }                                                                                              \
    break;                                                                                         \
  }
size_t yard_pairs(int type, const void *a, const void *b, uint64_t *table, size_t slots, size_t voxels) {
  size_t found = 0;
  switch (type) { UNSIGNED(PAIRS) }
  return found;
}

#define CENTROIDS(number, T)                                                                       \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    for (size_t i = 0; i < z; i++)                                                                 \
      for (size_t j = 0; j < y; j++, s += x) {                                                     \
        size_t k = 0;                                                                              \
        while (k < x) {                                                                            \
          T label = s[k];                                                                          \
          size_t end = k + 1;                                                                      \
          while (end < x && s[end] == label) end++;                                                \
          if (label != 0) {                                                                        \
            uint64_t *row = rows + 4 * (size_t)label, n = end - k;                                 \
            row[0] += n;                                                                           \
            row[1] += n * i;                                                                       \
            row[2] += n * j;                                                                       \
            row[3] += n * (k + end - 1) / 2;                                                       \
          }                                                                                        \
          k = end;                                                                                 \
        }                                                                                          \
      }                                                                                            \
    break;                                                                                         \
  }
void yard_centroids(int type, const void *from, uint64_t *rows, size_t count, size_t z, size_t y, size_t x) {
  switch (type) { UNSIGNED(CENTROIDS) }
}

// MARK: Bytes

#define SHUFFLE(number, T, w)                                                                      \
  case number: {                                                                                   \
    const T *restrict s = from;                                                                    \
    for (int k = 0; k < w; k++) {                                                                  \
      uint8_t *restrict d = (uint8_t *)to + k * voxels;                                            \
      for (size_t i = 0; i < voxels; i++) d[i] = (uint8_t)(s[i] >> (8 * k));                       \
    }                                                                                              \
    break;                                                                                         \
  }
void yard_shuffle(const void *from, void *to, size_t width, size_t voxels) {
  switch (width) {
    SHUFFLE(2, uint16_t, 2)
    SHUFFLE(4, uint32_t, 4)
    SHUFFLE(8, uint64_t, 8)
  default: memcpy(to, from, width * voxels);
  }
}
#define UNSHUFFLE(number, T, w)                                                                    \
  case number: {                                                                                   \
    T *restrict d = to;                                                                            \
    const uint8_t *restrict s = from;                                                              \
    for (size_t i = 0; i < voxels; i++) {                                                          \
      T v = 0;                                                                                     \
      for (int k = 0; k < w; k++) v |= (T)((T)s[k * voxels + i] << (8 * k));                       \
      d[i] = v;                                                                                    \
    }                                                                                              \
    break;                                                                                         \
  }
void yard_unshuffle(const void *from, void *to, size_t width, size_t voxels) {
  switch (width) {
    UNSHUFFLE(2, uint16_t, 2)
    UNSHUFFLE(4, uint32_t, 4)
    UNSHUFFLE(8, uint64_t, 8)
  default: memcpy(to, from, width * voxels);
  }
}

// Three streams hide the instruction's latency; their parts are put together by shifting zeros through.
static uint32_t shifted(uint32_t crc, size_t zeros) {
  // x^(8·zeros) by squaring, in the reflected polynomial.
  uint32_t power = 0x80000000u, square = 0x00800000u;
  while (zeros) {
    if (zeros & 1) {
      uint32_t product = 0, a = square, b = power;
      for (uint32_t m = 0x80000000u; m; m >>= 1) {
        if (a & m) product ^= b;
        b = (b & 1) ? (b >> 1) ^ 0x82F63B78u : b >> 1;
      }
      power = product;
    }
    uint32_t product = 0, b = square;
    for (uint32_t m = 0x80000000u; m; m >>= 1) {
      if (square & m) product ^= b;
      b = (b & 1) ? (b >> 1) ^ 0x82F63B78u : b >> 1;
    }
    square = product;
    zeros >>= 1;
  }
  uint32_t product = 0, b = crc;
  for (uint32_t m = 0x80000000u; m; m >>= 1) {
    if (power & m) product ^= b;
    b = (b & 1) ? (b >> 1) ^ 0x82F63B78u : b >> 1;
  }
  return product;
}
__attribute__((target("sse4.2"))) uint32_t yard_crc32c(const void *from, size_t bytes) {
  const uint8_t *p = from;
  size_t third = bytes / 24 * 8;
  uint64_t a = 0xFFFFFFFFu, b = 0, c = 0;
  for (size_t i = 0; i < third; i += 8) {
    uint64_t u, v, w;
    memcpy(&u, p + i, 8);
    memcpy(&v, p + third + i, 8);
    memcpy(&w, p + 2 * third + i, 8);
    a = _mm_crc32_u64(a, u);
    b = _mm_crc32_u64(b, v);
    c = _mm_crc32_u64(c, w);
  }
  uint32_t crc = (uint32_t)a;
  if (third) {
    crc = shifted(crc, third) ^ (uint32_t)b;
    crc = shifted(crc, third) ^ (uint32_t)c;
  }
  for (size_t i = 3 * third; i < bytes; i++) crc = _mm_crc32_u8(crc, p[i]);
  return ~crc;
}

void *yard_compressor(void) { return ZSTD_createCCtx(); }
void *yard_decompressor(void) { return ZSTD_createDCtx(); }
size_t yard_zstd(void *context, const void *from, void *scratch, void *to, size_t room, size_t width, size_t voxels) {
  if (width > 1) {
    yard_shuffle(from, scratch, width, voxels);
    from = scratch;
  }
  return ZSTD_compressCCtx(context, to, room, from, width * voxels, 1);
}
void yard_unzstd(void *context, const void *from, size_t bytes, void *scratch, void *to, size_t width, size_t voxels) {
  ZSTD_decompressDCtx(context, width > 1 ? scratch : to, width * voxels, from, bytes);
  if (width > 1) yard_unshuffle(scratch, to, width, voxels);
}
size_t yard_deflate(const void *from, void *scratch, void *to, size_t room, size_t width, size_t voxels) {
  static uint8_t levels[ISAL_DEF_LVL1_DEFAULT];
  if (width > 1) {
    yard_shuffle(from, scratch, width, voxels);
    from = scratch;
  }
  static struct isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.end_of_stream = 1;
  stream.flush = NO_FLUSH;
  stream.level = 1;
  stream.level_buf = levels;
  stream.level_buf_size = sizeof levels;
  stream.gzip_flag = IGZIP_ZLIB;
  stream.next_in = (uint8_t *)from;
  stream.avail_in = (uint32_t)(width * voxels);
  stream.next_out = to;
  stream.avail_out = (uint32_t)room;
  isal_deflate_stateless(&stream);
  return stream.total_out;
}
