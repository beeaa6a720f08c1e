// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An independent check of the memory plan: lives are computed from the calls, then a sweep over the
// calls keeps the set of live byte ranges ordered and refuses an insertion that meets a neighbour.

#include "compiler/verify/Passes.h"

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
    for (auto arena : program.getBody().getOps<plan::ArenaOp>()) {
      arenaBytes = arena.getBytes();
      align = arena.getAlign();
      for (auto slot : arena.getBody().getOps<plan::SlotOp>()) {
        if (slot.getIndex() != slots.size()) {
          return slot.emitOpError("must be number ") << slots.size();
        }
        slots.push_back(slot);
        int64_t offset = slot.getOffset(), bytes = slot.getSizeBytes();
        if (offset < 0 || offset % align != 0 || bytes > arenaBytes ||
            offset > arenaBytes - bytes) {
          return slot.emitOpError("of ")
                 << bytes << " bytes at " << offset << " leaves the arena of " << arenaBytes
                 << " bytes or its alignment of " << align;
        }
      }
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
  int64_t arenaBytes = 0, align = 64;

  static bool isShared(plan::SlotOp slot) { return !slot.getEntry(); }

  LogicalResult checkEntry(plan::EntryOp entry) {
    SmallVector<Life> lives(slots.size());
    for (auto [i, slot] : llvm::enumerate(slots)) {
      lives[i].always = isShared(slot);
    }
    SmallVector<bool> written(slots.size(), false);
    int64_t number = 0;
    for (auto call : entry.getBody().getOps<plan::CallOp>()) {
      if (failed(checkCall(entry, call, number++, lives, written))) {
        return failure();
      }
    }
    for (Attribute output : entry.getOutputs()) {
      for (StringRef key : {"slot", "count_slot"}) {
        if (auto slot = cast<DictionaryAttr>(output).getAs<plan::SlotRefAttr>(key)) {
          if (slot.getIndex() >= static_cast<int64_t>(slots.size())) {
            return entry.emitOpError("has an output in slot ")
                   << slot.getIndex() << ", which does not exist";
          }
          lives[slot.getIndex()].end = number;
        }
      }
    }
    return sweep(entry, lives, number);
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
    // One more is the workspace.
    if (call.getBuffers().size() != operands && call.getBuffers().size() != operands + 1) {
      return call.emitOpError("has ")
             << call.getBuffers().size() << " operands, its kernel " << operands;
    }
    for (auto [i, operand] : llvm::enumerate(call.getBuffers())) {
      if (auto input = dyn_cast<plan::InputRefAttr>(operand)) {
        if (i >= inputs || input.getIndex() >= static_cast<int64_t>(entry.getInputs().size())) {
          return call.emitOpError("operand ") << i << " is no input of the entry that may be read";
        }
        continue;
      }
      int64_t slot = cast<plan::SlotRefAttr>(operand).getIndex();
      if (slot < 0 || slot >= static_cast<int64_t>(slots.size())) {
        return call.emitOpError("operand ") << i << " is slot " << slot << ", which does not exist";
      }
      Life &life = lives[slot];
      if (i < inputs && !written[slot] && !life.always) {
        return call.emitOpError("reads slot ") << slot << ", which nothing has written";
      }
      written[slot] = written[slot] || i >= inputs;
      life.begin = std::min(life.begin, number);
      life.end = std::max(life.end, number);
      if (i < operands && failed(checkSize(call, i, kernel, slots[slot]))) {
        return failure();
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
    if (failed(verifyPlan(getOperation()))) {
      signalPassFailure();
    }
  }
};

} // namespace

LogicalResult verifyPlan(train::ProgramOp program) { return PlanChecker(program).run(); }

} // namespace ntc::verify
