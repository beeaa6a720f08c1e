// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every variant of every loss against torch.nn.functional's definition, written here as loops over
// samples and classes.
#include "frontend/format/LossNodes.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/zoo/Zoo.h"
#include "test/unit/frontend/format/FunctionEvaluator.h"

#include <gtest/gtest.h>

using namespace ntc;
using namespace ntc::format;
using namespace ntc::test;

namespace {

constexpr int samples = 4, classes = 3;
const std::vector<double> scores = {0.3, -1.2, 2.0, 0.1, 0.0, -0.4, 5.0, 1.0, -3.0, 0.7, 0.6, 0.5};

double logProbability(int n, int c) {
  double sum = 0;
  for (int k = 0; k < classes; ++k) {
    sum += std::exp(scores[static_cast<size_t>(n * classes + k)]);
  }
  return scores[static_cast<size_t>(n * classes + c)] - std::log(sum);
}

/// Loss and denominator of the generated nodes in f64.
std::map<std::string, Array> evaluate(const std::string &flag, const Array &target,
                                      const std::vector<double> &output = scores) {
  auto spec = parseLoss(flag);
  EXPECT_TRUE(spec) << spec.status().message();
  onnx::ModelProto model;
  onnx::GraphProto algorithm;
  TensorType type{onnx::TensorProto::DOUBLE, Shape{Dim(1, "batch"), Dim(classes)}};
  auto loss = addLoss(*spec, "output", type, algorithm, model);
  EXPECT_TRUE(loss) << loss.status().message();
  Evaluator evaluator(model);
  evaluator.values["output"] = {{samples, classes}, output};
  evaluator.values[loss->target] = target;
  for (const auto &tensor : algorithm.initializer()) {
    Array array{{tensor.dims().begin(), tensor.dims().end()}, {}};
    array.data.resize(tensor.raw_data().size() / 8);
    std::memcpy(array.data.data(), tensor.raw_data().data(), tensor.raw_data().size());
    evaluator.values[tensor.name()] = array;
  }
  evaluator.run(algorithm.node());
  return evaluator.values;
}

struct ClassCase {
  const char *flag;
  double smoothing;
  std::vector<double> weight;
  int ignored;
  bool mean;
};

TEST(LossNodes, CrossEntropyOnIndicesFollowsPyTorch) {
  const std::vector<double> labels = {2, 0, 1, 2};
  const ClassCase cases[] = {
      {"cross_entropy", 0, {1, 1, 1}, -1, true},
      {"cross_entropy,reduction=sum", 0, {1, 1, 1}, -1, false},
      {"cross_entropy,weight=0.5:2:4", 0, {0.5, 2, 4}, -1, true},
      {"cross_entropy,ignore_index=1", 0, {1, 1, 1}, 1, true},
      {"cross_entropy,weight=0.5:2:4,ignore_index=1", 0, {0.5, 2, 4}, 1, true},
      {"cross_entropy,label_smoothing=0.125", 0.125, {1, 1, 1}, -1, true},
      {"cross_entropy,label_smoothing=0.125,reduction=sum", 0.125, {1, 1, 1}, -1, false},
      {"cross_entropy,label_smoothing=0.125,weight=0.5:2:4", 0.125, {0.5, 2, 4}, -1, true},
      {"cross_entropy,label_smoothing=0.125,ignore_index=1", 0.125, {1, 1, 1}, 1, true},
      {"cross_entropy,label_smoothing=0.125,weight=0.5:2:4,ignore_index=1",
       0.125,
       {0.5, 2, 4},
       1,
       true},
      {"cross_entropy,label_smoothing=0.125,weight=0.5:2:4,ignore_index=1,reduction=sum",
       0.125,
       {0.5, 2, 4},
       1,
       false},
  };
  for (const ClassCase &c : cases) {
    SCOPED_TRACE(c.flag);
    double hard = 0, soft = 0, count = 0;
    for (int n = 0; n < samples; ++n) {
      auto label = static_cast<int>(labels[static_cast<size_t>(n)]);
      if (label == c.ignored) {
        continue;
      }
      hard -= c.weight[static_cast<size_t>(label)] * logProbability(n, label);
      count += c.weight[static_cast<size_t>(label)];
      for (int k = 0; k < classes; ++k) {
        soft -= c.weight[static_cast<size_t>(k)] * logProbability(n, k);
      }
    }
    double expected = (1 - c.smoothing) * hard + c.smoothing / classes * soft;
    auto values = evaluate(c.flag, vectorOf(labels));
    EXPECT_NEAR(values.at("loss").data[0], c.mean ? expected / count : expected, 1e-12);
    bool depends = c.mean && (c.ignored >= 0 || c.weight[0] != 1);
    ASSERT_EQ(values.contains("loss_denominator"), depends);
    if (depends) {
      EXPECT_NEAR(values.at("loss_denominator").data[0], count, 1e-12);
    }
  }
}

TEST(LossNodes, CrossEntropyOnProbabilitiesFollowsPyTorch) {
  const std::vector<double> target = {0.2, 0.3, 0.5, 1, 0, 0, 0, 1, 0, 0.25, 0.25, 0.5};
  const ClassCase cases[] = {
      {"cross_entropy,probabilities", 0, {1, 1, 1}, -1, true},
      {"cross_entropy,probabilities,reduction=sum", 0, {1, 1, 1}, -1, false},
      {"cross_entropy,probabilities,weight=0.5:2:4", 0, {0.5, 2, 4}, -1, true},
      {"cross_entropy,probabilities,label_smoothing=0.125,weight=0.5:2:4",
       0.125,
       {0.5, 2, 4},
       -1,
       true},
  };
  for (const ClassCase &c : cases) {
    SCOPED_TRACE(c.flag);
    double expected = 0;
    for (int n = 0; n < samples; ++n) {
      for (int k = 0; k < classes; ++k) {
        double p = target[static_cast<size_t>(n * classes + k)] * (1 - c.smoothing) +
                   c.smoothing / classes;
        expected -= c.weight[static_cast<size_t>(k)] * p * logProbability(n, k);
      }
    }
    auto values = evaluate(c.flag, {{samples, classes}, target});
    EXPECT_NEAR(values.at("loss").data[0], c.mean ? expected / samples : expected, 1e-12);
  }
}

TEST(LossNodes, ElementwiseLossesFollowPyTorch) {
  std::vector<double> target;
  double squares = 0, distances = 0, bce = 0, weighted = 0;
  const double positive[] = {1, 3, 0.5};
  for (size_t i = 0; i < scores.size(); ++i) {
    double x = scores[i], y = i % 4 / 3.0;
    target.push_back(y);
    squares += (x - y) * (x - y);
    distances += std::abs(x - y);
    double probability = 1 / (1 + std::exp(-x));
    bce -= y * std::log(probability) + (1 - y) * std::log(1 - probability);
    weighted -= positive[i % 3] * y * std::log(probability) + (1 - y) * std::log(1 - probability);
  }
  Array array{{samples, classes}, target};
  auto loss = [&](const char *flag) { return evaluate(flag, array).at("loss").data[0]; };
  EXPECT_NEAR(loss("mse"), squares / 12, 1e-12);
  EXPECT_NEAR(loss("mse,reduction=sum"), squares, 1e-12);
  EXPECT_NEAR(loss("l1"), distances / 12, 1e-12);
  EXPECT_NEAR(loss("bce_with_logits"), bce / 12, 1e-12);
  EXPECT_NEAR(loss("bce_with_logits,pos_weight=1:3:0.5"), weighted / 12, 1e-12);
}

TEST(LossNodes, CrossEntropyOfProbabilitiesFollowsPyTorch) {
  std::vector<double> target, probabilities;
  double expected = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    double p = 1 / (1 + std::exp(-scores[i])), y = static_cast<double>(i % 4) / 3.0;
    p = i == 0 ? 0 : i == 1 ? 1 : p; // a saturated sigmoid: the logarithm counts as -100
    probabilities.push_back(p);
    target.push_back(y);
    expected -= y * std::max(std::log(p), -100.0) + (1 - y) * std::max(std::log(1 - p), -100.0);
  }
  auto loss = [&](const char *flag) {
    return evaluate(flag, {{samples, classes}, target}, probabilities).at("loss").data[0];
  };
  EXPECT_NEAR(loss("bce"), expected / 12, 1e-12);
  EXPECT_NEAR(loss("bce,reduction=sum"), expected, 1e-12);
}

