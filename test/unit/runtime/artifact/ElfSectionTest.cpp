// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sections of ELF files that are built here byte by byte, then damaged in every field.
#include "runtime/artifact/ElfSection.h"

#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ntc::rt::artifact {
namespace {

using Bytes = std::vector<uint8_t>;

/// Header, names, content "manifest", three section headers: null, names, .ntc.manifest.
Bytes smallElf() {
  std::string names("\0.shstrtab\0.ntc.manifest\0", 25), content = "manifest";
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = 3;
  header.e_shstrndx = 1;
  header.e_shoff = sizeof(header) + names.size() + content.size();
  Elf64_Shdr sections[3] = {};
  sections[1].sh_type = SHT_STRTAB;
  sections[1].sh_name = 1;
  sections[1].sh_offset = sizeof(header);
  sections[1].sh_size = names.size();
  sections[2].sh_type = SHT_PROGBITS;
  sections[2].sh_name = 11;
  sections[2].sh_offset = sizeof(header) + names.size();
  sections[2].sh_size = content.size();
  std::string file(reinterpret_cast<const char *>(&header), sizeof(header));
  file += names + content;
  file.append(reinterpret_cast<const char *>(sections), sizeof(sections));
  return {file.begin(), file.end()};
}

TEST(ElfSection, isFoundByName) {
  Bytes file = smallElf();
  auto section = findElfSection(file, kManifestSection);
  ASSERT_TRUE(section) << section.status().message();
  EXPECT_EQ(std::string(section->begin(), section->end()), "manifest");
  EXPECT_EQ(findElfSection(file, ".text").status().code(), Code::NotFound);
}

TEST(ElfSection, truncationsAreRefused) {
  Bytes file = smallElf();
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_FALSE(findElfSection(std::span(file).first(length), kManifestSection)) << length;
  }
}

/// Whatever a byte says, the result lies within the file (the sanitizers watch the reads).
TEST(ElfSection, changedBytesNeverLeadOutsideTheFile) {
  Bytes file = smallElf();
  for (size_t at = 0; at < file.size(); ++at) {
    uint8_t original = file[at];
    for (unsigned value = 0; value < 256; ++value) {
      file[at] = static_cast<uint8_t>(value);
      auto section = findElfSection(file, kManifestSection);
      if (section && !section->empty()) {
        ASSERT_GE(section->data(), file.data());
        ASSERT_LE(section->data() + section->size(), file.data() + file.size());
      }
    }
    file[at] = original;
  }
}

TEST(ElfSection, otherFilesAreRefused) {
  Bytes file = smallElf();
  file[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(findElfSection(file, kManifestSection).status().code(), Code::Corrupt);
  EXPECT_EQ(findElfSection(Bytes(1000, 'x'), kManifestSection).status().code(), Code::Corrupt);
}

TEST(ElfSection, aSectionWithoutBytesInTheFileIsRefused) {
  Bytes file = smallElf();
  size_t type = file.size() - sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_type);
  file[type] = SHT_NOBITS;
  EXPECT_EQ(findElfSection(file, kManifestSection).status().code(), Code::Corrupt);
}

} // namespace
} // namespace ntc::rt::artifact
