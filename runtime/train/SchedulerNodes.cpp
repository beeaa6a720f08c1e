// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// PyTorch's schedulers but the cyclic ones. Operations and their order are those of PyTorch's
// get_lr and _get_closed_form_lr.
#include "runtime/train/SchedulerNodes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace ntc::rt::train {

using Node = Scheduler::Node;

void Node::begin(Groups groups) {
  for (ScheduledGroup &group : groups) {
    group.initialLr = group.initialLr.value_or(group.lr);
    baseRates.push_back(*group.initialLr);
  }
  initialStep(groups);
}

void Node::advance(Groups groups, bool isInitial) {
  ++lastEpoch;
  std::vector<double> rates;
  for (size_t i = 0; i < groups.size(); ++i) {
    rates.push_back(rate(groups[i], i, isInitial));
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].lr = rates[i];
  }
}

void Node::enter(Groups groups) {
  lastEpoch = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    groups[i].lr = closedForm(groups[i], i);
  }
}

namespace {

double asDouble(int64_t count) { return static_cast<double>(count); }

struct ConstantNode : Node {
  double factor, total;
  explicit ConstantNode(const ScheduleSpec &spec)
      : factor(spec.number("factor")), total(spec.number("total_iters")) {}
  double rate(ScheduledGroup &group, size_t, bool) override {
    if (lastEpoch == 0) {
      return group.lr * factor;
    }
    return asDouble(lastEpoch) != total ? group.lr : group.lr * (1.0 / factor);
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return baseRates[i] * (factor + (asDouble(lastEpoch) >= total ? 1.0 : 0.0) * (1.0 - factor));
  }
};

struct LinearNode : Node {
  double start, end, total;
  explicit LinearNode(const ScheduleSpec &spec)
      : start(spec.number("start_factor")), end(spec.number("end_factor")),
        total(spec.number("total_iters")) {}
  double rate(ScheduledGroup &group, size_t, bool isInitial) override {
    if (lastEpoch == 0) {
      return group.lr * start;
    }
    const double e = asDouble(lastEpoch);
    if (isInitial || e > total) {
      return group.lr;
    }
    return group.lr * (1.0 + (end - start) / (total * start + (e - 1.0) * (end - start)));
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return baseRates[i] * (start + (end - start) * std::min(total, asDouble(lastEpoch)) / total);
  }
};

/// The factor of a step from a table; beyond its end the last one.
double factorAt(const std::vector<double> &table, int64_t step) {
  const auto last = static_cast<int64_t>(table.size()) - 1;
  return table[static_cast<size_t>(std::clamp<int64_t>(step, 0, last))];
}

struct LambdaNode : Node {
  std::vector<double> table;
  explicit LambdaNode(const ScheduleSpec &spec) : table(spec.factors) {}
  double rate(ScheduledGroup &, size_t i, bool) override {
    return baseRates[i] * factorAt(table, lastEpoch);
  }
};

struct MultiplicativeNode : Node {
  std::vector<double> table;
  explicit MultiplicativeNode(const ScheduleSpec &spec) : table(spec.factors) {}
  double rate(ScheduledGroup &group, size_t, bool isInitial) override {
    return isInitial ? group.lr : group.lr * factorAt(table, lastEpoch);
  }
};

struct StepNode : Node {
  int64_t size;
  double gamma;
  explicit StepNode(const ScheduleSpec &spec)
      : size(static_cast<int64_t>(spec.number("step_size"))), gamma(spec.number("gamma")) {}
  double rate(ScheduledGroup &group, size_t, bool) override {
    return lastEpoch == 0 || lastEpoch % size != 0 ? group.lr : group.lr * gamma;
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return baseRates[i] * std::pow(gamma, asDouble(lastEpoch / size));
  }
};

struct MultiStepNode : Node {
  std::vector<int64_t> milestones;
  double gamma;
  explicit MultiStepNode(const ScheduleSpec &spec)
      : milestones(spec.milestones), gamma(spec.number("gamma")) {}
  double rate(ScheduledGroup &group, size_t, bool) override {
    return std::ranges::binary_search(milestones, lastEpoch) ? group.lr * gamma : group.lr;
  }
  double closedForm(ScheduledGroup &, size_t i) override { return baseRates[i]; }
};

struct ExponentialNode : Node {
  double gamma;
  explicit ExponentialNode(const ScheduleSpec &spec) : gamma(spec.number("gamma")) {}
  double rate(ScheduledGroup &group, size_t, bool isInitial) override {
    return isInitial ? group.lr : group.lr * gamma;
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return baseRates[i] * std::pow(gamma, asDouble(lastEpoch));
  }
};

struct PolynomialNode : Node {
  double total, power;
  explicit PolynomialNode(const ScheduleSpec &spec)
      : total(spec.number("total_iters")), power(spec.number("power")) {}
  double rate(ScheduledGroup &group, size_t, bool isInitial) override {
    const double e = asDouble(lastEpoch);
    if (isInitial || e > total) {
      return group.lr;
    }
    return group.lr * std::pow((1.0 - e / total) / (1.0 - (e - 1.0) / total), power);
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return baseRates[i] * std::pow(1.0 - std::min(total, asDouble(lastEpoch)) / total, power);
  }
};

struct CosineNode : Node {
  double period, least;
  explicit CosineNode(const ScheduleSpec &spec)
      : period(spec.number("t_max")), least(spec.number("eta_min")) {}
  double rate(ScheduledGroup &group, size_t i, bool isInitial) override {
    using std::numbers::pi;
    if (isInitial) {
      return group.lr;
    }
    const double e = asDouble(lastEpoch);
    // The recurrence divides by zero one step after a minimum.
    if (std::fmod(e - 1.0 - period, 2.0 * period) == 0.0) {
      return group.lr + (baseRates[i] - least) * (1.0 - std::cos(pi / period)) / 2.0;
    }
    return (1.0 + std::cos(pi * e / period)) / (1.0 + std::cos(pi * (e - 1.0) / period)) *
               (group.lr - least) +
           least;
  }
  double closedForm(ScheduledGroup &, size_t i) override {
    return least + (baseRates[i] - least) *
                       (1.0 + std::cos(std::numbers::pi * asDouble(lastEpoch) / period)) / 2.0;
  }
};

struct WarmRestartsNode : Node {
  double first, factor, least;
  double current = -1.0, length;
  explicit WarmRestartsNode(const ScheduleSpec &spec)
      : first(spec.number("t_0")), factor(spec.number("t_mult")), least(spec.number("eta_min")),
        length(first) {}
  void step(Groups groups) override { move(groups, false); }
  void initialStep(Groups groups) override { move(groups, true); }
  double rate(ScheduledGroup &, size_t i, bool) override {
    return least +
           (baseRates[i] - least) * (1.0 + std::cos(std::numbers::pi * current / length)) / 2.0;
  }

private:
  void move(Groups groups, bool isInitial) {
    current += 1.0;
    if (lastEpoch < 0) { // PyTorch begins at epoch 0 by its number
      length = first;
      current = 0.0;
    } else if (current >= length) {
      current = std::fmod(current, length);
      length *= factor;
    }
    advance(groups, isInitial);
  }
};

struct PlateauNode : Node {
  bool isMax, isRelative;
  double factor, patience, threshold, cooldown, eps;
  ScheduleSpec spec; ///< for min_lr
  double best;
  double badEpochs = 0, cooling = 0;
  explicit PlateauNode(const ScheduleSpec &spec)
      : isMax(spec.word("mode") == "max"), isRelative(spec.word("threshold_mode") == "rel"),
        factor(spec.number("factor")), patience(spec.number("patience")),
        threshold(spec.number("threshold")), cooldown(spec.number("cooldown")),
        eps(spec.number("eps")), spec(spec), best(isMax ? -std::numeric_limits<double>::infinity()
                                                        : std::numeric_limits<double>::infinity()) {
  }
  void begin(Groups) override {}
  void step(Groups) override {}
  double rate(ScheduledGroup &group, size_t, bool) override { return group.lr; }
  bool isBetter(double value) const {
    if (isRelative) {
      return isMax ? value > best * (threshold + 1.0) : value < best * (1.0 - threshold);
    }
    return isMax ? value > best + threshold : value < best - threshold;
  }
  void observe(Groups groups, double metric) override {
    if (isBetter(metric)) {
      best = metric;
      badEpochs = 0;
    } else {
      ++badEpochs;
    }
    if (cooling > 0) {
      --cooling;
      badEpochs = 0;
    }
    if (badEpochs > patience) {
      for (size_t i = 0; i < groups.size(); ++i) {
        ScheduledGroup &group = groups[i];
        const double next = std::max(group.lr * factor, spec.number("min_lr", i));
        group.lr = group.lr - next > eps ? next : group.lr;
      }
      cooling = cooldown;
      badEpochs = 0;
    }
  }
};

struct ChainedNode : Node {
  std::vector<std::unique_ptr<Node>> children;
  explicit ChainedNode(const ScheduleSpec &spec) {
    for (const ScheduleSpec &child : spec.schedules) {
      children.push_back(makeNode(child));
    }
  }
  void begin(Groups groups) override {
    for (auto &child : children) {
      child->begin(groups);
    }
  }
  void step(Groups groups) override {
    for (auto &child : children) {
      child->step(groups);
    }
  }
  double rate(ScheduledGroup &group, size_t, bool) override { return group.lr; }
};

/// PyTorch constructs the schedules one after the other, which steps each, and takes all that back.
struct SequentialNode : Node {
  std::vector<std::unique_ptr<Node>> children;
  std::vector<int64_t> milestones;
  int64_t count = 0;
  explicit SequentialNode(const ScheduleSpec &spec) : milestones(spec.milestones) {
    for (const ScheduleSpec &child : spec.schedules) {
      children.push_back(makeNode(child));
    }
  }
  void begin(Groups groups) override {
    for (auto &child : children) {
      child->begin(groups);
    }
    for (ScheduledGroup &group : groups) {
      group.lr = *group.initialLr;
    }
    for (auto &child : children) {
      child->undo();
    }
    children.front()->initialStep(groups);
  }
  void step(Groups groups) override {
    ++count;
    auto index = std::ranges::upper_bound(milestones, count) - milestones.begin();
    Node &child = *children[static_cast<size_t>(index)];
    bool enters = index > 0 && milestones[static_cast<size_t>(index - 1)] == count;
    enters ? child.enter(groups) : child.step(groups);
  }
  double rate(ScheduledGroup &group, size_t, bool) override { return group.lr; }
};

template <typename T> std::unique_ptr<Node> make(const ScheduleSpec &spec) {
  return std::make_unique<T>(spec);
}

} // namespace

std::unique_ptr<Node> makeNode(const ScheduleSpec &spec) {
  struct Row {
    std::string_view name;
    std::unique_ptr<Node> (*make)(const ScheduleSpec &);
  };
  static constexpr Row rows[] = {
      {"constant", make<ConstantNode>},
      {"linear", make<LinearNode>},
      {"lambda", make<LambdaNode>},
      {"multiplicative", make<MultiplicativeNode>},
      {"step", make<StepNode>},
      {"multistep", make<MultiStepNode>},
      {"exponential", make<ExponentialNode>},
      {"polynomial", make<PolynomialNode>},
      {"cosine", make<CosineNode>},
      {"cosine_restarts", make<WarmRestartsNode>},
      {"plateau", make<PlateauNode>},
      {"chained", make<ChainedNode>},
      {"sequential", make<SequentialNode>},
  };
  for (const Row &row : rows) {
    if (row.name == spec.name) {
      return row.make(spec);
    }
  }
  return makeCyclicNode(spec);
}

} // namespace ntc::rt::train
