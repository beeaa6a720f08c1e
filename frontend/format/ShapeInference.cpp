// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A call is inferred with the types of its operands each time; depth and total work are bounded,
// because functions of hostile files may call each other without end.
#include "frontend/format/ShapeInference.h"

#include "frontend/format/Names.h"
#include "frontend/format/NodeBuilder.h"

#include <cstring>
#include <unordered_map>

namespace ntc::format {
namespace {

constexpr int maxDepth = 32;
constexpr int64_t maxFunctionNodes = 4'000'000;

struct Kind {
  char letter;
  onnx::AttributeProto::AttributeType type;
  std::string_view name;
};
constexpr Kind kinds[] = {
    {'i', onnx::AttributeProto::INT, "integer"},    {'f', onnx::AttributeProto::FLOAT, "float"},
    {'s', onnx::AttributeProto::STRING, "string"},  {'t', onnx::AttributeProto::TENSOR, "tensor"},
    {'I', onnx::AttributeProto::INTS, "integers"},  {'F', onnx::AttributeProto::FLOATS, "floats"},
    {'S', onnx::AttributeProto::STRINGS, "strings"}};

/// The kind letter of attribute `name` in a schema's list, 0 when it has none of that name.
char kindOf(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    std::string_view entry = list.substr(0, list.find(' '));
    if (entry.substr(0, entry.size() - 2) == name) {
      return entry.back();
    }
    list.remove_prefix(std::min(list.size(), entry.size() + 1));
  }
  return 0;
}

void checkAttributes(const onnx::NodeProto &node, const OpSchema &schema,
                     std::vector<std::string> &problems) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    char letter = kindOf(schema.attributes, attribute.name());
    if (!letter) {
      problems.push_back("has no attribute " + quoted(attribute.name()));
      continue;
    }
    for (const Kind &kind : kinds) {
      if (kind.letter == letter && kind.type != attribute.type()) {
        problems.push_back("attribute " + quoted(attribute.name()) + " must be of kind " +
                           std::string(kind.name));
      }
    }
  }
}

std::string countText(int low, int high) {
  if (high < 0) {
    return "at least " + std::to_string(low);
  }
  return low == high ? std::to_string(low) : std::to_string(low) + " to " + std::to_string(high);
}

/// False when the rule cannot run on this node.
bool checkArity(const onnx::NodeProto &node, const OpSchema &schema,
                std::span<const Value *const> inputs, std::vector<std::string> &problems) {
  auto outside = [](int count, int low, int high) {
    return count < low || (high >= 0 && count > high);
  };
  if (outside(node.input_size(), schema.minInputs, schema.maxInputs)) {
    problems.push_back("expected " + countText(schema.minInputs, schema.maxInputs) +
                       " inputs, found " + std::to_string(node.input_size()));
  }
  if (outside(node.output_size(), schema.minOutputs, schema.maxOutputs)) {
    problems.push_back("expected " + countText(schema.minOutputs, schema.maxOutputs) +
                       " outputs, found " + std::to_string(node.output_size()));
  }
  bool variadic = schema.maxInputs < 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    bool required = variadic || i < static_cast<size_t>(schema.minInputs);
    if (required && !inputs[i]) {
      problems.push_back("input " + std::to_string(i) + " is left out");
    }
  }
  return problems.empty();
}

/// `node` with attributes that refer to the function's attributes replaced by the call's.
onnx::NodeProto substituted(const onnx::NodeProto &node, const onnx::NodeProto &call) {
  onnx::NodeProto copy = node;
  copy.clear_attribute();
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (attribute.ref_attr_name().empty()) {
      *copy.add_attribute() = attribute;
      continue;
    }
    for (const onnx::AttributeProto &given : call.attribute()) {
      if (given.name() == attribute.ref_attr_name()) {
        onnx::AttributeProto *added = copy.add_attribute();
        *added = given;
        added->set_name(attribute.name());
      }
    }
  }
  return copy;
}

bool hasReference(const onnx::NodeProto &node) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.ref_attr_name().empty()) {
      return true;
    }
  }
  return false;
}

} // namespace

std::string canonicalDomain(const std::string &domain) {
  return domain == "ai.onnx" ? std::string() : domain;
}

int64_t standardOpset(const google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto> &imports) {
  for (const auto &import : imports) {
    if (canonicalDomain(import.domain()).empty()) {
      return import.version();
    }
  }
  return 0;
}

ShapeInference::ShapeInference(const onnx::ModelProto &model)
    : modelOpset(standardOpset(model.opset_import())), budget(maxFunctionNodes) {
  for (const onnx::FunctionProto &function : model.functions()) {
    functions.emplace(std::pair(canonicalDomain(function.domain()), function.name()), &function);
  }
}

const onnx::FunctionProto *ShapeInference::findFunction(const std::string &domain,
                                                        const std::string &name) const {
  auto found = functions.find({canonicalDomain(domain), name});
  return found == functions.end() ? nullptr : found->second;
}

NodeTypes ShapeInference::infer(const onnx::NodeProto &node, std::span<const Value *const> inputs,
                                int64_t opset) {
  if (const onnx::FunctionProto *function = findFunction(node.domain(), node.op_type())) {
    return inferCall(node, *function, inputs);
  }
  if (canonicalDomain(node.domain()).empty()) {
    return inferOperator(node, inputs, opset);
  }
  NodeTypes result;
  result.outputs.resize(static_cast<size_t>(node.output_size()));
  result.unsupported = "unknown operator " + quoted(node.op_type()) + " of domain " +
                       quoted(node.domain()) + ", for which the file has no function";
  return result;
}

