// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finding one section of an ELF file without loading it: the manifest of an artifact is read before
// any of its code can run. Understands 64-bit little-endian files; every offset is checked against
// the real size.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ntc::rt::artifact {

/// The section of an artifact that holds the serialized manifest.
inline constexpr std::string_view kManifestSection = ".ntc.manifest";

/// Where the header of the first section named `name` lies, an Elf64_Shdr; it and what it points to
/// are within `file`. Errors: as findElfSection.
Result<uint64_t> findElfSectionHeader(std::span<const uint8_t> file, std::string_view name);

/// The bytes of the first section named `name`, within `file`.
/// Errors: Corrupt when `file` is no such ELF file or a table lies beyond it; NotFound when no
/// section has the name.
Result<std::span<const uint8_t>> findElfSection(std::span<const uint8_t> file,
                                                std::string_view name);

} // namespace ntc::rt::artifact
