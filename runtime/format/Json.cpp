// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A recursive-descent reader of JSON with limits; see Json.h. Grammar: RFC 8259, sections 2 to 7.
#include "runtime/format/Json.h"

#include "runtime/base/Utf8.h"

#include <algorithm>
#include <charconv>

namespace ntc::rt::format {

namespace {

template <typename T> std::optional<T> parseWhole(std::string_view text) {
  T value{};
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool whole = failure == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

bool isDigit(char c) { return c >= '0' && c <= '9'; }

/// The value of four hexadecimal digits, or nothing.
std::optional<uint32_t> hexWord(std::string_view text) {
  uint32_t value = 0;
  bool digits = text.size() >= 4 && std::all_of(text.begin(), text.begin() + 4, [](char c) {
                  return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
                });
  if (!digits) {
    return std::nullopt;
  }
  std::from_chars(text.data(), text.data() + 4, value, 16);
  return value;
}

} // namespace

std::optional<bool> JsonValue::asBool() const {
  return kind_ == Kind::Bool ? std::optional(bool_) : std::nullopt;
}

std::optional<double> JsonValue::asDouble() const {
  return kind_ == Kind::Number ? parseWhole<double>(text_) : std::nullopt;
}

std::optional<int64_t> JsonValue::asInt64() const {
  bool candidate = kind_ == Kind::Number || kind_ == Kind::String;
  return candidate ? parseWhole<int64_t>(text_) : std::nullopt;
}

std::optional<uint64_t> JsonValue::asUInt64() const {
  return kind_ == Kind::Number ? parseWhole<uint64_t>(text_) : std::nullopt;
}

const JsonValue *JsonValue::find(std::string_view key) const {
  auto found = std::find(keys_.begin(), keys_.end(), key);
  return found == keys_.end() ? nullptr : &items_[static_cast<size_t>(found - keys_.begin())];
}

class JsonParser {
public:
  JsonParser(std::string_view text, JsonLimits limits) : text_(text), limits_(limits) {}

  Result<JsonValue> parse() {
    JsonValue value;
    skipSpace();
    if (Status status = parseValue(value, 0); !status) {
      return status;
    }
    skipSpace();
    if (at_ != text_.size()) {
      return fail("text after the end of the value");
    }
    return value;
  }

private:
  template <typename... Parts> Status fail(const Parts &...parts) const {
    return error(Code::Corrupt, "JSON at byte ", at_, ": ", parts...);
  }

  void skipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  bool accept(char c) {
    if (at_ < text_.size() && text_[at_] == c) {
      ++at_;
      return true;
    }
    return false;
  }

  Status parseValue(JsonValue &out, int depth) {
    if (depth > limits_.depth) {
      return error(Code::Unsupported, "JSON at byte ", at_, ": nested deeper than ", limits_.depth);
    }
    if (++values_ > limits_.values) {
      return error(Code::Unsupported, "JSON at byte ", at_, ": more than ", limits_.values,
                   " values");
    }
    if (at_ == text_.size()) {
      return fail("a value is expected, the text ends");
    }
    out.offset_ = at_;
    switch (text_[at_]) {
    case '{':
      return parseObject(out, depth);
    case '[':
      return parseArray(out, depth);
    case '"':
      out.kind_ = JsonValue::Kind::String;
      return parseString(out.text_);
    case 't':
    case 'f':
    case 'n':
      return parseWord(out);
    default:
      return parseNumber(out);
    }
  }

  Status parseWord(JsonValue &out) {
    for (std::string_view word : {"true", "false", "null"}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        out.kind_ = word == "null" ? JsonValue::Kind::Null : JsonValue::Kind::Bool;
        out.bool_ = word == "true";
        return Status::ok();
      }
    }
    return fail("a value is expected");
  }

  Status parseNumber(JsonValue &out) {
    size_t begin = at_;
    accept('-');
    if (!accept('0') && !skipDigits()) {
      at_ = begin;
      return fail("a value is expected");
    }
    if (accept('.') && !skipDigits()) {
      return fail("digits are expected after the decimal point");
    }
    if (accept('e') || accept('E')) {
      if (!accept('+')) {
        accept('-');
      }
      if (!skipDigits()) {
        return fail("digits are expected in the exponent");
      }
    }
    out.kind_ = JsonValue::Kind::Number;
    out.text_ = text_.substr(begin, at_ - begin);
    return Status::ok();
  }

