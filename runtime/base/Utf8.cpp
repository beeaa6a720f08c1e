// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Strict UTF-8; see Utf8.h.
#include "runtime/base/Utf8.h"

#include <algorithm>

namespace ntc::rt {

size_t utf8SequenceLength(std::string_view text) {
  if (text.empty()) {
    return 0;
  }
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(0);
  if (first < 0x80) {
    return 1;
  }
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) {
    return 0;
  }
  // The second byte's range excludes overlong forms, surrogates and values above U+10FFFF.
  unsigned char low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  unsigned char high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) {
    return 0;
  }
  for (size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) {
      return 0;
    }
  }
  return length;
}

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    size_t length = utf8SequenceLength(text);
    if (length == 0) {
      return false;
    }
    text.remove_prefix(length);
  }
  return true;
}

size_t utf8Characters(std::string_view text) {
  size_t characters = 0;
  for (; !text.empty(); ++characters) {
    text.remove_prefix(std::max<size_t>(1, utf8SequenceLength(text)));
  }
  return characters;
}

void appendUtf8(std::string &out, uint32_t codePoint) {
  auto tail = [&](int shift) {
    out.push_back(static_cast<char>(0x80 | ((codePoint >> shift) & 0x3F)));
  };
  if (codePoint < 0x80) {
    out.push_back(static_cast<char>(codePoint));
  } else if (codePoint < 0x800) {
    out.push_back(static_cast<char>(0xC0 | (codePoint >> 6)));
    tail(0);
  } else if (codePoint < 0x10000) {
    out.push_back(static_cast<char>(0xE0 | (codePoint >> 12)));
    tail(6);
    tail(0);
  } else {
    out.push_back(static_cast<char>(0xF0 | (codePoint >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

} // namespace ntc::rt
