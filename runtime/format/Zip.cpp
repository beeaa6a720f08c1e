// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Central directories and inflating; see Zip.h. Section numbers: PKWARE APPNOTE 6.3.10.
#include "runtime/format/Zip.h"

#include "runtime/base/CheckedMath.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <zlib.h>

namespace ntc::rt::format {

namespace {

constexpr uint32_t kEndSignature = 0x06054b50;       // 4.3.16
constexpr uint32_t kEnd64Signature = 0x06064b50;     // 4.3.14
constexpr uint32_t kLocator64Signature = 0x07064b50; // 4.3.15
constexpr uint32_t kCentralSignature = 0x02014b50;   // 4.3.12
constexpr uint32_t kLocalSignature = 0x04034b50;     // 4.3.7
constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kLocator64Bytes = 20;
constexpr size_t kCentralBytes = 46, kLocalBytes = 30;
constexpr uint64_t kMaxEntries = 1'000'000;
constexpr uint16_t kStored = 0, kDeflated = 8;

template <typename T> T load(std::span<const uint8_t> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

std::optional<std::span<const uint8_t>> part(std::span<const uint8_t> bytes, uint64_t offset,
                                             uint64_t size) {
  if (!fitsIn(offset, size, bytes.size())) {
    return std::nullopt;
  }
  return bytes.subspan(offset, size);
}

/// Where the central directory is.
struct Directory {
  uint64_t entries = 0;
  uint64_t sizeBytes = 0;
  uint64_t offset = 0;
};

/// The last end record whose comment reaches exactly to the end of the file.
std::optional<size_t> findEnd(std::span<const uint8_t> bytes) {
  if (bytes.size() < kEndBytes) {
    return std::nullopt;
  }
  size_t last = bytes.size() - kEndBytes;
  size_t longestComment = std::min<size_t>(last, 0xffff);
  for (size_t back = 0; back <= longestComment; ++back) {
    size_t at = last - back;
    if (load<uint32_t>(bytes, at) == kEndSignature && load<uint16_t>(bytes, at + 20) == back) {
      return at;
    }
  }
  return std::nullopt;
}

Result<Directory> findDirectory(std::span<const uint8_t> bytes) {
  auto end = findEnd(bytes);
  if (!end) {
    return error(Code::Corrupt, "is not a zip archive, or its end is missing");
  }
  Directory directory{load<uint16_t>(bytes, *end + 10), load<uint32_t>(bytes, *end + 12),
                      load<uint32_t>(bytes, *end + 16)};
  bool severalDisks = load<uint16_t>(bytes, *end + 4) != load<uint16_t>(bytes, *end + 6);
  bool extended = directory.entries == 0xffff || directory.sizeBytes == 0xffffffff ||
                  directory.offset == 0xffffffff;
  bool located = *end >= kLocator64Bytes &&
                 load<uint32_t>(bytes, *end - kLocator64Bytes) == kLocator64Signature;
  if (extended && located) {
    uint64_t at = load<uint64_t>(bytes, *end - kLocator64Bytes + 8);
    auto record = part(bytes, at, kEnd64Bytes);
    if (!record || load<uint32_t>(*record, 0) != kEnd64Signature) {
      return error(Code::Corrupt, "its 64-bit end record is missing");
    }
    severalDisks = load<uint32_t>(*record, 16) != load<uint32_t>(*record, 20);
    directory = {load<uint64_t>(*record, 32), load<uint64_t>(*record, 40),
                 load<uint64_t>(*record, 48)};
  }
  if (severalDisks) {
    return error(Code::Unsupported, "is one part of an archive of several files");
  }
  if (!fitsIn(directory.offset, directory.sizeBytes, *end)) {
    return error(Code::Corrupt, "its directory lies beyond the file");
  }
  if (directory.entries > kMaxEntries) {
    return error(Code::Unsupported, "has ", directory.entries, " entries, at most ", kMaxEntries,
                 " are supported");
  }
  return directory;
}

/// Replaces fields that are all ones by those of the 64-bit extra field (4.5.3), in its fixed
/// order.
Status applyExtra64(std::span<const uint8_t> extra, ZipEntry &entry, uint64_t &localOffset) {
  while (extra.size() >= 4) {
    uint16_t id = load<uint16_t>(extra, 0);
    auto body = part(extra, 4, load<uint16_t>(extra, 2));
    if (!body) {
      break;
    }
    extra = extra.subspan(4 + body->size());
    if (id != 1) {
      continue;
    }
    for (uint64_t *field : {&entry.sizeBytes, &entry.storedBytes, &localOffset}) {
      if (*field != 0xffffffff) {
        continue;
      }
      if (body->size() < 8) {
        return error(Code::Corrupt, "its 64-bit sizes are cut off");
      }
      *field = load<uint64_t>(*body, 0);
      *body = body->subspan(8);
    }
    return Status::ok();
  }
  return Status::ok();
}

/// Skips the local header, whose name and extra field may have other lengths than the directory's.
Status locateData(std::span<const uint8_t> bytes, uint64_t localOffset, ZipEntry &entry) {
  auto header = part(bytes, localOffset, kLocalBytes);
  if (!header || load<uint32_t>(*header, 0) != kLocalSignature) {
    return error(Code::Corrupt, "its header is missing");
  }
  entry.dataOffset =
      localOffset + kLocalBytes + load<uint16_t>(*header, 26) + load<uint16_t>(*header, 28);
  if (!fitsIn(entry.dataOffset, entry.storedBytes, bytes.size())) {
    return error(Code::Corrupt, "its ", entry.storedBytes, " bytes are cut off");
  }
  return Status::ok();
}

Status parseEntry(std::span<const uint8_t> bytes, std::span<const uint8_t> record,
                  std::span<const uint8_t> extra, ZipEntry &entry) {
  constexpr uint16_t encrypted = 1;
  if (load<uint16_t>(record, 8) & encrypted) {
    return error(Code::Unsupported, "is encrypted");
  }
  entry.method = load<uint16_t>(record, 10);
  entry.crc32 = load<uint32_t>(record, 16);
  entry.storedBytes = load<uint32_t>(record, 20);
  entry.sizeBytes = load<uint32_t>(record, 24);
  uint64_t localOffset = load<uint32_t>(record, 42);
  if (entry.method != kStored && entry.method != kDeflated) {
    return error(Code::Unsupported, "is compressed by method ", entry.method,
                 ", only stored (0) and deflated (8) are supported");
  }
  if (Status status = applyExtra64(extra, entry, localOffset); !status) {
    return status;
  }
  if (entry.method == kStored && entry.storedBytes != entry.sizeBytes) {
    return error(Code::Corrupt, "is stored but its two sizes differ");
  }
  return locateData(bytes, localOffset, entry);
}

/// Inflates raw deflate data. The output grows by doubling with what comes out, up to `sizeBytes`
/// and one more byte.
Result<std::vector<uint8_t>> inflateAll(std::span<const uint8_t> stored, uint64_t sizeBytes) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) {
    return error(Code::OutOfMemory, "cannot start inflating");
  }
  std::vector<uint8_t> out;
  uint64_t consumed = 0, produced = 0;
  int result = Z_OK;
  try {
    while (result == Z_OK) {
      if (produced == out.size()) {
        out.resize(std::min<uint64_t>(std::max<uint64_t>(out.size() * 2, 65536), sizeBytes + 1));
      }
      auto input = std::min<uint64_t>(stored.size() - consumed, 1u << 30);
      auto space = std::min<uint64_t>(out.size() - produced, 1u << 30);
      stream.next_in = const_cast<Bytef *>(stored.data() + consumed);
      stream.avail_in = static_cast<uInt>(input);
      stream.next_out = out.data() + produced;
      stream.avail_out = static_cast<uInt>(space);
      result = inflate(&stream, Z_NO_FLUSH);
      consumed += input - stream.avail_in;
      produced += space - stream.avail_out;
      if (produced > sizeBytes) {
        break;
      }
    }
  } catch (...) {
    inflateEnd(&stream);
    throw;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || produced != sizeBytes || consumed != stored.size()) {
    return error(Code::Corrupt, "does not inflate to its ", sizeBytes, " bytes");
  }
  out.resize(sizeBytes);
  return out;
}

constexpr uint32_t kNoCrc = 0; // that of no bytes

uint32_t crcOf(std::span<const uint8_t> bytes, uint32_t before = kNoCrc) {
  return static_cast<uint32_t>(::crc32_z(before, bytes.data(), bytes.size()));
}

Status wrongCrc(const ZipEntry &entry) {
  return error(Code::Corrupt, "entry ", quoted(entry.name), ": is damaged: its CRC-32 differs");
}

} // namespace

