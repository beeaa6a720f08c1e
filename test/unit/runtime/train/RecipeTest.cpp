// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading a TrainSpec in JSON and writing it with overrides.
#include "runtime/train/Recipe.h"
#include "runtime/train/RecipeLines.h"

#include "../data/Scratch.h"

namespace ntc::rt::train {
namespace {

constexpr std::string_view kRecipe =
    R"({"model":"mlp","loss":{"name":"cross_entropy"},"optimizer":{"name":"adam",)"
    R"("hyperparameters":{"lr":0.001,"beta1":0.9},"nesterov":true},"seed":"7","epochs":3,)"
    R"("batchSizes":[64,32]})";

TEST(Recipe, TakesWhatTheLoopNeeds) {
  Result<Recipe> recipe = parseRecipe(kRecipe);
  ASSERT_TRUE(recipe) << recipe.status().message();
  EXPECT_EQ(recipe->lossName, "cross_entropy");
  EXPECT_EQ(recipe->learningRate, 0.001);
  EXPECT_EQ(recipe->seed, 7u);
  EXPECT_EQ(recipe->epochs, 3);
  EXPECT_EQ(recipe->batchSizes, (std::vector<int64_t>{64, 32}));
  EXPECT_EQ(parseRecipe(R"({"batch_sizes":[8]})")->batchSizes, std::vector<int64_t>{8});
  EXPECT_TRUE(parseRecipe(""));
}

TEST(Recipe, OverridesReplaceAndKeepTheRest) {
  Result<Recipe> recipe = parseRecipe(kRecipe);
  ASSERT_TRUE(recipe) << recipe.status().message();
  std::string text = withOverrides(*recipe, {0.5, 9, 4, 32});
  EXPECT_EQ(text, R"({"model":"mlp","loss":{"name":"cross_entropy"},"optimizer":{"name":"adam",)"
                  R"("nesterov":true,"hyperparameters":{"beta1":0.9,"lr":0.5}},"seed":"9",)"
                  R"("epochs":4,"batchSizes":[32,64]})"
                  "\n");
  EXPECT_TRUE(parseRecipe(text));
}

TEST(Recipe, WhatNeedsAValidationIsLeftOutWithoutOne) {
  Result<Recipe> recipe =
      parseRecipe(R"({"validationMetrics":["f1"],"earlyStop":"patience=2","monitor":"loss"})");
  ASSERT_TRUE(recipe) << recipe.status().message();
  TrainOptions without;
  std::vector<std::string> notes = applyTo(without, *recipe);
  EXPECT_EQ(notes.size(), 2u);
  EXPECT_TRUE(without.metrics.empty());
  EXPECT_EQ(without.earlyStop, "");
  EXPECT_EQ(without.monitor, "loss");
  TrainOptions with;
  with.fold = Fold{0, 2};
  EXPECT_TRUE(applyTo(with, *recipe).empty());
  EXPECT_EQ(with.metrics, std::vector<std::string>{"f1"});
  EXPECT_EQ(with.earlyStop, "patience=2");
}

TEST(Recipe, LinesSayWhatFlagsSay) {
  Result<Recipe> recipe = parseRecipe(
      R"({"data":"synthetic","valSplit":"0.2,stratified","shuffle":false,"drop_last":true,)"
      R"("workers":0,"prefetchFactor":3,"maxSteps":"12","maxTime":"1h30m","saveEvery":"0","keep":3,)"
      R"("controls":{"beta1":0.5,"beta2":1e-3},"reinit":["fc*"],"epochs":4})");
  ASSERT_TRUE(recipe) << recipe.status().message();
  TrainOptions options;
  options.controls = {{"beta1", 0.25}};
  EXPECT_TRUE(applyTo(options, *recipe).empty());
  EXPECT_EQ(commandLine(options),
            " --data synthetic --val-split 0.2,stratified --control beta1=0.25 --control "
            "beta2=0.001 --epochs 4 --max-steps 12 --max-time 5400 --drop-last --no-shuffle "
            "--workers 0 --prefetch-factor 3 --keep 3");
  EXPECT_EQ(options.reinit, std::vector<std::string>{"fc*"});
  artifact::Manifest manifest;
  manifest.precision = "bf16";
  Result<Recipe> again = parseRecipe(linesOf(options, manifest));
  ASSERT_TRUE(again) << again.status().message();
  TrainOptions twice;
  applyTo(twice, *again);
  twice.epochs = 4;
  EXPECT_EQ(commandLine(twice), commandLine(options));
  EXPECT_EQ(again->spec.find("precision")->text(), "BF16");
  EXPECT_EQ(again->spec.find("denormals")->text(), "flush");
}

TEST(Recipe, FlagsReplaceLinesThatSayTheSameThing) {
  Result<Recipe> recipe =
      parseRecipe(R"({"fold":"1/2","sampler":"weighted","maxSteps":"9","dropLast":true})");
  ASSERT_TRUE(recipe) << recipe.status().message();
  TrainOptions options;
  options.val = "synthetic";
  options.noShuffle = true;
  options.epochs = 2;
  options.dropLast = false;
  applyTo(options, *recipe);
  EXPECT_EQ(commandLine(options), " --val synthetic --epochs 2 --no-shuffle");
  TrainOptions resumed;
  resumed.resume = ResumeMode::Exact;
  applyTo(resumed, *recipe);
  EXPECT_EQ(commandLine(resumed), "") << "a run that resumes has its own";
}

TEST(Recipe, RefusesLinesAsFlagsDo) {
  using data::has;
  auto problem = [](std::string_view json) { return parseRecipe(json).status().message(); };
  EXPECT_TRUE(
      has(problem(R"({"sampler":"weigthed"})"), "'sampler': unknown sampler 'weigthed'; did"));
  EXPECT_TRUE(has(problem(R"({"keep":1})"), "the recipe's 'keep'"));
  EXPECT_TRUE(has(problem(R"({"data":5})"), "'data' should be text"));
  EXPECT_TRUE(has(problem(R"({"shuffle":"no"})"), "'shuffle' should be true or false"));
  EXPECT_TRUE(has(problem(R"({"init":"*=ones"})"), "'init' should be a list of texts"));
  EXPECT_TRUE(
      has(problem(R"({"controls":{"lr":"x"}})"), "'controls' should be names with numbers"));
  EXPECT_TRUE(has(problem(R"({"max_steps":-1})"), "the recipe's 'max_steps'"));
}

TEST(Recipe, RefusesMembersOfTheWrongKind) {
  using data::has;
  EXPECT_TRUE(has(parseRecipe("[]").status().message(), "should be a JSON object"));
  EXPECT_TRUE(has(parseRecipe(R"({"penalties":[{"l1":0},{"l1":1e999}]})").status().message(),
                  "'penalties[1].l1' should be a finite number of 64 bits, found 1e999"));
  EXPECT_TRUE(has(parseRecipe("{").status().message(), "the recipe"));
  EXPECT_TRUE(has(parseRecipe(R"({"seed":-1})").status().message(), "'seed' should be"));
  EXPECT_TRUE(has(parseRecipe(R"({"epochs":"x"})").status().message(), "'epochs' should be"));
  EXPECT_TRUE(has(parseRecipe(R"({"batchSizes":[0]})").status().message(), "'batchSizes'"));
  EXPECT_TRUE(
      has(parseRecipe(R"({"optimizer":{"hyperparameters":{"lr":"x"}}})").status().message(), "lr"));
}

} // namespace
} // namespace ntc::rt::train
