// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an import rule sees of its node: see NodeContext.h.

#include "frontend/import/NodeContext.h"

#include "frontend/format/Names.h"
#include "frontend/import/EntryBuilder.h"

#include <charconv>

using namespace mlir;

namespace ntc::importer {

using onnx::AttributeProto;

namespace {
/// The double nearest to the shortest decimal that rounds to `value`; infinities and NaN as they
/// are.
double meantBy(float value) {
  char text[32];
  double meant = value;
  std::to_chars_result written = std::to_chars(text, text + sizeof(text), value);
  std::from_chars(text, written.ptr, meant);
  return meant;
}
} // namespace

NodeContext::NodeContext(const onnx::NodeProto &node, std::string where, int64_t opset,
                         EntryBuilder &entry, const AttributeBindings &bindings, Problems &problems)
    : node(node), where(std::move(where)), opset(opset), entry(entry), e(entry.emitter),
      bindings(bindings), problems(problems) {
  outputs.resize(node.output_size());
  for (const AttributeProto &attribute : node.attribute()) {
    if (!attributes.insert({attribute.name(), &attribute}).second) {
      invalid("has the attribute " + format::quoted(attribute.name()) + " twice");
    }
  }
}

void NodeContext::invalid(const Twine &message) {
  hasFailed = true;
  problems.invalid(where, message);
}

void NodeContext::unsupported(const Twine &message) {
  hasFailed = true;
  problems.unsupported(where, message);
}

Value NodeContext::materialize(Entity &entity) {
  if (!entity.value && entity.constant) {
    return e.constant(entity.constant);
  }
  return entity.value;
}

Value NodeContext::in(size_t i) {
  if (!has(i)) {
    invalid("expected an input number " + Twine(i) + ", found " + Twine(node.input_size()) +
            " inputs");
    return {};
  }
  return materialize(inputs[i]);
}

Value NodeContext::floating(size_t i) {
  Value value = in(i);
  if (value && !isa<FloatType>(Emitter::elementOf(value))) {
    invalid("expected input " + Twine(i) + " of floating point, found " +
            typeText(value.getType()));
    return {};
  }
  return value;
}

SmallVector<Value> NodeContext::all(size_t atLeast) {
  SmallVector<Value> values;
  if (inputs.size() < atLeast) {
    invalid("expected at least " + Twine(atLeast) + " inputs, found " + Twine(inputs.size()));
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    values.push_back(in(i));
  }
  return values;
}

SmallVector<int64_t> NodeContext::constantInts(size_t i, StringRef what) {
  if (!has(i)) {
    invalid("expected an input number " + Twine(i) + " (" + what + ")");
    return {};
  }
  if (!inputs[i].constant) {
    unsupported("needs " + what +
                " that is known when the model is compiled; it is computed from data");
    return {};
  }
  auto values = intsOf(inputs[i].constant);
  if (!values) {
    invalid("expected integers as " + what + ", found " + typeText(inputs[i].constant.getType()));
  }
  return values.value_or(SmallVector<int64_t>());
}

double NodeContext::constantScalar(size_t i, StringRef what) {
  if (!has(i)) {
    invalid("expected an input number " + Twine(i) + " (" + what + ")");
    return 0;
  }
  if (!inputs[i].constant) {
    unsupported("needs " + what +
                " that is known when the model is compiled; it is computed from data");
    return 0;
  }
  auto value = scalarOf(inputs[i].constant);
  if (!value) {
    invalid("expected one number as " + what + ", found " + typeText(inputs[i].constant.getType()));
  }
  return value.value_or(0);
}

const AttributeProto *NodeContext::find(StringRef name) {
  asked.insert(name);
  const AttributeProto *attribute = attributes.lookup(name);
  if (attribute && !attribute->ref_attr_name().empty()) {
    return bindings.lookup(attribute->ref_attr_name());
  }
  return attribute;
}

template <typename T> const AttributeProto *NodeContext::typed(StringRef name, T type) {
  const AttributeProto *attribute = find(name);
  if (!attribute) {
    return nullptr;
  }
  if (attribute->type() != type) {
    invalid("expected attribute " + name + " of type " + AttributeProto::AttributeType_Name(type) +
            ", found " + AttributeProto::AttributeType_Name(attribute->type()));
    return nullptr;
  }
  return attribute;
}

bool NodeContext::hasAttribute(StringRef name) { return find(name) != nullptr; }

int64_t NodeContext::intAttribute(StringRef name, int64_t byDefault) {
  const AttributeProto *attribute = typed(name, AttributeProto::INT);
  return attribute ? attribute->i() : byDefault;
}

double NodeContext::floatAttribute(StringRef name, double byDefault) {
  const AttributeProto *attribute = typed(name, AttributeProto::FLOAT);
  return attribute ? meantBy(attribute->f()) : byDefault;
}

std::string NodeContext::stringAttribute(StringRef name, StringRef byDefault) {
  const AttributeProto *attribute = typed(name, AttributeProto::STRING);
  return attribute ? attribute->s() : byDefault.str();
}

std::optional<SmallVector<int64_t>> NodeContext::intsAttributeOf(StringRef name) {
  const AttributeProto *attribute = typed(name, AttributeProto::INTS);
  if (!attribute) {
    return std::nullopt;
  }
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::vector<std::string> NodeContext::stringsAttribute(StringRef name) {
  const AttributeProto *attribute = typed(name, AttributeProto::STRINGS);
  if (!attribute) {
    return {};
  }
  return {attribute->strings().begin(), attribute->strings().end()};
}

const onnx::TensorProto *NodeContext::tensorAttribute(StringRef name) {
  const AttributeProto *attribute = typed(name, AttributeProto::TENSOR);
  return attribute ? &attribute->t() : nullptr;
}

void NodeContext::checkNoOtherAttributes() {
  for (const AttributeProto &attribute : node.attribute()) {
    if (!asked.contains(attribute.name())) {
      invalid("has the attribute " + format::quoted(attribute.name()) + ", which " +
              node.op_type() + " of opset " + Twine(opset) + " has not");
    }
  }
}

int64_t NodeContext::axis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank) {
    invalid("axis " + Twine(axis) + " is outside of [" + Twine(-rank) + ", " + Twine(rank) + ")");
    return 0;
  }
  return axis < 0 ? axis + rank : axis;
}

