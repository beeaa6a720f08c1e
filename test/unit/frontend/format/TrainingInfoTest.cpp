// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The training algorithm that is generated from a recipe.

#include "frontend/format/TrainingInfo.h"

#include "frontend/format/SpecFlags.h"
#include "frontend/format/Verifier.h"
#include "frontend/zoo/Zoo.h"
#include "test/unit/frontend/format/FunctionEvaluator.h"

#include <gtest/gtest.h>

#include <set>

using namespace ntc;
using namespace ntc::format;

namespace {

onnx::ModelProto mlp() { return *zoo::make("mlp", {.input = {6}, .hidden = {4}, .classes = 3}); }

std::vector<std::string> inputs(const onnx::ModelProto &model) {
  std::vector<std::string> names;
  for (const auto &input : model.training_info(0).algorithm().input()) {
    names.push_back(input.name());
  }
  return names;
}

TEST(TrainingInfo, EveryLossAndOptimizerGivesASoundModel) {
  for (const char *loss :
       {"cross_entropy", "cross_entropy,label_smoothing=0.1,weight=1:2:3,ignore_index=0",
        "cross_entropy,probabilities", "cross_entropy,weight=1:2:3,reduction=sum",
        "nll,ignore_index=1", "mse", "l1", "bce_with_logits"}) {
    for (const char *optimizer : {"sgd", "sgd,momentum=0.9,dampening=0.1,weight_decay=0.1", "adam",
                                  "adamw", "adadelta", "rmsprop,momentum=0.9", "adagrad", "adamax",
                                  "radam,weight_decay=0.1", "nadam", "lion,weight_decay=0.1"}) {
      SCOPED_TRACE(std::string(loss) + " " + optimizer);
      auto model = zoo::make("mlp", {.input = {6},
                                     .classes = 3,
                                     .loss = *parseLoss(loss),
                                     .optimizer = *parseOptimizer(optimizer)});
      ASSERT_TRUE(model) << model.status().message();
      EXPECT_EQ(str(verify(*model)), "");
      EXPECT_TRUE(isGenerated(*model));
    }
  }
}

TEST(TrainingInfo, AlgorithmHasTheNamesThatTheFormatPromises) {
  auto model = mlp();
  EXPECT_EQ(inputs(model), (std::vector<std::string>{"label", "lr", "beta1", "beta2", "eps"}));
  std::map<std::string, std::string> bindings;
  for (const auto &binding : model.training_info(0).update_binding()) {
    bindings[binding.key()] = binding.value();
  }
  EXPECT_EQ(bindings.size(), 16u);
  EXPECT_EQ(bindings["fc1.weight"], "fc1.weight.next");
  EXPECT_EQ(bindings["optimizer.exp_avg.fc2.bias"], "optimizer.exp_avg.fc2.bias.next");
  EXPECT_EQ(bindings["optimizer.step.fc1.bias"], "optimizer.step.fc1.bias.next");
  EXPECT_EQ(model.training_info(0).algorithm().output(0).name(), "loss");
  EXPECT_EQ(model.training_info(0).initialization_binding_size(), 4);
}

TEST(TrainingInfo, FrozenParametersLeaveTheStep) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  spec.add_frozen("fc1.*");
  ASSERT_EQ(str(generateTrainingInfo(model, spec)), "");
  EXPECT_EQ(str(verify(model)), "");
  EXPECT_EQ(model.training_info(0).update_binding_size(), 8);
  EXPECT_EQ(model.training_info(0).initialization_binding_size(), 4)
      << "a frozen parameter stays fresh";
  spec.add_frozen("*");
  std::string before = model.SerializeAsString();
  EXPECT_EQ(str(generateTrainingInfo(model, spec)),
            "the model has no trainable parameter; the frozen patterns match all of them");
  EXPECT_EQ(model.SerializeAsString(), before) << "a refused recipe must leave the model as it was";
}

TEST(TrainingInfo, GroupsHaveTheirOwnControls) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  *spec.mutable_optimizer() = *parseOptimizer("sgd,lr=0.1");
  auto *group = spec.mutable_optimizer()->add_groups();
  group->set_name("head");
  group->add_patterns("fc2.*");
  (*group->mutable_hyperparameters())["weight_decay"] = 0.1;
  ASSERT_EQ(str(generateTrainingInfo(model, spec)), "");
  EXPECT_EQ(str(verify(model)), "");
  EXPECT_EQ(inputs(model),
            (std::vector<std::string>{"label", "lr", "head.lr", "head.weight_decay"}));
}

