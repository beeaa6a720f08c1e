// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's own checker and shape inference on written models. They never look into training_info, so
// the executed graph, graph ++ algorithm, is built and given to them too.
#include "frontend/zoo/Zoo.h"

#include "frontend/capture/Capture.h"
#include "frontend/format/SpecFlags.h"
#include "ntc/nn/nn.h"

#include <gtest/gtest.h>
#include <onnx/checker.h>
#include <onnx/shape_inference/implementation.h>

using namespace ntc;

namespace {

/// graph ++ algorithm as the ONNX IR specification concatenates them.
onnx::ModelProto concatenated(const onnx::ModelProto &model) {
  onnx::ModelProto result = model;
  const onnx::GraphProto &algorithm = model.training_info(0).algorithm();
  onnx::GraphProto &graph = *result.mutable_graph();
  graph.mutable_node()->MergeFrom(algorithm.node());
  graph.mutable_input()->MergeFrom(algorithm.input());
  graph.mutable_output()->MergeFrom(algorithm.output());
  graph.mutable_value_info()->MergeFrom(algorithm.value_info());
  graph.mutable_initializer()->MergeFrom(algorithm.initializer());
  graph.mutable_sparse_initializer()->MergeFrom(algorithm.sparse_initializer());
  result.clear_training_info();
  return result;
}

/// The initialization as a model of its own.
onnx::ModelProto initialization(const onnx::ModelProto &model) {
  onnx::ModelProto result = model;
  *result.mutable_graph() = model.training_info(0).initialization();
  result.clear_training_info();
  return result;
}

/// The slots written out as dense zeros. ONNX's inference gives a sparse initializer the type
/// sparse_tensor, which no operator takes, where the model file format means a dense tensor
/// (docs/formats/model-pb.md §2).
onnx::ModelProto densified(const onnx::ModelProto &model) {
  onnx::ModelProto result = model;
  for (const onnx::SparseTensorProto &sparse : model.graph().sparse_initializer()) {
    onnx::TensorProto &tensor = *result.mutable_graph()->add_initializer();
    tensor = sparse.values();
    *tensor.mutable_dims() = sparse.dims();
    size_t bytes = tensor.data_type() == onnx::TensorProto::DOUBLE ? 8 : 4;
    for (int64_t dim : sparse.dims()) {
      bytes *= static_cast<size_t>(dim);
    }
    tensor.set_raw_data(std::string(bytes, '\0'));
  }
  result.mutable_graph()->clear_sparse_initializer();
  return result;
}

/// What strict shape inference says, "" when nothing.
std::string infer(onnx::ModelProto model) {
  try {
    onnx::ShapeInferenceOptions strict{true, 1, false};
    onnx::shape_inference::InferShapes(model, onnx::OpSchemaRegistry::Instance(), strict);
  } catch (const std::exception &error) {
    return error.what();
  }
  return {};
}

/// The checker on the model as it is written, then strict inference with dense slots.
std::string check(const onnx::ModelProto &model) {
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception &error) {
    return error.what();
  }
  return infer(densified(model));
}

TEST(OnnxChecker, InferenceTakesSparseSlotsForSparseTensors) {
  // The known limit behind `densified`: when this fails, ONNX has changed and the detour can go.
  EXPECT_NE(infer(concatenated(*zoo::make("mlp"))).find("sparse_tensor(float)"), std::string::npos);
}

TEST(OnnxChecker, AcceptsEveryFamilyAndItsTrainingStep) {
  for (const zoo::Family &family : zoo::list()) {
    SCOPED_TRACE(family.name);
    auto model = *zoo::make(family.name);
    EXPECT_EQ(check(model), "");
    EXPECT_EQ(check(concatenated(model)), "");
    EXPECT_EQ(check(initialization(model)), "");
  }
}

TEST(OnnxChecker, AcceptsEveryLossAndOptimizer) {
  for (const char *loss :
       {"cross_entropy", "cross_entropy,label_smoothing=0.1,weight=1:2:3,ignore_index=0",
        "cross_entropy,probabilities", "cross_entropy,weight=1:2:3", "nll,ignore_index=1", "mse",
        "l1,reduction=sum", "bce_with_logits,pos_weight=2"}) {
    for (const char *optimizer :
         {"sgd", "sgd,momentum=0.9,dampening=0.1,weight_decay=0.1", "adam", "adamw", "adadelta",
          "rmsprop,momentum=0.9", "adagrad", "adamax", "radam,weight_decay=0.1"}) {
      SCOPED_TRACE(std::string(loss) + " " + optimizer);
      auto model = zoo::make("mlp", {.input = {6},
                                     .classes = 3,
                                     .loss = *format::parseLoss(loss),
                                     .optimizer = *format::parseOptimizer(optimizer)});
      ASSERT_TRUE(model) << model.status().message();
      EXPECT_EQ(check(concatenated(*model)), "");
    }
  }
}

TEST(OnnxChecker, AcceptsEveryLayer) {
  struct Everything : nn::Module {
    nn::Conv2d conv{3, 8, 3, {.padding = 1, .groups = 1}};
    nn::BatchNorm2d norm{8, {.affine = false}};
    nn::AvgPool2d pool{2};
    nn::AdaptiveAvgPool2d adaptive{{3, 5}};
    nn::Linear rows{5, 4}, fc{96, 3};
    Everything() {
      registerModule("conv", conv);
      registerModule("norm", norm);
      registerModule("pool", pool);
      registerModule("adaptive", adaptive);
      registerModule("rows", rows);
      registerModule("fc", fc);
    }
    Tensor forward(Tensor x) override {
      x = gelu(silu(elu(leaky_relu(norm(conv(x))))), "tanh");
      x = rows(adaptive(pool(gelu(x))));
      x = dropout(flatten(concat({x, x * 2.0}, 2)), 0.1);
      x = slice(x, 1, 0, 96) + mean(x, {1}, true) - max(x, {1}, true) + sum(x, {1}, true);
      return log_softmax(fc(tanh(sigmoid(x))), 1);
    }
  } net;
  auto program =
      capture(net, {.inputs = {{"x", f32, {Batch, 3, 16, 16}}}}, nn::NLLLoss(), optim::Adadelta());
  ASSERT_TRUE(program.status().ok()) << program.status().message();
  EXPECT_EQ(check(program.impl->model), "");
  EXPECT_EQ(check(concatenated(program.impl->model)), "");
}

TEST(OnnxChecker, APlantedMistakeIsCaught) {
  auto model = *zoo::make("mlp");
  model.mutable_training_info(0)->mutable_algorithm()->mutable_node(0)->set_op_type("Nothing");
  EXPECT_EQ(check(model), "") << "the checker does not look into training_info";
  EXPECT_NE(check(concatenated(model)), "");
}

} // namespace
