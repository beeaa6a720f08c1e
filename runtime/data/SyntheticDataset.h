// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random data of the shapes that a model wants: for benchmarks and smoke tests.
#pragma once

#include "runtime/artifact/Manifest.h"
#include "runtime/data/DataSource.h"
#include "runtime/data/Dataset.h"

#include <atomic>
#include <memory>
#include <mutex>

namespace ntc::rt::data {

/// Samples computed from Philox words on demand. Floating-point fields are standard normal (Box and
/// Muller, "A note on the generation of random normal deviates", 1958), class labels uniform over
/// the classes, other whole numbers 0 or 1. Normals come from a pool of about a million values,
/// which each sample reads at its own place, so that copying a batch costs no more than from a real
/// set. Blocks of the pool are computed when a sample first reads them: the first step does not
/// wait for all of them.
class SyntheticDataset : public Dataset {
public:
  /// One field per input of the model, without the batch dimension.
  SyntheticDataset(std::span<const artifact::InputSpec> inputs, int64_t samples, uint64_t seed);

  int64_t size() const override { return samples_; }
  std::span<const Field> fields() const override { return fields_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override;

private:
  /// Computes those blocks of the pool that hold [from, from + count) and that no sample has read
  /// yet. `count` is above 0.
  void fillPool(uint64_t from, uint64_t count) const;
  template <typename T> void fillNormals(size_t field, int64_t row, T *out) const;
  template <typename T> void fillIntegers(size_t field, int64_t row, T *out) const;

  std::vector<Field> fields_;
  uint64_t poolSize_ = 0;
  std::unique_ptr<float[]> normals_;
  std::unique_ptr<std::atomic<bool>[]> filled_; ///< one per block
  mutable std::mutex filling_;
  int64_t samples_;
  uint64_t seed_;
};

/// Opens `synthetic`. Options: samples (1024), seed (0). Errors: a model without inputs.
Result<std::unique_ptr<Dataset>> openSynthetic(const DataSource &source,
                                               std::span<const artifact::InputSpec> inputs);

} // namespace ntc::rt::data
