// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Samples straight from the mapped file.
#include "runtime/data/TensorFile.h"

#include "runtime/data/StoredArrays.h"
#include "runtime/format/Safetensors.h"

#include <algorithm>
#include <array>

namespace ntc::rt::data {

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
  StoredArrays arrays(source.place);
  for (const format::StoredTensor &tensor : file->tensors()) {
    if (!tensor.dtype) {
      return error(Code::Unsupported, "'", source.place, "': tensor ", quoted(tensor.name),
                   " has type ", tensor.dtypeName, ", which cannot be computed with");
    }
    format::NpyView view{"",           *tensor.dtype, sizeOf(*tensor.dtype), nullptr,
                         tensor.shape, false,         tensor.bytes};
    Status status = arrays.add(concat("tensor ", quoted(tensor.name)), tensor.name,
                               isTargetName(tensor.name, inputs), std::move(view));
    if (!status) {
      return status;
    }
  }
  return arrays.take(source, std::make_shared<const format::Safetensors>(file.take()));
}

} // namespace ntc::rt::data
