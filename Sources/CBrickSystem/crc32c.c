#include "brick_system.h"
#include <string.h>

// Slicing by 8 where the processor has no instruction for it.
static uint32_t table[8][256];

__attribute__((constructor)) static void make_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
    table[0][i] = c;
  }
  for (uint32_t i = 0; i < 256; i++)
    for (int t = 1; t < 8; t++) table[t][i] = (table[t - 1][i] >> 8) ^ table[0][table[t - 1][i] & 255];
}

static uint32_t crc_by_tables(uint32_t c, const uint8_t *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    uint32_t lo = c ^ (p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
    c = table[7][lo & 255] ^ table[6][lo >> 8 & 255] ^ table[5][lo >> 16 & 255] ^ table[4][lo >> 24] ^
        table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
  }
  for (; n; p++, n--) c = (c >> 8) ^ table[0][(c ^ *p) & 255];
  return c;
}

#if defined(__x86_64__)
// The instruction takes one step a cycle but its result comes three cycles later: three parts of a block are
// summed side by side, and put together by sums that had `part_bytes` zeros shifted through, from a table.
enum { part_bytes = 1024 };
static uint32_t through_zeros[4][256];

__attribute__((constructor)) static void make_shifts(void) {
  for (uint32_t byte = 0; byte < 4; byte++)
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i << (8 * byte);
      for (int k = 0; k < 8 * part_bytes; k++) c = c & 1 ? (c >> 1) ^ 0x82F63B78u : c >> 1;
      through_zeros[byte][i] = c;
    }
}

static inline uint32_t shifted(uint32_t c) {
  return through_zeros[0][c & 255] ^ through_zeros[1][c >> 8 & 255] ^ through_zeros[2][c >> 16 & 255] ^
         through_zeros[3][c >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t crc_by_instruction(uint32_t crc, const uint8_t *p, size_t n) {
  uint64_t c = crc;
  for (; n >= 3 * part_bytes; p += 3 * part_bytes, n -= 3 * part_bytes) {
    uint64_t second = 0, third = 0;
    for (size_t i = 0; i < part_bytes; i += 8) {
      uint64_t a, b, d;
      memcpy(&a, p + i, 8);
      memcpy(&b, p + part_bytes + i, 8);
      memcpy(&d, p + 2 * part_bytes + i, 8);
      c = __builtin_ia32_crc32di(c, a);
      second = __builtin_ia32_crc32di(second, b);
      third = __builtin_ia32_crc32di(third, d);
    }
    c = shifted(shifted((uint32_t)c) ^ (uint32_t)second) ^ (uint32_t)third;
  }
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    c = __builtin_ia32_crc32di(c, word);
  }
  uint32_t last = (uint32_t)c;
  for (; n; p++, n--) last = __builtin_ia32_crc32qi(last, *p);
  return last;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
static uint32_t crc_by_instruction(uint32_t c, const uint8_t *p, size_t n) {
  for (; n >= 8; p += 8, n -= 8) {
    uint64_t word;
    memcpy(&word, p, 8);
    c = __crc32cd(c, word);
  }
  for (; n; p++, n--) c = __crc32cb(c, *p);
  return c;
}
#endif

uint32_t brick_crc32c(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *p = bytes;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return ~crc_by_instruction(~crc, p, count);
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
  return ~crc_by_instruction(~crc, p, count);
#endif
  return ~crc_by_tables(~crc, p, count);
}
