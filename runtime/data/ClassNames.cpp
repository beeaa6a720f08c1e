// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tables of published names, and files of names with a line for each label.
#include "runtime/data/ClassNames.h"

#include "runtime/base/File.h"
#include "runtime/base/Utf8.h"

#include <algorithm>
#include <string_view>

namespace ntc::rt::data {
namespace {

constexpr uint64_t kGreatestFile = 1 << 20;

} // namespace

std::vector<std::string> fashionMnistNames() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
          "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
}

std::vector<std::string> cifar10Names() {
  return {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"};
}

Result<std::vector<std::string>> readClassNames(const std::string &path, int64_t classes) {
  Result<std::vector<uint8_t>> bytes = readFile(path, kGreatestFile);
  if (!bytes) {
    return bytes.status();
  }
  std::string_view text(reinterpret_cast<const char *>(bytes->data()), bytes->size());
  text = text.substr(0, text.find_last_not_of("\r\n") + 1);
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = line.substr(0, line.find_last_not_of("\r \t") + 1);
    const size_t number = names.size() + 1;
    if (line.empty() || !isUtf8(line)) {
      return error(Code::Corrupt, "'", path, "', line ", number,
                   ": expected the name of a class in UTF-8, found ",
                   line.empty() ? "an empty line" : "other bytes");
    }
    if (const auto first = std::ranges::find(names, line); first != names.end()) {
      return error(Code::Corrupt, "'", path, "', line ", number, ": the name ", quoted(line),
                   " is also that of line ", first - names.begin() + 1);
    }
    names.emplace_back(line);
  }
  if (std::ssize(names) < classes) {
    return error(Code::Corrupt, "'", path, "' names ", names.size(),
                 " classes, but labels go up to ", classes - 1);
  }
  return names;
}

Result<std::vector<std::string>> classNamesOf(const DataSource &source, int64_t classes,
                                              std::vector<std::string> fallback) {
  const std::string *path = source.find("class_names");
  if (!path) {
    return fallback;
  }
  if (classes == 0) {
    return error(Code::InvalidArgument, "data '", source.text,
                 "': option 'class_names' needs a target of labels, whole numbers from 0");
  }
  return readClassNames(*path, classes);
}

} // namespace ntc::rt::data
