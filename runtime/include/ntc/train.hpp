// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The training loop of `ntc train` and its neighbours for a compiled model, with data of the
// program. Library: libntc_train. Guide: docs/cpp-training.md.
//
//   auto report = ntc::train::fit("model.so", {.data = *dataset, .valSplit = "20%", .epochs = 5,
//                                              .schedule = "cosine", .earlyStop = "patience=3"});
//   auto scores = ntc::train::evaluate(report->folder, {.data = *test, .metrics = {"f1"}});
//
// The compiler is a program, not a part of this library: `ntc compile` makes model.so, `ntc export`
// makes other files of a run folder. The guide says how a program calls them.
//
// Options are the flags of the commands under the same names, with the same texts, defaults and
// checks; messages name the flag. The state after n steps is the commands' to the last bit. Option
// structs belong to this library's version and have no stable layout. Calls belong to their thread;
// several may run side by side in different run folders.
#pragma once

#include "ntc/data.hpp"

#include <atomic>
#include <functional>
#include <utility>

namespace ntc::train {

using runtime::Result;
using runtime::Status;

/// DATA: a text of the command line, or a data set of the program.
class NTC_API Data {
public:
  Data() = default;
  Data(const char *text) : text_(text) {}
  Data(std::string text) : text_(std::move(text)) {}
  Data(data::Dataset dataset) : text_(dataset.name()), dataset_(std::move(dataset)) {}

