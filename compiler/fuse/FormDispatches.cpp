// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups the linalg operations of every entry into plan.dispatch regions: greedily along producers,
// then small neighbours together. A group's operations stay in program order and groups run one
// after the other, so that every grouping in which no operand is produced by a later group is
// legal.

#include "compiler/fuse/DispatchNames.h"
#include "compiler/fuse/IterationSpace.h"
#include "compiler/fuse/Passes.h"
#include "compiler/fuse/ReadPadded.h"
#include "compiler/fuse/WinnerForm.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ntc::fuse {

#define GEN_PASS_DEF_FORMDISPATCHES
#include "compiler/fuse/Passes.h.inc"

namespace {

/// Work below which a dispatch is not worth splitting over threads: about 2 us on one core, 10
/// hand-overs.
constexpr int64_t kSmallFlops = 512 * 1024;
/// Work that one group should have at least, and the number of groups beyond which more bring
/// nothing.
constexpr int64_t kFlopsPerGroup = 64 * 1024;
constexpr int64_t kEnoughGroups = 16;

struct Group {
  SmallVector<Operation *> ops;
  bool hasNest() const {
    return llvm::any_of(ops, [](Operation *op) { return isNest(op); });
  }
};

/// For an insertion: what fills its destination before it (a constant or earlier insertions), first
/// to last, and itself; just the operation for any other.
SmallVector<Operation *> unitOf(Operation *op) {
  SmallVector<Operation *> unit = {op};
  while (auto insert = dyn_cast<tensor::InsertSliceOp>(unit.back())) {
    Operation *previous = insert.getDest().getDefiningOp();
    if (!previous || isMaterial(previous)) {
      break;
    }
    unit.push_back(previous);
  }
  std::reverse(unit.begin(), unit.end());
  return unit;
}

/// Does `op` only prepare the destination of an insertion, whose unit holds it?
bool isDestination(Operation *op) {
  return op->hasOneUse() && isa<tensor::InsertSliceOp>(*op->user_begin()) &&
         cast<tensor::InsertSliceOp>(*op->user_begin()).getDest() == op->getResult(0);
}

/// Gives every insertion a destination of its own, which it may then overwrite.
void ownDestinations(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(block)) {
    auto insert = dyn_cast<tensor::InsertSliceOp>(op);
    Operation *destination = insert ? insert.getDest().getDefiningOp() : nullptr;
    if (destination && !isMaterial(destination) && !destination->hasOneUse()) {
      insert.getDestMutable().assign(OpBuilder(insert).clone(*destination)->getResult(0));
    }
  }
}

class Grouping {
public:
  Grouping(Block &block, bool join, bool mergeSmall) : join(join) {
    groups.emplace_back(); // the prologue
    for (Operation &op : block) {
      if ((isNest(&op) && !isDestination(&op)) || isa<ir::nn::ReshapeOp>(op)) {
        place(unitOf(&op));
      }
    }
    if (groups.front().ops.empty()) {
      groups.erase(groups.begin());
    }
    if (mergeSmall) {
      mergeSmallNeighbours();
    }
  }
  SmallVector<Group> groups;

private:
  static constexpr auto kJoin = remark::RemarkOpts::name("join").category("join-dispatches");
  static constexpr auto kMerge =
      remark::RemarkOpts::name("merge").category("merge-small-dispatches");
  bool join;

  /// Scalars that depend on states and controls only (learning rates, corrections of the step
  /// count) come first of all, so that they delay nothing that could be fused behind its producer.
  static constexpr int kPrologue = 0;

  static bool isScalar(ArrayRef<Operation *> unit) {
    return llvm::all_of(unit,
                        [](Operation *op) {
                          return isa<linalg::GenericOp>(op) &&
                                 llvm::all_of(op->getResultTypes(), [](Type type) {
                                   return cast<RankedTensorType>(type).getRank() == 0;
                                 });
                        }) &&
           llvm::all_of(unit, [](Operation *op) { return describeNest(op).points() == 1; });
  }