/// A model whose input "image" has the shape of the output and which computes "kl", one per sample.
onnx::ModelProto autoencoder() {
  onnx::ModelProto model;
  onnx::ValueInfoProto &input = *model.mutable_graph()->add_input();
  input.set_name("image");
  *input.mutable_type() =
      protoOf({onnx::TensorProto::DOUBLE, Shape{Dim(1, "batch"), Dim(classes)}});
  onnx::ValueInfoProto &term = *model.mutable_graph()->add_value_info();
  term.set_name("kl");
  *term.mutable_type() = protoOf({onnx::TensorProto::DOUBLE, Shape{Dim(1, "batch")}});
  return model;
}

TEST(LossNodes, TermsJoinTheLossUnderItsReduction) {
  const std::vector<double> image = {1, 0, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1}, kl = {1, 2, 3, 4};
  double squares = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    squares += (scores[i] - image[i]) * (scores[i] - image[i]);
  }
  for (bool mean : {true, false}) {
    LossSpec spec = *parseLoss(mean ? "mse,target=image" : "mse,target=image,reduction=sum");
    for (double weight : {1.0, 0.5}) {
      spec.add_terms()->set_value("kl");
      spec.mutable_terms()->rbegin()->set_weight(weight);
    }
    onnx::ModelProto model = autoencoder();
    onnx::GraphProto algorithm;
    TensorType type{onnx::TensorProto::DOUBLE, Shape{Dim(1, "batch"), Dim(classes)}};
    auto loss = addLoss(spec, "output", type, algorithm, model);
    ASSERT_TRUE(loss) << loss.status().message();
    EXPECT_TRUE(loss->isModelInput);
    EXPECT_EQ(algorithm.input_size(), 0) << "the model's input is the target";
    Evaluator evaluator(model);
    evaluator.values = {{"output", {{samples, classes}, scores}},
                        {"image", {{samples, classes}, image}},
                        {"kl", vectorOf(kl)}};
    evaluator.run(algorithm.node());
    double expected = mean ? squares / 12 + 1.5 * 2.5 : squares + 1.5 * 10;
    EXPECT_NEAR(evaluator.values.at("loss").data[0], expected, 1e-12);
  }
}

