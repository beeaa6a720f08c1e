// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every family of the zoo verifies and has the size of its PyTorch counterpart.

#include "frontend/zoo/Zoo.h"

#include "frontend/format/Summary.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"

#include <gtest/gtest.h>

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

TEST(Zoo, WrongChoicesAreExplained) {
  EXPECT_EQ(problem("lenett"), "unknown family 'lenett'; did you mean 'lenet'?");
  EXPECT_EQ(problem("cnn", {.hidden = {3}}), "family cnn has no option --hidden");
  EXPECT_EQ(problem("mlp", {.hidden = {0}}),
            "--hidden: expected sizes from 1 to 16777216, found 0");
  EXPECT_EQ(problem("linear", {.input = {2, 3}}),
            "--input: family linear takes one number, found 2");
  EXPECT_NE(problem("mlp", {.hidden = {16777216, 16777216}}).find("at most 2^28 elements"),
            std::string::npos);
}

} // namespace
