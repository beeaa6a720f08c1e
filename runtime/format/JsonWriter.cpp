// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Building JSON text; see Json.h.
#include "runtime/format/Json.h"

#include "runtime/base/Utf8.h"

#include <cmath>

namespace ntc::rt::format {

namespace {

void appendEscaped(std::string &out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  switch (byte) {
  case '"':
  case '\\':
    out += '\\';
    out += static_cast<char>(byte);
    return;
  case '\n':
    out += "\\n";
    return;
  case '\t':
    out += "\\t";
    return;
  case '\r':
    out += "\\r";
    return;
  default:
    out += "\\u00";
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

void appendString(std::string &out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    auto byte = static_cast<unsigned char>(text[0]);
    size_t length = utf8SequenceLength(text);
    if (length == 0) {
      out += "\xEF\xBF\xBD"; // U+FFFD
      length = 1;
    } else if (byte < 0x20 || byte == '"' || byte == '\\') {
      appendEscaped(out, byte);
    } else {
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  out += '"';
}

} // namespace

void JsonWriter::separate() {
  if (needsComma_) {
    text_ += ',';
  }
  needsComma_ = true;
}

void JsonWriter::beginObject() {
  separate();
  text_ += '{';
  needsComma_ = false;
}

void JsonWriter::endObject() {
  text_ += '}';
  needsComma_ = true;
}

void JsonWriter::beginArray() {
  separate();
  text_ += '[';
  needsComma_ = false;
}

void JsonWriter::endArray() {
  text_ += ']';
  needsComma_ = true;
}

void JsonWriter::key(std::string_view name) {
  separate();
  appendString(text_, name);
  text_ += ':';
  needsComma_ = false;
}

void JsonWriter::string(std::string_view value) {
  separate();
  appendString(text_, value);
}

void JsonWriter::number(double value) {
  if (!std::isfinite(value)) {
    return null();
  }
  separate();
  appendPart(text_, value);
}

void JsonWriter::integer(int64_t value) {
  separate();
  appendPart(text_, value);
}

void JsonWriter::boolean(bool value) {
  separate();
  appendPart(text_, value);
}

void JsonWriter::null() {
  separate();
  text_ += "null";
}

} // namespace ntc::rt::format
