// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each optimizer's generated body: 200 steps against PyTorch's
// (test/conformance/make_optimizers.py), and twenty against the update that torch.optim documents,
// written here as scalar code. Both run in f64 and differ in the order of a few operations: 1e-13
// is some hundred roundings.
#include "frontend/format/OptimizerFunctions.h"
#include "frontend/format/SpecFlags.h"
#include "runtime/format/Safetensors.h"
#include "test/unit/frontend/format/FunctionEvaluator.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

using namespace ntc;
using namespace ntc::format;
using namespace ntc::test;

namespace {

/// One parameter's state in the scalar reference.
struct Reference {
  double p = 0.7, v = 0, s = 0;
  int t = 0;
};

using Step = void (*)(Reference &, double g, const std::map<std::string, double> &h, bool nesterov);

void sgdStep(Reference &r, double g, const std::map<std::string, double> &h, bool nesterov) {
  g += h.at("weight_decay") * r.p;
  if (h.at("momentum") != 0) {
    r.v = r.t == 0 ? g : h.at("momentum") * r.v + (1 - h.at("dampening")) * g;
    g = nesterov ? g + h.at("momentum") * r.v : r.v;
  }
  ++r.t;
  r.p -= h.at("lr") * g;
}

void adamLike(Reference &r, double g, const std::map<std::string, double> &h) {
  ++r.t;
  r.v = h.at("beta1") * r.v + (1 - h.at("beta1")) * g;
  r.s = h.at("beta2") * r.s + (1 - h.at("beta2")) * g * g;
  double first = r.v / (1 - std::pow(h.at("beta1"), r.t));
  double second = r.s / (1 - std::pow(h.at("beta2"), r.t));
  r.p -= h.at("lr") * first / (std::sqrt(second) + h.at("eps"));
}

void adamStep(Reference &r, double g, const std::map<std::string, double> &h, bool) {
  adamLike(r, g + h.at("weight_decay") * r.p, h);
}

void adamwStep(Reference &r, double g, const std::map<std::string, double> &h, bool) {
  r.p -= h.at("lr") * h.at("weight_decay") * r.p;
  adamLike(r, g, h);
}

void adadeltaStep(Reference &r, double g, const std::map<std::string, double> &h, bool) {
  g += h.at("weight_decay") * r.p;
  r.v = h.at("rho") * r.v + (1 - h.at("rho")) * g * g;
  double delta = std::sqrt(r.s + h.at("eps")) / std::sqrt(r.v + h.at("eps")) * g;
  r.s = h.at("rho") * r.s + (1 - h.at("rho")) * delta * delta;
  r.p -= h.at("lr") * delta;
}

/// One parameter that an update's function changes.
class Subject {
public:
  Subject(const OptimizerUpdate &update, const std::map<std::string, double> &h)
      : update(update), h(h) {
    *model.add_functions() = update.function;
    for (const Slot &slot : update.slots) {
      slots.push_back(slot.kind == SlotKind::Counter   ? scalar(0)
                      : slot.kind == SlotKind::Product ? scalar(1)
                                                       : vectorOf({0.0}));
    }
  }