  DenseMap<Operation *, int> groupOf;

  /// The last group that produces an operand of `unit`, or -1.
  int latestProducer(ArrayRef<Operation *> unit) {
    int latest = -1;
    for (Operation *op : unit) {
      for (Value operand : op->getOperands()) {
        auto found = groupOf.find(operand.getDefiningOp());
        latest = found == groupOf.end() ? latest : std::max(latest, found->second);
      }
    }
    return latest;
  }

  void place(ArrayRef<Operation *> unit) {
    int group = latestProducer(unit);
    if (join && group <= kPrologue && isScalar(unit)) {
      group = kPrologue;
    } else if (!join || group <= kPrologue || isa<ir::nn::ReshapeOp>(unit.front()) ||
               !worthJoining(groups[group], unit)) {
      group = groups.size();
      groups.emplace_back();
    }
    groups[group].ops.append(unit.begin(), unit.end());
    for (Operation *op : unit) {
      groupOf[op] = group;
    }
  }

  /// Would the joint dispatch be small, or still have the parallel groups that its work deserves?
  static bool worthJoining(const Group &group, ArrayRef<Operation *> unit) {
    if (!group.hasNest()) {
      return false;
    }
    Location loc = unit.back()->getLoc();
    const bool isHeard = loc.getContext()->getRemarkEngine() != nullptr;
    auto joins = [&](const Twine &why) {
      if (isHeard) {
        remark::passed(loc, kJoin)
            << remark::add("joins {0}: {1}", dispatchName(group.ops), why.str());
      }
      return true;
    };
    auto staysApart = [&](const Twine &why) {
      if (isHeard) {
        remark::missed(loc, kJoin)
            << remark::add("stays apart from {0}: {1}", dispatchName(group.ops), why.str());
      }
      return false;
    };
    SmallVector<Operation *> joint(group.ops);
    joint.append(unit.begin(), unit.end());
    IterationSpace space(joint);
    int64_t work = space.work();
    if (work <= kSmallFlops) {
      return joins("together they are small, as " + Twine(work) + " flops of sums of products");
    }
    if (llvm::any_of(unit, [](Operation *op) { return isContraction(op) || winnerForm(op); })) {
      return staysApart("a contraction's operand tiles would follow the other operation's");
    }
    int64_t apart =
        std::max(IterationSpace(group.ops).parallelism(), IterationSpace(unit).parallelism());
    int64_t wanted = std::min(std::clamp<int64_t>(work / kFlopsPerGroup, 1, kEnoughGroups), apart);
    int64_t possible = space.parallelism();
    return possible >= wanted ? joins("together they have " + Twine(possible) + " groups of work")
                              : staysApart("together they would have " + Twine(possible) +
                                           " groups of work, wanted are " + Twine(wanted));
  }

  /// Joins runs of dispatches that are small together, so that tiny networks become one call.
  void mergeSmallNeighbours() {
    SmallVector<Group> merged;
    int64_t previousFlops = 0;
    for (Group &group : groups) {
      int64_t flops = IterationSpace(group.ops).flops();
      if (!merged.empty() && previousFlops + flops <= kSmallFlops / 4) {
        const Location loc = group.ops.back()->getLoc();
        if (loc.getContext()->getRemarkEngine() && group.hasNest() && merged.back().hasNest()) {
          remark::passed(loc, kMerge) << remark::add(
              "{0} continues in the call of {1}: {2} flops together", dispatchName(group.ops),
              dispatchName(merged.back().ops), previousFlops + flops);
        }
        merged.back().ops.append(group.ops);
        previousFlops += flops;
        continue;
      }
      merged.push_back(std::move(group));
      previousFlops = flops;
    }
    groups = std::move(merged);
  }
};

/// Turns one group into a plan.dispatch before the builder's insertion point.
class DispatchBuilder {
public:
  DispatchBuilder(OpBuilder &b, const Group &group)
      : b(b), group(group), members(group.ops.begin(), group.ops.end()) {}

