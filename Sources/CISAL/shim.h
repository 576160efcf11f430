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
