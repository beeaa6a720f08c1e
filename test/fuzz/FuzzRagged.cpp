// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile archives of sequences and of graphs. The first byte chooses the scheme and its options.
// What follows is an archive, or, where that would only break checksums, a row of arrays that one
// is made of: a byte each for name, type and rank, a byte per dimension, then the values.
#include "test/fuzz/InputFiles.h"
#include "test/unit/runtime/data/Archives.h"

#include <array>

namespace {

constexpr std::array<std::string_view, 8> kOptions = {
    "sequences:",        "sequences:?length=3&truncate=yes", "sequences:?buckets=2,5&pad=1",
    "graphs:",           "graphs:?directed=yes&loops=yes",   "graphs:?nodes=9",
    "graphs:?split=val", "graphs:?split=test&loops=yes"};
constexpr std::array<std::string_view, 18> kNames = {
    "x",      "offsets",  "y",          "features",  "edges",        "edge_index",
    "labels", "test",     "train_mask", "test_mask", "node_offsets", "train",
    "val",    "val_mask", "train_idx",  "val_index", "test_index",   "valid_mask"};
struct Type {
  std::string_view name;
  size_t bytes;
};
constexpr std::array<Type, 10> kTypes = {{{"<f4", 4},
                                          {"<f8", 8},
                                          {"|u1", 1},
                                          {"<i4", 4},
                                          {"<i8", 8},
                                          {"|b1", 1},
                                          {"|i1", 1},
                                          {"<u2", 2},
                                          {"<f2", 2},
                                          {"<u4", 4}}};

/// Takes bytes from the front; zeros behind the end.
class Bytes {
public:
  explicit Bytes(std::string_view rest) : rest_(rest) {}
  bool isEmpty() const { return rest_.empty(); }
  size_t number() {
    const size_t value = rest_.empty() ? 0 : static_cast<unsigned char>(rest_[0]);
    rest_.remove_prefix(std::min<size_t>(1, rest_.size()));
    return value;
  }
  std::string take(size_t count) {
    std::string out(rest_.substr(0, count));
    rest_.remove_prefix(out.size());
    out.resize(count, '\0');
    return out;
  }

private:
  std::string_view rest_;
};

std::string archiveOf(Bytes bytes) {
  std::vector<std::pair<std::string, std::string>> entries;
  while (!bytes.isEmpty() && entries.size() < kNames.size()) {
    const std::string name(kNames[bytes.number() % kNames.size()]);
    const Type &type = kTypes[bytes.number() % kTypes.size()];
    size_t count = 1;
    std::string shape = "(";
    for (size_t rank = bytes.number() % 4; rank > 0; --rank) {
      const size_t dim = bytes.number() % 33;
      count *= dim;
      shape += std::to_string(dim) + ",";
    }
    entries.emplace_back(
        name + ".npy", ntc::rt::data::npy(type.name, shape + ")", bytes.take(count * type.bytes)));
  }
  return ntc::rt::data::zip(entries);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const ntc::fuzz::InputFiles files;
  if (size == 0) {
    return 0;
  }
  const std::string_view content(reinterpret_cast<const char *>(data) + 1, size - 1);
  const std::string path = files.write(
      "a.npz", content.starts_with("PK") ? std::string(content) : archiveOf(Bytes(content)));
  std::string text(kOptions[data[0] % kOptions.size()]);
  text.insert(text.find(':') + 1, path);
  ntc::fuzz::openAndRead(text);
  return 0;
}
