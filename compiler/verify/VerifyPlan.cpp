// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An independent check of the memory plan: lives are computed from the calls, then a sweep over the
// calls keeps the set of live byte ranges ordered and refuses an insertion that meets a neighbour.

#include "compiler/verify/KernelChecks.h"
#include "compiler/verify/Passes.h"
#include "compiler/verify/Sizes.h"

#include "mlir/IR/Verifier.h"
#include "llvm/Support/MathExtras.h"

#include <map>

using namespace mlir;

namespace ntc::verify {
namespace plan = ir::plan;
namespace train = ir::train;

#define GEN_PASS_DEF_VERIFYPLANNED
#include "compiler/verify/Passes.h.inc"

namespace {

/// Live from call `begin` to call `end`, both included; states and controls always.
struct Life {
  int64_t begin = std::numeric_limits<int64_t>::max();
  int64_t end = -1;
  bool always = false;
};

class PlanChecker {
public:
  explicit PlanChecker(train::ProgramOp program) : program(program) {}

  LogicalResult run() {
    if (failed(verifySizes(program))) {
      return failure();
    }
    for (auto arena : program.getBody().getOps<plan::ArenaOp>()) {
      if (failed(checkArena(arena))) {
        return failure();
      }
    }
    for (auto kernel : program.getBody().getOps<plan::KernelOp>()) {
      if (failed(verifyWorkGroups(kernel))) {
        return failure();
      }
      layouts.try_emplace(kernel, std::make_unique<schedule::KernelLayout>(kernel));
    }
    for (auto entry : program.getBody().getOps<plan::EntryOp>()) {
      if (failed(checkEntry(entry))) {
        return failure();
      }
    }
    return success();
  }

private:
  train::ProgramOp program;
  SmallVector<plan::SlotOp> slots;
  DenseMap<Operation *, std::unique_ptr<schedule::KernelLayout>> layouts;
  int64_t arenaBytes = 0, align = 64;

  static bool isShared(plan::SlotOp slot) { return !slot.getEntry(); }

  LogicalResult checkArena(plan::ArenaOp arena) {
    arenaBytes = arena.getBytes();
    align = arena.getAlign();
    if (align <= 0 || arenaBytes < 0) {
      return arena.emitOpError("has ") << arenaBytes << " bytes and an alignment of " << align;
    }
    for (auto slot : arena.getBody().getOps<plan::SlotOp>()) {
      if (slot.getIndex() != slots.size()) {
        return slot.emitOpError("must be number ") << slots.size();
      }
      slots.push_back(slot);
      if (failed(checkSlot(slot))) {
        return failure();
      }
    }
    return success();
  }

  static bool isTensor(Type type) {
    auto tensor = dyn_cast_or_null<RankedTensorType>(type);
    return tensor && tensor.getElementType().isIntOrFloat();
  }

  LogicalResult checkSlot(plan::SlotOp slot) {
    if (!isTensor(slot.getType())) {
      return slot.emitOpError("must hold a tensor of numbers, found ") << slot.getType();
    }
    int64_t offset = slot.getOffset(), bytes = slot.getSizeBytes();
    if (offset < 0 || offset % align != 0 || bytes > arenaBytes || offset > arenaBytes - bytes) {
      return slot.emitOpError("of ") << bytes << " bytes at " << offset << " leaves the arena of "
                                     << arenaBytes << " bytes or its alignment of " << align;
    }
    if (slot.getLive().size() != (slot.getEntry() ? 2 : 0)) {
      return slot.emitOpError("needs a first and a last call exactly if it has an entry, found ")
             << slot.getLive().size() << " numbers";
    }
    if (slot.getEntry() && !isa_and_nonnull<plan::EntryOp>(
                               SymbolTable::lookupSymbolIn(program, slot.getEntryAttr()))) {
      return slot.emitOpError("belongs to no entry: ") << slot.getEntryAttr();
    }
    return success();
  }

