// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One function for each part of the recipe.
#include "tools/ntc/StepOverlay.h"

#include "frontend/format/SpecFlags.h"
#include "runtime/train/ScheduleSpec.h"

#include <google/protobuf/util/json_util.h>

namespace ntc::driver {
namespace {

Status overlayLoss(const StepFlags &flags, const onnx::ModelProto &model, TrainSpec &spec) {
  if (flags.loss.empty()) {
    return Status::ok();
  }
  auto loss = format::parseLoss(flags.loss);
  if (!loss) {
    return rt::withContext(loss.status(), "--loss");
  }
  format::replaceLoss(spec, *loss, model);
  return Status::ok();
}

Status overlayOptimizer(const StepFlags &flags, TrainSpec &spec) {
  if (!flags.optimizer.empty()) {
    auto optimizer = format::parseOptimizer(flags.optimizer);
    if (!optimizer) {
      return rt::withContext(optimizer.status(), "--optimizer");
    }
    *spec.mutable_optimizer() = *optimizer;
  }
  if (!flags.groups.empty()) {
    spec.mutable_optimizer()->clear_groups();
  }
  for (const std::string &text : flags.groups) {
    if (Status status = format::addParameterGroup(text, spec); !status) {
      return rt::withContext(status, "--param-group");
    }
  }
  return Status::ok();
}

Status overlaySchedule(const StepFlags &flags, TrainSpec &spec) {
  if (flags.schedule.empty()) {
    return Status::ok();
  }
  auto schedule = rt::train::parseSchedule(flags.schedule);
  if (!schedule) {
    return rt::withContext(schedule.status(), "--schedule");
  }
  rt::format::JsonWriter json;
  rt::train::writeJson(*schedule, json);
  spec.clear_schedule();
  auto read = google::protobuf::util::JsonStringToMessage(json.text(), spec.mutable_schedule());
  return read.ok() ? Status::ok() : rt::error(Code::Internal, "--schedule: ", read.ToString());
}

Status overlayFrozen(const StepFlags &flags, TrainSpec &spec) {
  if (!flags.freeze.empty()) {
    spec.mutable_frozen()->Assign(flags.freeze.begin(), flags.freeze.end());
  }
  if (!flags.unfreeze.empty()) {
    spec.clear_unfreeze();
  }
  for (const std::string &text : flags.unfreeze) {
    auto unfreeze = format::parseUnfreeze(text);
    if (!unfreeze) {
      return rt::withContext(unfreeze.status(), "--unfreeze");
    }
    *spec.add_unfreeze() = *unfreeze;
  }
  return Status::ok();
}

/// What is done to gradients before the update.
Status overlayGradient(const StepFlags &flags, TrainSpec &spec) {
  if (flags.clipNorm) {
    spec.mutable_clip()->set_max_norm(*flags.clipNorm);
  }
  if (flags.clipValue) {
    spec.mutable_clip()->set_clip_value(*flags.clipValue);
  }
  if (flags.gradNorm) {
    spec.set_grad_norm(true);
  }
  if (flags.accumulate) {
    spec.set_accumulate(static_cast<uint32_t>(*flags.accumulate));
  }
  if (!flags.penalties.empty()) {
    spec.clear_penalties();
  }
  for (const std::string &text : flags.penalties) {
    auto penalty = format::parsePenalty(text);
    if (!penalty) {
      return rt::withContext(penalty.status(), "--penalty");
    }
    *spec.add_penalties() = *penalty;
  }
  return Status::ok();
}

/// Which weights the run begins with, and which it ends with.
Status overlayWeights(const StepFlags &flags, TrainSpec &spec) {
  if (!flags.reinit.empty()) {
    spec.mutable_reinit()->Assign(flags.reinit.begin(), flags.reinit.end());
  }
  if (flags.average.empty()) {
    return Status::ok();
  }
  auto average = format::parseAverage(flags.average);
  if (!average) {
    return rt::withContext(average.status(), "--average");
  }
  *spec.mutable_average() = *average;
  return Status::ok();
}

} // namespace

Status overlay(const TrainSpec &given, const StepFlags &flags, const onnx::ModelProto &model,
               TrainSpec &spec) {
  format::replaceFields(given, model, spec);
  Status status = overlayLoss(flags, model, spec);
  for (auto part :
       {overlayOptimizer, overlaySchedule, overlayFrozen, overlayGradient, overlayWeights}) {
    status = status ? part(flags, spec) : status;
  }
  return status;
}

} // namespace ntc::driver
