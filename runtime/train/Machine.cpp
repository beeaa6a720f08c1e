// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// /proc/cpuinfo, uname and getrusage.
#include "runtime/train/Machine.h"

#include "runtime/base/Text.h"
#include "runtime/device/CpuTopology.h"

#include <fstream>
#include <sys/resource.h>
#include <sys/utsname.h>

namespace ntc::rt::train {
namespace {

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) {
      return line.substr(colon + 2);
    }
  }
  return "";
}

} // namespace

std::vector<std::pair<std::string, std::string>> machinePairs() {
  std::vector<std::pair<std::string, std::string>> out;
  if (std::string name = processor(); !name.empty()) {
    out.emplace_back("processor", std::move(name));
  }
  out.emplace_back("usable cores", concat(device::usableThreads()));
  struct utsname system = {};
  if (::uname(&system) == 0) {
    out.emplace_back("system", concat(system.sysname, " ", system.release, " ", system.machine));
  }
  struct rusage usage = {};
  if (::getrusage(RUSAGE_SELF, &usage) == 0) {
    // Linux counts in KiB.
    out.emplace_back("peak memory of the process", concat(usage.ru_maxrss / 1024, " MiB"));
  }
  return out;
}

} // namespace ntc::rt::train
