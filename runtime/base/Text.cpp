// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sentences from parts; see Text.h.
#include "runtime/base/Text.h"

#include "runtime/base/Utf8.h"

#include <charconv>

namespace ntc::rt {

namespace {

template <typename T> void appendNumber(std::string &out, T value) {
  char buffer[40];
  auto result = std::to_chars(buffer, buffer + sizeof(buffer), value);
  out.append(buffer, result.ptr);
}

void appendHexByte(std::string &out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

} // namespace

void appendPart(std::string &out, std::string_view text) { out.append(text); }
void appendPart(std::string &out, char character) { out.push_back(character); }
void appendPart(std::string &out, bool value) { out.append(value ? "true" : "false"); }
void appendPart(std::string &out, double value) { appendNumber(out, value); }
void appendPart(std::string &out, int64_t value) { appendNumber(out, value); }
void appendPart(std::string &out, uint64_t value) { appendNumber(out, value); }

std::string quoted(std::string_view name) {
  constexpr size_t limit = 120;
  std::string out = "'";
  size_t at = 0;
  while (at < name.size() && at < limit) {
    auto byte = static_cast<unsigned char>(name[at]);
    size_t length = utf8SequenceLength(name.substr(at));
    bool plain =
        length > 1 || (length == 1 && byte >= 0x20 && byte != 0x7f && byte != '\'' && byte != '\\');
    if (plain) {
      out.append(name.substr(at, length));
      at += length;
      continue;
    }
    appendHexByte(out, byte);
    ++at;
  }
  out += at < name.size() ? "…'" : "'";
  return out;
}

std::string shapeText(std::span<const int64_t> shape) {
  std::string out = "[";
  for (size_t i = 0; i < shape.size(); ++i) {
    out += i == 0 ? "" : ", ";
    appendPart(out, shape[i]);
  }
  return out + "]";
}

} // namespace ntc::rt