TEST(TrainingInfo, RegenerationLeavesNoOldFunctions) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  *spec.mutable_optimizer() = *parseOptimizer("sgd");
  ASSERT_EQ(str(generateTrainingInfo(model, spec)), "");
  std::set<std::string> names;
  for (const auto &function : model.functions()) {
    names.insert(function.name());
  }
  EXPECT_EQ(names, std::set<std::string>{"SGD"});
}

TEST(TrainingInfo, EditedAlgorithmsAreRecognised) {
  auto model = mlp();
  EXPECT_TRUE(isGenerated(model));
  model.mutable_training_info(0)->mutable_algorithm()->mutable_node(0)->set_doc_string("edited");
  EXPECT_FALSE(isGenerated(model));
}

TEST(TrainingInfo, ValuesOfControlsAndRunLengthDoNotChangeTheHash) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  std::string before = trainingInfoHash(model, spec);
  (*spec.mutable_optimizer()->mutable_hyperparameters())["lr"] = 7;
  spec.set_epochs(3);
  spec.set_seed(9);
  EXPECT_EQ(trainingInfoHash(model, spec), before);
  spec.mutable_loss()->set_label_smoothing(0.5);
  EXPECT_NE(trainingInfoHash(model, spec), before);
}

TEST(TrainingInfo, ClippingScalesToTheGlobalNorm) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  *spec.mutable_optimizer() = *parseOptimizer("sgd,lr=1");
  spec.mutable_clip()->set_max_norm(0.5);
  ASSERT_EQ(str(generateTrainingInfo(model, spec)), "");
  EXPECT_EQ(str(verify(model)), "");
  const onnx::GraphProto &algorithm = model.training_info(0).algorithm();
  test::Evaluator evaluator(model);
  for (const auto &tensor : model.graph().initializer()) {
    evaluator.values["gradient." + tensor.name()] = test::vectorOf({3, 4});
    evaluator.values[tensor.name()] = test::vectorOf({0, 0});
  }
  evaluator.values["lr"] = test::scalar(1);
  evaluator.values["max_norm"] = test::scalar(0.5);
  google::protobuf::RepeatedPtrField<onnx::NodeProto> behindGradient;
  for (int i = 2; i < algorithm.node_size(); ++i) {
    *behindGradient.Add() = algorithm.node(i);
  }
  evaluator.run(behindGradient);
  double norm = std::sqrt(4 * 25.0); // four parameters with gradient (3, 4)
  EXPECT_NEAR(evaluator.values.at("fc1.bias.next").data[0], -3 * 0.5 / (norm + 1e-6), 1e-12);
}

/// The parameters after one step of SGD with rate 1 from 0.5 and -2, with gradients 3 and 4.
test::Array stepped(TrainSpec spec, onnx::ModelProto model,
                    const std::map<std::string, double> &controls) {
  EXPECT_EQ(str(generateTrainingInfo(model, spec)), "");
  EXPECT_EQ(str(verify(model)), "");
  test::Evaluator evaluator(model);
  for (const auto &tensor : model.graph().initializer()) {
    evaluator.values["gradient." + tensor.name()] = test::vectorOf({3, 4});
    evaluator.values[tensor.name()] = test::vectorOf({0.5, -2});
  }
  for (const auto &[name, value] : controls) {
    evaluator.values[name] = test::scalar(value);
  }
  google::protobuf::RepeatedPtrField<onnx::NodeProto> behindGradient;
  bool isBehind = false;
  for (const onnx::NodeProto &node : model.training_info(0).algorithm().node()) {
    if (isBehind) {
      *behindGradient.Add() = node;
    }
    isBehind |= node.op_type() == "Gradient";
  }
  evaluator.run(behindGradient);
  return evaluator.values.at("fc1.bias.next");
}

TEST(TrainingInfo, ClippingByValueComesAfterTheNorm) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  *spec.mutable_optimizer() = *parseOptimizer("sgd,lr=1");
  spec.mutable_clip()->set_clip_value(3.5);
  EXPECT_EQ(stepped(spec, model, {{"lr", 1}, {"clip_value", 3.5}}).data,
            (std::vector<double>{-2.5, -5.5}));
  spec.mutable_clip()->set_max_norm(1);
  auto both = stepped(spec, model, {{"lr", 1}, {"clip_value", 0.35}, {"max_norm", 1}});
  EXPECT_NEAR(both.data[0], 0.5 - 0.3, 1e-6); // the norm is 10
  EXPECT_EQ(both.data[1], -2.35);
}

