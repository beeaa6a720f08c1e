// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A run starts from the newest whole checkpoint of its folder, or from the program's own values,
// then --init's rules, then --weights: the later wins.
#include "runtime/train/StartState.h"

#include "runtime/exec/StateFile.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/Initializers.h"

namespace ntc::rt::train {
namespace {

/// What the loop remembered when it wrote a checkpoint.
Result<LoopState> loopStateOf(const std::string &path) {
  auto file = format::Safetensors::open(path);
  if (!file) {
    return file.status();
  }
  auto text = file->metadataValue(kLoopKey);
  return text ? withContext(parseLoopState(*text), path) : Result<LoopState>(LoopState());
}

/// Loads the newest checkpoint that is whole. A damaged one is passed over with a remark.
Status loadNewest(exec::Session &session, const TrainOptions &options, Progress &progress,
                  LoopState &state) {
  const Checkpoints checkpoints = Checkpoints::view(options.out);
  const auto check = options.resume == ResumeMode::Exact ? exec::ProgramCheck::Same
                                                         : exec::ProgramCheck::StateOnly;
  Status last = error(Code::NotFound, "run '", options.out, "' has no checkpoint to resume from");
  for (int64_t step : checkpoints.steps()) {
    const std::string path = checkpoints.path(step);
    last = exec::loadCheckpoint(session, path, check);
    if (last && session.position().step != step) {
      last = error(Code::Corrupt, path, ": says that it is of step ", session.position().step);
    }
    if (last) {
      Result<LoopState> loop = loopStateOf(path);
      if (!loop) {
        return loop.status();
      }
      state = loop.take();
      progress.message(concat("resuming from '", path, "'"));
      return last;
    }
    if (last.code() == Code::InvalidArgument && options.resume == ResumeMode::Exact) {
      return error(Code::InvalidArgument, last.message(),
                   "; to take the state alone, without the promise of the same bits, use ",
                   "--resume=state");
    }
    if (last.code() != Code::Corrupt) {
      return last;
    }
    progress.message(concat("warning: ", last.message(), "; trying the checkpoint before"));
  }
  return last;
}

Status initializeByRules(exec::Session &session, std::span<const std::string> texts) {
  std::vector<InitRule> rules;
  for (const std::string &text : texts) {
    Result<InitRule> rule = parseInitRule(text);
    if (!rule) {
      return withContext(rule.status(), "--init");
    }
    rules.push_back(rule.take());
  }
  const auto seed = static_cast<uint64_t>(session.position().seed);
  return withContext(applyInitRules(session, rules, seed), "--init");
}

std::optional<int64_t> chooseSeed(const TrainOptions &options, const Recipe &recipe) {
  if (options.seed) {
    return static_cast<int64_t>(*options.seed & INT64_MAX);
  }
  if (recipe.spec.find("seed")) {
    return static_cast<int64_t>(recipe.seed & INT64_MAX);
  }
  return std::nullopt;
}

} // namespace

Result<std::unique_ptr<exec::Session>>
createSession(std::shared_ptr<const artifact::Artifact> artifact, const TrainOptions &options,
              const Recipe &recipe) {
  exec::SessionOptions sessionOptions;
  sessionOptions.threads = static_cast<unsigned>(options.threads.value_or(0));
  sessionOptions.threadUse = options.allThreads ? exec::ThreadUse::All : exec::ThreadUse::Fastest;
  sessionOptions.seed = chooseSeed(options, recipe);
  return exec::Session::create(std::move(artifact), sessionOptions);
}

Status loadState(exec::Session &session, const TrainOptions &options, Progress &progress,
                 LoopState &state) {
  if (options.resume != ResumeMode::No) {
    if (options.resume == ResumeMode::State) {
      progress.message("note: --resume=state takes the state alone; the run is not repeatable bit "
                       "for bit from its start");
    }
    return loadNewest(session, options, progress, state);
  }
  if (Status status = initializeByRules(session, options.init); !status) {
    return status;
  }
  if (options.weights.empty()) {
    return Status::ok();
  }
  return exec::loadWeights(session, options.weights).status();
}

} // namespace ntc::rt::train
