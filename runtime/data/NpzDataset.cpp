// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the arrays of an archive to fields.
#include "runtime/data/NpzDataset.h"

#include "runtime/data/TensorFile.h"
#include "runtime/data/WholeNumbers.h"
#include "runtime/format/Npy.h"

#include <algorithm>
#include <iterator>

namespace ntc::rt::data {
namespace {

Status checkArray(const std::string &path, const std::string &key, const format::NpyArray &array) {
  if (array.shape.empty() || array.shape[0] == 0 || array.bytes.empty()) {
    return error(Code::Corrupt, "'", path, "': array ", quoted(key),
                 " should have samples along its first dimension, found shape ",
                 shapeText(array.shape));
  }
  if (array.dtype == DType::Bool) {
    auto bad = std::ranges::find_if(array.bytes, [](uint8_t byte) { return byte > 1; });
    if (bad != array.bytes.end()) {
      return error(Code::Corrupt, "'", path, "': array ", quoted(key),
                   " of bool should hold bytes 0 and 1, found ", *bad, " at element ",
                   bad - array.bytes.begin());
    }
  }
  return Status::ok();
}

} // namespace

Result<std::unique_ptr<Dataset>> openNpz(const DataSource &source,
                                         std::span<const artifact::InputSpec> inputs) {
  Result<format::NpzArchive> archive = format::NpzArchive::open(source.place);
  if (!archive) {
    return archive.status();
  }
  const std::vector<std::string> keys = archive->keys();
  if (keys.empty()) {
    return error(Code::Corrupt, "'", source.place, "' holds no arrays");
  }
  std::vector<ArrayDataset::Array> arrays, targets;
  int64_t samples = 0;
  for (const std::string &key : keys) {
    Result<format::NpyArray> array = archive->read(key);
    if (!array) {
      return array.status();
    }
    if (Status status = checkArray(source.place, key, *array); !status) {
      return status;
    }
    samples = samples == 0 ? array->shape[0] : samples;
    if (array->shape[0] != samples) {
      return error(Code::Corrupt, "'", source.place, "': array ", quoted(keys[0]), " has ", samples,
                   " samples, but array ", quoted(key), " has ", array->shape[0]);
    }
    Field field{key, array->dtype, {array->shape.begin() + 1, array->shape.end()}};
    field.isTarget = isTargetName(key, inputs);
    field.classes = field.isTarget ? classesOf(array->dtype, array->bytes) : 0;
    auto &list = field.isTarget ? targets : arrays;
    list.push_back({std::move(field), std::move(array->bytes)});
  }
  std::move(targets.begin(), targets.end(), std::back_inserter(arrays));
  return std::unique_ptr<Dataset>(std::make_unique<ArrayDataset>(samples, std::move(arrays)));
}

} // namespace ntc::rt::data
