// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Capture, compile, load, train.

#include "test/conformance/Replay.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/exec/StateFile.h"
#include "runtime/train/WeightAverage.h"
#include "test/conformance/Formulas.h"
#include "test/conformance/Models.h"
#include "test/unit/runtime/TemporaryFolder.h"
#include "tools/ntc/CompileModel.h"

#include <algorithm>
#include <cstring>

namespace ntc::conformance {
namespace {

using rt::Code;
using rt::DType;
using rt::Result;
using rt::Status;
using rt::artifact::Role;
using rt::artifact::StateSpec;
using rt::exec::Session;

/// f32 or f64 values as f64.
std::vector<double> widened(std::span<const uint8_t> bytes, DType dtype) {
  std::vector<double> values;
  auto append = [&]<typename T>(T value) {
    for (size_t at = 0; at < bytes.size(); at += sizeof(T)) {
      std::memcpy(&value, bytes.data() + at, sizeof(T));
      values.push_back(static_cast<double>(value));
    }
  };
  dtype == DType::F64 ? append(double{}) : append(float{});
  return values;
}

/// Parameters and buffers in the order of their names' bytes.
std::vector<const StateSpec *> weightsOf(const Session &session) {
  std::vector<const StateSpec *> result;
  for (const StateSpec &state : session.manifest().states) {
    if (state.role == Role::Parameter || state.role == Role::Buffer) {
      result.push_back(&state);
    }
  }
  std::ranges::sort(result, {}, &StateSpec::name);
  return result;
}

/// Through a file, as `--weights` does.
Status importWeights(Session &session, const std::string &path) {
  std::vector<std::vector<float>> values;
  std::vector<rt::format::TensorToStore> tensors;
  for (const StateSpec *state : weightsOf(session)) {
    values.push_back(
        initialValues(state->name, state->shape, static_cast<uint32_t>(values.size())));
    tensors.push_back({state->name,
                       DType::F32,
                       state->shape,
                       {reinterpret_cast<const uint8_t *>(values.back().data()),
                        values.back().size() * sizeof(float)}});
  }
  if (Status status =
          rt::format::writeSafetensors(path, std::move(tensors), {}, rt::format::Checksum::Without);
      !status) {
    return status;
  }
  return rt::exec::loadWeights(session, path).status();
}

/// A batch in the program's element type.
class BatchBuffer {
public:
  BatchBuffer(const rt::artifact::EntrySpec &entry, Samples samples) {
    for (const rt::artifact::InputSpec &input : entry.inputs) {
      if (input.isTarget && !samples.labels.empty()) {
        labels = std::move(samples.labels);
        views.push_back({input.name, labels.data(), DType::I64, input.shape});
        continue;
      }
      std::vector<float> &values = input.isTarget ? samples.targets : samples.x;
      if (input.dtype == DType::F64) {
        auto &wide = wides.emplace_back(values.begin(), values.end());
        views.push_back({input.name, wide.data(), DType::F64, input.shape});
      } else {
        auto &narrow = narrows.emplace_back(std::move(values));
        views.push_back({input.name, narrow.data(), DType::F32, input.shape});
      }
    }
  }
  std::span<const rt::exec::TensorView> batch() const { return views; }

private:
  std::vector<int64_t> labels;
  std::vector<std::vector<double>> wides;
  std::vector<std::vector<float>> narrows;
  std::vector<rt::exec::TensorView> views;
};

void readGradients(Session &session, Outcome &run) {
  for (const StateSpec &state : session.manifest().states) {
    if (state.name.starts_with("optimizer.momentum_buffer.")) {
      run.gradients[state.of] = widened(session.stateBytes(state), state.dtype);
    }
  }
}

/// A compiled case, of which sessions are made.
struct Case {
  rt::test::TemporaryFolder folder;
  std::shared_ptr<const rt::artifact::Artifact> artifact;
  unsigned threads = 1;

  Result<std::unique_ptr<Session>> session() const {
    rt::exec::SessionOptions options;
    options.threads = threads;
    options.pinning = rt::exec::Pinning::No;
    return Session::create(artifact, options);
  }

