// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arena: one allocation, aligned, and guarded to the byte at its end.
#include "runtime/memory/Arena.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntc::rt::memory {
namespace {

/// True when writing to `at` kills a child process.
bool faults(uint8_t *at) {
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    *const_cast<volatile uint8_t *>(at) = 1;
    ::_exit(0);
  }
  int result = 0;
  ::waitpid(child, &result, 0);
  return WIFSIGNALED(result) || WEXITSTATUS(result) != 0;
}

TEST(Arena, isOneZeroedAlignedAllocationOfItsSize) {
  device::HostAllocator host;
  device::CountingAllocator counter(host);
  {
    auto arena = Arena::create(64 * 1000, counter);
    ASSERT_TRUE(arena);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena->data()) % 64, 0u);
    EXPECT_TRUE(std::all_of(arena->data(), arena->data() + arena->sizeBytes(),
                            [](uint8_t b) { return b == 0; }));
    Arena moved = arena.take();
    EXPECT_EQ(counter.allocations(), 1u);
    EXPECT_EQ(counter.peakBytes(), 64u * 1000);
  }
  EXPECT_EQ(counter.liveBytes(), 0u);
}

TEST(Arena, ofNoBytesAllocatesNothing) {
  device::HostAllocator host;
  device::CountingAllocator counter(host);
  ASSERT_TRUE(Arena::create(0, counter));
  EXPECT_EQ(counter.allocations(), 0u);
}

TEST(Arena, guardsCatchTheFirstByteBeyondAndThePageBefore) {
  device::HostAllocator host;
  for (uint64_t size : {64, 4096, 64 * 1000}) {
    auto arena = Arena::create(size, host, {.guards = Guards::Pages});
    ASSERT_TRUE(arena);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(arena->data()) % 64, 0u);
    EXPECT_FALSE(faults(arena->data()));
    EXPECT_FALSE(faults(arena->data() + size - 1));
    EXPECT_TRUE(faults(arena->data() + size));
    EXPECT_TRUE(faults(arena->data() - 4096));
  }
}

TEST(Arena, impossibleSizesAreAStatus) {
  device::HostAllocator host;
  for (uint64_t size : {uint64_t{1} << 62, ~uint64_t{63}}) {
    for (Guards guards : {Guards::None, Guards::Pages}) {
      EXPECT_EQ(Arena::create(size, host, {.guards = guards}).status().code(), Code::OutOfMemory);
    }
  }
}

TEST(Arena, hugePagesAreOnlyAdvice) {
  device::HostAllocator host;
  auto arena = Arena::create(1 << 22, host, {.hugePages = HugePages::Advise});
  ASSERT_TRUE(arena);
  arena->data()[0] = 1;
}

} // namespace
} // namespace ntc::rt::memory