NodeTypes ShapeInference::inferOperator(const onnx::NodeProto &node,
                                        std::span<const Value *const> inputs, int64_t opset) {
  NodeTypes result;
  result.outputs.resize(static_cast<size_t>(node.output_size()));
  const OpSchema *schema = findOp(node.op_type());
  if (!schema) {
    std::vector<std::string> names;
    for (const OpSchema &each : opSchemas()) {
      names.emplace_back(each.name);
    }
    const std::string &name = node.op_type();
    const std::string near = nearest(name, names);
    // ONNX has operators with names near to those that are here (Celu, Gelu): only a long name that
    // lost or doubled a letter is taken for misspelt.
    const bool isMisspelt =
        name.size() >= 10 && (near.size() == name.size() + 1 || near.size() + 1 == name.size());
    result.unsupported = "operator " + quoted(name) + " is not supported" +
                         (isMisspelt ? "; did you mean " + quoted(near) + "?" : "");
    return result;
  }
  if (opset < schema->sinceOpset) {
    result.unsupported = "operator " + node.op_type() + " needs opset " +
                         std::to_string(schema->sinceOpset) + ", the file imports " +
                         std::to_string(opset);
    return result;
  }
  checkAttributes(node, *schema, result.problems);
  if (!checkArity(node, *schema, inputs, result.problems)) {
    return result;
  }
  OpContext context(node, inputs, opset);
  schema->infer(context);
  if (context.failed()) {
    result.problems.push_back(context.error);
  } else {
    result.outputs = std::move(context.outputs);
  }
  return result;
}

NodeTypes ShapeInference::inferCall(const onnx::NodeProto &node,
                                    const onnx::FunctionProto &function,
                                    std::span<const Value *const> inputs) {
  NodeTypes result;
  result.outputs.resize(static_cast<size_t>(node.output_size()));
  if (depth >= maxDepth || budget < function.node_size()) {
    result.problems.push_back(depth >= maxDepth
                                  ? "function calls are nested deeper than 32, or call themselves"
                                  : "the functions of the file expand to more than 4000000 nodes");
    return result;
  }
  if (node.input_size() > function.input_size() || node.output_size() > function.output_size()) {
    result.problems.push_back("expected at most " + std::to_string(function.input_size()) +
                              " inputs and " + std::to_string(function.output_size()) +
                              " outputs, found " + std::to_string(node.input_size()) + " and " +
                              std::to_string(node.output_size()));
    return result;
  }
  std::unordered_map<std::string, Value> values;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i]) {
      values[function.input(static_cast<int>(i))] = *inputs[i];
    }
  }
  int64_t opset = standardOpset(function.opset_import());
  ++depth;
  for (const onnx::NodeProto &original : function.node()) {
    --budget;
    onnx::NodeProto replaced =
        hasReference(original) ? substituted(original, node) : onnx::NodeProto();
    const onnx::NodeProto &inner = hasReference(original) ? replaced : original;
    std::vector<const Value *> operands;
    for (const std::string &input : inner.input()) {
      auto found = values.find(input);
      operands.push_back(input.empty() || found == values.end() ? nullptr : &found->second);
    }
    NodeTypes types = infer(inner, operands, opset);
    if (!types.unsupported.empty()) {
      types.problems.push_back(types.unsupported);
    }
    for (const std::string &problem : types.problems) {
      result.problems.push_back("in its function, " + describe(inner) + ": " + problem);
    }
    if (!result.problems.empty()) {
      break;
    }
    for (int i = 0; i < inner.output_size(); ++i) {
      values[inner.output(i)] = std::move(types.outputs[static_cast<size_t>(i)]);
    }
  }
  --depth;
  for (int i = 0; i < node.output_size() && result.problems.empty(); ++i) {
    auto found = values.find(function.output(i));
    if (found != values.end()) {
      result.outputs[static_cast<size_t>(i)] = found->second;
    }
  }
  return result;
}

Value valueOf(const onnx::TensorProto &tensor) {
  Value value;
  value.type.dtype = tensor.data_type();
  value.type.shape = Shape(tensor.dims().begin(), tensor.dims().end());
  bool isInteger = tensor.data_type() == onnx::TensorProto::INT64 && tensor.dims_size() <= 1;
  int64_t count = tensor.dims_size() ? tensor.dims(0) : 1;
  if (!isInteger || count < 0 || count > 64) {
    return value;
  }
  std::vector<int64_t> numbers(tensor.int64_data().begin(), tensor.int64_data().end());
  if (tensor.raw_data().size() == static_cast<size_t>(count) * sizeof(int64_t)) {
    numbers.resize(static_cast<size_t>(count));
    std::memcpy(numbers.data(), tensor.raw_data().data(), tensor.raw_data().size());
  }
  if (numbers.size() != static_cast<size_t>(count)) {
    return value;
  }
  value.elements.emplace();
  for (int64_t number : numbers) {
    value.elements->push_back(elementOf(number));
  }
  return value;
}

} // namespace ntc::format
