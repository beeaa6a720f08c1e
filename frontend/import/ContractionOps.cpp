// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Matrix products and convolutions. A transposed operand becomes a flag of the product.
#include "frontend/import/OpTable.h"
#include "frontend/import/Windowing.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

Value matmul(NodeContext &c, Value lhs, Value rhs, bool transposeLhs, bool transposeRhs) {
  SmallVector<NamedAttribute> attributes;
  if (transposeLhs) {
    attributes.push_back(c.e.flag("transpose_lhs"));
  }
  if (transposeRhs) {
    attributes.push_back(c.e.flag("transpose_rhs"));
  }
  Operation *op = c.tryMake<MatmulOp>({lhs, rhs}, attributes);
  return op ? op->getResult(0) : Value();
}

/// alpha A' B' + beta C.
void emitGemm(NodeContext &c) {
  Value a = c.floating(0), b = c.floating(1), bias = c.has(2) ? c.floating(2) : Value();
  bool transA = c.intAttribute("transA", 0) != 0, transB = c.intAttribute("transB", 0) != 0;
  double alpha = c.floatAttribute("alpha", 1), beta = c.floatAttribute("beta", 1);
  if (c.bad()) {
    return;
  }
  if (Emitter::typeOf(a).getRank() != 2 || Emitter::typeOf(b).getRank() != 2) {
    c.invalid("expected two matrices, found " + typeText(a.getType()) + " and " +
              typeText(b.getType()));
    return;
  }
  Value product = matmul(c, a, b, transA, transB);
  if (!product) {
    return;
  }
  product = c.e.scale(product, alpha);
  if (bias) {
    ArrayRef<int64_t> shape = Emitter::shapeOf(product);
    auto common = broadcastShapes(shape, Emitter::shapeOf(bias));
    if (!common || ArrayRef<int64_t>(*common) != shape ||
        Emitter::elementOf(bias) != Emitter::elementOf(product)) {
      c.invalid("bias " + typeText(bias.getType()) + " does not broadcast to the product " +
                typeText(product.getType()));
      return;
    }
    product = c.e.add(product, c.e.broadcastTo(c.e.scale(bias, beta), shape));
  }
  c.out(product);
}

/// The operand of a transposition of the last two of `value`'s dimensions, else null.
Value untransposed(Value value) {
  auto transpose = value.getDefiningOp<TransposeOp>();
  if (!transpose) {
    return {};
  }
  auto permutation = llvm::to_vector(transpose.getPermutation());
  size_t rank = permutation.size();
  if (rank < 2) {
    return {};
  }
  std::swap(permutation[rank - 1], permutation[rank - 2]);
  return llvm::equal(permutation, llvm::seq<int64_t>(0, rank)) ? transpose.getInput() : Value();
}

Value product(NodeContext &c, Value lhs, Value rhs) {
  Value plainLhs = untransposed(lhs), plainRhs = untransposed(rhs);
  return matmul(c, plainLhs ? plainLhs : lhs, plainRhs ? plainRhs : rhs, !!plainLhs, !!plainRhs);
}

/// `value` with its leading dimensions broadcast to `batch`.
Value withBatch(Emitter &e, Value value, ArrayRef<int64_t> batch) {
  SmallVector<int64_t> shape(batch);
  shape.append(Emitter::shapeOf(value).take_back(2).begin(), Emitter::shapeOf(value).end());
  return e.broadcastTo(value, shape);
}