  void build() {
    if (!group.hasNest()) {
      for (Operation *op : group.ops) {
        op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
      }
      return;
    }
    hoistReshapesOfInputs();
    collectInputs();
    collectOutputs();
    SmallVector<Location> locations;
    for (Operation *op : group.ops) {
      locations.push_back(op->getLoc());
    }
    auto dispatch = ir::plan::DispatchOp::create(
        b, b.getFusedLoc(locations), ValueRange(outputs.getArrayRef()).getTypes(),
        b.getStringAttr(dispatchName(group.ops)), inputs.getArrayRef());
    fill(dispatch);
    for (auto [output, result] : llvm::zip(outputs, dispatch.getOutputs())) {
      Value(output).replaceUsesWithIf(result, [&](OpOperand &use) {
        return !members.contains(use.getOwner()) && !dispatch->isAncestor(use.getOwner());
      });
    }
    rebuildReshapesOfOutputs();
    for (Operation *op : llvm::reverse(group.ops)) {
      if (op->use_empty()) {
        op->erase();
      }
    }
  }

private:
  OpBuilder &b;
  const Group &group;
  SetVector<Operation *> members;
  SetVector<Value> inputs, outputs;

  bool isMember(Value value) {
    return value.getDefiningOp() && members.contains(value.getDefiningOp());
  }

  /// A reshape of what comes from outside moves no data: it stays outside.
  void hoistReshapesOfInputs() {
    for (Operation *op : group.ops) {
      if (isa<ir::nn::ReshapeOp>(op) && !isMember(op->getOperand(0))) {
        op->moveBefore(b.getInsertionBlock(), b.getInsertionPoint());
        members.remove(op);
      }
    }
  }

  void collectInputs() {
    for (Operation *op : members) {
      for (Value operand : op->getOperands()) {
        if (!isMember(operand) &&
            !(operand.getDefiningOp() && isMaterial(operand.getDefiningOp()))) {
          inputs.insert(operand);
        }
      }
    }
  }

  bool usedOutside(Value value) {
    return llvm::any_of(value.getUsers(), [&](Operation *user) { return !members.contains(user); });
  }

  /// Results that others read; of a reshape's result, what it is a reshape of.
  void collectOutputs() {
    for (Operation *op : members) {
      for (Value result : op->getResults()) {
        if (usedOutside(result)) {
          outputs.insert(rootOf(result));
        }
      }
    }
  }

  Value rootOf(Value value) {
    while (auto reshape = value.getDefiningOp<ir::nn::ReshapeOp>()) {
      if (!isMember(value)) {
        break;
      }
      value = reshape.getInput();
    }
    return value;
  }

  void fill(ir::plan::DispatchOp dispatch) {
    Block *body = b.createBlock(&dispatch.getBody());
    IRMapping mapping;
    for (Value input : inputs) {
      mapping.map(input, body->addArgument(input.getType(), input.getLoc()));
    }
    OpBuilder inner = OpBuilder::atBlockEnd(body);
    for (Operation *op : members) {
      // Operands, and scalar constants that a body takes from outside.
      op->walk([&](Operation *nested) {
        for (Value operand : nested->getOperands()) {
          cloneMaterial(inner, mapping, operand);
        }
      });
      inner.clone(*op, mapping);
    }
    SmallVector<Value> results;
    for (Value output : outputs) {
      results.push_back(mapping.lookup(output));
    }
    ir::plan::YieldOp::create(inner, dispatch.getLoc(), results);
    b.setInsertionPointAfter(dispatch);
  }

  void cloneMaterial(OpBuilder &inner, IRMapping &mapping, Value value) {
    Operation *op = value.getDefiningOp();
    if (mapping.contains(value) || !op || !isMaterial(op) ||
        op->getBlock() != members.front()->getBlock()) {
      return;
    }
    for (Value operand : op->getOperands()) {
      cloneMaterial(inner, mapping, operand);
    }
    inner.clone(*op, mapping);
  }

