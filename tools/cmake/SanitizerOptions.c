// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the address sanitizer cannot see in libraries that were built without it, linked into every
// program of a build with -DNTC_SANITIZE; ASAN_OPTIONS adds to it.
// - allow_user_poisoning: LLVM's allocators are inline in its headers. Our objects poison the slabs
//   that libLLVM then hands out without unpoisoning them.
// - alloc_dealloc_mismatch: protobuf allocates and frees in different libraries.
// - detect_container_overflow: containers that cross into a library are not annotated there.
__attribute__((visibility("default"))) const char *__asan_default_options(void) {
  return "allow_user_poisoning=0:alloc_dealloc_mismatch=0:detect_container_overflow=0";
}
