// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Affinity and control-group quota; see CpuTopology.h. Files: Linux's admin-guide/cgroup-v2.rst,
// "CPU Interface Files", and cgroup-v1's sched-bwc.rst.
#include "runtime/device/CpuTopology.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/File.h"

#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

namespace ntc::rt::device {

namespace {

/// A short file of /proc or /sys; empty when it is not there. These report a size of 0 and are read
/// to the end.
std::string readSmallFile(const std::string &path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char buffer[4096];
  ssize_t got = file.isOpen() ? ::read(file.get(), buffer, sizeof(buffer)) : 0;
  return got > 0 ? std::string(buffer, static_cast<size_t>(got)) : std::string();
}

/// The process's group in the unified hierarchy: the line "0::/path" of /proc/self/cgroup.
std::string unifiedGroup() {
  std::string groups = readSmallFile("/proc/self/cgroup");
  size_t at = groups.starts_with("0::") ? 0 : groups.find("\n0::");
  if (at == std::string::npos) {
    return "";
  }
  size_t begin = groups.find("::", at) + 2;
  return groups.substr(begin, groups.find('\n', begin) - begin);
}

unsigned smallestLimit(unsigned a, unsigned b) { return a == 0 ? b : b == 0 ? a : std::min(a, b); }

/// The quota of the process's group and of all groups above it.
unsigned quotaCores() {
  unsigned limit = 0;
  std::string group = unifiedGroup();
  while (true) {
    limit =
        smallestLimit(limit, coresFromQuota(readSmallFile("/sys/fs/cgroup" + group + "/cpu.max")));
    if (group.empty() || group == "/") {
      break;
    }
    group.resize(group.rfind('/') == std::string::npos ? 0 : group.rfind('/'));
  }
  std::string quota = readSmallFile("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::string period = readSmallFile("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  std::erase(quota, '\n');
  return smallestLimit(limit, coresFromQuota(quota + " " + period));
}

} // namespace

std::vector<int> allowedCores() {
  std::vector<int> cores;
  // The kernel refuses masks shorter than its own; grow until it fits.
  for (size_t cpus = 1024; cpus <= (size_t{1} << 20); cpus *= 4) {
    cpu_set_t *mask = CPU_ALLOC(cpus);
    size_t bytes = CPU_ALLOC_SIZE(cpus);
    bool known = mask != nullptr && ::sched_getaffinity(0, bytes, mask) == 0;
    for (size_t cpu = 0; known && cpu < cpus; ++cpu) {
      if (CPU_ISSET_S(cpu, bytes, mask)) {
        cores.push_back(static_cast<int>(cpu));
      }
    }
    CPU_FREE(mask);
    if (known) {
      break;
    }
  }
  if (cores.empty()) {
    cores.push_back(0);
  }
  return cores;
}

unsigned coresFromQuota(std::string_view cpuMax) {
  const char *end = cpuMax.data() + cpuMax.size();
  uint64_t quota = 0, period = 0;
  auto first = std::from_chars(cpuMax.data(), end, quota);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != ' ') {
    return 0;
  }
  auto second = std::from_chars(first.ptr + 1, end, period);
  if (second.ec != std::errc() || quota == 0 || period == 0) {
    return 0;
  }
  uint64_t cores = ceilDiv(quota, period);
  return static_cast<unsigned>(std::min<uint64_t>(cores, 1u << 20));
}

unsigned usableThreads() {
  auto cores = static_cast<unsigned>(allowedCores().size());
  unsigned quota = quotaCores();
  return std::max(1u, smallestLimit(cores, quota));
}

} // namespace ntc::rt::device
