// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cores and quotas.
#include "runtime/device/CpuTopology.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <thread>

namespace ntc::rt::device {
namespace {

TEST(CpuTopology, quotasRoundUp) {
  EXPECT_EQ(coresFromQuota("max 100000\n"), 0u);
  EXPECT_EQ(coresFromQuota("200000 100000\n"), 2u);
  EXPECT_EQ(coresFromQuota("150000 100000\n"), 2u);
  EXPECT_EQ(coresFromQuota("1000 100000\n"), 1u);
  for (const char *text : {"", "-1 100000", "100000", "100000 ", "100000 0", "x y", "0 100000"}) {
    EXPECT_EQ(coresFromQuota(text), 0u) << text;
  }
}

TEST(CpuTopology, theAffinityMaskIsRespected) {
  ASSERT_GE(allowedCores().size(), 1u);
  std::thread([] {
    int core = allowedCores().back();
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(core, &mask);
    ASSERT_EQ(::sched_setaffinity(0, sizeof(mask), &mask), 0);
    EXPECT_EQ(allowedCores(), (std::vector<int>{core}));
    EXPECT_EQ(usableThreads(), 1u);
  }).join();
}

} // namespace
} // namespace ntc::rt::device
