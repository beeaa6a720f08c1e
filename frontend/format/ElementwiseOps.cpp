// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators that work element by element, normalizations and the softmax family: outputs shaped as
// (broadcast) inputs.
#include "frontend/format/OpTable.h"

namespace ntc::format {
namespace {

void sameAsInput(OpContext &c) {
  c.outputs[0] = *c.inputs[0];
  c.outputs[0].elements.reset();
}

void unaryFloat(OpContext &c) {
  c.needFloat(0);
  sameAsInput(c);
}

void identity(OpContext &c) { c.outputs[0] = *c.inputs[0]; }

void logicalNot(OpContext &c) {
  if (c.type(0).dtype && c.type(0).dtype != onnx::TensorProto::BOOL) {
    c.fail("expected a bool input, found ", str(c.type(0)));
  }
  sameAsInput(c);
}

/// Broadcast shape of inputs [first, last); nothing when one is unknown or they do not fit.
std::optional<Shape> broadcastInputs(OpContext &c, size_t first, size_t last) {
  std::optional<Shape> result = Shape{};
  for (size_t i = first; i < last; ++i) {
    if (!c.shape(i) || !result) {
      result.reset();
      continue;
    }
    auto joined = broadcast(*result, *c.shape(i));
    if (!joined) {
      c.fail(joined.status().message());
      return std::nullopt;
    }
    result = *joined;
  }
  return result;
}

/// Element-wise arithmetic on known integers; only what shape computations use.
std::optional<Dim> combine(std::string_view op, const Dim &a, const Dim &b) {
  bool negative = a.symbol == "-" || b.symbol == "-";
  if (negative || a.isUnknown() || b.isUnknown()) {
    return std::nullopt;
  }
  if (op == "Mul") {
    return multiply(a, b);
  }
  if (op == "Div" && b.factor != 0) {
    return divide(a, b);
  }
  int64_t sum = 0;
  if (op == "Add" && a.symbol == b.symbol && !__builtin_add_overflow(a.factor, b.factor, &sum)) {
    return Dim(sum, a.symbol);
  }
  if (op == "Sub" && a.symbol == b.symbol && a.factor >= b.factor) {
    return Dim(a.factor - b.factor, a.factor == b.factor ? std::string() : a.symbol);
  }
  return std::nullopt;
}

void foldIntegers(OpContext &c) {
  const auto &a = c.inputs[0]->elements;
  const auto &b = c.inputs[1]->elements;
  if (!a || !b || (a->size() != b->size() && a->size() != 1 && b->size() != 1)) {
    return;
  }
  std::vector<Dim> result;
  for (size_t i = 0; i < std::max(a->size(), b->size()); ++i) {
    auto value =
        combine(c.node.op_type(), (*a)[a->size() == 1 ? 0 : i], (*b)[b->size() == 1 ? 0 : i]);
    result.push_back(value.value_or(Dim()));
  }
  c.outputs[0].elements = std::move(result);
}

void arithmetic(OpContext &c) {
  c.sameType(0, 1);
  c.set(0, c.type(0).dtype, broadcastInputs(c, 0, 2));
  foldIntegers(c);
}

void power(OpContext &c) { c.set(0, c.type(0).dtype, broadcastInputs(c, 0, 2)); }

void comparison(OpContext &c) {
  c.sameType(0, 1);
  c.set(0, onnx::TensorProto::BOOL, broadcastInputs(c, 0, 2));
}

/// A bool for each element of a floating-point input.
void isNan(OpContext &c) {
  c.needFloat(0);
  c.set(0, onnx::TensorProto::BOOL, broadcastInputs(c, 0, 1));
}

void variadic(OpContext &c) {
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    c.sameType(0, i);
  }
  c.set(0, c.type(0).dtype, broadcastInputs(c, 0, c.inputs.size()));
}

void where(OpContext &c) {
  if (c.type(0).dtype && c.type(0).dtype != onnx::TensorProto::BOOL) {
    c.fail("expected a bool condition, found ", str(c.type(0)));
  }
  c.sameType(1, 2);
  c.set(0, c.type(1).dtype, broadcastInputs(c, 0, 3));
}

void cast(OpContext &c) {
  auto to = static_cast<int32_t>(c.intAttribute("to", 0));
  if (!dtypeSize(to)) {
    c.fail("cast to ", dtypeName(to), " is not supported");
  }
  c.outputs[0] = *c.inputs[0];
  c.outputs[0].type.dtype = to;
  if (to != onnx::TensorProto::INT64 && to != onnx::TensorProto::INT32) {
    c.outputs[0].elements.reset();
  }
}

void castLike(OpContext &c) {
  c.outputs[0].type = c.type(0);
  c.outputs[0].type.dtype = c.type(1).dtype;
}

void clip(OpContext &c) {
  sameAsInput(c);
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    c.sameType(0, i);
  }
}