TEST(LossNodes, TargetsAndTermsThatDoNotFitAreExplained) {
  auto problem = [](const char *flag, const char *term) {
    LossSpec spec = *parseLoss(flag);
    if (*term) {
      spec.add_terms()->set_value(term);
    }
    onnx::ModelProto model = autoencoder();
    onnx::GraphProto algorithm;
    TensorType type{onnx::TensorProto::DOUBLE, Shape{Dim(1, "batch"), Dim(5)}};
    auto loss = addLoss(spec, "output", type, algorithm, model);
    return loss ? std::string("accepted") : loss.status().message();
  };
  EXPECT_EQ(problem("mse,target=image", ""),
            "loss mse: the target 'image' is an input of the model; expected f64 (B, 5), found f64 "
            "(B, 3)");
  EXPECT_EQ(problem("mse", "lk"), "loss mse: the term 'lk' must be a value of the model of type "
                                  "f64, found none with a declared type");
}

TEST(LossNodes, LossesThatDoNotFitTheOutputAreExplained) {
  auto problem = [](const char *flag, Shape shape) {
    onnx::ModelProto model;
    onnx::GraphProto algorithm;
    auto loss =
        addLoss(*parseLoss(flag), "output", {onnx::TensorProto::FLOAT, shape}, algorithm, model);
    return loss ? std::string("accepted") : loss.status().message();
  };
  EXPECT_EQ(problem("cross_entropy", {Dim(1, "batch")}),
            "loss cross_entropy: expected scores of shape (B, classes, …), found (B,)");
  EXPECT_EQ(problem("cross_entropy,weight=1:2", {Dim(1, "batch"), Dim(3)}),
            "loss cross_entropy: expected one weight per class (3), found 2");
  EXPECT_EQ(problem("bce_with_logits,pos_weight=1:2", {Dim(1, "batch"), Dim(3)}),
            "loss bce_with_logits: pos_weight has 2 values, the output has shape (B, 3)");
  EXPECT_EQ(problem("cross_entropy,label_smoothing=0.1", {Dim(1, "batch"), Dim(3), Dim(5), Dim(5)}),
            "accepted");
}

} // namespace
