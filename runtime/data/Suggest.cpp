// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Edit distance (optimal string alignment) over a few dozen short words.
#include "runtime/data/Suggest.h"

#include <algorithm>
#include <vector>

namespace ntc::rt::data {
namespace {

size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> beforeLast(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) {
    last[j] = j;
  }
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      size_t differs = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + differs});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], beforeLast[j - 2] + 1);
      }
    }
    beforeLast.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

} // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // Hostile words may be long; nothing that we know of is.
  if (word.size() > 64) {
    return {};
  }
  std::string_view best;
  size_t bestDistance = std::max<size_t>(2, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    size_t distance = editDistance(word, candidate);
    if (distance < bestDistance && distance < std::max(word.size(), candidate.size())) {
      best = candidate;
      bestDistance = distance;
    }
  }
  if (best.empty() && word.size() >= 3) { // cut short: val_acc
    auto longer = std::ranges::find_if(
        candidates, [word](std::string_view candidate) { return candidate.starts_with(word); });
    best = longer == candidates.end() ? best : *longer;
  }
  return best;
}

std::string didYouMean(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best = nearest(word, candidates);
  if (!best.empty()) {
    return "; did you mean '" + std::string(best) + "'?";
  }
  if (candidates.empty()) {
    return "; there are none here";
  }
  std::string out = "; known are ";
  for (size_t i = 0; i < candidates.size(); ++i) {
    out += i ? ", " : "";
    out += candidates[i];
  }
  return out;
}

} // namespace ntc::rt::data
