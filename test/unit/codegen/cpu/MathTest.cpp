// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementary functions as compiled code, against the C library in the next wider type: the error in
// units in the last place of the true result, over inputs from the whole range. The bounds are
// those of docs/numerics.md. The disabled tests take all 2^32 inputs of f32, two or three minutes
// per function: `codegen-cpu-maths --gtest_also_run_disabled_tests --gtest_filter='*Exhaustive*'`.

#include "test/unit/codegen/cpu/CpuProgram.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

#include <bit>
#include <cmath>
#include <random>

using namespace mlir;

namespace ntc::codegen::cpu::test {
namespace {

using Wide = long double;

struct Function {
  const char *name;
  /// Operations from %x to %y.
  const char *body;
  Wide (*truth)(Wide);
  /// The same in f64: nearly exact beside f32, and much faster.
  double (*nearTruth)(double);
  /// Bounds in units in the last place.
  double boundF32, boundF64;

  Function(const char *name, const char *body, auto truth, double boundF32, double boundF64)
      : name(name), body(body), truth(truth), nearTruth(truth), boundF32(boundF32),
        boundF64(boundF64) {}

  friend void PrintTo(const Function &function, std::ostream *stream) { *stream << function.name; }
};

constexpr auto sigmoid = [](auto x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
};

const Function kFunctions[] = {
    {"exp", "%y = nn.exp %x : {0}", [](auto x) { return std::exp(x); }, 1.0, 1.5},
    {"log", "%y = nn.log %x : {0}", [](auto x) { return std::log(x); }, 1.0, 1.0},
    {"log1p", "%y = nn.log1p %x : {0}", [](auto x) { return std::log1p(x); }, 1.0, 1.0},
    {"tanh", "%y = nn.tanh %x : {0}", [](auto x) { return std::tanh(x); }, 1.0, 2.0},
    {"sigmoid", "%y = nn.sigmoid %x : {0}", sigmoid, 1.0, 1.5},
    {"erf", "%y = nn.erf %x : {0}", [](auto x) { return std::erf(x); }, 1.0, 2.0},
    {"sin", "%y = nn.sin %x : {0}", [](auto x) { return std::sin(x); }, 1.0, 1.0},
    {"cos", "%y = nn.cos %x : {0}", [](auto x) { return std::cos(x); }, 1.0, 1.0},
    {"sqrt", "%y = nn.sqrt %x : {0}", [](auto x) { return std::sqrt(x); }, 0.501, 0.501},
    {"rsqrt", "%y = nn.rsqrt %x : {0}", [](auto x) { return 1 / std::sqrt(x); }, 0.501, 1.5},
    {"reciprocal", "%y = nn.reciprocal %x : {0}", [](auto x) { return 1 / x; }, 0.501, 0.501},
    {"floor", "%y = nn.floor %x : {0}", [](auto x) { return std::floor(x); }, 0, 0},
};

/// The last result of a block of operations from arguments to %y, compiled.
class Compiled {
public:
  static constexpr int64_t kCount = 1 << 16;

  Compiled(MLIRContext &context, const std::string &body, const std::string &element, size_t inputs,
           const std::string &cpu)
      : suite(context) {
    std::string type = llvm::formatv("tensor<{0}x{1}>", kCount, element);
    std::string arguments = "%x: " + type + (inputs == 2 ? ", %z: " + type : "");
    Computation computation =
        makeComputation(context, body, arguments, llvm::formatv(body.c_str(), type).str());
    computation.inputs.resize(inputs);
    suite.add(std::move(computation));
    auto target = CpuTarget::create(cpu);
    message = target ? suite.compile(*target) : llvm::toString(target.takeError());
  }

  /// What went wrong; "unsupported…" where this machine lacks an instruction set.
  std::string message;

  template <typename Real> std::vector<Real> run(std::vector<std::vector<Real>> inputs) const {
    std::vector<std::vector<uint8_t>> bytes;
    for (const auto &input : inputs) {
      const auto *first = reinterpret_cast<const uint8_t *>(input.data());
      bytes.emplace_back(first, first + input.size() * sizeof(Real));
    }
    std::string problem;
    auto results = suite.runBytes(0, bytes, {}, problem);
    EXPECT_EQ(problem, "");
    std::vector<Real> values(kCount);
    std::memcpy(values.data(), results[0].data(), kCount * sizeof(Real));
    return values;
  }

private:
  Suite suite;
};

/// The distance of `actual` from `truth` in units in the last place of Real; infinite where one is
/// NaN or infinite and the other is not, or a zero has the wrong sign.
template <typename Real> double errorOf(Real actual, Wide truth) {
  Real nearest = static_cast<Real>(truth);
  if (std::bit_cast<std::array<uint8_t, sizeof(Real)>>(actual) ==
          std::bit_cast<std::array<uint8_t, sizeof(Real)>>(nearest) &&
      !std::isfinite(nearest)) {
    return 0;
  }
  if (std::isnan(nearest) || std::isnan(actual)) {
    return std::isnan(nearest) == std::isnan(actual) ? 0 : INFINITY;
  }
  if (std::isinf(nearest) || std::isinf(actual) || truth == 0) {
    return actual == nearest && std::signbit(actual) == std::signbit(nearest) ? 0 : INFINITY;
  }
  using Limits = std::numeric_limits<Real>;
  int exponent = 0;
  (void)std::frexp(truth, &exponent);
  int last = std::max(exponent, Limits::min_exponent) - Limits::digits;
  return static_cast<double>(std::fabs(static_cast<Wide>(actual) - truth) /
                             std::ldexp(Wide(1), last));
}

/// The worst input so far.
struct Worst {
  double error = 0;
  std::string where;

