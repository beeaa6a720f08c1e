// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans bound to addresses; see BoundEntry.h.
#include "runtime/exec/BoundEntry.h"

#include "runtime/device/FloatMode.h"

#include <algorithm>
#include <chrono>

namespace ntc::rt::exec {

namespace {

device::Subnormals subnormals(bool flush) {
  return flush ? device::Subnormals::Flush : device::Subnormals::Keep;
}

/// Stands where a thread has no groups but must meet the others.
int nothing(const ntc_kernel_args_t *) { return 0; }

} // namespace

GroupRange groupsOf(uint32_t groupCount, unsigned thread, unsigned threads) {
  if (groupCount == 1) {
    return {0, thread == 0 ? 1 : 0};
  }
  int64_t groups = groupCount;
  return {groups * thread / threads, groups * (thread + 1) / threads};
}

BoundEntry::BoundEntry(const artifact::Artifact &artifact, uint32_t entry, uint8_t *arena,
                       unsigned threads, ThreadUse use)
    : spec_(&artifact.manifest().entries[entry]), kernels_(artifact.kernels()), index_(entry),
      threads_(threads) {
  bindOperands(arena);
  uint32_t groups = 1; // more threads than a call has groups have nothing to do
  for (const artifact::CallSpec &call : spec_->calls) {
    groups = std::max(groups, call.groupCount);
  }
  std::vector<unsigned> counts;
  for (unsigned count = std::min(threads, groups); count > 0; count /= 2) {
    counts.push_back(count);
    walks_.push_back(planWalk(count));
    if (use == ThreadUse::All) {
      break;
    }
  }
  if (counts.size() > 1) {
    choice_.emplace(std::move(counts));
  }
}

void BoundEntry::bindOperands(uint8_t *arena) {
  for (const artifact::CallSpec &call : spec_->calls) {
    operandsOfCall_.push_back(operands_.size());
    for (const artifact::OperandSpec &operand : call.operands) {
      if (operand.kind == artifact::OperandKind::Input) {
        inputCells_.push_back({operands_.size(), static_cast<uint32_t>(operand.value)});
        operands_.push_back(nullptr);
      } else {
        operands_.push_back(arena + operand.value);
      }
    }
  }
}

/// A barrier between two stretches of work that both run on thread 0 alone would order nothing.
bool BoundEntry::meetsAfter(size_t call, bool segmentIsParallel) const {
  const auto &calls = spec_->calls;
  if (!calls[call].barrierAfter || call + 1 == calls.size()) {
    return false; // the end of the region orders the last call
  }
  bool nextIsParallel = false;
  for (size_t next = call + 1; next < calls.size(); ++next) {
    nextIsParallel |= calls[next].groupCount > 1;
    if (calls[next].barrierAfter) {
      break;
    }
  }
  return segmentIsParallel || nextIsParallel;
}

BoundEntry::Walk BoundEntry::planWalk(unsigned threads) const {
  Walk walk(threads);
  bool segmentIsParallel = false;
  for (size_t i = 0; i < spec_->calls.size(); ++i) {
    const artifact::CallSpec &call = spec_->calls[i];
    segmentIsParallel |= call.groupCount > 1;
    bool meet = threads > 1 && meetsAfter(i, segmentIsParallel);
    for (unsigned t = 0; t < threads; ++t) {
      GroupRange groups = groupsOf(call.groupCount, t, threads);
      auto &steps = walk[t];
      if (groups.begin < groups.end) {
        steps.push_back({kernels_[call.kernel],
                         {operands_.data() + operandsOfCall_[i], groups.begin, groups.end},
                         meet});
      } else if (meet && !steps.empty() && !steps.back().meet) {
        steps.back().meet = true;
      } else if (meet) {
        steps.push_back({nothing, {nullptr, 0, 0}, true});
      }
    }
    segmentIsParallel &= !meet;
  }
  return walk;
}

void BoundEntry::setInput(uint32_t index, const void *data) {
  for (const InputCell &cell : inputCells_) {
    if (cell.input == index) {
      operands_[cell.operand] = const_cast<void *>(data);
    }
  }
}

int BoundEntry::runWalk(const Walk &walk, ThreadPool &pool, bool flush) const {
  if (walk.size() == 1) {
    device::FloatModeScope mode(subnormals(flush));
    int failed = 0;
    for (const Step &step : walk[0]) {
      failed |= step.kernel(&step.args);
    }
    return failed;
  }
  struct Region {
    const Walk &walk;
    ThreadPool &pool;
    bool flush;
    std::atomic<int> failed{0};
  } region{walk, pool, flush};
  auto job = [](void *context, unsigned thread) {
    auto &r = *static_cast<Region *>(context);
    device::FloatModeScope mode(subnormals(r.flush));
    int failed = 0;
    for (const Step &step : r.walk[thread]) {
      failed |= step.kernel(&step.args);
      if (step.meet) {
        r.pool.barrier(thread);
      }
    }
    if (failed != 0) {
      r.failed |= failed;
    }
  };
  pool.run(job, &region, static_cast<unsigned>(walk.size()));
  return region.failed;
}

int BoundEntry::run(ThreadPool &pool, bool flush) {
  if (!choice_) {
    return runWalk(walks_[0], pool, flush);
  }
  const Walk &walk = walks_[choice_->next()];
  if (!choice_->measures()) {
    int failed = runWalk(walk, pool, flush);
    choice_->skip();
    return failed;
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point begin = Clock::now();
  int failed = runWalk(walk, pool, flush);
  choice_->record(std::chrono::nanoseconds(Clock::now() - begin).count());
  return failed;
}

unsigned BoundEntry::threadsUsed() const {
  size_t most = 0;
  if (choice_) {
    most =
        static_cast<size_t>(std::ranges::max_element(choice_->steps()) - choice_->steps().begin());
  }
  return static_cast<unsigned>(walks_[most].size());
}

int BoundEntry::runObserved(ThreadPool &pool, bool flush, const CallObserver &observer) {
  struct Region {
    BoundEntry &entry;
    size_t call;
    bool flush;
    std::atomic<int> failed{0};
  } region{*this, 0, flush};
  auto job = [](void *context, unsigned thread) {
    auto &r = *static_cast<Region *>(context);
    const artifact::CallSpec &call = r.entry.spec_->calls[r.call];
    GroupRange groups = groupsOf(call.groupCount, thread, r.entry.threads_);
    if (groups.begin == groups.end) {
      return;
    }
    device::FloatModeScope mode(subnormals(r.flush));
    ntc_kernel_args_t args{r.entry.operands_.data() + r.entry.operandsOfCall_[r.call], groups.begin,
                           groups.end};
    r.failed |= r.entry.kernels_[call.kernel](&args);
  };
  for (; region.call < spec_->calls.size(); ++region.call) {
    auto call = static_cast<uint32_t>(region.call);
    if (observer.before) {
      observer.before(call);
    }
    if (spec_->calls[call].groupCount == 1) {
      job(&region, 0);
    } else {
      pool.run(job, &region);
    }
    if (observer.after) {
      observer.after(call);
    }
  }
  return region.failed;
}

} // namespace ntc::rt::exec