  /// The parameter after a step with gradient `g`.
  double step(double g) {
    Evaluator evaluator(model);
    onnx::ModelProto call;
    onnx::NodeProto &node = *call.mutable_graph()->add_node();
    node.set_op_type(update.function.name());
    node.set_domain(update.function.domain());
    for (const std::string &control : update.controls) {
      evaluator.values[control] = scalar(h.at(control));
      node.add_input(control);
    }
    evaluator.values["p"] = parameter;
    evaluator.values["g"] = vectorOf({g});
    node.add_input("p");
    node.add_input("g");
    node.add_output("p'");
    for (size_t i = 0; i < slots.size(); ++i) {
      evaluator.values["s" + std::to_string(i)] = slots[i];
      node.add_input("s" + std::to_string(i));
      node.add_output("s'" + std::to_string(i));
    }
    evaluator.run(call.graph().node());
    parameter = evaluator.values.at("p'");
    for (size_t i = 0; i < slots.size(); ++i) {
      slots[i] = evaluator.values.at("s'" + std::to_string(i));
    }
    return parameter.data[0];
  }

private:
  const OptimizerUpdate &update;
  const std::map<std::string, double> &h;
  onnx::ModelProto model;
  Array parameter = vectorOf({0.7});
  std::vector<Array> slots;
};

void compare(const char *flag, Step step) {
  SCOPED_TRACE(flag);
  auto spec = parseOptimizer(flag);
  ASSERT_TRUE(spec) << spec.status().message();
  std::map<std::string, double> h(spec->hyperparameters().begin(), spec->hyperparameters().end());
  OptimizerUpdate update = makeUpdate(*findOptimizer(spec->name()), h, spec->nesterov());
  ASSERT_EQ(update.function.input_size(),
            static_cast<int>(update.controls.size() + 2 + update.slots.size()));
  ASSERT_EQ(update.function.output_size(), static_cast<int>(1 + update.slots.size()));
  Subject subject(update, h);
  Reference reference;
  for (int t = 0; t < 20; ++t) {
    double g = std::sin(1.7 * t) * std::pow(10.0, t % 5 - 3); // small ones show where eps stands
    step(reference, g, h, spec->nesterov());
    ASSERT_NEAR(subject.step(g), reference.p, 1e-13) << "step " << t;
  }
}

TEST(OptimizerFunctions, FollowPyTorchsFormulas) {
  compare("sgd,lr=0.1", sgdStep);
  compare("sgd,lr=0.1,weight_decay=0.02", sgdStep);
  compare("sgd,lr=0.1,momentum=0.9", sgdStep);
  compare("sgd,lr=0.1,momentum=0.9,dampening=0.3", sgdStep);
  compare("sgd,lr=0.1,momentum=0.9,nesterov,weight_decay=0.1", sgdStep);
  compare("adam,lr=1e-2", adamStep);
  compare("adam,lr=1e-2,eps=1e-3,betas=0.8:0.95,weight_decay=0.1", adamStep);
  compare("adamw,lr=1e-2", adamwStep);
  compare("adamw,lr=1e-2,weight_decay=0,eps=1e-3", adamwStep);
  compare("adadelta", adadeltaStep);
  compare("adadelta,lr=0.5,rho=0.8,eps=1e-4,weight_decay=0.1", adadeltaStep);
}

/// As `gradient` in make_optimizers.py.
double goldenGradient(int step) {
  return (step * 37 % 23 - 11) / 8.0 * std::pow(2.0, -(step % 7 * 2));
}

/// The greatest distance of 200 steps from PyTorch's.
double worstDistance(const std::string &flag, std::span<const uint8_t> golden) {
  auto spec = parseOptimizer(flag);
  if (!spec) {
    ADD_FAILURE() << spec.status().message();
    return INFINITY;
  }
  std::map<std::string, double> h(spec->hyperparameters().begin(), spec->hyperparameters().end());
  OptimizerUpdate update = makeUpdate(*findOptimizer(spec->name()), h, spec->nesterov());
  Subject subject(update, h);
  double worst = 0;
  for (size_t t = 0; t < golden.size() / sizeof(double); ++t) {
    double expected = 0;
    std::memcpy(&expected, golden.data() + t * sizeof(double), sizeof(double));
    double distance = std::abs(subject.step(goldenGradient(static_cast<int>(t))) - expected);
    worst = distance <= worst ? worst : distance; // NaN is the worst
  }
  return worst;
}

TEST(OptimizerFunctions, EqualPyTorchOver200Steps) {
  auto goldens = rt::format::Safetensors::open(NTC_GOLDENS "/optimizers.safetensors");
  ASSERT_TRUE(goldens) << goldens.status().message();
  std::set<std::string> seen;
  for (const auto &golden : goldens->tensors()) {
    // Two hundred steps of a few roundings of a value near 1.
    EXPECT_LE(worstDistance(golden.name, golden.bytes), 1e-12) << golden.name;
    seen.insert(golden.name.substr(0, golden.name.find(',')));
  }
  for (const OptimizerRule &rule : optimizerRules()) {
    EXPECT_TRUE(seen.contains(std::string(rule.name))) << rule.name << " has no golden";
  }
  EXPECT_GT(worstDistance("adamax,lr=0.0020001", goldens->find("adamax")->bytes), 1e-12)
      << "the harness must see a wrong rate";
}

TEST(OptimizerFunctions, AWrongFormulaIsCaught) {
  // The positive control of `compare`: Adam's reference on AdamW's function must differ.
  std::map<std::string, double> h = {
      {"lr", 0.01}, {"beta1", 0.9}, {"beta2", 0.999}, {"eps", 1e-8}, {"weight_decay", 0.1}};
  Reference a, w;
  adamStep(a, 0.3, h, false);
  adamwStep(w, 0.3, h, false);
  EXPECT_GT(std::abs(a.p - w.p), 1e-6);
}

} // namespace