  bool skipDigits() {
    size_t begin = at_;
    while (at_ < text_.size() && isDigit(text_[at_])) {
      ++at_;
    }
    return at_ > begin;
  }

  Status parseString(std::string &out) {
    ++at_; // the opening quote
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\\') {
        if (Status status = parseEscape(out); !status) {
          return status;
        }
        continue;
      }
      size_t length = utf8SequenceLength(text_.substr(at_));
      if (length == 0) {
        return fail("a string is not valid UTF-8");
      }
      if (static_cast<unsigned char>(text_[at_]) < 0x20) {
        return fail("a control character in a string must be escaped");
      }
      out.append(text_.substr(at_, length));
      at_ += length;
    }
    return accept('"') ? Status::ok() : fail("a string does not end");
  }

  Status parseEscape(std::string &out) {
    constexpr std::string_view names = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    ++at_; // the backslash
    char name = at_ < text_.size() ? text_[at_] : '\0';
    if (size_t which = names.find(name); which != std::string_view::npos && name != '\0') {
      out += meanings[which];
      ++at_;
      return Status::ok();
    }
    auto first = name == 'u' ? hexWord(text_.substr(at_ + 1)) : std::nullopt;
    if (!first) {
      return fail("an unknown escape in a string");
    }
    at_ += 5;
    uint32_t codePoint = *first;
    if (codePoint >= 0xD800 && codePoint < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
      auto second = hexWord(text_.substr(at_ + 2));
      if (second && *second >= 0xDC00 && *second < 0xE000) {
        codePoint = 0x10000 + ((codePoint - 0xD800) << 10) + (*second - 0xDC00);
        at_ += 6;
      }
    }
    if (codePoint >= 0xD800 && codePoint < 0xE000) {
      return fail("half of a surrogate pair in a string");
    }
    appendUtf8(out, codePoint);
    return Status::ok();
  }

  Status parseArray(JsonValue &out, int depth) {
    out.kind_ = JsonValue::Kind::Array;
    ++at_;
    skipSpace();
    if (accept(']')) {
      return Status::ok();
    }
    while (true) {
      skipSpace();
      if (Status status = parseValue(out.items_.emplace_back(), depth + 1); !status) {
        return status;
      }
      skipSpace();
      if (accept(']')) {
        return Status::ok();
      }
      if (!accept(',')) {
        return fail("',' or ']' is expected");
      }
    }
  }

  Status parseObject(JsonValue &out, int depth) {
    out.kind_ = JsonValue::Kind::Object;
    ++at_;
    skipSpace();
    if (accept('}')) {
      return Status::ok();
    }
    while (true) {
      skipSpace();
      if (at_ == text_.size() || text_[at_] != '"') {
        return fail("a key in double quotes is expected");
      }
      if (Status status = parseString(out.keys_.emplace_back()); !status) {
        return status;
      }
      skipSpace();
      if (!accept(':')) {
        return fail("':' is expected");
      }
      skipSpace();
      if (Status status = parseValue(out.items_.emplace_back(), depth + 1); !status) {
        return status;
      }
      skipSpace();
      if (accept('}')) {
        return checkKeys(out.keys_);
      }
      if (!accept(',')) {
        return fail("',' or '}' is expected");
      }
    }
  }

  Status checkKeys(const std::vector<std::string> &keys) const {
    std::vector<std::string_view> sorted(keys.begin(), keys.end());
    std::sort(sorted.begin(), sorted.end());
    auto twice = std::adjacent_find(sorted.begin(), sorted.end());
    return twice == sorted.end() ? Status::ok()
                                 : fail("the key ", quoted(*twice), " is there twice");
  }

  std::string_view text_;
  JsonLimits limits_;
  size_t at_ = 0;
  size_t values_ = 0;
};

Result<JsonValue> parseJson(std::string_view text, JsonLimits limits) {
  return JsonParser(text, limits).parse();
}

} // namespace ntc::rt::format
