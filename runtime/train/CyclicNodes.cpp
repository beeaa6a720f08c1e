// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// OneCycleLR and CyclicLR, which move the momentum against the learning rate.
#include "runtime/train/SchedulerNodes.h"

#include <cmath>
#include <numbers>

namespace ntc::rt::train {
namespace {

using Node = Scheduler::Node;

/// What both do before the initial step: the momentum starts at its greatest value.
void startMomentum(const ScheduleSpec &spec, Node::Groups groups) {
  for (size_t i = 0; i < groups.size() && spec.isSet("cycle_momentum"); ++i) {
    groups[i].momentum = spec.number("max_momentum", i);
  }
}

class OneCycleNode : public Node {
public:
  explicit OneCycleNode(const ScheduleSpec &spec) : spec(spec) {}

  void begin(Groups groups) override {
    for (size_t i = 0; i < groups.size(); ++i) {
      phasesOf.push_back(makePhases(i));
      groups[i].initialLr = phasesOf[i][0].startRate;
    }
    startMomentum(spec, groups);
    Node::begin(groups);
  }

protected:
  double rate(ScheduledGroup &group, size_t index, bool) override {
    const std::vector<Phase> &phases = phasesOf[index];
    const double step = static_cast<double>(lastEpoch);
    double begin = 0.0;
    size_t i = 0;
    while (i + 1 < phases.size() && step > phases[i].end) {
      begin = phases[i++].end;
    }
    const Phase &phase = phases[i];
    const double part = (step - begin) / (phase.end - begin);
    if (spec.isSet("cycle_momentum")) {
      group.momentum = anneal(phase.startMomentum, phase.endMomentum, part);
    }
    return anneal(phase.startRate, phase.endRate, part);
  }

private:
  struct Phase {
    double end, startRate, endRate, startMomentum, endMomentum;
  };
  std::vector<Phase> makePhases(size_t group) const {
    const double total = spec.number("total_steps"), part = spec.number("pct_start");
    const double greatest = spec.number("max_lr", group);
    const double initial = greatest / spec.number("div_factor");
    const double least = initial / spec.number("final_div_factor");
    const double fast = spec.number("max_momentum", group);
    const double slow = spec.number("base_momentum", group);
    if (spec.isSet("three_phase")) {
      return {{part * total - 1.0, initial, greatest, fast, slow},
              {2.0 * part * total - 2.0, greatest, initial, slow, fast},
              {total - 1.0, initial, least, fast, fast}};
    }
    return {{part * total - 1.0, initial, greatest, fast, slow},
            {total - 1.0, greatest, least, slow, fast}};
  }
  double anneal(double start, double end, double part) const {
    if (spec.word("anneal_strategy") == "linear") {
      return (end - start) * part + start;
    }
    return end + (start - end) / 2.0 * (std::cos(std::numbers::pi * part) + 1.0);
  }

  ScheduleSpec spec;
  std::vector<std::vector<Phase>> phasesOf; ///< of every group
};

class CyclicNode : public Node {
public:
  explicit CyclicNode(const ScheduleSpec &spec)
      : spec(spec), total(spec.number("step_size_up") + spec.number("step_size_down")),
        ratio(spec.number("step_size_up") / total) {}

  void begin(Groups groups) override {
    for (size_t i = 0; i < groups.size(); ++i) {
      groups[i].lr = spec.number("base_lr", i);
    }
    startMomentum(spec, groups);
    Node::begin(groups);
  }

protected:
  double rate(ScheduledGroup &group, size_t i, bool) override {
    const double low = spec.number("base_lr", i), high = spec.number("max_lr", i);
    const double step = static_cast<double>(lastEpoch);
    const double cycle = std::floor(1.0 + step / total);
    const double x = 1.0 + step / total - cycle;
    const double height = x <= ratio ? x / ratio : (x - 1.0) / (ratio - 1.0);
    const double scale = scaleOf(cycle, step);
    if (spec.isSet("cycle_momentum")) {
      const double base = spec.number("base_momentum", i), most = spec.number("max_momentum", i);
      group.momentum = most - (most - base) * height * scale;
    }
    return low + (high - low) * height * scale;
  }

private:
  double scaleOf(double cycle, double step) const {
    if (spec.word("mode") == "triangular2") {
      return 1.0 / std::pow(2.0, cycle - 1.0);
    }
    return spec.word("mode") == "exp_range" ? std::pow(spec.number("gamma"), step) : 1.0;
  }

  ScheduleSpec spec;
  double total, ratio;
};

} // namespace

std::unique_ptr<Node> makeCyclicNode(const ScheduleSpec &spec) {
  if (spec.name == "onecycle") {
    return std::make_unique<OneCycleNode>(spec);
  }
  return spec.name == "cyclic" ? std::make_unique<CyclicNode>(spec) : nullptr;
}

} // namespace ntc::rt::train
