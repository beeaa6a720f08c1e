// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the first NaN or infinity of a training step: the batch, then what every kernel call reads
// and writes, in the order of the plan.
#pragma once

#include "runtime/exec/Session.h"

#include <string>
#include <vector>

namespace ntc::rt::train {

/// Watches the steps of a session, several times slower than without; the same bits. Not
/// thread-safe; must live as long as the session is watched, and ends the watch when it goes.
class NumericCheck {
public:
  explicit NumericCheck(exec::Session &session);
  ~NumericCheck() { session_.observeCalls({}); }
  NumericCheck(const NumericCheck &) = delete;

  enum class Step : uint8_t { Train, Accumulate };
  /// One training step, or one batch that is accumulated. Errors: the step's; Cancelled, naming the
  /// first value that is not finite: an input of the batch, a state that was so before the step, or
  /// a kernel call's operand.
  Result<exec::StepResult> run(Step step, std::span<const exec::TensorView> batch);

  /// Errors: Cancelled, naming the first state that is not finite.
  Status checkStates();

private:
  struct Value {
    std::string name;
    uint64_t offset, bytes;
    DType dtype;
  };
  struct Plan {
    const artifact::EntrySpec *entry;
    std::vector<std::vector<Value>> calls; ///< floating-point operands of each call
  };

  const Plan &planOf(const artifact::EntrySpec &entry);
  void inspect(const Plan &plan, uint32_t call);
  Status checkBatch(std::span<const exec::TensorView> batch) const;

  exec::Session &session_;
  std::vector<Plan> plans_;
  const Plan *running_ = nullptr;
  std::string finding_;
  bool statesAreChecked_ = false;
};

/// Names of the parameters that hold a NaN or an infinity, in the manifest's order.
std::vector<std::string> notFiniteParameters(const exec::Session &session);

} // namespace ntc::rt::train
