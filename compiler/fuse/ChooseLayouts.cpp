// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses per tensor whether its channels are the innermost dimension, by the vector lanes that
// convolutions would keep busy, and rewrites linalg operations to tensors whose dimensions are
// permuted. What comes from or goes to the outside (inputs, states, reshapes) stays row-major;
// copies stand at the borders.

#include "compiler/fuse/ConvolutionRoles.h"
#include "compiler/fuse/LayoutClasses.h"
#include "compiler/fuse/Passes.h"
#include "compiler/fuse/ZeroBorders.h"

#include <map>
#include <vector>

using namespace mlir;

namespace ntc::fuse {

#define GEN_PASS_DEF_CHOOSELAYOUTS
#include "compiler/fuse/Passes.h.inc"

namespace {

using Order = SmallVector<int64_t>; ///< physical position to dimension

Order inverse(ArrayRef<int64_t> order) {
  Order result(order.size());
  for (auto [position, dim] : llvm::enumerate(order)) {
    result[dim] = position;
  }
  return result;
}

AffineMap permuted(AffineMap map, ArrayRef<int64_t> order) {
  SmallVector<AffineExpr> exprs;
  for (int64_t dim : order) {
    exprs.push_back(map.getResult(dim));
  }
  return AffineMap::get(map.getNumDims(), 0, exprs, map.getContext());
}

RankedTensorType permuted(RankedTensorType type, ArrayRef<int64_t> order) {
  SmallVector<int64_t> shape;
  for (int64_t dim : order) {
    shape.push_back(type.getDimSize(dim));
  }
  return type.clone(shape);
}

/// Copies of inputs and states of at most this size stand at the start of the step, where those of
/// all small networks become one dispatch; larger ones where they are needed first, so that a
/// weight's copy for its backward pass takes no memory until then.
constexpr int64_t kEarlyCopyBytes = 128 * 1024;

/// Rewrites the operations of one block, in order, to the chosen layouts.
class LayoutRewriter {
public:
  LayoutRewriter(Block &block, const LayoutClasses &classes) : block(block), classes(classes) {}

  void run() {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      if (auto generic = dyn_cast<linalg::GenericOp>(op)) {
        rewrite(generic);
      } else if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
        rewriteSlice(insert, insert.getSourceMutable(), insert.getResult());
      } else if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op)) {
        rewriteSlice(extract, extract.getSourceMutable(), extract.getResult());
      } else if (!isMaterial(&op)) {
        for (OpOperand &operand : op.getOpOperands()) {
          demand(operand, {});
        }
      }
    }
  }

