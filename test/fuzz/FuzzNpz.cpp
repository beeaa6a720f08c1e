// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Hostile NumPy files, as data sets. An input that begins as an archive or an array is one. Others
// are taken apart at the bytes FF FE, where each part is an entry of an archive whose checksums are
// right: a name up to a line end, then a .npy file or, after a type and a shape in lines of their
// own, its values. Whatever the bytes, opening gives a set whose samples can all be read, in memory
// and mapped, or a status.
#include "runtime/data/NpzDataset.h"
#include "test/fuzz/InputFiles.h"
#include "test/unit/runtime/data/Archives.h"

#include <set>

namespace {

using namespace ntc::rt;

std::string_view takeUpTo(std::string_view &rest, std::string_view end) {
  const size_t at = std::min(rest.find(end), rest.size());
  const std::string_view out = rest.substr(0, at);
  rest.remove_prefix(std::min(at + end.size(), rest.size()));
  return out;
}

std::string archiveOf(std::string_view rest) {
  std::vector<std::pair<std::string, std::string>> entries;
  std::set<std::string> names;
  while (!rest.empty() && entries.size() < 8) {
    std::string_view part = takeUpTo(rest, "\xff\xfe");
    std::string name(takeUpTo(part, "\n"));
    if (!names.insert(name).second) {
      continue;
    }
    if (part.starts_with("\x93NUMPY")) {
      entries.emplace_back(std::move(name), part);
    } else {
      const std::string_view type = takeUpTo(part, "\n"), shape = takeUpTo(part, "\n");
      entries.emplace_back(std::move(name), data::npy(type, shape, part));
    }
  }
  return data::zip(entries);
}

/// Opens the archive with arrays that stay in its file.
void openMapped(const std::string &path) {
  auto source = data::DataSource::parse("npz:" + path);
  auto mapped = source ? data::openNpz(*source, {}, 0)
                       : Result<std::unique_ptr<data::Dataset>>(source.status());
  if (mapped) {
    ntc::fuzz::readSome(**mapped);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static const ntc::fuzz::InputFiles files;
  const std::string_view content(reinterpret_cast<const char *>(bytes), size);
  if (content.starts_with("\x93NUMPY")) {
    ntc::fuzz::openAndRead("npy:" + files.write("x.npy", content));
    return 0;
  }
  const std::string path =
      files.write("d.npz", content.starts_with("PK") ? std::string(content) : archiveOf(content));
  ntc::fuzz::openAndRead("npz:" + path);
  openMapped(path);
  return 0;
}