void emitMatMul(NodeContext &c) {
  Value lhs = c.floating(0), rhs = c.floating(1);
  if (c.bad()) {
    return;
  }
  Emitter &e = c.e;
  int64_t lhsRank = Emitter::typeOf(lhs).getRank(), rhsRank = Emitter::typeOf(rhs).getRank();
  if (lhsRank == 0 || rhsRank == 0 || Emitter::elementOf(lhs) != Emitter::elementOf(rhs)) {
    c.invalid("expected operands of one element type with at least one dimension, found " +
              typeText(lhs.getType()) + " and " + typeText(rhs.getType()));
    return;
  }
  if (lhsRank == 1) {
    lhs = e.reshape(lhs, {1, Emitter::shapeOf(lhs)[0]});
  }
  if (rhsRank == 1) {
    rhs = e.reshape(rhs, {Emitter::shapeOf(rhs)[0], 1});
  }
  SmallVector<int64_t> shape; // of the result, with both matrix dimensions
  Value result;
  ArrayRef<int64_t> lhsShape = Emitter::shapeOf(lhs), rhsShape = Emitter::shapeOf(rhs);
  if (rhsShape.size() == 2 && lhsShape.size() > 2) {
    // One matrix on the right: rows of the left operand are one long matrix.
    int64_t rows = 1;
    for (int64_t size : lhsShape.drop_back()) {
      rows *= size;
    }
    shape.assign(lhsShape.begin(), lhsShape.end() - 1);
    shape.push_back(rhsShape[1]);
    result = product(c, e.reshape(lhs, {rows, lhsShape.back()}), rhs);
    result = result ? e.reshape(result, shape) : result;
  } else {
    auto batch = broadcastShapes(lhsShape.drop_back(2), rhsShape.drop_back(2));
    if (!batch) {
      c.invalid("leading dimensions of " + typeText(lhs.getType()) + " and " +
                typeText(rhs.getType()) + " do not broadcast");
      return;
    }
    std::string why;
    SmallVector<int64_t> check(*batch);
    check.append(lhsShape.take_back(2).begin(), lhsShape.end());
    if (!c.type(check, Emitter::elementOf(lhs))) {
      return;
    }
    result = product(c, withBatch(e, lhs, *batch), withBatch(e, rhs, *batch));
  }
  if (!result) {
    return;
  }
  shape.assign(Emitter::shapeOf(result).begin(), Emitter::shapeOf(result).end());
  if (rhsRank == 1) {
    shape.pop_back();
  }
  if (lhsRank == 1) {
    shape.erase(shape.end() - (rhsRank == 1 ? 1 : 2));
  }
  c.out(e.reshape(result, shape));
}

/// Checks operands of a convolution; the number of spatial dimensions, or 0 with a problem.
size_t spatialRank(NodeContext &c, Value x, Value weight) {
  int64_t rank = Emitter::typeOf(x).getRank();
  if (rank < 3 || Emitter::typeOf(weight).getRank() != rank ||
      Emitter::elementOf(x) != Emitter::elementOf(weight)) {
    c.invalid("expected (B, C, spatial...) and a weight of the same rank and element type, found " +
              typeText(x.getType()) + " and " + typeText(weight.getType()));
    return 0;
  }
  if (auto kernel = c.intsAttributeOf("kernel_shape")) {
    if (ArrayRef<int64_t>(*kernel) != Emitter::shapeOf(weight).drop_front(2)) {
      c.invalid("kernel_shape " + shapeText(*kernel) + " is not that of the weight " +
                typeText(weight.getType()));
      return 0;
    }
  }
  return rank - 2;
}

/// Adds a bias (O) along dimension 1.
void outWithBias(NodeContext &c, Value y, Value bias) {
  if (bias) {
    if (Emitter::typeOf(bias) != Emitter::typeOf(y).clone(Emitter::shapeOf(y).slice(1, 1))) {
      c.invalid("bias " + typeText(bias.getType()) + " does not fit the output " +
                typeText(y.getType()));
      return;
    }
    y = c.e.add(y, c.e.broadcast(bias, Emitter::shapeOf(y), {1}));
  }
  c.out(y);
}

