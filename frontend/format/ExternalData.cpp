// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every file is mapped once; bytes are copied only after their count is known to be right.
#include "frontend/format/ExternalData.h"

#include "frontend/format/ModelFile.h"
#include "frontend/format/TensorType.h"
#include "runtime/base/File.h"

#include <charconv>
#include <filesystem>
#include <map>

namespace ntc::format {
namespace {

namespace fs = std::filesystem;

/// Where a tensor's values are.
struct Place {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length; ///< nothing: what the dimensions need
};

Result<uint64_t> parseCount(const onnx::StringStringEntryProto &entry) {
  uint64_t value = 0;
  const std::string &text = entry.value();
  auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) {
    return failure("expected a number of bytes as ", entry.key(), " of its external data, found ",
                   rt::quoted(text));
  }
  return value;
}

Result<Place> placeOf(const onnx::TensorProto &tensor) {
  Place place;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    if (entry.key() == "location") {
      place.location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      Result<uint64_t> count = parseCount(entry);
      if (!count) {
        return count.status();
      }
      (entry.key() == "offset" ? place.offset : place.length.emplace()) = *count;
    }
  }
  if (place.location.empty()) {
    return failure("its external data has no location");
  }
  return place;
}

/// The path of a location: within the model's folder, wherever links lead.
Result<std::string> resolve(const std::string &location, const std::string &modelPath) {
  const fs::path relative(location);
  if (relative.is_absolute() || location.find('\0') != std::string::npos) {
    return failure("its external data must be beside the model, found ", rt::quoted(location));
  }
  std::error_code problem;
  const fs::path folder = fs::canonical(rt::folderOf(modelPath), problem);
  const fs::path path = problem ? fs::path() : fs::weakly_canonical(folder / relative, problem);
  const fs::path inside = problem ? fs::path("..") : path.lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") {
    return failure("its external data must be in the folder of the model, found ",
                   rt::quoted(location));
  }
  return path.string();
}

/// The bytes that dimensions and element type need.
Result<uint64_t> neededBytes(const onnx::TensorProto &tensor) {
  auto count = elementCount({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())});
  const int64_t size = dtypeSize(tensor.data_type());
  int64_t bytes = 0;
  if (!count || size == 0 || __builtin_mul_overflow(*count, size, &bytes)) {
    return failure("element type ", dtypeName(tensor.data_type()),
                   " or dimensions are not supported");
  }
  return static_cast<uint64_t>(bytes);
}

/// Files by path, each mapped once.
class Files {
public:
  Result<std::span<const uint8_t>> bytes(const std::string &path) {
    auto found = files_.find(path);
    if (found == files_.end()) {
      auto file = rt::MappedFile::open(path);
      if (!file) {
        return file.status();
      }
      found = files_.emplace(path, file.take()).first;
    }
    return found->second.bytes();
  }

private:
  std::map<std::string, rt::MappedFile> files_;
};

Status readTensor(onnx::TensorProto &tensor, const std::string &modelPath, Files &files,
                  uint64_t &total) {
  Result<Place> place = placeOf(tensor);
  if (!place) {
    return place.status();
  }
  Result<uint64_t> needed = neededBytes(tensor);
  if (!needed) {
    return needed.status();
  }
  if (place->length && *place->length != *needed) {
    return failure("its dimensions need ", *needed, " bytes, found ", *place->length,
                   " of external data");
  }
  Result<std::string> path = resolve(place->location, modelPath);
  if (!path) {
    return path.status();
  }
  auto bytes = files.bytes(*path);
  if (!bytes) {
    return failure("its values are in another file: ", bytes.status().message(),
                   "; keep that file beside the model, or export with external_data=False");
  }
  if (place->offset > bytes->size() || bytes->size() - place->offset < *needed) {
    return failure(*path, " has ", bytes->size(), " bytes; expected ", *needed, " at offset ",
                   place->offset);
  }
  total += *needed;
  if (total > maxModelBytes) {
    return failure("with its external data the model has more than ", maxModelBytes, " bytes");
  }
  auto values = bytes->subspan(place->offset, *needed);
  tensor.set_raw_data(values.data(), values.size());
  tensor.clear_external_data();
  tensor.clear_data_location();
  return Status::ok();
}

} // namespace

Status readExternalData(onnx::ModelProto &model, const std::string &modelPath) {
  Files files;
  uint64_t total = model.ByteSizeLong();
  for (onnx::TensorProto &tensor : *model.mutable_graph()->mutable_initializer()) {
    if (tensor.data_location() != onnx::TensorProto::EXTERNAL) {
      continue;
    }
    if (Status status = readTensor(tensor, modelPath, files, total); !status) {
      return failure(modelPath, ": initializer ", rt::quoted(tensor.name()), ": ",
                     status.message());
    }
  }
  return Status::ok();
}

} // namespace ntc::format
