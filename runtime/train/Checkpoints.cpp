// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// File names and marks.
#include "runtime/train/Checkpoints.h"

#include "runtime/base/File.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <dirent.h>
#include <memory>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

constexpr std::string_view kPrefix = "step-", kSuffix = ".safetensors";
constexpr std::string_view kFolder = "checkpoints";
constexpr size_t kDigits = 10;

std::string fileName(int64_t step) {
  std::string digits = std::to_string(step);
  std::string zeros(kDigits - std::min(kDigits, digits.size()), '0');
  return concat(kPrefix, zeros, digits, kSuffix);
}

/// The step of a checkpoint's file name; nothing for other names.
std::optional<int64_t> stepOf(std::string_view name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) {
    return std::nullopt;
  }
  std::string_view digits =
      name.substr(kPrefix.size(), name.size() - kPrefix.size() - kSuffix.size());
  int64_t step = -1;
  auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  bool sound = problem == std::errc() && end == digits.data() + digits.size() && step >= 0;
  return sound && fileName(step) == name ? std::optional(step) : std::nullopt;
}

} // namespace

std::string_view nameOf(Mark mark) { return mark == Mark::Latest ? "latest" : "best"; }

Result<Checkpoints> Checkpoints::create(const std::string &run) {
  std::string folder = concat(run, "/", kFolder);
  if (Result<bool> created = createFolders(folder); !created) {
    return created.status();
  }
  for (const std::string &each : {folder, run}) {
    if (Result<size_t> removed = removeStaleTemporaries(each); !removed) {
      return removed.status();
    }
  }
  return Checkpoints(run);
}

Checkpoints Checkpoints::view(const std::string &run) { return Checkpoints(run); }

std::string Checkpoints::path(int64_t step) const {
  return concat(run_, "/", kFolder, "/", fileName(step));
}

std::vector<int64_t> Checkpoints::steps() const {
  std::vector<int64_t> out;
  std::unique_ptr<DIR, int (*)(DIR *)> folder(::opendir(concat(run_, "/", kFolder).c_str()),
                                              ::closedir);
  if (!folder) {
    return out;
  }
  while (const dirent *entry = ::readdir(folder.get())) {
    if (std::optional<int64_t> step = stepOf(entry->d_name)) {
      out.push_back(*step);
    }
  }
  std::ranges::sort(out, std::greater<>());
  return out;
}

std::optional<int64_t> Checkpoints::marked(Mark mark) const {
  std::string link = concat(run_, "/", nameOf(mark));
  char buffer[256];
  ssize_t length = ::readlink(link.c_str(), buffer, sizeof(buffer));
  std::string target;
  if (length > 0 && static_cast<size_t>(length) < sizeof(buffer)) {
    target.assign(buffer, static_cast<size_t>(length));
  } else if (Result<std::vector<uint8_t>> bytes = readFile(link, sizeof(buffer)); bytes) {
    target.assign(bytes->begin(), bytes->end());
    target.erase(std::min(target.find('\n'), target.size()));
  }
  std::string prefix = concat(kFolder, "/");
  if (!target.starts_with(prefix)) {
    return std::nullopt;
  }
  std::optional<int64_t> step = stepOf(std::string_view(target).substr(prefix.size()));
  return step && ::access(path(*step).c_str(), F_OK) == 0 ? step : std::nullopt;
}

Status Checkpoints::mark(Mark mark, int64_t step) const {
  const std::string target = concat(kFolder, "/", fileName(step));
  const std::string link = concat(run_, "/", nameOf(mark));
  const std::string temporary = concat(link, ".tmp.", ::getpid());
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0) {
    const std::string text = target + "\n";
    return writeFileAtomically(link, {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  }
  if (::rename(temporary.c_str(), link.c_str()) != 0) {
    int problem = errno;
    ::unlink(temporary.c_str());
    return error(Code::Io, "cannot move '", link, "' to '", target, "': ", errnoText(problem));
  }
  return syncFolder(run_);
}

Status Checkpoints::prune(int64_t keep) const {
  const std::vector<int64_t> all = steps();
  const std::optional<int64_t> latest = marked(Mark::Latest), best = marked(Mark::Best);
  for (size_t i = static_cast<size_t>(std::max(keep, kLeastKept)); i < all.size(); ++i) {
    if (all[i] == latest || all[i] == best) {
      continue;
    }
    if (::unlink(path(all[i]).c_str()) != 0 && errno != ENOENT) {
      return error(Code::Io, "cannot remove '", path(all[i]), "': ", errnoText(errno));
    }
  }
  return Status::ok();
}

} // namespace ntc::rt::train
