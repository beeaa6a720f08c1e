// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Versions, and the build id that the linker writes into the program.
#include "tools/ntc/Version.h"

#include "runtime/base/Text.h"
#include "runtime/device/CpuFeatures.h"
#include "tools/ntc/Commit.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/TargetParser/Host.h"

#include <cstring>
#include <elf.h>
#include <link.h>

namespace ntc::driver {
namespace {

/// Walks the notes of one segment for the GNU build id.
std::string findBuildId(const char *notes, size_t size) {
  for (size_t at = 0; at + sizeof(ElfW(Nhdr)) <= size;) {
    ElfW(Nhdr) header;
    std::memcpy(&header, notes + at, sizeof(header));
    size_t name = at + sizeof(header);
    size_t value = name + (header.n_namesz + 3) / 4 * 4;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 &&
        std::memcmp(notes + name, "GNU", 4) == 0) {
      std::string out;
      for (size_t i = 0; i < header.n_descsz; ++i) {
        constexpr const char *digits = "0123456789abcdef";
        auto byte = static_cast<unsigned char>(notes[value + i]);
        out += {digits[byte >> 4], digits[byte & 15]};
      }
      return out;
    }
    at = value + (header.n_descsz + 3) / 4 * 4;
  }
  return {};
}

/// Called for the program first; ends the walk over loaded objects after it.
int visitProgram(struct dl_phdr_info *info, size_t, void *out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr) &segment = info->dlpi_phdr[i];
    if (segment.p_type == PT_NOTE) {
      const auto *notes = reinterpret_cast<const char *>(info->dlpi_addr + segment.p_vaddr);
      auto &id = *static_cast<std::string *>(out);
      id = id.empty() ? findBuildId(notes, segment.p_memsz) : id;
    }
  }
  return 1;
}

} // namespace

std::string version() { return NTC_VERSION; }

std::string buildIdentity() {
  std::string id;
  ::dl_iterate_phdr(visitProgram, &id);
  return id.empty() ? rt::concat(NTC_VERSION, "+", NTC_COMMIT) : id;
}

std::string versionText() {
  std::string features;
  for (const std::string &feature : rt::device::cpuFeatures()) {
    features += (features.empty() ? "" : " ") + feature;
  }
  return rt::concat("ntc ", version(), " (", NTC_COMMIT, ")\nLLVM ", LLVM_VERSION_STRING, "\n",
                    "processor ", std::string(llvm::sys::getHostCPUName()), ": ", features, "\n");
}

} // namespace ntc::driver
