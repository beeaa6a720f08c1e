// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One entry of a program bound to an arena and a number of threads: every address is computed once,
// so that a step is a walk over a list of kernel calls. Only the addresses of the batch change from
// step to step.
#pragma once

#include "runtime/artifact/Artifact.h"
#include "runtime/exec/ThreadChoice.h"
#include "runtime/exec/ThreadPool.h"

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace ntc::rt::exec {

/// Called between two calls of a plan on the caller's thread; see BoundEntry::runObserved.
struct CallObserver {
  std::function<void(uint32_t call)> before; ///< may be empty
  std::function<void(uint32_t call)> after;  ///< may be empty
};

/// The groups of a call that thread t of T computes: [G*t/T, G*(t+1)/T); all of a single group on
/// thread 0.
struct GroupRange {
  int64_t begin = 0;
  int64_t end = 0;
};
GroupRange groupsOf(uint32_t groupCount, unsigned thread, unsigned threads);

/// Which of its threads a session computes with.
enum class ThreadUse : uint8_t {
  Fastest, ///< as many as are measured to be fastest; see ThreadChoice
  All,
};

/// Refers to the artifact and the arena, which must outlive it.
class BoundEntry {
public:
  BoundEntry(const artifact::Artifact &artifact, uint32_t entry, uint8_t *arena, unsigned threads,
             ThreadUse use = ThreadUse::All);

  const artifact::EntrySpec &spec() const { return *spec_; }
  uint32_t index() const { return index_; }

  /// Sets the address of input `index` for the next run.
  void setInput(uint32_t index, const void *data);

  /// Runs all calls. Returns 0, or the bitwise or of what kernels returned. `flush`: subnormals are
  /// flushed meanwhile.
  int run(ThreadPool &pool, bool flush);

  /// The number of threads that most runs had, those with an observer left out.
  unsigned threadsUsed() const;

  /// The same as run with every call as a region of its own and `observer` in between: same bits,
  /// slower.
  int runObserved(ThreadPool &pool, bool flush, const CallObserver &observer);

private:
  /// A kernel on this thread's groups, and whether the threads meet afterwards.
  struct Step {
    ntc_kernel_t kernel;
    ntc_kernel_args_t args;
    bool meet;
  };
  struct InputCell {
    size_t operand;
    uint32_t input;
  };

  /// The steps of each thread for one number of threads.
  using Walk = std::vector<std::vector<Step>>;

  void bindOperands(uint8_t *arena);
  Walk planWalk(unsigned threads) const;
  bool meetsAfter(size_t call, bool segmentIsParallel) const;
  int runWalk(const Walk &walk, ThreadPool &pool, bool flush) const;

  const artifact::EntrySpec *spec_;
  std::span<const ntc_kernel_t> kernels_;
  uint32_t index_;
  unsigned threads_;
  std::vector<void *> operands_;
  std::vector<size_t> operandsOfCall_; ///< first operand of each call
  std::vector<InputCell> inputCells_;
  std::vector<Walk> walks_; ///< for the most useful threads, then half of them, and so on
  std::optional<ThreadChoice> choice_; ///< between walks_; nothing: there is one
};

} // namespace ntc::rt::exec
