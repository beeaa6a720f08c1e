// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sources of device memory; see Allocator.h.
#include "runtime/device/Allocator.h"

#include <cstdlib>
#include <sys/mman.h>

namespace ntc::rt::device {

Result<void *> HostAllocator::allocate(uint64_t sizeBytes, uint64_t alignment) {
  constexpr uint64_t pageBytes = 4096; // the least that any supported system maps
  void *block = alignment <= pageBytes ? ::mmap(nullptr, sizeBytes, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                       : MAP_FAILED;
  if (block == MAP_FAILED) {
    return error(Code::OutOfMemory, "cannot allocate ", sizeBytes, " bytes of device memory");
  }
  return block;
}

void HostAllocator::deallocate(void *block, uint64_t sizeBytes) { ::munmap(block, sizeBytes); }

Result<void *> CountingAllocator::allocate(uint64_t sizeBytes, uint64_t alignment) {
  auto block = inner_.allocate(sizeBytes, alignment);
  if (block) {
    ++allocations_;
    uint64_t live = liveBytes_ += sizeBytes;
    uint64_t peak = peakBytes_;
    while (peak < live && !peakBytes_.compare_exchange_weak(peak, live)) {
    }
  }
  return block;
}

void CountingAllocator::deallocate(void *block, uint64_t sizeBytes) {
  liveBytes_ -= sizeBytes;
  inner_.deallocate(block, sizeBytes);
}

} // namespace ntc::rt::device