SmallVector<int64_t> NodeContext::axes(ArrayRef<int64_t> given, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t value : given) {
    result.push_back(axis(value, rank));
  }
  llvm::sort(result);
  if (std::adjacent_find(result.begin(), result.end()) != result.end()) {
    if (!bad()) {
      invalid("names an axis twice in " + shapeText(given));
    }
    result.erase(std::unique(result.begin(), result.end()), result.end());
  }
  return result;
}

void NodeContext::out(Value value, size_t i) {
  if (value) {
    out(Entity::of(value), i);
  }
}

void NodeContext::out(Entity entity, size_t i) {
  if (i < outputs.size()) {
    outputs[i] = std::move(entity);
  }
}

RankedTensorType NodeContext::type(ArrayRef<int64_t> shape, Type element) {
  std::string why;
  RankedTensorType result = tensorType(shape, element, why);
  if (result && llvm::is_contained(shape, 0)) {
    unsupported("makes a tensor without elements, " + shapeText(shape));
    return {};
  }
  if (!result) {
    invalid("makes " + why);
  }
  return result;
}

bool NodeContext::broadcastTogether(MutableArrayRef<Value> values) {
  SmallVector<int64_t> shape;
  for (Value value : values) {
    auto common = broadcastShapes(shape, Emitter::shapeOf(value));
    if (!common) {
      invalid("shapes " + shapeText(shape) + " and " + shapeText(Emitter::shapeOf(value)) +
              " do not broadcast");
      return false;
    }
    shape = *common;
  }
  if (!type(shape, e.builder.getF32Type())) {
    return false;
  }
  for (Value &value : values) {
    value = e.broadcastTo(value, shape);
  }
  return true;
}

} // namespace ntc::importer
