// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sources of device memory: zeroed, aligned, counted.
#include "runtime/device/Allocator.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace ntc::rt::device {
namespace {

TEST(HostAllocator, memoryIsZeroedAlignedAndWritable) {
  HostAllocator allocator;
  auto block = allocator.allocate(100000, 64);
  ASSERT_TRUE(block);
  auto *bytes = static_cast<uint8_t *>(*block);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes) % 64, 0u);
  EXPECT_TRUE(std::all_of(bytes, bytes + 100000, [](uint8_t b) { return b == 0; }));
  std::fill_n(bytes, 100000, uint8_t{1});
  allocator.deallocate(*block, 100000);
}

TEST(HostAllocator, whatCannotBeHadIsAStatus) {
  HostAllocator allocator;
  EXPECT_EQ(allocator.allocate(uint64_t{1} << 62, 64).status().code(), Code::OutOfMemory);
}

TEST(CountingAllocator, countsLiveAndPeakBytes) {
  HostAllocator host;
  CountingAllocator counter(host);
  auto a = counter.allocate(1000, 64), b = counter.allocate(500, 64);
  counter.deallocate(*a, 1000);
  auto c = counter.allocate(100, 64);
  EXPECT_EQ(counter.allocations(), 3u);
  EXPECT_EQ(counter.liveBytes(), 600u);
  EXPECT_EQ(counter.peakBytes(), 1500u);
  counter.deallocate(*b, 500);
  counter.deallocate(*c, 100);
  EXPECT_EQ(counter.liveBytes(), 0u);
  EXPECT_FALSE(counter.allocate(uint64_t{1} << 62, 64));
  EXPECT_EQ(counter.allocations(), 3u);
}

} // namespace
} // namespace ntc::rt::device