void prelu(OpContext &c) {
  c.needFloat(0);
  c.sameType(0, 1);
  if (c.shape(0) && c.shape(1)) {
    auto joined = broadcast(*c.shape(0), *c.shape(1));
    if (!joined || joined->size() != c.shape(0)->size()) {
      c.fail("slope of shape ", str(*c.shape(1)), " does not broadcast to ", str(*c.shape(0)));
    }
  }
  sameAsInput(c);
}

void softmax(OpContext &c) {
  c.needFloat(0);
  if (c.shape(0)) {
    c.axis(c.intAttribute("axis", -1), c.shape(0)->size());
  }
  sameAsInput(c);
}

void dropout(OpContext &c) {
  c.needFloat(0);
  if (c.shape(1) && !c.shape(1)->empty()) {
    c.fail("expected a scalar ratio, found shape ", str(*c.shape(1)));
  }
  sameAsInput(c);
  if (c.outputs.size() > 1) {
    c.set(1, onnx::TensorProto::BOOL, c.type(0).shape);
  }
}

/// Fails unless inputs [first, last) have shape (C), C the channels of input 0.
void perChannel(OpContext &c, size_t first, size_t last, const Dim &channels) {
  for (size_t i = first; i < last; ++i) {
    const Shape *found = c.shape(i);
    if (found && (found->size() != 1 || !mayEqual((*found)[0], channels))) {
      c.fail("expected input ", i, " of shape (", str(channels), ",) for ", str(*c.shape(0)),
             ", found ", str(*found));
    }
  }
}

void batchNormalization(OpContext &c) {
  c.needFloat(0);
  if (c.intAttribute("training_mode", 0) != 0) {
    c.fail("training_mode 1: a model file holds the evaluation form (training_mode 0)");
  }
  if (const Shape *x = c.shape(0)) {
    if (x->size() < 2) {
      c.fail("expected an input of shape (B, C, …), found ", str(*x));
    } else {
      perChannel(c, 1, 5, (*x)[1]);
    }
  }
  sameAsInput(c);
}

void instanceNormalization(OpContext &c) {
  c.needFloat(0);
  if (const Shape *x = c.shape(0)) {
    if (x->size() < 3) {
      c.fail("expected an input of shape (B, C, …), found ", str(*x));
    } else {
      perChannel(c, 1, 3, (*x)[1]);
    }
  }
  sameAsInput(c);
}

void layerNormalization(OpContext &c) {
  c.needFloat(0);
  sameAsInput(c);
  const Shape *x = c.shape(0);
  if (!x) {
    return;
  }
  auto axis = c.axis(c.intAttribute("axis", -1), x->size());
  if (!axis) {
    return;
  }
  Shape normalized(x->begin() + static_cast<ptrdiff_t>(*axis), x->end());
  for (size_t i = 1; i < c.inputs.size(); ++i) {
    if (c.shape(i) && !mayEqual(*c.shape(i), normalized)) {
      c.fail("expected input ", i, " of shape ", str(normalized), ", found ", str(*c.shape(i)));
    }
  }
  Shape statistics = *x;
  std::fill(statistics.begin() + static_cast<ptrdiff_t>(*axis), statistics.end(), Dim(1));
  for (size_t i = 1; i < c.outputs.size(); ++i) {
    c.set(i, c.type(0).dtype, statistics);
  }
}

void trilu(OpContext &c) {
  if (c.shape(0) && c.shape(0)->size() < 2) {
    c.fail("expected a value of rank 2 or more, found ", str(*c.shape(0)));
  }
  sameAsInput(c);
}

void randomLike(OpContext &c) {
  c.set(0, static_cast<int32_t>(c.intAttribute("dtype", c.type(0).dtype)), c.type(0).shape);
}

} // namespace

