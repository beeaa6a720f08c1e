// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keys, varints and lengths.
#include "runtime/report/Wire.h"

#include <cstring>

namespace ntc::rt::report {
namespace {

enum WireType : uint32_t { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

/// Little endian whatever the machine.
void appendFixed(std::string &out, uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

uint64_t readFixed(std::string_view text, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) {
    value |= uint64_t{static_cast<uint8_t>(text[i])} << (8 * i);
  }
  return value;
}

} // namespace

void WireWriter::plain(uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    text_ += static_cast<char>(value | 0x80);
  }
  text_ += static_cast<char>(value);
}

void WireWriter::key(uint32_t field, uint32_t type) { plain(uint64_t{field} << 3 | type); }

void WireWriter::varint(uint32_t field, uint64_t value) {
  key(field, Varint);
  plain(value);
}

void WireWriter::fixed32(uint32_t field, float value) {
  uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  key(field, Fixed32);
  appendFixed(text_, bits, 4);
}

void WireWriter::fixed64(uint32_t field, double value) {
  uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  key(field, Fixed64);
  appendFixed(text_, bits, 8);
}

void WireWriter::bytes(uint32_t field, std::string_view value) {
  key(field, Length);
  plain(value.size());
  text_ += value;
}

void WireWriter::doubles(uint32_t field, std::span<const double> values) {
  key(field, Length);
  plain(values.size() * sizeof(double));
  for (double value : values) {
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof(bits));
    appendFixed(text_, bits, 8);
  }
}

bool WireReader::takeVarint(uint64_t &value) {
  value = 0;
  for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const uint8_t byte = static_cast<uint8_t>(rest_[i]);
    value |= uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

Result<bool> WireReader::next(WireField &field) {
  if (rest_.empty()) {
    return false;
  }
  uint64_t key = 0;
  uint64_t length = 0;
  const auto cut = [] { return error(Code::Corrupt, "a protobuf message is cut short"); };
  if (!takeVarint(key)) {
    return cut();
  }
  field = {};
  field.number = static_cast<uint32_t>(key >> 3);
  switch (key & 7) {
  case Varint:
    return takeVarint(field.value) ? Result<bool>(true) : Result<bool>(cut());
  case Length:
    if (!takeVarint(length) || length > rest_.size()) {
      return cut();
    }
    field.isBytes = true;
    field.bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return true;
  case Fixed64:
  case Fixed32:
    length = (key & 7) == Fixed64 ? 8 : 4;
    if (rest_.size() < length) {
      return cut();
    }
    field.value = readFixed(rest_, length);
    rest_.remove_prefix(length);
    return true;
  default:
    return error(Code::Corrupt, "a protobuf message has a field of wire type ", key & 7);
  }
}

} // namespace ntc::rt::report
