// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The header of the manifest's section is pointed to bytes at the end of the file; no byte that is
// loaded moves. Section headers: System V ABI, chapter 4.
#include "runtime/artifact/ReplaceManifest.h"

#include "runtime/artifact/ElfSection.h"
#include "runtime/artifact/Seal.h"

#include <algorithm>
#include <cstring>
#include <elf.h>

namespace ntc::rt::artifact {

namespace {

constexpr size_t kAlignment = 64;

} // namespace

Result<std::vector<uint8_t>> replaceManifest(std::span<const uint8_t> file,
                                             const Manifest &manifest) {
  if (Status status = checkSeal(file); !status) {
    return status;
  }
  const auto unsealed = file.first(file.size() - kSealBytes);
  auto header = findElfSectionHeader(unsealed, kManifestSection);
  if (!header) {
    return header.status();
  }
  std::vector<uint8_t> out(unsealed.begin(), unsealed.end());
  Elf64_Shdr section;
  std::memcpy(&section, out.data() + *header, sizeof(section));
  const bool isLast = section.sh_offset + section.sh_size == out.size();
  if (isLast && section.sh_offset > *header + sizeof(section)) {
    // Of an artifact whose manifest was replaced before.
    out.resize(section.sh_offset);
  } else {
    std::fill_n(out.begin() + static_cast<ptrdiff_t>(section.sh_offset), section.sh_size, 0);
  }
  out.resize((out.size() + kAlignment - 1) / kAlignment * kAlignment);
  const std::vector<uint8_t> bytes = serialize(manifest);
  section.sh_offset = out.size();
  section.sh_size = bytes.size();
  section.sh_addr = 0;
  section.sh_flags = 0;
  std::memcpy(out.data() + *header, &section, sizeof(section));
  out.insert(out.end(), bytes.begin(), bytes.end());
  const auto seal = sealOf(out);
  out.insert(out.end(), seal.begin(), seal.end());
  return out;
}

} // namespace ntc::rt::artifact
