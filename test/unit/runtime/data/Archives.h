// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writers of NumPy's archives.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zlib.h>

namespace ntc::rt::data {

/// A .npy file of version 1.0.
inline std::string npy(std::string_view type, std::string_view shape, std::string_view values) {
  std::string dict = "{'descr': '" + std::string(type) +
                     "', 'fortran_order': False, 'shape': " + std::string(shape) + ", }";
  dict.append(64 - (10 + dict.size() + 1) % 64, ' ');
  dict += '\n';
  std::string out = "\x93NUMPY\x01";
  out += '\0';
  out += static_cast<char>(dict.size() & 0xff);
  out += static_cast<char>(dict.size() >> 8);
  return out + dict + std::string(values);
}

inline void append(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += i < 8 ? static_cast<char>(value >> (8 * i)) : '\0';
  }
}

/// A zip archive with stored entries.
inline std::string zip(const std::vector<std::pair<std::string, std::string>> &entries) {
  std::string out, directory;
  for (const auto &[name, bytes] : entries) {
    uint64_t crc =
        crc32(0, reinterpret_cast<const Bytef *>(bytes.data()), static_cast<uInt>(bytes.size()));
    std::string common;
    append(common, 20, 2);
    append(common, 0, 8); // flags, method, time, date
    append(common, crc, 4);
    append(common, bytes.size(), 4);
    append(common, bytes.size(), 4);
    append(common, name.size(), 2);
    append(common, 0, 2);
    append(directory, 0x02014b50, 4);
    append(directory, 20, 2);
    directory += common;
    append(directory, 0, 2 + 2 + 2 + 4);
    append(directory, out.size(), 4);
    directory += name;
    append(out, 0x04034b50, 4);
    out += common + name + bytes;
  }
  const size_t start = out.size();
  out += directory;
  append(out, 0x06054b50, 4);
  append(out, 0, 4);
  append(out, entries.size(), 2);
  append(out, entries.size(), 2);
  append(out, directory.size(), 4);
  append(out, start, 4);
  append(out, 0, 2);
  return out;
}

template <typename T> std::string bytesOf(const std::vector<T> &values) {
  return std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

} // namespace ntc::rt::data
