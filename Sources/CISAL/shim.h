#include <isa-l/igzip_lib.h>
#include <stddef.h>
#include <string.h>

// `struct isal_zstream` holds arrays larger than Swift imports: Swift gives untyped memory of this size.
static inline size_t cisal_stream_size(void) { return sizeof(struct isal_zstream); }
// A macro with arithmetic on an enumerator.
static inline size_t cisal_level1_size(void) { return ISAL_DEF_LVL1_DEFAULT; }

// One zlib-format stream at igzip level 1 into at most `room` bytes; 0 when it does not fit or fails.
static inline size_t cisal_zlib1(void *memory, void *level_memory, const void *source, uint32_t count, void *target,
                                 uint32_t room) {
  struct isal_zstream *stream = (struct isal_zstream *)memory;
  // Matches found by what an earlier call left in these buffers would make streams depend on their order.
  memset(memory, 0, cisal_stream_size());
  memset(level_memory, 0, cisal_level1_size());
  isal_deflate_stateless_init(stream);
  stream->end_of_stream = 1;
  stream->flush = NO_FLUSH;
  stream->gzip_flag = IGZIP_ZLIB;
  stream->level = 1;
  stream->level_buf = (uint8_t *)level_memory;
  stream->level_buf_size = (uint32_t)cisal_level1_size();
  stream->next_in = (uint8_t *)source;  // only read
  stream->avail_in = count;
  stream->next_out = (uint8_t *)target;
  stream->avail_out = room;
  return isal_deflate_stateless(stream) == COMP_OK && stream->avail_in == 0 ? stream->total_out : 0;
}

// `struct inflate_state` holds arrays, too.
static inline size_t cisal_inflate_size(void) { return sizeof(struct inflate_state); }

// The first `room` bytes of one zlib-format stream, which may hold more; returns how many were written, and sets
// `is_whole` to 1 where the target is full or the stream ended with its checksum right.
static inline size_t cisal_inflate_zlib_start(void *memory, const void *source, size_t count, void *target,
                                              size_t room, int *is_whole) {
  struct inflate_state *state = (struct inflate_state *)memory;
  const size_t step = (size_t)1 << 30;  // the library counts in 32 bits
  size_t taken = 0, filled = 0;
  isal_inflate_init(state);
  state->crc_flag = ISAL_ZLIB;
  state->next_in = (uint8_t *)source;  // only read
  state->next_out = (uint8_t *)target;
  *is_whole = room == 0;
  while (filled < room) {
    const uint32_t in = (uint32_t)(count - taken < step ? count - taken : step);
    const uint32_t out = (uint32_t)(room - filled < step ? room - filled : step);
    state->avail_in = in;
    state->avail_out = out;
    const int result = isal_inflate(state);
    taken += in - state->avail_in;
    filled += out - state->avail_out;
    if (filled == room) *is_whole = 1;
    if (result != ISAL_DECOMP_OK) break;
    if (state->block_state == ISAL_BLOCK_FINISH) {
      *is_whole = 1;
      break;
    }
    if (in == state->avail_in && out == state->avail_out) break;  // the stream is cut
  }
  return filled;
}
