// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ELF section headers from hostile bytes; see ElfSection.h. Layout: System V ABI, chapter 4,
// "Sections".
#include "runtime/artifact/ElfSection.h"

#include "runtime/base/CheckedMath.h"

#include <cstring>
#include <elf.h>
#include <optional>

namespace ntc::rt::artifact {

namespace {

/// A copy of the struct at `offset`; nothing when it is not all there. Copies, since the file
/// aligns nothing.
template <typename T> std::optional<T> structAt(std::span<const uint8_t> file, uint64_t offset) {
  if (!fitsIn(offset, sizeof(T), file.size())) {
    return std::nullopt;
  }
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

std::optional<Elf64_Shdr> sectionHeader(std::span<const uint8_t> file, const Elf64_Ehdr &header,
                                        uint64_t index) {
  auto within = checkedMul(index, sizeof(Elf64_Shdr));
  auto offset = within ? checkedAdd(header.e_shoff, *within) : std::nullopt;
  return offset ? structAt<Elf64_Shdr>(file, *offset) : std::nullopt;
}

bool isElf64LittleEndian(const Elf64_Ehdr &header) {
  return std::memcmp(header.e_ident, ELFMAG, SELFMAG) == 0 &&
         header.e_ident[EI_CLASS] == ELFCLASS64 && header.e_ident[EI_DATA] == ELFDATA2LSB;
}

/// Whether the zero-terminated text at `offset` of the string table is `name`. Looks no further
/// than that is long: a table of strings may be one text, asked for by every section.
bool isNameAt(std::span<const uint8_t> strings, uint64_t offset, std::string_view name) {
  return fitsIn(offset, name.size() + 1, strings.size()) &&
         std::memcmp(strings.data() + offset, name.data(), name.size()) == 0 &&
         strings[offset + name.size()] == 0;
}

} // namespace

Result<uint64_t> findElfSectionHeader(std::span<const uint8_t> file, std::string_view name) {
  auto header = structAt<Elf64_Ehdr>(file, 0);
  if (!header || !isElf64LittleEndian(*header)) {
    return error(Code::Corrupt, "is not a 64-bit little-endian ELF file");
  }
  if (header->e_shoff == 0 || header->e_shentsize != sizeof(Elf64_Shdr)) {
    return error(Code::Corrupt, "has no table of sections");
  }
  // Section 0 holds the numbers that do not fit the header (System V ABI, "Extended numbering").
  auto first = sectionHeader(file, *header, 0);
  if (!first) {
    return error(Code::Corrupt, "its table of sections is cut off");
  }
  uint64_t count = header->e_shnum != 0 ? header->e_shnum : first->sh_size;
  uint64_t stringsIndex = header->e_shstrndx != SHN_XINDEX ? header->e_shstrndx : first->sh_link;
  auto strings = stringsIndex < count ? sectionHeader(file, *header, stringsIndex) : std::nullopt;
  if (!strings || strings->sh_type != SHT_STRTAB ||
      !fitsIn(strings->sh_offset, strings->sh_size, file.size())) {
    return error(Code::Corrupt, "its table of section names is cut off");
  }
  auto names = file.subspan(strings->sh_offset, strings->sh_size);
  for (uint64_t i = 1; i < count; ++i) {
    auto section = sectionHeader(file, *header, i);
    if (!section) {
      return error(Code::Corrupt, "its table of sections is cut off");
    }
    if (!isNameAt(names, section->sh_name, name)) {
      continue;
    }
    if (section->sh_type == SHT_NOBITS ||
        !fitsIn(section->sh_offset, section->sh_size, file.size())) {
      return error(Code::Corrupt, "its section ", name, " is cut off");
    }
    return header->e_shoff + i * sizeof(Elf64_Shdr);
  }
  return error(Code::NotFound, "has no section ", name, ": it is not an artifact of ntc");
}

Result<std::span<const uint8_t>> findElfSection(std::span<const uint8_t> file,
                                                std::string_view name) {
  auto header = findElfSectionHeader(file, name);
  if (!header) {
    return header.status();
  }
  const auto section = structAt<Elf64_Shdr>(file, *header);
  return file.subspan(section->sh_offset, section->sh_size);
}

} // namespace ntc::rt::artifact
