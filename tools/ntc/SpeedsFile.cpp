// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeping and finding measured limits.
#include "tools/ntc/SpeedsFile.h"

#include "runtime/base/File.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/Verb.h"

namespace ntc::driver {
namespace {

constexpr uint64_t kMostBytes = 1u << 16;

std::string speedsPath() {
  auto folder = cacheFolder();
  return folder ? *folder + "/machine.json" : "";
}

Status keep(const KeptSpeeds &kept) {
  auto folder = privateCacheFolder();
  if (!folder) {
    return folder.status();
  }
  const std::string text = toJson(kept.speeds) + "\n";
  return rt::writeFileAtomically(kept.path,
                                 {reinterpret_cast<const uint8_t *>(text.data()), text.size()});
}

} // namespace

Result<KeptSpeeds> measureAndKeep() {
  auto speeds = rt::train::measureSpeeds(
      [](std::string_view what) { note(concat("measuring ", what, " …")); });
  if (!speeds) {
    return speeds.status();
  }
  KeptSpeeds kept{speeds.take(), speedsPath()};
  if (Status status = keep(kept); !status) {
    note("note: the measured limits are not kept: " + status.message());
    kept.path.clear();
  }
  return kept;
}

Result<KeptSpeeds> keptOrMeasured() {
  const std::string path = speedsPath();
  if (path.empty()) {
    return measureAndKeep();
  }
  auto bytes = rt::readFile(path, kMostBytes);
  if (!bytes) {
    if (bytes.status().code() != Code::NotFound) {
      return bytes.status();
    }
    note(concat("no '", path, "' yet: this machine's limits are measured first"));
    return measureAndKeep();
  }
  auto speeds =
      rt::train::parseSpeeds({reinterpret_cast<const char *>(bytes->data()), bytes->size()}, path);
  if (!speeds) {
    return speeds.status();
  }
  if (speeds->processor != rt::train::processorName()) {
    note(concat("'", path, "' is of another processor: this one's limits are measured first"));
    return measureAndKeep();
  }
  return KeptSpeeds{speeds.take(), path};
}

} // namespace ntc::driver
