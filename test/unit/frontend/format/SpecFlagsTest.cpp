// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A failure means that a flag is read wrongly, or that a mistake in one is not explained.
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace ntc;
using namespace ntc::format;

namespace {

std::string optimizerError(const char *text) {
  auto result = parseOptimizer(text);
  return result ? "accepted" : result.status().message();
}
std::string lossError(const char *text) {
  auto result = parseLoss(text);
  return result ? "accepted" : result.status().message();
}

TEST(SpecFlags, OptimizerGetsItsSettingsAndPyTorchsDefaults) {
  auto adam = parseOptimizer("adam,lr=2e-3,betas=0.8:0.99");
  ASSERT_TRUE(adam) << adam.status().message();
  EXPECT_EQ(adam->hyperparameters().at("lr"), 2e-3);
  EXPECT_EQ(adam->hyperparameters().at("beta1"), 0.8);
  EXPECT_EQ(adam->hyperparameters().at("beta2"), 0.99);
  EXPECT_EQ(adam->hyperparameters().at("eps"), 1e-8);
  EXPECT_EQ(adam->hyperparameters().at("weight_decay"), 0);
  EXPECT_EQ(parseOptimizer("adamw")->hyperparameters().at("weight_decay"), 1e-2);
  EXPECT_EQ(parseOptimizer("adadelta")->hyperparameters().at("lr"), 1.0);
  EXPECT_TRUE(parseOptimizer("sgd,lr=0.1,momentum=0.9,nesterov")->nesterov());
}

TEST(SpecFlags, WhatIsPastedFromPyTorchIsTaken) {
  auto same = [](const auto &pasted, const auto &ours) {
    ASSERT_TRUE(pasted && ours) << pasted.status().message();
    EXPECT_EQ(pasted->DebugString(), ours->DebugString());
  };
  same(parseOptimizer("torch.optim.AdamW(model.parameters(), lr=2e-3, betas=(0.8, 0.99))"),
       parseOptimizer("adamw,lr=2e-3,betas=0.8:0.99"));
  same(parseOptimizer("SGD(lr=0.1, momentum=0.9, nesterov=True)"),
       parseOptimizer("sgd,lr=0.1,momentum=0.9,nesterov"));
  same(parseOptimizer("RMSprop"), parseOptimizer("rmsprop"));
  same(parseLoss("nn.CrossEntropyLoss(label_smoothing=0.1)"),
       parseLoss("cross_entropy,label_smoothing=0.1"));
  same(parseLoss("BCEWithLogitsLoss"), parseLoss("bce_with_logits"));
  EXPECT_EQ(optimizerError("Adm(lr=1)"), "unknown optimizer 'Adm'; did you mean 'adam'?");
  EXPECT_EQ(optimizerError("SGD(model.parameters(), 0.1)").substr(0, 22), "unknown optimizer 'SGD");
}

TEST(SpecFlags, MistakesInOptimizersAreNamed) {
  EXPECT_EQ(optimizerError("adm"), "unknown optimizer 'adm'; did you mean 'adam'?");
  EXPECT_EQ(optimizerError("lbfgs"), "unknown optimizer 'lbfgs'; known: sgd, adam, adamw, "
                                     "adadelta, rmsprop, adagrad, adamax, radam, nadam, lion");
  EXPECT_EQ(optimizerError("adam,lr=nan"),
            "optimizer adam: lr: expected a finite number, found 'nan'");
  EXPECT_EQ(optimizerError("adam,lr=inf"),
            "optimizer adam: lr: expected a finite number, found 'inf'");
  EXPECT_EQ(optimizerError("adam,lr=-1"),
            "optimizer adam: lr: expected a finite number at least 0, found -1");
  EXPECT_EQ(optimizerError("adam,lr=1e-3x"),
            "optimizer adam: lr: expected a finite number, found '1e-3x'");
  EXPECT_EQ(optimizerError("adam,lr"), "optimizer adam: lr: expected a finite number, found ''");
  EXPECT_EQ(optimizerError("adam,betas=0.9"),
            "optimizer adam: betas: expected two numbers as 0.9:0.999, found '0.9'");
  EXPECT_EQ(optimizerError("adam,betas=0.9:1"),
            "optimizer adam: beta2: expected a finite number in [0, 1), found 1");
  EXPECT_EQ(optimizerError("sgd,momentm=0.9"),
            "optimizer sgd has no setting 'momentm'; did you mean 'momentum'?");
  EXPECT_EQ(optimizerError("sgd,lr=1,lr=2"), "optimizer 'sgd,lr=1,lr=2': 'lr' is given twice");
  EXPECT_EQ(optimizerError("adam,amsgrad"),
            "optimizer adam: amsgrad is not supported; leave it out");
  EXPECT_EQ(optimizerError("adam,amsgrad=false"), "accepted");
  EXPECT_EQ(optimizerError("sgd,nesterov"),
            "optimizer sgd: nesterov needs a momentum above 0 and no dampening");
  EXPECT_EQ(optimizerError("sgd,nesterov=maybe"),
            "optimizer sgd: nesterov: expected true or false, found 'maybe'");
  EXPECT_EQ(optimizerError(""), "optimizer '' does not begin with a name");
  EXPECT_EQ(optimizerError("sgd,"), "optimizer 'sgd,': setting 1 has no name");
}

TEST(SpecFlags, LossGetsItsSettings) {
  auto loss =
      parseLoss("cross_entropy,label_smoothing=0.1,weight=1:2.5,ignore_index=-100,reduction=sum");
  ASSERT_TRUE(loss) << loss.status().message();
  EXPECT_EQ(loss->label_smoothing(), 0.1);
  EXPECT_EQ(loss->weight(1), 2.5f);
  EXPECT_EQ(loss->ignore_index(), -100);
  EXPECT_EQ(loss->reduction(), "sum");
  EXPECT_EQ(loss->target(), "label");
  EXPECT_EQ(parseLoss("mse")->target(), "target");
  EXPECT_EQ(parseLoss("mse")->reduction(), "mean");
}

TEST(SpecFlags, MistakesInLossesAreNamed) {
  EXPECT_EQ(lossError("crossentropy"),
            "unknown loss 'crossentropy'; did you mean 'cross_entropy'?");
  EXPECT_EQ(lossError("mse,weight=1"),
            "loss mse has no setting 'weight'; known: reduction, target");
  EXPECT_EQ(lossError("mse,reduction=none"),
            "loss mse: reduction none leaves no scalar to differentiate; use mean or sum");
  EXPECT_EQ(lossError("cross_entropy,label_smoothing=1.5"),
            "loss cross_entropy: label_smoothing: expected a number in [0, 1], found 1.5");
  EXPECT_EQ(lossError("cross_entropy,weight=1:x"),
            "loss cross_entropy: weight: expected a finite number, found 'x'");
  EXPECT_EQ(lossError("nll,ignore_index=1.5"),
            "loss nll: ignore_index: expected an integer, found '1.5'");
}

TEST(SpecFlags, ARecipeFromAFileIsCheckedAsAWhole) {
  TrainSpec spec;
  spec.mutable_loss()->set_name("l2");
  spec.mutable_optimizer()->set_name("sgd");
  (*spec.mutable_optimizer()->mutable_hyperparameters())["lr"] = -1;
  (*spec.mutable_optimizer()->mutable_hyperparameters())["beta1"] = 0.5;
  spec.add_frozen("/(/");
  spec.mutable_clip()->set_max_norm(-1);
  spec.mutable_clip()->set_clip_value(INFINITY);
  spec.add_penalties()->set_l1(-1);
  spec.add_metrics("f1");
  auto problems = complete(spec);
  EXPECT_EQ(problems.size(), 8u) << str(problems);
}

TrainSpec grouped(const char *text) {
  TrainSpec spec;
  *spec.mutable_optimizer() = *parseOptimizer("adam,lr=0.1");
  Status status = addParameterGroup(text, spec);
  EXPECT_TRUE(status) << status.message();
  return spec;
}

std::string groupError(const char *text) {
  TrainSpec spec;
  *spec.mutable_optimizer() = *parseOptimizer("sgd");
  return std::string(addParameterGroup(text, spec).message());
}

TEST(SpecFlags, GroupsGetTheirSettings) {
  ParameterGroup group =
      grouped("onnx::Conv*:lr=0.1x,betas=0.8:0.95,name=head").optimizer().groups(0);
  EXPECT_EQ(group.name(), "head");
  EXPECT_EQ(group.patterns(0), "onnx::Conv*") << "a name may hold colons";
  EXPECT_EQ(group.lr_factor(), 0.1);
  EXPECT_EQ(group.hyperparameters().size(), 2u);
  EXPECT_EQ(group.hyperparameters().at("beta2"), 0.95);
  group = grouped("/.*bias/:weight_decay=0").optimizer().groups(0);
  EXPECT_EQ(group.name(), "group1");
  EXPECT_EQ(group.hyperparameters().at("weight_decay"), 0);
  TrainSpec frozen = grouped("conv*:freeze");
  EXPECT_EQ(frozen.optimizer().groups_size(), 0);
  EXPECT_EQ(frozen.frozen(0), "conv*");
}

TEST(SpecFlags, MistakesInGroupsAreNamed) {
  EXPECT_EQ(groupError("fc*"), "expected PATTERN:SETTINGS as in 'fc*:lr=0.1x,weight_decay=0', "
                               "found 'fc*'");
  EXPECT_NE(groupError(":lr=1").find("begins with no pattern"), std::string::npos);
  EXPECT_NE(groupError("fc*:momentun=0").find("did you mean 'momentum'"), std::string::npos);
  EXPECT_NE(groupError("fc*:lr=-1").find("at least 0, found -1"), std::string::npos);
  EXPECT_NE(groupError("fc*:lr=0x").find("a factor above 0"), std::string::npos);
  EXPECT_NE(groupError("fc*:lr=fastx").find("expected a finite number"), std::string::npos);
  EXPECT_NE(groupError("fc*:freeze,lr=1").find("freeze stands alone"), std::string::npos);
  EXPECT_NE(groupError("fc*:nesterov").find("give it to --optimizer"), std::string::npos);
}

TEST(SpecFlags, AveragesAreEmaOrSwa) {
  AverageSpec ema = *parseAverage("ema,decay=0.9,every=2,start=100");
  EXPECT_EQ(ema.name(), "ema");
  EXPECT_EQ(ema.decay(), 0.9);
  EXPECT_EQ(ema.every(), 2u);
  EXPECT_EQ(ema.start(), 100u);
  EXPECT_EQ(parseAverage("ema")->decay(), 0.999);
  EXPECT_EQ(parseAverage("swa,start=5")->decay(), 0);
  for (const char *wrong : {"", "emma", "ema,decay=1", "ema,decay=0", "ema,decay=x",
                            "swa,decay=0.9", "swa,every=-1", "swa,begin=3", "ema,start=1.5"}) {
    EXPECT_FALSE(parseAverage(wrong)) << wrong;
  }
}

TEST(SpecFlags, AFilesFieldsTakeThePlaceOfTheRecipes) {
  TrainSpec spec, given;
  spec.add_frozen("a*");
  spec.set_epochs(3);
  spec.mutable_clip()->set_max_norm(1);
  given.add_frozen("b*");
  given.mutable_clip()->set_clip_value(2);
  replaceFields(given, {}, spec);
  EXPECT_EQ(spec.frozen_size(), 1);
  EXPECT_EQ(spec.frozen(0), "b*");
  EXPECT_EQ(spec.epochs(), 3u);
  EXPECT_EQ(spec.clip().max_norm(), 0);
  EXPECT_EQ(spec.clip().clip_value(), 2);
}

TEST(SpecFlags, AFilesLossBringsItsMetrics) {
  onnx::ModelProto model;
  TrainSpec spec, given;
  spec.mutable_loss()->set_name("cross_entropy");
  spec.mutable_loss()->add_terms()->set_value("kl");
  spec.add_metrics("accuracy");
  given.mutable_loss()->set_name("mse");
  replaceFields(given, model, spec);
  EXPECT_EQ(spec.loss().name(), "mse");
  EXPECT_EQ(spec.loss().terms_size(), 1) << "what the model adds to its loss stays";
  EXPECT_EQ(spec.metrics_size(), 0) << "there is no accuracy of numbers";
  given.mutable_loss()->set_name("nll");
  given.mutable_loss()->add_terms()->set_value("own");
  replaceFields(given, model, spec);
  EXPECT_EQ(spec.loss().terms(0).value(), "own");
  ASSERT_EQ(spec.metrics_size(), 1);
  EXPECT_EQ(spec.metrics(0), "accuracy");
  given.mutable_loss()->set_name("l1");
  given.add_metrics("accuracy");
  replaceFields(given, model, spec);
  EXPECT_EQ(spec.metrics_size(), 1) << "a file that has metrics decides";
}

TEST(SpecFlags, AccumulateHasTheRangeOfTheFlag) {
  TrainSpec spec;
  spec.mutable_loss()->set_name("mse");
  *spec.mutable_optimizer() = *parseOptimizer("sgd");
  spec.set_accumulate(mostAccumulated);
  EXPECT_TRUE(complete(spec).empty());
  spec.set_accumulate(mostAccumulated + 1);
  EXPECT_FALSE(complete(spec).empty());
}

TEST(SpecFlags, UnfreezingNamesAPatternAndAnEpoch) {
  auto unfreeze = parseUnfreeze("/a@b\\..*/@3");
  ASSERT_TRUE(unfreeze) << unfreeze.status().message();
  EXPECT_EQ(unfreeze->patterns(0), "/a@b\\..*/");
  EXPECT_EQ(unfreeze->epoch(), 3u);
  for (const char *wrong :
       {"fc*", "fc*@", "@3", "fc*@0", "fc*@-1", "fc*@1.5", "fc*@99999999999", ""}) {
    EXPECT_FALSE(parseUnfreeze(wrong)) << wrong;
  }
  TrainSpec spec;
  spec.add_frozen("conv*");
  *spec.add_unfreeze() = *parseUnfreeze("*.bias@4");
  *spec.add_unfreeze() = *parseUnfreeze("conv2.*@2");
  const FirstEpochs epochs(spec);
  EXPECT_EQ(epochs.of("fc.weight"), 0);
  EXPECT_EQ(epochs.of("fc.bias"), 4);
  EXPECT_EQ(epochs.of("conv2.bias"), 2) << "the earliest counts, whatever the order";
  EXPECT_EQ(epochs.of("conv1.weight"), std::nullopt);
  EXPECT_EQ(epochs.of("conv1.bias"), 4) << "what thaws is not frozen for ever";
}

TEST(SpecFlags, PenaltiesAreL1AndL2OrAnElasticNet) {
  PenaltySpec both = *parsePenalty("fc*.weight:l1=1e-5,l2=1e-4");
  EXPECT_EQ(both.patterns(0), "fc*.weight");
  EXPECT_EQ(both.l1(), 1e-5);
  EXPECT_EQ(both.l2(), 1e-4);
  PenaltySpec net = *parsePenalty("alpha=0.5,l1_ratio=0.25");
  EXPECT_EQ(net.patterns_size(), 0);
  EXPECT_EQ(net.l1(), 0.125);
  EXPECT_EQ(net.l2(), 0.1875);
  for (const char *wrong : {"fc*", "l1=0", "l1=-1", "l1=nan", "l3=1", "alpha=1,l2=1", "l1_ratio=1",
                            "alpha=1,l1_ratio=1.5", ":l1=1", "/(/:l1=1", ""}) {
    EXPECT_FALSE(parsePenalty(wrong)) << wrong;
  }
}

} // namespace
