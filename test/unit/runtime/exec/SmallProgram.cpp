// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kernels and plan of the hand-written program; see SmallProgram.h.
#include "test/unit/runtime/exec/SmallProgram.h"

#include "runtime/base/Philox.h"

namespace ntc::rt::test {

namespace {

using artifact::CallSpec;
using artifact::EntryKind;
using artifact::EntrySpec;
using artifact::OperandKind;
using artifact::OperandSpec;
using artifact::Role;

constexpr int kParts = 4;
constexpr int kPartStride = 16; ///< floats of one part: five of the gradient, bias, loss, count

// Places in the arena, in bytes.
constexpr uint64_t kWeight = 0, kBias = 64, kWeightMomentum = 128, kBiasMomentum = 192;
constexpr uint64_t kLr = 256, kMomentum = 264, kSeed = 272, kStep = 280;
constexpr uint64_t kLoss = 320, kLossCount = 324, kCount = 328, kCountCount = 332;
constexpr uint64_t kPartial = 384, kGradient = 640, kScratch = 704, kOutput = 768;
constexpr uint64_t kArena = 832;

template <typename T> T *operand(const ntc_kernel_args_t *args, int index) {
  return static_cast<T *>(args->operands[index]);
}

/// init(weight, seed): group g draws element g.
int initWeight(const ntc_kernel_args_t *args) {
  auto *weight = operand<float>(args, 0);
  auto seed = static_cast<uint64_t>(*operand<int64_t>(args, 1));
  for (long long g = args->group_begin; g < args->group_end; ++g) {
    weight[g] = static_cast<float>(randomUniform(seed, 0, 1, static_cast<uint64_t>(g)) - 0.5);
  }
  return 0;
}

/// partial(x, y, group, weight, bias, partial): group g sums over its quarter of the batch.
template <int Batch> int partialSums(const ntc_kernel_args_t *args) {
  const auto *x = operand<const float>(args, 0);
  const auto *y = operand<const float>(args, 1);
  const auto *group = operand<const int64_t>(args, 2);
  const auto *weight = operand<const float>(args, 3);
  const auto *bias = operand<const float>(args, 4);
  for (long long g = args->group_begin; g < args->group_end; ++g) {
    float *part = operand<float>(args, 5) + g * kPartStride;
    std::fill_n(part, kPartStride, 0.0f);
    for (long long b = g * Batch / kParts; b < (g + 1) * Batch / kParts; ++b) {
      float error = *bias - y[b];
      for (int f = 0; f < kFeatures; ++f) {
        error += x[b * kFeatures + f] * weight[f];
      }
      for (int f = 0; f < kFeatures; ++f) {
        part[f] += 2 * error * x[b * kFeatures + f];
      }
      part[5] += 2 * error;
      part[6] += error * error;
      part[7] += group[b] == -100 ? 0.0f : 1.0f;
    }
  }
  return 0;
}

/// reduce(partial, gradient): group f adds value f of all parts, in their order.
int reduceParts(const ntc_kernel_args_t *args) {
  const auto *partial = operand<const float>(args, 0);
  auto *gradient = operand<float>(args, 1);
  for (long long f = args->group_begin; f < args->group_end; ++f) {
    float sum = 0;
    for (int p = 0; p < kParts; ++p) {
      sum += partial[p * kPartStride + f];
    }
    gradient[f] = sum;
  }
  return 0;
}

/// metrics(gradient, loss, lossCount, count, countCount)
template <int Batch> int writeMetrics(const ntc_kernel_args_t *args) {
  const auto *gradient = operand<const float>(args, 0);
  *operand<float>(args, 1) = gradient[6];
  *operand<float>(args, 2) = Batch;
  *operand<float>(args, 3) = gradient[7];
  *operand<float>(args, 4) = Batch;
  return 0;
}

/// update(gradient, parameter, momentumBuffer, lr, momentum): group g updates element g.
template <int Batch, int First> int update(const ntc_kernel_args_t *args) {
  const auto *gradient = operand<const float>(args, 0) + First;
  auto *parameter = operand<float>(args, 1);
  auto *buffer = operand<float>(args, 2);
  auto lr = static_cast<float>(*operand<double>(args, 3));
  auto momentum = static_cast<float>(*operand<double>(args, 4));
  for (long long g = args->group_begin; g < args->group_end; ++g) {
    buffer[g] = momentum * buffer[g] + gradient[g] / Batch;
    parameter[g] -= lr * buffer[g];
  }
  return 0;
}

/// predict(x, weight, bias, output): group b computes row b.
int predict(const ntc_kernel_args_t *args) {
  const auto *x = operand<const float>(args, 0);
  const auto *weight = operand<const float>(args, 1);
  for (long long b = args->group_begin; b < args->group_end; ++b) {
    float sum = *operand<const float>(args, 2);
    for (int f = 0; f < kFeatures; ++f) {
      sum += x[b * kFeatures + f] * weight[f];
    }
    operand<float>(args, 3)[b] = sum;
  }
  return 0;
}

/// Touches its scratch only; runs beside others.
int fillScratch(const ntc_kernel_args_t *args) {
  for (long long g = args->group_begin; g < args->group_end; ++g) {
    operand<float>(args, 0)[g] = static_cast<float>(g);
  }
  return 0;
}

const ntc_kernel_t kKernels[] = {
    initWeight,    partialSums<16>, partialSums<8>, reduceParts,  writeMetrics<16>, writeMetrics<8>,
    update<16, 0>, update<8, 0>,    update<16, 5>,  update<8, 5>, predict,          fillScratch,
};

OperandSpec at(uint64_t offset) { return {OperandKind::Arena, offset}; }
OperandSpec input(uint64_t index) { return {OperandKind::Input, index}; }

CallSpec call(const char *name, uint32_t kernel, std::vector<OperandSpec> operands, uint32_t groups,
              bool barrierAfter = true) {
  CallSpec spec;
  spec.name = name;
  spec.kernel = kernel;
  spec.operands = std::move(operands);
  spec.groupCount = groups;
  spec.barrierAfter = barrierAfter;
  return spec;
}

EntrySpec entry(EntryKind kind, const char *name, int64_t batch) {
  EntrySpec spec;
  spec.name = name;
  spec.kind = kind;
  spec.batchSize = batch;
  if (kind != EntryKind::Init) {
    spec.inputs.push_back({"x", DType::F32, {batch, kFeatures}});
  }
  if (kind == EntryKind::TrainStep || kind == EntryKind::EvalStep) {
    spec.inputs.push_back({"y", DType::F32, {batch}, 0, -100, true});
    spec.inputs.push_back({"group", DType::I64, {batch}, kClasses, -100, true});
    spec.outputs.push_back({"loss", true, DType::F32, {}, kLoss, kLossCount});
    spec.outputs.push_back({"kept", true, DType::F32, {}, kCount, kCountCount});
  }
  return spec;
}

EntrySpec stepEntry(EntryKind kind, const char *name, int64_t batch) {
  EntrySpec spec = entry(kind, name, batch);
  uint32_t odd = batch == 16 ? 0 : 1;
  spec.calls = {
      call("partial", 1 + odd, {input(0), input(1), input(2), at(kWeight), at(kBias), at(kPartial)},
           kParts, false),
      call("scratch", 11, {at(kScratch)}, 8),
      call("reduce", 3, {at(kPartial), at(kGradient)}, 8),
      call("metrics", 4 + odd,
           {at(kGradient), at(kLoss), at(kLossCount), at(kCount), at(kCountCount)}, 1),
  };
  if (kind == EntryKind::TrainStep) {
    spec.calls.push_back(
        call("weight", 6 + odd,
             {at(kGradient), at(kWeight), at(kWeightMomentum), at(kLr), at(kMomentum)}, kFeatures,
             false));
    spec.calls.push_back(call(
        "bias", 8 + odd, {at(kGradient), at(kBias), at(kBiasMomentum), at(kLr), at(kMomentum)}, 1));
  }
  return spec;
}

} // namespace

artifact::Manifest smallManifest() {
  artifact::Manifest m;
  m.ntcVersion = "0.1.0";
  m.modelName = "small";
  m.programHash = std::string(64, 'a');
  m.cpu = "generic";
  m.precision = "f32";
  m.arenaBytes = kArena;
  m.kernelCount = std::size(kKernels);
  m.states = {
      {"weight", "", DType::F32, {kFeatures}, Role::Parameter, kWeight, 4 * kFeatures},
      {"bias", "", DType::F32, {}, Role::Parameter, kBias, 4},
      {"optimizer.momentum_buffer.weight",
       "weight",
       DType::F32,
       {kFeatures},
       Role::Moment,
       kWeightMomentum,
       4 * kFeatures},
      {"optimizer.momentum_buffer.bias", "bias", DType::F32, {}, Role::Moment, kBiasMomentum, 4},
  };
  m.controls = {{"lr", false, 0.05, kLr},
                {"momentum", false, 0.9, kMomentum},
                {"seed", true, 7, kSeed},
                {"step", true, 0, kStep}};
  EntrySpec init = entry(EntryKind::Init, "init", 0);
  init.calls = {call("weight", 0, {at(kWeight), at(kSeed)}, kFeatures)};
  EntrySpec forward = entry(EntryKind::Predict, "predict.b16", 16);
  forward.outputs = {{"output", false, DType::F32, {16}, kOutput, 0}};
  forward.calls = {call("predict", 10, {input(0), at(kWeight), at(kBias), at(kOutput)}, 16)};
  m.entries = {std::move(init), stepEntry(EntryKind::TrainStep, "train_step.b16", 16),
               stepEntry(EntryKind::TrainStep, "train_step.b8", 8),
               stepEntry(EntryKind::EvalStep, "eval_step.b16", 16), std::move(forward)};
  for (uint32_t e : {1u, 2u, 3u}) {
    uint32_t last = static_cast<uint32_t>(m.entries[e].calls.size()) - 1;
    m.slots.push_back({"partial", "activation", e, kPartial, 4 * kParts * kPartStride, 0, 2});
    m.slots.push_back({"gradient", "gradient", e, kGradient, 64, 2, last});
    m.slots.push_back({"scratch", "activation", e, kScratch, 64, 1, 1});
  }
  m.trainSpecJson = "{}";
  m.modelPb = {1, 2, 3};
  return m;
}

std::span<const ntc_kernel_t> smallKernels() { return kKernels; }

std::shared_ptr<const artifact::Artifact> smallProgram() {
  return artifact::Artifact::fromKernels(smallManifest(), smallKernels()).take();
}

SmallBatch::SmallBatch(int64_t size, uint64_t index) : xShape_{size, kFeatures}, yShape_{size} {
  for (int64_t b = 0; b < size; ++b) {
    float target = 0.25f;
    for (int64_t f = 0; f < kFeatures; ++f) {
      auto element = static_cast<uint64_t>(b * kFeatures + f);
      x.push_back(static_cast<float>(randomUniform(99, index, 2, element)));
      target += x.back() * static_cast<float>(f - 2);
    }
    y.push_back(target);
    group.push_back(b % 4 == 3 ? -100 : b % 4);
  }
  views_ = {exec::TensorView{"", x.data(), DType::F32, xShape_},
            exec::TensorView{"", y.data(), DType::F32, yShape_},
            exec::TensorView{"", group.data(), DType::I64, yShape_}};
}

} // namespace ntc::rt::test
