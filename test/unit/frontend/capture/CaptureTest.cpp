// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a user of the capture API writes, and what it says when it is wrong.
#include "frontend/capture/Capture.h"
#include "frontend/format/ModelFile.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"
#include "ntc/nn/nn.h"

#include <gtest/gtest.h>

#include <set>

namespace {

struct Net : ntc::nn::Module {
  ntc::nn::Linear fc1{28 * 28, 128}, fc2{128, 10};
  Net() {
    registerModule("fc1", fc1);
    registerModule("fc2", fc2);
  }
  ntc::Tensor forward(ntc::Tensor x) { return fc2(relu(fc1(flatten(x)))); }
};

ntc::CaptureOptions image() { return {.inputs = {{"image", ntc::f32, {ntc::Batch, 1, 28, 28}}}}; }

template <typename N> ntc::Program train(N &net, const ntc::CaptureOptions &options) {
  return ntc::capture(net, options, ntc::nn::CrossEntropyLoss(), ntc::optim::SGD());
}

TEST(Capture, TheInterfacesExampleWritesAModel) {
  Net net;
  auto program = ntc::capture(net, {.inputs = {{"image", ntc::f32, {ntc::Batch, 1, 28, 28}}}},
                              ntc::nn::CrossEntropyLoss(), ntc::optim::Adam({.lr = 1e-3}));
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  EXPECT_EQ(program.parameterCount(), 101770);
  std::string path = testing::TempDir() + "/ntc_capture.pb";
  auto main = [&]() -> int { return program.save(path); };
  EXPECT_EQ(main(), 0);
  auto model = ntc::format::readModel(path);
  ASSERT_TRUE(model) << model.status().message();
  EXPECT_EQ(model->graph().node(1).name(), "/fc1/Gemm");
  EXPECT_EQ(model->graph().node(2).name(), "/Relu");
  EXPECT_EQ(model->graph().output(0).name(), "output");
  EXPECT_EQ(ntc::format::str(ntc::format::verify(*model)), "");
  std::remove(path.c_str());
}

TEST(Capture, AShapeMistakeNamesTheLayer) {
  struct Wrong : ntc::nn::Module {
    ntc::nn::Linear fc1{784, 100}, fc2{128, 10};
    Wrong() {
      registerModule("fc1", fc1);
      registerModule("fc2", fc2);
    }
    ntc::Tensor forward(ntc::Tensor x) override { return fc2(relu(fc1(flatten(x)))); }
  } net;
  auto program = train(net, image());
  EXPECT_EQ(program.status().message(),
            "fc2 (Linear): expected last dimension 128, found 100 in input shape (B, 100)");
  EXPECT_EQ(program.save("/nonexistent/model.pb").message(), program.status().message());
}

TEST(Capture, AnUnregisteredLayerIsNamed) {
  struct Forgetful : ntc::nn::Module {
    ntc::nn::Linear fc1{784, 10};
    ntc::Tensor forward(ntc::Tensor x) override { return fc1(flatten(x)); }
  } net;
  EXPECT_EQ(train(net, image()).status().message(),
            "Linear: a Linear is used that no module has registered; call registerModule for it");
}

TEST(Capture, ACopiedNetworkIsRefusedNotFollowedIntoTheOriginal) {
  Net original;
  Net copy = original;
  EXPECT_NE(train(copy, image())
                .status()
                .message()
                .find("was copied or moved after it registered its layers"),
            std::string::npos);
}

TEST(Capture, WrongNumberOfInputsAndBadNamesAreRefused) {
  Net net;
  EXPECT_NE(train(net, {}).status().message().find("forward takes 1 inputs, 0 are given"),
            std::string::npos);
  EXPECT_FALSE(train(net, {.inputs = {{"", ntc::f32, {ntc::Batch, 784}}}}).status().ok());
  EXPECT_FALSE(train(net, {.inputs = {{"image", ntc::f32, {ntc::Batch, 0}}}}).status().ok());
  EXPECT_FALSE(train(net, {.inputs = {{"image", ntc::f32, {784, ntc::Batch}}}}).status().ok());
}

/// Adds a loss of the given name.
struct Regularized : ntc::nn::Module {
  ntc::nn::Linear fc{4, 2};
  std::string term;
  explicit Regularized(std::string term) : term(std::move(term)) { registerModule("fc", fc); }
  ntc::Tensor forward(ntc::Tensor x) override {
    ntc::Tensor y = fc(x);
    addLoss(term, y * y, 0.25);
    return y;
  }
};

TEST(Capture, AddedLossesBecomeTermsOfTheRecipe) {
  Regularized net("activity");
  auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 4}}}});
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  auto recipe = *ntc::format::recipeOf(program.impl->model);
  ASSERT_EQ(recipe.loss().terms_size(), 1);
  EXPECT_EQ(recipe.loss().terms(0).value(), "activity");
  EXPECT_EQ(recipe.loss().terms(0).weight(), 0.25);
  EXPECT_EQ(program.impl->model.graph().node(1).output(0), "activity");
}