TEST(TrainingInfo, PenaltiesAreDifferentiatedWithTheLoss) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  auto *penalty = spec.add_penalties();
  penalty->add_patterns("fc1.*");
  penalty->set_l1(0.1);
  spec.add_penalties()->set_l2(0.1);
  spec.set_grad_norm(true);
  ASSERT_EQ(str(generateTrainingInfo(model, spec)), "");
  EXPECT_EQ(str(verify(model)), "");
  EXPECT_TRUE(isGenerated(model));
  EXPECT_EQ(inputs(model),
            (std::vector<std::string>{"label", "l1", "l2_2", "lr", "beta1", "beta2", "eps"}));
  const onnx::GraphProto &algorithm = model.training_info(0).algorithm();
  EXPECT_EQ(algorithm.output(0).name(), "loss");
  EXPECT_EQ(algorithm.output(1).name(), "penalty");
  EXPECT_EQ(algorithm.output(2).name(), "grad_norm");
  for (const onnx::NodeProto &node : algorithm.node()) {
    for (const auto &attribute : node.attribute()) {
      EXPECT_TRUE(attribute.name() != "y" || attribute.s() == "objective");
    }
  }
  penalty->set_patterns(0, "fc9.*");
  *spec.mutable_penalties(0) = *penalty;
  EXPECT_EQ(str(generateTrainingInfo(model, spec)).substr(0, 60),
            "--penalty: pattern 'fc9.*' matches no trained parameter; kno");
}

TEST(TrainingInfo, AGroupWithoutAParameterIsAMistake) {
  auto model = mlp();
  TrainSpec spec = *recipeOf(model);
  auto *group = spec.mutable_optimizer()->add_groups();
  group->set_name("a");
  group->add_patterns("fc?.*");
  auto *late = spec.mutable_optimizer()->add_groups();
  late->set_name("b");
  late->add_patterns("fc1.*");
  EXPECT_EQ(str(generateTrainingInfo(model, spec)),
            "--param-group: pattern 'fc1.*' matches only parameters of earlier groups");
  group->set_patterns(0, "conv*");
  EXPECT_NE(str(generateTrainingInfo(model, spec)).find("'conv*' matches no trained parameter"),
            std::string::npos);
}

TEST(TrainingInfo, NamesThatTheStepNeedsMustBeFree) {
  auto model = mlp();
  for (auto &input : *model.mutable_graph()->mutable_input()) {
    input.set_name("lr");
  }
  model.mutable_graph()->mutable_node(0)->set_input(0, "lr");
  EXPECT_NE(str(generateTrainingInfo(model, *recipeOf(model)))
                .find("input 'lr' of the training step has the name"),
            std::string::npos);
}

TEST(TrainingInfo, DamagedRecipeIsExplained) {
  auto model = mlp();
  setMetadata(model, recipeKey, "loss { nme: \"mse\" }");
  EXPECT_NE(str(verify(model)).find("is not readable: line 1"), std::string::npos)
      << str(verify(model));
}

TEST(TrainingInfo, TextInTheRecipeIsUtf8) {
  const std::pair<const char *, const char *> broken[] = {
      {"model: \"\\377\"", "model"},
      {"loss { name: \"mse\" target: \"a\xff\" }", "loss.target"},
      {"optimizer { name: \"\xc0\x80\" }", "optimizer.name"},
      {"optimizer { hyperparameters { key: \"lr\\200\" value: 1 } }",
       "optimizer.hyperparameters.key"},
      {"optimizer { groups { name: \"a\" } groups { name: \"b\" patterns: [\"x\", "
       "\"\\355\\240\\200\"] } }",
       "optimizer.groups[1].patterns[1]"},
      {"frozen: \"fc1.*\" frozen: \"\xff\"", "frozen[1]"}};
  for (const auto &[text, field] : broken) {
    SCOPED_TRACE(field);
    auto model = mlp();
    setMetadata(model, recipeKey, text);
    auto recipe = recipeOf(model);
    ASSERT_FALSE(recipe);
    EXPECT_EQ(recipe.status().message(),
              std::string("the model's recipe (ntc.train_spec): ") + field + " is not UTF-8 text");
  }
  auto model = mlp();
  setMetadata(model, recipeKey, "model: \"B\xc3\xa4r\"");
  EXPECT_EQ(recipeOf(model)->model(), "B\xc3\xa4r");
}

} // namespace