  LogicalResult checkEntry(plan::EntryOp entry) {
    if (failed(checkInputs(entry))) {
      return failure();
    }
    SmallVector<Life> lives(slots.size());
    for (auto [i, slot] : llvm::enumerate(slots)) {
      lives[i].always = isShared(slot);
    }
    SmallVector<bool> written(slots.size(), false);
    int64_t number = 0;
    auto calls = llvm::to_vector(entry.getBody().getOps<plan::CallOp>());
    for (auto [i, call] : llvm::enumerate(calls)) {
      auto next = i + 1 < calls.size() ? calls[i + 1] : plan::CallOp();
      if (failed(checkCall(entry, call, number++, lives, written)) ||
          failed(checkConcurrent(call, next))) {
        return failure();
      }
    }
    for (Attribute output : entry.getOutputs()) {
      if (failed(checkOutput(entry, output, number, lives, written))) {
        return failure();
      }
    }
    if (failed(sweep(entry, lives, number))) {
      return failure();
    }
    return checkLives(entry, lives, number);
  }

  static LogicalResult checkInputs(plan::EntryOp entry) {
    for (auto [i, input] : llvm::enumerate(entry.getInputs())) {
      auto fields = dyn_cast<DictionaryAttr>(input);
      auto type = fields ? fields.getAs<TypeAttr>("type") : TypeAttr();
      if (!type || !isTensor(type.getValue()) || !fields.getAs<StringAttr>("name")) {
        return entry.emitOpError("input ") << i << " needs a name and the type of a tensor";
      }
      if (failed(verifySize(entry, type.getValue()))) {
        return failure();
      }
    }
    return success();
  }

  /// An output, and a metric's count, are read when all calls are done.
  LogicalResult checkOutput(plan::EntryOp entry, Attribute output, int64_t calls,
                            MutableArrayRef<Life> lives, ArrayRef<bool> written) {
    auto fields = dyn_cast<DictionaryAttr>(output);
    auto type = fields ? fields.getAs<TypeAttr>("type") : TypeAttr();
    if (!type || !isTensor(type.getValue()) || !fields.getAs<StringAttr>("name") ||
        !fields.getAs<plan::SlotRefAttr>("slot")) {
      return entry.emitOpError("has an output without a name, the type of a tensor or a slot");
    }
    for (StringRef key : {"slot", "count_slot"}) {
      if (!fields.get(key)) {
        continue;
      }
      auto reference = fields.getAs<plan::SlotRefAttr>(key);
      int64_t slot = reference ? reference.getIndex() : -1;
      if (slot < 0 || slot >= static_cast<int64_t>(slots.size())) {
        return entry.emitOpError("has an output in slot ") << slot << ", which does not exist";
      }
      if (!written[slot] && !lives[slot].always) {
        return entry.emitOpError("has an output in slot ") << slot << ", which nothing has written";
      }
      lives[slot].end = calls;
    }
    int64_t slot = fields.getAs<plan::SlotRefAttr>("slot").getIndex();
    if (type.getValue() != slots[slot].getType() && failed(verifySize(entry, type.getValue()))) {
      return failure();
    }
    int64_t bytes = plan::tensorBytes(cast<RankedTensorType>(type.getValue()));
    if (bytes != slots[slot].getSizeBytes()) {
      return entry.emitOpError("has an output of ")
             << bytes << " bytes in slot " << slot << " of " << slots[slot].getSizeBytes();
    }
    return success();
  }

  /// The lives that slots declare cover those that follow from the calls. What an output needs
  /// after the last call is not declared.
  LogicalResult checkLives(plan::EntryOp entry, ArrayRef<Life> lives, int64_t calls) {
    for (auto [slot, life] : llvm::zip(slots, lives)) {
      if (!slot.getEntry() || *slot.getEntry() != entry.getSymName() || life.end < 0) {
        continue;
      }
      int64_t begin = slot.getLive()[0], end = slot.getLive()[1];
      int64_t last = std::min(life.end, calls - 1);
      if (begin < 0 || end >= calls || begin > life.begin || end < last) {
        return slot.emitOpError("says that it lives from call ")
               << begin << " to " << end << ", but calls of " << entry.getSymNameAttr()
               << " use it from " << life.begin << " to " << last;
      }
    }
    return success();
  }

