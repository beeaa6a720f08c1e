// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Node names are module paths ("/features.0/Conv"), so that the layers of the network survive in
// every later message.
#include "frontend/capture/Recorder.h"

#include "frontend/format/Names.h"

namespace ntc::detail {

Recorder::Recorder(int32_t elementType) : floatType(elementType) {
  model.set_ir_version(format::writtenIr);
  model.set_producer_name("ntc");
  auto *import = model.add_opset_import();
  import->set_domain("");
  import->set_version(format::writtenOpset);
}

std::string Recorder::uniqueName(const std::string &base) {
  std::string name = base;
  for (int i = 1; !names.insert(name).second; ++i) {
    name = base + "_" + std::to_string(i);
  }
  return name;
}

Tensor Recorder::addInput(const std::string &name, const format::TensorType &type) {
  onnx::ValueInfoProto &input = *model.mutable_graph()->add_input();
  input.set_name(name);
  *input.mutable_type() = format::protoOf(type);
  names.insert(name);
  values[name].type = type;
  return Tensor(shared_from_this(), name);
}

void Recorder::addState(const std::string &name, const std::vector<int64_t> &shape,
                        format::Distribution init) {
  onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(floatType);
  for (int64_t dim : shape) {
    tensor.add_dims(dim);
  }
  names.insert(name);
  values[name].type = {floatType, format::Shape(shape.begin(), shape.end())};
  if (model.training_info_size() == 0) {
    model.add_training_info();
  }
  format::bindInitialization(*model.mutable_training_info(0), tensor, init);
}

Tensor Recorder::constant(const std::string &role, const std::vector<double> &numbers,
                          const std::vector<int64_t> &dims, int32_t dtype) {
  std::string path = currentPath();
  std::string name = uniqueName((path.empty() ? "/" : "/" + path + "/") + role);
  onnx::TensorProto tensor;
  if (dtype == onnx::TensorProto::DOUBLE) {
    tensor = format::floatTensor(name, {}, dims);
    tensor.set_data_type(dtype);
    tensor.set_raw_data(numbers.data(), numbers.size() * sizeof(double));
  } else if (dtype == onnx::TensorProto::INT64) {
    tensor = format::intTensor(name, std::vector<int64_t>(numbers.begin(), numbers.end()), dims);
  } else {
    tensor = format::floatTensor(name, std::vector<float>(numbers.begin(), numbers.end()), dims);
  }
  values[name] = format::valueOf(tensor);
  *model.mutable_graph()->add_initializer() = std::move(tensor);
  return Tensor(shared_from_this(), name);
}

Tensor Recorder::integers(const std::string &role, const std::vector<int64_t> &numbers) {
  std::string path = currentPath();
  std::string name = uniqueName((path.empty() ? "/" : "/" + path + "/") + role);
  auto count = static_cast<int64_t>(numbers.size());
  onnx::TensorProto tensor = format::intTensor(name, numbers, std::span(&count, 1));
  values[name] = format::valueOf(tensor);
  *model.mutable_graph()->add_initializer() = std::move(tensor);
  return Tensor(shared_from_this(), name);
}

Tensor Recorder::fail(const std::string &message) {
  std::string where = scopes.empty() ? std::string() : scopes.back().type + ": ";
  if (!scopes.empty() && !scopes.back().path.empty()) {
    where = scopes.back().path + " (" + scopes.back().type + "): ";
  }
  if (problems.empty() ||
      problems.back() != where + message) { // one layer may ask for weight and bias in vain
    problems.push_back(where + message);
  }
  return Tensor();
}

void Recorder::addLoss(const std::string &name, const Tensor &value, double weight) {
  bool isFloat = typeOf(value).dtype == floatType;
  bool taken = name == "loss" || name == "output" || names.contains(name);
  if (name.empty() || name[0] == '/' || taken || !isFloat) {
    fail("addLoss: expected a name of its own and a value of the parameters' type, found \"" +
         name + "\" and " + format::str(typeOf(value)));
    return;
  }
  names.insert(name);
  terms.push_back({name, value.name, weight});
}

void Recorder::addMetric(const std::string &name, const Tensor &value) {
  const std::string problem = format::metricNameProblem(name);
  if (!problem.empty() || name == "output" || names.contains(name)) {
    fail("addMetric: expected a name of its own" + (problem.empty() ? "" : ", " + problem) +
         ", found \"" + name + "\"");
    return;
  }
  names.insert(name);
  reported.push_back({name, value.name});
}

bool Recorder::isMade(const Tensor &value) const {
  for (const onnx::NodeProto &node : model.graph().node()) {
    if (node.output(0) == value.name) {
      return true;
    }
  }
  return false;
}

Tensor Recorder::rename(const Tensor &value, const std::string &name) {
  for (onnx::NodeProto &node : *model.mutable_graph()->mutable_node()) {
    for (std::string &input : *node.mutable_input()) {
      input = input == value.name ? name : input;
    }
    node.set_output(0, node.output(0) == value.name ? name : node.output(0));
  }
  values[name] = values.at(value.name);
  return Tensor(shared_from_this(), name);
}

Tensor Recorder::find(const std::string &name) {
  return values.contains(name) ? Tensor(shared_from_this(), name) : Tensor();
}

Tensor Recorder::append(onnx::NodeProto node, const std::vector<Tensor> &inputs) {
  std::vector<const format::Value *> operands;
  for (const Tensor &input : inputs) {
    if (!input.isValid()) {
      return Tensor(); // its cause is recorded
    }
    if (input.recorder.get() != this) {
      return fail(node.op_type() + ": operands belong to two recordings");
    }
    node.add_input(input.name);
    operands.push_back(&values.at(input.name));
  }
  std::string path = currentPath();
  node.set_name(uniqueName((path.empty() ? "/" : "/" + path + "/") + node.op_type()));
  node.add_output(uniqueName(node.name() + "_output_0"));
  format::ShapeInference inference(model);
  format::NodeTypes types = inference.infer(node, operands, format::writtenOpset);
  if (!types.unsupported.empty() || !types.problems.empty()) {
    return fail(node.op_type() + ": " +
                (types.problems.empty() ? types.unsupported : types.problems[0]));
  }
  std::string output = node.output(0);
  values[output] = std::move(types.outputs[0]);
  *model.mutable_graph()->add_node() = std::move(node);
  return Tensor(shared_from_this(), output);
}

Tensor Recorder::add(const std::string &op, const std::vector<Tensor> &inputs,
                     format::Attributes attributes) {
  onnx::NodeProto node;
  node.set_op_type(op);
  for (const onnx::AttributeProto &attribute : attributes) {
    *node.add_attribute() = attribute;
  }
  return append(std::move(node), inputs);
}

Tensor Recorder::call(const onnx::FunctionProto &function, const std::vector<Tensor> &inputs) {
  if (functions.insert(function.name()).second) {
    *model.add_functions() = function;
    auto *import = functions.size() == 1 ? model.add_opset_import() : model.mutable_opset_import(1);
    import->set_domain(std::string(format::trainingDomain));
    import->set_version(1);
  }
  onnx::NodeProto node;
  node.set_op_type(function.name());
  node.set_domain(std::string(format::trainingDomain));
  return append(std::move(node), inputs);
}

} // namespace ntc::detail
