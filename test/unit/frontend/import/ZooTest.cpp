// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The zoo's models, imported whole, trained for some steps in the interpreter: losses must fall.
#include "TestModels.h"

#include "frontend/format/SpecFlags.h"
#include "frontend/zoo/Zoo.h"

#include <cmath>

using namespace ntc::importer::test;

namespace {

onnx::ModelProto makeModel(std::string_view family, const ntc::zoo::Options &options = {}) {
  auto model = ntc::zoo::make(family, options);
  EXPECT_TRUE(model) << model.status().message();
  return model ? *model : onnx::ModelProto();
}

/// Numbers that look arbitrary and are the same everywhere.
Values pattern(int64_t count, double frequency) {
  Values values;
  for (int64_t i = 0; i < count; ++i) {
    values.push_back(std::sin(frequency * static_cast<double>(i + 1)));
  }
  return values;
}

TEST(Zoo, LinearRegressionFollowsGradientDescent) {
  ntc::zoo::Options options;
  options.input = {3};
  options.output = 1;
  Program p(makeModel("linear", options));
  ASSERT_TRUE(p);
  p.differentiate();
  Values w = p.state("linear.weight"), b = p.state("linear.bias");
  Values x = {1, 2, 3, -1, 0.5, 2}, y = {1, -2};
  // mean squared error over two rows, learning rate 0.1
  Values error(2);
  for (int i = 0; i < 2; ++i) {
    error[i] = x[3 * i] * w[0] + x[3 * i + 1] * w[1] + x[3 * i + 2] * w[2] + b[0] - y[i];
  }
  auto results = p.run("train_step.b2", {x, y, {0.1}});
  ASSERT_EQ(results.size(), 2u);
  EXPECT_NEAR(results[0][0], error[0] * error[0] + error[1] * error[1], 1e-12);
  EXPECT_EQ(results[1][0], 2);
  for (int k = 0; k < 3; ++k) {
    w[k] -= 0.1 * (error[0] * x[k] + error[1] * x[3 + k]);
  }
  expectNear(p.state("linear.weight"), w, 1e-12);
  expectNear(p.state("linear.bias"), {b[0] - 0.1 * (error[0] + error[1])}, 1e-12);
}

TEST(Zoo, MlpLearnsABatch) {
  ntc::zoo::Options options;
  options.input = {1, 4, 4};
  options.hidden = {8};
  options.classes = 3;
  Program p(makeModel("mlp", options), {4});
  ASSERT_TRUE(p);
  p.differentiate();
  std::vector<Values> arguments = {pattern(64, 0.7), {0, 1, 2, 1}};
  auto entry = p.program().lookupSymbol<ntc::ir::train::EntryOp>("train_step.b4");
  for (size_t i = 2; i < entry.getNumArguments(); ++i) {
    auto value = entry.getArgAttrOfType<mlir::FloatAttr>(i, ntc::ir::train::kDefaultAttr);
    ASSERT_TRUE(value) << "control " << i << " has no default";
    arguments.push_back({value.getValueAsDouble() * (i == 2 ? 10 : 1)}); // lr comes first
  }
  auto first = p.run("train_step.b4", arguments);
  ASSERT_EQ(first.size(), 4u);
  EXPECT_EQ(first[1][0], 4);
  EXPECT_EQ(first[3][0], 4);
  std::vector<Values> last;
  for (int i = 0; i < 20; ++i) {
    last = p.run("train_step.b4", arguments);
  }
  EXPECT_LT(last[0][0], 0.5 * first[0][0]);
  EXPECT_EQ(last[2][0], 4);
  auto eval = p.run("eval_step.b4", {arguments[0], arguments[1]});
  EXPECT_LT(eval[0][0], last[0][0]);
  EXPECT_EQ(p.run("predict.b4", {arguments[0]})[0].size(), 12u);
}

class Family : public testing::TestWithParam<const char *> {};

TEST_P(Family, ImportsInBothPrecisionsAndSeveralBatchSizes) {
  onnx::ModelProto model = makeModel(GetParam());
  for (bool f64 : {false, true}) {
    mlir::MLIRContext context;
    ntc::importer::ImportReport report;
    ntc::importer::ImportOptions options;
    options.batchSizes = {1, 3};
    options.f64 = f64;
    auto module = ntc::importer::importModel(model, context, options, report);
    EXPECT_TRUE(succeeded(module)) << report.str();
  }
}

INSTANTIATE_TEST_SUITE_P(All, Family,
                         testing::Values("linear", "mlp", "cnn", "lenet", "vae", "resnet18"));

} // namespace