  template <typename Real> void consider(Real actual, Wide truth, Real x) {
    double error = errorOf(actual, truth);
    if (error > this->error) {
      this->error = error;
      where = llvm::formatv("{0:F3} at {1:E9}: {2:E16} instead of {3:E16}", error,
                            static_cast<double>(x), static_cast<double>(actual),
                            static_cast<double>(truth));
    }
  }
};

/// Inputs over all exponents, and denser where functions are not constant.
template <typename Real> Real sample(std::mt19937_64 &random) {
  double unit = std::ldexp(static_cast<double>(random() >> 11), -52) - 1;
  switch (random() % 4) {
  case 0: {
    auto bits = random();
    return sizeof(Real) == 4 ? std::bit_cast<float>(static_cast<uint32_t>(bits))
                             : static_cast<Real>(std::bit_cast<double>(bits));
  }
  case 1:
    return static_cast<Real>(unit * (sizeof(Real) == 4 ? 105 : 750));
  case 2:
    return static_cast<Real>(unit * 8);
  default:
    return static_cast<Real>(std::ldexp(unit, -static_cast<int>(random() % 60)));
  }
}

struct Run {
  Function function;
  std::string cpu;

  friend void PrintTo(const Run &run, std::ostream *stream) {
    *stream << run.function.name << " on " << run.cpu;
  }
};

class Maths : public testing::TestWithParam<Run> {
protected:
  template <typename Real> void check(const char *element, double bound) {
    auto context = makeCompilerContext();
    Compiled compiled(*context, GetParam().function.body, element, 1, GetParam().cpu);
    if (StringRef(compiled.message).starts_with("unsupported")) {
      GTEST_SKIP() << compiled.message;
    }
    ASSERT_EQ(compiled.message, "");
    std::mt19937_64 random(12);
    Worst worst;
    for (int block = 0; block < 16; ++block) {
      std::vector<Real> inputs(Compiled::kCount);
      std::generate(inputs.begin(), inputs.end(), [&] { return sample<Real>(random); });
      if (block == 0) {
        using Limits = std::numeric_limits<Real>;
        llvm::copy(
            std::initializer_list<Real>{Real(0), -Real(0), Limits::infinity(), -Limits::infinity(),
                                        Limits::quiet_NaN(), Limits::max(), Limits::lowest(),
                                        Limits::min(), Limits::denorm_min(), -Limits::denorm_min(),
                                        Real(1), Real(-1),
                                        static_cast<Real>(3.14159265358979323846L + 0.0309L)},
            inputs.begin());
      }
      std::vector<Real> results = compiled.run<Real>({inputs});
      for (auto [x, y] : llvm::zip(inputs, results)) {
        worst.consider(y, GetParam().function.truth(x), x);
      }
    }
    std::cout << "worst: " << worst.where << "\n";
    EXPECT_LE(worst.error, bound) << worst.where;
  }
};

TEST_P(Maths, IsWithinItsBoundInF32) { check<float>("f32", GetParam().function.boundF32); }
TEST_P(Maths, IsWithinItsBoundInF64) { check<double>("f64", GetParam().function.boundF64); }

std::vector<Run> runs() {
  std::vector<Run> all;
  for (const Function &function : kFunctions) {
    for (const char *cpu : {"native", "x86-64-v2"}) {
      all.push_back({function, cpu});
    }
  }
  return all;
}

std::string nameOf(const testing::TestParamInfo<Run> &info) {
  return std::string(info.param.function.name) + (info.param.cpu == "native" ? "" : "_v2");
}

INSTANTIATE_TEST_SUITE_P(Functions, Maths, testing::ValuesIn(runs()), nameOf);

class Exhaustive : public testing::TestWithParam<Function> {};

TEST_P(Exhaustive, DISABLED_EveryF32) {
  auto context = makeCompilerContext();
  Compiled compiled(*context, GetParam().body, "f32", 1, "native");
  ASSERT_EQ(compiled.message, "");
  Worst worst;
  std::vector<float> inputs(Compiled::kCount);
  for (uint64_t first = 0; first < (uint64_t{1} << 32); first += Compiled::kCount) {
    for (int64_t i = 0; i < Compiled::kCount; ++i) {
      inputs[i] = std::bit_cast<float>(static_cast<uint32_t>(first + i));
    }
    std::vector<float> results = compiled.run<float>({inputs});
    for (int64_t i = 0; i < Compiled::kCount; ++i) {
      double near = GetParam().nearTruth(inputs[i]);
      // What is rounded as f64 is has an error of at most half a unit.
      bool isRounded = results[i] == static_cast<float>(near) && worst.error > 0.5 && near != 0;
      if (!isRounded && errorOf(results[i], near) > worst.error * (1 - 1e-6)) {
        worst.consider(results[i], GetParam().truth(inputs[i]), inputs[i]);
      }
    }
  }
  std::cout << GetParam().name << ": worst " << worst.where << "\n";
  EXPECT_LE(worst.error, GetParam().boundF32) << worst.where;
}

INSTANTIATE_TEST_SUITE_P(Functions, Exhaustive, testing::ValuesIn(kFunctions),
                         [](const auto &info) { return std::string(info.param.name); });

/// Pairs of x and y, many with results of moderate size; with `isFirst` all pairs of special
/// values.
template <typename Real> struct PowInputs {
  std::vector<Real> x, y;

  PowInputs(std::mt19937_64 &random, bool isFirst) : x(Compiled::kCount), y(Compiled::kCount) {
    for (int64_t i = 0; i < Compiled::kCount; ++i) {
      x[i] = sample<Real>(random);
      y[i] = sample<Real>(random);
      if (i % 3 == 0) { // results of every size
        double unit = std::ldexp(static_cast<double>(random() >> 11), -52) - 1;
        x[i] = std::fabs(x[i]);
        y[i] = static_cast<Real>(unit * std::numeric_limits<Real>::max_exponent * 1.1 /
                                 std::log2(x[i]));
      }
      y[i] = i % 7 == 0 ? std::floor(y[i]) : y[i];
    }
    const Real special[] = {0,    -Real(0), 1,   -1,        2,    -2,  3,   -3,        0.5,
                            -0.5, INFINITY, NAN, -INFINITY, 1e30, 1e7, 1.5, -16777216, -1.5};
    constexpr size_t count = std::size(special);
    for (size_t i = 0; isFirst && i < count * count; ++i) {
      x[i] = special[i / count];
      y[i] = special[i % count];
    }
  }
};

template <typename Real> void checkPow(const char *element, const char *cpu, double bound) {
  auto context = makeCompilerContext();
  Compiled compiled(*context, "%y = nn.pow %x, %z : {0}", element, 2, cpu);
  ASSERT_EQ(compiled.message, "");
  std::mt19937_64 random(3);
  Worst worst;
  for (int block = 0; block < 4; ++block) {
    PowInputs<Real> inputs(random, block == 0);
    std::vector<Real> results = compiled.run<Real>({inputs.x, inputs.y});
    for (int64_t i = 0; i < Compiled::kCount; ++i) {
      Wide truth = std::pow(static_cast<Wide>(inputs.x[i]), static_cast<Wide>(inputs.y[i]));
      worst.consider(results[i], truth, inputs.x[i]);
    }
  }
  std::cout << "worst: " << worst.where << "\n";
  EXPECT_LE(worst.error, bound) << worst.where;
}

TEST(ExhaustivePower, DISABLED_BillionPairs) {
  auto context = makeCompilerContext();
  Compiled compiled(*context, "%y = nn.pow %x, %z : {0}", "f32", 2, "native");
  ASSERT_EQ(compiled.message, "");
  std::mt19937_64 random(4);
  Worst worst;
  for (int64_t done = 0; done < 1000000000; done += Compiled::kCount) {
    PowInputs<float> inputs(random, done == 0);
    std::vector<float> results = compiled.run<float>({inputs.x, inputs.y});
    for (int64_t i = 0; i < Compiled::kCount; ++i) {
      double near = std::pow(static_cast<double>(inputs.x[i]), static_cast<double>(inputs.y[i]));
      worst.consider(results[i], near, inputs.x[i]);
    }
  }
  std::cout << "pow: worst " << worst.where << "\n";
  EXPECT_LE(worst.error, 1.0) << worst.where;
}

TEST(Power, IsWithinItsBound) {
  for (const char *cpu : {"native", "x86-64-v2"}) {
    checkPow<float>("f32", cpu, 1.0);
    checkPow<double>("f64", cpu, 2.0);
  }
}

} // namespace
} // namespace ntc::codegen::cpu::test
