// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading run folders.
#include "tools/ntc/RunFiles.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/base/File.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/Reporter.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;
using rt::Code;
using rt::Result;
using rt::Status;

constexpr uint64_t kGreatestRecipe = uint64_t{1} << 24;

using rt::format::JsonValue;
using rt::report::Hparams;

/// "maxNorm" → "max_norm": the field's name in the recipe's text form.
std::string snakeCase(std::string_view name) {
  std::string out;
  for (char c : name) {
    if (std::isupper(static_cast<unsigned char>(c)) && !out.empty()) {
      out += '_';
    }
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return out;
}

std::string scalarText(const JsonValue &value) {
  if (auto number = value.asDouble()) {
    return rt::report::textOf(*number);
  }
  if (auto truth = value.asBool()) {
    return *truth ? "true" : "false";
  }
  return value.text();
}

/// Appends the scalars below `value`, by their path, but for the paths in `known`.
void addFields(const JsonValue &value, const std::string &path, const std::set<std::string> &known,
               Hparams &out) {
  if (known.contains(path)) {
    return;
  }
  if (value.isObject()) {
    for (size_t i = 0; i < value.keys().size(); ++i) {
      const std::string &key = value.keys()[i];
      // Names of a map are the user's.
      const std::string name =
          path.empty() || !path.ends_with("hyperparameters") ? snakeCase(key) : key;
      addFields(value.items()[i], path.empty() ? name : path + "." + name, known, out);
    }
    return;
  }
  if (!value.isArray()) {
    out.emplace_back(path, scalarText(value));
    return;
  }
  std::string list;
  for (size_t i = 0; i < value.items().size(); ++i) {
    const JsonValue &item = value.items()[i];
    if (item.isObject()) {
      addFields(item, rt::concat(path, ".", i), known, out);
    } else {
      list += (list.empty() ? "" : ",") + scalarText(item);
    }
  }
  if (!list.empty()) {
    out.emplace_back(path, list);
  }
}

/// What of a run is data and how it is read.
void addData(const rt::train::RunRecord &record, Hparams &out) {
  auto add = [&](const char *name, const std::string &text) {
    if (!text.empty()) {
      out.emplace_back(name, text);
    }
  };
  add("data", record.data);
  add("val", record.val);
  add("val_split", !record.valRule.empty() ? record.valRule
                   : record.valSplit != 0  ? std::to_string(record.valSplit)
                                           : "");
  if (record.fold) {
    add("fold", rt::train::foldText(*record.fold));
  }
  add("test_split", record.testSplit);
  add("transform", record.transform);
  add("val_transform", record.valTransform);
  add("sampler", record.shuffle ? record.sampler : "sequential");
  add("drop_last", record.dropLast ? "true" : "");
  add("early_stop", record.earlyStop);
  add("monitor", record.monitor);
}

/// The number of trainable elements of the artifact, or nothing where it cannot be read.
void addParameters(const std::string &artifact, Hparams &out) {
  auto manifest = rt::artifact::readManifest(artifact);
  if (!manifest) {
    return;
  }
  double count = 0;
  for (const rt::artifact::StateSpec &state : manifest->states) {
    double elements = state.role == rt::artifact::Role::Parameter ? 1 : 0;
    for (int64_t dim : state.shape) {
      elements *= static_cast<double>(dim);
    }
    count += elements;
  }
  out.emplace_back("parameters", count);
}

/// All settings: first those that a table of hyperparameters has too.
Hparams settingsOf(const std::string &folder, const rt::train::Recipe &recipe,
                   const rt::train::RunRecord &record) {
  Hparams out;
  for (const auto &[name, value] : rt::train::hparamsOf(recipe, record)) {
    if (name == "schedule") {
      continue; // the record has it with its settings
    }
    out.emplace_back(name == "loss" ? "loss function" : name, value);
    if (name == "model") {
      addParameters(folder + "/model.so", out);
    }
  }
  if (!record.schedule.empty()) {
    out.emplace_back("schedule", record.schedule);
  }
  addData(record, out);
  addFields(recipe.spec, "",
            {"model", "loss.name", "optimizer.name", "optimizer.nesterov",
             "optimizer.hyperparameters", "schedule", "seed", "epochs", "batch_sizes",
             "preprocessing", "early_stop", "monitor", "metrics", "shuffle", "drop_last"},
            out);
  Hparams once; // the recipe repeats what the record says
  for (const auto &[name, value] : out) {
    if (std::ranges::find(once, name, &Hparams::value_type::first) == once.end()) {
      once.emplace_back(name, value);
    }
  }
  return once;
}

Result<RunFiles> readRun(const std::string &folder) {
  RunFiles run;
  run.folder = folder;
  std::error_code problem;
  if (!fs::is_directory(folder, problem)) {
    return rt::error(Code::NotFound, "no run folder ", rt::quoted(folder));
  }
  auto record = rt::train::readRunRecord(folder);
  if (!record) {
    return record.status();
  }
  run.record = record.take();
  auto text = rt::readFile(folder + "/train.json", kGreatestRecipe);
  if (!text) {
    return text.status();
  }
  auto recipe = rt::withContext(
      rt::train::parseRecipe({reinterpret_cast<const char *>(text->data()), text->size()}),
      folder + "/train.json");
  if (!recipe) {
    return recipe.status();
  }
  run.settings = settingsOf(folder, *recipe, run.record);
  auto metrics = rt::report::readMetrics(folder + "/metrics.jsonl");
  if (!metrics) {
    return metrics.status();
  }
  run.metrics = metrics.take();
  if (run.metrics.rows.empty()) {
    return rt::error(Code::NotFound, "run ", rt::quoted(folder),
                     " has no metrics yet: its first epoch is not over");
  }
  return run;
}

/// The last `parts` parts of a path.
std::string tail(const std::string &folder, size_t parts) {
  fs::path path = fs::path(folder).lexically_normal(), out;
  path = path.has_filename() ? path : path.parent_path();
  for (; parts > 0 && path.has_filename(); --parts, path = path.parent_path()) {
    out = out.empty() ? path.filename() : path.filename() / out;
  }
  return out.empty() ? folder : out.string();
}

} // namespace

Result<std::vector<RunFiles>> readRuns(const std::vector<std::string> &folders) {
  std::vector<RunFiles> out;
  for (const std::string &folder : folders) {
    Result<RunFiles> run = readRun(folder);
    if (!run) {
      return run.status();
    }
    out.push_back(run.take());
  }
  for (size_t parts = 1; parts < 10; ++parts) {
    std::set<std::string> names;
    for (RunFiles &run : out) {
      run.name = tail(run.folder, parts);
      names.insert(run.name);
    }
    if (names.size() == out.size()) {
      break;
    }
  }
  return out;
}

} // namespace ntc::driver
