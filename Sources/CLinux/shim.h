#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <string.h>

/// Starts writing a range of a file back to disk without waiting for it.
static inline void bm_start_write_back(int descriptor, long offset, long count) {
  sync_file_range(descriptor, offset, count, SYNC_FILE_RANGE_WRITE);
}

/// Gives a pipe room for so many bytes, if the system allows it.
static inline void bm_widen_pipe(int descriptor, int count) {
  fcntl(descriptor, F_SETPIPE_SZ, count);
}

/// The last such byte, or null.
static inline const void *bm_last_byte(const void *bytes, int byte, size_t count) {
  return memrchr(bytes, byte, count);
}

/// Reserves room for a file's bytes without writing them; -1 where the file system cannot.
static inline int bm_reserve(int descriptor, long count) {
  return fallocate(descriptor, 0, 0, count);
}
