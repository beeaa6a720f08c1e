// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From an entry's dispatches to calls on slots.

#include "compiler/memory/EntryPlanner.h"

#include "compiler/memory/InPlace.h"
#include "dialects/nn/Nn.h"
#include "dialects/train/Stages.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::memory {
namespace plan = ir::plan;
namespace train = ir::train;

namespace {

/// A dispatch that copies its input, for an assignment that cannot be made in place.
plan::DispatchOp createCopy(OpBuilder &b, Location loc, Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  auto dispatch =
      plan::DispatchOp::create(b, loc, TypeRange{type}, b.getStringAttr("copy"), ValueRange{value});
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&dispatch.getBody(), {}, {type}, {loc});
  Value empty = tensor::EmptyOp::create(b, loc, type.getShape(), type.getElementType());
  SmallVector<AffineMap> maps(2, b.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  auto copy = linalg::GenericOp::create(b, loc, type, body->getArgument(0), empty, maps, iterators,
                                        [](OpBuilder &inner, Location loc, ValueRange arguments) {
                                          linalg::YieldOp::create(inner, loc, arguments[0]);
                                        });
  plan::YieldOp::create(b, loc, copy.getResult(0));
  return dispatch;
}

class EntryPlanner {
public:
  EntryPlanner(train::EntryOp entry, KernelTable &kernels, SlotList &slots,
               const EntryOptions &options, OpBuilder &builder)
      : entry(entry), kernels(kernels), slots(slots), options(options), b(builder),
        block(entry.getBody().front()) {}

  LogicalResult run() {
    bindArguments();
    for (auto read : block.getOps<train::ReadOp>()) {
      buffers[read.getValue()] = b.getAttr<plan::SlotRefAttr>(slots.states.lookup(read.getState()));
    }
    numberCalls();
    chooseAssignmentsInPlace();
    for (Operation &op : block) {
      if (auto dispatch = dyn_cast<plan::DispatchOp>(op)) {
        calls.push_back(planCall(dispatch));
      } else if (auto reshape = dyn_cast<ir::nn::ReshapeOp>(op)) {
        buffers[reshape.getOutput()] = buffers.lookup(reshape.getInput());
      } else if (!isa<train::ReadOp, train::AssignOp, train::ReturnOp>(op)) {
        return op.emitError("is not part of a fused entry");
      }
    }
    createEntry();
    return success();
  }

private:
  struct Call {
    plan::KernelOp kernel;
    std::string name;
    SmallVector<Attribute> buffers;
  };

  train::EntryOp entry;
  KernelTable &kernels;
  SlotList &slots;
  const EntryOptions &options;
  OpBuilder &b;
  Block &block;
  DenseMap<Value, Attribute> buffers;           // value -> slot or input
  DenseMap<Value, int64_t> lastUse;             // root value -> last call that reads it
  DenseMap<Operation *, int64_t> callNumber;    // dispatch -> call
  DenseMap<Value, std::string> assignedInPlace; // root value -> state
  std::vector<Call> calls;
  SmallVector<Attribute> inputs;
  int64_t callCount = 0;

  static Value rootOf(Value value) {
    while (auto reshape = value.getDefiningOp<ir::nn::ReshapeOp>()) {
      value = reshape.getInput();
    }
    return value;
  }

  NamedAttribute named(StringRef name, Attribute value) { return b.getNamedAttr(name, value); }

  void bindArguments() {
    for (BlockArgument argument : block.getArguments()) {
      unsigned i = argument.getArgNumber();
      if (auto control = entry.getArgAttrOfType<StringAttr>(i, train::kControlAttr)) {
        buffers[argument] = b.getAttr<plan::SlotRefAttr>(slots.controls.lookup(control.getValue()));
        continue;
      }
      auto target = entry.getArgAttrOfType<StringAttr>(i, train::kTargetAttr);
      auto name = target ? target : entry.getArgAttrOfType<StringAttr>(i, train::kInputAttr);
      SmallVector<NamedAttribute> attributes = {
          named("name", name ? name : b.getStringAttr("input")),
          named("type", TypeAttr::get(argument.getType()))};
      if (target) {
        attributes.push_back(named("target", b.getUnitAttr()));
      }
      if (Attribute classes = entry.getArgAttr(i, train::kClassesAttr)) {
        attributes.push_back(named("classes", classes));
      }
      if (Attribute ignored = entry.getArgAttr(i, train::kIgnoreIndexAttr)) {
        attributes.push_back(named("ignore_index", ignored));
      }
      buffers[argument] = b.getAttr<plan::InputRefAttr>(static_cast<int64_t>(inputs.size()));
      inputs.push_back(b.getDictionaryAttr(attributes));
    }
  }

