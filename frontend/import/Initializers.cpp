// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which initializers are state and which are constants, and where a state gets its first value from
// (docs/formats/model-pb.md §3 and §4).
#include "frontend/import/ModelView.h"

#include "dialects/train/MemoryType.h"
#include "runtime/base/Sha256.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;

namespace ntc::importer {

using ir::train::Role;

/// "w" of "optimizer.momentum_buffer.w", else "".
static StringRef parameterOf(StringRef name) {
  return name.consume_front("optimizer.") ? name.split('.').second : StringRef();
}

void ModelView::readInitializers() {
  auto collect = [&](const onnx::GraphProto &nodes) {
    for (const onnx::NodeProto &node : nodes.node()) {
      for (const std::string &input : node.input()) {
        used.insert(input);
      }
      if (node.op_type() == "BatchNormalization" && canonicalDomain(node.domain()).empty() &&
          node.input_size() == 5) {
        statistics.insert(node.input(3));
        statistics.insert(node.input(4));
      }
    }
    for (const onnx::ValueInfoProto &output : nodes.output()) {
      used.insert(output.name());
    }
  };
  collect(graph);
  if (algorithm) {
    collect(*algorithm);
  }
  auto add = [&](const onnx::GraphProto &nodes, bool ofAlgorithm) {
    for (const onnx::TensorProto &tensor : nodes.initializer()) {
      addInitializer(tensor, ofAlgorithm);
    }
    for (const onnx::SparseTensorProto &tensor : nodes.sparse_initializer()) {
      addSparse(tensor, ofAlgorithm);
    }
  };
  add(graph, false);
  if (algorithm) {
    add(*algorithm, true);
  }
  for (const auto &[name, value] : updates) {
    if (!initializerNames.contains(name)) {
      problems.invalid("update_binding",
                       "binds " + format::quoted(name) + ", which is no initializer");
    }
  }
  for (const auto &binding : initialization) {
    if (!initializerNames.contains(binding.getKey())) {
      problems.invalid("initialization_binding",
                       "binds " + format::quoted(binding.getKey()) + ", which is no initializer");
    }
  }
  if (accumulates()) {
    addAccumulators();
  }
  if (averages()) {
    addAverages();
  }
  for (auto &[name, state] : states) {
    StringRef owner = parameterOf(name);
    if (!owner.empty() && (state.role == Role::Moment || state.role == Role::Counter)) {
      state.of = states.contains(owner.str()) ? owner.str() : "";
    }
  }
}

void ModelView::addOwnState(std::string name, RankedTensorType type, Role role, StringRef of) {
  if (!initializerNames.insert(name).second) {
    problems.invalid("initializer " + format::quoted(name),
                     "has the name of a state that the training step needs; rename it");
  }
  Attribute init = ir::train::FillAttr::get(&context, number(0.0));
  states.insert({std::move(name), {type, role, init, of.str(), false}});
}

/// One accumulator for each trained parameter, in their order, and the count behind them.
void ModelView::addAccumulators() {
  SmallVector<std::pair<std::string, RankedTensorType>> parameters;
  for (const auto &[name, state] : states) {
    if (trained.contains(name)) {
      parameters.push_back({name, state.type});
    }
  }
  for (const auto &[name, type] : parameters) {
    addOwnState(accumulatorOf(name), type, Role::Moment, name);
  }
  if (!parameters.empty()) {
    Type element = parameters.front().second.getElementType();
    addOwnState(kAccumulatedCount.str(), RankedTensorType::get({}, element), Role::Moment, "");
  }
}

void ModelView::addAverages() {
  SmallVector<RankedTensorType> types;
  for (const auto &[name, state] : states) {
    if (trained.contains(name) || statistics.contains(name)) {
      averaged.push_back(name);
      types.push_back(state.type);
    }
  }
  for (auto [name, type] : llvm::zip(averaged, types)) {
    addOwnState(averageOf(name), type, Role::Moment, name);
  }
  auto counter = RankedTensorType::get({}, IntegerType::get(&context, 64));
  addOwnState(averageOf("count"), counter, Role::Counter, "");
}

FloatAttr ModelView::number(double value) const { return Builder(&context).getF64FloatAttr(value); }

bool ModelView::isState(StringRef name, Type element, int64_t rank, bool ofAlgorithm) const {
  if (updated.contains(name) || trained.contains(name)) {
    return true;
  }
  if (ofAlgorithm || !isa<FloatType>(element) || name.starts_with("/") || !used.contains(name)) {
    return false;
  }
  return rank != 0 || initialization.contains(name);
}

void ModelView::addState(StringRef name, RankedTensorType type, Attribute init, bool ofAlgorithm) {
  StateInfo state{type, Role::Parameter, init, "", false};
  if (ofAlgorithm) {
    state.role = isa<FloatType>(type.getElementType()) ? Role::Moment : Role::Counter;
  } else if (!isa<FloatType>(type.getElementType())) {
    state.role = Role::Counter;
  } else if (statistics.contains(name) || (updated.contains(name) && !trained.contains(name))) {
    state.role = Role::Buffer;
  }
  state.frozen = state.role == Role::Parameter && !updated.contains(name);
  states.insert({name.str(), state});
}

Attribute ModelView::importedValue(StringRef name, HostTensor value, bool ofAlgorithm) {
  if (ofAlgorithm && value.isSplat() && !value.type.getElementType().isInteger(1)) {
    auto scalar = RankedTensorType::get({}, value.type.getElementType());
    return ir::train::FillAttr::get(&context,
                                    number(*scalarOf(value.attribute().resizeSplat(scalar))));
  }
  auto dtype = ir::train::memoryTypeOf(value.type.getElementType());
  if (static_cast<int64_t>(value.bytes.size()) <= options.inlineBytes || !dtype) {
    return value.attribute();
  }
  rt::Sha256 hash;
  hash.update(value.bytes);
  ImportedTensor tensor{*dtype, value.type.getShape().vec(), std::move(value.bytes),
                        rt::hex(hash.finish())};
  auto attribute = ir::train::FileAttr::get(&context, options.weightsFile, name, tensor.sha256);
  weights[name.str()] = std::move(tensor);
  return attribute;
}

Attribute ModelView::freshValue(StringRef name, RankedTensorType type, int32_t op) {
  std::string where = "initialization of " + format::quoted(name);
  const std::string &source = initialization.find(name)->second;
  const onnx::NodeProto *maker = nullptr;
  for (const onnx::NodeProto &node : info->initialization().node()) {
    if (llvm::is_contained(node.output(), source)) {
      maker = &node;
    }
  }
  if (!maker) {
    problems.invalid(where, "no node of the initialization graph makes " + format::quoted(source));
    return {};
  }
  auto find = [&](StringRef attribute) -> const onnx::AttributeProto * {
    for (const onnx::AttributeProto &candidate : maker->attribute()) {
      if (candidate.name() == attribute) {
        return &candidate;
      }
    }
    return nullptr;
  };
  bool isNormal = maker->op_type() == "RandomNormal";
  if ((isNormal || maker->op_type() == "RandomUniform") &&
      canonicalDomain(maker->domain()).empty()) {
    const char *first = isNormal ? "mean" : "low", *second = isNormal ? "scale" : "high";
    float low = find(first) ? find(first)->f() : 0.0f,
          high = find(second) ? find(second)->f() : 1.0f;
    const onnx::AttributeProto *shape = find("shape");
    bool fits =
        shape && ArrayRef<int64_t>(shape->ints().data(), shape->ints_size()) == type.getShape();
    if (!fits || !std::isfinite(low) || !std::isfinite(high) ||
        !isa<FloatType>(type.getElementType())) {
      problems.invalid(where, "expected a " + maker->op_type() +
                                  " with finite limits and the shape of the initializer");
      return {};
    }
    if (find("seed")) {
      problems.unsupported(where,
                           "a " + maker->op_type() + " with a seed of its own is not supported");
    }
    if (isNormal) {
      return ir::train::NormalAttr::get(&context, number(low), number(high), op);
    }
    return ir::train::UniformAttr::get(&context, number(low), number(high), op);
  }
  if (maker->op_type() == "ConstantOfShape" && canonicalDomain(maker->domain()).empty()) {
    const onnx::AttributeProto *fill = find("value");
    if (!fill) {
      return ir::train::FillAttr::get(&context, number(0.0));
    }
    std::string why;
    auto decoded = decode(fill->t(), options.f64, &context, why);
    auto value = decoded && decoded->type.getNumElements() == 1 ? scalarOf(decoded->attribute())
                                                                : std::nullopt;
    if (value) {
      return ir::train::FillAttr::get(&context, number(*value));
    }
    problems.invalid(where, "expected a ConstantOfShape of one number");
    return {};
  }
  problems.unsupported(where, "operator " + maker->op_type() +
                                  " is not supported here; RandomUniform, RandomNormal and "
                                  "ConstantOfShape are");
  return {};
}

void ModelView::addInitializer(const onnx::TensorProto &tensor, bool ofAlgorithm) {
  const std::string &name = tensor.name();
  std::string where = "initializer " + format::quoted(name);
  if (name.empty() || !initializerNames.insert(name).second) {
    problems.invalid(where, name.empty() ? "has no name" : "is defined twice");
    return;
  }
  bool isFresh = initialization.contains(name);
  if (isFresh) {
    int32_t op = freshCount++;
    Type element = elementTypeOf(tensor.data_type(), options.f64, &context);
    std::string why;
    auto shape = SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end());
    RankedTensorType type = element ? tensorType(shape, element, why) : RankedTensorType();
    if (!type) {
      problems.unsupported(where, why.empty() ? "its element type is not supported" : why);
    } else if (Attribute init = freshValue(name, type, op);
               init && (used.contains(name) || updated.contains(name))) {
      addState(name, type, init, ofAlgorithm);
    }
    return;
  }
  if (!used.contains(name) && !updated.contains(name)) {
    return;
  }
  std::string why;
  std::optional<HostTensor> value = decode(tensor, options.f64, &context, why);
  if (!value) {
    problems.unsupported(where, why);
    return;
  }
  RankedTensorType type = value->type;
  if (isState(name, type.getElementType(), type.getRank(), ofAlgorithm)) {
    if (llvm::is_contained(type.getShape(), 0)) {
      problems.invalid(where, "has no elements: shape with a 0");
      return;
    }
    addState(name, type, importedValue(name, std::move(*value), ofAlgorithm), ofAlgorithm);
  } else {
    constants[name] = value->attribute();
  }
}