void emitConv(NodeContext &c) {
  Value x = c.floating(0), weight = c.floating(1), bias = c.has(2) ? c.floating(2) : Value();
  int64_t group = c.intAttribute("group", 1);
  if (c.bad() || !spatialRank(c, x, weight)) {
    return;
  }
  auto windows = readWindows(c, Emitter::shapeOf(weight).drop_front(2),
                             Emitter::shapeOf(x).drop_front(2), false);
  if (!windows) {
    return;
  }
  if (group <= 0 || group > Emitter::shapeOf(x)[1]) {
    c.invalid("expected a group count in [1, " + Twine(Emitter::shapeOf(x)[1]) + "], found " +
              Twine(group));
    return;
  }
  SmallVector<NamedAttribute> attributes = windowAttributes(c.e, *windows);
  attributes.push_back(c.e.integer("groups", group));
  if (Operation *op = c.tryMake<ConvOp>({x, weight}, attributes)) {
    outWithBias(c, op->getResult(0), bias);
  }
}

/// The transpose of a convolution is its gradient by the input: weight (C, O / group, ...) is that
/// convolution's weight.
void emitConvTranspose(NodeContext &c) {
  Value x = c.floating(0), weight = c.floating(1), bias = c.has(2) ? c.floating(2) : Value();
  int64_t group = c.intAttribute("group", 1);
  if (c.bad()) {
    return;
  }
  size_t rank = spatialRank(c, x, weight);
  if (rank == 0) {
    return;
  }
  ArrayRef<int64_t> kernel = Emitter::shapeOf(weight).drop_front(2);
  if (c.hasAttribute("output_shape") || c.stringAttribute("auto_pad", "NOTSET") != "NOTSET") {
    c.unsupported(
        "output_shape and auto_pad of a transposed convolution are not supported; write pads");
    return;
  }
  auto windows = readWindows(c, kernel, Emitter::shapeOf(x).drop_front(2), false);
  SmallVector<int64_t> extra = readSizes(c, "output_padding", rank, 0, 0);
  if (!windows || c.bad()) {
    return;
  }
  int64_t channels = Emitter::shapeOf(x)[1];
  if (group <= 0 || channels % group != 0 || Emitter::shapeOf(weight)[0] != channels ||
      group > kMaxElements / Emitter::shapeOf(weight)[1]) {
    c.invalid("with group " + Twine(group) + ", weight " + typeText(weight.getType()) +
              " does not fit input " + typeText(x.getType()));
    return;
  }
  SmallVector<int64_t> shape = {Emitter::shapeOf(x)[0], Emitter::shapeOf(weight)[1] * group};
  for (size_t d = 0; d < rank; ++d) {
    if (extra[d] >= std::max(windows->strides[d], windows->dilations[d]) ||
        extra[d] >= windows->strides[d]) {
      c.unsupported("output_padding must be smaller than the stride, found " + Twine(extra[d]));
      return;
    }
    int64_t size = Emitter::shapeOf(x)[d + 2];
    if (size > kMaxElements / windows->strides[d]) {
      c.invalid("makes a tensor of more than 2^34 elements");
      return;
    }
    shape.push_back((size - 1) * windows->strides[d] + windows->span(d) - windows->padsLow[d] -
                    windows->padsHigh[d] + extra[d]);
    if (shape.back() <= 0) {
      c.invalid("pads leave nothing of spatial dimension " + Twine(d));
      return;
    }
  }
  RankedTensorType type = c.type(shape, Emitter::elementOf(x));
  if (!type) {
    return;
  }
  SmallVector<NamedAttribute> attributes = windowAttributes(c.e, *windows);
  attributes.push_back(c.e.integer("groups", group));
  outWithBias(c, c.e.make<ConvDxOp>(type, {x, weight}, attributes), bias);
}

} // namespace

void addContractionOps(OpTable &table) {
  table["Gemm"] = {emitGemm};
  table["MatMul"] = {emitMatMul};
  table["Conv"] = {emitConv};
  table["ConvTranspose"] = {emitConvTranspose};
}

} // namespace ntc::importer
