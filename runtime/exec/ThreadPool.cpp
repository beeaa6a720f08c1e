// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Regions and barriers; see ThreadPool.h. A barrier is one cache-line transfer per pair of threads:
// each raises its own counter and looks at the others', so there is no second round through a
// shared word.
#include "runtime/exec/ThreadPool.h"

#include "runtime/base/BlockedSignals.h"
#include "runtime/device/CpuTopology.h"

#include <algorithm>
#include <climits>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <system_error>
#include <unistd.h>

namespace ntc::rt::exec {

namespace {

/// Looks at a counter before sleeping: some 50 to 200 microseconds with a core per thread; with
/// fewer cores the thread that is waited for needs this one.
constexpr uint32_t kSpins = 4000;
constexpr uint32_t kSpinsOversubscribed = 40;

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("isb");
#endif
}

static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free);

void sleepWhileEqual(std::atomic<uint32_t> &word, uint32_t value) {
  ::syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAIT_PRIVATE, value, nullptr,
            nullptr, 0);
}

void wakeAll(std::atomic<uint32_t> &word) {
  ::syscall(SYS_futex, reinterpret_cast<uint32_t *>(&word), FUTEX_WAKE_PRIVATE, INT_MAX, nullptr,
            nullptr, 0);
}

bool hasReached(uint32_t count, uint32_t target) {
  return static_cast<int32_t>(count - target) >= 0;
}

/// Restricts a thread to one core. Advice: on failure the scheduler decides, results are the same.
void pin(std::thread &thread, int core) {
  size_t cpus = static_cast<size_t>(core) + 1;
  cpu_set_t *mask = CPU_ALLOC(cpus);
  if (mask == nullptr) {
    return;
  }
  size_t bytes = CPU_ALLOC_SIZE(cpus);
  CPU_ZERO_S(bytes, mask);
  CPU_SET_S(static_cast<size_t>(core), bytes, mask);
  ::pthread_setaffinity_np(thread.native_handle(), bytes, mask);
  CPU_FREE(mask);
}

} // namespace

void Signal::raise() {
  // Both accesses are sequentially consistent: either this thread sees the sleeper, or the sleeper
  // sees the new count.
  count_.store(count_.load(std::memory_order_relaxed) + 1, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) != 0) {
    wakeAll(count_);
  }
}

void Signal::await(uint32_t target, uint32_t spins) {
  for (uint32_t i = 0; i < spins; ++i) {
    if (hasReached(count_.load(std::memory_order_acquire), target)) {
      return;
    }
    relax();
  }
  sleepers_.fetch_add(1, std::memory_order_seq_cst);
  for (uint32_t seen = count_.load(std::memory_order_seq_cst); !hasReached(seen, target);
       seen = count_.load(std::memory_order_seq_cst)) {
    sleepWhileEqual(count_, seen);
  }
  sleepers_.fetch_sub(1, std::memory_order_relaxed);
}

ThreadPool::ThreadPool(unsigned threads) : arrivals_(threads), starts_(threads) {}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(ThreadPoolOptions options) {
  unsigned usable = device::usableThreads();
  unsigned threads = options.threads != 0 ? options.threads : std::min(usable, kMaxThreads);
  if (threads > kMaxThreads) {
    return error(Code::InvalidArgument, threads, " threads were asked for, at most ", kMaxThreads,
                 " are possible");
  }
  std::unique_ptr<ThreadPool> pool(new ThreadPool(threads));
  pool->spins_ = threads <= usable ? kSpins : kSpinsOversubscribed;
  std::vector<int> cores = device::allowedCores();
  if (options.pinning == Pinning::Workers && threads <= cores.size()) {
    pool->cores_ = cores;
  }
  auto here = std::find(cores.begin(), cores.end(), ::sched_getcpu());
  size_t first = here == cores.end() ? 0 : static_cast<size_t>(here - cores.begin());
  BlockedSignals blocked;
  for (unsigned t = 1; t < threads; ++t) {
    try {
      pool->workers_.emplace_back([p = pool.get(), t] { p->work(t); });
    } catch (const std::system_error &) {
      return error(Code::OutOfMemory, "the system starts no more than ", t, " of ", threads,
                   " threads");
    }
    if (!pool->cores_.empty()) {
      pool->workerCores_.push_back(cores[(first + t) % cores.size()]);
      pin(pool->workers_.back(), pool->workerCores_.back());
    }
  }
  return pool;
}

ThreadPool::~ThreadPool() {
  ending_ = true;
  for (Signal &start : starts_) {
    start.raise();
  }
  for (std::thread &worker : workers_) {
    worker.join();
  }
}

void ThreadPool::work(unsigned thread) {
  for (uint32_t job = 1;; ++job) {
    starts_[thread].await(job, spins_);
    if (ending_) {
      return;
    }
    job_(context_, thread);
    arrivals_[thread].raise();
  }
}

void ThreadPool::awaitOthers(unsigned thread) {
  uint32_t target = arrivals_[thread].count();
  for (unsigned other = 0; other < active_; ++other) {
    if (other != thread) {
      arrivals_[other].await(target, spins_);
    }
  }
}

/// The caller is not bound, and the scheduler may have moved it to the core of a worker: one of the
/// two would then sleep while the other computes, step after step. Such a worker moves to a core
/// that none of them has.
void ThreadPool::leaveCallersCore() {
  int here = ::sched_getcpu();
  for (size_t w = 0; w < workerCores_.size(); ++w) {
    if (workerCores_[w] != here) {
      continue;
    }
    for (int core : cores_) {
      if (core != here && std::ranges::find(workerCores_, core) == workerCores_.end()) {
        workerCores_[w] = core;
        pin(workers_[w], core);
        return;
      }
    }
  }
}

void ThreadPool::run(Job job, void *context, unsigned active) {
  active_ = active;
  if (active == 1) {
    job(context, 0);
    return;
  }
  leaveCallersCore();
  job_ = job;
  context_ = context;
  uint32_t arrivals = arrivals_[0].count();
  for (unsigned t = 1; t < active; ++t) {
    if (arrivals_[t].count() != arrivals) {
      arrivals_[t].reset(arrivals); // it had no part in earlier jobs
    }
  }
  // Only now: a thread that starts may look at all counters at once.
  for (unsigned t = 1; t < active; ++t) {
    starts_[t].raise();
  }
  job(context, 0);
  arrivals_[0].raise();
  awaitOthers(0);
}

void ThreadPool::barrier(unsigned thread) {
  if (active_ == 1) {
    return;
  }
  arrivals_[thread].raise();
  awaitOthers(thread);
}

} // namespace ntc::rt::exec
