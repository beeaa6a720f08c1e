// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels and manifest of the linear regression.
#include "TinyProgram.h"

#include "runtime/base/Philox.h"

#include <array>
#include <cmath>

namespace ntc::rt::train {
namespace {

constexpr int64_t kWidth = 3;
constexpr uint64_t kW = 0, kM = 64, kSeed = 128, kStep = 136, kRate = 144, kLoss = 192,
                   kCorrect = 196, kCount = 200, kOut = 256, kAverage = 512, kUpdates = 576,
                   kRunning = 640, kBatches = 704, kArena = 4096;

/// Operands: w, momentum, seed.
int init(const ntc_kernel_args_t *args) {
  auto *w = static_cast<float *>(args->operands[0]);
  auto seed = static_cast<uint64_t>(*static_cast<const int64_t *>(args->operands[2]));
  for (uint64_t i = 0; i < kWidth; ++i) {
    w[i] = static_cast<float>(randomUniform(seed, 0, 1, i) - 0.5);
  }
  return 0;
}

float predictOne(const float *w, const float *x) {
  float sum = 0.0f;
  for (int64_t i = 0; i < kWidth; ++i) {
    sum += w[i] * x[i];
  }
  return sum;
}

/// Operands: w, momentum, x, y, loss, correct, count, seed, step, rate.
template <int64_t B> void measure(void *const *operands, float *gradient) {
  const auto *w = static_cast<const float *>(operands[0]);
  const auto *x = static_cast<const float *>(operands[2]);
  const auto *y = static_cast<const float *>(operands[3]);
  float loss = 0.0f, correct = 0.0f;
  for (int64_t b = 0; b < B; ++b) {
    float error = predictOne(w, x + b * kWidth) - y[b];
    loss += error * error;
    correct += std::fabs(error) < 0.5f ? 1.0f : 0.0f;
    for (int64_t i = 0; i < kWidth; ++i) {
      gradient[i] += 2.0f * error * x[b * kWidth + i] / static_cast<float>(B);
    }
  }
  *static_cast<float *>(operands[4]) = loss;
  *static_cast<float *>(operands[5]) = correct;
  *static_cast<float *>(operands[6]) = static_cast<float>(B);
}

template <int64_t B> int trainStep(const ntc_kernel_args_t *args) {
  float gradient[kWidth] = {};
  measure<B>(args->operands, gradient);
  auto *w = static_cast<float *>(args->operands[0]);
  auto *m = static_cast<float *>(args->operands[1]);
  auto seed = static_cast<uint64_t>(*static_cast<const int64_t *>(args->operands[7]));
  auto step = static_cast<uint64_t>(*static_cast<const int64_t *>(args->operands[8]));
  auto rate = args->operands[9]
                  ? static_cast<float>(*static_cast<const double *>(args->operands[9]))
                  : 0.01f;
  for (uint64_t i = 0; i < kWidth; ++i) {
    auto noise = static_cast<float>(randomUniform(seed, step, 2, i) - 0.5);
    m[i] = 0.9f * m[i] + gradient[i] + 0.01f * noise;
    w[i] -= rate * m[i];
  }
  return 0;
}

template <int64_t B> int evalStep(const ntc_kernel_args_t *args) {
  float gradient[kWidth] = {};
  measure<B>(args->operands, gradient);
  return 0;
}

/// Operands: w, x, out.
template <int64_t B> int predict(const ntc_kernel_args_t *args) {
  for (int64_t b = 0; b < B; ++b) {
    static_cast<float *>(args->operands[2])[b] =
        predictOne(static_cast<const float *>(args->operands[0]),
                   static_cast<const float *>(args->operands[1]) + b * kWidth);
  }
  return 0;
}

/// Operands: w, average, updates.
int average(const ntc_kernel_args_t *args) {
  const auto *w = static_cast<const float *>(args->operands[0]);
  auto *mean = static_cast<float *>(args->operands[1]);
  auto &updates = *static_cast<int64_t *>(args->operands[2]);
  ++updates;
  for (uint64_t i = 0; i < kWidth; ++i) {
    mean[i] += (w[i] - mean[i]) / static_cast<float>(updates);
  }
  return 0;
}

/// Operands: x, running, batches.
template <int64_t B> int updateBn(const ntc_kernel_args_t *args) {
  const auto *x = static_cast<const float *>(args->operands[0]);
  auto &running = *static_cast<float *>(args->operands[1]);
  auto before = static_cast<float>(*static_cast<const double *>(args->operands[2]));
  float sum = 0.0f;
  for (int64_t i = 0; i < B * kWidth; ++i) {
    sum += x[i];
  }
  running = (running * before + sum / static_cast<float>(B * kWidth)) / (before + 1);
  return 0;
}

struct Kernels {
  ntc_kernel_t train, eval, predict, updateBn;
};

template <int64_t B> Kernels kernelsOf() {
  return {trainStep<B>, evalStep<B>, predict<B>, updateBn<B>};
}

Kernels kernelsFor(int64_t size) {
  switch (size) {
  case 8:
    return kernelsOf<8>();
  case 4:
    return kernelsOf<4>();
  case 3:
    return kernelsOf<3>();
  default:
    return kernelsOf<1>();
  }
}

artifact::OperandSpec arena(uint64_t offset) { return {artifact::OperandKind::Arena, offset}; }
artifact::OperandSpec input(uint64_t index) { return {artifact::OperandKind::Input, index}; }

artifact::EntrySpec entryOf(artifact::EntryKind kind, int64_t size, uint32_t kernel) {
  artifact::EntrySpec entry;
  entry.kind = kind;
  entry.batchSize = size;
  artifact::InputSpec x{"x", DType::F32, {size, kWidth}}, y{"y", DType::F32, {size, 1}};
  y.isTarget = true;
  entry.inputs = {x};
  artifact::CallSpec call;
  call.kernel = kernel;
  if (kind == artifact::EntryKind::UpdateBn) {
    entry.name = concat("update_bn.b", size);
    call.operands = {input(0), arena(kRunning), arena(kBatches)};
  } else if (kind == artifact::EntryKind::Predict) {
    entry.name = concat("predict.b", size);
    entry.outputs = {{"out", false, DType::F32, {size, 1}, kOut, 0}};
    call.operands = {arena(kW), input(0), arena(kOut)};
  } else {
    entry.inputs.push_back(y);
    entry.name =
        concat(kind == artifact::EntryKind::TrainStep ? "train_step.b" : "eval_step.b", size);
    entry.outputs = {{"correct", true, DType::F32, {}, kCorrect, kCount},
                     {"loss", true, DType::F32, {}, kLoss, kCount}};
    call.operands = {arena(kW),       arena(kM),     input(0),     input(1),     arena(kLoss),
                     arena(kCorrect), arena(kCount), arena(kSeed), arena(kStep), arena(kRate)};
  }
  entry.calls = {call};
  return entry;
}

void addAverage(const std::vector<int64_t> &sizes, artifact::Manifest &manifest,
                std::vector<ntc_kernel_t> &kernels) {
  using artifact::Role;
  manifest.states.push_back(
      {"swa.w", "w", DType::F32, {kWidth}, Role::Moment, kAverage, kWidth * 4});
  manifest.states.push_back({"swa.count", "", DType::I64, {}, Role::Counter, kUpdates, 8});
  manifest.states.push_back({"running", "", DType::F32, {}, Role::Buffer, kRunning, 4});
  manifest.controls.push_back({"bn_batches", false, 0, kBatches});
  artifact::EntrySpec entry;
  entry.kind = artifact::EntryKind::Average;
  entry.name = "average";
  artifact::CallSpec call;
  call.kernel = static_cast<uint32_t>(kernels.size());
  call.operands = {arena(kW), arena(kAverage), arena(kUpdates)};
  entry.calls = {call};
  manifest.entries.push_back(entry);
  kernels.push_back(average);
  for (int64_t size : sizes) {
    manifest.entries.push_back(
        entryOf(artifact::EntryKind::UpdateBn, size, static_cast<uint32_t>(kernels.size())));
    kernels.push_back(kernelsFor(size).updateBn);
  }
}

} // namespace

std::shared_ptr<const artifact::Artifact> tinyProgram(const TinyOptions &options) {
  artifact::Manifest manifest;
  manifest.ntcVersion = "test";
  manifest.modelName = "tiny";
  manifest.programHash = std::string(64, 'a');
  manifest.precision = "f32";
  manifest.arenaBytes = kArena;
  manifest.trainSpecJson = options.recipe;
  manifest.states = {{"w", "", DType::F32, {kWidth}, artifact::Role::Parameter, kW, kWidth * 4},
                     {"optimizer.momentum_buffer.w",
                      "w",
                      DType::F32,
                      {kWidth},
                      artifact::Role::Moment,
                      kM,
                      kWidth * 4}};
  manifest.controls = {{"seed", true, 0, kSeed}, {"step", true, 0, kStep}};
  if (options.hasLearningRate) {
    manifest.controls.push_back({"lr", false, 0.02, kRate});
  }
  artifact::EntrySpec start;
  start.name = "init";
  artifact::CallSpec call;
  call.operands = {arena(kW), arena(kM), arena(kSeed)};
  start.calls = {call};
  manifest.entries = {start};
  std::vector<ntc_kernel_t> kernels = {init};
  for (int64_t size : options.sizes) {
    Kernels three = kernelsFor(size);
    for (auto [kind, kernel] : {std::pair(artifact::EntryKind::TrainStep, three.train),
                                std::pair(artifact::EntryKind::EvalStep, three.eval),
                                std::pair(artifact::EntryKind::Predict, three.predict)}) {
      manifest.entries.push_back(entryOf(kind, size, static_cast<uint32_t>(kernels.size())));
      kernels.push_back(kernel);
    }
  }
  if (options.hasAverage) {
    addAverage(options.sizes, manifest, kernels);
  }
  manifest.kernelCount = static_cast<uint32_t>(kernels.size());
  auto artifact = artifact::Artifact::fromKernels(std::move(manifest), kernels);
  return artifact ? artifact.take() : nullptr;
}

} // namespace ntc::rt::train
