#include "brick_system.h"

#if defined(__GLIBC__)
#include <malloc.h>
#endif

void brick_reuse_freed_memory(int32_t cores) {
#if defined(__GLIBC__)
  mallopt(M_MMAP_THRESHOLD, 4 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
  mallopt(M_ARENA_MAX, cores);
#else
  (void)cores;
#endif
}
