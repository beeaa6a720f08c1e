// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder of one test's files, removed at its end, and writers of small data files.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace ntc::rt::data {

/// A fresh folder under the system's folder for temporary files.
class Scratch {
public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "ntc-test-XXXXXX").string();
    if (!::mkdtemp(name.data())) {
      std::abort();
    }
    path_ = name;
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  Scratch(const Scratch &) = delete;

  const std::string &path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view bytes) const {
    std::string path = *this / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }
  std::string writeGzip(std::string_view name, std::string_view bytes) const {
    std::string path = *this / name;
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return path;
  }

private:
  std::string path_;
};

inline std::string readAll(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

/// The bytes of an IDX file of u8.
inline std::string idxBytes(const std::vector<uint32_t> &dims, std::string_view values) {
  std::string out{'\0', '\0', '\x08', static_cast<char>(dims.size())};
  for (uint32_t dim : dims) {
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += static_cast<char>(dim >> shift);
    }
  }
  return out + std::string(values);
}

/// Whether `text` has `part`, with both in the failure's text.
inline testing::AssertionResult has(const std::string &text, std::string_view part) {
  if (text.find(part) != std::string::npos) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << "expected '" << part << "' in: " << text;
}

} // namespace ntc::rt::data
