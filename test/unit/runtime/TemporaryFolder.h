// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A folder for one test, removed with everything in it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ntc::rt::test {

class TemporaryFolder {
public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ntc-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder &) = delete;
  TemporaryFolder &operator=(const TemporaryFolder &) = delete;

  std::string path() const { return path_; }
  std::string file(const std::string &name) const { return path_ + "/" + name; }
  size_t count() const {
    size_t entries = 0;
    for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(path_)) {
      ++entries;
    }
    return entries;
  }

private:
  std::string path_;
};

} // namespace ntc::rt::test