  const std::string &text() const { return text_; }
  const std::optional<data::Dataset> &dataset() const { return dataset_; }

private:
  std::string text_;
  std::optional<data::Dataset> dataset_;
};

/// Values by metric, in the order of reports: "loss", "accuracy", ….
using Values = std::vector<std::pair<std::string, double>>;

/// The value of a name; NaN where there is none.
NTC_API double valueOf(const Values &values, std::string_view name);

/// One record of the run's metrics.jsonl.
struct Record {
  int64_t epoch = 0; ///< from 1
  int64_t step = 0;  ///< from the run's start
  Values train;      ///< means over the epoch so far
  Values validation; ///< empty where the record is within an epoch, or nothing validates
  double learningRate = 0.0;
  double timeSeconds = 0.0; ///< since the run began
};

/// See `ntc train --help`; what is left out has the command's default.
struct FitOptions {
  Data data = {};
  Data val = {}; ///< what validates after every epoch, or
  std::string valSplit =
      {}; ///< a part of `data`: "10000", "20%", "2/5", "0.2,stratified", "24,last"
  std::optional<int64_t> epochs = {};
  std::optional<int64_t> maxSteps = {};
  std::optional<double> maxTimeSeconds = {};
  std::optional<int64_t> batchSize = {}; ///< one that the model was compiled for
  bool dropLast = false;
  bool shuffle = true;
  std::string sampler = {};      ///< random, weighted, stratified, bucketed
  std::string transform = {};    ///< of training pictures
  std::string valTransform = {}; ///< empty: `transform` without what is random
  std::optional<int64_t> workers = {};
  std::optional<int64_t> prefetchFactor = {}; ///< batches that each worker makes ahead
  std::optional<double> lr = {};
  std::string schedule = {};             ///< "cosine,t_max=20", docs/schedules.md
  std::string earlyStop = {};            ///< "patience=5,monitor=val_accuracy"
  std::string monitor = {};              ///< of the best checkpoint
  std::vector<std::string> metrics = {}; ///< of validation: "f1", "roc_auc", …
  std::vector<std::pair<std::string, double>> controls = {}; ///< the program's others, by name
  std::vector<std::string> init = {}; ///< "*.weight=kaiming_normal", in order
  std::string weights = {};           ///< FILE.safetensors to begin with
  std::optional<uint64_t> seed = {};
  std::optional<int64_t> threads = {};
  std::string out = {}; ///< run folder; empty: runs/MODEL, made new
  bool resume = false;  ///< continue the run in `out`, bit for bit
  std::optional<int64_t> saveEvery = {};
  std::optional<int64_t> keep = {};
  std::optional<int64_t> logInterval = {}; ///< steps between records; nothing: one per epoch
  bool tensorboard = true;
  bool report = true; ///< report.html
  bool checkNumerics = false;
  bool dryRun = false;  ///< one batch of each kind, nothing written
  bool verbose = false; ///< progress and remarks on standard error, as the command's
  /// Replaces the schedule: LambdaLR with absolute rates, asked before every step with the steps
  /// done and the epoch from 0. Pure, so that a resumed run repeats.
  std::function<double(int64_t step, int64_t epoch)> learningRate = {};
  /// Called after every record, on the calling thread; false ends the run as `stop` does. Must not
  /// throw.
  std::function<bool(const Record &)> onRecord = {};
  /// Ends the run after the step under way, as an interruption, when it becomes true, from any
  /// thread; `resume` goes on from there. `onRecord` sets it too.
  std::atomic<bool> *stop = nullptr;
};

/// How a run ended.
struct FitReport {
  int64_t steps = 0;  ///< since the run's start
  int64_t epochs = 0; ///< completed
  Values train;       ///< of the last epoch
  Values validation;
  std::string folder; ///< the run folder, what `evaluate` and `predict` take
  std::string checkpoint;
  bool interrupted = false;
  bool stoppedEarly = false;
  int64_t bestEpoch = 0; ///< from 1; 0: none
  double seconds = 0.0;
  double waitSeconds = 0.0; ///< of those, waiting for data
};

/// Trains a compiled model (model.so), as `ntc-run MODEL` does. Errors: NTC_INVALID_ARGUMENT for
/// options that do not fit the program or the data, NTC_CANCELLED for a loss that is not finite,
/// those of the data and of files.
NTC_API Result<FitReport> fit(const std::string &model, const FitOptions &options);

/// Of evaluation and prediction: which state, which samples, how.
struct ModelOptions {
  Data data = {};
  std::string checkpoint = {}; ///< best, latest or a file; empty: best, else latest, of a run
  bool averaged = false;       ///< the averages of the weights in their place
  std::string transform = {};  ///< of pictures; empty: as the run validated
  std::optional<int64_t> batchSize = {};
  std::optional<int64_t> workers = {};
  std::optional<int64_t> threads = {};
  std::vector<std::string> metrics = {}; ///< beside those of the program; evaluate only
  bool dropLast = false;                 ///< evaluate only
};

/// What a model says about labelled data.
struct Evaluation {
  Values metrics; ///< means over the samples
  int64_t samples = 0;
  /// Of a classifier, where `metrics` were asked for: for ntc::metrics.
  int64_t classes = 0;
  std::vector<int64_t> truth;        ///< (N)
  std::vector<double> probabilities; ///< (N, classes)
};

/// `model` is a run folder, or an artifact with options.checkpoint. Tables are scaled and pictures
/// transformed as in training. Errors: as fit; NTC_NOT_FOUND for a checkpoint.
NTC_API Result<Evaluation> evaluate(const std::string &model, const ModelOptions &options);

/// One output of a model for all samples.
struct Output {
  std::string name;
  std::vector<int64_t> shape; ///< (N, ...)
  /// Probabilities of a classifier (softmax, or sigmoid of one logit), else the numbers themselves.
  std::vector<double> values;
  std::vector<int64_t> classes; ///< of a classifier, the most probable one: (N)
};

struct Predictions {
  int64_t samples = 0;
  std::vector<Output> outputs;
  std::vector<std::string> classNames; ///< empty: they have none
};

/// Outputs for every sample, in the data's order. Errors: as evaluate.
NTC_API Result<Predictions> predict(const std::string &model, const ModelOptions &options);
/// The same to FILE.csv, FILE.jsonl or FILE.npy, which appears whole or not at all; the number of
/// samples.
NTC_API Result<int64_t> predictToFile(const std::string &model, const ModelOptions &options,
                                      const std::string &file);

/// `ntc lr-find`.
struct LrFindOptions {
  FitOptions fit = {}; ///< data, batch size, initial values, seed
  double minLr = 1e-7;
  double maxLr = 10.0;
  int64_t steps = 100;
  double divergence = 4.0; ///< times the least smoothed loss that end it
};

struct LrPoint {
  double lr = 0.0;
  double loss = 0.0;
  double smooth = 0.0; ///< exponential average
};

struct LrFindReport {
  std::vector<LrPoint> points;
  double suggestion = 0.0; ///< where the smoothed loss falls fastest; 0: nowhere
  double least = 0.0;      ///< of the least smoothed loss
  bool diverged = false;
};

/// The learning-rate range test (Smith 2017). Keeps no state and writes nothing. Errors: as fit.
NTC_API Result<LrFindReport> lrFind(const std::string &model, const LrFindOptions &options);

/// Early stopping for loops of a program's own, by the text of --early-stop.
class NTC_API EarlyStopping {
public:
  /// "patience=5,monitor=val_loss,mode=min,min_delta=0.001". Errors: NTC_INVALID_ARGUMENT.
  static Result<EarlyStopping> create(const std::string &settings = {});
  EarlyStopping(EarlyStopping &&) noexcept;
  EarlyStopping &operator=(EarlyStopping &&) noexcept;
  ~EarlyStopping();

  /// Takes an epoch's value of the metric; true when the loop should end. NaN is never better.
  bool step(double metric);
  bool isBest() const;       ///< the last value was the best so far
  int64_t bestEpoch() const; ///< from 1; 0: none
  double best() const;       ///< NaN before the first value
  const std::string &monitor() const;

private:
  class Impl;
  explicit EarlyStopping(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// torch.nn.init: first values of a tensor of `shape`, row-major, by a function of --init such as
/// "kaiming_normal(mode=fan_out)". A function of (seed, stream), `stream` telling tensors apart.
/// Errors: NTC_INVALID_ARGUMENT for the text and for shapes that the function does not take.
NTC_API Result<std::vector<double>> initialValues(const std::string &function,
                                                  std::span<const int64_t> shape, uint64_t seed,
                                                  uint32_t stream = 0);

} // namespace ntc::train