Result<ZipArchive> ZipArchive::open(const std::string &path) {
  auto file = MappedFile::open(path);
  if (!file) {
    return file.status();
  }
  auto archive = parse(file->bytes());
  if (!archive) {
    return withContext(archive.status(), path);
  }
  archive->file_ = file.take();
  return archive;
}

Result<ZipArchive> ZipArchive::parse(std::span<const uint8_t> bytes) {
  auto directory = findDirectory(bytes);
  if (!directory) {
    return directory.status();
  }
  ZipArchive archive;
  archive.bytes_ = bytes;
  auto rest = bytes.subspan(directory->offset, directory->sizeBytes);
  for (uint64_t i = 0; i < directory->entries; ++i) {
    if (rest.size() < kCentralBytes || load<uint32_t>(rest, 0) != kCentralSignature) {
      return error(Code::Corrupt, "its directory ends after ", i, " of ", directory->entries,
                   " entries");
    }
    auto record = rest.first(kCentralBytes);
    uint64_t nameBytes = load<uint16_t>(record, 28);
    uint64_t extraBytes = load<uint16_t>(record, 30);
    uint64_t commentBytes = load<uint16_t>(record, 32);
    auto texts = part(rest, kCentralBytes, nameBytes + extraBytes + commentBytes);
    if (!texts) {
      return error(Code::Corrupt, "its directory is cut off at entry ", i);
    }
    rest = rest.subspan(kCentralBytes + texts->size());
    ZipEntry &entry = archive.entries_.emplace_back();
    entry.name.assign(reinterpret_cast<const char *>(texts->data()), nameBytes);
    if (Status status = parseEntry(bytes, record, texts->subspan(nameBytes, extraBytes), entry);
        !status) {
      return withContext(status, "entry ", quoted(entry.name));
    }
  }
  std::vector<std::string_view> names;
  for (const ZipEntry &entry : archive.entries_) {
    names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end());
  auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    return error(Code::Corrupt, "two entries have the name ", quoted(*twice));
  }
  return archive;
}

