// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations that derivatives say nothing about, compiled for the CPU, against the reference
// interpreter: booleans and integers of every width, comparisons, conversions, indices, random
// numbers; and what every operation does with NaN, infinities, zeros of both signs and subnormals.

#include "test/unit/codegen/cpu/CpuProgram.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <random>

using namespace mlir;

namespace ntc::codegen::cpu::test {
namespace {

const std::vector<std::string> kIntegers = {"i8", "i32", "i64", "i1"};

/// "{E}" in a program stands for the element type.
struct Case {
  std::string arguments;
  std::string body;
};

/// Numbers that integers of `type` can be, its bounds among them.
int64_t integerOf(Type type, std::mt19937_64 &random) {
  unsigned width = type.getIntOrFloatBitWidth();
  if (width == 1) {
    return static_cast<int64_t>(random() % 2);
  }
  switch (random() % 6) {
  case 0:
    return llvm::minIntN(width);
  case 1:
    return llvm::maxIntN(width);
  default:
    return static_cast<int64_t>(random() % 15) - 7;
  }
}

std::vector<double> specials(bool isDouble) {
  double least = isDouble ? 0x1p-1074 : 0x1p-149, most = isDouble ? 0x1p1023 : 0x1p127;
  double inf = std::numeric_limits<double>::infinity(),
         nan = std::numeric_limits<double>::quiet_NaN();
  return {0.0, -0.0, 1.0, -1.0, inf, -inf, nan, least, -least, most, -most, 0.5, -2.5, 3.0};
}

/// All pairs of special values stand at equal positions of a first and a second input.
Tensor inputOf(RankedTensorType type, size_t number, std::mt19937_64 &random) {
  Tensor tensor(type);
  std::vector<double> values = specials(type.getElementType().isF64());
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    if (tensor.isReal()) {
      size_t position = number == 0 ? i : i / values.size();
      tensor.real(i) = values[position % values.size()];
    } else {
      tensor.integer(i) = integerOf(type.getElementType(), random);
    }
  }
  return fromBytes(type, toBytes(tensor).data());
}

/// True for the same number, to `ulps` units in the last place of f32 or f64, the same infinity,
/// the same zero, or NaN both.
bool agree(const Tensor &expected, const Tensor &actual, int64_t i, double ulps) {
  if (!expected.isReal()) {
    return expected.integer(i) == actual.integer(i);
  }
  double e = expected.real(i), a = actual.real(i);
  if (std::isnan(e) || std::isnan(a)) {
    return std::isnan(e) && std::isnan(a);
  }
  if (e == a) {
    return std::signbit(e) == std::signbit(a);
  }
  bool isDouble = expected.getElementType().isF64();
  double unit =
      std::max(std::fabs(e) * (isDouble ? 0x1p-52 : 0x1p-23), isDouble ? 0x1p-1074 : 0x1p-149);
  return std::fabs(a - e) <= ulps * unit;
}

/// Compiles all cases into one artifact and compares every result.
void check(const std::vector<Case> &cases, const std::string &element, double ulps = 0,
           const char *cpu = "native") {
  auto context = makeCompilerContext();
  Suite suite(*context);
  std::mt19937_64 random(31);
  auto with = [&](const std::string &text) {
    std::string result;
    StringRef rest = text;
    for (size_t at; (at = rest.find("{E}")) != StringRef::npos; rest = rest.drop_front(at + 3)) {
      result += rest.take_front(at).str() + element;
    }
    return result + rest.str();
  };
  for (const Case &test : cases) {
    Computation computation =
        makeComputation(*context, with(test.body), with(test.arguments), with(test.body));
    for (auto [i, argument] : llvm::enumerate(computation.block().getArguments())) {
      computation.inputs.push_back(inputOf(cast<RankedTensorType>(argument.getType()), i, random));
    }
    suite.add(std::move(computation));
  }
  auto target = CpuTarget::create(cpu);
  ASSERT_TRUE(static_cast<bool>(target));
  std::string message = suite.compile(*target);
  if (StringRef(message).starts_with("unsupported")) {
    GTEST_SKIP() << message;
  }
  ASSERT_EQ(message, "");
  for (size_t c = 0; c < suite.size(); ++c) {
    auto expected = reference::evaluate(suite[c].block(), suite[c].inputs, {});
    ASSERT_TRUE(succeeded(expected)) << suite[c].name;
    std::string problem;
    Tensors actual = suite.run(c, {}, problem);
    EXPECT_EQ(problem, "") << suite[c].name;
    for (size_t r = 0; r < actual.size(); ++r) {
      for (int64_t i = 0; i < actual[r].getNumElements(); ++i) {
        if (agree((*expected)[r], actual[r], i, ulps)) {
          continue;
        }
        std::string inputs;
        for (const Tensor &input : suite[c].inputs) {
          inputs += i < input.getNumElements() ? llvm::formatv(" {0}", input.number(i)).str() : "";
        }
        ADD_FAILURE() << suite[c].name << ": element " << i << " is " << actual[r].number(i)
                      << " instead of " << (*expected)[r].number(i) << ", inputs" << inputs;
        break;
      }
    }
  }
}

std::vector<Case> binary(const std::vector<std::string> &operations) {
  std::vector<Case> cases;
  for (const std::string &operation : operations) {
    // A vector with a rest, and one number.
    for (const char *shape : {"203x", ""}) {
      std::string type = std::string("tensor<") + shape + "{E}>";
      cases.push_back(
          {"%a: " + type + ", %b: " + type, "%y = nn." + operation + " %a, %b : " + type});
    }
  }
  return cases;
}

std::vector<Case> unary(const std::vector<std::string> &operations) {
  std::vector<Case> cases;
  for (const std::string &operation : operations) {
    cases.push_back({"%a: tensor<37x{E}>", "%y = nn." + operation + " %a : tensor<37x{E}>"});
  }
  return cases;
}

void append(std::vector<Case> &cases, const std::vector<Case> &more) {
  cases.insert(cases.end(), more.begin(), more.end());
}

const std::vector<std::string> kComparisons = {"compare eq", "compare ne", "compare lt",
                                               "compare le", "compare gt", "compare ge"};

/// Reductions, movements and choices, for every element type.
std::vector<Case> structural() {
  std::vector<Case> cases;
  for (const char *op : {"reduce_sum", "reduce_max", "reduce_min"}) {
    for (auto [axes, out] : std::vector<std::pair<std::string, std::string>>{
             {"0", "19x"}, {"1", "13x"}, {"0, 1", ""}}) {
      cases.push_back(
          {"%x: tensor<13x19x{E}>", llvm::formatv("%y = nn.{0} %x {{axes = array<i64: {1}>} : "
                                                  "tensor<13x19x{{E}> -> tensor<{2}{{E}>",
                                                  op, axes, out)});
    }
  }
  append(cases,
         {{"%c: tensor<37xi1>, %a: tensor<37x{E}>, %b: tensor<37x{E}>",
           "%y = nn.select %c, %a, %b : tensor<37x{E}>"},
          {"%x: tensor<7x{E}>",
           "%y = nn.broadcast %x {dims = array<i64: 1>} : tensor<7x{E}> -> tensor<5x7x3x{E}>"},
          {"%x: tensor<5x7x{E}>",
           "%y = nn.transpose %x {permutation = array<i64: 1, 0>} : tensor<5x7x{E}> -> "
           "tensor<7x5x{E}>"},
          {"%x: tensor<5x7x{E}>, %y: tensor<5x3x{E}>",
           "%z = nn.concat %x, %y {axis = 1} : tensor<5x7x{E}>, tensor<5x3x{E}> -> "
           "tensor<5x10x{E}>"},
          {"%x: tensor<11x{E}>",
           "%y = nn.pad %x {low = array<i64: 2>, high = array<i64: 1>, interior = array<i64: 1>, "
           "value = 1.0 : f64} : tensor<11x{E}> -> tensor<24x{E}>"},
          {"%x: tensor<11x{E}>",
           "%y = nn.slice %x {starts = array<i64: 1>, limits = array<i64: 10>, strides = "
           "array<i64: 2>} : tensor<11x{E}> -> tensor<5x{E}>"}});
  return cases;
}

TEST(Values, OfIntegersAndBooleans) {
  for (const std::string &element : kIntegers) {
    std::vector<Case> cases = binary({"add", "sub", "mul", "maximum", "minimum"});
    append(cases, binary(kComparisons));
    append(cases, unary({"neg"}));
    append(cases, structural());
    if (element == "i1") {
      append(cases, binary({"and", "or"}));
      append(cases, unary({"not"}));
    }
    check(cases, element);
  }
}

TEST(Values, OfIntegersDivided) {
  // The interpreter refuses 0 as a divisor: divisors are 1 + |b| and their negatives.
  for (const char *element : {"i8", "i32", "i64"}) {
    check({{"%a: tensor<37x{E}>, %c: tensor<37xi1>", "%m = nn.constant dense<-1> : tensor<37x{E}>\n"
                                                     "%p = nn.constant dense<3> : tensor<37x{E}>\n"
                                                     "%b = nn.select %c, %m, %p : tensor<37x{E}>\n"
                                                     "%y = nn.div %a, %b : tensor<37x{E}>"}},
          element);
  }
}

TEST(Values, OfConversions) {
  const std::vector<std::string> all = {"i8", "i32", "i64", "i1", "f16", "bf16", "f32", "f64"};
  for (const char *cpu : {"native", "x86-64-v3", "x86-64-v2"}) {
    for (const std::string &to : all) {
      bool toInteger = to[0] == 'i' && to != "i1";
      std::vector<Case> cases;
      for (const std::string &from : all) {
        // What lies outside of an integer type has no value: floats first go to booleans.
        std::string first = toInteger && from.find('f') != std::string::npos ? "i1" : from;
        cases.push_back({"%x: tensor<203x" + first + ">",
                         "%y = nn.cast %x : tensor<203x" + first + "> -> tensor<203x{E}>"});
      }
      check(cases, to, 0, cpu);
    }
  }
}

TEST(Values, OfFloatsOf16Bits) {
  for (const char *cpu : {"native", "x86-64-v2"}) {
    for (const char *element : {"f16", "bf16"}) {
      std::vector<Case> cases = binary({"add", "sub", "mul", "div", "maximum", "minimum"});
      append(cases, binary(kComparisons));
      append(cases, unary({"neg", "abs", "relu", "sqrt", "floor", "sign"}));
      check(cases, element, 0, cpu);
    }
  }
}

TEST(Values, OfIndicesAndRandomNumbers) {
  check(
      {{"%x: tensor<13x15x{E}>",
        "%y = nn.argmax %x {axis = 1} : tensor<13x15x{E}> -> tensor<13xi64>"},
       {"%x: tensor<13x15x{E}>",
        "%y = nn.argmax %x {axis = 0} : tensor<13x15x{E}> -> tensor<15xi64>"},
       {"%c: tensor<13xi1>", "%i = nn.cast %c : tensor<13xi1> -> tensor<13xi64>\n"
                             "%y = nn.one_hot %i {axis = 1} : tensor<13xi64> -> tensor<13x3x{E}>"},
       {"%s: tensor<i64>, %t: tensor<i64>",
        "%y = nn.random_uniform %s, %t {op = 3 : i32} : tensor<i64>, tensor<i64> -> "
        "tensor<5x37x{E}>"}},
      "f32");
}

TEST(Values, OfSpecialFloats) {
  for (const char *cpu : {"native", "x86-64-v2"}) {
    for (const char *element : {"f32", "f64"}) {
      std::vector<Case> exact = binary({"add", "sub", "mul", "div", "maximum", "minimum"});
      append(exact, binary(kComparisons));
      append(exact, unary({"neg", "abs", "relu", "sign", "sqrt", "floor", "reciprocal"}));
      append(exact, structural());
      append(exact,
             {{"%a: tensor<37x{E}>", "%l = nn.constant dense<-1.0> : tensor<37x{E}>\n"
                                     "%h = nn.constant dense<2.0> : tensor<37x{E}>\n"
                                     "%b = nn.maximum %a, %l : tensor<37x{E}>\n"
                                     "%y = nn.minimum %b, %h : tensor<37x{E}>"},
              {"%a: tensor<1x1x9x9x{E}>",
               "%y, %i = nn.max_pool %a {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, "
               "pads_low = array<i64: 0, 0>, pads_high = array<i64: 0, 0>, dilations = array<i64: "
               "1, 1>} : tensor<1x1x9x9x{E}> -> tensor<1x1x4x4x{E}>, tensor<1x1x4x4xi32>"}});
      check(exact, element, 0, cpu);
      std::vector<Case> near = binary({"pow"});
      append(near, unary({"exp", "log", "log1p", "rsqrt", "tanh", "sigmoid", "erf", "sin", "cos"}));
      check(near, element, 2, cpu);
    }
  }
}

// Padding never wins, also where all elements of a window are as low as padding.
TEST(Values, OfPaddedWindows) {
  std::vector<Case> cases;
  for (auto [kernel, stride, low, high, dilation, count] :
       {std::array{3, 2, 1, 0, 1, 4}, {3, 1, 2, 2, 1, 11}, {3, 2, 3, 1, 2, 5}}) {
    std::string pool = llvm::formatv(
        "%y, %i = nn.max_pool %b {{kernel = array<i64: {0}, {0}>, strides = array<i64: {1}, {1}>, "
        "pads_low = array<i64: {2}, {2}>, pads_high = array<i64: {3}, {3}>, dilations = array<i64: "
        "{4}, {4}>} : tensor<2x3x9x9x{{E}> -> tensor<2x3x{5}x{5}x{{E}>, tensor<2x3x{5}x{5}xi32>",
        kernel, stride, low, high, dilation, count);
    cases.push_back({"%b: tensor<2x3x9x9x{E}>", pool});
    cases.push_back(
        {"%a: tensor<2x3x9x9x{E}>", "%z = nn.constant dense<0.0> : tensor<2x3x9x9x{E}>\n"
                                    "%l = nn.log %z : tensor<2x3x9x9x{E}>\n"
                                    "%b = nn.minimum %a, %l : tensor<2x3x9x9x{E}>\n" +
                                        pool});
  }
  for (const char *element : {"f32", "f64"}) {
    check(cases, element);
  }
}

} // namespace
} // namespace ntc::codegen::cpu::test
