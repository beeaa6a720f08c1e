// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every family of the zoo verifies and has the size of its PyTorch counterpart.

#include "frontend/zoo/Zoo.h"

#include "frontend/format/SpecFlags.h"
#include "frontend/format/Summary.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"

#include <gtest/gtest.h>

#include <set>

using namespace ntc;

namespace {

int64_t parameters(std::string_view family, const zoo::Options &options = {}) {
  auto model = zoo::make(family, options);
  EXPECT_TRUE(model) << model.status().message();
  auto summary = format::summarize(*model);
  EXPECT_TRUE(summary) << summary.status().message();
  return summary->parameters;
}

std::string problem(std::string_view family, const zoo::Options &options = {}) {
  auto model = zoo::make(family, options);
  return model ? "accepted" : model.status().message();
}

TEST(Zoo, ParameterCountsAreThoseOfTheModelsRepeated) {
  EXPECT_EQ(parameters("linear"), 6);
  EXPECT_EQ(parameters("mlp"), 101770);
  EXPECT_EQ(parameters("mlp", {.hidden = {512, 512}}), 669706);
  EXPECT_EQ(parameters("cnn"), 1199882);
  EXPECT_EQ(parameters("lenet"), 62006);
  EXPECT_EQ(parameters("vae"), 652824);
  EXPECT_EQ(parameters("resnet18"), 11173962);
  EXPECT_EQ(parameters("resnet18", {.stem = zoo::Stem::ImageNet}), 11689512);
}

TEST(Zoo, EveryFamilyIsSoundAndCarriesItsRecipe) {
  for (const zoo::Family &family : zoo::list()) {
    SCOPED_TRACE(family.name);
    auto model = zoo::make(family.name);
    ASSERT_TRUE(model) << model.status().message();
    EXPECT_EQ(format::str(format::verify(*model)), "");
    EXPECT_TRUE(format::isGenerated(*model));
  }
  EXPECT_EQ(format::recipeOf(*zoo::make("cnn"))->optimizer().hyperparameters().at("lr"), 1.0);
  EXPECT_EQ(format::recipeOf(*zoo::make("lenet"))->optimizer().hyperparameters().at("momentum"),
            0.9);
}

TEST(Zoo, ResNetHasTorchvisionsNames) {
  auto model = *zoo::make("resnet18");
  std::set<std::string> names;
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    names.insert(tensor.name());
  }
  EXPECT_EQ(names.size(), 102u); // 20 convolutions, 20 normalizations of 4 tensors, fc
  for (const char *name :
       {"conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.bias", "layer4.1.bn2.running_mean", "fc.weight", "fc.bias"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
  EXPECT_FALSE(names.contains("layer1.0.downsample.0.weight"));
}

TEST(Zoo, AnotherLossKeepsWhatTheModelAddsToIt) {
  auto model = zoo::make("vae", {.loss = *format::parseLoss("mse,reduction=sum")});
  ASSERT_TRUE(model) << model.status().message();
  auto recipe = *format::recipeOf(*model);
  EXPECT_EQ(recipe.loss().name(), "mse");
  EXPECT_EQ(recipe.loss().target(), "image");
  ASSERT_EQ(recipe.loss().terms_size(), 1);
  EXPECT_EQ(recipe.loss().terms(0).value(), "kl_divergence");
  EXPECT_EQ(format::str(format::verify(*model)), "");
}

TEST(Zoo, WrongChoicesAreExplained) {
  EXPECT_EQ(problem("lenett"), "unknown family 'lenett'; did you mean 'lenet'?");
  EXPECT_EQ(problem("cnn", {.hidden = {3}}), "family cnn has no option --hidden");
  EXPECT_EQ(problem("cnn", {.stem = zoo::Stem::Cifar}), "family cnn has no option --stem");
  EXPECT_EQ(problem("mlp", {.hidden = {0}}),
            "--hidden: expected sizes from 1 to 16777216, found 0");
  EXPECT_EQ(problem("linear", {.input = {2, 3}}),
            "--input: family linear takes one number, found 2");
  EXPECT_NE(problem("mlp", {.hidden = {16777216, 16777216}}).find("at most 2^28 elements"),
            std::string::npos);
}

} // namespace
