// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values of synthetic samples.
#include "runtime/data/SyntheticDataset.h"

#include "runtime/base/Philox.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace ntc::rt::data {
namespace {

/// Prime, so that samples of any length begin at different places of the pool.
constexpr int64_t kPoolSize = 1048573;
/// Values of the pool that are computed at once.
constexpr uint64_t kPoolBlock = 256;
/// Philox operation numbers: the pool takes two, integers of field f take kIntegers + f.
constexpr uint32_t kRadius = 0, kAngle = 1, kIntegers = 2;

float normal(uint64_t seed, uint64_t index) {
  // 1 - u lies in (0, 1], where the logarithm is finite.
  double radius = std::sqrt(-2.0 * std::log(1.0 - randomUniform(seed, 0, kRadius, index)));
  double angle = 2.0 * std::numbers::pi * randomUniform(seed, 0, kAngle, index);
  return static_cast<float>(radius * std::cos(angle));
}

bool isFloat(DType dtype) { return dtype == DType::F32 || dtype == DType::F64; }

} // namespace

SyntheticDataset::SyntheticDataset(std::span<const artifact::InputSpec> inputs, int64_t samples,
                                   uint64_t seed)
    : samples_(samples), seed_(seed) {
  int64_t needed = 0;
  for (const artifact::InputSpec &input : inputs) {
    std::vector<int64_t> shape(input.shape.begin() + 1, input.shape.end());
    fields_.push_back({input.name, input.dtype, std::move(shape), input.isTarget, input.classes});
    if (isFloat(input.dtype)) {
      int64_t each = std::min(fields_.back().elements(), kPoolSize);
      needed = std::max(needed, each * std::min(samples, kPoolSize));
    }
  }
  poolSize_ = static_cast<uint64_t>(std::min(needed, kPoolSize));
  normals_.reset(new float[poolSize_]);
  filled_.reset(new std::atomic<bool>[(poolSize_ + kPoolBlock - 1) / kPoolBlock] {});
}

void SyntheticDataset::fillPool(uint64_t from, uint64_t count) const {
  for (uint64_t block = from / kPoolBlock; block <= (from + count - 1) / kPoolBlock; ++block) {
    if (filled_[block].load(std::memory_order_acquire)) {
      continue;
    }
    std::lock_guard lock(filling_);
    if (!filled_[block].load(std::memory_order_relaxed)) {
      const uint64_t end = std::min((block + 1) * kPoolBlock, poolSize_);
      for (uint64_t i = block * kPoolBlock; i < end; ++i) {
        normals_[i] = normal(seed_, i);
      }
      filled_[block].store(true, std::memory_order_release);
    }
  }
}

template <typename T> void SyntheticDataset::fillNormals(size_t field, int64_t row, T *out) const {
  auto left = static_cast<uint64_t>(fields_[field].elements());
  if (left == 0) {
    return;
  }
  const uint64_t pool = poolSize_;
  uint64_t at = (static_cast<uint64_t>(row) % pool * (left % pool) + field * 7919) % pool;
  while (left > 0) {
    const uint64_t count = std::min(left, pool - at);
    fillPool(at, count);
    out = std::copy_n(&normals_[at], count, out);
    left -= count;
    at = 0;
  }
}

template <typename T> void SyntheticDataset::fillIntegers(size_t field, int64_t row, T *out) const {
  const int64_t count = fields_[field].elements();
  const int64_t classes = fields_[field].classes > 0 ? fields_[field].classes : 2;
  for (int64_t i = 0; i < count; ++i) {
    double uniform =
        randomUniform(seed_, static_cast<uint64_t>(row), kIntegers + static_cast<uint32_t>(field),
                      static_cast<uint64_t>(i));
    int64_t value = static_cast<int64_t>(uniform * static_cast<double>(classes));
    out[i] = static_cast<T>(std::min(value, classes - 1));
  }
}

void SyntheticDataset::copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                                std::byte *destination) const {
  const size_t rowBytes = static_cast<size_t>(fields_[field].elements()) * sizeOf(dtype);
  const bool normals = isFloat(fields_[field].dtype);
  for (int64_t row : rows) {
    if (dtype == DType::F32) {
      auto *out = reinterpret_cast<float *>(destination);
      normals ? fillNormals(field, row, out) : fillIntegers(field, row, out);
    } else if (dtype == DType::F64) {
      auto *out = reinterpret_cast<double *>(destination);
      normals ? fillNormals(field, row, out) : fillIntegers(field, row, out);
    } else if (dtype == DType::I64) {
      fillIntegers(field, row, reinterpret_cast<int64_t *>(destination));
    } else if (dtype == DType::I32) {
      fillIntegers(field, row, reinterpret_cast<int32_t *>(destination));
    } else {
      fillIntegers(field, row, reinterpret_cast<uint8_t *>(destination));
    }
    destination += rowBytes;
  }
}

Result<std::unique_ptr<Dataset>> openSynthetic(const DataSource &source,
                                               std::span<const artifact::InputSpec> inputs) {
  Result<int64_t> samples = source.integer("samples", 1024, 1, int64_t{1} << 40);
  if (!samples) {
    return samples.status();
  }
  Result<int64_t> seed = source.integer("seed", 0, 0, INT64_MAX);
  if (!seed) {
    return seed.status();
  }
  if (inputs.empty()) {
    return error(Code::InvalidArgument, "data 'synthetic': the model has no inputs to imitate");
  }
  for (const artifact::InputSpec &input : inputs) {
    if (input.dtype == DType::F16 || input.dtype == DType::BF16 || input.shape.empty()) {
      return error(Code::Unsupported, "data 'synthetic': input '", input.name, "' of type ",
                   nameOf(input.dtype), " and shape ", shapeText(input.shape),
                   " cannot be imitated; expected a batch of f32, f64, i32, i64, u8 or bool");
    }
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<SyntheticDataset>(inputs, *samples, static_cast<uint64_t>(*seed)));
}

} // namespace ntc::rt::data
