// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Formulas and their order of rounding follow torch.optim's single-tensor implementations: scalars
// are combined in f64 and converted once where they meet a tensor.
#include "frontend/format/OptimizerFunctions.h"

#include "frontend/format/NodeBuilder.h"

#include <limits>

namespace ntc::format {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Function inputs p and g are declared after the controls; slots after them, in the order of the
/// calls to `slot`.
struct Update {
  FunctionBuilder body;
  OptimizerUpdate result;

  explicit Update(const std::string &name) : body(name, {}) {}
  std::string control(const std::string &name) {
    result.controls.push_back(name);
    return body.input(name);
  }
  std::string slot(const std::string &name, SlotKind kind = SlotKind::Moment) {
    result.slots.push_back({name, kind});
    return body.input(name);
  }
  /// T(1 - a), subtracted in f64.
  std::string oneMinus(const std::string &a, const std::string &like) {
    return body.cast(body.op("Sub", {body.constant(1.0), a}), like);
  }
  OptimizerUpdate finish() {
    result.function = body.take();
    return std::move(result);
  }
};

/// g + weight_decay * p.
std::string decayed(FunctionBuilder &b, const std::string &decay, const std::string &g) {
  return b.op("Add", {g, b.op("Mul", {b.cast(decay, "p"), "p"})});
}

OptimizerUpdate sgd(bool decay, bool momentum, bool dampening, bool nesterov) {
  std::string name = std::string("SGD") + (momentum ? "_momentum" : "") +
                     (dampening ? "_dampening" : "") + (nesterov ? "_nesterov" : "") +
                     (decay ? "_decay" : "");
  Update u(name);
  FunctionBuilder &b = u.body;
  u.control("lr");
  if (momentum) {
    u.control("momentum");
  }
  if (dampening) {
    u.control("dampening");
  }
  if (decay) {
    u.control("weight_decay");
  }
  b.input("p");
  std::string g = b.input("g");
  if (momentum) {
    u.slot("momentum_buffer");
  }
  if (dampening) {
    u.slot("step", SlotKind::Counter);
  }
  if (decay) {
    g = decayed(b, "weight_decay", g);
  }
  std::string d = g;
  std::string velocity;
  if (momentum) {
    std::string kept = b.op("Mul", {b.cast("momentum", "p"), "momentum_buffer"});
    std::string added = dampening ? b.op("Mul", {u.oneMinus("dampening", "p"), g}) : g;
    velocity = b.op("Add", {kept, added});
    if (dampening) { // PyTorch starts the buffer with the undamped gradient
      velocity = b.op("Where", {b.op("Equal", {"step", b.intConstant(0)}), g, velocity});
    }
    d = nesterov ? b.op("Add", {g, b.op("Mul", {b.cast("momentum", "p"), velocity})}) : velocity;
  }
  b.output("p_next", "Sub", {"p", b.op("Mul", {b.cast("lr", "p"), d})});
  if (momentum) {
    b.output("momentum_buffer_next", "Identity", {velocity});
  }
  if (dampening) {
    b.output("step_next", "Add", {"step", b.intConstant(1)});
  }
  return u.finish();
}

/// Adam (weight decay added to the gradient) and AdamW (`decoupled`: taken from the parameter
/// first).
OptimizerUpdate adam(bool decay, bool decoupled) {
  Update u(std::string(decoupled ? "AdamW" : "Adam") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  for (const char *name : {"lr", "beta1", "beta2", "eps"}) {
    u.control(name);
  }
  if (decay) {
    u.control("weight_decay");
  }
  std::string p = b.input("p");
  std::string g = b.input("g");
  u.slot("step", SlotKind::Counter);
  u.slot("exp_avg");
  u.slot("exp_avg_sq");
  if (decay && decoupled) {
    std::string factor = b.op("Sub", {b.constant(1.0), b.op("Mul", {"lr", "weight_decay"})});
    p = b.op("Mul", {"p", b.cast(factor, "p")});
  } else if (decay) {
    g = decayed(b, "weight_decay", g);
  }
  std::string step = b.op("Add", {"step", b.intConstant(1)});
  std::string t =
      b.op("Cast", {step}, {attribute("to", static_cast<int>(onnx::TensorProto::DOUBLE))});
  std::string m = b.op("Add", {b.op("Mul", {"exp_avg", b.cast("beta1", "p")}),
                               b.op("Mul", {u.oneMinus("beta1", "p"), g})});
  std::string squared = b.op("Mul", {b.op("Mul", {u.oneMinus("beta2", "p"), g}), g});
  std::string v = b.op("Add", {b.op("Mul", {"exp_avg_sq", b.cast("beta2", "p")}), squared});
  std::string correction1 = b.op("Sub", {b.constant(1.0), b.op("Pow", {"beta1", t})});
  std::string correction2 = b.op("Sub", {b.constant(1.0), b.op("Pow", {"beta2", t})});
  std::string size = b.cast(b.op("Div", {"lr", correction1}), "p");
  std::string root = b.op("Div", {b.op("Sqrt", {v}), b.cast(b.op("Sqrt", {correction2}), "p")});
  std::string divisor = b.op("Add", {root, b.cast("eps", "p")});
  b.output("p_next", "Sub", {p, b.op("Div", {b.op("Mul", {size, m}), divisor})});
  b.output("step_next", "Identity", {step});
  b.output("exp_avg_next", "Identity", {m});
  b.output("exp_avg_sq_next", "Identity", {v});
  return u.finish();
}

OptimizerUpdate adadelta(bool decay) {
  Update u(std::string("Adadelta") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  for (const char *name : {"lr", "rho", "eps"}) {
    u.control(name);
  }
  if (decay) {
    u.control("weight_decay");
  }
  b.input("p");
  std::string g = b.input("g");
  u.slot("square_avg");
  u.slot("acc_delta");
  if (decay) {
    g = decayed(b, "weight_decay", g);
  }
  std::string rho = b.cast("rho", "p");
  std::string rest = u.oneMinus("rho", "p");
  std::string eps = b.cast("eps", "p");
  auto average = [&](const std::string &old, const std::string &x) {
    return b.op("Add", {b.op("Mul", {old, rho}), b.op("Mul", {b.op("Mul", {rest, x}), x})});
  };
  std::string s = average("square_avg", g);
  std::string deviation = b.op("Sqrt", {b.op("Add", {s, eps})});
  std::string ratio = b.op("Div", {b.op("Sqrt", {b.op("Add", {"acc_delta", eps})}), deviation});
  std::string delta = b.op("Mul", {ratio, g});
  std::string a = average("acc_delta", delta);
  b.output("p_next", "Sub", {"p", b.op("Mul", {b.cast("lr", "p"), delta})});
  b.output("square_avg_next", "Identity", {s});
  b.output("acc_delta_next", "Identity", {a});
  return u.finish();
}

OptimizerUpdate rmsprop(bool decay, bool momentum) {
  Update u(std::string("RMSprop") + (momentum ? "_momentum" : "") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  for (const char *name : {"lr", "alpha", "eps"}) {
    u.control(name);
  }
  if (momentum) {
    u.control("momentum");
  }
  if (decay) {
    u.control("weight_decay");
  }
  b.input("p");
  std::string g = b.input("g");
  u.slot("square_avg");
  if (momentum) {
    u.slot("momentum_buffer");
  }
  if (decay) {
    g = decayed(b, "weight_decay", g);
  }
  std::string kept = b.op("Mul", {"square_avg", b.cast("alpha", "p")});
  std::string squared = b.op("Mul", {b.op("Mul", {u.oneMinus("alpha", "p"), g}), g});
  std::string s = b.op("Add", {kept, squared});
  std::string root = b.op("Add", {b.op("Sqrt", {s}), b.cast("eps", "p")});
  std::string d = b.op("Div", {g, root});
  if (momentum) {
    d = b.op("Add", {b.op("Mul", {"momentum_buffer", b.cast("momentum", "p")}), d});
  }
  b.output("p_next", "Sub", {"p", b.op("Mul", {b.cast("lr", "p"), d})});
  b.output("square_avg_next", "Identity", {s});
  if (momentum) {
    b.output("momentum_buffer_next", "Identity", {d});
  }
  return u.finish();
}

/// The counter's next value, and it as f64.
std::pair<std::string, std::string> counted(FunctionBuilder &b) {
  std::string step = b.op("Add", {"step", b.intConstant(1)});
  auto to = attribute("to", static_cast<int>(onnx::TensorProto::DOUBLE));
  return {step, b.op("Cast", {step}, {to})};
}

OptimizerUpdate adagrad(bool decay) {
  Update u(std::string("Adagrad") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  for (const char *name : {"lr", "lr_decay", "eps"}) {
    u.control(name);
  }
  if (decay) {
    u.control("weight_decay");
  }
  b.input("p");
  std::string g = b.input("g");
  u.slot("step", SlotKind::Counter);
  u.slot("sum");
  if (decay) {
    g = decayed(b, "weight_decay", g);
  }
  auto [step, t] = counted(b);
  std::string past = b.op("Sub", {t, b.constant(1.0)});
  std::string slower = b.op("Add", {b.constant(1.0), b.op("Mul", {past, "lr_decay"})});
  std::string rate = b.cast(b.op("Div", {"lr", slower}), "p");
  std::string s = b.op("Add", {"sum", b.op("Mul", {g, g})});
  std::string root = b.op("Add", {b.op("Sqrt", {s}), b.cast("eps", "p")});
  b.output("p_next", "Sub", {"p", b.op("Div", {b.op("Mul", {rate, g}), root})});
  b.output("step_next", "Identity", {step});
  b.output("sum_next", "Identity", {s});
  return u.finish();
}

/// exp_avg + (1 - beta1) (g - exp_avg), as torch.lerp computes it for weights below one half.
std::string lerped(Update &u, const std::string &g) {
  std::string away = u.body.op("Sub", {g, "exp_avg"});
  return u.body.op("Add", {"exp_avg", u.body.op("Mul", {u.oneMinus("beta1", "p"), away})});
}

/// The inputs that Adam's relatives share, and the decayed gradient.
std::string adamInputs(Update &u, bool decay, const char *second) {
  for (const char *name : {"lr", "beta1", "beta2", "eps"}) {
    u.control(name);
  }
  if (decay) {
    u.control("weight_decay");
  }
  u.body.input("p");
  std::string g = u.body.input("g");
  u.slot("step", SlotKind::Counter);
  u.slot("exp_avg");
  u.slot(second);
  return decay ? decayed(u.body, "weight_decay", g) : g;
}

OptimizerUpdate adamax(bool decay) {
  Update u(std::string("Adamax") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  std::string g = adamInputs(u, decay, "exp_inf");
  auto [step, t] = counted(b);
  std::string m = lerped(u, g);
  std::string size = b.op("Add", {b.op("Abs", {g}), b.cast("eps", "p")});
  std::string greatest = b.op("Max", {b.op("Mul", {"exp_inf", b.cast("beta2", "p")}), size});
  std::string correction = b.op("Sub", {b.constant(1.0), b.op("Pow", {"beta1", t})});
  std::string rate = b.cast(b.op("Div", {"lr", correction}), "p");
  b.output("p_next", "Sub", {"p", b.op("Div", {b.op("Mul", {rate, m}), greatest})});
  b.output("step_next", "Identity", {step});
  b.output("exp_avg_next", "Identity", {m});
  b.output("exp_inf_next", "Identity", {greatest});
  return u.finish();
}

/// Liu et al. 2020: Adam's division is left out while the variance of its second moment has no
/// bound (rho_t <= 5). Both rates are scalars; the update by the wrong one is multiplied by 0.
OptimizerUpdate radam(bool decay) {
  Update u(std::string("RAdam") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  std::string g = adamInputs(u, decay, "exp_avg_sq");
  auto [step, t] = counted(b);
  auto number = [&](double value) { return b.constant(value); };
  std::string m = lerped(u, g);
  std::string squared = b.op("Mul", {b.op("Mul", {u.oneMinus("beta2", "p"), g}), g});
  std::string v = b.op("Add", {b.op("Mul", {"exp_avg_sq", b.cast("beta2", "p")}), squared});
  std::string power = b.op("Pow", {"beta2", t});
  std::string correction1 = b.op("Sub", {number(1), b.op("Pow", {"beta1", t})});
  std::string correction2 = b.op("Sub", {number(1), power});
  std::string most =
      b.op("Sub", {b.op("Div", {number(2), b.op("Sub", {number(1), "beta2"})}), number(1)});
  std::string bias = b.op("Div", {b.op("Mul", {b.op("Mul", {number(2), t}), power}), correction2});
  std::string rho = b.op("Sub", {most, bias});
  std::string isBounded = b.op("Not", {b.op("LessOrEqual", {rho, number(5)})});
  auto minus = [&](const std::string &x, double y) { return b.op("Sub", {x, number(y)}); };
  // Where rho is too small the rectification is that of a harmless rho.
  std::string safe = b.op("Where", {isBounded, rho, number(6)});
  std::string above = b.op("Mul", {b.op("Mul", {minus(safe, 4), minus(safe, 2)}), most});
  std::string below = b.op("Mul", {b.op("Mul", {minus(most, 4), minus(most, 2)}), safe});
  std::string rectified = b.op("Sqrt", {b.op("Div", {above, below})});
  std::string rate = b.op("Div", {"lr", correction1});
  std::string scaled = b.op("Mul", {b.op("Mul", {rate, b.op("Sqrt", {correction2})}), rectified});
  std::string root = b.op("Add", {b.op("Sqrt", {v}), b.cast("eps", "p")});
  std::string adaptive = b.op("Div", {b.op("Mul", {b.cast(scaled, "p"), m}), root});
  std::string plain = b.op("Mul", {b.cast(rate, "p"), m});
  b.output("p_next", "Sub", {"p", b.op("Where", {isBounded, adaptive, plain})});
  b.output("step_next", "Identity", {step});
  b.output("exp_avg_next", "Identity", {m});
  b.output("exp_avg_sq_next", "Identity", {v});
  return u.finish();
}

/// Dozat 2016: Adam with Nesterov's look ahead, its beta1 warmed up by momentum_decay.
OptimizerUpdate nadam(bool decay) {
  Update u(std::string("NAdam") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  u.control("momentum_decay");
  std::string g = adamInputs(u, decay, "exp_avg_sq");
  u.slot("mu_product", SlotKind::Product);
  auto [step, t] = counted(b);
  auto op = [&b](const char *type, const std::string &x, const std::string &y) {
    return b.op(type, {x, y});
  };
  auto oneLess = [&](const std::string &x) { return op("Sub", b.constant(1.0), x); };
  auto momentumAt = [&](const std::string &time) {
    std::string power = op("Pow", b.constant(0.96), op("Mul", time, "momentum_decay"));
    return op("Mul", "beta1", oneLess(op("Mul", b.constant(0.5), power)));
  };
  std::string mu = momentumAt(t), ahead = momentumAt(op("Add", t, b.constant(1.0)));
  std::string product = op("Mul", "mu_product", mu);
  std::string m = lerped(u, g);
  std::string squared = op("Mul", op("Mul", u.oneMinus("beta2", "p"), g), g);
  std::string v = op("Add", op("Mul", "exp_avg_sq", b.cast("beta2", "p")), squared);
  std::string correction = b.cast(oneLess(op("Pow", "beta2", t)), "p");
  std::string root = op("Add", b.op("Sqrt", {op("Div", v, correction)}), b.cast("eps", "p"));
  std::string now = op("Div", op("Mul", "lr", oneLess(mu)), oneLess(product));
  std::string next = op("Div", op("Mul", "lr", ahead), oneLess(op("Mul", product, ahead)));
  std::string direct = op("Div", op("Mul", b.cast(now, "p"), g), root);
  std::string smooth = op("Div", op("Mul", b.cast(next, "p"), m), root);
  b.output("p_next", "Sub", {op("Sub", "p", direct), smooth});
  b.output("step_next", "Identity", {step});
  b.output("exp_avg_next", "Identity", {m});
  b.output("exp_avg_sq_next", "Identity", {v});
  b.output("mu_product_next", "Identity", {product});
  return u.finish();
}

/// Chen et al. 2023, algorithm 2: the sign of an average of gradients; decay as AdamW's.
OptimizerUpdate lion(bool decay) {
  Update u(std::string("Lion") + (decay ? "_decay" : ""));
  FunctionBuilder &b = u.body;
  for (const char *name : {"lr", "beta1", "beta2"}) {
    u.control(name);
  }
  if (decay) {
    u.control("weight_decay");
  }
  std::string p = b.input("p");
  std::string g = b.input("g");
  u.slot("exp_avg");
  if (decay) {
    std::string factor = b.op("Sub", {b.constant(1.0), b.op("Mul", {"lr", "weight_decay"})});
    p = b.op("Mul", {"p", b.cast(factor, "p")});
  }
  auto average = [&](const char *beta) {
    return b.op("Add", {b.op("Mul", {"exp_avg", b.cast(beta, "p")}),
                        b.op("Mul", {u.oneMinus(beta, "p"), g})});
  };
  std::string direction = b.op("Sign", {average("beta1")});
  b.output("p_next", "Sub", {p, b.op("Mul", {b.cast("lr", "p"), direction})});
  b.output("exp_avg_next", "Identity", {average("beta2")});
  return u.finish();
}

} // namespace

std::span<const OptimizerRule> optimizerRules() {
  static const HyperparameterRule eps = {"eps", 1e-8, 0, infinity, true};
  static const HyperparameterRule beta1 = {"beta1", 0.9, 0, 1, true};
  static const HyperparameterRule beta2 = {"beta2", 0.999, 0, 1, true};
  static const std::vector<OptimizerRule> rules = {
      {"sgd",
       {{"lr", 1e-3, 0, infinity, true},
        {"momentum", 0, 0, infinity, true},
        {"dampening", 0, 0, 1},
        {"weight_decay", 0, 0, infinity, true}}},
      {"adam",
       {{"lr", 1e-3, 0, infinity, true},
        beta1,
        beta2,
        eps,
        {"weight_decay", 0, 0, infinity, true}}},
      {"adamw",
       {{"lr", 1e-3, 0, infinity, true},
        beta1,
        beta2,
        eps,
        {"weight_decay", 1e-2, 0, infinity, true}}},
      {"adadelta",
       {{"lr", 1.0, 0, infinity, true},
        {"rho", 0.9, 0, 1},
        {"eps", 1e-6, 0, infinity, true},
        {"weight_decay", 0, 0, infinity, true}}},
      {"rmsprop",
       {{"lr", 1e-2, 0, infinity, true},
        {"alpha", 0.99, 0, infinity, true},
        eps,
        {"momentum", 0, 0, infinity, true},
        {"weight_decay", 0, 0, infinity, true}}},
      {"adagrad",
       {{"lr", 1e-2, 0, infinity, true},
        {"lr_decay", 0, 0, infinity, true},
        {"eps", 1e-10, 0, infinity, true},
        {"weight_decay", 0, 0, infinity, true}}},
      {"adamax",
       {{"lr", 2e-3, 0, infinity, true},
        beta1,
        beta2,
        eps,
        {"weight_decay", 0, 0, infinity, true}}},
      {"radam",
       {{"lr", 1e-3, 0, infinity, true},
        beta1,
        beta2,
        eps,
        {"weight_decay", 0, 0, infinity, true}}},
      {"nadam",
       {{"lr", 2e-3, 0, infinity, true},
        beta1,
        beta2,
        eps,
        {"weight_decay", 0, 0, infinity, true},
        {"momentum_decay", 4e-3, 0, infinity, true}}},
      {"lion",
       {{"lr", 1e-4, 0, infinity, true},
        beta1,
        {"beta2", 0.99, 0, 1, true},
        {"weight_decay", 0, 0, infinity, true}}},
  };
  return rules;
}

const OptimizerRule *findOptimizer(std::string_view name) {
  for (const OptimizerRule &rule : optimizerRules()) {
    if (rule.name == name) {
      return &rule;
    }
  }
  return nullptr;
}

OptimizerUpdate makeUpdate(const OptimizerRule &rule,
                           const std::map<std::string, double> &hyperparameters, bool nesterov) {
  auto isSet = [&](const char *name) {
    auto found = hyperparameters.find(name);
    return found != hyperparameters.end() && found->second != 0;
  };
  bool decay = isSet("weight_decay");
  if (rule.name == "sgd") {
    bool momentum = isSet("momentum");
    return sgd(decay, momentum, momentum && isSet("dampening"), momentum && nesterov);
  }
  if (rule.name == "adadelta") {
    return adadelta(decay);
  }
  if (rule.name == "rmsprop") {
    return rmsprop(decay, isSet("momentum"));
  }
  if (rule.name == "adagrad") {
    return adagrad(decay);
  }
  if (rule.name == "adamax") {
    return adamax(decay);
  }
  if (rule.name == "radam") {
    return radam(decay);
  }
  if (rule.name == "nadam") {
    return nadam(decay);
  }
  if (rule.name == "lion") {
    return lion(decay);
  }
  return adam(decay, rule.name == "adamw");
}

} // namespace ntc::format
