// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Measures the limits of this machine, each for a few tenths of a second. The best of many short
// runs counts: other programs only make a run slower.
#include "runtime/device/CpuTopology.h"
#include "runtime/device/MachineLimits.h"
#include "runtime/exec/ThreadPool.h"
#include "runtime/train/MachineSpeeds.h"

#include <algorithm>
#include <chrono>
#include <unistd.h>
#include <vector>

namespace ntc::rt::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSeconds = 0.3; ///< for each limit
/// Sizes where the system does not tell: those of common processors.
constexpr uint64_t kUsualL1 = 32u << 10, kUsualL2 = 1u << 20, kUsualL3 = 16u << 20;
constexpr uint64_t kMostMemory = 256u << 20;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

uint64_t sizeOr(int name, uint64_t usual) {
  const long size = ::sysconf(name);
  return size > 0 ? static_cast<uint64_t>(size) : usual;
}

/// The least seconds of one of `count` runs of `body`, each timed together.
template <typename Body> double leastSeconds(int count, Body body) {
  double best = 1e30;
  const auto start = Clock::now();
  do {
    auto begin = Clock::now();
    for (int i = 0; i < count; ++i) {
      body();
    }
    best = std::min(best, since(begin) / count);
  } while (since(start) < kSeconds);
  return best;
}

/// Runs `measure(thread)` on every thread of the pool at once; the best sum of the results.
template <typename Measure> double bestTogether(exec::ThreadPool &pool, Measure measure) {
  struct Team {
    exec::ThreadPool &pool;
    Measure &measure;
    std::vector<double> results;
  } team{pool, measure, std::vector<double>(pool.threads())};
  double best = 0.0;
  const auto start = Clock::now();
  do {
    pool.run(
        [](void *context, unsigned thread) {
          auto &team = *static_cast<Team *>(context);
          team.pool.barrier(thread);
          team.results[thread] = team.measure(thread);
        },
        &team);
    double sum = 0.0;
    for (double result : team.results) {
      sum += result;
    }
    best = std::max(best, sum);
  } while (since(start) < kSeconds);
  return best;
}

double bestPeak() {
  double best = 0.0;
  const auto start = Clock::now();
  do {
    best = std::max(best, device::measurePeak(DType::F32));
  } while (since(start) < kSeconds);
  return best;
}

/// One barrier of a job with many, so that the job's own begin and end do not count.
double barrierSeconds(exec::ThreadPool &pool) {
  constexpr int kBarriers = 1000;
  return leastSeconds(1,
                      [&] {
                        pool.run(
                            [](void *context, unsigned thread) {
                              for (int i = 0; i < kBarriers; ++i) {
                                static_cast<exec::ThreadPool *>(context)->barrier(thread);
                              }
                            },
                            &pool);
                      }) /
         kBarriers;
}

/// Thread 1 writes, thread 0 reads; bytes per second of the reader. The buffer fits a second cache.
double otherRate(exec::ThreadPool &pool) {
  struct Exchange {
    exec::ThreadPool &pool;
    std::vector<uint64_t> words = std::vector<uint64_t>((128u << 10) / sizeof(uint64_t), 1);
    double rate = 0.0;
  } exchange{pool};
  double best = 0.0;
  const auto start = Clock::now();
  do {
    pool.run(
        [](void *context, unsigned thread) {
          auto &exchange = *static_cast<Exchange *>(context);
          if (thread == 1) {
            for (uint64_t &word : exchange.words) {
              word += 1;
            }
          }
          exchange.pool.barrier(thread);
          if (thread == 0) { // one pass: in the second one the lines would be its own
            volatile uint64_t sink = 0;
            auto begin = Clock::now();
            uint64_t sums[8] = {};
            for (size_t i = 0; i < exchange.words.size(); i += 8) {
              for (size_t lane = 0; lane < 8; ++lane) {
                sums[lane] ^= exchange.words[i + lane];
              }
            }
            sink = sums[0] ^ sums[1] ^ sums[2] ^ sums[3] ^ sums[4] ^ sums[5] ^ sums[6] ^ sums[7];
            (void)sink;
            exchange.rate =
                static_cast<double>(exchange.words.size() * sizeof(uint64_t)) / since(begin);
          }
        },
        &exchange, 2);
    best = std::max(best, exchange.rate);
  } while (since(start) < kSeconds);
  return best;
}

