// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys of kernels, and the attribute that carries their tuning.

#include "compiler/schedule/KernelTuning.h"

#include "runtime/base/Sha256.h"

#include "mlir/IR/Builders.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace ntc::schedule {

static constexpr llvm::StringLiteral kTuning = "plan.tuning", kLeaveOut = "leave_out",
                                     kTile = "tile";

// The text without locations: what the kernel is, and nothing of where it came from.
std::string kernelKey(ir::plan::KernelOp kernel) {
  OwningOpRef<ir::plan::KernelOp> plain = kernel.clone();
  plain->setSymName("k");
  (*plain)->removeAttr(kTuning);
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*plain)->print(stream, OpPrintingFlags().useLocalScope());
  constexpr size_t kDigits = 16;
  return rt::hex(rt::sha256({reinterpret_cast<const uint8_t *>(text.data()), text.size()}))
      .substr(0, kDigits);
}

void setTuning(ir::plan::KernelOp kernel, const KernelTuning &tuning) {
  kernel->removeAttr(kTuning);
  if (tuning.isEmpty()) {
    return;
  }
  Builder b(kernel.getContext());
  NamedAttrList fields;
  if (!tuning.leaveOut.empty()) {
    SmallVector<StringRef> names(tuning.leaveOut.begin(), tuning.leaveOut.end());
    fields.append(kLeaveOut, b.getStrArrayAttr(names));
  }
  if (tuning.rows != 0) {
    fields.append(kTile, b.getDenseI64ArrayAttr({tuning.rows, tuning.columns}));
  }
  kernel->setAttr(kTuning, fields.getDictionary(kernel.getContext()));
}

FailureOr<KernelTuning> tuningOf(ir::plan::KernelOp kernel) {
  KernelTuning tuning;
  Attribute attribute = kernel->getAttr(kTuning);
  if (!attribute) {
    return tuning;
  }
  auto fields = dyn_cast<DictionaryAttr>(attribute);
  if (!fields) {
    return kernel.emitError("has a plan.tuning that is no dictionary");
  }
  for (NamedAttribute field : fields) {
    auto names = dyn_cast<ArrayAttr>(field.getValue());
    auto tile = dyn_cast<DenseI64ArrayAttr>(field.getValue());
    if (field.getName() == kLeaveOut && names &&
        llvm::all_of(names, [](Attribute name) { return isa<StringAttr>(name); })) {
      for (StringAttr name : names.getAsRange<StringAttr>()) {
        tuning.leaveOut.push_back(name.str());
      }
    } else if (field.getName() == kTile && tile && tile.size() == 2 &&
               llvm::all_of(tile.asArrayRef(),
                            [](int64_t size) { return size >= 1 && size <= kMostTuned; })) {
      tuning.rows = tile[0];
      tuning.columns = tile[1];
    } else {
      return kernel.emitError("has a plan.tuning that says '")
             << field.getName().getValue() << " = " << field.getValue()
             << "'; it may say 'leave_out', a list of names, and 'tile', rows and columns from 1 "
                "to "
             << kMostTuned;
    }
  }
  return tuning;
}

} // namespace ntc::schedule