  /// Without a barrier after `call`, the next one must run behind it on the same thread, as calls
  /// of one group do.
  LogicalResult checkConcurrent(plan::CallOp call, plan::CallOp next) {
    if (!call.getConcurrent()) {
      return success();
    }
    if (!next) {
      return call.emitOpError("is concurrent, but no call follows");
    }
    for (plan::CallOp each : {call, next}) {
      auto kernel = dyn_cast_or_null<plan::KernelOp>(
          SymbolTable::lookupSymbolIn(program, each.getKernelAttr().getAttr()));
      if (kernel && kernel.getGroups() != 1) {
        return call.emitOpError("is concurrent, but ")
               << each.getKernelAttr() << " has " << static_cast<int64_t>(kernel.getGroups())
               << " groups of work, which several threads run";
      }
    }
    return success();
  }

  LogicalResult checkCall(plan::EntryOp entry, plan::CallOp call, int64_t number,
                          MutableArrayRef<Life> lives, MutableArrayRef<bool> written) {
    auto kernel = dyn_cast_or_null<plan::KernelOp>(
        SymbolTable::lookupSymbolIn(program, call.getKernelAttr().getAttr()));
    if (!kernel) {
      return call.emitOpError("names no kernel: ") << call.getKernelAttr();
    }
    size_t inputs = kernel.getArgumentTypes().size(),
           operands = inputs + kernel.getResultTypes().size();
    const schedule::KernelLayout &layout = *layouts.find(kernel)->second;
    // One more is the workspace.
    size_t expected = operands + (layout.workspaceBytes() != 0);
    if (call.getBuffers().size() != expected) {
      return call.emitOpError("has ")
             << call.getBuffers().size() << " operands, its kernel " << expected;
    }
    for (auto [i, operand] : llvm::enumerate(call.getBuffers())) {
      if (auto input = dyn_cast<plan::InputRefAttr>(operand)) {
        if (i >= inputs || input.getIndex() >= static_cast<int64_t>(entry.getInputs().size())) {
          return call.emitOpError("operand ") << i << " is no input of the entry that may be read";
        }
        continue;
      }
      auto reference = dyn_cast<plan::SlotRefAttr>(operand);
      if (!reference) {
        return call.emitOpError("operand ") << i << " is neither a slot nor an input";
      }
      int64_t slot = reference.getIndex();
      if (slot < 0 || slot >= static_cast<int64_t>(slots.size())) {
        return call.emitOpError("operand ") << i << " is slot " << slot << ", which does not exist";
      }
      if (slots[slot].getEntry() && *slots[slot].getEntry() != entry.getSymName()) {
        return call.emitOpError("operand ")
               << i << " is slot " << slot << " of " << slots[slot].getEntryAttr();
      }
      Life &life = lives[slot];
      if (i < inputs && !written[slot] && !life.always) {
        return call.emitOpError("reads slot ") << slot << ", which nothing has written";
      }
      written[slot] = written[slot] || i >= inputs;
      life.begin = std::min(life.begin, number);
      life.end = std::max(life.end, number);
      if (i < operands ? failed(checkSize(call, i, kernel, slots[slot]))
                       : failed(checkWorkspace(call, layout.workspaceBytes(), slots[slot]))) {
        return failure();
      }
    }
    return checkAliases(call, kernel, layout);
  }

  static LogicalResult checkWorkspace(plan::CallOp call, int64_t bytes, plan::SlotOp slot) {
    if (!slot.getEntry() || slot.getSizeBytes() < bytes) {
      return call.emitOpError("needs a workspace of its own of ")
             << bytes << " bytes, slot " << slot.getIndex() << " has " << slot.getSizeBytes();
    }
    return success();
  }

