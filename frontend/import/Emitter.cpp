// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Building operations of `nn` from the importer: see Emitter.h.

#include "frontend/import/Emitter.h"

#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ntc::importer {

Operation *Emitter::create(StringRef name, TypeRange types, ValueRange operands,
                           ArrayRef<NamedAttribute> attributes) {
  OperationState state(location, name);
  state.addOperands(operands);
  state.addTypes(types);
  state.addAttributes(attributes);
  return builder.create(state);
}

Value Emitter::constant(DenseElementsAttr attribute) {
  Value &value = constants[attribute];
  if (!value) {
    value =
        make<ir::nn::ConstantOp>(attribute.getType(), {}, builder.getNamedAttr("value", attribute));
  }
  return value;
}

Value Emitter::compare(ir::nn::Predicate predicate, Value a, Value b) {
  auto attribute = ir::nn::PredicateAttr::get(builder.getContext(), predicate);
  return make<ir::nn::CompareOp>(typeOf(a).clone(Type(builder.getI1Type())), {a, b},
                                 builder.getNamedAttr("predicate", attribute));
}

Value Emitter::select(Value condition, Value onTrue, Value onFalse) {
  return make<ir::nn::SelectOp>(onTrue.getType(), {condition, onTrue, onFalse});
}

Value Emitter::cast(Value x, Type element) {
  return elementOf(x) == element ? x : make<ir::nn::CastOp>(typeOf(x).clone(element), x);
}

Value Emitter::reshape(Value x, ArrayRef<int64_t> shape) {
  return shapeOf(x) == shape ? x : make<ir::nn::ReshapeOp>(typeOf(x).clone(shape), x);
}

Value Emitter::transpose(Value x, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> shape;
  for (int64_t d : permutation) {
    shape.push_back(shapeOf(x)[d]);
  }
  return make<ir::nn::TransposeOp>(typeOf(x).clone(shape), x, ints("permutation", permutation));
}

Value Emitter::broadcast(Value x, ArrayRef<int64_t> shape, ArrayRef<int64_t> dims) {
  if (shapeOf(x) == shape) {
    return x;
  }
  RankedTensorType type = typeOf(x).clone(shape);
  DenseElementsAttr value;
  if (matchPattern(x, m_Constant(&value)) && value.isSplat()) {
    return constant(value.resizeSplat(type));
  }
  return make<ir::nn::BroadcastOp>(type, x, ints("dims", dims));
}

Value Emitter::broadcastTo(Value x, ArrayRef<int64_t> shape) {
  int64_t rank = typeOf(x).getRank(), offset = static_cast<int64_t>(shape.size()) - rank;
  return broadcast(x, shape, llvm::to_vector(llvm::seq<int64_t>(offset, offset + rank)));
}

Value Emitter::reduceNamed(StringRef name, Value x, ArrayRef<int64_t> axes, bool keep) {
  SmallVector<int64_t> dropped, kept(shapeOf(x));
  for (auto [d, size] : llvm::enumerate(shapeOf(x))) {
    if (llvm::is_contained(axes, static_cast<int64_t>(d))) {
      kept[d] = 1;
    } else {
      dropped.push_back(size);
    }
  }
  Value result = axes.empty()
                     ? x
                     : create(name, typeOf(x).clone(dropped), x, ints("axes", axes))->getResult(0);
  return keep ? reshape(result, kept) : result;
}

Value Emitter::sumAll(Value x) {
  return sum(x, llvm::to_vector(llvm::seq<int64_t>(0, typeOf(x).getRank())));
}

Value Emitter::mean(Value x, ArrayRef<int64_t> axes, bool keep) {
  double count = 1;
  for (int64_t axis : axes) {
    count *= static_cast<double>(shapeOf(x)[axis]);
  }
  Value total = sum(x, axes, keep);
  return div(total, splatLike(count, total));
}

Value Emitter::randomUniform(Value seed, Value step, int32_t op, RankedTensorType type) {
  return make<ir::nn::RandomUniformOp>(type, {seed, step},
                                       builder.getNamedAttr("op", builder.getI32IntegerAttr(op)));
}

std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size()) {
    std::swap(a, b);
  }
  SmallVector<int64_t> result(a);
  size_t offset = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t &size = result[offset + i];
    if (size != b[i] && size != 1 && b[i] != 1) {
      return std::nullopt;
    }
    size = size == 1 ? b[i] : size;
  }
  return result;
}

std::string shapeText(ArrayRef<int64_t> shape) {
  std::string text = "(";
  for (auto [i, size] : llvm::enumerate(shape)) {
    text += (i ? ", " : "") + std::to_string(size);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::string typeText(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  std::string text;
  llvm::raw_string_ostream(text) << tensor.getElementType() << ' ' << shapeText(tensor.getShape());
  return text;
}

} // namespace ntc::importer
