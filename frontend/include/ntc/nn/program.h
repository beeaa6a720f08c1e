// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Capturing: a network, its inputs, a loss and an optimizer become a model file that holds the
// whole training step.
#pragma once

#include "ntc/nn/loss.h"
#include "ntc/nn/module.h"
#include "ntc/nn/optim.h"
#include "ntc/nn/status.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace ntc {

/// One input of the network; the first dimension is Batch.
struct Input {
  std::string name;
  DType dtype = f32;
  Shape shape;
};

/// Added to the loss before it is differentiated: l1 times the sum of absolute values and l2 times
/// the sum of squares of the parameters that match; both make an elastic net.
struct Penalty {
  /// As CaptureOptions::freeze; none: every trained parameter.
  std::vector<std::string> patterns = {};
  double l1 = 0;
  double l2 = 0;
};

/// An average of the weights that is kept beside them, as torch.optim.swa_utils.AveragedModel.
struct Average {
  std::string name = {}; ///< "ema", "swa"; empty: none
  double decay = 0.999;  ///< of an ema
  int every = 0;         ///< steps between updates; 0: an ema's each step, a swa's each epoch
  int start = 0;         ///< epochs (swa) or steps (ema) before the first
};

/// Parameters that are frozen at first and trained from an epoch on.
struct Unfreeze {
  std::vector<std::string> patterns = {}; ///< as CaptureOptions::freeze
  int epoch =
      0; ///< epochs before the first that trains them, at least 1; the earliest match counts
};

struct CaptureOptions {
  std::vector<Input> inputs;
  std::string name = "model";
  /// Seed of the initial values; `--seed` draws anew.
  uint64_t seed = 0;
  /// Element type of parameters: f32 or f64.
  DType dtype = f32;
  /// Name patterns of parameters that are not trained: "features.*", or a regular expression "/…/".
  std::vector<std::string> freeze = {};
  std::vector<Unfreeze> unfreeze = {};
  /// As torch.nn.utils.clip_grad_norm_ and clip_grad_value_ limit them; 0: no limit.
  double clip_grad_norm = 0;
  double clip_grad_value = 0;
  /// Report the 2-norm of all gradients, before clipping, as the metric "grad_norm".
  bool log_grad_norm = false;
  std::vector<Penalty> penalties = {};
  /// Batches whose gradients are joined for one step, as if they were one batch.
  int accumulate = 1;
  Average average = {};
  /// What `ntc train` does around the step, as its flags --init, --early-stop, --monitor and
  /// --metrics say it: {"fc*.weight=kaiming_normal"}, "patience=5", "val_accuracy", {"f1"}.
  std::vector<std::string> init = {};
  std::string early_stop = {};
  std::string monitor = {};
  std::vector<std::string> metrics = {};
};

/// A captured training step.
class Program {
public:
  struct Impl;
  explicit Program(std::shared_ptr<Impl> impl) : impl(std::move(impl)) {}

  /// Ok, or every problem of the network, each with the name of its layer.
  Status status() const;
  /// Writes the model file; the old file stays when that fails. Does not write when `status` is not
  /// ok.
  Status save(const std::string &path) const;
  /// Number of elements of all parameters, buffers left out.
  int64_t parameterCount() const;

  /// Recording internals.
  std::shared_ptr<Impl> impl;
};

namespace detail {
using Forward = std::function<Tensor(const std::vector<Tensor> &)>;
Program capture(nn::Module &net, size_t arity, const Forward &forward,
                const CaptureOptions &options, const nn::Loss &loss,
                const optim::Optimizer &optimizer);
} // namespace detail

/// Runs `net.forward` once on symbolic inputs and returns the program. `net` has a forward that
/// takes one to four tensors and returns one.
template <typename Net>
Program capture(Net &net, const CaptureOptions &options, const nn::Loss &loss,
                const optim::Optimizer &optimizer) {
  // The widest forward counts: a class may bring the one-tensor form of its base into view.
  if constexpr (requires(Tensor t) { net.forward(t, t, t, t); }) {
    auto forward = [&](const auto &x) { return net.forward(x[0], x[1], x[2], x[3]); };
    return detail::capture(net, 4, forward, options, loss, optimizer);
  } else if constexpr (requires(Tensor t) { net.forward(t, t, t); }) {
    auto forward = [&](const auto &x) { return net.forward(x[0], x[1], x[2]); };
    return detail::capture(net, 3, forward, options, loss, optimizer);
  } else if constexpr (requires(Tensor t) { net.forward(t, t); }) {
    return detail::capture(
        net, 2, [&](const auto &x) { return net.forward(x[0], x[1]); }, options, loss, optimizer);
  } else {
    return detail::capture(
        net, 1, [&](const auto &x) { return net.forward(x[0]); }, options, loss, optimizer);
  }
}

} // namespace ntc