const ZipEntry *ZipArchive::find(std::string_view name) const {
  auto found = std::ranges::find(entries_, name, &ZipEntry::name);
  return found == entries_.end() ? nullptr : &*found;
}

Result<std::vector<uint8_t>> ZipArchive::read(const ZipEntry &entry, uint64_t limitBytes) const {
  if (entry.sizeBytes > limitBytes) {
    return error(Code::Unsupported, "entry ", quoted(entry.name), ": has ", entry.sizeBytes,
                 " bytes, more than the limit of ", limitBytes);
  }
  auto stored = bytes_.subspan(entry.dataOffset, entry.storedBytes);
  auto content = entry.method == kStored
                     ? Result<std::vector<uint8_t>>(std::vector(stored.begin(), stored.end()))
                     : inflateAll(stored, entry.sizeBytes);
  if (content && crcOf(*content) != entry.crc32) {
    return wrongCrc(entry);
  }
  return withContext(std::move(content), "entry ", quoted(entry.name));
}

Result<std::span<const uint8_t>> ZipArchive::view(const ZipEntry &entry) const {
  constexpr size_t kPiece = size_t{16} << 20;
  const auto content = bytes_.subspan(entry.dataOffset, entry.storedBytes);
  uint32_t crc = kNoCrc;
  for (size_t at = 0; at < content.size(); at += kPiece) {
    const auto piece = content.subspan(at, std::min(kPiece, content.size() - at));
    crc = crcOf(piece, crc);
    file_.forget(piece);
  }
  return crc == entry.crc32 ? Result<std::span<const uint8_t>>(content) : wrongCrc(entry);
}

} // namespace ntc::rt::format