void ModelView::addSparse(const onnx::SparseTensorProto &tensor, bool ofAlgorithm) {
  const std::string &name = tensor.values().name();
  std::string where = "sparse initializer " + format::quoted(name), why;
  if (name.empty() || !initializerNames.insert(name).second) {
    problems.invalid(where, name.empty() ? "has no name" : "is defined twice");
    return;
  }
  if (tensor.values().dims_size() != 1 || tensor.values().dims(0) != 0) {
    problems.unsupported(
        where, "a sparse initializer with values is not supported; without values it means zeros");
    return;
  }
  Type element = elementTypeOf(tensor.values().data_type(), options.f64, &context);
  RankedTensorType type =
      element ? tensorType(SmallVector<int64_t>(tensor.dims().begin(), tensor.dims().end()),
                           element, why)
              : RankedTensorType();
  if (!type || llvm::is_contained(type.getShape(), 0)) {
    problems.invalid(where, !element      ? "its element type is not supported"
                            : why.empty() ? "has no elements"
                                          : why);
    return;
  }
  if (isState(name, element, type.getRank(), ofAlgorithm)) {
    Attribute init = ofAlgorithm ? Attribute(ir::train::FillAttr::get(&context, number(0.0)))
                                 : splatAttribute(type, 0.0);
    addState(name, type, init, ofAlgorithm);
  } else {
    constants[name] = splatAttribute(type, 0.0);
  }
}

} // namespace ntc::importer
