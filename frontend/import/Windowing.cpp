// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Windows of convolutions and pooling as ONNX states them: see Windowing.h.

#include "frontend/import/Windowing.h"

using namespace mlir;

namespace ntc::importer {

/// Keeps all window arithmetic far from overflow.
static constexpr int64_t kMaxWindowNumber = int64_t{1} << 24;

SmallVector<int64_t> readSizes(NodeContext &c, StringRef name, size_t rank, int64_t byDefault,
                               int64_t atLeast) {
  SmallVector<int64_t> values =
      c.intsAttributeOf(name).value_or(SmallVector<int64_t>(rank, byDefault));
  if (values.size() != rank) {
    c.invalid("expected " + Twine(rank) + " numbers as " + name + ", found " + shapeText(values));
  }
  for (int64_t value : values) {
    if (value < atLeast || value > kMaxWindowNumber) {
      c.invalid("expected numbers in [" + Twine(atLeast) + ", 2^24] as " + name + ", found " +
                shapeText(values));
      break;
    }
  }
  return values;
}

/// SAME_UPPER and SAME_LOWER: the output has ceil(size / stride) elements; an odd element goes to
/// one side.
static void padSame(WindowAttributes &w, ArrayRef<int64_t> spatial, bool upper) {
  for (size_t d = 0; d < spatial.size(); ++d) {
    int64_t count = (spatial[d] + w.strides[d] - 1) / w.strides[d];
    int64_t total = std::max<int64_t>(0, (count - 1) * w.strides[d] + w.span(d) - spatial[d]);
    w.padsLow[d] = upper ? total / 2 : total - total / 2;
    w.padsHigh[d] = total - w.padsLow[d];
  }
}

/// One more window where the last one would be cut, unless it would start in the padding behind the
/// input (PyTorch's rule, and ONNX's).
static void applyCeilMode(WindowAttributes &w, ArrayRef<int64_t> spatial) {
  for (size_t d = 0; d < spatial.size(); ++d) {
    int64_t room = spatial[d] + w.padsLow[d] + w.padsHigh[d] - w.span(d);
    if (room < 0) {
      continue;
    }
    int64_t last = (room + w.strides[d] - 1) / w.strides[d] * w.strides[d];
    if (last >= spatial[d] + w.padsLow[d]) {
      last -= w.strides[d];
    }
    w.overhang[d] = std::max<int64_t>(0, last - room);
    w.padsHigh[d] += w.overhang[d];
  }
}

std::optional<WindowAttributes> readWindows(NodeContext &c, ArrayRef<int64_t> kernel,
                                            ArrayRef<int64_t> spatial, bool hasCeilMode) {
  size_t rank = spatial.size();
  WindowAttributes w;
  w.kernel.assign(kernel.begin(), kernel.end());
  w.strides = readSizes(c, "strides", rank, 1, 1);
  w.dilations = readSizes(c, "dilations", rank, 1, 1);
  SmallVector<int64_t> pads = readSizes(c, "pads", 2 * rank, 0, 0);
  std::string autoPad = c.stringAttribute("auto_pad", "NOTSET");
  bool ceil = hasCeilMode && c.intAttribute("ceil_mode", 0) != 0;
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" &&
      autoPad != "SAME_LOWER") {
    c.invalid("expected auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, found '" + autoPad +
              "'");
  }
  if (llvm::any_of(kernel, [](int64_t size) { return size <= 0 || size > kMaxWindowNumber; })) {
    c.invalid("expected a kernel of sizes in [1, 2^24], found " + shapeText(kernel));
  }
  if (c.bad()) {
    return std::nullopt;
  }
  bool explicitPads = autoPad == "NOTSET";
  for (size_t d = 0; d < rank; ++d) {
    w.padsLow.push_back(explicitPads ? pads[d] : 0);
    w.padsHigh.push_back(explicitPads ? pads[rank + d] : 0);
  }
  w.overhang.assign(rank, 0);
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER") {
    padSame(w, spatial, autoPad == "SAME_UPPER");
  } else if (ceil) {
    applyCeilMode(w, spatial);
  }
  return w;
}

SmallVector<NamedAttribute> windowAttributes(Emitter &e, const WindowAttributes &w) {
  return {e.ints("strides", w.strides), e.ints("pads_low", w.padsLow),
          e.ints("pads_high", w.padsHigh), e.ints("dilations", w.dilations)};
}

} // namespace ntc::importer
