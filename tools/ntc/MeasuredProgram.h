// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled program that is timed piece by piece, so that two of them can be timed in turns: what
// else the machine does then slows both.
#pragma once

#include "runtime/train/FixedBatches.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ntc::driver {

/// Least seconds that were seen.
struct LeastTimes {
  double step = 0;             ///< of a training step, as `ntc bench` runs it
  std::vector<double> kernels; ///< by kernel: of all its calls of one step, each timed alone
};

class MeasuredProgram {
public:
  /// Opens an artifact for its training step of `batchSize` (nothing: its largest) on as many
  /// threads as training takes, and warms up. Errors: as Artifact::open and Session::create.
  static rt::Result<MeasuredProgram> open(const std::string &path,
                                          std::optional<int64_t> batchSize);

  /// Forgets what was measured.
  void reset();
  /// Runs steps for about `seconds`, at least a few, and keeps the least times of a step.
  rt::Status timeSteps(double seconds);
  /// The same of every call.
  rt::Status timeCalls(double seconds);
  LeastTimes least() const;

  uint64_t arenaBytes() const { return measured_.session->arenaBytes(); }

private:
  explicit MeasuredProgram(rt::train::MeasuredSession measured) : measured_(std::move(measured)) {}

  const rt::artifact::EntrySpec &entry() const;
  rt::Status run(int64_t steps);

  rt::train::MeasuredSession measured_;
  int64_t step_ = 0;
  double leastStep_ = 0;
  std::vector<double> leastCalls_;
};

/// Times both anew and in turns, `seconds` each: their steps, or the calls of these.
enum class Timed : uint8_t { Steps, Calls };
rt::Status timeInTurns(MeasuredProgram &a, MeasuredProgram &b, double seconds, Timed what);

} // namespace ntc::driver