  /// Operands of one call share memory only where a result replaces an argument element by element.
  static LogicalResult checkAliases(plan::CallOp call, plan::KernelOp kernel,
                                    const schedule::KernelLayout &layout) {
    ArrayRef<Attribute> buffers = call.getBuffers().getValue();
    size_t inputs = kernel.getArgumentTypes().size(),
           operands = inputs + kernel.getResultTypes().size();
    for (size_t i = inputs; i < buffers.size(); ++i) {
      for (size_t other = 0; other < i; ++other) {
        bool inPlace = other < inputs && i < operands;
        if (buffers[i] == buffers[other] &&
            !(inPlace && mayUpdateInPlace(layout, kernel, other, i - inputs))) {
          return call.emitOpError("operands ")
                 << other << " and " << i << " are one slot, but "
                 << (inPlace ? "the old value is read elsewhere or later than it is replaced"
                             : "both are written");
        }
      }
    }
    return success();
  }

  static LogicalResult checkSize(plan::CallOp call, size_t operand, plan::KernelOp kernel,
                                 plan::SlotOp slot) {
    size_t inputs = kernel.getArgumentTypes().size();
    Type type = operand < inputs ? kernel.getArgumentTypes()[operand]
                                 : kernel.getResultTypes()[operand - inputs];
    int64_t bytes = plan::tensorBytes(cast<RankedTensorType>(type));
    if (bytes != slot.getSizeBytes()) {
      return call.emitOpError("operand ") << operand << " needs " << bytes << " bytes, slot "
                                          << slot.getIndex() << " has " << slot.getSizeBytes();
    }
    return success();
  }

  /// Walks the calls in time; `live` holds the byte ranges in use by their begin.
  LogicalResult sweep(plan::EntryOp entry, ArrayRef<Life> lives, int64_t calls) {
    std::vector<SmallVector<int64_t>> starting(calls + 2), ending(calls + 2);
    for (auto [i, life] : llvm::enumerate(lives)) {
      if (life.always) {
        starting[0].push_back(i);
      } else if (life.end >= 0) {
        starting[std::min(life.begin, calls)].push_back(i);
        ending[life.end].push_back(i);
      }
    }
    std::map<int64_t, int64_t> live; // begin of the range -> slot
    for (int64_t now = 0; now <= calls; ++now) {
      for (int64_t slot : starting[now]) {
        if (failed(insert(entry, live, slot))) {
          return failure();
        }
      }
      for (int64_t slot : ending[now]) {
        live.erase(slots[slot].getOffset());
      }
    }
    return success();
  }

  LogicalResult insert(plan::EntryOp entry, std::map<int64_t, int64_t> &live, int64_t number) {
    plan::SlotOp slot = slots[number];
    int64_t begin = slot.getOffset(), end = begin + std::max<int64_t>(slot.getSizeBytes(), 1);
    auto next = live.lower_bound(begin);
    auto refuse = [&](int64_t other) {
      return slot.emitOpError("overlaps slot ")
             << other << " (" << slots[other].getName() << ") while both are live in "
             << entry.getSymNameAttr();
    };
    if (next != live.end() && next->first < end) {
      return refuse(next->second);
    }
    if (next != live.begin()) {
      plan::SlotOp previous = slots[std::prev(next)->second];
      if (static_cast<int64_t>(previous.getOffset()) + previous.getSizeBytes() > begin) {
        return refuse(previous.getIndex());
      }
    }
    live[begin] = number;
    return success();
  }
};

struct VerifyPlanned : impl::VerifyPlannedBase<VerifyPlanned> {
  void runOnOperation() override {
    if (failed(mlir::verify(getOperation())) || failed(verifyPlan(getOperation()))) {
      signalPassFailure();
    }
  }
};

} // namespace

LogicalResult verifyPlan(train::ProgramOp program) { return PlanChecker(program).run(); }

} // namespace ntc::verify
