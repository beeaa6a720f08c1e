// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An inference model receives its training recipe.

#include "frontend/format/Pack.h"

#include "frontend/format/NodeBuilder.h"
#include "frontend/format/SpecFlags.h"
#include "frontend/format/TrainingInfo.h"
#include "frontend/format/Verifier.h"
#include "frontend/zoo/Zoo.h"

#include <gtest/gtest.h>

using namespace ntc;
using namespace ntc::format;

namespace {

/// What an exporter leaves: no training half, weights among the inputs, symbol "N", a scalar float
/// constant.
onnx::ModelProto exported(int64_t opset) {
  auto model = *zoo::make("mlp", {.input = {6}, .hidden = {4}, .classes = 3});
  model.clear_training_info();
  model.clear_functions();
  model.clear_metadata_props();
  model.clear_opset_import();
  auto *import = model.add_opset_import();
  import->set_version(opset);
  auto &graph = *model.mutable_graph();
  graph.clear_value_info();
  for (auto *list : {graph.mutable_input(), graph.mutable_output()}) {
    (*list)[0]
        .mutable_type()
        ->mutable_tensor_type()
        ->mutable_shape()
        ->mutable_dim(0)
        ->set_dim_param("N");
  }
  auto *listed = graph.add_input();
  listed->set_name("fc1.weight");
  listed->mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
  for (int64_t dim : {4, 6}) {
    listed->mutable_type()->mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(dim);
  }
  *graph.add_initializer() = scalarTensor("temperature", 2.0, onnx::TensorProto::FLOAT);
  std::vector<std::string> inputs = {"output", "temperature"}, outputs = {"scaled"};
  addNode(graph, "Div", inputs, outputs);
  graph.mutable_output(0)->set_name("scaled");
  return model;
}

PackOptions options(const char *loss = "cross_entropy",
                    const char *optimizer = "sgd,lr=0.1,momentum=0.9") {
  PackOptions result;
  *result.spec.mutable_loss() = *parseLoss(loss);
  *result.spec.mutable_optimizer() = *parseOptimizer(optimizer);
  return result;
}

TEST(Pack, InferenceModelsOfEveryOpsetGetATrainingStep) {
  for (int64_t opset = 13; opset <= 28; ++opset) {
    auto model = exported(opset);
    model.set_ir_version(opset < 17 ? 7 : 10);
    std::string weight = model.graph().initializer(0).raw_data();
    Notes notes;
    auto withClip = options();
    withClip.spec.mutable_clip()->set_max_norm(1);
    ASSERT_EQ(str(pack(model, withClip, notes)), "") << opset;
    EXPECT_EQ(model.graph().input_size(), 1);
    EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
    EXPECT_EQ(model.graph().initializer(0).raw_data(), weight) << "weights are kept";
    EXPECT_EQ(model.graph().initializer(4).name(), "/temperature");
    EXPECT_EQ(model.training_info(0).initialization_binding_size(), 0);
    EXPECT_EQ(model.training_info(0).update_binding_size(), 8);
    EXPECT_TRUE(isGenerated(model));
    EXPECT_GE(model.ir_version(), 8);
  }
}

TEST(Pack, ReinitializedParametersAreDrawn) {
  auto model = exported(17);
  auto withReinit = options();
  withReinit.reinitialize = {"fc2.*"};
  withReinit.spec.set_seed(3);
  std::string kept = model.graph().initializer(0).raw_data(),
              drawn = model.graph().initializer(2).raw_data();
  Notes notes;
  ASSERT_EQ(str(pack(model, withReinit, notes)), "");
  EXPECT_EQ(model.training_info(0).initialization_binding_size(), 2);
  EXPECT_EQ(model.graph().initializer(0).raw_data(), kept);
  EXPECT_NE(model.graph().initializer(2).raw_data(), drawn);
}

TEST(Pack, PatternsThatMatchNothingAreMistakes) {
  Notes notes;
  auto model = exported(17);
  auto frozen = options();
  frozen.spec.add_frozen("fc3.*");
  EXPECT_NE(str(pack(model, frozen, notes)).find("--freeze: pattern 'fc3.*' matches no parameter"),
            std::string::npos);
  model = exported(17);
  auto reinit = options();
  reinit.reinitialize = {"fc3.*"};
  EXPECT_NE(str(pack(model, reinit, notes)).find("--reinit: pattern 'fc3.*' matches no parameter"),
            std::string::npos);
}

TEST(Pack, AModelFileGetsANewRecipeAndStaysFresh) {
  auto model = *zoo::make("lenet");
  Notes notes;
  ASSERT_EQ(str(pack(model, options("cross_entropy,label_smoothing=0.1", "adamw"), notes)), "");
  EXPECT_EQ(model.training_info(0).initialization_binding_size(), 10);
  for (const auto &function : model.functions()) {
    EXPECT_NE(function.name(), "SGD_momentum");
  }
}

TEST(Pack, UnsupportedOperatorsAreAllListed) {
  auto model = exported(17);
  model.mutable_graph()->mutable_node(0)->set_op_type("Loop");
  model.mutable_graph()->mutable_node(1)->set_op_type("Scan");
  Notes notes;
  std::string text = str(pack(model, options(), notes));
  EXPECT_NE(text.find("'Loop'"), std::string::npos);
  EXPECT_NE(text.find("'Scan'"), std::string::npos);
}

} // namespace
