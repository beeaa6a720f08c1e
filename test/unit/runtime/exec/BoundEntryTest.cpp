// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk over a plan: which thread computes what, and that calls are ordered exactly where the
// plan says.
#include "runtime/exec/BoundEntry.h"

#include "runtime/artifact/ManifestCheck.h"
#include "runtime/base/Philox.h"

#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

TEST(GroupsOf, rangesTileTheGroups) {
  for (uint32_t groups : {1u, 2u, 3u, 7u, 64u, 4000000000u}) {
    for (unsigned threads : {1u, 2u, 3u, 16u}) {
      int64_t next = 0;
      for (unsigned t = 0; t < threads; ++t) {
        GroupRange range = groupsOf(groups, t, threads);
        if (range.begin < range.end) {
          EXPECT_EQ(range.begin, next);
          next = range.end;
        }
      }
      EXPECT_EQ(next, groups);
    }
  }
  EXPECT_EQ(groupsOf(1, 0, 4).end, 1);
}

/// Cell g of the output counts up from what all cells of the input agree on; a call that runs
/// before the one that it depends on has finished sees cells that disagree and returns 1.
int countUp(const ntc_kernel_args_t *args) {
  const auto *in = static_cast<const int64_t *>(args->operands[0]);
  auto *out = static_cast<int64_t *>(args->operands[1]);
  int wrong = 0;
  for (long long g = args->group_begin; g < args->group_end; ++g) {
    for (int other = 1; other < 8; ++other) {
      wrong |= in[other] != in[0];
    }
    out[g] = in[0] + 1;
  }
  return wrong;
}

/// The same on one group that writes all eight cells.
int countUpAlone(const ntc_kernel_args_t *args) {
  const auto *in = static_cast<const int64_t *>(args->operands[0]);
  auto *out = static_cast<int64_t *>(args->operands[1]);
  int wrong = 0;
  for (int i = 0; i < 8; ++i) {
    wrong |= in[i] != in[0];
    out[i] = in[0] + 1;
  }
  return wrong;
}

/// A chain of dependent calls, each of 8 groups or of one at random: every order of wide and narrow
/// calls occurs, and the elision of barriers must keep all dependences.
TEST(BoundEntry, dependentCallsStayInOrderOnAnyNumberOfThreads) {
  constexpr size_t calls = 400;
  artifact::Manifest manifest;
  manifest.arenaBytes = 64 * 4;
  manifest.kernelCount = 2;
  manifest.controls = {{"seed", true, 0, 128}, {"step", true, 0, 136}};
  artifact::EntrySpec entry;
  entry.name = "init";
  for (size_t i = 0; i < calls; ++i) {
    bool wide = randomWord(1, 0, 0, i) % 3 != 0;
    artifact::CallSpec call;
    call.kernel = wide ? 0 : 1;
    call.groupCount = wide ? 8 : 1;
    call.operands = {{artifact::OperandKind::Arena, i % 2 * 64},
                     {artifact::OperandKind::Arena, (i + 1) % 2 * 64}};
    entry.calls.push_back(call);
  }
  manifest.entries = {entry};
  const ntc_kernel_t kernels[] = {countUp, countUpAlone};
  auto artifact = artifact::Artifact::fromKernels(manifest, kernels);
  ASSERT_TRUE(artifact) << artifact.status().message();
  for (unsigned threads : {1u, 2u, 3u, 5u}) {
    auto pool = ThreadPool::create({.threads = threads});
    ASSERT_TRUE(pool);
    alignas(64) int64_t arena[32] = {};
    int64_t expected = 0;
    for (ThreadUse use : {ThreadUse::All, ThreadUse::Fastest}) {
      BoundEntry bound(**artifact, 0, reinterpret_cast<uint8_t *>(arena), threads, use);
      for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(bound.run(**pool, true), 0) << threads << " threads";
        EXPECT_EQ(bound.runObserved(**pool, true, {}), 0);
        expected += 2 * calls;
        ASSERT_EQ(arena[0], expected) << threads << " threads";
      }
      EXPECT_LE(bound.threadsUsed(), threads);
      EXPECT_TRUE(use != ThreadUse::All || bound.threadsUsed() == threads);
    }
  }
}

TEST(BoundEntry, observersSeeEveryCallInOrder) {
  artifact::Manifest manifest;
  manifest.arenaBytes = 192;
  manifest.kernelCount = 1;
  manifest.controls = {{"seed", true, 0, 128}, {"step", true, 0, 136}};
  artifact::CallSpec call;
  call.operands = {{artifact::OperandKind::Arena, 0}, {artifact::OperandKind::Arena, 64}};
  artifact::EntrySpec entry;
  entry.name = "init";
  entry.calls = {call, call, call};
  manifest.entries = {entry};
  const ntc_kernel_t kernels[] = {countUpAlone};
  auto artifact = artifact::Artifact::fromKernels(manifest, kernels);
  ASSERT_TRUE(artifact) << artifact.status().message();
  auto pool = ThreadPool::create({.threads = 1});
  alignas(64) uint8_t arena[192] = {};
  BoundEntry bound(**artifact, 0, arena, 1);
  std::string seen;
  CallObserver observer{[&](uint32_t c) { seen += concat('<', c); },
                        [&](uint32_t c) { seen += concat(c, '>'); }};
  bound.runObserved(**pool, false, observer);
  EXPECT_EQ(seen, "<00><11><22>");
}

} // namespace
} // namespace ntc::rt::exec
