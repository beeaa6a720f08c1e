// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An inference model receives its training recipe.

#include "frontend/format/Pack.h"
#include "frontend/format/LossFit.h"

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

TEST(Pack, ALossThatTheLastLayerDoesNotFitIsNamed) {
  auto misfit = [](const char *op, const char *loss) {
    onnx::GraphProto graph;
    onnx::NodeProto *node = graph.add_node();
    node->set_name("/fc2/" + std::string(op));
    node->set_op_type(op);
    node->add_output("a");
    node = graph.add_node();
    node->set_op_type("Flatten");
    node->add_input("a");
    node->add_output("y");
    graph.add_output()->set_name("y");
    LossSpec spec;
    spec.set_name(loss);
    return lossMisfit(graph, spec);
  };
  const std::string text = misfit("Gemm", "bce");
  EXPECT_NE(text.find("ends in Gemm 'fc2'"), std::string::npos) << text;
  EXPECT_NE(text.find("--loss bce_with_logits"), std::string::npos) << text;
  EXPECT_NE(misfit("Gemm", "nll").find("--loss cross_entropy"), std::string::npos);
  EXPECT_NE(misfit("Softmax", "cross_entropy"), "");
  EXPECT_NE(misfit("Sigmoid", "bce_with_logits"), "");
  for (auto [op, loss] :
       {std::pair("Sigmoid", "bce"), std::pair("Softmax", "bce"), std::pair("LogSoftmax", "nll"),
        std::pair("Gemm", "cross_entropy"), std::pair("Gemm", "mse"), std::pair("Div", "bce")}) {
    EXPECT_EQ(misfit(op, loss), "") << op << " " << loss;
  }
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

/// x (batch, 4) through two batch normalizations and a Dropout, as TorchScript's exporter writes a
/// model: equal parameters are merged by Identity.
onnx::ModelProto mergedExport(int64_t batch = 0) {
  onnx::ModelProto model;
  model.set_ir_version(8);
  model.add_opset_import()->set_version(17);
  onnx::GraphProto &graph = *model.mutable_graph();
  graph.set_name("graph");
  auto declare = [&](onnx::ValueInfoProto &info, const char *name) {
    info.set_name(name);
    auto *type = info.mutable_type()->mutable_tensor_type();
    type->set_elem_type(onnx::TensorProto::FLOAT);
    auto *dim = type->mutable_shape()->add_dim();
    batch ? dim->set_dim_value(batch) : dim->set_dim_param("N");
    type->mutable_shape()->add_dim()->set_dim_value(4);
  };
  declare(*graph.add_input(), "x");
  declare(*graph.add_output(), "y");
  const std::vector<float> ones(4, 1.0f), zeros(4, 0.0f);
  const std::vector<int64_t> channels = {4};
  *graph.add_initializer() = floatTensor("b1.weight", ones, channels);
  *graph.add_initializer() = floatTensor("b1.bias", zeros, channels);
  auto node = [&](const char *op, const char *name, std::vector<std::string> inputs,
                  std::vector<std::string> outputs) -> onnx::NodeProto & {
    onnx::NodeProto &made = addNode(graph, op, inputs, outputs);
    made.set_name(name);
    return made;
  };
  for (const char *name : {"b1.running_var", "b2.weight", "b2.running_var"}) {
    node("Identity", "", {"b1.weight"}, {name});
  }
  for (const char *name : {"b1.running_mean", "b2.running_mean"}) {
    node("Identity", "", {"b1.bias"}, {name});
  }
  node("Identity", "", {"b2.running_mean"}, {"b2.bias"}); // of a copy
  node("BatchNormalization", "/b1/BatchNormalization",
       {"x", "b1.weight", "b1.bias", "b1.running_mean", "b1.running_var"}, {"n1"});
  node("BatchNormalization", "/b2/BatchNormalization",
       {"n1", "b2.weight", "b2.bias", "b2.running_mean", "b2.running_var"}, {"n2"});
  *graph.add_initializer() = scalarTensor("ratio", 0.5, onnx::TensorProto::FLOAT);
  node("Dropout", "/drop/Dropout", {"n2", "ratio"}, {"y"});
  return model;
}

/// As mergedExport, with all layers in training form.
onnx::ModelProto trainingExport() {
  onnx::ModelProto model = mergedExport();
  for (onnx::NodeProto &node : *model.mutable_graph()->mutable_node()) {
    if (node.op_type() == "BatchNormalization") {
      *node.add_attribute() = attribute("training_mode", 1);
      node.add_output(node.name() + "_mean");
      node.add_output(node.name() + "_var");
    }
    if (node.op_type() == "Dropout") {
      node.add_input("train");
      node.add_output("mask");
    }
  }
  onnx::NodeProto mode;
  mode.set_op_type("Constant");
  mode.add_output("train");
  onnx::TensorProto value;
  value.set_data_type(onnx::TensorProto::BOOL);
  value.set_raw_data(std::string(1, '\1'));
  *mode.add_attribute() = attribute("value", value);
  *model.mutable_graph()->add_node() = mode;
  auto &nodes = *model.mutable_graph()->mutable_node();
  for (int i = nodes.size() - 1; i > 0; --i) {
    nodes.SwapElements(i, i - 1); // constants first
  }
  return model;
}

TEST(Pack, ParametersThatAnExporterMergedAreTrainedApart) {
  auto model = mergedExport();
  Notes notes;
  ASSERT_EQ(str(pack(model, options("mse"), notes)), "");
  std::vector<std::string> names;
  for (const auto &tensor : model.graph().initializer()) {
    names.push_back(tensor.name());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"b1.weight", "b1.bias", "/ratio", "b1.running_var",
                                             "b2.weight", "b2.running_var", "b1.running_mean",
                                             "b2.running_mean", "b2.bias"}));
  EXPECT_EQ(model.graph().initializer(8).raw_data(), model.graph().initializer(1).raw_data());
  for (const auto &node : model.graph().node()) {
    EXPECT_NE(node.op_type(), "Identity");
  }
  EXPECT_EQ(trainableParameters(model, TrainSpec()),
            (std::vector<std::string>{"b1.weight", "b1.bias", "b2.weight", "b2.bias"}));
  ASSERT_EQ(notes.size(), 1u);
  EXPECT_NE(notes[0].find("merged 6 parameters"), std::string::npos) << notes[0];
}