TEST(Capture, AddedLossesNeedANameOfTheirOwn) {
  for (const char *name : {"", "x", "loss", "/term", "fc.weight"}) {
    Regularized net(name);
    auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 4}}}});
    EXPECT_EQ(program.status().message(),
              std::string("Regularized: addLoss: expected a name of its own and a value of the "
                          "parameters' type, found \"") +
                  name + "\" and f32 (B, 2)");
  }
}

/// Reports a value of its own, the output, an input and what is a term of the loss too.
struct Measured : ntc::nn::Module {
  ntc::nn::Linear fc{4, 2};
  std::string name;
  explicit Measured(std::string name) : name(std::move(name)) { registerModule("fc", fc); }
  ntc::Tensor forward(ntc::Tensor x) override {
    ntc::Tensor y = fc(x), size = y * y;
    addLoss("activity", size, 0.25);
    addMetric(name, y * sum(x));
    addMetric("size", size);
    addMetric("scores", y);
    addMetric("inputs", x);
    return y;
  }
};

TEST(Capture, MetricsAreValuesOfTheModel) {
  Measured net("own");
  auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 4}}}});
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  auto recipe = *ntc::format::recipeOf(program.impl->model);
  EXPECT_EQ(std::vector<std::string>(recipe.value_metrics().begin(), recipe.value_metrics().end()),
            (std::vector<std::string>{"own", "size", "scores", "inputs"}));
  std::set<std::string> made;
  for (const auto &node : program.impl->model.graph().node()) {
    made.insert(node.output(0));
  }
  for (const char *name : {"own", "size", "scores", "inputs", "activity", "output"}) {
    EXPECT_TRUE(made.contains(name)) << name;
  }
  EXPECT_EQ(recipe.metrics_size(), 1) << "accuracy is reported as before";
}

TEST(Capture, MetricsNeedANameOfTheirOwn) {
  for (const char *name : {"", "x", "loss", "a.b", "size", "val_own", "lr", "output"}) {
    Measured net(name);
    auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 4}}}});
    EXPECT_NE(program.status().message().find("Measured: addMetric: expected a name of its own"),
              std::string::npos)
        << name;
  }
}

TEST(Capture, FirstValuesMayBeReplaced) {
  Net net;
  net.fc1.initialize("weight", ntc::nn::Init::normal(0, 0.5));
  auto program = train(net, image());
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  const auto &initialization = program.impl->model.training_info(0).initialization();
  EXPECT_EQ(initialization.node(0).op_type(), "RandomNormal");
  net.fc2.initialize("wieght", ntc::nn::Init::constant(0));
  EXPECT_EQ(train(net, image()).status().message(),
            "fc2 (Linear): no parameter \"wieght\" to initialize");
}

