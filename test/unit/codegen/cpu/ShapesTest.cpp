// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Odd and large shapes, compiled for the CPU, against the reference interpreter: sizes of one,
// primes, more than a vector, more than a register tile, and enough work that kernels are cut into
// groups; with first derivatives, at several numbers of threads.

#include "test/unit/codegen/cpu/Judge.h"
#include "test/unit/compiler/autodiff/Subject.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <bit>

using namespace mlir;
using ntc::autodiff::test::OpCase;

namespace ntc::codegen::cpu::test {
namespace {

using Cases = std::vector<OpCase>;

std::string tensor(const std::string &shape, const std::string &element) {
  return "tensor<" + (shape.empty() ? "" : shape + "x") + element + ">";
}

void addMatmuls(Cases &cases, const std::string &element) {
  struct Sizes {
    std::string batch;
    int m, k, n;
  };
  for (const auto &[batch, m, k, n] :
       {Sizes{"", 37, 71, 129}, Sizes{"", 1, 7, 1}, Sizes{"", 1, 300, 19}, Sizes{"", 23, 1, 37},
        Sizes{"3x", 17, 29, 33}}) {
    for (bool ta : {false, true}) {
      for (bool tb : {false, true}) {
        std::string lhs =
            tensor(batch + llvm::formatv("{0}x{1}", ta ? k : m, ta ? m : k).str(), element);
        std::string rhs =
            tensor(batch + llvm::formatv("{0}x{1}", tb ? n : k, tb ? k : n).str(), element);
        std::string flags = ta && tb ? " {transpose_lhs, transpose_rhs}"
                            : ta     ? " {transpose_lhs}"
                            : tb     ? " {transpose_rhs}"
                                     : "";
        cases.push_back(
            {llvm::formatv("matmul_{0}{1}x{2}x{3}_{4}{5}", batch, m, k, n, ta, tb), "nn.matmul",
             llvm::formatv("%a: {0}, %b: {1}", lhs, rhs),
             llvm::formatv("%y = nn.matmul %a, %b{0} : {1}, {2} -> {3}", flags, lhs, rhs,
                           tensor(batch + llvm::formatv("{0}x{1}", m, n).str(), element))});
      }
    }
  }
}

void addConvolutions(Cases &cases, const std::string &element) {
  struct Conv {
    std::string x, w, y;
    int stride, low, high, dilation, groups;
  };
  for (const Conv &c : {Conv{"1x13x23x29", "17x13x3x3", "1x17x23x29", 1, 1, 1, 1, 1},
                        Conv{"2x5x23x29", "7x5x5x5", "2x7x12x15", 2, 2, 2, 1, 1},
                        Conv{"1x4x19x17", "6x4x3x3", "1x6x6x5", 3, 0, 0, 1, 1},
                        Conv{"2x3x13x11", "5x3x3x3", "2x5x9x7", 1, 0, 0, 2, 1},
                        Conv{"2x6x11x13", "9x2x3x3", "2x9x11x13", 1, 1, 1, 1, 3},
                        Conv{"2x7x15x17", "7x1x3x3", "2x7x8x9", 2, 1, 1, 1, 7},
                        Conv{"1x16x33x35", "16x1x3x3", "1x16x33x35", 1, 1, 1, 1, 16},
                        Conv{"2x19x7x7", "37x19x1x1", "2x37x7x7", 1, 0, 0, 1, 1},
                        Conv{"2x32x6x7", "16x32x3x3", "2x16x3x4", 2, 1, 1, 1, 1},
                        // Small images with zeros around: several form a tile.
                        Conv{"7x16x4x5", "24x16x3x3", "7x24x4x5", 1, 1, 1, 1, 1},
                        Conv{"9x10x6x5", "40x10x3x3", "9x40x3x3", 2, 1, 1, 1, 1},
                        Conv{"6x64x3x2", "70x64x5x5", "6x70x2x1", 1, 2, 1, 1, 1},
                        // The sums of the weight's gradient are cut into blocks.
                        Conv{"3x20x33x35", "33x20x3x3", "3x33x33x35", 1, 1, 1, 1, 1}}) {
    auto type = [&](const std::string &shape) { return tensor(shape, element); };
    cases.push_back({"conv_" + c.x + "_" + c.w, "nn.conv",
                     llvm::formatv("%a: {0}, %b: {1}", type(c.x), type(c.w)),
                     llvm::formatv("%y = nn.conv %a, %b {{strides = array<i64: {0}, {0}>, pads_low "
                                   "= array<i64: {1}, {1}>, "
                                   "pads_high = array<i64: {2}, {2}>, dilations = array<i64: {3}, "
                                   "{3}>, groups = {4} : i64} : "
                                   "{5}, {6} -> {7}",
                                   c.stride, c.low, c.high, c.dilation, c.groups, type(c.x),
                                   type(c.w), type(c.y))});
  }
}

void addPooling(Cases &cases, const std::string &element) {
  std::string x = tensor("2x5x37x41", element), y = tensor("2x5x19x21", element),
              winner = tensor("2x5x19x21", "i32");
  std::string windows =
      "kernel = array<i64: 3, 3>, strides = array<i64: 2, 2>, pads_low = array<i64: 1, 1>, "
      "pads_high = array<i64: 1, 1>, dilations = array<i64: 1, 1>";
  cases.push_back(
      {"max_pool_overlapping", "nn.max_pool", "%x: " + x,
       llvm::formatv("%y, %i = nn.max_pool %x {{{0}} : {1} -> {2}, {3}", windows, x, y, winner)});
  cases.push_back({"avg_pool_overlapping", "nn.avg_pool", "%x: " + x,
                   llvm::formatv("%y = nn.avg_pool %x {{{0}} : {1} -> {2}", windows, x, y)});
}

/// Convolution, rectification and pooling by windows side by side: gradients stay sparse.
void addPooledConvolutions(Cases &cases, const std::string &element) {
  struct Pooled {
    std::string x, w, y, pooled;
    int pad, window;
  };
  for (const Pooled &c : {Pooled{"2x19x14x18", "37x19x3x3", "2x37x12x16", "2x37x6x8", 0, 2},
                          Pooled{"1x4x12x9", "6x4x5x5", "1x6x12x9", "1x6x4x3", 2, 3},
                          Pooled{"2x3x10x12", "5x3x3x3", "2x5x8x10", "2x5x4x5", 0, 2},
                          Pooled{"2x33x8x8", "5x33x1x1", "2x5x8x8", "2x5x4x4", 0, 2}}) {
    auto type = [&](const std::string &shape) { return tensor(shape, element); };
    cases.push_back(
        {"pooled_" + c.x + "_" + c.w, "nn.max_pool",
         llvm::formatv("%a: {0}, %b: {1}", type(c.x), type(c.w)),
         llvm::formatv("%c = nn.conv %a, %b {{strides = array<i64: 1, 1>, pads_low = array<i64: "
                       "{0}, {0}>, pads_high = array<i64: {0}, {0}>, dilations = array<i64: 1, 1>} "
                       ": {1}, {2} -> {3}\n%r = nn.relu %c : {3}\n"
                       "%y, %i = nn.max_pool %r {{kernel = array<i64: {4}, {4}>, strides = "
                       "array<i64: {4}, {4}>, pads_low = array<i64: 0, 0>, pads_high = array<i64: "
                       "0, 0>, dilations = array<i64: 1, 1>} : {3} -> {5}, {6}",
                       c.pad, type(c.x), type(c.w), type(c.y), c.window, type(c.pooled),
                       tensor(c.pooled, "i32"))});
  }
}

void addReductions(Cases &cases, const std::string &element) {
  for (const auto &[shape, axes, out] :
       std::vector<std::array<std::string, 3>>{{"7x19x37", "0", "19x37"},
                                               {"7x19x37", "1", "7x37"},
                                               {"7x19x37", "2", "7x19"},
                                               {"7x19x37", "0, 1", "37"},
                                               {"7x19x37", "0, 2", "19"},
                                               {"7x19x37", "1, 2", "7"},
                                               {"7x19x37", "0, 1, 2", ""},
                                               {"1009", "0", ""},
                                               {"37x83x71", "0, 2", "83"}}) {
    for (const char *op : {"reduce_sum", "reduce_max", "reduce_min"}) {
      cases.push_back({std::string(op) + "_" + shape + "_" + axes, std::string("nn.") + op,
                       "%x: " + tensor(shape, element),
                       llvm::formatv("%y = nn.{0} %x {{axes = array<i64: {1}>} : {2} -> {3}", op,
                                     axes, tensor(shape, element), tensor(out, element))});
    }
  }
}

void addChains(Cases &cases, const std::string &element) {
  std::string wide = tensor("61x203", element), row = tensor("203", element);
  cases.push_back({"softmax_wide", "nn.softmax", "%x: " + wide,
                   "%y = nn.softmax %x {axis = 1 : i64} : " + wide});
  cases.push_back({"log_softmax_tall", "nn.log_softmax", "%x: " + wide,
                   "%y = nn.log_softmax %x {axis = 0 : i64} : " + wide});
  cases.push_back(
      {"chain", "nn.tanh", llvm::formatv("%x: {0}, %b: {1}", wide, row),
       llvm::formatv(
           "%c = nn.broadcast %b {{dims = array<i64: 1>} : {1} -> {0}\n%d = nn.add %x, %c : {0}\n"
           "%e = nn.relu %d : {0}\n%f = nn.sigmoid %e : {0}\n%g = nn.mul %f, %x : {0}\n"
           "%y = nn.tanh %g : {0}",
           wide, row)});
  std::string tall = tensor("203x61", element);
  cases.push_back(
      {"transposed", "nn.transpose", "%x: " + wide,
       llvm::formatv("%t = nn.transpose %x {{permutation = array<i64: 1, 0>} : {0} -> {1}\n"
                     "%y = nn.exp %t : {1}",
                     wide, tall)});
  std::string image = tensor("5x7x13x11", element), channel = tensor("7", element);
  cases.push_back(
      {"batch_norm", "nn.batch_norm", llvm::formatv("%x: {0}, %s: {1}, %b: {1}", image, channel),
       llvm::formatv(
           "%y, %m, %v = nn.batch_norm %x, %s, %b {{epsilon = 1.0e-5 : f64} : {0}, {1}, {1} -> "
           "{0}, {1}, {1}",
           image, channel)});
}

/// What is bf16 in a case of two operands, whose sums are f32.
enum class Narrow {
  Operands,       ///< the operands, widened before they are used
  All,            ///< also the result, and so its gradient
  RoundedOperands ///< nothing in memory: f32 operands are rounded and widened
};

Cases narrowed(const Cases &cases, Narrow narrow) {
  auto bf16 = [](llvm::StringRef type) {
    return (type.drop_back(llvm::StringRef("f32>").size()) + "bf16>").str();
  };
  Cases result;
  for (OpCase opCase : cases) {
    auto [a, b] = llvm::StringRef(opCase.arguments).split(", ");
    std::string aType = a.split(": ").second.str(), bType = b.split(": ").second.str();
    llvm::StringRef yType = llvm::StringRef(opCase.body).rsplit(" -> ").second;
    std::string p = "%p", q = "%q", body;
    bool rounds = narrow == Narrow::RoundedOperands;
    if (rounds) {
      body = llvm::formatv("%r = nn.cast %p : {0} -> {1}\n%s = nn.cast %q : {2} -> {3}\n", aType,
                           bf16(aType), bType, bf16(bType));
      p = "%r", q = "%s";
    }
    body += llvm::formatv("%a = nn.cast {0} : {1} -> {2}\n%b = nn.cast {3} : {4} -> {5}\n{6}", p,
                          bf16(aType), aType, q, bf16(bType), bType, opCase.body);
    if (narrow == Narrow::All) {
      body += llvm::formatv("\n%z = nn.cast %y : {0} -> {1}", yType, bf16(yType));
    }
    opCase.name += rounds ? "_rounded" : narrow == Narrow::All ? "_narrow" : "_widened";
    opCase.arguments = llvm::formatv("%p: {0}, %q: {1}", rounds ? aType : bf16(aType),
                                     rounds ? bType : bf16(bType));
    opCase.body = std::move(body);
    result.push_back(std::move(opCase));
  }
  return result;
}

class Shapes : public testing::TestWithParam<std::string> {
protected:
  /// Compiles the cases and compares them with the interpreter, run in several ways.
  enum class Digits { All, OfBf16 };
  static void fill(Suite &suite, MLIRContext &context, const Cases &cases, Digits digits);
  static void check(const Cases &cases, llvm::StringRef mcpu, Digits digits = Digits::All);
};

void Shapes::fill(Suite &suite, MLIRContext &context, const Cases &cases, Digits digits) {
  for (const OpCase &opCase : cases) {
    auto subject = autodiff::test::makeSubject(context, opCase, 1);
    ASSERT_TRUE(succeeded(subject)) << opCase.name << "\n" << opCase.body;
    Tensors inputs = autodiff::test::makeInputs(*subject, opCase, 7);
    for (Tensor &input : inputs) {
      for (int64_t i = 0; digits == Digits::OfBf16 && i < input.getNumElements(); ++i) {
        auto bits = std::bit_cast<uint32_t>(static_cast<float>(input.real(i)));
        input.real(i) = std::bit_cast<float>(bits & 0xffff0000u);
      }
      input = fromBytes(input.getType(), toBytes(input).data());
    }
    suite.add({opCase.name, std::move(subject->module), std::move(inputs)});
  }
}

void Shapes::check(const Cases &cases, llvm::StringRef mcpu, Digits digits) {
  auto context = makeCompilerContext();
  Suite suite(*context);
  ASSERT_NO_FATAL_FAILURE(fill(suite, *context, cases, digits));
  auto target = CpuTarget::create(mcpu);
  ASSERT_TRUE(static_cast<bool>(target));
  std::string failure = suite.compile(*target);
  if (llvm::StringRef(failure).contains("unsupported")) {
    GTEST_SKIP() << failure;
  }
  ASSERT_EQ(failure, "");
  for (size_t i = 0; i < suite.size(); ++i) {
    std::string problem;
    Tensors actual = suite.run(i, {}, problem);
    problem += difference(suite[i], judge(suite[i]), actual);
    for (Walk walk : {Walk{2, false}, Walk{4, false}, Walk{1, true}}) {
      if (!sameBits(actual, suite.run(i, walk, problem))) {
        problem += "the bits depend on how the groups are run";
      }
    }
    EXPECT_EQ(problem, "") << suite[i].name;
  }
}

TEST_P(Shapes, AgreeWithInterpreterAtEveryNumberOfThreads) {
  Cases cases;
  addMatmuls(cases, GetParam());
  addConvolutions(cases, GetParam());
  addPooling(cases, GetParam());
  addPooledConvolutions(cases, GetParam());
  addReductions(cases, GetParam());
  addChains(cases, GetParam());
  check(cases, "native");
}

INSTANTIATE_TEST_SUITE_P(Types, Shapes, testing::Values("f32", "f64"),
                         [](const auto &info) { return info.param; });

/// Sums in f32 of products of bf16, by processors with and without an instruction for them.
class Pairs : public Shapes {};

TEST_P(Pairs, AgreeWithInterpreterAtEveryNumberOfThreads) {
  Cases wide;
  addMatmuls(wide, "f32");
  addConvolutions(wide, "f32");
  Cases cases;
  for (Narrow narrow : {Narrow::Operands, Narrow::All, Narrow::RoundedOperands}) {
    if (narrow == Narrow::All || GetParam() == "native") {
      llvm::append_range(cases, narrowed(wide, narrow));
    }
  }
  check(cases, GetParam(), Digits::OfBf16);
}

class PairForms : public Shapes {};

TEST_F(PairForms, InstructionAndEmulationGiveTheSameBits) {
  Cases wide;
  addMatmuls(wide, "f32");
  auto context = makeCompilerContext();
  std::vector<std::vector<Tensors>> results;
  for (const char *mcpu : {"native", "x86-64-v4"}) {
    Suite suite(*context);
    ASSERT_NO_FATAL_FAILURE(
        fill(suite, *context, narrowed(wide, Narrow::Operands), Digits::OfBf16));
    auto target = CpuTarget::create(mcpu);
    ASSERT_TRUE(static_cast<bool>(target));
    const std::string failure = suite.compile(*target);
    if (llvm::StringRef(failure).contains("unsupported")) {
      GTEST_SKIP() << failure;
    }
    ASSERT_EQ(failure, "");
    auto &all = results.emplace_back();
    for (size_t i = 0; i < suite.size(); ++i) {
      std::string problem;
      all.push_back(suite.run(i, {}, problem));
      EXPECT_EQ(problem, "");
    }
  }
  for (size_t i = 0; i < results[0].size(); ++i) {
    EXPECT_TRUE(sameBits(results[0][i], results[1][i])) << wide[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Processors, Pairs,
                         testing::Values("native", "x86-64-v4", "x86-64-v3", "x86-64-v2"),
                         [](const auto &info) {
                           std::string name = info.param;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

} // namespace
} // namespace ntc::codegen::cpu::test