private:
  Block &block;
  const LayoutClasses &classes;
  DenseMap<Value, Order> orders; ///< of values that are not row-major
  std::map<std::pair<void *, std::vector<int64_t>>, Value> copies;

  Value &copyOf(Value value, const Order &order) {
    return copies[{value.getAsOpaquePointer(), {order.begin(), order.end()}}];
  }

  /// Makes `operand` a tensor of physical order `wanted` (empty: row-major), by a copy if it is
  /// another one.
  void demand(OpOperand &operand, const Order &wanted) {
    Value value = operand.get();
    Order have = orders.lookup(value);
    if (have == wanted) {
      return;
    }
    Operation *def = value.getDefiningOp();
    if (def && isMaterial(def)) {
      return operand.set(materialize(def, wanted, operand.getOwner()));
    }
    Value &copy = copyOf(value, wanted);
    if (!copy) {
      copy = createCopy(value, have, wanted, operand.getOwner());
      if (!wanted.empty()) {
        orders[copy] = wanted;
      }
    }
    operand.set(copy);
  }

  /// The constant, fill or empty tensor of `def`, which `user` wants in another order.
  Value materialize(Operation *def, const Order &order, Operation *user) {
    OpBuilder b(def);
    b.setInsertionPointAfter(def);
    auto type = permuted(cast<RankedTensorType>(def->getResult(0).getType()), order);
    Value result;
    if (auto fill = dyn_cast<linalg::FillOp>(def)) {
      Value empty =
          tensor::EmptyOp::create(b, def->getLoc(), type.getShape(), type.getElementType());
      result = linalg::FillOp::create(b, def->getLoc(), fill.getInputs(), empty).getResult(0);
    } else if (isa<tensor::EmptyOp>(def)) {
      result = tensor::EmptyOp::create(b, def->getLoc(), type.getShape(), type.getElementType());
    } else if (SplatElementsAttr splat; matchPattern(def->getResult(0), m_Constant(&splat))) {
      result = arith::ConstantOp::create(b, def->getLoc(), splat.resizeSplat(type));
    } else {
      Value &copy = copyOf(def->getResult(0), order);
      copy = copy ? copy : createCopy(def->getResult(0), {}, order, user);
      result = copy;
    }
    orders[result] = order;
    return result;
  }

  /// Computed values are copied behind their definition, which may then write the copy itself.
  OpBuilder whereToCopy(Value value, Operation *firstUser) {
    Operation *def = value.getDefiningOp();
    const bool isComputed = def && !isMaterial(def) && !isa<ir::train::ReadOp>(def);
    auto type = cast<RankedTensorType>(value.getType());
    const int64_t bytes = type.getNumElements() * type.getElementTypeBitWidth() / 8;
    if (!isComputed && bytes > kEarlyCopyBytes) {
      return OpBuilder(firstUser);
    }
    OpBuilder b(block.getParentOp()->getContext());
    if (def) {
      b.setInsertionPointAfter(def);
    } else {
      b.setInsertionPointToStart(&block);
    }
    return b;
  }

  /// `value`, which has order `have`, in the order `wanted` of its first user.
  Value createCopy(Value value, const Order &have, const Order &wanted, Operation *firstUser) {
    OpBuilder b = whereToCopy(value, firstUser);
    auto type = cast<RankedTensorType>(value.getType());
    AffineMap identity = b.getMultiDimIdentityMap(type.getRank()), map = identity;
    RankedTensorType logical = have.empty() ? type : permuted(type, inverse(have));
    RankedTensorType target = wanted.empty() ? logical : permuted(logical, wanted);
    // Loops run over the target; dimension d of the logical tensor is loop inverse(wanted)[d].
    map = wanted.empty() ? map : permuted(identity, inverse(wanted));
    map = have.empty() ? map : permuted(map, have);
    Location loc = value.getLoc();
    Value empty = tensor::EmptyOp::create(b, loc, target.getShape(), target.getElementType());
    SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
    return linalg::GenericOp::create(b, loc, target, value, empty, {map, identity}, iterators,
                                     [](OpBuilder &body, Location loc, ValueRange arguments) {
                                       linalg::YieldOp::create(body, loc, arguments[0]);
                                     })
        .getResult(0);
  }

  void setType(Value result, const Order &order) {
    result.setType(permuted(cast<RankedTensorType>(result.getType()), order));
    orders[result] = order;
  }

  void rewrite(linalg::GenericOp op) {
    SmallVector<Order> wanted = classes.operandOrders(op);
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    for (OpOperand &operand : op->getOpOperands()) {
      const Order &order = wanted[operand.getOperandNumber()];
      if (cast<RankedTensorType>(operand.get().getType()).getRank() == 0) {
        continue;
      }
      demand(operand, order);
      AffineMap &map = maps[operand.getOperandNumber()];
      map = order.empty() ? map : permuted(map, order);
    }
    if (!wanted.front().empty()) {
      permuteZeroBorders(op, wanted.front());
    }
    for (auto [init, result] : llvm::zip(op.getDpsInitsMutable(), op.getResults())) {
      const Order &order = wanted[init.getOperandNumber()];
      if (!order.empty()) {
        setType(result, order);
      }
    }
    if (llvm::any_of(wanted, [](const Order &order) { return !order.empty(); })) {
      reorderLoops(op, maps);
    }
  }

  /// Parallel loops follow the result's memory, reduction loops that of the first input that they
  /// index.
  static void reorderLoops(linalg::GenericOp op, SmallVector<AffineMap> maps) {
    unsigned loops = op.getNumLoops();
    SmallVector<unsigned> newOrder; // position to loop
    auto take = [&](AffineMap map, utils::IteratorType kind) {
      for (AffineExpr expr : map.getResults()) {
        for (unsigned loop = 0; loop < loops; ++loop) {
          if (op.getIteratorTypesArray()[loop] == kind && expr.isFunctionOfDim(loop) &&
              !llvm::is_contained(newOrder, loop)) {
            newOrder.push_back(loop);
          }
        }
      }
    };
    take(maps.back(), utils::IteratorType::parallel);
    for (utils::IteratorType kind :
         {utils::IteratorType::parallel, utils::IteratorType::reduction}) {
      for (AffineMap map : maps) {
        take(map, kind);
      }
    }
    SmallVector<AffineExpr> replacements(loops);
    SmallVector<utils::IteratorType> iterators;
    DenseMap<unsigned, unsigned> position;
    for (auto [p, loop] : llvm::enumerate(newOrder)) {
      replacements[loop] = getAffineDimExpr(p, op.getContext());
      iterators.push_back(op.getIteratorTypesArray()[loop]);
      position[loop] = p;
    }
    for (AffineMap &map : maps) {
      map = map.replaceDimsAndSymbols(replacements, {}, loops, 0);
    }
    Builder b(op.getContext());
    op.setIndexingMapsAttr(b.getAffineMapArrayAttr(maps));
    SmallVector<Attribute> kinds;
    for (utils::IteratorType kind : iterators) {
      kinds.push_back(linalg::IteratorTypeAttr::get(op.getContext(), kind));
    }
    op.setIteratorTypesAttr(b.getArrayAttr(kinds));
    op->walk([&](linalg::IndexOp index) { index.setDim(position[index.getDim()]); });
  }

  /// A slice and what it is a slice of have one order.
  template <typename Op> void rewriteSlice(Op op, OpOperand &source, Value result) {
    Order order = classes.orderOf(result);
    demand(source, order);
    if (auto insert = dyn_cast<tensor::InsertSliceOp>(op.getOperation())) {
      demand(insert.getDestMutable(), order);
    }
    if (order.empty()) {
      return;
    }
    setType(result, order);
    auto reorder = [&](ArrayRef<int64_t> values) {
      SmallVector<int64_t> ordered;
      for (int64_t dim : order) {
        ordered.push_back(values[dim]);
      }
      return ordered;
    };
    op.setStaticOffsets(reorder(op.getStaticOffsets()));
    op.setStaticSizes(reorder(op.getStaticSizes()));
    op.setStaticStrides(reorder(op.getStaticStrides()));
  }
};

struct ChooseLayouts : impl::ChooseLayoutsBase<ChooseLayouts> {
  void runOnOperation() override {
    for (auto entry : getOperation().getBody().getOps<ir::train::EntryOp>()) {
      Block &block = entry.getBody().front();
      LayoutClasses classes(block);
      LayoutRewriter(block, classes).run();
    }
  }
};

} // namespace
} // namespace ntc::fuse
