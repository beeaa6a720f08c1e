// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading run folders.
#include "tools/ntc/RunFiles.h"

#include "runtime/base/File.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/Reporter.h"

#include <filesystem>
#include <set>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;
using rt::Code;
using rt::Result;
using rt::Status;

constexpr uint64_t kGreatestRecipe = uint64_t{1} << 24;

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
  run.hparams = rt::train::hparamsOf(*recipe, run.record);
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
