// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Powers of a thousand.
#include "runtime/base/Units.h"

#include "runtime/base/Text.h"

#include <cstdio>
#include <iterator>

namespace ntc::rt {
namespace {

/// `number` of at least 1000 with the unit in which it is below 1000, if there is one.
std::string scaled(uint64_t number, const char *unit) {
  constexpr const char *prefixes[] = {"k", "M", "G", "T"};
  double value = static_cast<double>(number) / 1000.0;
  size_t prefix = 0;
  // What would be rounded to 1000.00 is 1.00 of the next one.
  for (; value >= 999.995 && prefix + 1 < std::size(prefixes); ++prefix) {
    value /= 1000.0;
  }
  char buffer[40];
  std::snprintf(buffer, sizeof(buffer), "%.2f %s%s", value, prefixes[prefix], unit);
  return buffer;
}

} // namespace

std::string bytesText(uint64_t bytes) {
  return bytes < 1000 ? concat(bytes, " B") : scaled(bytes, "B");
}

std::string countText(uint64_t count) { return count < 10'000 ? concat(count) : scaled(count, ""); }

} // namespace ntc::rt
