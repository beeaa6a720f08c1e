// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ntc doctor: what this machine offers. Every line says what was found, or why not and what to do.
#include "runtime/base/File.h"
#include "runtime/data/OpenDataset.h"
#include "runtime/device/CpuFeatures.h"
#include "runtime/device/CpuTopology.h"
#include "runtime/format/Json.h"
#include "tools/ntc/ArtifactCache.h"
#include "tools/ntc/SpeedsFile.h"
#include "tools/ntc/Version.h"

#include "llvm/TargetParser/Host.h"

#include <cstdlib>
#include <dlfcn.h>
#include <fstream>
#include <sys/statvfs.h>
#include <unistd.h>

namespace ntc::driver {
namespace {

struct Finding {
  std::string name;
  bool found = true;
  std::string text;
};

std::string firstLine(const std::string &path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// A line of /proc/meminfo in bytes; 0 where it is missing.
uint64_t memoryInfo(const std::string &key) {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) {
      return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
    }
  }
  return 0;
}

Finding processor() {
  std::string features;
  for (const std::string &feature : rt::device::cpuFeatures()) {
    features += " " + feature;
  }
  return {"processor", true, concat(std::string(llvm::sys::getHostCPUName()), ":", features)};
}

Finding threads() {
  const size_t allowed = rt::device::allowedCores().size();
  const unsigned usable = rt::device::usableThreads();
  std::string text =
      concat(usable, " threads are used by default (", allowed, " cores in the affinity mask");
  std::string quota = firstLine("/sys/fs/cgroup/cpu.max");
  unsigned limit = rt::device::coresFromQuota(quota);
  text += limit > 0 ? concat(", the control group grants ", limit, ")") : ", no quota)";
  return {"threads", true, text};
}

Finding memory() {
  std::string text = concat(bytesText(memoryInfo("MemAvailable")), " available of ",
                            bytesText(memoryInfo("MemTotal")));
  std::string limit = firstLine("/sys/fs/cgroup/memory.max");
  if (!limit.empty() && limit != "max") {
    text +=
        concat(", the control group grants ", bytesText(std::strtoull(limit.c_str(), nullptr, 10)));
  }
  return {"memory", true, text};
}

/// Whether a library is there that is opened at run time. It stays open: NVIDIA's keep memory of
/// their own, which unloading would lose.
bool opens(const char *name) { return ::dlopen(name, RTLD_LAZY | RTLD_LOCAL) != nullptr; }

Finding cuda() {
  const bool driver = opens("libcuda.so.1");
  const bool device = ::access("/dev/nvidiactl", F_OK) == 0;
  std::string compiler;
  for (const char *name : {"libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so"}) {
    compiler = compiler.empty() && opens(name) ? name : compiler;
  }
  std::string text = driver ? "driver library found" : "no driver library (libcuda.so.1)";
  text += device ? ", device files found" : ", no device files (/dev/nvidiactl)";
  text += compiler.empty() ? ", no NVRTC (libnvrtc.so)" : ", " + compiler + " found";
  return {"cuda", false, text + "; this version compiles for the CPU only"};
}

Finding dataset(const std::string &name, const std::string &remedy) {
  auto source = rt::data::DataSource::parse(name);
  auto data = source ? rt::data::openDataset(*source, rt::data::Split::Train, {})
                     : Result<std::shared_ptr<const rt::data::Dataset>>(source.status());
  if (data) {
    return {name, true, concat(grouped((*data)->size()), " samples")};
  }
  return {name, false, concat(data.status().message(), remedy)};
}

Finding cache() {
  auto folder = cacheFolder();
  if (!folder) {
    return {"cache", false, "set HOME or XDG_CACHE_HOME, so that compiled models can be kept"};
  }
  struct statvfs space = {};
  std::string parent = *folder;
  while (::statvfs(parent.c_str(), &space) != 0 && parent.size() > 1) {
    parent = rt::folderOf(parent);
  }
  return {"cache", true,
          concat(*folder, ", ", bytesText(uint64_t{space.f_bavail} * space.f_frsize), " free")};
}

/// Measures this machine's limits and prints them.
int measure(const Verb &verb, bool json) {
  auto kept = measureAndKeep();
  if (!kept) {
    return fail(verb, kept.status());
  }
  printLine(json ? toJson(kept->speeds) : toText(kept->speeds));
  if (!json && !kept->path.empty()) {
    printLine(concat("kept in ", kept->path, ", for 'ntc plan --cost'"));
  }
  return kDone;
}

} // namespace

int runDoctor(const Verb &verb, Words words) {
  bool json = false, measures = false;
  std::vector<std::string> positionals;
  Flag measureFlag = rt::train::switchFlag(
      "--measure", measures, "measure arithmetic, caches, memory and threads, in some 4 s");
  if (auto code = parseWords(verb, words, {measureFlag, jsonFlag(json)}, {}, positionals)) {
    return *code;
  }
  if (measures) {
    return measure(verb, json);
  }
  const std::vector<Finding> findings = {
      {"ntc", true, version()},
      processor(),
      threads(),
      memory(),
      cuda(),
      dataset("fashion-mnist", "; 'apt-get install dataset-fashion-mnist' installs it"),
      cache(),
  };
  rt::format::JsonWriter writer;
  writer.beginObject();
  for (const Finding &finding : findings) {
    writer.key(finding.name);
    writer.beginObject();
    writer.key("found");
    writer.boolean(finding.found);
    writer.key("text");
    writer.string(finding.text);
    writer.endObject();
    if (!json) {
      std::string name = finding.name;
      name.resize(15, ' ');
      printLine(concat(name, finding.found ? "" : "no: ", finding.text));
    }
  }
  writer.endObject();
  if (json) {
    printLine(writer.text());
  }
  return kDone;
}

} // namespace ntc::driver