  void numberCalls() {
    for (Operation &op : block) {
      if (isa<plan::DispatchOp>(op)) {
        callNumber[&op] = callCount++;
      }
    }
    for (Operation &op : block) {
      for (Value operand : op.getOperands()) {
        // What is returned or assigned by a copy lives to the end of the entry.
        int64_t at = isa<plan::DispatchOp>(op)    ? callNumber[&op]
                     : isa<ir::nn::ReshapeOp>(op) ? -1
                                                  : callCount;
        auto &last = lastUse.try_emplace(rootOf(operand), -1).first->second;
        last = std::max(last, at);
      }
    }
  }

  /// The last call that reads the value which `state` had when the entry began.
  int64_t lastReadOf(StringRef state) {
    int64_t last = -1;
    for (auto read : block.getOps<train::ReadOp>()) {
      if (read.getState() == state) {
        last = std::max(last, lastUse.lookup(read.getValue()));
      }
    }
    return last;
  }

  /// Arguments of `dispatch` that hold the old value of `state`; nothing if one is reshaped.
  std::optional<SmallVector<unsigned>> argumentsReading(plan::DispatchOp dispatch,
                                                        StringRef state) {
    SmallVector<unsigned> arguments;
    for (auto [i, input] : llvm::enumerate(dispatch.getInputs())) {
      auto read = rootOf(input).getDefiningOp<train::ReadOp>();
      if (read && read.getState() == state) {
        if (rootOf(input) != input) {
          return std::nullopt;
        }
        arguments.push_back(i);
      }
    }
    return arguments;
  }

  /// Why the dispatch that computes the value of `assign` may not write it into the state's slot;
  /// empty if it may.
  StringRef whyNotInPlace(train::AssignOp assign) {
    Value root = rootOf(assign.getValue());
    auto dispatch = root.getDefiningOp<plan::DispatchOp>();
    if (!options.updateInPlace) {
      return "it is disabled";
    }
    if (!dispatch) {
      return "the value is an input or another state";
    }
    if (assignedInPlace.count(root)) {
      return "another state takes the value";
    }
    if (lastReadOf(assign.getState()) > callNumber[dispatch]) {
      return "the old value is read by a later dispatch";
    }
    auto arguments = argumentsReading(dispatch, assign.getState());
    if (!arguments) {
      return "the old value is reshaped before it is read";
    }
    plan::KernelOp kernel = kernels.outline(dispatch);
    schedule::KernelLayout layout(kernel);
    for (unsigned argument : *arguments) {
      StringRef why =
          memory::whyNotInPlace(layout, kernel, argument, cast<OpResult>(root).getResultNumber());
      if (!why.empty()) {
        return why;
      }
    }
    return "";
  }

  /// Assignments that are not in place get a copy at the end of the entry.
  void chooseAssignmentsInPlace() {
    constexpr auto opts = remark::RemarkOpts::name("assign").category("update-in-place");
    SmallVector<train::AssignOp> copies;
    for (auto assign : block.getOps<train::AssignOp>()) {
      StringRef whyNot = whyNotInPlace(assign);
      if (whyNot.empty()) {
        assignedInPlace[rootOf(assign.getValue())] = assign.getState().str();
        remark::passed(assign.getLoc(), opts) << remark::add(
            "{0} of {1} is written over its old value", assign.getState(), entry.getSymName());
      } else {
        copies.push_back(assign);
        remark::missed(assign.getLoc(), opts) << remark::add(
            "{0} of {1} is copied at the end: {2}", assign.getState(), entry.getSymName(), whyNot);
      }
    }
    OpBuilder copyBuilder(block.getTerminator());
    for (train::AssignOp assign : copies) {
      auto dispatch = createCopy(copyBuilder, assign.getLoc(), assign.getValue());
      callNumber[dispatch] = callCount++;
      assignedInPlace[dispatch.getOutputs()[0]] = assign.getState().str();
    }
    // A value that lives to the end has lost the final number of calls to the copies.
    for (auto &entry : lastUse) {
      entry.second =
          entry.second < callCount - static_cast<int64_t>(copies.size()) ? entry.second : callCount;
    }
  }

