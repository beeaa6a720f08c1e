// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The calls of one entry and the slots of its tensors.
#pragma once

#include "compiler/memory/KernelTable.h"
#include "compiler/memory/SlotAssignment.h"
#include "dialects/plan/Plan.h"
#include "dialects/train/Train.h"

#include "llvm/ADT/MapVector.h"

namespace ntc::memory {

/// A slot as it is being planned; becomes a plan.slot.
struct Slot {
  std::string name;
  mlir::RankedTensorType type;
  std::string role;
  std::string entry; ///< empty: lives in all entries
  Lifetime life;
  mlir::Attribute defaultValue; ///< of a control
};

/// The slots of a program in the order of their numbers.
struct SlotList {
  std::vector<Slot> slots;
  llvm::StringMap<int64_t> states;   ///< slot number by state name
  llvm::StringMap<int64_t> controls; ///< slot number by control name
  int64_t add(Slot slot) {
    slots.push_back(std::move(slot));
    return static_cast<int64_t>(slots.size()) - 1;
  }
};

/// What planEntry may do.
struct EntryOptions {
  bool updateInPlace = true;
};

/// Plans `entry` into a plan.entry created by `builder`: outlines its dispatches, adds its slots
/// with their lives (offsets are not assigned yet), decides what is written in place.
mlir::LogicalResult planEntry(ir::train::EntryOp entry, KernelTable &kernels, SlotList &slots,
                              const EntryOptions &options, mlir::OpBuilder &builder);

} // namespace ntc::memory
