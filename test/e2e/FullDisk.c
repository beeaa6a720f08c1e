/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * A disk that is full for some files: preloaded into a program, it lets writes to files whose path
 * matches NTC_FULL_FILES (a glob) fail with ENOSPC once NTC_FULL_AFTER bytes (default: none) went
 * into them. A write that would pass that limit is cut short, as a disk does. */
#include <dlfcn.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static _Atomic long long used;

static long long room(int file) {
  const char *pattern = getenv("NTC_FULL_FILES"), *after = getenv("NTC_FULL_AFTER");
  char link[64], path[4096];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof(path) - 1);
  if (!pattern || length < 0) {
    return -1;
  }
  path[length] = 0;
  if (fnmatch(pattern, path, 0) != 0) {
    return -1;
  }
  long long left = (after ? atoll(after) : 0) - used;
  return left > 0 ? left : 0;
}

ssize_t write(int file, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) =
      (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  long long left = room(file);
  if (left == 0 && count > 0) {
    errno = ENOSPC;
    return -1;
  }
  ssize_t done = real(file, bytes, left > 0 && (size_t)left < count ? (size_t)left : count);
  if (left > 0 && done > 0) {
    used += done;
  }
  return done;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
  ssize_t (*real)(int, const void *, size_t, off_t) =
      (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
  if (room(file) == 0 && count > 0) {
    errno = ENOSPC;
    return -1;
  }
  return real(file, bytes, count, offset);
}
