// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Threads that run one step together. A step is one parallel region: the caller and the workers
// each walk the plan and meet at barriers. Waiting spins for some tens of microseconds, since the
// next meeting is usually near, and then sleeps, so that an idle session costs nothing.
#pragma once

#include "runtime/base/Status.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

namespace ntc::rt::exec {

/// A counter that one thread raises and others wait for. On its own cache lines.
class alignas(128) Signal {
public:
  /// Adds one and wakes sleepers. Everything written before is visible to whoever sees the new
  /// count. Owner only.
  void raise();
  /// Returns when the count has reached `target` (modulo 2^32, within 2^31): after `spins` looks,
  /// by sleeping.
  void await(uint32_t target, uint32_t spins);
  uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  /// Sets the count while nobody waits.
  void reset(uint32_t count) { count_.store(count, std::memory_order_relaxed); }

private:
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> sleepers_{0};
};

enum class Pinning : uint8_t {
  No,
  /// Worker t stays on the t-th allowed core after the one on which the pool was created, until a
  /// caller is found on it. The creating thread is the host's and is left alone.
  Workers,
};

struct ThreadPoolOptions {
  unsigned threads = 0; ///< 0: as many as this process may run at once
  Pinning pinning = Pinning::Workers;
};

/// Persistent workers. One thread at a time may call `run`. With one thread there are no workers
/// and no synchronization.
class ThreadPool {
public:
  using Job = void (*)(void *context, unsigned thread);

  static constexpr unsigned kMaxThreads = 1024;

  /// Errors: InvalidArgument for more than kMaxThreads; OutOfMemory when the system starts no more
  /// threads.
  static Result<std::unique_ptr<ThreadPool>> create(ThreadPoolOptions options);
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;
  ~ThreadPool();

  unsigned threads() const { return static_cast<unsigned>(arrivals_.size()); }

  /// Calls job(context, t) once on each thread t below `active`, the caller being thread 0; returns
  /// when all have returned. `active`: from 1 to threads().
  void run(Job job, void *context, unsigned active);
  void run(Job job, void *context) { run(job, context, threads()); }

  /// Inside a job: returns when every thread of the job has called it as often. `thread` is the
  /// caller's number.
  void barrier(unsigned thread);

private:
  explicit ThreadPool(unsigned threads);
  void work(unsigned thread);
  void awaitOthers(unsigned thread);
  void leaveCallersCore();

  std::vector<Signal> arrivals_; ///< one per thread: barriers passed and jobs finished
  std::vector<Signal> starts_;   ///< one per thread: jobs begun, and once to end
  unsigned active_ = 1;          ///< threads of the job
  Job job_ = nullptr;
  void *context_ = nullptr;
  bool ending_ = false;
  uint32_t spins_ = 0;
  std::vector<std::thread> workers_;
  std::vector<int> cores_;       ///< that workers may be bound to; empty: none is
  std::vector<int> workerCores_; ///< of bound workers
};

} // namespace ntc::rt::exec