  Attribute slotFor(Value result, plan::DispatchOp dispatch, int64_t call) {
    auto assigned = assignedInPlace.find(result);
    if (assigned != assignedInPlace.end()) {
      return b.getAttr<plan::SlotRefAttr>(slots.states.lookup(assigned->second));
    }
    Slot slot;
    slot.name = dispatch.getName().str();
    slot.type = cast<RankedTensorType>(result.getType());
    slot.role = "activation";
    slot.entry = entry.getSymName().str();
    auto last = lastUse.find(result);
    slot.life = {
        static_cast<int64_t>(llvm::alignTo(plan::tensorBytes(slot.type), 64)), call,
        std::max(call, last == lastUse.end() ? call : std::min(last->second, callCount - 1))};
    return b.getAttr<plan::SlotRefAttr>(slots.add(std::move(slot)));
  }

  Call planCall(plan::DispatchOp dispatch) {
    int64_t number = callNumber.lookup(dispatch);
    Call call{kernels.outline(dispatch), dispatch.getName().str(), {}};
    for (Value input : dispatch.getInputs()) {
      call.buffers.push_back(buffers.lookup(input));
    }
    for (Value output : dispatch.getOutputs()) {
      buffers[output] = slotFor(output, dispatch, number);
      call.buffers.push_back(buffers[output]);
    }
    if (int64_t bytes = schedule::KernelLayout(call.kernel).workspaceBytes()) {
      Slot slot;
      slot.name = call.name;
      slot.type = RankedTensorType::get({bytes}, b.getI8Type());
      slot.role = "workspace";
      slot.entry = entry.getSymName().str();
      slot.life = {static_cast<int64_t>(llvm::alignTo(bytes, 64)), number, number};
      call.buffers.push_back(b.getAttr<plan::SlotRefAttr>(slots.add(std::move(slot))));
    }
    return call;
  }

  /// The entry's outputs: metrics pair a sum with its count.
  ArrayAttr outputs() {
    SmallVector<Attribute> result;
    auto terminator = block.getTerminator();
    llvm::StringMap<Attribute> counts;
    for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
      if (auto metric = entry.getResultAttrOfType<StringAttr>(i, train::kMetricCountAttr)) {
        counts[metric.getValue()] = buffers.lookup(value);
      }
    }
    for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
      auto metric = entry.getResultAttrOfType<StringAttr>(i, train::kMetricAttr);
      auto output = entry.getResultAttrOfType<StringAttr>(i, train::kOutputAttr);
      if (!metric && !output) {
        continue;
      }
      SmallVector<NamedAttribute> attributes = {named("name", metric ? metric : output),
                                                named("type", TypeAttr::get(value.getType())),
                                                named("slot", buffers.lookup(value))};
      if (metric) {
        attributes.push_back(named("count_slot", counts.lookup(metric.getValue())));
      }
      result.push_back(b.getDictionaryAttr(attributes));
    }
    return b.getArrayAttr(result);
  }

  void createEntry() {
    auto planned = plan::EntryOp::create(b, entry.getLoc(), entry.getSymName(), entry.getKind(),
                                         entry.getBatchSize(), b.getArrayAttr(inputs), outputs());
    if (Attribute epoch = entry->getAttr(train::kFromEpochAttr)) {
      planned->setAttr(train::kFromEpochAttr, epoch);
    }
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&planned.getBody());
    for (size_t i = 0; i < calls.size(); ++i) {
      // Calls of one group run on one thread, in order: they need not wait for each other.
      bool chained = i + 1 < calls.size() && calls[i].kernel.getGroups() == 1 &&
                     calls[i + 1].kernel.getGroups() == 1;
      plan::CallOp::create(b, entry.getLoc(), calls[i].kernel.getSymName(), calls[i].name,
                           b.getArrayAttr(calls[i].buffers), chained);
    }
  }
};

} // namespace

LogicalResult planEntry(train::EntryOp entry, KernelTable &kernels, SlotList &slots,
                        const EntryOptions &options, OpBuilder &builder) {
  return EntryPlanner(entry, kernels, slots, options, builder).run();
}

} // namespace ntc::memory
