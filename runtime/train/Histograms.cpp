// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sampling of states, and the optimizers' formulas solved for the gradient.
#include "runtime/train/Histograms.h"

#include "runtime/data/Dataset.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ntc::rt::train {
namespace {

/// Slots from which a gradient can be recovered, with the control that is its factor.
struct Slot {
  std::string_view name, control;
  std::string_view optimizer; ///< the only one where the slot means that; empty: any
};
constexpr std::array<Slot, 5> kSlots = {{
    {"exp_avg", "beta2", "lion"}, // beta1 makes the direction
    {"exp_avg", "beta1", ""},
    {"momentum_buffer", "momentum", "sgd"}, // RMSprop's holds scaled gradients
    {"square_avg", "rho", ""},
    {"square_avg", "alpha", ""},
}};

bool isReal(const artifact::StateSpec &state) {
  return state.dtype == DType::F32 || state.dtype == DType::F64;
}

/// Evenly spaced elements of a state.
std::vector<double> sampled(exec::Session &session, const artifact::StateSpec &state) {
  const std::span<const uint8_t> bytes = session.stateBytes(state);
  const size_t width = sizeOf(state.dtype);
  const size_t count = bytes.size() / width;
  const size_t stride = (count + kMostHistogramElements - 1) / kMostHistogramElements;
  std::vector<double> out;
  out.reserve(count / std::max<size_t>(stride, 1) + 1);
  for (size_t i = 0; i < count; i += stride) {
    double value = 0;
    data::convertValues(state.dtype, reinterpret_cast<const std::byte *>(bytes.data() + i * width),
                        DType::F64, reinterpret_cast<std::byte *>(&value), 1);
    out.push_back(value);
  }
  return out;
}

} // namespace

Histograms::Histograms(const exec::Session &session, std::string optimizer)
    : optimizer_(std::move(optimizer)) {
  const std::vector<artifact::StateSpec> &states = session.manifest().states;
  for (const artifact::StateSpec &state : states) {
    if (state.role != artifact::Role::Parameter || !isReal(state)) {
      continue;
    }
    Tensor tensor{&state, nullptr, "", ""};
    for (const artifact::StateSpec &moment : states) {
      for (const Slot &slot : kSlots) {
        if (!tensor.moment && moment.of == state.name && isReal(moment) &&
            (slot.optimizer.empty() || slot.optimizer == optimizer_) &&
            session.control(slot.control) &&
            moment.name == concat("optimizer.", slot.name, ".", state.name)) {
          tensor.moment = &moment;
          tensor.slot = slot.name;
          tensor.control = slot.control;
        }
      }
    }
    tensors_.push_back(std::move(tensor));
  }
}

void Histograms::before(exec::Session &session) {
  for (const Tensor &tensor : tensors_) {
    before_[tensor.parameter->name] = sampled(session, *tensor.parameter);
    if (tensor.moment) {
      before_[tensor.moment->name] = sampled(session, *tensor.moment);
    }
  }
}

std::vector<double> Histograms::gradient(exec::Session &session, const Tensor &tensor,
                                         const std::vector<double> &update) const {
  auto control = [&session](std::string_view name) {
    Result<double> value = session.control(name);
    return value ? std::optional(*value) : std::nullopt;
  };
  std::vector<double> out;
  if (!tensor.moment) {
    const std::optional<double> rate = control("lr");
    const bool isFrozen = std::ranges::all_of(update, [](double change) { return change == 0; });
    if (optimizer_ != "sgd" || !rate || *rate == 0.0 || isFrozen) {
      return out;
    }
    for (double change : update) {
      out.push_back(-change / *rate);
    }
    return out;
  }
  const std::optional<double> factor = control(tensor.control);
  if (!factor || *factor >= 1.0) {
    return out;
  }
  const std::vector<double> &old = before_.at(tensor.moment->name);
  const std::vector<double> now = sampled(session, *tensor.moment);
  const double dampening = control("dampening").value_or(0.0);
  const double share = tensor.slot == "momentum_buffer" ? 1.0 - dampening : 1.0 - *factor;
  for (size_t i = 0; i < now.size(); ++i) {
    const double part = (now[i] - *factor * old[i]) / share;
    const double root = std::copysign(std::sqrt(std::max(part, 0.0)), -update[i]);
    out.push_back(tensor.slot == "square_avg" ? root : part);
  }
  return out;
}

void Histograms::add(exec::Session &session, report::Summary &summary) {
  for (const Tensor &tensor : tensors_) {
    const std::string &name = tensor.parameter->name;
    const std::vector<double> now = sampled(session, *tensor.parameter);
    summary.histogram("weights/" + name, std::span<const double>(now));
    auto found = before_.find(name);
    if (found == before_.end()) {
      continue;
    }
    std::vector<double> update(now.size());
    std::ranges::transform(now, found->second, update.begin(), std::minus<>());
    summary.histogram("updates/" + name, std::span<const double>(update));
    const std::vector<double> recovered = gradient(session, tensor, update);
    summary.histogram("gradients/" + name, std::span<const double>(recovered));
  }
  before_.clear();
}

} // namespace ntc::rt::train
