// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Collects name locations, through fused and call-site locations.

#include "compiler/fuse/DispatchNames.h"

#include "mlir/IR/Location.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace ntc::fuse {

static void collectNames(Location loc, llvm::SetVector<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    names.insert(name.getName());
    return;
  }
  if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location inner : fused.getLocations()) {
      collectNames(inner, names);
    }
  }
}

static std::string joinNames(const llvm::SetVector<StringRef> &names) {
  constexpr size_t kShown = 4;
  std::string joined;
  for (StringRef name : names.getArrayRef().take_front(kShown)) {
    joined += (joined.empty() ? "" : "+") + name.str();
  }
  if (names.size() > kShown) {
    joined += "+...";
  }
  return joined.empty() ? "step" : joined;
}

std::string dispatchName(ArrayRef<Operation *> ops) {
  llvm::SetVector<StringRef> names;
  for (Operation *op : ops) {
    collectNames(op->getLoc(), names);
  }
  return joinNames(names);
}

std::string layerName(Location loc) {
  llvm::SetVector<StringRef> names;
  collectNames(loc, names);
  return joinNames(names);
}

} // namespace ntc::fuse
