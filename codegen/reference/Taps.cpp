// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Enumeration of windows.

#include "codegen/reference/Taps.h"

namespace ntc::reference {

std::vector<Tap> tapsOf(const ir::nn::Windows &windows, ArrayRef<int64_t> spatial) {
  SmallVector<int64_t> counts;
  for (size_t d = 0; d < windows.rank(); ++d) {
    counts.push_back(windows.count(d, spatial[d]));
  }
  std::vector<Tap> taps;
  SmallVector<int64_t> strides = stridesOf(spatial);
  int64_t window = 0;
  forEachIndex(counts, [&](ArrayRef<int64_t> i) {
    int64_t offset = 0;
    forEachIndex(windows.kernel, [&](ArrayRef<int64_t> u) {
      int64_t element = 0;
      bool inside = true;
      for (size_t d = 0; d < windows.rank(); ++d) {
        int64_t at = i[d] * windows.strides[d] + u[d] * windows.dilations[d] - windows.padsLow[d];
        inside &= at >= 0 && at < spatial[d];
        element += at * strides[d];
      }
      if (inside) {
        taps.push_back({window, offset, element});
      }
      ++offset;
    });
    ++window;
  });
  return taps;
}

} // namespace ntc::reference
