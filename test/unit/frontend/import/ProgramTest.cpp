// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What surrounds the computation: states and their first values, arguments, metadata, batch sizes.
#include "TestModels.h"

#include "frontend/format/InitialValues.h"
#include "runtime/base/Philox.h"
#include "runtime/base/Sha256.h"

#include <cstring>

using namespace ntc::importer;
using namespace ntc::importer::test;
using ntc::ir::train::Role;

namespace {

/// One frozen and one trained parameter with momentum.
ModelBuilder twoParameters() {
  ModelBuilder b;
  b.input("x", {-1, 2}).weight("base", {2}, {1, 2}).weight("head", {2}, {3, 4}).output("y");
  b.target("t", {-1, 2}, onnx::TensorProto::FLOAT).control("lr");
  b.node("Mul", "x base", "h");
  b.node("Mul", "h head", "y");
  addInt(b.step("ReduceSum", "y", "loss"), "keepdims", 0);
  b.gradient("head", "x t");
  auto *slot = b.algorithm().add_sparse_initializer();
  slot->mutable_values()->set_name("optimizer.momentum_buffer.head");
  slot->mutable_values()->set_data_type(onnx::TensorProto::FLOAT);
  slot->mutable_values()->add_dims(0);
  slot->add_dims(2);
  *b.algorithm().add_initializer() = tensor(onnx::TensorProto::INT64, {}, {0});
  b.algorithm().mutable_initializer(0)->set_name("optimizer.step.head");
  *b.algorithm().add_initializer() = tensor(onnx::TensorProto::INT64, {}, {1});
  b.algorithm().mutable_initializer(1)->set_name("one");
  b.step("Add", "optimizer.momentum_buffer.head gradient.head", "v.next");
  b.step("Add", "optimizer.step.head one", "step.next");
  b.step("CastLike", "lr head", "rate");
  b.step("Mul", "rate v.next", "delta");
  b.step("Sub", "head delta", "head.next");
  b.update("head", "head.next").update("optimizer.momentum_buffer.head", "v.next");
  b.update("optimizer.step.head", "step.next");
  return b;
}

ntc::ir::train::StateOp stateOf(Program &p, const char *name) {
  return mlir::dyn_cast_or_null<ntc::ir::train::StateOp>(
      mlir::SymbolTable::lookupSymbolIn(p.program(), name));
}

TEST(Program, StatesHaveRolesOwnersAndFirstValues) {
  Program p(twoParameters().model, {2}, false);
  ASSERT_TRUE(p);
  auto base = stateOf(p, "base"), head = stateOf(p, "head");
  auto moment = stateOf(p, "optimizer.momentum_buffer.head"),
       counter = stateOf(p, "optimizer.step.head");
  ASSERT_TRUE(base && head && moment && counter);
  EXPECT_TRUE(base.getFrozen());
  EXPECT_FALSE(head.getFrozen());
  EXPECT_EQ(moment.getRole(), Role::Moment);
  EXPECT_EQ(moment.getOf(), "head");
  EXPECT_EQ(counter.getRole(), Role::Counter);
  EXPECT_TRUE(mlir::isa<mlir::DenseElementsAttr>(base.getInit()));
  EXPECT_TRUE(mlir::isa<ntc::ir::train::FillAttr>(moment.getInit()));
  EXPECT_FALSE(stateOf(p, "one")) << "a constant became state";
}

TEST(Program, FreshStatesAreDrawnByTheirPlaceInTheFile) {
  ModelBuilder b;
  b.input("x", {-1, 70}).output("y").weight("imported", {70}, Values(70, 1));
  b.weight("a", {70}, Values(70, 0)).weight("b", {70}, Values(70, 0));
  b.weight("c", {70}, Values(70, 0)).node("Sum", "x imported a b c", "y");
  auto &initialization = *b.info().mutable_initialization();
  for (const char *name : {"a", "b", "c"}) {
    onnx::NodeProto &node = *initialization.add_node();
    bool isUniform = name[0] == 'b', isNormal = name[0] == 'c';
    node.set_op_type(isUniform ? "RandomUniform" : isNormal ? "RandomNormal" : "ConstantOfShape");
    node.add_output(std::string("init.") + name);
    if (isUniform || isNormal) {
      addFloat(node, isNormal ? "mean" : "low", -0.3f);
      addFloat(node, isNormal ? "scale" : "high", 0.7f);
      addInts(node, "shape", {70});
    } else {
      node.add_input("shape");
      addInt(node, "unused", 0);
      node.clear_attribute();
      auto *value = node.add_attribute();
      value->set_name("value");
      value->set_type(onnx::AttributeProto::TENSOR);
      *value->mutable_t() = tensor(onnx::TensorProto::FLOAT, {1}, {0.5});
    }
    auto *binding = b.info().add_initialization_binding();
    binding->set_key(name);
    binding->set_value(std::string("init.") + name);
  }
  Program p(b.model, {1}, false);
  ASSERT_TRUE(p);
  p.run("init", {{42}});
  expectNear(p.state("a"), Values(70, 0.5), 0);
  Values drawn;
  for (int e = 0; e < 70; ++e) {
    float u = static_cast<float>(ntc::rt::randomUniform(42, 0, 1, e));
    float scaled = u * (0.7f - -0.3f);
    drawn.push_back(scaled + -0.3f);
  }
  expectNear(p.state("b"), drawn, 0);
  onnx::ModelProto host = b.model;
  ASSERT_TRUE(ntc::format::drawInitialValues(host, 42));
  Values normal;
  for (int e = 0; e < 70; ++e) {
    float value = 0;
    std::memcpy(&value, host.graph().initializer(3).raw_data().data() + 4 * e, 4);
    normal.push_back(value);
  }
  expectNear(p.state("c"), normal, 0);
  expectNear(p.state("imported"), Values(70, 1), 0);
}

TEST(Program, LargeImportedValuesGoToTheWeightsFile) {
  ModelBuilder b = twoParameters();
  mlir::MLIRContext context;
  ImportReport report;
  ImportOptions options;
  options.batchSizes = {2};
  options.inlineBytes = 4;
  auto module = importModel(b.model, context, options, report);
  ASSERT_TRUE(succeeded(module)) << report.str();
  ASSERT_EQ(report.weights.size(), 2u);
  const ImportedTensor &base = report.weights.at("base");
  EXPECT_EQ(base.shape, (std::vector<int64_t>{2}));
  float expected[] = {1, 2};
  EXPECT_EQ(base.bytes, std::string(reinterpret_cast<const char *>(expected), 8));
  ntc::rt::Sha256 hash;
  hash.update(base.bytes);
  EXPECT_EQ(base.sha256, ntc::rt::hex(hash.finish()));
  std::string text;
  llvm::raw_string_ostream(text) << **module;
  EXPECT_NE(text.find("#train.file<\"weights.safetensors\", \"base\", \"" + base.sha256),
            std::string::npos)
      << text;
}

TEST(Program, EveryBatchSizeHasItsEntries) {
  Program p(twoParameters().model, {2, 5, 2});
  ASSERT_TRUE(p);
  std::string names;
  for (auto entry : p.program().getOps<ntc::ir::train::EntryOp>()) {
    names += entry.getSymName().str() + " ";
  }
  EXPECT_EQ(names,
            "init train_step.b2 eval_step.b2 predict.b2 train_step.b5 eval_step.b5 predict.b5 ");
}

TEST(Program, AFixedBatchSizeIsTakenFromTheInputs) {
  ModelBuilder b;
  b.input("x", {3, 2}).output("y");
  b.node("Relu", "x", "y");
  Program p(b.model, {});
  ASSERT_TRUE(p);
  EXPECT_EQ(p.run("predict.b3", {{-1, 1, -2, 2, -3, 3}})[0], (Values{0, 1, 0, 2, 0, 3}));
}

TEST(Program, RecipeGivesDefaultsNameAndBatchSizes) {
  ModelBuilder b = twoParameters();
  auto *entry = b.model.add_metadata_props();
  entry->set_key("ntc.train_spec");
  entry->set_value("model: 'net' optimizer { name: 'sgd' hyperparameters { key: 'lr' value: 0.25 } "
                   "} batch_sizes: 6");
  Program p(b.model, {});
  ASSERT_TRUE(p);
  std::string text = p.text();
  EXPECT_NE(text.find("train.program @net"), std::string::npos);
  EXPECT_NE(text.find("@train_step.b6"), std::string::npos);
  EXPECT_NE(text.find("train.control = \"lr\", train.default = 2.500000e-01"), std::string::npos)
      << text;
}

std::string hashOf(const onnx::ModelProto &model, Sizes sizes = {2}) {
  Program p(model, sizes);
  auto metadata = p.program().getMetadata();
  return metadata->getAs<mlir::StringAttr>(kMetadataHash).str();
}

TEST(Program, TheHashCoversTheStepAndNotTheWeights) {
  ModelBuilder b = twoParameters();
  std::string hash = hashOf(b.model);
  EXPECT_EQ(hash.size(), 64u);
  EXPECT_EQ(hash, hashOf(b.model, {7}));
  b.graph().mutable_initializer(0)->set_float_data(0, 9);
  EXPECT_EQ(hash, hashOf(b.model));
  b.algorithm().mutable_node(2)->set_op_type("Sub");
  EXPECT_NE(hash, hashOf(b.model));
}

TEST(Program, OldFilesMayListInitializersAmongTheInputs) {
  ModelBuilder b;
  b.input("x", {-1, 2}).input("w", {2}).weight("w", {2}, {1, 2}).output("y");
  b.node("Mul", "x w", "y");
  Program p(b.model);
  ASSERT_TRUE(p);
  EXPECT_EQ(p.run("predict.b2", {{1, 1, 2, 2}})[0], (Values{1, 2, 2, 4}));
}

} // namespace
