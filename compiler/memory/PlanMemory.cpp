// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From fused entries to kernels, one arena and calls.

#include "compiler/memory/EntryPlanner.h"
#include "compiler/memory/Passes.h"

#include "mlir/IR/Remarks.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace ntc::memory {
namespace plan = ir::plan;
namespace train = ir::train;

#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/memory/Passes.h.inc"

/// Alignment of slots: one cache line, one vector register.
static constexpr int64_t kAlign = 64;

namespace {

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    train::ProgramOp program = getOperation();
    SlotList slots;
    addStates(program, slots);
    auto entries = llvm::to_vector(program.getBody().getOps<train::EntryOp>());
    // The host counts steps and holds the seed for every program, also where nothing random is
    // computed.
    for (StringRef name : {"seed", "step"}) {
      addControl(name, RankedTensorType::get({}, IntegerType::get(&getContext(), 64)), {}, slots);
    }
    for (train::EntryOp entry : entries) {
      addControls(entry, slots);
    }
    OpBuilder b = OpBuilder::atBlockEnd(&program.getBody().front());
    KernelTable kernels(OpBuilder(
        entries.empty() ? &program.getBody().front() : entries.front()->getBlock(),
        entries.empty() ? program.getBody().front().end() : Block::iterator(entries.front())));
    for (train::EntryOp entry : entries) {
      if (failed(planEntry(entry, kernels, slots, {updateInPlace}, b))) {
        return signalPassFailure();
      }
    }
    int64_t bytes = placeSlots(slots);
    OpBuilder arenaBuilder(entries.empty() ? nullptr : entries.front().getOperation());
    createArena(arenaBuilder, program.getLoc(), slots, bytes);
    for (train::EntryOp entry : entries) {
      entry.erase();
    }
  }

  static void addStates(train::ProgramOp program, SlotList &slots) {
    for (auto state : program.getBody().getOps<train::StateOp>()) {
      Slot slot;
      slot.name = state.getSymName().str();
      slot.type = cast<RankedTensorType>(state.getType());
      slot.role = train::stringifyRole(state.getRole()).str();
      slot.life.bytes = llvm::alignTo(plan::tensorBytes(slot.type), kAlign);
      slots.states[state.getSymName()] = slots.add(std::move(slot));
    }
  }

  void addControls(train::EntryOp entry, SlotList &slots) {
    for (unsigned i = 0; i < entry.getNumArguments(); ++i) {
      auto control = entry.getArgAttrOfType<StringAttr>(i, train::kControlAttr);
      if (control) {
        addControl(control.getValue(), cast<RankedTensorType>(entry.getArgumentTypes()[i]),
                   entry.getArgAttr(i, train::kDefaultAttr), slots);
      }
    }
  }

  static void addControl(StringRef name, RankedTensorType type, Attribute defaultValue,
                         SlotList &slots) {
    auto [found, isNew] = slots.controls.try_emplace(name, 0);
    if (!isNew) {
      Slot &slot = slots.slots[found->second];
      slot.defaultValue = slot.defaultValue ? slot.defaultValue : defaultValue;
      return;
    }
    Slot slot;
    slot.name = name.str();
    slot.type = type;
    slot.role = "control";
    slot.life.bytes = kAlign;
    slot.defaultValue = defaultValue;
    found->second = slots.add(std::move(slot));
  }

  /// States and controls first, one after the other; then, above them, each entry's tensors.
  /// Entries never run at the same time, so that their tensors share bytes.
  int64_t placeSlots(SlotList &slots) {
    int64_t base = 0;
    llvm::MapVector<StringRef, SmallVector<size_t>> byEntry;
    for (auto [i, slot] : llvm::enumerate(slots.slots)) {
      if (slot.entry.empty()) {
        slot.life.offset = base;
        base += slot.life.bytes;
      } else {
        byEntry[slot.entry].push_back(i);
      }
    }
    int64_t bytes = base;
    for (auto &[entry, members] : byEntry) {
      SmallVector<Lifetime> lives;
      int64_t apart = 0;
      for (size_t i : members) {
        lives.push_back(slots.slots[i].life);
        apart += lives.back().bytes;
        if (!reuseSlots) {
          lives.back().begin = 0;
          lives.back().end = std::numeric_limits<int64_t>::max();
        }
      }
      int64_t needed = assignOffsets(lives, kAlign);
      constexpr auto opts = remark::RemarkOpts::name("place").category("reuse-slots");
      if (reuseSlots) {
        remark::analysis(getOperation().getLoc(), opts) << remark::add(
            "{0} tensors of {1} take {2} bytes, {3} apart", members.size(), entry, needed, apart);
      }
      bytes = std::max(bytes, base + needed);
      for (auto [i, life] : llvm::zip(members, lives)) {
        slots.slots[i].life.offset = base + life.offset;
      }
    }
    return bytes;
  }

  static void createArena(OpBuilder &b, Location loc, const SlotList &slots, int64_t bytes) {
    auto arena = plan::ArenaOp::create(b, loc, bytes, kAlign);
    b.createBlock(&arena.getBody());
    for (auto [i, slot] : llvm::enumerate(slots.slots)) {
      bool local = !slot.entry.empty();
      plan::SlotOp::create(b, loc, static_cast<int64_t>(i), slot.name, slot.type, slot.role,
                           slot.life.offset, local ? b.getStringAttr(slot.entry) : StringAttr(),
                           local ? b.getDenseI64ArrayAttr({slot.life.begin, slot.life.end})
                                 : b.getDenseI64ArrayAttr({}),
                           slot.defaultValue);
    }
  }
};

} // namespace
} // namespace ntc::memory
