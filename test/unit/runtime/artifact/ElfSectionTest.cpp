// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sections of ELF files that are built here byte by byte, then damaged in every field.
#include "runtime/artifact/ElfSection.h"

#include <chrono>
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

/// Of a file of 60,000 sections whose names are one text of 8 MB, each is compared in a few bytes.
TEST(ElfSection, isFoundAmongManyAndLongNames) {
  constexpr size_t kSections = 60000, kNames = size_t{8} << 20;
  Bytes file = smallElf();
  Elf64_Ehdr header;
  std::memcpy(&header, file.data(), sizeof(header));
  Elf64_Shdr names;
  std::memcpy(&names, file.data() + header.e_shoff + sizeof(names), sizeof(names));
  header.e_shoff = file.size();
  header.e_shnum = static_cast<Elf64_Half>(kSections);
  std::memcpy(file.data(), &header, sizeof(header));
  Elf64_Shdr other{};
  names.sh_offset = file.size() + kSections * sizeof(other);
  names.sh_size = kNames;
  std::string sections(kSections * sizeof(other), '\0');
  std::memcpy(sections.data() + sizeof(names), &names, sizeof(names));
  file.insert(file.end(), sections.begin(), sections.end());
  file.insert(file.end(), kNames - 1, 'a');
  file.push_back(0);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(findElfSection(file, kManifestSection).status().code(), Code::NotFound);
  // Two bytes for each section take milliseconds, 500 GB would take minutes.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
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
