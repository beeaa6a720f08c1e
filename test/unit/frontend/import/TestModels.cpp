// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small models for the tests of the importer: see TestModels.h.

#include "TestModels.h"

#include "compiler/autodiff/DifferentiableOpInterface.h"
#include "compiler/autodiff/Differentiate.h"
#include "compiler/autodiff/Passes.h"
#include "dialects/nn/Nn.h"
#include "frontend/import/Emitter.h"

#include <sstream>

using namespace mlir;

namespace ntc::importer::test {

using onnx::TensorProto;

static std::vector<std::string> split(const std::string &text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) {
    words.push_back(word == "-" ? "" : word);
  }
  return words;
}

static void fill(onnx::NodeProto &node, const std::string &op, const std::string &inputs,
                 const std::string &outputs, const std::string &name) {
  node.set_op_type(op);
  node.set_name(name.empty() ? "/" + op : name);
  for (const std::string &input : split(inputs)) {
    node.add_input(input);
  }
  for (const std::string &output : split(outputs)) {
    node.add_output(output);
  }
}

static void declare(onnx::ValueInfoProto &value, const std::string &name, const Sizes &sizes,
                    int dtype) {
  value.set_name(name);
  auto *type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(dtype);
  type->mutable_shape();
  for (int64_t size : sizes) {
    auto *dim = type->mutable_shape()->add_dim();
    if (size < 0) {
      dim->set_dim_param("batch");
    } else {
      dim->set_dim_value(size);
    }
  }
}

ModelBuilder::ModelBuilder(int64_t opset) {
  model.set_ir_version(8);
  model.add_opset_import()->set_version(opset);
  auto *preview = model.add_opset_import();
  preview->set_domain("ai.onnx.preview.training");
  preview->set_version(1);
  auto *functions = model.add_opset_import();
  functions->set_domain("test");
  functions->set_version(1);
  graph().set_name("tiny");
}

onnx::TrainingInfoProto &ModelBuilder::info() {
  return model.training_info_size() ? *model.mutable_training_info(0) : *model.add_training_info();
}

ModelBuilder &ModelBuilder::input(const std::string &name, Sizes sizes, int dtype) {
  declare(*graph().add_input(), name, sizes, dtype);
  return *this;
}

ModelBuilder &ModelBuilder::target(const std::string &name, Sizes sizes, int dtype) {
  declare(*algorithm().add_input(), name, sizes, dtype);
  return *this;
}

ModelBuilder &ModelBuilder::control(const std::string &name) {
  declare(*algorithm().add_input(), name, {}, TensorProto::DOUBLE);
  return *this;
}

ModelBuilder &ModelBuilder::output(const std::string &name) {
  graph().add_output()->set_name(name);
  return *this;
}

onnx::TensorProto tensor(int dtype, Sizes sizes, Values values) {
  TensorProto result;
  result.set_data_type(dtype);
  for (int64_t size : sizes) {
    result.add_dims(size);
  }
  for (double value : values) {
    if (dtype == TensorProto::FLOAT) {
      result.add_float_data(static_cast<float>(value));
    } else if (dtype == TensorProto::DOUBLE) {
      result.add_double_data(value);
    } else if (dtype == TensorProto::INT64) {
      result.add_int64_data(static_cast<int64_t>(value));
    } else {
      result.add_int32_data(static_cast<int32_t>(value));
    }
  }
  return result;
}

ModelBuilder &ModelBuilder::weight(const std::string &name, Sizes sizes, Values values) {
  *graph().add_initializer() = tensor(TensorProto::FLOAT, sizes, values);
  graph().mutable_initializer(graph().initializer_size() - 1)->set_name(name);
  return *this;
}

ModelBuilder &ModelBuilder::ints(const std::string &name, Sizes sizes, Sizes values) {
  *graph().add_initializer() =
      tensor(TensorProto::INT64, sizes, Values(values.begin(), values.end()));
  graph().mutable_initializer(graph().initializer_size() - 1)->set_name(name);
  return *this;
}

onnx::NodeProto &ModelBuilder::node(const std::string &op, const std::string &inputs,
                                    const std::string &outputs, const std::string &name) {
  onnx::NodeProto &node = *graph().add_node();
  fill(node, op, inputs, outputs, name);
  return node;
}

onnx::NodeProto &ModelBuilder::step(const std::string &op, const std::string &inputs,
                                    const std::string &outputs, const std::string &name) {
  onnx::NodeProto &node = *algorithm().add_node();
  fill(node, op, inputs, outputs, name);
  return node;
}

onnx::NodeProto &ModelBuilder::gradient(const std::string &xs, const std::string &zs) {
  std::string outputs;
  for (const std::string &x : split(xs)) {
    outputs += "gradient." + x + " ";
  }
  onnx::NodeProto &node = step("Gradient", xs + " " + zs, outputs);
  node.set_domain("ai.onnx.preview.training");
  for (auto [name, list] : {std::pair("xs", xs), std::pair("zs", zs)}) {
    auto *attribute = node.add_attribute();
    attribute->set_name(name);
    attribute->set_type(onnx::AttributeProto::STRINGS);
    for (const std::string &word : split(list)) {
      attribute->add_strings(word);
    }
  }
  addString(node, "y", "loss");
  return node;
}

ModelBuilder &ModelBuilder::update(const std::string &state, const std::string &value) {
  auto *binding = info().add_update_binding();
  binding->set_key(state);
  binding->set_value(value);
  return *this;
}

