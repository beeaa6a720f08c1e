// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Trials of numbers of threads; see ThreadChoice.h.
#include "runtime/exec/ThreadChoice.h"

#include <algorithm>

namespace ntc::rt::exec {

namespace {

/// Steps after a change that wake threads and fill their caches.
constexpr size_t kWarmUps = 2;
/// Steps of a trial: their median counts. Fewer where they are long.
constexpr size_t kMostSamples = 9, kFewestSamples = 3;
constexpr int64_t kTrialNanoseconds = 10'000'000;
/// Another number must be faster by this much, so that noise does not change it.
constexpr double kWorthChanging = 0.97;
/// A trial with a step this much slower than the number in use is over.
constexpr double kHopeless = 1.3;
/// Time between rounds: what one lost times this, and no less than the second number.
constexpr int64_t kLossShare = 100, kFewestNanoseconds = 200'000'000;
/// At most so long, or so many steps where those take longer: what a round lost may be an accident,
/// such as a process that was stopped in it.
constexpr int64_t kMostNanoseconds = 10'000'000'000, kMostSteps = 1000;

} // namespace

ThreadChoice::ThreadChoice(std::vector<unsigned> counts)
    : counts_(std::move(counts)), steps_(counts_.size()) {
  samples_.reserve(kMostSamples);
  begin(best_);
}

void ThreadChoice::begin(size_t place) {
  warmUps_ = place == trying_ && steps_[place] >= kWarmUps ? 0 : kWarmUps;
  trying_ = place;
  samples_.clear();
}

void ThreadChoice::skip() {
  ++steps_[trying_];
  if (--settledSteps_ == 0) {
    reference_ = fastest_ = lost_ = 0;
    begin(best_);
  }
}

bool ThreadChoice::isLost(int64_t nanoseconds) const {
  return reference_ != 0 &&
         static_cast<double>(nanoseconds) > kHopeless * static_cast<double>(reference_);
}

void ThreadChoice::record(int64_t nanoseconds) {
  ++steps_[trying_];
  lost_ += reference_ == 0 ? 0 : std::max<int64_t>(0, nanoseconds - reference_);
  if (warmUps_ > 0) {
    --warmUps_;
    return;
  }
  samples_.push_back(nanoseconds);
  size_t wanted = std::clamp<size_t>(kTrialNanoseconds / std::max<int64_t>(1, samples_[0]),
                                     kFewestSamples, kMostSamples);
  // One slow step among short ones may be an interrupt.
  bool isLong = samples_[0] * static_cast<int64_t>(kFewestSamples) > kTrialNanoseconds;
  bool isHopeless =
      isLost(nanoseconds) &&
      (isLong || std::ranges::count_if(samples_, [&](auto s) { return isLost(s); }) >= 3);
  if (samples_.size() >= wanted || isHopeless) {
    finishTrial();
  }
}

void ThreadChoice::finishTrial() {
  auto middle = samples_.begin() + static_cast<std::ptrdiff_t>(samples_.size() / 2);
  std::ranges::nth_element(samples_, middle);
  if (reference_ == 0) {
    reference_ = fastest_ = std::max<int64_t>(1, *middle);
    faster_ = best_;
  } else if (static_cast<double>(*middle) < kWorthChanging * static_cast<double>(reference_) &&
             *middle < fastest_) {
    fastest_ = std::max<int64_t>(1, *middle);
    faster_ = trying_;
  }
  // best_ went first, the others follow in their order.
  size_t after = trying_ == best_ ? 0 : trying_ + 1;
  after += after == best_ ? 1 : 0;
  after < counts_.size() ? begin(after) : finishRound();
}

void ThreadChoice::finishRound() {
  best_ = trying_ = faster_;
  const int64_t most = std::max(kMostNanoseconds / fastest_, kMostSteps);
  const int64_t share = std::min(lost_, INT64_MAX / kLossShare) * kLossShare;
  settledSteps_ =
      static_cast<uint64_t>(std::min(most, std::max(kFewestNanoseconds, share) / fastest_ + 1));
}

} // namespace ntc::rt::exec