TEST(Pack, TheTrainingFormOfAnExportIsTaken) {
  auto model = trainingExport();
  Notes notes;
  ASSERT_EQ(str(pack(model, options("mse"), notes)), "");
  EXPECT_EQ(recipeOf(model)->eval_layers_size(), 0);
  for (const auto &node : model.graph().node()) {
    EXPECT_LE(node.op_type() == "Dropout" ? node.input_size() : 0, 2);
    EXPECT_EQ(node.op_type() == "BatchNormalization" ? node.output_size() : 1, 1);
  }
}

TEST(Pack, ANormalizationInEvaluationFormAmongOthersKeepsItsStatistics) {
  auto model = trainingExport();
  for (auto &node : *model.mutable_graph()->mutable_node()) {
    if (node.name() == "/b1/BatchNormalization") {
      node.mutable_attribute(0)->set_i(0);
      node.mutable_output()->DeleteSubrange(1, 2);
    }
  }
  Notes notes;
  ASSERT_EQ(str(pack(model, options("mse"), notes)), "");
  ASSERT_EQ(recipeOf(model)->eval_layers_size(), 1);
  EXPECT_EQ(recipeOf(model)->eval_layers(0), "b1");
  EXPECT_NE(notes.back().find("keeps its running statistics: b1"), std::string::npos);
}

TEST(Pack, TrainingFormsWithoutAMeaningAreRefusedByName) {
  auto model = trainingExport();
  model.mutable_graph()->mutable_output(0)->set_name("/b2/BatchNormalization_var");
  Notes notes;
  EXPECT_NE(str(pack(model, options("mse"), notes)).find("'/b2/BatchNormalization_var' are used"),
            std::string::npos);
  model = trainingExport();
  model.mutable_graph()->mutable_node(0)->set_op_type("NonZero"); // no constant
  std::string text = str(pack(model, options("mse"), notes));
  EXPECT_NE(text.find("'/drop/Dropout' (Dropout): input 2, training_mode, is 'train'"),
            std::string::npos)
      << text;
}

TEST(Pack, ABatchOfOneBecomesAnyBatchWhereTheGraphAllowsIt) {
  auto model = mergedExport(1);
  Notes notes;
  ASSERT_EQ(str(pack(model, options("mse"), notes)), "");
  EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
  EXPECT_NE(notes.back().find("batches of any size"), std::string::npos) << notes.back();

  for (int64_t batch : {1, 8}) { // a Reshape to (batch, 4), and a batch that somebody chose
    model = mergedExport(batch);
    auto &graph = *model.mutable_graph();
    const std::vector<int64_t> shape = {batch, 4}, rank = {2};
    *graph.add_initializer() = intTensor("shape", shape, rank);
    const std::vector<std::string> inputs = {"y", "shape"}, outputs = {"z"};
    addNode(graph, "Reshape", inputs, outputs);
    graph.mutable_output(0)->set_name("z");
    notes.clear();
    ASSERT_EQ(str(pack(model, options("mse"), notes)), "");
    EXPECT_EQ(model.graph().input(0).type().tensor_type().shape().dim(0).dim_value(), batch);
    EXPECT_NE(notes.back().find(rt::concat("fixed the batch at ", batch)), std::string::npos);
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
