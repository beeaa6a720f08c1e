// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the arrays of an archive, or of files of one array each, to fields.
#include "runtime/data/NpzDataset.h"

#include "runtime/base/File.h"
#include "runtime/data/StoredArrays.h"
#include "runtime/data/TensorFile.h"

#include <algorithm>
#include <filesystem>

namespace ntc::rt::data {
namespace {

/// One of the files of `npy:…`, of which `owner` keeps the mapping.
Status addFile(const std::string &path, bool isTarget, std::vector<std::string> &names,
               StoredArrays &arrays, std::vector<MappedFile> &owner) {
  std::string name = std::filesystem::path(path).stem().string();
  if (std::ranges::find(names, name) != names.end()) {
    return error(Code::InvalidArgument, "'", path, "': another array is called ", quoted(name),
                 " already; arrays are called as their files without '.npy'");
  }
  names.push_back(name);
  Result<MappedFile> file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  Result<format::NpyView> view = format::viewNpy(file->bytes());
  if (!view) {
    return withContext(view.status(), "'", path, "'");
  }
  const std::string label = concat("'", path, "'");
  if (view->isColumnMajor) {
    Result<format::NpyArray> array = format::parseNpy(file->bytes());
    return array ? arrays.add(label, std::move(name), isTarget, array.take()) : array.status();
  }
  owner.push_back(file.take());
  return arrays.add(label, std::move(name), isTarget, view.take());
}

/// The file names of a list divided by commas.
Result<std::vector<std::string>> filesOf(const DataSource &source, std::string_view option) {
  std::vector<std::string> out;
  const std::string *value = source.find(option);
  for (size_t at = 0; value && at <= value->size();) {
    const size_t end = std::min(value->find(',', at), value->size());
    if (end == at) {
      return error(Code::InvalidArgument, "data '", source.text, "': option '", option,
                   "' must be names of .npy files divided by commas, found ", quoted(*value));
    }
    out.push_back(value->substr(at, end - at));
    at = end + 1;
  }
  return out;
}

} // namespace

Result<std::unique_ptr<Dataset>> openNpz(const DataSource &source,
                                         std::span<const artifact::InputSpec> inputs,
                                         uint64_t mappedFrom) {
  Result<format::NpzArchive> opened = format::NpzArchive::open(source.place);
  if (!opened) {
    return opened.status();
  }
  auto archive = std::make_shared<const format::NpzArchive>(opened.take());
  const std::vector<std::string> keys = archive->keys();
  if (keys.empty()) {
    return error(Code::Corrupt, "'", source.place, "' holds no arrays");
  }
  StoredArrays arrays(source.place);
  for (const std::string &key : keys) {
    const std::string label = concat("array ", quoted(key));
    const bool isTarget = isTargetName(key, inputs);
    if (archive->sizeBytes(key) >= mappedFrom) {
      Result<std::optional<format::NpyView>> view = archive->view(key);
      if (!view) {
        return view.status();
      }
      if (*view && !(*view)->isColumnMajor) {
        if (Status status = arrays.add(label, key, isTarget, std::move(**view)); !status) {
          return status;
        }
        continue;
      }
    }
    Result<format::NpyArray> array = archive->read(key);
    if (!array) {
      return array.status();
    }
    if (Status status = arrays.add(label, key, isTarget, array.take()); !status) {
      return status;
    }
  }
  return arrays.take(source, std::move(archive));
}

Result<std::unique_ptr<Dataset>> openNpy(const DataSource &source, uint64_t keptBytes) {
  auto files = std::make_shared<std::vector<MappedFile>>();
  std::vector<std::string> names;
  StoredArrays arrays("");
  if (Status status = addFile(source.place, false, names, arrays, *files); !status) {
    return status;
  }
  for (std::string_view option : {"inputs", "target"}) {
    Result<std::vector<std::string>> more = filesOf(source, option);
    if (!more) {
      return more.status();
    }
    for (const std::string &path : *more) {
      if (Status status = addFile(path, option == "target", names, arrays, *files); !status) {
        return status;
      }
    }
  }
  return arrays.take(source, std::move(files), keptBytes);
}

} // namespace ntc::rt::data
