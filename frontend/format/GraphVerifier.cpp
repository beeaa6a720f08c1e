// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A value whose type could not be inferred is known by name only; checks on it pass, so that each
// mistake is reported where it was made and not at everything behind it.
#include "frontend/format/GraphVerifier.h"

#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"
#include "frontend/format/VerifyTensor.h"

namespace ntc::format {

void Report::addUnsupported(const std::string &reason, const onnx::NodeProto &node) {
  Users &users = unsupported[reason];
  ++users.total;
  if (users.names.size() < 3) {
    users.names.push_back(describe(node));
  }
}

std::vector<Diagnostic> Report::finish() {
  std::vector<Diagnostic> all;
  for (const auto &[reason, users] : unsupported) {
    if (all.size() == limit) {
      break;
    }
    std::string more = users.total > users.names.size()
                           ? rt::concat(" and ", users.total - users.names.size(), " more")
                           : std::string();
    all.push_back({join(users.names) + more, reason});
  }
  all.insert(all.end(), diagnostics.begin(), diagnostics.end());
  if (total > diagnostics.size()) {
    all.push_back({"", rt::concat("and ", total - diagnostics.size(), " more problems")});
  }
  return all;
}

const Value *Scope::find(const std::string &name) const {
  auto found = values.find(name);
  return found == values.end() ? nullptr : &found->second;
}

void Scope::define(const std::string &name, Value value, const std::string &what) {
  if (name.empty()) {
    report.add(what, "has no name");
    return;
  }
  if (!values.emplace(name, std::move(value)).second) {
    report.add(what, "the name is already that of another value");
  }
}

void Scope::addInput(const onnx::ValueInfoProto &input) {
  std::string what = "input " + quoted(input.name());
  Value value;
  auto type = typeOf(input.type());
  if (!type) {
    report.add(what, type.status().message());
  } else if (!type->shape) {
    report.add(what, "its shape is not declared");
  } else {
    value.type = std::move(*type);
  }
  inputNames.insert(input.name());
  define(input.name(), std::move(value), what);
}

void Scope::addInitializer(const onnx::TensorProto &tensor) {
  std::string what = "initializer " + quoted(tensor.name());
  Value value;
  if (std::string problem = tensorProblem(tensor); !problem.empty()) {
    report.add(what, problem);
  } else {
    value = valueOf(tensor);
  }
  if (!initializerNames.insert(tensor.name()).second) {
    report.add(what, "there is another initializer of this name");
    return;
  }
  if (inputNames.contains(tensor.name())) { // old files list initializers among the inputs
    values[tensor.name()] = std::move(value);
    return;
  }
  define(tensor.name(), std::move(value), what);
}

void Scope::addSparseInitializer(const onnx::SparseTensorProto &tensor) {
  std::string what = "sparse initializer " + quoted(tensor.values().name());
  Value value;
  if (std::string problem = sparseProblem(tensor); !problem.empty()) {
    report.add(what, problem);
  } else {
    value.type.dtype = tensor.values().data_type();
    value.type.shape = Shape(tensor.dims().begin(), tensor.dims().end());
  }
  define(tensor.values().name(), std::move(value), what);
}

bool Scope::reaches(const onnx::NodeProto &from, const onnx::NodeProto &target) const {
  std::unordered_set<const onnx::NodeProto *> seen;
  std::vector<const onnx::NodeProto *> pending = {&from};
  while (!pending.empty()) {
    const onnx::NodeProto *node = pending.back();
    pending.pop_back();
    if (node == &target) {
      return true;
    }
    if (!seen.insert(node).second) {
      continue;
    }
    for (const std::string &input : node->input()) {
      if (auto maker = laterMakers.find(input); maker != laterMakers.end()) {
        pending.push_back(maker->second);
      }
    }
  }
  return false;
}

std::string Scope::nearName(const std::string &name) const {
  if (searches-- <= 0) {
    return {};
  }
  std::vector<std::string> names;
  for (const auto &[each, value] : values) {
    if (names.size() < 10000) {
      names.push_back(each);
    }
  }
  std::string near = nearest(name, names);
  return near.empty() ? std::string() : "; did you mean " + quoted(near) + "?";
}

std::string Scope::missingReason(const onnx::NodeProto &node, const std::string &input) const {
  auto maker = laterMakers.find(input);
  if (maker == laterMakers.end()) {
    return "input " + quoted(input) + " is made by no node, input or initializer" + nearName(input);
  }
  if (searches-- > 0 && reaches(*maker->second, node)) {
    return "the graph has a cycle: input " + quoted(input) + " depends on this node's own output";
  }
  return "input " + quoted(input) + " is made only later, by " + describe(*maker->second) +
         "; nodes must be in topological order";
}

void Scope::addGradient(const onnx::NodeProto &node) {
  // Types only; names and the cut are verifyTraining's business.
  for (int i = 0; i < node.output_size(); ++i) {
    Value value;
    const Value *source = i < node.input_size() ? find(node.input(i)) : nullptr;
    if (source) {
      value.type = source->type;
    }
    if (!node.output(i).empty()) {
      define(node.output(i), value, describe(node) + ", output " + quoted(node.output(i)));
      makers[node.output(i)] = &node;
    }
  }
}

void Scope::addNode(const onnx::NodeProto &node, int64_t opset) {
  std::string what = describe(node);
  if (!node.name().empty() && ++nodeNames[node.name()] == 2) {
    report.add(what, "there is another node of this name");
  }
  bool complete = true;
  std::vector<const Value *> operands;
  for (const std::string &input : node.input()) {
    const Value *value = input.empty() ? nullptr : find(input);
    if (!input.empty() && !value) {
      report.add(what, missingReason(node, input));
      complete = false;
    }
    operands.push_back(value);
  }
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_t()) {
      continue;
    }
    if (std::string problem = tensorProblem(attribute.t()); !problem.empty()) {
      report.add(what, "attribute ", quoted(attribute.name()), ": ", problem);
      complete = false;
    }
  }
  if (node.op_type() == "Gradient" && node.domain() == previewDomain) {
    addGradient(node);
    return;
  }
  NodeTypes types;
  types.outputs.resize(static_cast<size_t>(node.output_size()));
  if (complete) {
    types = inference.infer(node, operands, opset);
  } else if (!findOp(node.op_type()) && !inference.findFunction(node.domain(), node.op_type())) {
    types.unsupported = "operator " + quoted(node.op_type()) + " is not supported";
  }
  if (!types.unsupported.empty()) {
    report.addUnsupported(types.unsupported, node);
  }
  for (const std::string &problem : types.problems) {
    report.add(what, problem);
  }
  for (int i = 0; i < node.output_size(); ++i) {
    if (!node.output(i).empty()) {
      define(node.output(i), std::move(types.outputs[static_cast<size_t>(i)]),
             what + ", output " + quoted(node.output(i)));
      makers[node.output(i)] = &node;
    }
  }
}

