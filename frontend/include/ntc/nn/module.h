// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Modules: layers and networks with named parameters. A network registers its layers by name in its
// constructor; the names make the state_dict names of the parameters and the layer names of every
// message.
#pragma once

#include "ntc/nn/tensor.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::nn {

/// First values of a parameter.
struct Init {
  enum class Kind { Constant, Uniform, Normal };

  Kind kind = Kind::Constant;
  /// The constant, the lower limit or the mean.
  double first = 0;
  /// The upper limit (exclusive) or the standard deviation.
  double second = 0;

  static Init constant(double value) { return {Kind::Constant, value, 0}; }
  /// Values in [low, high).
  static Init uniform(double low, double high) { return {Kind::Uniform, low, high}; }
  static Init normal(double mean, double deviation) { return {Kind::Normal, mean, deviation}; }
  /// He's normal distribution for layers before a ReLU (PyTorch's kaiming_normal_): the deviation
  /// is sqrt(2 / fan). With `fan` the fan out of a convolution, out_channels kh kw / groups,
  /// gradients keep their size on the way back.
  static Init kaimingNormal(int64_t fan);
  /// PyTorch's default of Linear and Conv: kaiming_uniform(a = sqrt 5), which is U(±1/sqrt(fanIn)).
  static Init fanIn(int64_t fanIn);
};

/// A named tensor of a module: a parameter, or a buffer, which no optimizer changes.
struct StateInfo {
  std::string name;
  std::vector<int64_t> shape;
  Init init;
  bool isParameter = true;
};

class Module {
public:
  Module() = default;
  /// Copies and moves keep state and owned layers. Layers registered by reference stay those of the
  /// original, so the copy cannot be captured; `capture` says so. Register in the final place.
  Module(const Module &other);
  Module(Module &&other);
  Module &operator=(const Module &other);
  virtual ~Module();

  /// What the layer computes. Networks with one input write `ntc::Tensor forward(ntc::Tensor x)`;
  /// those with several declare their own forward and add `using Module::forward;`.
  virtual Tensor forward(Tensor x);
  /// Calls forward inside this module's name: relu inside module "block1" becomes node
  /// "/block1/Relu".
  Tensor operator()(Tensor x);
  /// "Linear"; the class's own name unless overridden.
  virtual std::string typeName() const;

  /// Makes `child` a part of this module under `name`, without a dot. It must outlive the capture.
  void registerModule(const std::string &name, Module &child);
  void registerModule(const std::string &name, std::shared_ptr<Module> child);
  /// Declares a trainable tensor; read it in forward with `state`.
  void registerParameter(const std::string &name, std::vector<int64_t> shape, Init init);
  /// Declares a tensor that is saved with the model and not trained.
  void registerBuffer(const std::string &name, std::vector<int64_t> shape, Init init);

  /// Replaces the first values of the parameter or buffer `name` of this module; `capture` reports
  /// a name that is not registered.
  void initialize(const std::string &name, Init init);

  /// The registered tensor `name` in the recording that `like` belongs to.
  Tensor state(const std::string &name, const Tensor &like) const;

  struct Child {
    std::string name;
    Module *module = nullptr;
    std::shared_ptr<Module> owner;
  };
  const std::vector<Child> &children() const { return childList; }
  const std::vector<StateInfo> &stateInfos() const { return states; }
  /// Names that `initialize` was given in vain.
  const std::vector<std::string> &unknownStateNames() const { return unknownStates; }
  /// True when layers were registered by reference and the module was copied or moved afterwards.
  bool isDetached() const { return detached; }

protected:
  /// Records that this layer cannot work on `x`; returns the invalid tensor. Other layers' messages
  /// read "fc2 (Linear): " + message.
  Tensor fail(const Tensor &x, const std::string &message) const;
  /// Called in forward: adds `weight` times `value` to what training minimizes. The loss's
  /// reduction applies: the sum or the mean of the elements of `value`, which may have one per
  /// sample. `name` becomes the name of the value in the model.
  void addLoss(const std::string &name, const Tensor &value, double weight = 1) const;
  /// Called in forward: reports `value` as the metric `name` of training and, with "val_" before
  /// it, of validation: the mean of its elements over all samples of the epoch; truths count as 1.
  /// A scalar counts for each sample of its batch. Nothing is minimized. `name`, of letters, digits
  /// and '_', becomes the name of the value in the model.
  void addMetric(const std::string &name, const Tensor &value) const;

private:
  void copyFrom(const Module &other);

  std::vector<Child> childList;
  std::vector<StateInfo> states;
  std::vector<std::string> unknownStates;
  bool detached = false;
};

namespace detail {
/// Enters the scope of `module` in the recording of a tensor for its own lifetime.
class ScopeGuard {
public:
  ScopeGuard(const Module &module, const Tensor &x);
  ~ScopeGuard();
  ScopeGuard(const ScopeGuard &) = delete;
  ScopeGuard &operator=(const ScopeGuard &) = delete;

private:
  std::shared_ptr<ntc::detail::Recorder> recorder;
};
} // namespace detail

/// Calls a module whose forward takes several tensors, inside its name: `ntc::nn::call(attention,
/// query, key)`.
template <typename M, typename... Rest> auto call(M &module, Tensor first, Rest &&...rest) {
  detail::ScopeGuard scope(module, first);
  return module.forward(std::move(first), std::forward<Rest>(rest)...);
}

} // namespace ntc::nn
