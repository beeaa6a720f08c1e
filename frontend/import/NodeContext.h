// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One node of a graph or function body on its way into `nn`: its inputs, its checked attributes,
// its outputs. Problems are sticky: after the first one a handler's remaining work is not looked
// at, and every result of the node counts as failed, so that nodes behind it report only what is
// wrong with themselves.
#pragma once

#include "frontend/import/Emitter.h"
#include "frontend/import/Problems.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <optional>

namespace ntc::importer {

class EntryBuilder;

/// A value of a graph while it is imported.
struct Entity {
  enum class State { Absent, Failed, Known };
  State state = State::Absent;
  /// The SSA value; null for a constant that nothing has used yet.
  mlir::Value value;
  /// The elements, where they are known at import.
  mlir::DenseElementsAttr constant;
  /// The `train.state` that this is the value of, or "".
  std::string source;

  static Entity failed() { return {State::Failed, {}, {}, {}}; }
  static Entity of(mlir::Value value) { return {State::Known, value, {}, {}}; }
  static Entity of(mlir::DenseElementsAttr constant) { return {State::Known, {}, constant, {}}; }
  mlir::RankedTensorType type() const {
    return mlir::cast<mlir::RankedTensorType>(constant ? constant.getType() : value.getType());
  }
};

/// Attributes that a function call gives to the body: by name.
using AttributeBindings = llvm::StringMap<const onnx::AttributeProto *>;

class NodeContext {
public:
  NodeContext(const onnx::NodeProto &node, std::string where, int64_t opset, EntryBuilder &entry,
              const AttributeBindings &bindings, Problems &problems);

  const onnx::NodeProto &node;
  const std::string where;
  /// Version of the operator set that the node's graph or function imports.
  const int64_t opset;
  EntryBuilder &entry;
  Emitter &e;
  llvm::SmallVector<Entity> inputs;
  llvm::SmallVector<Entity> outputs;

  // Problems.
  bool bad() const { return hasFailed; }
  void invalid(const llvm::Twine &message);
  void unsupported(const llvm::Twine &message);

  // Inputs.
  bool has(size_t i) const { return i < inputs.size() && inputs[i].state != Entity::State::Absent; }
  /// Input i as an SSA value; null and a problem when it is missing.
  mlir::Value in(size_t i);
  /// As `in`, of floating point.
  mlir::Value floating(size_t i);
  /// The value of `entity`, materialized.
  mlir::Value materialize(Entity &entity);
  /// All inputs, none of them missing, at least `atLeast`.
  llvm::SmallVector<mlir::Value> all(size_t atLeast = 1);
  /// The integers of input i, which must be known at import; `what` names it in messages.
  llvm::SmallVector<int64_t> constantInts(size_t i, llvm::StringRef what);
  /// The only element of input i, which must be known at import.
  double constantScalar(size_t i, llvm::StringRef what);

  // Attributes. Each accessor checks the type.
  bool hasAttribute(llvm::StringRef name);
  int64_t intAttribute(llvm::StringRef name, int64_t byDefault);
  /// The f32 of the file as the shortest decimal that rounds to it: what the exporter was given.
  /// The 0.1f of a batch normalization's momentum is 0.1 in an f64 program, as it is in PyTorch,
  /// and not 0.10000000149. Rounded to f32 both are the same number.
  double floatAttribute(llvm::StringRef name, double byDefault);
  std::string stringAttribute(llvm::StringRef name, llvm::StringRef byDefault);
  std::optional<llvm::SmallVector<int64_t>> intsAttributeOf(llvm::StringRef name);
  std::vector<std::string> stringsAttribute(llvm::StringRef name);
  const onnx::TensorProto *tensorAttribute(llvm::StringRef name);
  /// The attribute behind `name`, with references of a function's body resolved; null when there is
  /// none.
  const onnx::AttributeProto *find(llvm::StringRef name);
  /// Reports attributes that no accessor has asked for.
  void checkNoOtherAttributes();

  /// `axis` within [-rank, rank) as a dimension; a problem otherwise.
  int64_t axis(int64_t axis, int64_t rank);
  /// Sorted, distinct dimensions; a problem otherwise.
  llvm::SmallVector<int64_t> axes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  // Outputs.
  void out(mlir::Value value, size_t i = 0);
  void out(Entity entity, size_t i = 0);
  /// True when output i has a name.
  bool wants(size_t i) const {
    return static_cast<int>(i) < node.output_size() && !node.output(i).empty();
  }

  // Checked operations.
  template <typename OpTy>
  mlir::Operation *tryMake(mlir::ValueRange operands,
                           llvm::ArrayRef<mlir::NamedAttribute> attributes) {
    std::string why;
    mlir::Operation *op = e.tryMake<OpTy>(operands, attributes, why);
    if (!op) {
      invalid(why);
    }
    return op;
  }
  /// The type `shape` of `element`; null and a problem when it is out of bounds or has no elements.
  mlir::RankedTensorType type(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  /// Broadcasts all values to their common shape; false and a problem when there is none.
  bool broadcastTogether(llvm::MutableArrayRef<mlir::Value> values);

private:
  template <typename T> const onnx::AttributeProto *typed(llvm::StringRef name, T type);

  const AttributeBindings &bindings;
  Problems &problems;
  llvm::StringMap<const onnx::AttributeProto *> attributes;
  llvm::StringSet<> asked;
  bool hasFailed = false;
};

} // namespace ntc::importer