TEST(Capture, ALossThatDoesNotFitIsExplained) {
  struct Scalar : ntc::nn::Module {
    ntc::nn::Linear fc{4, 1};
    Scalar() { registerModule("fc", fc); }
    ntc::Tensor forward(ntc::Tensor x) override { return mean(fc(x)); }
  } net;
  auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 4}}}});
  EXPECT_EQ(program.status().message(),
            "loss cross_entropy: expected scores of shape (B, classes, …), found ()");
}

TEST(Capture, NestedModulesGivePathsAndStateDictNames) {
  struct Block : ntc::nn::Module {
    ntc::nn::Conv2d conv;
    ntc::nn::BatchNorm2d norm;
    explicit Block(int64_t in, int64_t out)
        : conv(in, out, 3, {.padding = 1, .bias = false}), norm(out) {
      registerModule("conv", conv);
      registerModule("norm", norm);
    }
    ntc::Tensor forward(ntc::Tensor x) override { return relu(norm(conv(x))); }
  };
  struct Deep : ntc::nn::Module {
    Block block1{1, 4};
    ntc::nn::Sequential head{ntc::nn::AdaptiveAvgPool2d(1), ntc::nn::Flatten(),
                             ntc::nn::Dropout(0.2), ntc::nn::Linear(4, 10)};
    Deep() {
      registerModule("block1", block1);
      registerModule("head", head);
    }
    ntc::Tensor forward(ntc::Tensor x) override { return head(block1(x)); }
  } net;
  auto program = train(net, image());
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  const auto &model = program.impl->model;
  std::vector<std::string> names, nodes;
  for (const auto &tensor : model.graph().initializer()) {
    names.push_back(tensor.name());
  }
  for (const auto &node : model.graph().node()) {
    nodes.push_back(node.name());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"block1.conv.weight", "block1.norm.weight",
                                             "block1.norm.bias", "block1.norm.running_mean",
                                             "block1.norm.running_var", "head.3.weight",
                                             "head.3.bias", "/head.2/ratio"}));
  EXPECT_EQ(nodes,
            (std::vector<std::string>{"/block1.conv/Conv", "/block1.norm/BatchNormalization",
                                      "/block1/Relu", "/head.0/GlobalAveragePool",
                                      "/head.1/Flatten", "/head.2/Dropout", "/head.3/Gemm"}));
  EXPECT_EQ(program.parameterCount(), 36 + 8 + 50) << "running statistics are not parameters";
}

TEST(Capture, TwoInputsAndOwnParametersWork) {
  struct Bilinear : ntc::nn::Module {
    using Module::forward;
    Bilinear() { registerParameter("mix", {6, 3}, ntc::nn::Init::fanIn(6)); }
    ntc::Tensor forward(ntc::Tensor a, ntc::Tensor b) {
      return matmul(ntc::concat({a, b * 2.0 - 1.0}, 1), state("mix", a));
    }
  } net;
  auto program = ntc::capture(
      net, {.inputs = {{"a", ntc::f32, {ntc::Batch, 2}}, {"b", ntc::f32, {ntc::Batch, 4}}}},
      ntc::nn::MSELoss(), ntc::optim::AdamW());
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  EXPECT_EQ(program.parameterCount(), 18);
}

TEST(Capture, SharedLayersShareTheirParameters) {
  struct Siamese : ntc::nn::Module {
    ntc::nn::Linear fc{8, 8};
    Siamese() { registerModule("fc", fc); }
    ntc::Tensor forward(ntc::Tensor x) override { return fc(relu(fc(x))); }
  } net;
  auto program = train(net, {.inputs = {{"x", ntc::f32, {ntc::Batch, 8}}}});
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  EXPECT_EQ(program.parameterCount(), 72);
  EXPECT_EQ(program.impl->model.graph().node(2).name(), "/fc/Gemm_1");
}

TEST(Capture, DoublePrecisionAndFreezing) {
  Net net;
  auto options = image();
  options.inputs[0].dtype = ntc::f64;
  options.dtype = ntc::f64;
  options.freeze = {"fc1.*"};
  auto program = train(net, options);
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  EXPECT_EQ(program.impl->model.training_info(0).update_binding_size(), 2);
}

} // namespace