std::span<const OpSchema> elementwiseOps() {
  static const OpSchema table[] = {
      {"Abs", 1, 1, 1, 1, 1, "", sameAsInput},
      {"Neg", 1, 1, 1, 1, 1, "", sameAsInput},
      {"Sign", 1, 1, 1, 1, 9, "", sameAsInput},
      {"Exp", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Log", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Sqrt", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Reciprocal", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Sin", 1, 1, 1, 1, 7, "", unaryFloat},
      {"Cos", 1, 1, 1, 1, 7, "", unaryFloat},
      {"Erf", 1, 1, 1, 1, 9, "", unaryFloat},
      {"Floor", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Ceil", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Round", 1, 1, 1, 1, 11, "", unaryFloat},
      {"Tanh", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Sigmoid", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Relu", 1, 1, 1, 1, 1, "", sameAsInput},
      {"Softplus", 1, 1, 1, 1, 1, "", unaryFloat},
      {"Softsign", 1, 1, 1, 1, 1, "", unaryFloat},
      {"LeakyRelu", 1, 1, 1, 1, 1, "alpha:f", unaryFloat},
      {"Elu", 1, 1, 1, 1, 1, "alpha:f", unaryFloat},
      {"Selu", 1, 1, 1, 1, 1, "alpha:f gamma:f", unaryFloat},
      {"HardSigmoid", 1, 1, 1, 1, 1, "alpha:f beta:f", unaryFloat},
      {"HardSwish", 1, 1, 1, 1, 14, "", unaryFloat},
      {"Gelu", 1, 1, 1, 1, 20, "approximate:s", unaryFloat},
      {"PRelu", 2, 2, 1, 1, 1, "", prelu},
      {"Clip", 1, 3, 1, 1, 11, "", clip},
      {"Identity", 1, 1, 1, 1, 1, "", identity},
      {"Not", 1, 1, 1, 1, 1, "", logicalNot},
      {"IsNaN", 1, 1, 1, 1, 9, "", isNan},
      {"Add", 2, 2, 1, 1, 7, "", arithmetic},
      {"Sub", 2, 2, 1, 1, 7, "", arithmetic},
      {"Mul", 2, 2, 1, 1, 7, "", arithmetic},
      {"Div", 2, 2, 1, 1, 7, "", arithmetic},
      {"Pow", 2, 2, 1, 1, 7, "", power},
      {"Equal", 2, 2, 1, 1, 7, "", comparison},
      {"Greater", 2, 2, 1, 1, 7, "", comparison},
      {"GreaterOrEqual", 2, 2, 1, 1, 12, "", comparison},
      {"Less", 2, 2, 1, 1, 7, "", comparison},
      {"LessOrEqual", 2, 2, 1, 1, 12, "", comparison},
      {"And", 2, 2, 1, 1, 7, "", comparison},
      {"Or", 2, 2, 1, 1, 7, "", comparison},
      {"Min", 1, -1, 1, 1, 8, "", variadic},
      {"Max", 1, -1, 1, 1, 8, "", variadic},
      {"Sum", 1, -1, 1, 1, 8, "", variadic},
      {"Mean", 1, -1, 1, 1, 8, "", variadic},
      {"Where", 3, 3, 1, 1, 9, "", where},
      {"Cast", 1, 1, 1, 1, 6, "to:i saturate:i", cast},
      {"CastLike", 2, 2, 1, 1, 15, "saturate:i", castLike},
      {"Softmax", 1, 1, 1, 1, 13, "axis:i", softmax},
      {"LogSoftmax", 1, 1, 1, 1, 13, "axis:i", softmax},
      {"Dropout", 1, 2, 1, 2, 12, "seed:i", dropout},
      {"BatchNormalization", 5, 5, 1, 1, 9, "epsilon:f momentum:f training_mode:i",
       batchNormalization},
      {"InstanceNormalization", 3, 3, 1, 1, 6, "epsilon:f", instanceNormalization},
      {"LayerNormalization", 2, 3, 1, 3, 17, "axis:i epsilon:f stash_type:i", layerNormalization},
      {"Trilu", 1, 2, 1, 1, 14, "upper:i", trilu},
      {"RandomNormalLike", 1, 1, 1, 1, 1, "dtype:i mean:f scale:f seed:f", randomLike},
      {"RandomUniformLike", 1, 1, 1, 1, 1, "dtype:i low:f high:f seed:f", randomLike},
  };
  return table;
}

} // namespace ntc::format
