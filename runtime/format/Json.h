// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON (RFC 8259) for files that the runtime reads and writes: headers of safetensors files,
// training recipes, metrics. The reader is strict: UTF-8, no duplicate keys, no trailing text, no
// NaN; and bounded: depth and number of values, so that a hostile text costs memory in proportion
// to its size.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ntc::rt::format {

/// One value with everything below it. Members keep the order of the text.
class JsonValue {
public:
  enum class Kind : uint8_t { Null, Bool, Number, String, Array, Object };

  Kind kind() const { return kind_; }
  bool isNull() const { return kind_ == Kind::Null; }
  bool isObject() const { return kind_ == Kind::Object; }
  bool isArray() const { return kind_ == Kind::Array; }
  bool isString() const { return kind_ == Kind::String; }

  /// Each returns nothing when the value is of another kind. An integer must be written without
  /// fraction or exponent and fit; protobuf's JSON form writes 64-bit integers as strings, and
  /// `asInt64` takes those too.
  std::optional<bool> asBool() const;
  std::optional<double> asDouble() const;
  std::optional<int64_t> asInt64() const;
  std::optional<uint64_t> asUInt64() const;

  /// The content of a string, else empty.
  const std::string &text() const { return text_; }
  /// Elements of an array, or the members' values of an object in the order of `keys`.
  const std::vector<JsonValue> &items() const { return items_; }
  const std::vector<std::string> &keys() const { return keys_; }
  /// The member of an object, or null when there is none. Linear in the number of members.
  const JsonValue *find(std::string_view key) const;
  /// Byte offset of the value's first character in the text that was parsed.
  size_t offset() const { return offset_; }

private:
  friend class JsonParser;

  Kind kind_ = Kind::Null;
  bool bool_ = false;
  size_t offset_ = 0;
  std::string text_; ///< string: content; number: the text as written
  std::vector<JsonValue> items_;
  std::vector<std::string> keys_;
};

struct JsonLimits {
  int depth = 32;
  size_t values = 1'000'000;
};

/// Parses one value that is the whole of `text` except for white space.
/// Errors: Corrupt, with the byte offset; Unsupported for text beyond the limits.
Result<JsonValue> parseJson(std::string_view text, JsonLimits limits = {});

/// Builds a text, commas and quotes included, without white space. The caller pairs begin and end
/// and gives a key before every member. Bytes of strings that are not UTF-8 are written as U+FFFD.
class JsonWriter {
public:
  void beginObject();
  void endObject();
  void beginArray();
  void endArray();
  void key(std::string_view name);
  void string(std::string_view value);
  /// The fewest digits that read back to the same double. JSON has no NaN and no infinities: they
  /// become null.
  void number(double value);
  void integer(int64_t value);
  void boolean(bool value);
  void null();
  /// A key with its value: a boolean, a whole number, a number, or text.
  template <typename T> void member(std::string_view name, const T &value) {
    key(name);
    if constexpr (std::is_same_v<T, bool>) {
      boolean(value);
    } else if constexpr (std::is_integral_v<T>) {
      integer(static_cast<int64_t>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      number(value);
    } else {
      string(value);
    }
  }

  const std::string &text() const { return text_; }

private:
  void separate();

  std::string text_;
  bool needsComma_ = false;
};

} // namespace ntc::rt::format
