// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The folder of a run: what it is called, what is written into it at the start, and what a resumed
// run takes from it.
//
//   train.json     the resolved recipe (ntc.TrainSpec in protobuf's JSON form)
//   run.json       the rest of what repeats the run: data, order, program, version
//   model.so       a copy of the artifact
//   metrics.jsonl  see Metrics.h
//   checkpoints/, latest, best   see Checkpoints.h
#pragma once

#include "runtime/base/Status.h"
#include "runtime/train/Options.h"

#include <optional>
#include <string>

namespace ntc::rt::train {

/// How samples are dealt to folds: 2 as data::splitBy does it. Records without a version are of
/// runs whose folds were other samples.
inline constexpr int64_t kSplitVersion = 2;

/// What decides a run's course besides the recipe and the program: a resumed run must agree, or it
/// is another run.
struct RunRecord {
  std::string data;
  std::string val;
  int64_t valSplit = 0;
  std::string valRule; ///< data::SplitRule's text; empty: `valSplit` samples
  std::optional<Fold> fold;
  std::string testSplit;                                ///< data::SplitRule's text; empty: none
  int64_t splitVersion = kSplitVersion;                 ///< how samples were dealt to folds
  std::vector<std::pair<std::string, double>> controls; ///< that flags gave
  int64_t samples = 0;                                  ///< of the training data, after the split
  int64_t batchSize = 0;
  bool dropLast = false;
  bool shuffle = true;
  std::string sampler;                 ///< empty: random
  std::string transform, valTransform; ///< empty: none
  int64_t seed = 0;
  int64_t epochs = 0;   ///< 0: bounded by maxSteps only
  int64_t maxSteps = 0; ///< 0: bounded by epochs only
  std::optional<double> learningRate;
  std::string schedule;  ///< as a flag would say it; empty: the recipe's
  std::string earlyStop; ///< as a flag would say it; empty: none
  std::string monitor;   ///< of the best epoch; empty: none
  std::string metrics;   ///< of the validation, as --metrics lists them
  std::optional<int64_t> logInterval, saveEvery, keep; ///< that flags gave
  std::string program;                                 ///< hash
  std::string version;                                 ///< of ntc
};

std::string toJson(const RunRecord &record);
/// Errors: Corrupt.
Result<RunRecord> parseRunRecord(std::string_view json);

/// Puts the record's values where `options` has none. With ResumeMode::Exact, options that differ
/// from the record where that would change the run (data, split, transforms, batch size, order,
/// seed, learning rates, controls) are refused by name, and so are folds that hold other samples
/// now. Errors: InvalidArgument.
Status continueFrom(const RunRecord &record, TrainOptions &options);

/// A run that is continued to an earlier end than it was started for keeps its end in the record,
/// so that it goes on from there when it is continued again.
void keepLength(const RunRecord &before, int64_t stepsPerEpoch, RunRecord &record);

/// Whether the folder holds a run (its run.json).
bool holdsRun(const std::string &folder);

/// The step of the checkpoint that `which` means: "best", "latest", or "": best, else latest, but
/// latest alone where the run's early stopping has restore_best=false. Nothing where there is none.
std::optional<int64_t> chosenStep(const std::string &folder, std::string_view which);

/// What a command says that takes only the model of a run's folder.
std::string newRunNote(std::string_view folder);

/// The record of an existing run. Errors: NotFound where the folder holds no run, Corrupt.
Result<RunRecord> readRunRecord(const std::string &folder);

/// Frees the folder of a run that ended before its first checkpoint: removes run.json and the event
/// files of this process, so that another run may take the folder. Does nothing where there is a
/// checkpoint.
void releaseRunFolder(const std::string &folder);

/// A folder for a new run: `requested`, which must hold no run yet, or runs/MODEL with the first of
/// "", "-2", "-3", … that is free. `model` may hold any characters; others than letters, digits,
/// '.', '_' and '-' become '-'. Errors: InvalidArgument where the folder holds a run.
Result<std::string> newRunFolder(const std::string &requested, const std::string &model);

/// Creates the folder and writes run.json, train.json and, where `artifact` is not empty, model.so
/// and `weightsFile`, which lies beside the artifact (Manifest::weightsFile; may be empty), so that
/// the folder can be moved and resumed by itself. Errors: Io, NotFound for the weights.
Status writeRunFolder(const std::string &folder, const RunRecord &record,
                      const std::string &recipeJson, const std::string &artifact,
                      const std::string &weightsFile);

} // namespace ntc::rt::train
