// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Samples straight from the mapped file.
#include "runtime/data/TensorFile.h"

#include "runtime/data/WholeNumbers.h"
#include "runtime/format/Safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace ntc::rt::data {
namespace {

class MappedTensors : public Dataset {
public:
  MappedTensors(format::Safetensors file, int64_t samples, std::vector<Field> fields,
                std::vector<std::span<const uint8_t>> values)
      : file_(std::move(file)), samples_(samples), fields_(std::move(fields)),
        values_(std::move(values)) {}

  int64_t size() const override { return samples_; }
  std::span<const Field> fields() const override { return fields_; }
  void copyRows(size_t field, std::span<const int64_t> rows, DType dtype,
                std::byte *destination) const override {
    const Field &from = fields_[field];
    const auto count = static_cast<size_t>(from.elements());
    const size_t bytes = count * sizeOf(from.dtype);
    // Values of a file are aligned to nothing; doubles are aligned for every type.
    std::vector<double> aligned(from.dtype == dtype ? 0 : bytes / sizeof(double) + 1);
    for (int64_t row : rows) {
      const uint8_t *at = values_[field].data() + static_cast<size_t>(row) * bytes;
      if (from.dtype == dtype) {
        std::memcpy(destination, at, bytes);
      } else {
        std::memcpy(aligned.data(), at, bytes);
        convertValues(from.dtype, reinterpret_cast<const std::byte *>(aligned.data()), dtype,
                      destination, static_cast<int64_t>(count));
      }
      destination += count * sizeOf(dtype);
    }
  }

private:
  format::Safetensors file_; ///< owns the mapping
  int64_t samples_;
  std::vector<Field> fields_;
  std::vector<std::span<const uint8_t>> values_;
};

} // namespace

bool isTargetName(std::string_view name, std::span<const artifact::InputSpec> inputs) {
  constexpr std::array<std::string_view, 5> names = {"y", "label", "labels", "target", "targets"};
  auto found = std::ranges::find(inputs, name, &artifact::InputSpec::name);
  return found != inputs.end() ? found->isTarget : std::ranges::find(names, name) != names.end();
}

Result<std::unique_ptr<Dataset>> openSafetensors(const DataSource &source,
                                                 std::span<const artifact::InputSpec> inputs) {
  Result<format::Safetensors> file = format::Safetensors::open(source.place);
  if (!file) {
    return file.status();
  }
  if (file->tensors().empty()) {
    return error(Code::Corrupt, "'", source.place, "' holds no tensors");
  }
  std::vector<std::pair<Field, std::span<const uint8_t>>> all;
  int64_t samples = 0;
  for (const format::StoredTensor &tensor : file->tensors()) {
    if (!tensor.dtype) {
      return error(Code::Unsupported, "'", source.place, "': tensor ", quoted(tensor.name),
                   " has type ", tensor.dtypeName, ", which cannot be computed with");
    }
    if (tensor.shape.empty() || tensor.bytes.empty()) {
      return error(Code::Corrupt, "'", source.place, "': tensor ", quoted(tensor.name),
                   " should have samples along its first dimension, found shape ",
                   shapeText(tensor.shape));
    }
    samples = samples == 0 ? tensor.shape[0] : samples;
    if (tensor.shape[0] != samples) {
      return error(Code::Corrupt, "'", source.place, "': tensor ",
                   quoted(file->tensors().front().name), " has ", samples, " samples, but tensor ",
                   quoted(tensor.name), " has ", tensor.shape[0]);
    }
    Field field{tensor.name, *tensor.dtype, {tensor.shape.begin() + 1, tensor.shape.end()}};
    field.isTarget = isTargetName(tensor.name, inputs);
    field.classes = field.isTarget ? classesOf(*tensor.dtype, tensor.bytes) : 0;
    all.emplace_back(std::move(field), tensor.bytes);
  }
  std::ranges::stable_partition(all, [](const auto &each) { return !each.first.isTarget; });
  std::vector<Field> fields;
  std::vector<std::span<const uint8_t>> values;
  for (auto &[field, bytes] : all) {
    fields.push_back(std::move(field));
    values.push_back(bytes);
  }
  return std::unique_ptr<Dataset>(
      std::make_unique<MappedTensors>(file.take(), samples, std::move(fields), std::move(values)));
}

} // namespace ntc::rt::data
