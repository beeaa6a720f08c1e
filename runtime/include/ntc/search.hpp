// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Search for hyperparameters, asked and told: `ntc sweep` without its runs (docs/sweep.md), under
// Optuna's names. Library: libntc_train.
//
//   auto study = ntc::search::Study::create({ntc::search::real("lr", 1e-4, 1e-1, {.log = true}),
//                                            ntc::search::integer("hidden", 32, 256)},
//                                           {.trials = 30});
//   while (auto trial = study->ask()) {
//     study->tell(trial->number, lossOf(trial->real("lr"), trial->integer("hidden")));
//   }
//   use(*study->best());
#pragma once

#include "ntc/result.hpp"

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ntc::search {

using runtime::Result;
using runtime::Status;

enum class Kind : uint8_t { Real, Integer, Choice };

/// One parameter of a space. Its value is a double: a real, a whole number, or a choice's index.
struct Parameter {
  std::string name;
  Kind kind = Kind::Real;
  double low = 0.0, high = 1.0; ///< both inclusive
  bool log = false;             ///< uniform in the logarithm; low > 0
  double step = 1.0;            ///< of whole numbers, counted from low
  std::vector<std::string> choices = {};
  int64_t gridPoints = 5; ///< values that a grid takes of a real parameter
};

struct RangeOptions {
  bool log = false;
  int64_t gridPoints = 5;
};

inline Parameter real(std::string name, double low, double high, RangeOptions options = {}) {
  return {std::move(name), Kind::Real, low, high, options.log, 1.0, {}, options.gridPoints};
}
inline Parameter integer(std::string name, int64_t low, int64_t high, int64_t step = 1,
                         bool log = false) {
  return {std::move(name),           Kind::Integer, static_cast<double>(low),
          static_cast<double>(high), log,           static_cast<double>(step)};
}
inline Parameter choice(std::string name, std::vector<std::string> choices) {
  return {std::move(name), Kind::Choice, 0.0, 0.0, false, 1.0, std::move(choices)};
}

/// Grid: every combination. Random: uniform. Tpe: the multivariate tree-structured Parzen
/// estimator, random below ten finished trials.
enum class Sampler : uint8_t { Grid, Random, Tpe };

/// Successive halving: trials are asked for again with more epochs where they are among the best.
struct Halving {
  int64_t minEpochs = 1;
  int64_t maxEpochs = 1;
  int64_t factor = 3;         ///< one in so many goes on, so many times as long
  bool isAsynchronous = true; ///< ASHA; else when all of a rung are told
};

/// A struct of this library's version, not of a stable layout.
struct StudyOptions {
  Sampler sampler = Sampler::Tpe;
  bool maximize = false;
  uint64_t seed = 0;
  int64_t trials = 0; ///< that are begun at most; 0: no limit (halving needs one), or the grid's
  std::optional<Halving> halving = {};
};

enum class State : uint8_t { Running, Paused, Complete, Failed };

/// One point of the space and what came of it. A copy: it does not follow the study.
struct Trial {
  int64_t number = 0; ///< from 0
  State state = State::Running;
  std::vector<std::pair<std::string, double>> point; ///< as Parameter's values
  std::vector<std::string> texts;                    ///< the values as texts, in the same order
  int64_t epochs = 0;         ///< with halving: to train up to, counted from the trial's beginning
  std::vector<double> values; ///< told so far: one, or one per rung
  std::string message;        ///< of a failure

  /// NaN where there is no such parameter.
  double real(std::string_view name) const {
    for (const auto &[key, value] : point) {
      if (key == name) {
        return value;
      }
    }
    return NAN;
  }
  int64_t integer(std::string_view name) const { return std::llround(real(name)); }
  /// The value as a text: of a choice its name.
  std::string choice(std::string_view name) const {
    for (size_t i = 0; i < point.size(); ++i) {
      if (point[i].first == name) {
        return texts[i];
      }
    }
    return {};
  }
  double value() const { return values.empty() ? NAN : values.back(); }
};

/// A search. What it suggests depends on the seed and on what it was told alone. Move-only; belongs
/// to one thread at a time, trials may run anywhere.
class NTC_API Study {
public:
  /// Errors: NTC_INVALID_ARGUMENT naming the parameter or option.
  static Result<Study> create(const std::vector<Parameter> &space,
                              const StudyOptions &options = {});
  Study(Study &&) noexcept;
  Study &operator=(Study &&) noexcept;
  ~Study();

  /// The next trial to run, new or promoted; nothing while none may begin: at the end, or until
  /// more of those under way are told.
  std::optional<Trial> ask();
  /// The objective of a trial that runs. One that is not finite fails it. Errors: NTC_NOT_FOUND for
  /// a number that is none, NTC_INVALID_ARGUMENT for a trial that does not run.
  Status tell(int64_t number, double value);
  /// The trial came to nothing. Errors: as tell.
  Status fail(int64_t number, const std::string &message);
  /// Goes on from an earlier study's trials, those of `trials()`, told in their order: its rungs
  /// and its number count. Those that ran are asked for again. Errors: NTC_INVALID_ARGUMENT for a
  /// study that has begun, points that are not of the space.
  Status restore(const std::vector<Trial> &trials);

  std::vector<Trial> trials() const;
  /// The one that got furthest and is best there; nothing before one was told.
  std::optional<Trial> best() const;

private:
  class Impl;
  explicit Study(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

} // namespace ntc::search
