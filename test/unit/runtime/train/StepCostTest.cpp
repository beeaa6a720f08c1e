// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The model of a step's time, on a machine with round numbers.
#include "runtime/train/StepCost.h"

#include <cmath>
#include <gtest/gtest.h>

namespace ntc::rt::train {
namespace {

MachineSpeeds machine() {
  MachineSpeeds speeds;
  speeds.processor = "round";
  speeds.threads = 4;
  speeds.flopsOne = 100e9;
  speeds.flopsAll = 320e9; // all four run at 80 of 100
  speeds.l1Bytes = 32u << 10;
  speeds.l2Bytes = 1u << 20;
  speeds.l3Bytes = 16u << 20;
  speeds.readL1 = 200e9;
  speeds.readL2 = 100e9;
  speeds.readL3 = 50e9;
  speeds.readMemory = 10e9;
  speeds.readMemoryAll = 20e9;
  speeds.readOther = 20e9;
  speeds.fork = 1e-6;
  speeds.barrier = 0.5e-6;
  speeds.call = 5e-9;
  return speeds;
}

artifact::CallSpec call(uint64_t flops, uint64_t bytes, uint32_t groups) {
  artifact::CallSpec spec;
  spec.flops = flops;
  spec.bytes = bytes;
  spec.groupCount = groups;
  return spec;
}

double seconds(uint64_t flops, uint64_t bytes, uint32_t groups, CostSetting setting) {
  return callCost(call(flops, bytes, groups), machine(), setting).seconds;
}

constexpr uint64_t kMB = 1u << 20;

TEST(StepCost, moreOperationsTakeLonger) {
  double before = 0.0;
  for (uint64_t flops : {1'000'000ull, 2'000'000ull, 50'000'000ull, 1'000'000'000'000ull}) {
    double now = seconds(flops, 1000, 8, {1, kMB});
    EXPECT_GT(now, before) << flops;
    before = now;
  }
}

TEST(StepCost, moreBytesTakeNoLessAndInTheEndLonger) {
  double before = 0.0;
  for (uint64_t bytes = 16; bytes < (1ull << 34); bytes *= 2) {
    double now = seconds(1'000'000, bytes, 8, {1, 4 * kMB});
    EXPECT_GE(now, before) << bytes;
    before = now;
  }
  EXPECT_GT(before, 10 * seconds(1'000'000, 16, 8, {1, 4 * kMB}));
}

TEST(StepCost, moreThreadsMakeLargeWorkFaster) {
  double before = 1e30;
  for (unsigned threads : {1u, 2u, 4u}) {
    double now = seconds(1'000'000'000, kMB, 8, {threads, 64 * kMB});
    EXPECT_LT(now, before) << threads;
    before = now;
  }
}

TEST(StepCost, threadsThatTheMachineLacksChangeNothing) {
  EXPECT_EQ(seconds(1'000'000'000, kMB, 64, {4, kMB}), seconds(1'000'000'000, kMB, 64, {64, kMB}));
  EXPECT_EQ(seconds(1'000'000'000, kMB, 64, {1, kMB}), seconds(1'000'000'000, kMB, 64, {0, kMB}));
}

TEST(StepCost, oneGroupGainsNothingFromThreadsAndNoGroupsAreOne) {
  EXPECT_EQ(seconds(1'000'000, 1000, 1, {1, kMB}), seconds(1'000'000, 1000, 1, {4, kMB}));
  EXPECT_EQ(seconds(1'000'000, 1000, 0, {4, kMB}), seconds(1'000'000, 1000, 1, {4, kMB}));
}

TEST(StepCost, theThreadWithTheMostGroupsDecides) {
  // Three groups on two threads: one does two of them, as with four groups.
  const double three = seconds(3'000'000'000, 16, 3, {2, kMB});
  const double four = seconds(4'000'000'000, 16, 4, {2, kMB});
  EXPECT_NEAR(three / four, 1.0, 1e-6); // the barrier is a ten-thousandth of either
}

TEST(StepCost, theBoundIsWhatTakesLongest) {
  auto bound = [](uint64_t flops, uint64_t bytes, uint32_t groups, CostSetting setting) {
    return callCost(call(flops, bytes, groups), machine(), setting).bound;
  };
  EXPECT_EQ(bound(1'000'000'000, 1000, 8, {1, kMB}), Bound::Compute);
  EXPECT_EQ(bound(1, kMB, 8, {1, kMB}), Bound::Cache);
  EXPECT_EQ(bound(1, kMB, 8, {1, 64 * kMB}), Bound::Memory);
  EXPECT_EQ(bound(1000, 1000, 8, {4, kMB}), Bound::Fork);
  EXPECT_EQ(nameOf(Bound::Compute), "compute");
  EXPECT_EQ(nameOf(Bound::Cache), "cache");
  EXPECT_EQ(nameOf(Bound::Memory), "memory");
  EXPECT_EQ(nameOf(Bound::Fork), "fork");
}

TEST(StepCost, smallerSessionsReadFasterCaches) {
  double before = 0.0;
  for (uint64_t session : {kMB / 64, kMB / 2, 8 * kMB, 64 * kMB}) {
    double now = seconds(1, kMB, 8, {1, session});
    EXPECT_GT(now, before) << session;
    before = now;
  }
}

TEST(StepCost, memoryIsSharedByThreads) {
  const double one = seconds(1, 16 * kMB, 8, {1, 64'000 * kMB});
  const double four = seconds(1, 16 * kMB, 8, {4, 64'000 * kMB});
  EXPECT_NEAR(one / four, 2.0, 0.01); // 10 and 20 GB/s; caches hold less than a thousandth
}

TEST(StepCost, emptyWorkAndMachinesOfOneThreadAreFinite) {
  MachineSpeeds speeds = machine();
  speeds.threads = 1;
  speeds.flopsAll = speeds.flopsOne;
  speeds.fork = speeds.barrier = speeds.readOther = 0.0;
  StepCost cost = stepCost({call(0, 0, 0), call(0, 0, 1)}, speeds, {2, 0});
  ASSERT_EQ(cost.calls.size(), 2u);
  EXPECT_TRUE(std::isfinite(cost.seconds));
  EXPECT_GT(cost.calls[0].seconds, 0.0);
  EXPECT_EQ(cost.floor, 0.0);
}

TEST(StepCost, aStepIsMoreThanItsCallsAndItsFloor) {
  std::vector<artifact::CallSpec> calls = {call(100'000'000, kMB, 8), call(1000, 1000, 1)};
  for (unsigned threads : {1u, 4u}) {
    StepCost cost = stepCost(calls, machine(), {threads, kMB});
    EXPECT_GT(cost.seconds, cost.calls[0].seconds + cost.calls[1].seconds);
    EXPECT_GT(cost.seconds, cost.floor);
    const double peak = threads == 1 ? 100e9 : 320e9;
    EXPECT_NEAR(cost.floor, 100'001'000 / peak, 1e-12);
  }
}

} // namespace
} // namespace ntc::rt::train
