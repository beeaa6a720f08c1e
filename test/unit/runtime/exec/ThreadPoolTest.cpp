// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regions and barriers: every thread takes part, nothing overtakes a barrier, also with more
// threads than cores.
#include "runtime/exec/ThreadPool.h"

#include "runtime/device/FloatMode.h"

#include <csignal>
#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

TEST(ThreadPool, everyThreadRunsTheJobOnce) {
  for (unsigned threads : {1, 2, 3, 8}) {
    auto pool = ThreadPool::create({.threads = threads});
    ASSERT_TRUE(pool) << pool.status().message();
    std::vector<int> runs(threads);
    for (int i = 0; i < 100; ++i) {
      (*pool)->run(
          [](void *context, unsigned t) { ++(*static_cast<std::vector<int> *>(context))[t]; },
          &runs);
    }
    EXPECT_EQ(runs, std::vector<int>(threads, 100));
  }
}

/// Each thread writes its number of passed barriers; after a barrier nobody may be behind.
TEST(ThreadPool, nothingOvertakesABarrier) {
  for (unsigned threads : {2, 4, 7}) {
    struct Shared {
      ThreadPool &pool;
      std::vector<int> passed;
      std::atomic<int> violations{0};
    };
    auto pool = ThreadPool::create({.threads = threads, .pinning = Pinning::No});
    ASSERT_TRUE(pool);
    Shared shared{**pool, std::vector<int>(threads * 32)};
    auto job = [](void *context, unsigned thread) {
      auto &s = *static_cast<Shared *>(context);
      for (int round = 1; round <= 200; ++round) {
        s.passed[thread * 32] = round;
        s.pool.barrier(thread);
        for (unsigned other = 0; other < s.pool.threads(); ++other) {
          s.violations += s.passed[other * 32] != round;
        }
        s.pool.barrier(thread);
      }
    };
    for (int i = 0; i < 5; ++i) {
      (*pool)->run(job, &shared);
    }
    EXPECT_EQ(shared.violations, 0) << threads << " threads";
  }
}

/// Threads that had no part in some jobs meet the others in the next.
TEST(ThreadPool, jobsOfFewerThreadsMayStandBetween) {
  auto pool = ThreadPool::create({.threads = 5, .pinning = Pinning::No});
  ASSERT_TRUE(pool);
  struct Shared {
    ThreadPool &pool;
    unsigned active = 0;
    std::vector<int> passed = std::vector<int>(5 * 32);
    std::atomic<int> violations{0};
  } shared{**pool};
  auto job = [](void *context, unsigned thread) {
    auto &s = *static_cast<Shared *>(context);
    s.violations += thread >= s.active;
    for (int round = 0; round < 3; ++round) {
      int mine = ++s.passed[thread * 32];
      s.pool.barrier(thread);
      for (unsigned other = 0; other < s.active; ++other) {
        s.violations += s.passed[other * 32] != mine;
      }
      s.pool.barrier(thread);
    }
  };
  for (unsigned i = 0; i < 400; ++i) {
    shared.active = 1 + i * 7 % 5;
    shared.passed.assign(5 * 32, 0);
    (*pool)->run(job, &shared, shared.active);
    for (unsigned t = 0; t < 5; ++t) {
      ASSERT_EQ(shared.passed[t * 32], t < shared.active ? 3 : 0);
    }
  }
  EXPECT_EQ(shared.violations, 0);
}

TEST(ThreadPool, workersSleepAndWakeAgain) {
  auto pool = ThreadPool::create({.threads = 2});
  ASSERT_TRUE(pool);
  int runs = 0;
  auto job = [](void *context, unsigned thread) {
    if (thread == 1) {
      ++*static_cast<int *>(context);
    }
  };
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    (*pool)->run(job, &runs);
  }
  EXPECT_EQ(runs, 5);
}

TEST(ThreadPool, signalsAreBlockedInWorkers) {
  auto pool = ThreadPool::create({.threads = 2});
  ASSERT_TRUE(pool);
  bool blocked = false;
  auto job = [](void *context, unsigned t) {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    if (t == 1) {
      *static_cast<bool *>(context) = ::sigismember(&mask, SIGINT) == 1;
    }
  };
  (*pool)->run(job, &blocked);
  EXPECT_TRUE(blocked);
}

TEST(ThreadPool, absurdNumbersAreRefused) {
  EXPECT_EQ(ThreadPool::create({.threads = 100000}).status().code(), Code::InvalidArgument);
  auto automatic = ThreadPool::create({});
  ASSERT_TRUE(automatic);
  EXPECT_GE((*automatic)->threads(), 1u);
}

TEST(FloatMode, subnormalsAreFlushedInTheScopeOnly) {
  volatile float tiny = 1e-38f;
  {
    device::FloatModeScope scope(device::Subnormals::Flush);
    volatile float smaller = tiny * 0.1f;
    EXPECT_EQ(smaller, 0.0f);
    {
      device::FloatModeScope inner(device::Subnormals::Keep);
      volatile float kept = tiny * 0.1f;
      EXPECT_NE(kept, 0.0f);
    }
    volatile float again = tiny * 0.1f;
    EXPECT_EQ(again, 0.0f);
  }
  volatile float kept = tiny * 0.1f;
  EXPECT_NE(kept, 0.0f);
}

} // namespace
} // namespace ntc::rt::exec
