// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the message to a checked sweep.
#include "tools/ntc/SweepSpec.h"

#include "frontend/format/sweep_spec.pb.h"
#include "runtime/device/CpuTopology.h"
#include "runtime/report/MetricsTable.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>

namespace ntc::driver {
namespace {

using rt::Code;
using rt::Result;
using rt::Status;
namespace search = rt::search;

constexpr int64_t kDefaultTrials = 20;

/// Keeps the first problem of a text.
class FirstProblem : public google::protobuf::io::ErrorCollector {
public:
  void AddError(int line, int column, const std::string &message) override {
    if (text.empty()) {
      text = rt::concat("line ", line + 1, ", column ", column + 1, ": ", message);
    }
  }
  std::string text;
};

Result<search::Parameter> parameterOf(const SweepParameter &message) {
  search::Parameter out;
  out.name = message.name();
  const int ranges = (message.has_real() ? 1 : 0) + (message.has_integer() ? 1 : 0) +
                     (message.choice_size() > 0 ? 1 : 0);
  if (ranges != 1) {
    return rt::error(Code::InvalidArgument, "parameter ", rt::quoted(out.name),
                     ": expected one of real, integer and choice, found ",
                     ranges == 0 ? "none" : "several");
  }
  if (message.choice_size() > 0) {
    out.kind = search::Kind::Choice;
    out.choices.assign(message.choice().begin(), message.choice().end());
    return out;
  }
  const SweepRange &range = message.has_real() ? message.real() : message.integer();
  out.kind = message.has_real() ? search::Kind::Real : search::Kind::Integer;
  out.low = range.low();
  out.high = range.high();
  out.isLog = range.log();
  out.step = range.step() == 0 ? 1 : range.step();
  out.gridPoints = range.points() == 0 ? 5 : range.points();
  if (out.kind == search::Kind::Integer &&
      (out.low != std::floor(out.low) || out.high != std::floor(out.high) ||
       out.step != std::floor(out.step))) {
    return rt::error(Code::InvalidArgument, "parameter ", rt::quoted(out.name),
                     ": low, high and step of an integer are whole numbers");
  }
  return out;
}

Status checkNames(const Sweep &sweep) {
  if (sweep.model.empty() == sweep.family.empty()) {
    return rt::error(Code::InvalidArgument, "expected either 'model' or 'family', found ",
                     sweep.model.empty() ? "neither" : "both");
  }
  for (const char *name : {"out", "resume", "json", "dry-run", "fold", "threads", "progress"}) {
    const bool isParameter = std::ranges::count(sweep.space, name, &search::Parameter::name) > 0;
    if (sweep.options.contains(name) || isParameter) {
      return rt::error(Code::InvalidArgument, "option ", rt::quoted(name),
                       " is decided by the sweep itself");
    }
  }
  for (const search::Parameter &parameter : sweep.space) {
    if (sweep.options.contains(parameter.name)) {
      return rt::error(Code::InvalidArgument, "parameter ", rt::quoted(parameter.name),
                       " is an option too");
    }
  }
  // A recipe may say what validates.
  if (sweep.metric.starts_with("val_") && sweep.folds == 1 && !sweep.options.contains("val") &&
      !sweep.options.contains("val-split") && !sweep.options.contains("spec") &&
      sweep.options.contains("data")) {
    return rt::error(Code::InvalidArgument, "metric ", rt::quoted(sweep.metric),
                     " needs validation data: the option val or val-split, or folds");
  }
  return Status::ok();
}

void chooseParallel(const SweepSpec &spec, Sweep &sweep) {
  const int64_t cores = rt::device::usableThreads();
  const int64_t most = sweep.trials;
  sweep.parallel = spec.parallel() > 0 ? spec.parallel() : std::min(cores, most);
  sweep.threads =
      spec.threads() > 0 ? spec.threads() : std::max<int64_t>(1, cores / sweep.parallel);
}

} // namespace

Result<Sweep> parseSweep(const std::string &text) {
  SweepSpec spec;
  google::protobuf::TextFormat::Parser parser;
  FirstProblem problem;
  parser.RecordErrorsTo(&problem);
  if (!parser.ParseFromString(text, &spec)) {
    return rt::error(Code::InvalidArgument, problem.text);
  }
  Sweep sweep;
  sweep.model = spec.model();
  sweep.family = spec.family();
  sweep.options.insert(spec.options().begin(), spec.options().end());
  for (const SweepParameter &each : spec.parameter()) {
    Result<search::Parameter> parameter = parameterOf(each);
    if (!parameter) {
      return parameter.status();
    }
    sweep.space.push_back(parameter.take());
  }
  if (Status status = search::checkSpace(sweep.space); !status) {
    return status;
  }
  sweep.method = spec.method() == GRID     ? search::Method::Grid
                 : spec.method() == RANDOM ? search::Method::Random
                                           : search::Method::Tpe;
  sweep.trials = spec.trials() > 0 ? spec.trials() : kDefaultTrials;
  if (sweep.method == search::Method::Grid) {
    const std::optional<int64_t> all = search::gridSize(sweep.space);
    if (!all && spec.trials() == 0) {
      return rt::error(Code::InvalidArgument, "the grid has more than 2^31 points; give 'trials'");
    }
    sweep.trials = spec.trials() > 0 ? std::min(sweep.trials, all.value_or(sweep.trials)) : *all;
  }
  sweep.seed = spec.seed();
  sweep.metric = spec.metric().empty() ? "val_loss" : spec.metric();
  sweep.maximize =
      spec.goal() == BY_NAME ? rt::report::isMaximized(sweep.metric) : spec.goal() == MAXIMIZE;
  if (spec.folds() == 1) {
    return rt::error(Code::InvalidArgument, "a cross-validation has at least 2 folds, found 1");
  }
  if (spec.stratified() && spec.folds() == 0) {
    return rt::error(Code::InvalidArgument, "'stratified' is for a cross-validation: give 'folds'");
  }
  sweep.folds = std::max<int64_t>(1, spec.folds());
  sweep.isStratified = spec.stratified();
  if (spec.has_halving()) {
    if (sweep.folds > 1) {
      return rt::error(Code::InvalidArgument, "halving and folds exclude each other");
    }
    sweep.halving =
        search::HalvingOptions{.leastEpochs = std::max<int64_t>(1, spec.halving().min_epochs()),
                               .mostEpochs = 1,
                               .factor = spec.halving().factor() == 0 ? 3 : spec.halving().factor(),
                               .isAsynchronous = !spec.halving().synchronous()};
  }
  chooseParallel(spec, sweep);
  if (Status status = checkNames(sweep); !status) {
    return status;
  }
  return sweep;
}

} // namespace ntc::driver
