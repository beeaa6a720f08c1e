// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a person sees while a run goes on: one line that redraws itself on a terminal, plain lines
// elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::rt::train {

/// How lines are drawn. Found out by `detectStyle`, given by tests.
struct ProgressStyle {
  bool animate = false; ///< redraw one line; needs a terminal
  bool unicode = false; ///< block characters in the bar; needs UTF-8
  bool color = false;
  int columns = 80;
};

/// Style for a file descriptor: animation on a terminal that is not "dumb", columns from
/// TIOCGWINSZ, Unicode where LC_ALL, LC_CTYPE or LANG names UTF-8, color unless NO_COLOR is set.
ProgressStyle detectStyle(int descriptor);

/// Where an epoch stands.
struct ProgressState {
  std::string_view title = "Epoch"; ///< "Epoch" or "Eval"
  int64_t epoch = 0;                ///< from 1
  int64_t epochs = 0;               ///< 0: unknown
  int64_t batches = 0;              ///< done
  int64_t batchesTotal = 0;
  int64_t samples = 0; ///< done
  int64_t samplesTotal = 0;
  int64_t firstBatch = 0;    ///< done before this process began; the rate leaves them out
  double elapsedSeconds = 0; ///< since this process began the epoch
  std::vector<std::pair<std::string, double>> metrics; ///< running means, "loss" first
  double learningRate = -1.0;                          ///< negative: not shown
};

/// `Epoch 3/14  62%|######    | 581/938 [00:07<00:04, 83.1 it/s] loss 0.1021 acc 0.969 lr 4.9e-01`,
/// at most style.columns wide: first the bar shrinks, then it goes, then the end is cut.
std::string progressLine(const ProgressState &state, const ProgressStyle &style);

/// `Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.300000`, then the other metrics.
std::string logLine(const ProgressState &state);

/// "loss 0.5012  accuracy 0.8230": every value with its name, for a line of results.
std::string metricsLine(const std::vector<std::pair<std::string, double>> &metrics);

/// "00:07", "1:02:03".
/// `value` with `digits` significant digits, for eyes: files hold all of them.
std::string numberText(double value, int digits);

std::string durationText(double seconds);

/// Writes lines to a descriptor. Not thread-safe. Failed writes are ignored: progress is not the
/// result.
class Progress {
public:
  /// `logInterval` is in batches; 0: ten lines per epoch, none after fewer than ten batches.
  Progress(int descriptor, const ProgressStyle &style, int64_t logInterval)
      : descriptor_(descriptor), style_(style), logInterval_(logInterval) {}
  ~Progress() { clear(); }
  Progress(const Progress &) = delete;

  /// Whether `update` would write anything for the batch `batches` (1 is the first) at this moment:
  /// on a terminal at most ten times a second, elsewhere at every log interval. Cheap enough to ask
  /// at every step.
  bool isDue(int64_t batches, int64_t batchesPerEpoch) const;
  bool isAnimated() const { return style_.animate; }
  /// Draws the state.
  void update(const ProgressState &state);
  /// Writes a line of its own, below which the animated line goes on.
  void message(std::string_view line);
  /// Removes the animated line.
  void clear();

private:
  void write(std::string_view text) const;

  int descriptor_;
  ProgressStyle style_;
  int64_t logInterval_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point lastDrawn_{};
};

} // namespace ntc::rt::train