  /// Another session that stands where `before` stands.
  Result<std::unique_ptr<Session>> moved(Session &before) const {
    const std::string path = folder.file("between.safetensors");
    if (Status status = rt::exec::saveCheckpoint(before, path); !status) {
      return status;
    }
    auto after = session();
    Status status = after ? rt::exec::loadCheckpoint(**after, path) : after.status();
    return status ? std::move(after) : Result<std::unique_ptr<Session>>(status);
  }
};

/// Of the cases that unfreeze parameters, as in make_goldens.py.
constexpr int64_t kStepsPerEpoch = 8;

/// update_bn over the first batches, as make_goldens.py does it.
Status estimateStatistics(Session &session, const Golden &golden) {
  constexpr int kBatches = 4;
  const auto *entry = session.entry(rt::artifact::EntryKind::UpdateBn, golden.batch);
  for (int i = 0; entry && i < kBatches; ++i) {
    BatchBuffer buffer(*entry, classification(static_cast<uint64_t>(i), golden.batch, 784));
    Status status = session.setControl("bn_batches", i);
    status = status ? session.updateBn(buffer.batch()) : status;
    if (!status) {
      return status;
    }
  }
  return Status::ok();
}

Result<Outcome> train(const Case &compiled, std::unique_ptr<Session> session, const Golden &golden,
                      int64_t interruptAfter) {
  const bool accumulates = !session->batchSizes(rt::artifact::EntryKind::Accumulate).empty();
  const auto joined =
      accumulates ? static_cast<int64_t>(golden.at("losses.f64").size()) / golden.steps : 1;
  auto recipe = rt::train::parseRecipe(session->manifest().trainSpecJson);
  if (!recipe) {
    return recipe.status();
  }
  const rt::train::WeightAverage average(recipe->average, nullptr);
  Outcome run;
  for (int64_t step = 0; step < golden.steps * joined; ++step) {
    if (step == interruptAfter && step > 0) {
      auto next = compiled.moved(*session);
      if (!next) {
        return next.status();
      }
      session = next.take();
    }
    rt::exec::Position position = session->position();
    position.epoch = position.step / kStepsPerEpoch;
    if (Status status = session->setPosition(position); !status) {
      return status;
    }
    const auto *entry = session->entry(rt::artifact::EntryKind::TrainStep, golden.batch);
    if (!entry) {
      return rt::error(Code::NotFound, "no train_step of batch size ", golden.batch);
    }
    auto index = static_cast<uint64_t>(step);
    BatchBuffer buffer(*entry, golden.model == "linear" ? regression(index, golden.batch)
                                                        : classification(index, golden.batch, 784));
    const bool updates = (step + 1) % joined == 0;
    auto result =
        updates ? session->trainStep(buffer.batch()) : session->accumulateStep(buffer.batch());
    if (!result) {
      return result.status();
    }
    const rt::exec::Metric &loss = result->metrics.front();
    run.losses.push_back(loss.count == 0 ? loss.sum : loss.sum / loss.count); // all ignored
    if (Status status = average.afterStep(*session, session->position().step, 0); !status) {
      return status;
    }
    if (step == 0) {
      readGradients(*session, run);
    }
  }
  const rt::train::AveragedWeights averaged(*session);
  if (Status status = estimateStatistics(*session, golden); !status) {
    return status;
  }
  for (const StateSpec *state : weightsOf(*session)) {
    run.states[state->name] = widened(session->stateBytes(*state), state->dtype);
  }
  return run;
}

} // namespace

Result<Outcome> replay(const Golden &golden, bool f64, const ReplayOptions &how) {
  auto model = makeModel(golden.model, golden.optimizer, golden.recipe);
  if (!model) {
    return Status(Code::InvalidArgument, model.status().message());
  }
  Case compiled;
  compiled.threads = how.threads;
  const std::string path = compiled.folder.file("model.so");
  driver::CompileOptions options;
  options.batchSizes = {golden.batch};
  options.f64 = f64;
  if (auto error = driver::compileModel(*model, options, path)) {
    return Status(Code::Internal, error->messages.front());
  }
  auto artifact = rt::artifact::Artifact::open(path);
  if (!artifact) {
    return artifact.status();
  }
  compiled.artifact = artifact.take();
  auto session = compiled.session();
  if (!session) {
    return session.status();
  }
  Status status = importWeights(**session, compiled.folder.file("weights.safetensors"));
  return status ? train(compiled, session.take(), golden, how.interruptAfter)
                : Result<Outcome>(status);
}

} // namespace ntc::conformance
