#if defined(__linux__)
#define _GNU_SOURCE
#endif
#include "brick_system.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

enum { slot_count = 16384 };
// A handler may only read what is always consistent: `start` is written last and cleared first.
static struct {
  _Atomic uintptr_t start;
  _Atomic size_t count;
  _Atomic uint64_t faults;
} slots[slot_count];
static _Atomic int highest;
static struct sigaction previous;
static pthread_once_t installed = PTHREAD_ONCE_INIT;
static pthread_mutex_t adding = PTHREAD_MUTEX_INITIALIZER;
static long page;
// No slot below this one is free: adding 10 000 mappings stays linear.
static int first_free;

static void on_bus_error(int number, siginfo_t *info, void *context) {
  uintptr_t address = (uintptr_t)info->si_addr;
  int last = atomic_load(&highest);
  for (int i = 0; i < last; i++) {
    uintptr_t start = atomic_load(&slots[i].start);
    if (start && address >= start && address - start < atomic_load(&slots[i].count)) {
      void *hole = (void *)(address & ~((uintptr_t)page - 1));
      // MAP_FIXED over the one faulting page of our own read-only mapping.
      if (mmap(hole, (size_t)page, PROT_READ, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
        atomic_fetch_add(&slots[i].faults, 1);
        return;
      }
    }
  }
  // Not ours: let whoever was there before handle it, or die as usual.
  sigaction(SIGBUS, &previous, NULL);
  (void)number;
  (void)context;
}

static void install(void) {
  page = sysconf(_SC_PAGESIZE);
  struct sigaction action = {0};
  action.sa_sigaction = on_bus_error;
  action.sa_flags = SA_SIGINFO;
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous);
}

int brick_guard_add(const void *start, size_t count) {
  pthread_once(&installed, install);
  pthread_mutex_lock(&adding);
  int found = -1;
  for (int i = first_free; i < slot_count; i++) {
    if (atomic_load(&slots[i].start) == 0) {
      atomic_store(&slots[i].count, count);
      atomic_store(&slots[i].faults, 0);
      atomic_store(&slots[i].start, (uintptr_t)start);
      if (i >= atomic_load(&highest)) atomic_store(&highest, i + 1);
      found = i;
      first_free = i + 1;
      break;
    }
  }
  pthread_mutex_unlock(&adding);
  return found;
}

void brick_guard_remove(int slot) {
  if (slot < 0) return;
  pthread_mutex_lock(&adding);
  atomic_store(&slots[slot].start, 0);
  if (slot < first_free) first_free = slot;
  pthread_mutex_unlock(&adding);
}

uint64_t brick_guard_faults(int slot) { return slot < 0 ? 0 : atomic_load(&slots[slot].faults); }

void brick_start_writing(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
  sync_file_range(file, offset, count, SYNC_FILE_RANGE_WRITE);
#else
  (void)file, (void)offset, (void)count;
#endif
}

void brick_finish_writing(int file, int64_t offset, int64_t count) {
#if defined(__linux__)
  sync_file_range(file, offset, count,
                  SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
  posix_fadvise(file, offset, count, POSIX_FADV_DONTNEED);
#else
  (void)file, (void)offset, (void)count;
#endif
}
