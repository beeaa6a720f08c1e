// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes zip archives for tests, field by field, so that tests can damage any of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>
#include <zlib.h>

namespace ntc::rt::test {

class ZipBuilder {
public:
  explicit ZipBuilder(bool zip64) : zip64_(zip64) {}

  void add(const std::string &name, const std::string &content, bool deflated) {
    std::string stored = deflated ? deflate(content) : content;
    auto crc = static_cast<uint32_t>(::crc32(0, reinterpret_cast<const Bytef *>(content.data()),
                                             static_cast<uInt>(content.size())));
    uint64_t offset = out_.size();
    number(uint32_t{0x04034b50}, out_);
    header(name, stored.size(), content.size(), crc, deflated, 0, out_);
    text(name, out_);
    text(stored, out_);
    number(uint32_t{0x02014b50}, directory_);
    number(uint16_t{45}, directory_); // made by
    header(name, stored.size(), content.size(), crc, deflated, zip64_ ? 28 : 0, directory_);
    number(uint16_t{0}, directory_); // comment
    number(uint16_t{0}, directory_); // disk
    number(uint16_t{0}, directory_); // internal attributes
    number(uint32_t{0}, directory_); // external attributes
    number(zip64_ ? ~uint32_t{0} : static_cast<uint32_t>(offset), directory_);
    text(name, directory_);
    if (zip64_) {
      number(uint16_t{1}, directory_);
      number(uint16_t{24}, directory_);
      number(uint64_t{content.size()}, directory_);
      number(uint64_t{stored.size()}, directory_);
      number(offset, directory_);
    }
    ++entries_;
  }

  /// The archive; the builder is used up.
  std::vector<uint8_t> finish(std::string_view comment) {
    directoryOffset_ = out_.size();
    out_.insert(out_.end(), directory_.begin(), directory_.end());
    if (zip64_) {
      uint64_t at = out_.size();
      number(uint32_t{0x06064b50}, out_);
      number(uint64_t{44}, out_);
      number(uint32_t{0}, out_); // versions
      number(uint32_t{0}, out_); // this disk
      number(uint32_t{0}, out_); // disk of the directory
      number(uint64_t{entries_}, out_);
      number(uint64_t{entries_}, out_);
      number(uint64_t{directory_.size()}, out_);
      number(directoryOffset_, out_);
      number(uint32_t{0x07064b50}, out_);
      number(uint32_t{0}, out_);
      number(at, out_);
      number(uint32_t{1}, out_);
    }
    number(uint32_t{0x06054b50}, out_);
    number(uint32_t{0}, out_); // disks
    number(zip64_ ? uint16_t{0xffff} : entries_, out_);
    number(zip64_ ? uint16_t{0xffff} : entries_, out_);
    number(zip64_ ? ~uint32_t{0} : static_cast<uint32_t>(directory_.size()), out_);
    number(zip64_ ? ~uint32_t{0} : static_cast<uint32_t>(directoryOffset_), out_);
    number(static_cast<uint16_t>(comment.size()), out_);
    text(comment, out_);
    return out_;
  }

  size_t directoryOffset() const { return directoryOffset_; }

private:
  using Bytes = std::vector<uint8_t>;

  template <typename T> static void number(T value, Bytes &out) {
    uint8_t raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out.insert(out.end(), raw, raw + sizeof(T));
  }
  static void text(std::string_view value, Bytes &out) {
    out.insert(out.end(), value.begin(), value.end());
  }

  /// The fields that the local header and the directory share; only the directory has the 64-bit
  /// sizes.
  void header(const std::string &name, size_t stored, size_t size, uint32_t crc, bool deflated,
              uint16_t extra, Bytes &out) {
    number(uint16_t{45}, out);
    number(uint16_t{0}, out); // flags
    number(static_cast<uint16_t>(deflated ? 8 : 0), out);
    number(uint32_t{0}, out); // time
    number(crc, out);
    number(extra != 0 ? ~uint32_t{0} : static_cast<uint32_t>(stored), out);
    number(extra != 0 ? ~uint32_t{0} : static_cast<uint32_t>(size), out);
    number(static_cast<uint16_t>(name.size()), out);
    number(extra, out);
  }

  static std::string deflate(const std::string &content) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, content.size()) + 16, '\0');
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(content.data()));
    stream.avail_in = static_cast<uInt>(content.size());
    stream.next_out = reinterpret_cast<Bytef *>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }

  bool zip64_;
  Bytes out_, directory_;
  uint16_t entries_ = 0;
  uint64_t directoryOffset_ = 0;
};

} // namespace ntc::rt::test
