// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile streams of tokens and texts in lines and tables: the first byte chooses the file's form
// and its options, the rest is the file.
#include "test/fuzz/InputFiles.h"

#include <array>

namespace {

struct Form {
  std::string_view scheme, file, options;
};

constexpr std::array<Form, 14> kForms = {{
    {"tokens", "t.npy", "?context=2"},
    {"tokens", "t.bin", "?context=3"},
    {"tokens", "t.bin", "?context=1&dtype=u8&stride=2"},
    {"tokens", "t.bin", "?context=1&dtype=u32"},
    {"tokens", "t.bin", "?context=1&dtype=i32&vocabulary=300"},
    {"tokens", "t.bin", "?context=1&dtype=i64"},
    {"text", "t.txt", "?context=1&by=chars"},
    {"text", "t.txt", "?context=2&by=bytes&stride=1"},
    {"sequences", "t.txt", ""},
    {"sequences", "t.txt", "?by=chars"},
    {"sequences", "t.txt", "?length=4&truncate=yes&pad=7&buckets=1,3"},
    {"sequences", "t.csv", "?text=text&label=label"},
    {"sequences", "t.csv", "?text=text&by=chars"},
    {"sequences", "t.tsv", "?text=text&label=label&length=5&truncate=yes"},
}};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ntc::fuzz::InputFiles files;
  if (size == 0) {
    return 0;
  }
  const Form &form = kForms[data[0] % kForms.size()];
  const std::string path =
      files.write(form.file, {reinterpret_cast<const char *>(data) + 1, size - 1});
  ntc::fuzz::openAndRead(std::string(form.scheme) + ":" + path + std::string(form.options));
  return 0;
}
