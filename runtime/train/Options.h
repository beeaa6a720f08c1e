// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the verbs train, eval, predict, bench and profile can be told, as plain structs, and the
// flags that fill them. Programs that have the verbs share both.
#pragma once

#include "runtime/data/Split.h"
#include "runtime/train/Flags.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ntc::rt::train {

enum class ResumeMode : uint8_t {
  No,
  Exact, ///< the same program: continues bit for bit
  State, ///< another step over the same state: takes the state, gives up the bitwise promise
};

/// Fold `fold` (from 0) of `folds` validates, the others train.
struct Fold {
  int64_t fold = 0;
  int64_t folds = 0;
  bool isStratified = false; ///< each class's share is kept in every fold
  bool operator==(const Fold &) const = default;
};

/// A setting that is on or off, and whether anything said so.
struct Switch {
  bool isOn = false;
  bool isGiven = false;
  constexpr Switch() = default;
  constexpr Switch(bool on) : isOn(on), isGiven(true) {}
  constexpr operator bool() const { return isOn; }
};

/// Where a verb finds its compiled program and its state.
struct ModelOptions {
  std::string model;      ///< an artifact, or a run folder (its model.so and a checkpoint)
  bool averaged = false;  ///< the averages of the weights in their place
  std::string checkpoint; ///< "latest", "best" or a file; empty: best, else latest, of a run folder
  std::optional<int64_t> threads; ///< nothing: as many as the process may use
  bool allThreads = false;        ///< in every step, faster or not
};

struct TrainOptions {
  std::string model; ///< an artifact
  std::string data;
  std::string val;
  /// Sets of this process that `data` and `val` only name; null: they are opened.
  std::shared_ptr<const data::Dataset> dataset, valDataset;
  std::optional<int64_t> valSplit; ///< samples of `data` that validate
  std::string valRule;             ///< data::SplitRule's text, where it is more than a number
  std::optional<Fold> fold;        ///< of a cross-validation over `data`
  std::string testSplit; ///< data::SplitRule's text: samples that only eval sees; or empty
  std::vector<std::pair<std::string, double>> controls; ///< of the program, by name
  std::optional<int64_t> epochs;                        ///< nothing: the recipe's, else 10
  std::optional<int64_t> maxSteps;                      ///< counted from the run's start
  std::optional<double> maxTime;                        ///< seconds of this process
  std::optional<int64_t> batchSize;
  Switch dropLast;
  Switch noShuffle;
  std::string sampler;      ///< data::parseSampler's text; empty: random
  std::string transform;    ///< of training pictures; empty: the recipe's
  std::string valTransform; ///< of validation pictures; empty: what is not random in `transform`
  std::optional<int64_t> workers; ///< threads that read data; nothing: the loader's choice
  std::optional<int64_t>
      prefetchFactor; ///< batches that each makes ahead; nothing: the loader's choice
  std::optional<double> learningRate;
  std::string earlyStop;            ///< parseEarlyStop's text; empty: to the end
  std::string monitor;              ///< metric of the best epoch; empty: chosen by the run
  std::vector<std::string> metrics; ///< of the validation, beside those of the program
  Switch checkNumerics;             ///< name the first value that is not finite; slow
  std::string schedule;             ///< parseSchedule's text; empty: the recipe's
  std::vector<std::string> init;    ///< parseInitRule's texts, in order
  std::string weights;              ///< a safetensors file with initial values
  std::vector<std::string> reinit;  ///< drawn afresh when the step was made; for the record
  std::optional<uint64_t> seed;
  std::optional<int64_t> threads;
  bool allThreads = false; ///< in every step, faster or not
  std::string out; ///< run folder; empty: runs/MODEL, with -2, -3, … appended until it is new
  ResumeMode resume = ResumeMode::No;
  std::optional<int64_t> saveEvery; ///< steps; checkpoints at the ends of epochs are always written
  std::optional<int64_t> keep;      ///< newest checkpoints kept; nothing: 2
  std::optional<int64_t> logInterval; ///< steps; nothing: 10 on screen, none in metrics.jsonl
  Switch noTensorboard;               ///< write no event files
  bool progressTable = false;         ///< ends of epochs as the rows of a table
  Switch noReport;                    ///< write no report.html
  bool dryRun = false;                ///< one batch of each kind, nothing written
  bool json = false;                  ///< the result as one JSON object
};