onnx::FunctionProto &ModelBuilder::function(const std::string &name, const std::string &inputs,
                                            const std::string &outputs) {
  onnx::FunctionProto &function = *model.add_functions();
  function.set_name(name);
  function.set_domain("test");
  function.add_opset_import()->set_version(17);
  auto *own = function.add_opset_import();
  own->set_domain("test");
  own->set_version(1);
  for (const std::string &input : split(inputs)) {
    function.add_input(input);
  }
  for (const std::string &output : split(outputs)) {
    function.add_output(output);
  }
  return function;
}

onnx::NodeProto &addTo(onnx::FunctionProto &function, const std::string &op,
                       const std::string &inputs, const std::string &outputs) {
  onnx::NodeProto &node = *function.add_node();
  fill(node, op, inputs, outputs, "");
  node.clear_name();
  return node;
}

static onnx::AttributeProto &add(onnx::NodeProto &node, const std::string &name,
                                 onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

void addInt(onnx::NodeProto &node, const std::string &name, int64_t value) {
  add(node, name, onnx::AttributeProto::INT).set_i(value);
}

void addInts(onnx::NodeProto &node, const std::string &name, Sizes values) {
  onnx::AttributeProto &attribute = add(node, name, onnx::AttributeProto::INTS);
  for (int64_t value : values) {
    attribute.add_ints(value);
  }
}

void addFloat(onnx::NodeProto &node, const std::string &name, float value) {
  add(node, name, onnx::AttributeProto::FLOAT).set_f(value);
}

void addString(onnx::NodeProto &node, const std::string &name, const std::string &value) {
  add(node, name, onnx::AttributeProto::STRING).set_s(value);
}

Program::Program(const onnx::ModelProto &model, Sizes batchSizes, bool f64) {
  DialectRegistry registry;
  autodiff::registerDifferentiationRules(registry);
  context.appendDialectRegistry(registry);
  ImportOptions options;
  options.batchSizes.assign(batchSizes.begin(), batchSizes.end());
  options.f64 = f64;
  auto imported = importModel(model, context, options, report);
  EXPECT_TRUE(succeeded(imported)) << report.str();
  if (succeeded(imported)) {
    module = std::move(*imported);
    machine = std::make_unique<reference::Interpreter>(program());
    EXPECT_TRUE(succeeded(machine->init(1)));
  }
}

std::string Program::text() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.get()->print(stream);
  return text;
}

void Program::differentiate() {
  IRRewriter rewriter(&context);
  EXPECT_TRUE(succeeded(autodiff::differentiate(rewriter, *module)));
}

static Values numbersOf(const reference::Tensor &tensor) {
  Values values;
  for (int64_t i = 0; i < tensor.getNumElements(); ++i) {
    values.push_back(tensor.number(i));
  }
  return values;
}

std::vector<Values> Program::run(const std::string &name, const std::vector<Values> &arguments) {
  auto entry = dyn_cast_or_null<ir::train::EntryOp>(SymbolTable::lookupSymbolIn(program(), name));
  EXPECT_TRUE(entry) << "no entry " << name;
  if (!entry) {
    return {};
  }
  EXPECT_EQ(entry.getArgumentTypes().size(), arguments.size()) << text();
  std::vector<reference::Tensor> tensors;
  for (auto [i, type] : llvm::enumerate(entry.getArgumentTypes())) {
    reference::Tensor tensor(type);
    EXPECT_EQ(tensor.getNumElements(), static_cast<int64_t>(arguments[i].size()))
        << "argument " << i;
    for (int64_t e = 0; e < tensor.getNumElements(); ++e) {
      tensor.set(e, {arguments[i][e], static_cast<int64_t>(arguments[i][e])});
    }
    tensors.push_back(std::move(tensor));
  }
  auto results = machine->run(name, tensors);
  EXPECT_TRUE(succeeded(results)) << text();
  std::vector<Values> values;
  if (failed(results)) {
    return {};
  }
  for (const reference::Tensor &result : *results) {
    values.push_back(numbersOf(result));
  }
  return values;
}

Values Program::state(const std::string &name) {
  const reference::Tensor *tensor = machine->get(name);
  EXPECT_TRUE(tensor) << "no state " << name;
  return tensor ? numbersOf(*tensor) : Values();
}

ImportReport refuse(const onnx::ModelProto &model, ImportOptions options) {
  MLIRContext context;
  ImportReport report;
  if (options.batchSizes.empty()) {
    options.batchSizes = {2};
  }
  EXPECT_TRUE(failed(importModel(model, context, options, report)));
  EXPECT_FALSE(report.diagnostics.empty());
  return report;
}

void expectRefusal(const onnx::ModelProto &model, DiagnosticKind kind, const std::string &text,
                   Sizes batchSizes) {
  ImportOptions options;
  options.batchSizes.assign(batchSizes.begin(), batchSizes.end());
  ImportReport report = refuse(model, options);
  ASSERT_EQ(report.diagnostics.size(), 1u) << report.str();
  EXPECT_EQ(report.diagnostics[0].kind, kind) << report.str();
  EXPECT_NE(report.diagnostics[0].str().find(text), std::string::npos) << report.str();
}

void expectNear(const Values &actual, const Values &expected, double tolerance) {
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    EXPECT_NEAR(actual[i], expected[i], tolerance) << "element " << i;
  }
}

} // namespace ntc::importer::test
