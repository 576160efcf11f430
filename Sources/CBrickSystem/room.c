#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "brick_system.h"
#include <errno.h>
#include <fcntl.h>
#if defined(__linux__)
#include <linux/falloc.h>
#endif

int brick_set_aside(int file, int64_t count) {
#if defined(__linux__)
  // Not every file system can, and only a full one matters.
  if (fallocate(file, 0, 0, count) != 0 && (errno == ENOSPC || errno == EDQUOT)) return errno;
#else
  (void)file, (void)count;
#endif
  return 0;
}

void brick_give_back(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
  (void)!fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, count);
#else
  (void)file, (void)offset, (void)count;
#endif
}
