// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many threads a step uses. Results do not depend on it, so that the faster number may be found
// by trying: weights that several cores write travel between them, which can cost more than the
// second core saves and depends on where the system puts the threads, from second to second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ntc::rt::exec {

/// Rounds of trials, and the fastest number between them. A round measures the number in use and
/// then each other one for a few steps; a trial that is clearly slower ends at once. The next round
/// waits until what the last one lost is a hundredth of the time since, but no more than some
/// seconds or a thousand steps.
class ThreadChoice {
public:
  /// `counts`: the numbers to choose from, the one to begin with first; at least two.
  explicit ThreadChoice(std::vector<unsigned> counts);

  /// The place in `counts` of the number for the next step.
  size_t next() const { return trying_; }
  /// Must the next step be timed and given to `record`? Else it is given to `skip`.
  bool measures() const { return settledSteps_ == 0; }
  void record(int64_t nanoseconds);
  void skip();

  /// The place of the fastest number of the last round.
  size_t best() const { return best_; }
  /// Steps run with each number.
  const std::vector<uint64_t> &steps() const { return steps_; }

private:
  void begin(size_t place);
  void finishTrial();
  void finishRound();
  bool isLost(int64_t nanoseconds) const;

  std::vector<unsigned> counts_;
  std::vector<uint64_t> steps_;
  size_t best_ = 0;           ///< the number in use between rounds
  size_t trying_ = 0;         ///< the number of the current step
  size_t faster_ = 0;         ///< the fastest of this round so far
  int64_t reference_ = 0;     ///< a step with best_ in this round; 0: not measured yet
  int64_t fastest_ = 0;       ///< a step with faster_
  int64_t lost_ = 0;          ///< nanoseconds by which trials of this round exceeded the reference
  uint64_t settledSteps_ = 0; ///< until the next round
  size_t warmUps_ = 0;        ///< steps of this trial that are not counted yet
  std::vector<int64_t> samples_;
};

} // namespace ntc::rt::exec