/// What a call of a kernel costs besides its work: a job on one thread that calls through a
/// pointer.
double callSeconds(exec::ThreadPool &one) {
  [[maybe_unused]] static volatile int sink = 0;
  void (*volatile kernel)(int) = [](int value) { sink = value; };
  return leastSeconds(1000, [&] {
    one.run([](void *context, unsigned) { (*static_cast<void (*volatile *)(int)>(context))(0); },
            const_cast<void *>(static_cast<volatile void *>(&kernel)));
  });
}

/// The measurements that need more than one thread.
void measureTogether(exec::ThreadPool &pool, MachineSpeeds &speeds,
                     const std::function<void(std::string_view)> &progress) {
  progress("forks and barriers");
  speeds.fork = leastSeconds(1000, [&] { pool.run([](void *, unsigned) {}, nullptr); });
  speeds.barrier = barrierSeconds(pool);
  speeds.readOther = otherRate(pool);
}

} // namespace

Result<MachineSpeeds> measureSpeeds(const std::function<void(std::string_view)> &progress) {
  auto pool = exec::ThreadPool::create({});
  auto one = exec::ThreadPool::create({1});
  if (!pool || !one) {
    return pool ? one.status() : pool.status();
  }
  MachineSpeeds speeds;
  speeds.processor = processorName();
  speeds.threads = (*pool)->threads();
  speeds.l1Bytes = sizeOr(_SC_LEVEL1_DCACHE_SIZE, kUsualL1);
  speeds.l2Bytes = std::max(sizeOr(_SC_LEVEL2_CACHE_SIZE, kUsualL2), speeds.l1Bytes);
  speeds.l3Bytes = std::max(sizeOr(_SC_LEVEL3_CACHE_SIZE, kUsualL3), speeds.l2Bytes);

  progress("multiply-adds");
  speeds.flopsOne = bestPeak();
  speeds.flopsAll = bestTogether(**pool, [](unsigned) { return device::measurePeak(DType::F32); });

  progress("reading from caches and memory");
  const uint64_t bytes = std::min(kMostMemory, std::max<uint64_t>(64u << 20, 4 * speeds.l3Bytes));
  std::vector<uint64_t> words(bytes / sizeof(uint64_t), 1);
  auto part = [&](uint64_t first, uint64_t size) {
    return std::span<const uint64_t>(words).subspan(first / 512 * 64,
                                                    std::max<uint64_t>(1, size / 512) * 64);
  };
  speeds.readL1 = device::measureReading(part(0, speeds.l1Bytes / 2), kSeconds);
  speeds.readL2 = device::measureReading(part(0, speeds.l2Bytes / 2), kSeconds);
  // A virtual machine may be told a cache that it shares: a quarter is likely to be there.
  const uint64_t third = std::min(bytes, std::max(2 * speeds.l2Bytes, speeds.l3Bytes / 4));
  speeds.readL3 = device::measureReading(part(0, third), kSeconds);
  speeds.readMemory = device::measureReading(part(0, bytes), kSeconds);
  const uint64_t each = bytes / speeds.threads;
  speeds.readMemoryAll = bestTogether(**pool, [&](unsigned thread) {
    return device::measureReading(part(thread * each, each), kSeconds / 4);
  });
  speeds.call = callSeconds(**one);
  if (speeds.threads > 1) {
    measureTogether(**pool, speeds, progress);
  }
  return speeds;
}

} // namespace ntc::rt::train
