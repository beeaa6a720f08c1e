// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Protocol Buffers' wire format, as far as event files and model graphs need it: writing messages
// field by field, and walking over the fields of one. The runtime has no protobuf library.
#pragma once

#include "runtime/base/Status.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ntc::rt::report {

/// Builds the bytes of one message. Fields are written in the order of the calls; nothing is left
/// out, also not zeros.
class WireWriter {
public:
  void varint(uint32_t field, uint64_t value);
  void fixed32(uint32_t field, float value);
  void fixed64(uint32_t field, double value);
  /// A string, bytes or an embedded message.
  void bytes(uint32_t field, std::string_view value);
  void message(uint32_t field, const WireWriter &value) { bytes(field, value.text()); }
  /// A packed repeated double.
  void doubles(uint32_t field, std::span<const double> values);

  const std::string &text() const { return text_; }

private:
  void key(uint32_t field, uint32_t type);
  void plain(uint64_t value);

  std::string text_;
};

/// One field of a message; which member counts follows from the wire type.
struct WireField {
  uint32_t number = 0;
  uint64_t value = 0;     ///< varint, fixed32, fixed64
  std::string_view bytes; ///< string, bytes, embedded message; of the text that is read
  bool isBytes = false;
};

/// Walks over the top level of a message. Groups are refused.
class WireReader {
public:
  explicit WireReader(std::string_view message) : rest_(message) {}
  /// The next field; false at the end. Errors: Corrupt.
  Result<bool> next(WireField &field);

private:
  bool takeVarint(uint64_t &value);

  std::string_view rest_;
};

} // namespace ntc::rt::report
