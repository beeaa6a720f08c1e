// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Moments of the initializers over a million values, their structure, and refusals. The expected
// moments are those of torch.nn.init's distributions.
#include "runtime/train/Initializers.h"

#include "../data/Scratch.h"
#include "TinyProgram.h"

#include <cmath>
#include <cstring>

namespace ntc::rt::train {
namespace {

using data::has;

std::vector<double> draw(std::string_view function, std::vector<int64_t> shape,
                         uint32_t stream = 1) {
  Result<InitRule> rule = parseInitRule(concat("*=", function));
  EXPECT_TRUE(rule) << rule.status().message();
  size_t count = 1;
  for (int64_t dimension : shape) {
    count *= static_cast<size_t>(dimension);
  }
  std::vector<double> values(count);
  Status status = drawInitial(*rule, shape, 7, stream, values);
  EXPECT_TRUE(status) << status.message();
  return values;
}

struct Moments {
  double mean = 0, deviation = 0, skew = 0, kurtosis = 0, least = INFINITY, greatest = -INFINITY;
};

Moments momentsOf(const std::vector<double> &values) {
  Moments out;
  const auto count = static_cast<double>(values.size());
  for (double value : values) {
    out.mean += value / count;
    out.least = std::min(out.least, value);
    out.greatest = std::max(out.greatest, value);
  }
  double third = 0, fourth = 0;
  for (double value : values) {
    const double d = value - out.mean;
    out.deviation += d * d / count;
    third += d * d * d / count;
    fourth += d * d * d * d / count;
  }
  out.deviation = std::sqrt(out.deviation);
  out.skew = third / std::pow(out.deviation, 3);
  out.kurtosis = fourth / std::pow(out.deviation, 4);
  return out;
}

// With n = 2^20 values the mean's deviation is sigma / 1024, that of sigma about sigma / 1448, of
// the skew 0.0024 and of the kurtosis 0.0048; five of each are allowed.
void expectMoments(std::string_view function, std::vector<int64_t> shape, double mean,
                   double deviation, double kurtosis) {
  const Moments found = momentsOf(draw(function, std::move(shape)));
  EXPECT_NEAR(found.mean, mean, 5 * deviation / 1024) << function;
  EXPECT_NEAR(found.deviation, deviation, 5 * deviation / 1448) << function;
  EXPECT_NEAR(found.skew, 0.0, 5 * 0.0024) << function;
  EXPECT_NEAR(found.kurtosis, kurtosis, 5 * 0.0048) << function;
}

TEST(Initializers, MomentsOverAMillionValues) {
  constexpr double uniform = 1.8, normal = 3.0;
  const double root3 = std::sqrt(3.0), root2 = std::sqrt(2.0);
  expectMoments("uniform", {1024, 1024}, 0.5, 1.0 / std::sqrt(12.0), uniform);
  expectMoments("uniform(a=-2,b=4)", {1 << 20}, 1.0, root3, uniform);
  expectMoments("normal", {1024, 1024}, 0.0, 1.0, normal);
  expectMoments("normal_(mean=3,std=0.02)", {1 << 20}, 3.0, 0.02, normal);
  // fan_in 256 * 9, fan_out 512 * 9 (conv); 2048 and 512 (linear).
  expectMoments("xavier_uniform(gain=2)", {512, 2048}, 0.0, 2 * root2 / std::sqrt(2560.0), uniform);
  expectMoments("xavier_normal", {512, 2048}, 0.0, root2 / std::sqrt(2560.0), normal);
  expectMoments("kaiming_uniform(a=2.2360679774997896)", {512, 2048}, 0.0,
                std::sqrt(2.0 / 6.0) / std::sqrt(2048.0), uniform);
  expectMoments("kaiming_normal(mode=fan_out,nonlinearity=relu)", {512, 128, 4, 4}, 0.0,
                root2 / std::sqrt(512.0 * 16.0), normal);
  expectMoments("kaiming_normal(nonlinearity=tanh)", {512, 128, 4, 4}, 0.0,
                5.0 / 3.0 / std::sqrt(128.0 * 16.0), normal);
  // A normal cut at two deviations: variance 0.7737413, fourth moment over its square 2.3649.
  expectMoments("trunc_normal(std=0.5,a=-1,b=1)", {1024, 1024}, 0.0, 0.5 * std::sqrt(0.77374130355),
                2.3649);
  expectMoments("xavier_uniform", {256, 64, 64}, 0.0, root2 / std::sqrt((64.0 + 256.0) * 64.0),
                uniform);
  expectMoments("kaiming_uniform(mode=fan_out,nonlinearity=relu)", {256, 64, 64}, 0.0,
                root2 / std::sqrt(256.0 * 64.0), uniform);
  expectMoments("kaiming_normal(a=0.2)", {1024, 1024}, 0.0,
                std::sqrt(2.0 / 1.04) / std::sqrt(1024.0), normal);
  const Moments cut = momentsOf(draw("trunc_normal(mean=1,std=2,a=0,b=1.5)", {1 << 20}));
  EXPECT_GE(cut.least, 0.0);
  EXPECT_LE(cut.greatest, 1.5);
}

TEST(Initializers, MomentsOfOrthogonalAndSparse) {
  // An orthogonal matrix of side n: every entry has mean 0, variance 1/n and fourth moment
  // 3 / (n (n + 2)); the sum of squares is n exactly.
  constexpr double n = 512;
  const Moments turned = momentsOf(draw("orthogonal", {512, 512}));
  EXPECT_NEAR(std::hypot(turned.deviation, turned.mean), 1 / std::sqrt(n), 1e-9);
  EXPECT_NEAR(turned.mean, 0.0, 5 / n / std::sqrt(n));
  EXPECT_NEAR(turned.skew, 0.0, 5 * std::sqrt(6.0) / n);
  EXPECT_NEAR(turned.kurtosis, 3 * n / (n + 2), 5 * std::sqrt(24.0) / n);
  // sparse: ceil(0.3 * 1024) = 308 zeros in each column, the others normal with std, which is 0.01
  // unless told.
  for (auto [text, deviation] :
       {std::pair{"sparse(sparsity=0.3)", 0.01}, std::pair{"sparse(sparsity=0.3,std=0.5)", 0.5}}) {
    std::vector<double> values = draw(text, {1024, 1024});
    std::erase(values, 0.0);
    ASSERT_EQ(values.size(), (1024U - 308U) * 1024U);
    const Moments found = momentsOf(values);
    const double count = std::sqrt(static_cast<double>(values.size()));
    EXPECT_NEAR(found.mean, 0.0, 5 * deviation / count);
    EXPECT_NEAR(found.deviation, deviation, 5 * deviation / (std::sqrt(2.0) * count));
    EXPECT_NEAR(found.skew, 0.0, 5 * std::sqrt(6.0) / count);
    EXPECT_NEAR(found.kurtosis, 3.0, 5 * std::sqrt(24.0) / count);
  }
}

/// Which rows sparse() chooses: each as often as any other.
TEST(Initializers, SparseSparesEveryRowEquallyOften) {
  const std::vector<double> values = draw("sparse(sparsity=0.25)", {16, 65536});
  for (size_t row = 0; row < 16; ++row) {
    const auto zeros = std::count(values.begin() + static_cast<ptrdiff_t>(row * 65536),
                                  values.begin() + static_cast<ptrdiff_t>((row + 1) * 65536), 0.0);
    EXPECT_NEAR(static_cast<double>(zeros), 16384, 5 * std::sqrt(65536 * 0.25 * 0.75)) << row;
  }
}

TEST(Initializers, OrthogonalTo1e6) {
  for (auto [rows, columns] : {std::pair{60, 60}, {40, 90}, {90, 40}}) {
    const std::vector<double> q = draw("orthogonal(gain=1.5)", {rows, columns});
    const bool isWide = rows <= columns;
    const int count = std::min(rows, columns), length = std::max(rows, columns);
    auto at = [&](int vector, int i) {
      return q[static_cast<size_t>(isWide ? vector * columns + i : i * columns + vector)];
    };
    for (int u = 0; u < count; ++u) {
      for (int v = 0; v <= u; ++v) {
        double product = 0.0;
        for (int i = 0; i < length; ++i) {
          product += at(u, i) * at(v, i);
        }
        EXPECT_NEAR(product, u == v ? 2.25 : 0.0, 1e-6) << rows << "x" << columns;
      }
    }
  }
}

TEST(Initializers, Structured) {
  EXPECT_EQ(draw("constant(val=0.25)", {3}), (std::vector<double>{0.25, 0.25, 0.25}));
  EXPECT_EQ(draw("ones", {2}), (std::vector<double>{1, 1}));
  EXPECT_EQ(draw("eye", {2, 3}), (std::vector<double>{1, 0, 0, 0, 1, 0}));
  EXPECT_EQ(draw("dirac", {2, 2, 3}), (std::vector<double>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0}));
  EXPECT_EQ(draw("dirac(groups=2)", {2, 1, 3}), (std::vector<double>{0, 1, 0, 0, 1, 0}));
  // As torch.nn.init.dirac_: channel d of every group passes through the middle of its kernel, and
  // outputs beyond the inputs stay zero.
  EXPECT_EQ(draw("dirac", {3, 2, 4}), (std::vector<double>{0, 0, 1, 0, 0, 0, 0, 0, //
                                                           0, 0, 0, 0, 0, 0, 1, 0, //
                                                           0, 0, 0, 0, 0, 0, 0, 0}));
  EXPECT_EQ(draw("dirac(groups=2)", {4, 3, 3}),
            (std::vector<double>{0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0,
                                 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0}));
  EXPECT_EQ(draw("dirac", {1, 1, 3, 3}), (std::vector<double>{0, 0, 0, 0, 1, 0, 0, 0, 0}));
  const std::vector<double> sparse = draw("sparse(sparsity=0.3,std=1)", {10, 50});
  for (size_t column = 0; column < 50; ++column) {
    int zeros = 0;
    for (size_t row = 0; row < 10; ++row) {
      zeros += sparse[row * 50 + column] == 0.0;
    }
    EXPECT_EQ(zeros, 3) << column;
  }
  EXPECT_EQ(draw("normal", {8}), draw("normal", {8})) << "the same seed draws the same";
  EXPECT_NE(draw("normal", {8}), draw("normal", {8}, 2)) << "every parameter draws its own";
}

TEST(Initializers, RefusesByName) {
  struct Case {
    const char *text, *message;
  };
  const Case cases[] = {
      {"fc", "expected PATTERN=FUNCTION(SETTINGS), found 'fc'"},
      {"*=kaiming", "unknown initializer 'kaiming'"},
      {"*=xavier_unifrom", "did you mean 'xavier_uniform'?"},
      {"*=kaiming_normal(mode=fan)", "kaiming_normal: unknown mode 'fan'; did you mean 'fan_in'?"},
      {"*=kaiming_normal(nonlinearity=gelu)", "unknown nonlinearity 'gelu'"},
      {"*=uniform(1,2,3)", "uniform takes no argument '3'"},
      {"*=xavier_uniform(gain=calculate_gain('gelu'))", "gain: expected a number in its range"},
      {"*=normal((1)", "parentheses do not match"},
      {"*=normal(mean=x)", "normal: mean: expected a number in its range, found 'x'"},
      {"*=normal(std=-1)", "std: expected a number in its range, found '-1'"},
      {"*=normal(sdt=1)", "normal has no setting 'sdt'; did you mean 'std'?"},
      {"*=ones(val=1)", "ones has no setting 'val'"},
      {"*=constant", "constant needs val"},
      {"*=sparse", "sparse needs sparsity"},
      {"*=normal(std=1", "expected ')' at the end"},
      {"/(/=ones", "is no regular expression"},
  };
  for (const Case &each : cases) {
    Result<InitRule> rule = parseInitRule(each.text);
    ASSERT_FALSE(rule) << each.text;
    EXPECT_TRUE(has(rule.status().message(), each.message)) << rule.status().message();
  }
  std::vector<double> values(3);
  const int64_t shape[] = {3};
  Status status = drawInitial(*parseInitRule("*=xavier_normal"), shape, 1, 1, values);
  EXPECT_TRUE(has(status.message(), "xavier_normal takes tensors of 2 or more dimensions, found "
                                    "the shape [3]"))
      << status.message();
}

/// Lines of PyTorch scripts, and the same in this command's own form.
TEST(Initializers, AreReadAsPyTorchWritesThem) {
  struct Case {
    const char *pasted, *same;
  };
  const Case cases[] = {
      {"w=constant(0.5)", "w=constant(val=0.5)"},
      {"w=nn.init.constant_(m.bias, 0.5)", "w=constant(val=0.5)"},
      {"w=uniform_(-1, 1)", "w=uniform(a=-1,b=1)"},
      {"w=torch.nn.init.trunc_normal_(m.weight, std=.02)", "w=trunc_normal(std=0.02)"},
      {"w=nn.init.kaiming_normal_(m.weight, mode='fan_out', nonlinearity=\"relu\")",
       "w=kaiming_normal(mode=fan_out,nonlinearity=relu)"},
      {"w=kaiming_uniform_(w.data, 0.1, 'fan_out', 'tanh')",
       "w=kaiming_uniform(a=0.1,mode=fan_out,nonlinearity=tanh)"},
      {"w=xavier_uniform_(gain=nn.init.calculate_gain('relu'))",
       "w=xavier_uniform(gain=1.4142135623730951)"},
      {"w=xavier_normal(calculate_gain('leaky_relu', 2))",
       "w=xavier_normal(gain=0.6324555320336759)"},
      {"w=orthogonal_(self.rnn.weight, 2)", "w=orthogonal(gain=2)"},
      {"w=sparse_(m.weight, 0.1, 1)", "w=sparse(sparsity=0.1,std=1)"},
      {"w=nn.init.zeros_(m.bias)", "w=zeros"},
  };
  for (const Case &each : cases) {
    const auto pasted = parseInitRule(each.pasted), same = parseInitRule(each.same);
    ASSERT_TRUE(pasted) << each.pasted << ": " << pasted.status().message();
    ASSERT_TRUE(same) << each.same;
    EXPECT_EQ(pasted->function, same->function) << each.pasted;
    EXPECT_EQ(pasted->numbers, same->numbers) << each.pasted;
    EXPECT_EQ(pasted->words, same->words) << each.pasted;
  }
}

TEST(Initializers, AppliedByPattern) {
  EXPECT_TRUE(matches(*parseInitRule("fc*.weight=ones"), "fc1.weight"));
  EXPECT_FALSE(matches(*parseInitRule("fc*.weight=ones"), "fc1.bias"));
  EXPECT_TRUE(matches(*parseInitRule(R"(/fc[12]\.(weight|bias)/=ones)"), "fc2.bias"));
  auto session = exec::Session::create(tinyProgram());
  ASSERT_TRUE(session);
  const InitRule rules[] = {*parseInitRule("w=constant(val=0.5)")};
  ASSERT_TRUE(applyInitRules(**session, rules, 1));
  float w = 0;
  std::memcpy(&w, (*session)->state("w")->data(), sizeof(w));
  EXPECT_EQ(w, 0.5f);
  const InitRule none[] = {*parseInitRule("fc*=ones")};
  EXPECT_TRUE(has(applyInitRules(**session, none, 1).message(),
                  "the pattern 'fc*' fits no parameter of the program"));
}

} // namespace
} // namespace ntc::rt::train
