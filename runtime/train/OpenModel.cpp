// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding and loading a trained state.
#include "runtime/train/OpenModel.h"

#include "runtime/base/File.h"
#include "runtime/exec/StateFile.h"
#include "runtime/train/Checkpoints.h"
#include "runtime/train/RunFolder.h"

#include <algorithm>
#include <filesystem>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

bool isFolder(const std::string &path) {
  std::error_code problem;
  return std::filesystem::is_directory(path, problem);
}

/// The checkpoint file that the options name; empty: none is asked for and none is there to take.
Result<std::string> findCheckpoint(const ModelOptions &options) {
  const std::string &which = options.checkpoint;
  if (!which.empty() && which != "best" && which != "latest") {
    return which;
  }
  if (!isFolder(options.model)) {
    if (which.empty()) {
      return std::string();
    }
    return error(Code::InvalidArgument, "'--checkpoint ", which,
                 "' needs a run folder, found the artifact '", options.model,
                 "'; name the checkpoint's file");
  }
  const std::optional<int64_t> step = chosenStep(options.model, which);
  if (!step) {
    return error(Code::NotFound, "run folder '", options.model, "' has no ",
                 which.empty() ? "latest" : which, " checkpoint");
  }
  return Checkpoints::view(options.model).path(*step);
}

/// " (best)", " (latest)" or both where the run of a checkpoint marks it so.
std::string marksOf(const std::string &checkpoint) {
  const Checkpoints checkpoints = Checkpoints::view(folderOf(folderOf(checkpoint)));
  std::string out;
  for (Mark mark : {Mark::Best, Mark::Latest}) {
    const std::optional<int64_t> step = checkpoints.marked(mark);
    std::error_code problem;
    if (step && std::filesystem::equivalent(checkpoints.path(*step), checkpoint, problem)) {
      out += concat(out.empty() ? " (" : ", ", nameOf(mark));
    }
  }
  return out.empty() ? "" : out + ")";
}

/// Whether no parameter of the program is drawn: it was exported, or compiled of a trained model.
bool hasAllParameters(const artifact::Manifest &program) {
  for (uint32_t i = 0; i < program.states.size(); ++i) {
    const bool isGiven =
        std::ranges::find(program.initialValues, i, &artifact::InitialValue::state) !=
        program.initialValues.end();
    if (program.states[i].role == artifact::Role::Parameter && !isGiven) {
      return false;
    }
  }
  return true;
}

Status loadState(exec::Session &session, const std::string &path) {
  Status status = exec::loadCheckpoint(session, path, exec::ProgramCheck::StateOnly);
  if (status || status.code() != Code::InvalidArgument) {
    return status;
  }
  Result<exec::WeightsReport> report = exec::loadWeights(session, path);
  return report ? Status::ok() : report.status();
}

/// The end of a sentence: the first runs that lie in a folder, where some do.
std::string runsIn(const std::string &folder) {
  constexpr size_t most = 5;
  std::vector<std::string> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator at(folder, ignored), end; !ignored && at != end;
       at.increment(ignored)) {
    if (holdsRun(at->path().string())) {
      found.push_back(at->path().filename().string());
    }
  }
  std::ranges::sort(found);
  std::string out;
  for (size_t i = 0; i < std::min(found.size(), most); ++i) {
    out += concat(out.empty() ? "; runs in it: " : ", ", quoted(found[i]));
  }
  return out + (found.size() > most ? concat(" and ", found.size() - most, " more") : "");
}

} // namespace

Result<std::string> artifactPath(const std::string &model) {
  if (model.empty()) {
    return error(Code::InvalidArgument, "say which compiled model to use, for example model.so");
  }
  if (model.ends_with(".pb") || model.ends_with(".onnx")) {
    return error(Code::InvalidArgument, "'", model, "' is a model that is not compiled; make an ",
                 "artifact of it with 'ntc compile ", model, " -o ",
                 model.substr(0, model.rfind('.')), ".so'");
  }
  if (!isFolder(model)) {
    return model;
  }
  std::string path = model + "/model.so";
  if (::access(path.c_str(), F_OK) != 0) {
    return error(Code::NotFound, "folder '", model, "' is no run: it has no model.so",
                 runsIn(model));
  }
  return path;
}

Result<std::unique_ptr<exec::Session>> openModel(const ModelOptions &options, const Hooks &hooks) {
  Result<std::string> path = artifactPath(options.model);
  if (!path) {
    return path.status();
  }
  Result<std::string> checkpoint = findCheckpoint(options);
  if (!checkpoint) {
    return checkpoint.status();
  }
  auto artifact = artifact::Artifact::open(*path);
  if (!artifact) {
    return artifact.status();
  }
  exec::SessionOptions sessionOptions;
  sessionOptions.threads = static_cast<unsigned>(options.threads.value_or(0));
  sessionOptions.threadUse = options.allThreads ? exec::ThreadUse::All : exec::ThreadUse::Fastest;
  auto session = exec::Session::create(artifact.take(), sessionOptions);
  if (!session) {
    return session.status();
  }
  if (checkpoint->empty()) {
    makeProgress(hooks, 0).message(
        hasAllParameters((*session)->manifest())
            ? concat("parameters of ", *path)
            : std::string("note: no --checkpoint: the model has its initial parameters"));
    return session;
  }
  if (Status status = loadState(**session, *checkpoint); !status) {
    return status;
  }
  makeProgress(hooks, 0).message(concat("checkpoint ", *checkpoint, marksOf(*checkpoint)));
  if (options.averaged) {
    if ((*session)->averageUpdates() == 0) {
      return error(Code::InvalidArgument, "--averaged: ", *checkpoint,
                   " holds no averages of the weights; train with --average=ema or --average=swa");
    }
    if (Status status = (*session)->swapAverages(); !status) {
      return status;
    }
  }
  return session;
}

} // namespace ntc::rt::train