struct EvalOptions {
  ModelOptions model;
  std::string run; ///< the run whose preprocessing counts; empty: model.model
  std::string data;
  std::shared_ptr<const data::Dataset> dataset; ///< of this process, that `data` only names
  std::string part;      ///< of the run's own data, where `data` is empty; see RunPart.h
  std::string transform; ///< of pictures; empty: as the run validated
  std::optional<int64_t> workers;
  std::optional<int64_t> batchSize;
  bool dropLast = false;
  std::vector<std::string> metrics; ///< beside those of the program; see Collector.h
  bool report = false;              ///< per class
  bool json = false;
};

struct PredictOptions {
  ModelOptions model;
  std::string data;
  std::shared_ptr<const data::Dataset> dataset; ///< of this process, that `data` only names
  std::string part;                             ///< as EvalOptions::part
  std::string transform;                        ///< of pictures; empty: as the run validated
  std::optional<int64_t> workers;
  std::string out; ///< .csv, .jsonl or .npy; "-" is CSV to stdout
  std::optional<int64_t> batchSize;
};

struct BenchOptions {
  std::string model;
  std::optional<int64_t> batchSize;
  std::optional<int64_t> threads;
  bool allThreads = false;       ///< in every step, faster or not
  std::optional<double> seconds; ///< measured time; nothing: 3
  bool json = false;
};

/// The flag `--schedule`; checks the text.
Flag scheduleFlag(std::string &target);
struct ProfileOptions {
  std::string model;
  std::optional<int64_t> batchSize;
  std::optional<int64_t> threads;
  std::optional<int64_t> steps; ///< measured steps; nothing: 20
  std::string trace;            ///< file for Chrome's trace format; empty: none
  bool json = false;
};

/// Flags of `train` that do not change the step. The options must outlive the table.
std::vector<Flag> trainFlags(TrainOptions &options);
/// Flags that would change the compiled step, refused on an artifact with the reason.
std::vector<Flag> stepFlagsRefused();
std::vector<Flag> evalFlags(EvalOptions &options);
std::vector<Flag> predictFlags(PredictOptions &options);
std::vector<Flag> benchFlags(BenchOptions &options);
std::vector<Flag> profileFlags(ProfileOptions &options);

/// The flag `--averaged`.
Flag averagedFlag(ModelOptions &options);

/// "a,b".
std::string joined(std::span<const std::string> names);

/// What `--val-split` or `--fold` asks for; nothing of it set where neither is there. Errors: as
/// SplitRule::parse.
Result<data::SplitRule> splitRuleOf(const TrainOptions &options);
/// "2/5" or "2/5,stratified", as --fold takes it.
std::string foldText(const Fold &fold);
/// That flag with its value, as typed; empty where neither is there.
std::string splitText(const TrainOptions &options);

/// A word for a POSIX shell: in single quotes unless every character is harmless.
std::string shellWord(std::string_view word);

/// The flags of `options` as a command line that does the same run again, except `--resume`; it
/// begins with the model, or where there is none with a space. Words are quoted for a POSIX shell
/// where they need it.
std::string commandLine(const TrainOptions &options);

/// Exit status of a program that ends with `status`: 0 ok, 2 InvalidArgument, 3 Unsupported, 1
/// others.
int exitCodeOf(const Status &status);
/// Exit status after Ctrl-C.
inline constexpr int kExitInterrupted = 130;

} // namespace ntc::rt::train
