// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rungs and promotions.
#include "runtime/search/Halving.h"

#include <algorithm>

namespace ntc::rt::search {

Result<std::vector<int64_t>> rungsOf(const HalvingOptions &options) {
  if (options.leastEpochs < 1 || options.factor < 2 || options.leastEpochs > options.mostEpochs) {
    return error(Code::InvalidArgument, "halving needs min_epochs from 1 to the ",
                 options.mostEpochs, " epochs of a trial and a factor from 2, found min_epochs ",
                 options.leastEpochs, " and factor ", options.factor);
  }
  std::vector<int64_t> out;
  for (int64_t epochs = options.leastEpochs; epochs < options.mostEpochs;
       epochs *= options.factor) {
    out.push_back(epochs);
    if (epochs > options.mostEpochs / options.factor) {
      break;
    }
  }
  out.push_back(options.mostEpochs);
  return out;
}

std::optional<size_t> promote(std::span<const Trial> trials, size_t rungs,
                              const HalvingOptions &options, bool maximize, bool begun) {
  std::optional<size_t> found; // of the highest rung
  bool isFull = begun && std::ranges::none_of(trials, [](const Trial &trial) {
                  return trial.rungs.empty() && trial.state == TrialState::Running;
                });
  for (size_t rung = 0; rung + 1 < rungs; ++rung) {
    std::vector<size_t> reached;
    for (size_t i = 0; i < trials.size(); ++i) {
      if (trials[i].rungs.size() > rung) {
        reached.push_back(i);
      }
    }
    std::ranges::sort(reached, [&](size_t a, size_t b) {
      const double left = trials[a].rungs[rung], right = trials[b].rungs[rung];
      if (std::isfinite(left) != std::isfinite(right)) {
        return std::isfinite(left);
      }
      return left != right ? (maximize ? left > right : left < right) : a < b;
    });
    reached.resize(reached.size() / static_cast<size_t>(options.factor));
    const auto waits = [&](size_t i) {
      return trials[i].state == TrialState::Paused && trials[i].rungs.size() == rung + 1;
    };
    const auto next = std::ranges::find_if(reached, waits);
    if (next != reached.end() && (options.isAsynchronous || isFull)) {
      found = *next;
    }
    // The next rung is full when all winners of this one have got there.
    isFull = isFull && std::ranges::all_of(reached, [&](size_t i) {
               return trials[i].rungs.size() > rung + 1 || trials[i].state == TrialState::Failed;
             });
  }
  return found;
}

} // namespace ntc::rt::search