void Scope::addNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                     int64_t opset) {
  laterMakers.clear();
  for (const onnx::NodeProto &node : nodes) {
    for (const std::string &output : node.output()) {
      laterMakers.emplace(output, &node);
    }
  }
  for (const onnx::NodeProto &node : nodes) {
    addNode(node, opset);
  }
}

void Scope::checkDeclared(const onnx::ValueInfoProto &declared, bool isOutput) {
  std::string what = (isOutput ? "output " : "value_info ") + quoted(declared.name());
  const Value *value = find(declared.name());
  if (!value) {
    if (isOutput) {
      report.add(what, "is made by no node, input or initializer", nearName(declared.name()));
    }
    return;
  }
  if (!declared.has_type()) {
    return;
  }
  auto type = typeOf(declared.type());
  if (!type) {
    report.add(what, type.status().message());
    return;
  }
  bool dtypeDiffers = type->dtype && value->type.dtype && type->dtype != value->type.dtype;
  bool shapeDiffers =
      type->shape && value->type.shape && !mayEqual(*type->shape, *value->type.shape);
  if (dtypeDiffers || shapeDiffers) {
    report.add(what, "declared as ", str(*type), ", inferred as ", str(value->type));
  } else if (value->type.dtype && !value->type.shape && type->shape) {
    values[declared.name()].type = *type; // the file knows more than inference
  }
}

std::unordered_set<std::string> Scope::ancestors(const std::set<std::string> &names,
                                                 bool withThem) const {
  std::unordered_set<std::string> reached;
  std::vector<std::string> pending;
  auto addParents = [&](const std::string &value) {
    if (auto maker = makers.find(value); maker != makers.end()) {
      pending.insert(pending.end(), maker->second->input().begin(), maker->second->input().end());
    }
  };
  for (const std::string &name : names) {
    if (withThem) {
      pending.push_back(name);
    } else {
      addParents(name);
    }
  }
  while (!pending.empty()) {
    std::string value = std::move(pending.back());
    pending.pop_back();
    if (reached.insert(value).second) {
      addParents(value);
    }
  }
  return reached;
}

} // namespace ntc::format
