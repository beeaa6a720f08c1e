// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What comes of a sweep: a table on the terminal, results.csv, results.json, and report.html with
// the parallel-coordinates plot.
#pragma once

#include "tools/ntc/SweepSpec.h"
#include "tools/ntc/TextTable.h"

#include <span>

namespace ntc::driver {

/// One trial with what the journal does not hold.
struct SweepResult {
  rt::search::Trial trial;
  std::vector<double> folds; ///< the value of every fold; one without folds
  std::string folder;        ///< below the sweep's
  int64_t epochs = 0;        ///< trained
  std::string program;       ///< of its runs: hash and batch size; empty where none began
};

/// Distinct programs of all trials.
size_t programCount(std::span<const SweepResult> results);
/// The best first.
void sortResults(const Sweep &sweep, std::vector<SweepResult> &results);
/// One row per trial: number, parameters, value (with folds their mean, and the deviation of the
/// folds, divided by folds - 1), epochs, state.
TextTable resultTable(const Sweep &sweep, std::span<const SweepResult> results);
std::string resultJson(const Sweep &sweep, std::span<const SweepResult> results, size_t programs);
std::string resultPage(const Sweep &sweep, std::span<const SweepResult> results,
                       const std::string &folder, size_t programs);
/// The plot alone, for `parallel.svg`.
std::string resultPlot(const Sweep &sweep, std::span<const SweepResult> results);

} // namespace ntc::driver