  /// Reshapes inside whose results are read outside are written again behind the dispatch.
  void rebuildReshapesOfOutputs() {
    for (Operation *op : members) {
      if (isa<ir::nn::ReshapeOp>(op) && usedOutside(op->getResult(0))) {
        Value source = rootOf(op->getResult(0));
        size_t position = llvm::find(outputs, source) - outputs.begin();
        auto dispatch = cast<ir::plan::DispatchOp>(*std::prev(b.getInsertionPoint()));
        Value again = ir::nn::ReshapeOp::create(b, op->getLoc(), op->getResult(0).getType(),
                                                dispatch.getOutputs()[position]);
        op->getResult(0).replaceUsesWithIf(
            again, [&](OpOperand &use) { return !members.contains(use.getOwner()); });
        b.setInsertionPointAfter(dispatch);
      }
    }
  }
};

/// Is `op` a reshape of a constant, an input or a state?
bool isReshapeOfUncomputed(Operation *op) {
  auto reshape = dyn_cast<ir::nn::ReshapeOp>(op);
  if (!reshape) {
    return false;
  }
  Operation *def = reshape.getInput().getDefiningOp();
  return !def || isMaterial(def) || isa<ir::train::ReadOp>(def) || isReshapeOfUncomputed(def);
}

/// An operation that computes a copy of `value`; of a constant with equal elements, that element.
Value createCopy(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  SplatElementsAttr splat;
  SmallVector<Value> inputs;
  if (!matchPattern(value, m_Constant(&splat))) {
    inputs.push_back(value);
  }
  SmallVector<AffineMap> maps(inputs.size() + 1, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  return linalg::GenericOp::create(b, loc, type, inputs, empty, maps, iterators,
                                   [&](OpBuilder &body, Location loc, ValueRange arguments) {
                                     Value element = arguments[0];
                                     if (splat) {
                                       element = arith::ConstantOp::create(
                                           body, loc,
                                           cast<TypedAttr>(splat.getSplatValue<Attribute>()));
                                     }
                                     linalg::YieldOp::create(body, loc, element);
                                   })
      .getResult(0);
}

/// What an entry assigns or returns must be computed: constants, inputs and states get a copy of
/// their own.
void copyUncomputedResults(Operation *user) {
  OpBuilder b(user);
  for (OpOperand &operand : user->getOpOperands()) {
    Value value = operand.get();
    Operation *def = value.getDefiningOp();
    if (def && !isMaterial(def) && !isa<ir::train::ReadOp>(def) && !isReshapeOfUncomputed(def)) {
      continue;
    }
    operand.set(createCopy(b, user->getLoc(), value));
  }
}

struct FormDispatches : impl::FormDispatchesBase<FormDispatches> {
  using FormDispatchesBase::FormDispatchesBase;

  void runOnOperation() override {
    for (auto entry : getOperation().getBody().getOps<ir::train::EntryOp>()) {
      Block &block = entry.getBody().front();
      for (Operation &op : llvm::make_early_inc_range(block)) {
        if (isa<ir::train::AssignOp, ir::train::ReturnOp>(op)) {
          copyUncomputedResults(&op);
        }
      }
      ownDestinations(block);
      Grouping grouping(block, join, mergeSmall);
      for (const Group &group : grouping.groups) {
        if (shiftReads) {
          readPadded(group.ops);
        }
      }
      // Assignments and the return keep their order behind the dispatches.
      Operation *end = block.getTerminator();
      for (auto assign : llvm::to_vector(block.getOps<ir::train::AssignOp>())) {
        assign->moveBefore(block.getTerminator());
        end = isa<ir::train::ReturnOp>(end) ? assign.getOperation() : end;
      }
      for (const Group &group : grouping.groups) {
        OpBuilder b(end);
        DispatchBuilder(b, group).build();
      }
      for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
        if (isMaterial(&op) && op.use_empty()) {
          op.erase();
        }
      }
    }
  }
};

} // namespace
} // namespace ntc::fuse
