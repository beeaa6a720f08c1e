// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names come from the model file. What it leaves open (a shape that only the compiler infers, a
// metric that a loss adds) is left to the loop, which refuses it after the compiler.
#include "tools/ntc/TrainChecks.h"

#include "frontend/format/TrainingInfo.h"
#include "runtime/base/File.h"
#include "runtime/train/Collector.h"
#include "runtime/train/Controls.h"
#include "runtime/train/EarlyStop.h"
#include "runtime/train/Metrics.h"
#include "runtime/train/Recipe.h"
#include "runtime/train/RunFolder.h"
#include "runtime/train/Train.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace ntc::driver {
namespace {

namespace fs = std::filesystem;
using rt::train::Recipe;
using rt::train::TrainOptions;

/// The nearest of `folder` and those above it that exists must be a folder that can be written to.
Status checkFolder(std::string_view flag, const std::string &folder) {
  std::error_code problem;
  fs::path at = fs::path(folder).lexically_normal();
  while (!at.empty() && !fs::exists(at, problem) && at != at.parent_path()) {
    at = at.parent_path();
  }
  const std::string found = at.empty() ? "." : at.string();
  if (!fs::is_directory(found, problem)) {
    return rt::error(Code::InvalidArgument, flag, ": expected a folder, but ", rt::quoted(found),
                     " is a file");
  }
  if (::access(found.c_str(), W_OK | X_OK) != 0) {
    return rt::error(Code::Io, "cannot create folder '", folder, "': ", rt::errnoText(errno));
  }
  return Status::ok();
}

Status checkRunFolder(const Model &model, const TrainOptions &options) {
  if (options.dryRun || options.resume != rt::train::ResumeMode::No) {
    return Status::ok();
  }
  if (options.out == "-") {
    return rt::error(Code::InvalidArgument, "--out needs a folder, found '-'");
  }
  auto folder = rt::train::newRunFolder(options.out, model.name);
  return folder ? checkFolder("--out", *folder) : folder.status();
}

/// The predict entry for a batch of one as far as the file declares it: outputs without a known
/// shape are left out.
rt::artifact::EntrySpec predictEntry(const Model &model, bool &isWhole) {
  rt::artifact::EntrySpec entry;
  entry.batchSize = 1;
  isWhole = model.proto.graph().output_size() > 0;
  for (const onnx::ValueInfoProto &output : model.proto.graph().output()) {
    const auto &type = output.type().tensor_type();
    auto dtype = dtypeOf(type.elem_type());
    rt::artifact::OutputSpec spec;
    spec.name = output.name();
    spec.dtype = dtype.value_or(rt::DType::F32);
    for (int d = 0; d < type.shape().dim_size(); ++d) {
      const int64_t size = d == 0 ? entry.batchSize : type.shape().dim(d).dim_value();
      isWhole = isWhole && size > 0;
      spec.shape.push_back(size);
    }
    isWhole = isWhole && dtype && !spec.shape.empty();
    entry.outputs.push_back(std::move(spec));
  }
  return entry;
}

bool validates(const TrainOptions &options) {
  return !options.val.empty() || options.valSplit || !options.valRule.empty() || options.fold;
}

Status checkMetrics(const Model &model, const TrainOptions &options, const Recipe &recipe) {
  if (options.metrics.empty()) {
    return Status::ok();
  }
  if (!validates(options)) {
    return rt::error(Code::InvalidArgument, "--metrics are computed by the validation; add --val "
                                            "or --val-split");
  }
  bool isWhole = false;
  const rt::artifact::EntrySpec entry = predictEntry(model, isWhole);
  return isWhole
             ? rt::withContext(
                   rt::train::Collector::create(entry, recipe.lossName, options.metrics).status(),
                   "--metrics")
             : Status::ok();
}

/// All that the step may report: more than it will, for the compiler decides about accuracy.
std::vector<std::string> reportedNames(const Model &model, const TrainOptions &options) {
  std::vector<std::string> names = {"loss", "accuracy"};
  for (const onnx::TrainingInfoProto &info : model.proto.training_info()) {
    for (const onnx::ValueInfoProto &output : info.algorithm().output()) {
      const bool isState = std::ranges::any_of(
          info.update_binding(), [&](const auto &each) { return each.value() == output.name(); });
      const std::string name = rt::train::reportedName(output.name());
      if (!isState && std::ranges::find(names, name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  if (auto recipe = format::recipeOf(model.proto)) {
    names.insert(names.end(), recipe->value_metrics().begin(), recipe->value_metrics().end());
  }
  const size_t own = names.size();
  for (size_t i = 0; validates(options) && i < own; ++i) {
    names.push_back("val_" + names[i]);
  }
  for (const std::string &metric : options.metrics) {
    names.push_back("val_" + metric);
  }
  return names;
}

Status checkMonitors(const Model &model, const TrainOptions &options) {
  const std::vector<std::string> names = reportedNames(model, options);
  auto check = [&](std::string_view who, const std::string &monitor) {
    return rt::train::checkMonitor(who, monitor, names, validates(options));
  };
  if (!options.earlyStop.empty()) {
    auto spec = rt::train::parseEarlyStop(options.earlyStop);
    if (!spec) {
      return rt::withContext(spec.status(), "--early-stop");
    }
    if (Status status = check("--early-stop", spec->monitor); !status) {
      return status;
    }
  }
  return check("--monitor", options.monitor);
}

Status checkControls(const Model &model, const TrainOptions &options, const Recipe &recipe) {
  std::vector<std::string> names;
  for (const onnx::TrainingInfoProto &info : model.proto.training_info()) {
    for (const onnx::ValueInfoProto &input : info.algorithm().input()) {
      if (input.type().tensor_type().shape().dim_size() == 0) {
        names.push_back(input.name());
      }
    }
  }
  if (recipe.average.isEma) {
    names.emplace_back("ema_decay"); // the compiler adds it
  }
  return rt::train::checkControls(options.controls, names, recipe);
}

} // namespace

Status checkTraining(const Model &model, TrainOptions options) {
  Result<Recipe> recipe = loopRecipe(model);
  if (!recipe) {
    return recipe.status();
  }
  rt::train::applyTo(options, *recipe);
  if (Status status = rt::train::checkOptions(options); !status) {
    return status;
  }
  if (Status status = checkRunFolder(model, options); !status) {
    return status;
  }
  if (Status status = checkControls(model, options, *recipe); !status) {
    return status;
  }
  if (Status status = checkMetrics(model, options, *recipe); !status) {
    return status;
  }
  return checkMonitors(model, options);
}

Status checkOutputFile(std::string_view flag, const std::string &out) {
  std::error_code problem;
  if (out.empty() || out == "-") {
    return Status::ok();
  }
  if (fs::is_directory(out, problem)) {
    return rt::error(Code::InvalidArgument, flag, ": expected a file, but ", rt::quoted(out),
                     " is a folder");
  }
  const fs::path folder = fs::path(out).parent_path();
  if (!folder.empty() && !fs::is_directory(folder, problem)) {
    return rt::error(Code::Io, "cannot write ", rt::quoted(out), ": there is no folder ",
                     rt::quoted(folder.string()));
  }
  return Status::ok();
}

} // namespace ntc::driver
