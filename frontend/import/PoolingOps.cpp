// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over windows and over the whole plane.
#include "frontend/import/OpTable.h"
#include "frontend/import/Windowing.h"

using namespace mlir;

namespace ntc::importer {
namespace {

using namespace ir::nn;

/// The windows of a pooling of `x`, each of which touches x; nothing and a problem otherwise.
std::optional<WindowAttributes> poolWindows(NodeContext &c, Value x) {
  if (Emitter::typeOf(x).getRank() < 3) {
    c.invalid("expected an input (B, C, spatial...), found " + typeText(x.getType()));
    return std::nullopt;
  }
  ArrayRef<int64_t> spatial = Emitter::shapeOf(x).drop_front(2);
  auto kernel = c.intsAttributeOf("kernel_shape");
  if (!kernel || kernel->size() != spatial.size()) {
    c.invalid("needs a kernel_shape of " + Twine(spatial.size()) + " numbers");
    return std::nullopt;
  }
  auto windows = readWindows(c, *kernel, spatial, true);
  if (!windows) {
    return std::nullopt;
  }
  for (size_t d = 0; d < spatial.size(); ++d) {
    int64_t room = spatial[d] + windows->padsLow[d] + windows->padsHigh[d] - windows->span(d);
    int64_t lastStart = room < 0 ? 0 : room / windows->strides[d] * windows->strides[d];
    if (windows->padsLow[d] >= windows->span(d) || lastStart >= spatial[d] + windows->padsLow[d]) {
      c.invalid("pads of dimension " + Twine(d) +
                " leave a window without an element of the input");
      return std::nullopt;
    }
  }
  return windows;
}

SmallVector<NamedAttribute> poolAttributes(Emitter &e, const WindowAttributes &windows) {
  SmallVector<NamedAttribute> attributes = windowAttributes(e, windows);
  attributes.push_back(e.ints("kernel", windows.kernel));
  return attributes;
}

void emitMaxPool(NodeContext &c) {
  Value x = c.floating(0);
  c.intAttribute("storage_order", 0); // orders the indices, which are not supported
  if (c.wants(1)) {
    c.unsupported("the output Indices is not supported");
  }
  auto windows = c.bad() ? std::nullopt : poolWindows(c, x);
  if (!windows) {
    return;
  }
  if (Operation *op = c.tryMake<MaxPoolOp>(x, poolAttributes(c.e, *windows))) {
    c.out(op->getResult(0));
  }
}

void emitAveragePool(NodeContext &c) {
  Value x = c.floating(0);
  bool countPad = c.intAttribute("count_include_pad", 0) != 0;
  auto windows = c.bad() ? std::nullopt : poolWindows(c, x);
  if (!windows) {
    return;
  }
  if (countPad && llvm::any_of(windows->overhang, [](int64_t n) { return n > 0; })) {
    c.unsupported(
        "ceil_mode together with count_include_pad is not supported where a window is cut");
    return;
  }
  bool hasPads = llvm::any_of(windows->padsLow, [](int64_t n) { return n > 0; }) ||
                 llvm::any_of(windows->padsHigh, [](int64_t n) { return n > 0; });
  SmallVector<NamedAttribute> attributes = poolAttributes(c.e, *windows);
  if (countPad && hasPads) {
    attributes.push_back(c.e.flag("count_include_pad"));
  }
  if (Operation *op = c.tryMake<AvgPoolOp>(x, attributes)) {
    c.out(op->getResult(0));
  }
}

template <bool isMean> void emitGlobalPool(NodeContext &c) {
  Value x = c.floating(0);
  if (c.bad()) {
    return;
  }
  int64_t rank = Emitter::typeOf(x).getRank();
  if (rank < 3) {
    c.invalid("expected an input (B, C, spatial...), found " + typeText(x.getType()));
    return;
  }
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  c.out(isMean ? c.e.mean(x, axes, true) : c.e.reduce<ReduceMaxOp>(x, axes, true));
}

} // namespace

void addPoolingOps(OpTable &table) {
  table["MaxPool"] = {emitMaxPool};
  table["AveragePool"] = {emitAveragePool};
  table["GlobalAveragePool"] = {emitGlobalPool<true>};
  table["GlobalMaxPool"] = {emitGlobalPool<false>};
}

} // namespace ntc::importer
