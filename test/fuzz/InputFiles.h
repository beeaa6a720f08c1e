// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs as files, for readers that take paths; and what every data set must keep, whatever its
// files said.
#pragma once

#include "runtime/data/OpenDataset.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::fuzz {

/// A folder of the process, removed at its end.
class InputFiles {
public:
  InputFiles() {
    std::string name = (std::filesystem::temp_directory_path() / "ntc-fuzz-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) {
      std::abort();
    }
    path_ = name;
  }
  ~InputFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  InputFiles(const InputFiles &) = delete;

  /// Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view bytes) const {
    std::string path = path_ + "/" + std::string(name);
    std::FILE *file = std::fopen(path.c_str(), "wb");
    if (!file || std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() ||
        std::fclose(file) != 0) {
      std::abort();
    }
    return path;
  }

private:
  std::string path_;
};

/// Reads some samples of every field, as themselves and as what a model may want: labels of classes
/// lie below their number.
inline void readSome(const rt::data::Dataset &set) {
  using namespace ntc::rt;
  constexpr size_t kMostBytes = size_t{1} << 24;
  if (set.size() < 1) {
    std::abort();
  }
  const std::vector<int64_t> rows = {0, set.size() / 2, set.size() - 1, 0};
  for (int64_t row : rows) {
    (void)set.nameOf(row);
    (void)set.lengthOf(row);
  }
  for (size_t i = 0; i < set.fields().size(); ++i) {
    const data::Field &field = set.fields()[i];
    for (DType dtype : {field.dtype, DType::F32, DType::I32, DType::I64}) {
      const auto elements = static_cast<size_t>(field.elements());
      const bool isSmall = elements <= kMostBytes / sizeOf(dtype) / rows.size();
      if (!isSmall || !data::canConvert(field, dtype)) {
        continue;
      }
      std::vector<std::byte> out(elements * sizeOf(dtype) * rows.size());
      if (!set.readRows(i, rows, dtype, out.data(), {})) {
        std::abort();
      }
      const auto *labels = reinterpret_cast<const int64_t *>(out.data());
      if (field.classes > 0 && dtype == DType::I64 &&
          !std::all_of(labels, labels + elements * rows.size(),
                       [&](int64_t label) { return label >= 0 && label < field.classes; })) {
        std::abort();
      }
    }
  }
}

/// Opens the data and reads some of it; a status must give its reason.
inline void openAndRead(const std::string &text) {
  using namespace ntc::rt;
  auto source = data::DataSource::parse(text);
  auto opened = source ? data::openDataset(*source, data::Split::Train, {})
                       : Result<std::shared_ptr<const data::Dataset>>(source.status());
  if (opened) {
    readSome(**opened);
  } else if (opened.status().message().empty()) {
    std::abort();
  }
}

} // namespace ntc::fuzz
