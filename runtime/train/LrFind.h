// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The learning-rate range test (Smith, "Cyclical learning rates for training neural networks",
// 2017, section 3.3): some steps with a rate that grows from step to step, and the loss at each.
// Steps are the recipe's: of as many batches as it accumulates, from its first values.
#pragma once

#include "runtime/train/Hooks.h"
#include "runtime/train/Options.h"

#include <string>
#include <vector>

namespace ntc::rt::train {

/// Names and defaults as in Lightning's and fastai's finders.
struct LrFindOptions {
  TrainOptions train;               ///< what a run would read and begin with
  std::optional<double> least;      ///< nothing: 1e-7
  std::optional<double> greatest;   ///< nothing: 10
  std::optional<int64_t> steps;     ///< nothing: 100
  std::optional<double> divergence; ///< times the least smoothed loss that end it; nothing: 4
  std::string out;                  ///< PREFIX of .tsv and .svg; empty: lr-find
  bool json = false;
};

/// One step of the test.
struct LrPoint {
  double rate = 0.0;
  double loss = 0.0;
  double smooth = 0.0; ///< exponential average with factor 0.98, without bias
};

struct LrFindReport {
  std::vector<LrPoint> points;
  double steepest = 0.0; ///< rate where the smoothed loss falls fastest over log(rate); 0: nowhere
  double least = 0.0;    ///< rate of the least smoothed loss
  bool diverged = false; ///< ended before the last step
};

/// Rates from the losses. The first tenth and, after a divergence, the last points are left out.
void suggestRate(LrFindReport &report);

/// The test as a picture: raw and smoothed loss over the rate on a logarithmic axis, with a mark at
/// the suggestion. A complete SVG file.
std::string lrFindPicture(const LrFindReport &report);

/// Runs the test on an artifact (options.train.model). No state is kept, nothing written. Errors:
/// InvalidArgument for options that do not fit; as the step's.
Result<LrFindReport> findLearningRate(const LrFindOptions &options, const Hooks &hooks);

/// The same, writes PREFIX.tsv and PREFIX.svg and prints
/// the suggestion through the hooks. Errors: also Io.
Result<LrFindReport> runLrFind(const LrFindOptions &options, const Hooks &hooks);

/// Flags of the verb. The options must outlive the table.
std::vector<Flag> lrFindFlags(LrFindOptions &options);

} // namespace ntc::rt::train
