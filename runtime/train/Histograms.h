// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Distributions of weights, updates and gradients for TensorBoard.
//
// The compiled step never stores gradients: each is consumed by its parameter's update inside one
// kernel. What the optimizer saw is recovered from its own state before and after one step: from
// exp_avg (Adam, AdamW), from momentum_buffer (SGD with momentum), from square_avg and the update's
// sign (Adadelta, RMSprop), or from the update over the learning rate (plain SGD). It includes
// weight decay that is added to gradients, and clipping.
#pragma once

#include "runtime/exec/Session.h"
#include "runtime/report/EventFile.h"

#include <map>
#include <string>
#include <vector>

namespace ntc::rt::train {

/// Large tensors are sampled: at most this many elements of each, evenly spaced.
inline constexpr size_t kMostHistogramElements = size_t{1} << 18;

class Histograms {
public:
  /// `optimizer` is the recipe's name of it ("sgd", "adam", …).
  Histograms(const exec::Session &session, std::string optimizer);

  /// Keeps the values before the step whose change is to be shown.
  void before(exec::Session &session);
  /// `weights/NAME` of every parameter and, after `before`, `updates/NAME` (new less old) and
  /// `gradients/NAME` where they can be recovered. Forgets what `before` kept.
  void add(exec::Session &session, report::Summary &summary);

private:
  struct Tensor {
    const artifact::StateSpec *parameter = nullptr;
    const artifact::StateSpec *moment = nullptr; ///< that gradients are recovered from, or null
    std::string slot;                            ///< of the moment: "exp_avg", …
    std::string control;                         ///< its factor: "beta1", …
  };
  std::vector<double> gradient(exec::Session &session, const Tensor &tensor,
                               const std::vector<double> &update) const;

  std::vector<Tensor> tensors_;
  std::string optimizer_;
  std::map<std::string, std::vector<double>> before_; ///< by the state's name
};

} // namespace ntc::rt::train
