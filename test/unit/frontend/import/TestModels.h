// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hand-made models for the importer's tests, and runs of imported programs in the reference
// interpreter.
#pragma once

#include "codegen/reference/Interpreter.h"
#include "frontend/import/Import.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

namespace ntc::importer::test {

using Values = std::vector<double>;
using Sizes = std::vector<int64_t>;

/// Builds an ONNX model one call at a time. Sizes of -1 are the batch.
class ModelBuilder {
public:
  explicit ModelBuilder(int64_t opset = 17);

  onnx::ModelProto model;

  onnx::GraphProto &graph() { return *model.mutable_graph(); }
  /// The algorithm of the one training step, made on first use.
  onnx::TrainingInfoProto &info();
  onnx::GraphProto &algorithm() { return *info().mutable_algorithm(); }

  ModelBuilder &input(const std::string &name, Sizes sizes, int dtype = onnx::TensorProto::FLOAT);
  ModelBuilder &target(const std::string &name, Sizes sizes, int dtype = onnx::TensorProto::INT64);
  ModelBuilder &control(const std::string &name);
  ModelBuilder &output(const std::string &name);
  /// A float initializer of the graph.
  ModelBuilder &weight(const std::string &name, Sizes sizes, Values values);
  ModelBuilder &ints(const std::string &name, Sizes sizes, Sizes values);
  /// A node of the graph; `inputs` and `outputs` are names separated by spaces, "-" for an absent
  /// one.
  onnx::NodeProto &node(const std::string &op, const std::string &inputs,
                        const std::string &outputs, const std::string &name = "");
  /// A node of the algorithm.
  onnx::NodeProto &step(const std::string &op, const std::string &inputs,
                        const std::string &outputs, const std::string &name = "");
  /// The Gradient node by `xs` of `loss`, with outputs "gradient.<x>".
  onnx::NodeProto &gradient(const std::string &xs, const std::string &zs);
  ModelBuilder &update(const std::string &state, const std::string &value);
  onnx::FunctionProto &function(const std::string &name, const std::string &inputs,
                                const std::string &outputs);
};

void addInt(onnx::NodeProto &node, const std::string &name, int64_t value);
void addInts(onnx::NodeProto &node, const std::string &name, Sizes values);
void addFloat(onnx::NodeProto &node, const std::string &name, float value);
void addString(onnx::NodeProto &node, const std::string &name, const std::string &value);
onnx::NodeProto &addTo(onnx::FunctionProto &function, const std::string &op,
                       const std::string &inputs, const std::string &outputs);
onnx::TensorProto tensor(int dtype, Sizes sizes, Values values);

/// An imported program with its interpreter.
class Program {
public:
  /// Imports in f64 unless `f64` is false; a failure is a failure of the test.
  explicit Program(const onnx::ModelProto &model, Sizes batchSizes = {2}, bool f64 = true);

  explicit operator bool() const { return module && *module; }
  /// The module's text.
  std::string text() const;
  /// Replaces gradients by operations.
  void differentiate();
  reference::Interpreter &interpreter() { return *machine; }
  ir::train::ProgramOp program() { return *module->getOps<ir::train::ProgramOp>().begin(); }
  /// Runs an entry whose arguments are filled from `arguments`, in order; results as flat numbers.
  std::vector<Values> run(const std::string &entry, const std::vector<Values> &arguments);
  /// The value of a state.
  Values state(const std::string &name);
  ImportReport report;

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::unique_ptr<reference::Interpreter> machine;
};

/// The diagnostics of a model that must be refused.
ImportReport refuse(const onnx::ModelProto &model, ImportOptions options = {});
/// Expects exactly one diagnostic of `kind` that has `text` in it.
void expectRefusal(const onnx::ModelProto &model, DiagnosticKind kind, const std::string &text,
                   Sizes batchSizes = {2});
void expectNear(const Values &actual, const Values &expected, double tolerance);

} // namespace ntc::importer::test
