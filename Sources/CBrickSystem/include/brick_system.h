// The few things Swift can't say: a processor instruction, a signal handler, and a Linux call that is not
// in the default headers.
#pragma once
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// CRC-32C (Castagnoli, reflected 0x82F63B78) of `count` bytes, continuing from `crc`; start with 0.
/// RFC 3720 section B.4 has test vectors.
uint32_t brick_crc32c(uint32_t crc, const void *bytes, size_t count);

/// Asks for the cache line at `address`, which need not be readable, without waiting for it.
static inline void brick_prefetch(const void *address) { __builtin_prefetch(address); }

/// Watches a mapping for SIGBUS: a page that can't be read (the file shrank, the disk failed) becomes a page
/// of zeros and is counted, so that the reader can throw afterwards without unwinding.
/// Returns a slot, or -1 if all are taken: the mapping then keeps the system's behaviour.
int brick_guard_add(const void *start, size_t count);
/// Ends the watch; call it before unmapping.
void brick_guard_remove(int slot);
/// Pages replaced by zeros so far.
uint64_t brick_guard_faults(int slot);

/// Starts writing a range of a file to disk without waiting. Does nothing where the system has no such call.
void brick_start_writing(int file, int64_t offset, int64_t count);
/// Waits until a range is written, then drops it from the page cache.
void brick_finish_writing(int file, int64_t offset, int64_t count);

/// Takes room on the disk for the first bytes of a file, where the file system can. Returns an error code, for a
/// full disk alone, or 0.
int brick_set_aside(int file, int64_t count);
/// Gives the room of a range of a file back, where the file system can: its bytes read as zeros then.
void brick_give_back(int file, int64_t offset, int64_t count);

/// Has the C library keep freed pieces of up to 4 MiB, with one arena per core. Does nothing but with glibc.
void brick_reuse_freed_memory(int32_t cores);

/// Cores this process may run on, its affinity considered; 0 where the system does not say.
int32_t brick_usable_cores(void);

#ifdef __cplusplus
}
#endif
