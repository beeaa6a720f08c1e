// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of cases, by category as the rules are.

#include "test/unit/compiler/autodiff/OpCases.h"

#include "llvm/Support/FormatVariadic.h"

using llvm::formatv;

namespace ntc::autodiff::test {

namespace {

using Cases = std::vector<OpCase>;

/// "2x3" as a type of doubles, or of `element`; the empty string is a scalar.
std::string tensor(const std::string &shape, const std::string &element = "f64") {
  return "tensor<" + (shape.empty() ? "" : shape + "x") + element + ">";
}

std::string numbered(const std::string &name, const Cases &cases) {
  return name + "_" + std::to_string(cases.size());
}

const std::vector<std::string> kShapes = {"", "3", "2x3", "2x1x3"};

void addElementwise(Cases &cases) {
  struct Function {
    std::string name;
    Domain domain;
  };
  const std::vector<Function> unary = {
      {"neg", kAny},       {"abs", kAny},        {"sign", kAny},
      {"exp", kAny},       {"log", kPositive},   {"log1p", {-0.7, 2}},
      {"sqrt", kPositive}, {"rsqrt", kPositive}, {"reciprocal", {-2, -0.4}},
      {"tanh", kAny},      {"sigmoid", kAny},    {"erf", kAny},
      {"sin", kAny},       {"cos", kAny},        {"floor", kAny},
      {"relu", kAny}};
  for (const Function &f : unary) {
    for (const std::string &shape : kShapes) {
      cases.push_back({numbered(f.name, cases),
                       "nn." + f.name,
                       formatv("%x: {0}", tensor(shape)),
                       formatv("%y = nn.{0} %x : {1}", f.name, tensor(shape)),
                       {f.domain}});
    }
  }
  struct Function2 {
    std::string name;
    Domain a, b;
  };
  const std::vector<Function2> binary = {
      {"add", kAny, kAny},          {"sub", kAny, kAny},         {"mul", kAny, kAny},
      {"div", kAny, kPositive},     {"div", kAny, {-2.2, -0.5}}, {"pow", kPositive, kAny},
      {"maximum", kAny, {-1.7, 2}}, {"minimum", kAny, {-1.7, 2}}};
  for (const Function2 &f : binary) {
    for (const std::string &shape : kShapes) {
      cases.push_back({numbered(f.name, cases),
                       "nn." + f.name,
                       formatv("%a: {0}, %b: {0}", tensor(shape)),
                       formatv("%y = nn.{0} %a, %b : {1}", f.name, tensor(shape)),
                       {f.a, f.b}});
    }
    // Both operands are one value: the two contributions add up.
    if (f.name != "maximum" && f.name != "minimum") {
      cases.push_back({numbered(f.name + "_same", cases),
                       "nn." + f.name,
                       "%a: tensor<3xf64>",
                       formatv("%y = nn.{0} %a, %a : tensor<3xf64>", f.name),
                       {kPositive}});
    }
    // A broadcast operand: its derivative is a sum.
    cases.push_back(
        {numbered(f.name + "_broadcast", cases),
         "nn." + f.name,
         "%a: tensor<2x3xf64>, %b: tensor<3xf64>",
         formatv("%c = nn.broadcast %b {{dims = array<i64: 1>} : tensor<3xf64> -> tensor<2x3xf64>\n"
                 "%y = nn.{0} %a, %c : tensor<2x3xf64>",
                 f.name),
         {f.a, f.b}});
  }
  for (const std::string &shape : kShapes) {
    cases.push_back({numbered("select", cases), "nn.select",
                     formatv("%a: {0}, %b: {0}, %c: {0}", tensor(shape)),
                     formatv("%p = nn.compare lt %b, %c : {0}\n%y = nn.select %p, %a, %b : {0}",
                             tensor(shape))});
  }
  // Types are only passed on here: the checks compute in double throughout.
  for (const auto &[from, to] : std::vector<std::pair<std::string, std::string>>{
           {"f64", "f32"}, {"f32", "f64"}, {"f32", "bf16"}, {"f16", "f32"}}) {
    cases.push_back(
        {numbered("cast", cases), "nn.cast", formatv("%x: {0}", tensor("2x3", from)),
         formatv("%y = nn.cast %x : {0} -> {1}", tensor("2x3", from), tensor("2x3", to))});
  }
  cases.push_back({"cast_same", "nn.cast", "%x: tensor<2x3xf64>",
                   "%y = nn.cast %x : tensor<2x3xf64> -> tensor<2x3xf64>"});
  // Through an integer nothing is differentiable: only the other path counts.
  cases.push_back({"cast_through_integer", "nn.cast", "%x: tensor<3xf64>",
                   "%i = nn.cast %x : tensor<3xf64> -> tensor<3xi32>\n"
                   "%f = nn.cast %i : tensor<3xi32> -> tensor<3xf64>\n"
                   "%y = nn.mul %f, %x : tensor<3xf64>"});
}

void addReductions(Cases &cases) {
  struct Reduction {
    std::string in, axes, out;
  };
  const std::vector<Reduction> reductions = {
      {"3", "0", ""},        {"2x3", "0", "3"},     {"2x3", "1", "2"},
      {"2x3", "0, 1", ""},   {"2x3x4", "1", "2x4"}, {"2x3x4", "0, 2", "3"},
      {"2x1x3", "1", "2x3"}, {"2x3", "", "2x3"},    {"5x4x4", "0, 1, 2", ""}};
  for (const std::string &name : {"reduce_sum", "reduce_max", "reduce_min"}) {
    for (const Reduction &r : reductions) {
      std::string axes = r.axes.empty() ? "array<i64>" : "array<i64: " + r.axes + ">";
      cases.push_back({numbered(name, cases), "nn." + name, formatv("%x: {0}", tensor(r.in)),
                       formatv("%y = nn.{0} %x {{axes = {1}} : {2} -> {3}", name, axes,
                               tensor(r.in), tensor(r.out))});
    }
  }
  for (const std::string &name : {"softmax", "log_softmax"}) {
    for (const auto &[shape, axis] : std::vector<std::pair<std::string, int>>{
             {"4", 0}, {"2x3", 0}, {"2x3", 1}, {"2x3x4", 1}, {"2x1", 1}, {"6x13", 1}}) {
      cases.push_back(
          {numbered(name, cases), "nn." + name, formatv("%x: {0}", tensor(shape)),
           formatv("%y = nn.{0} %x {{axis = {1} : i64} : {2}", name, axis, tensor(shape))});
    }
  }
}

void addMatmuls(Cases &cases) {
  for (const std::string &batch : {"", "2x", "2x1x"}) {
    for (bool ta : {false, true}) {
      for (bool tb : {false, true}) {
        // A square product, too: a wrong transposition of it has the right shape.
        for (const auto &[m, k, n] : {std::tuple(2, 3, 4), std::tuple(2, 2, 2)}) {
          std::string lhs =
              tensor(batch + (ta ? formatv("{0}x{1}", k, m) : formatv("{0}x{1}", m, k)).str());
          std::string rhs =
              tensor(batch + (tb ? formatv("{0}x{1}", n, k) : formatv("{0}x{1}", k, n)).str());
          std::string flags = ta && tb ? " {transpose_lhs, transpose_rhs}"
                              : ta     ? " {transpose_lhs}"
                              : tb     ? " {transpose_rhs}"
                                       : "";
          cases.push_back({numbered("matmul", cases), "nn.matmul",
                           formatv("%a: {0}, %b: {1}", lhs, rhs),
                           formatv("%y = nn.matmul %a, %b{0} : {1}, {2} -> {3}", flags, lhs, rhs,
                                   tensor(batch + formatv("{0}x{1}", m, n).str()))});
        }
      }
    }
  }
  cases.push_back({"matmul_gram", "nn.matmul", "%a: tensor<3x4xf64>",
                   "%y = nn.matmul %a, %a {transpose_rhs} : tensor<3x4xf64>, tensor<3x4xf64> -> "
                   "tensor<3x3xf64>"});
}

/// Convolutions and their gradients, the three of each row.
void addConvolutions(Cases &cases) {
  struct Conv {
    std::string x, w, y, strides, low, high, dilations;
    int groups = 1;
  };
  const std::vector<Conv> convs = {
      {"2x2x5", "3x2x3", "2x3x3", "1", "0", "0", "1"},
      {"1x2x7", "2x2x2", "1x2x4", "2", "1", "0", "1"},
      {"1x1x6", "2x1x2", "1x2x2", "2", "0", "0", "2"}, // the last element lies in no window
      {"2x2x3x4", "3x2x2x3", "2x3x2x2", "1, 1", "0, 0", "0, 0", "1, 1"},
      {"1x2x4x4", "2x2x3x3", "1x2x4x4", "1, 1", "1, 1", "1, 1", "1, 1"},
      {"1x2x5x4", "2x2x2x2", "1x2x3x2", "2, 2", "1, 0", "1, 1", "1, 1"},
      {"1x1x5x5", "2x1x2x2", "1x2x3x3", "1, 1", "0, 0", "0, 0", "2, 2"},
      {"1x4x3x3", "4x2x2x2", "1x4x2x2", "1, 1", "0, 0", "0, 0", "1, 1", 2},
      {"1x2x3x3", "4x1x2x2", "1x4x2x2", "1, 1", "0, 0", "0, 0", "1, 1",
       2}, // depthwise, two outputs per channel
      {"1x2x3x3x2", "2x2x2x2x2", "1x2x2x2x1", "1, 1, 1", "0, 0, 0", "0, 0, 0", "1, 1, 1"},
      {"2x3x6x6", "4x3x3x3", "2x4x3x3", "2, 2", "1, 1", "1, 1", "1, 1"}};
  for (const Conv &c : convs) {
    std::string attributes = formatv(
        "{{strides = array<i64: {0}>, pads_low = array<i64: {1}>, pads_high = array<i64: {2}>, "
        "dilations = array<i64: {3}>, groups = {4} : i64}",
        c.strides, c.low, c.high, c.dilations, c.groups);
    auto add = [&](const char *op, const std::string &a, const std::string &b,
                   const std::string &result) {
      cases.push_back({numbered(op, cases), std::string("nn.") + op,
                       formatv("%a: {0}, %b: {1}", tensor(a), tensor(b)),
                       formatv("%y = nn.{0} %a, %b {1} : {2}, {3} -> {4}", op, attributes,
                               tensor(a), tensor(b), tensor(result))});
    };
    add("conv", c.x, c.w, c.y);
    add("conv_dx", c.y, c.w, c.x);
    add("conv_dw", c.y, c.x, c.w);
  }
}

void addPooling(Cases &cases) {
  struct Pool {
    std::string x, y, kernel, strides, low, high, dilations;
  };
  const std::vector<Pool> pools = {
      {"1x2x6", "1x2x3", "2", "2", "0", "0", "1"},
      {"1x1x5", "1x1x3", "3", "1", "0", "0", "1"}, // windows overlap
      {"1x2x4x4", "1x2x2x2", "2, 2", "2, 2", "0, 0", "0, 0", "1, 1"},
      {"2x1x3x4", "2x1x2x3", "2, 2", "1, 1", "0, 0", "0, 0", "1, 1"},
      {"1x1x4x4", "1x1x2x2", "3, 3", "2, 2", "1, 1", "0, 0", "1, 1"},
      {"1x1x5x5", "1x1x3x3", "2, 2", "1, 1", "0, 0", "0, 0", "2, 2"},
      {"1x1x5x4", "1x1x2x3", "3, 2", "2, 1", "0, 0", "0, 0", "1, 1"},
      {"1x1x3x2x2", "1x1x2x1x1", "2, 2, 2", "1, 1, 1", "0, 0, 0", "0, 0, 0", "1, 1, 1"},
      {"2x3x6x4", "2x3x3x2", "2, 2", "2, 2", "0, 0", "0, 0", "1, 1"}};
  for (const Pool &p : pools) {
    std::string attributes =
        formatv("kernel = array<i64: {0}>, strides = array<i64: {1}>, pads_low = array<i64: {2}>, "
                "pads_high = array<i64: {3}>, dilations = array<i64: {4}>",
                p.kernel, p.strides, p.low, p.high, p.dilations);
    std::string x = tensor(p.x), y = tensor(p.y), winner = tensor(p.y, "i32");
    std::string maxPool =
        formatv("%m, %i = nn.max_pool %x {{{0}} : {1} -> {2}, {3}\n", attributes, x, y, winner);
    cases.push_back({numbered("max_pool", cases), "nn.max_pool", formatv("%x: {0}", x), maxPool});
    // The winners come from another tensor, by which the derivative is zero.
    cases.push_back({numbered("max_pool_dx", cases), "nn.max_pool_dx",
                     formatv("%x: {0}, %dy: {1}", x, y),
                     maxPool + formatv("%y = nn.max_pool_dx %dy, %i {{{0}} : {1}, {2} -> {3}",
                                       attributes, y, winner, x)
                                   .str()});
    cases.push_back({numbered("max_pool_pick", cases), "nn.max_pool_pick",
                     formatv("%x: {0}, %z: {0}", x),
                     maxPool + formatv("%y = nn.max_pool_pick %z, %i {{{0}} : {1}, {2} -> {3}",
                                       attributes, x, winner, y)
                                   .str()});
    for (const char *flag : {"", ", count_include_pad"}) {
      cases.push_back(
          {numbered("avg_pool", cases), "nn.avg_pool", formatv("%x: {0}", x),
           formatv("%y = nn.avg_pool %x {{{0}{1}} : {2} -> {3}", attributes, flag, x, y)});
      cases.push_back(
          {numbered("avg_pool_dx", cases), "nn.avg_pool_dx", formatv("%dy: {0}", y),
           formatv("%y = nn.avg_pool_dx %dy {{{0}{1}} : {2} -> {3}", attributes, flag, y, x)});
    }
  }
}

void addNormalization(Cases &cases) {
  for (const auto &[shape, c] : std::vector<std::pair<std::string, int>>{
           {"4x3", 3}, {"3x2x2", 2}, {"2x2x3x2", 2}, {"6x1", 1}, {"4x3x3x2", 3}}) {
    for (const char *epsilon : {"1.0e-5", "1.0e-1"}) {
      std::string norm = formatv("%y, %m, %v = nn.batch_norm %x, %s, %b {{epsilon = {0} : f64} : "
                                 "{1}, {2}, {2} -> {1}, {2}, {2}\n",
                                 epsilon, tensor(shape), tensor(std::to_string(c)));
      std::string arguments =
          formatv("%x: {0}, %s: {1}, %b: {1}", tensor(shape), tensor(std::to_string(c)));
      cases.push_back({numbered("batch_norm", cases), "nn.batch_norm", arguments, norm});
      cases.push_back({numbered("batch_norm_output", cases), "nn.batch_norm", arguments,
                       norm + formatv("%z = nn.neg %y : {0}", tensor(shape)).str()});
      cases.push_back(
          {numbered("batch_norm_statistics", cases), "nn.batch_norm", arguments,
           norm + formatv("%z = nn.mul %m, %v : {0}", tensor(std::to_string(c))).str()});
    }
  }
}

void addShapes(Cases &cases) {
  auto add = [&](const std::string &op, const std::string &in, const std::string &attributes,
                 const std::string &out) {
    cases.push_back(
        {numbered(op, cases), "nn." + op, formatv("%x: {0}", tensor(in)),
         formatv("%y = nn.{0} %x {1} : {2} -> {3}", op, attributes, tensor(in), tensor(out))});
  };
  add("reshape", "2x3", "", "6");
  add("reshape", "1", "", "");
  add("reshape", "2x6", "", "3x2x2");
  add("transpose", "2x3", "{permutation = array<i64: 1, 0>}", "3x2");
  add("transpose", "2x3x4", "{permutation = array<i64: 2, 0, 1>}", "4x2x3");
  add("transpose", "2x2x2", "{permutation = array<i64: 1, 2, 0>}", "2x2x2");
  add("broadcast", "", "{dims = array<i64>}", "2x3");
  add("broadcast", "3", "{dims = array<i64: 1>}", "2x3");
  add("broadcast", "2", "{dims = array<i64: 0>}", "2x3");
  add("broadcast", "2x1", "{dims = array<i64: 0, 1>}", "2x3");
  add("broadcast", "1x1", "{dims = array<i64: 0, 2>}", "3x2x1");
  add("broadcast", "2x3", "{dims = array<i64: 0, 2>}", "2x4x3");
  add("broadcast", "2x3", "{dims = array<i64: 0, 1>}", "2x3");
  add("slice", "5", "{starts = array<i64: 1>, limits = array<i64: 4>, strides = array<i64: 1>}",
      "3");
  add("slice", "7", "{starts = array<i64: 1>, limits = array<i64: 7>, strides = array<i64: 2>}",
      "3");
  add("slice", "7", "{starts = array<i64: 0>, limits = array<i64: 5>, strides = array<i64: 3>}",
      "2");
  add("slice", "3x4",
      "{starts = array<i64: 1, 0>, limits = array<i64: 3, 4>, strides = array<i64: 1, 3>}", "2x2");
  add("pad", "3", "{low = array<i64: 1>, high = array<i64: 2>, interior = array<i64: 0>}", "6");
  add("pad", "3",
      "{low = array<i64: 0>, high = array<i64: 0>, interior = array<i64: 2>, value = 1.5 : f64}",
      "7");
  add("pad", "2x2",
      "{low = array<i64: 1, 0>, high = array<i64: 0, 1>, interior = array<i64: 1, 0>}", "4x3");
  cases.push_back({"concat_rows", "nn.concat", "%a: tensor<2x3xf64>, %b: tensor<1x3xf64>",
                   "%y = nn.concat %a, %b {axis = 0 : i64} : tensor<2x3xf64>, tensor<1x3xf64> -> "
                   "tensor<3x3xf64>"});
  cases.push_back({"concat_columns", "nn.concat",
                   "%a: tensor<2x1xf64>, %b: tensor<2x2xf64>, %c: tensor<2x3xf64>",
                   "%y = nn.concat %a, %b, %c {axis = 1 : i64} : tensor<2x1xf64>, tensor<2x2xf64>, "
                   "tensor<2x3xf64> -> "
                   "tensor<2x6xf64>"});
  cases.push_back(
      {"concat_same", "nn.concat", "%a: tensor<3xf64>",
       "%y = nn.concat %a, %a {axis = 0 : i64} : tensor<3xf64>, tensor<3xf64> -> tensor<6xf64>"});
}

Cases makeCases() {
  Cases cases;
  addElementwise(cases);
  addReductions(cases);
  addMatmuls(cases);
  addConvolutions(cases);
  addPooling(cases);
  addNormalization(cases);
  addShapes(cases);
  return cases;
}

/// y = op(a) or, of two arguments, op(a, b).
OpCase elementwiseCase(const std::string &op, int arguments, const std::string &shape) {
  std::string type = tensor(shape);
  return {op, "nn." + op,
          arguments == 1 ? formatv("%a: {0}", type) : formatv("%a: {0}, %b: {0}", type),
          formatv("%y = nn.{0} {1} : {2}", op, arguments == 1 ? "%a" : "%a, %b", type)};
}

/// A reduction of 2x2x2 elements along one axis, where one result of four has a tie.
KinkCase reductionCase(const std::string &op, int axis, std::vector<double> x,
                       std::vector<double> dx) {
  return {
      {op, "nn." + op, "%a: tensor<2x2x2xf64>",
       formatv("%y = nn.{0} %a {{axes = array<i64: {1}>} : tensor<2x2x2xf64> -> tensor<2x2xf64>",
               op, axis)},
      {std::move(x)},
      {{2, 4, 6, 8}},
      {std::move(dx)}};
}

const double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kLn2 = 0.69314718055994531;

/// Ties in all places but the first and last, each with a weight of its own.
KinkCase extremumCase(const std::string &op, std::vector<double> da, std::vector<double> db) {
  return {elementwiseCase(op, 2, "2x2x2"),
          {{1, 2, 2, 2, 2, 2, 2, 3}, {2, 2, 2, 2, 2, 2, 2, 2}},
          {{2, 4, 6, 8, 10, 12, 14, 16}},
          {std::move(da), std::move(db)}};
}

std::vector<KinkCase> makeKinkCases() {
  return {{elementwiseCase("relu", 1, "3"), {{-1, 0, 2}}, {{1, 2, 3}}, {{0, 0, 3}}},
          {elementwiseCase("abs", 1, "3"), {{-1, 0, 2}}, {{1, 2, 3}}, {{-1, 0, 3}}},
          extremumCase("maximum", {0, 2, 3, 4, 5, 6, 7, 16}, {2, 2, 3, 4, 5, 6, 7, 0}),
          extremumCase("minimum", {2, 2, 3, 4, 5, 6, 7, 0}, {0, 2, 3, 4, 5, 6, 7, 16}),
          reductionCase("reduce_max", 1, {3, 1, 3, 2, 1, 5, 2, 4}, {1, 0, 1, 4, 0, 8, 6, 0}),
          reductionCase("reduce_min", 1, {3, 1, 3, 2, 1, 5, 2, 4}, {1, 4, 1, 0, 6, 0, 0, 8}),
          reductionCase("reduce_max", 0, {3, 1, 1, 2, 3, 2, 5, 4}, {1, 0, 0, 0, 1, 4, 6, 8}),
          reductionCase("reduce_min", 0, {3, 1, 1, 2, 3, 2, 5, 4}, {1, 4, 6, 8, 1, 0, 0, 0}),
          // b a^(b-1) and a^b ln(a): at a = 0 and at b = 0, where the plain formulas are 0 times
          // infinity.
          {elementwiseCase("pow", 2, "5"),
           {{0, 0, 0, 2, -2}, {0, 2, 1, 0, 3}},
           {{1, 1, 1, 1, 1}},
           {{0, 0, 1, 0, 12}, {0, 0, 0, kLn2, kNaN}}},
          {{"pow_same", "nn.pow", "%a: tensor<3xf64>", "%y = nn.pow %a, %a : tensor<3xf64>"},
           {{0, 1, 2}},
           {{1, 1, 1}},
           {{0, 1, 4 * (1 + kLn2)}}},
          {{"max_pool_tie", "nn.max_pool", "%a: tensor<1x1x4xf64>",
            "%y, %i = nn.max_pool %a {kernel = array<i64: 2>, strides = array<i64: 2>, pads_low = "
            "array<i64: 0>, "
            "pads_high = array<i64: 0>, dilations = array<i64: 1>} : tensor<1x1x4xf64> -> "
            "tensor<1x1x2xf64>, "
            "tensor<1x1x2xi32>"},
           {{5, 5, 1, 2}},
           {{1, 2}},
           {{1, 0, 0, 2}}}};
}

} // namespace

const std::vector<OpCase> &opCases() {
  static const Cases cases = makeCases();
  return cases;
}

const std::vector<KinkCase> &kinkCases() {
  static const std::vector<KinkCase> cases = makeKinkCases();
  return cases;
}

const std::vector<Exempt> &exemptOps() {
  static const std::vector<Exempt> ops = {
      {"nn.not", "the result is boolean"},
      {"nn.and", "the result is boolean"},
      {"nn.or", "the result is boolean"},
      {"nn.compare", "the result is boolean"},
      {"nn.argmax", "the result is an integer"},
      {"nn.one_hot", "the operand is an integer"},
      {"nn.random_uniform", "the operands are integers"},
      {"nn.constant", "there is no operand"},
  };
  return ops;
}

} // namespace ntc::autodiff::test
