// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes of messages, and messages that are cut or hostile.
#include "runtime/report/Wire.h"

#include <gtest/gtest.h>

namespace ntc::rt::report {
namespace {

TEST(Wire, FieldsHaveTheBytesOfTheSpecification) {
  WireWriter inner;
  inner.varint(1, 150); // the encoding guide's example: 08 96 01
  WireWriter out;
  out.message(3, inner);
  out.fixed32(4, 1.0F);
  EXPECT_EQ(out.text(), std::string("\x1a\x03\x08\x96\x01\x25\x00\x00\x80\x3f", 10));
}

TEST(Wire, ReadsBackWhatItWrote) {
  WireWriter out;
  out.varint(1, UINT64_MAX);
  out.bytes(200, "text");
  out.fixed64(3, 2.0);
  WireReader reader(out.text());
  WireField field;
  ASSERT_TRUE(*reader.next(field));
  EXPECT_EQ(field.value, UINT64_MAX);
  ASSERT_TRUE(*reader.next(field));
  EXPECT_EQ(field.number, 200U);
  EXPECT_EQ(field.bytes, "text");
  ASSERT_TRUE(*reader.next(field));
  EXPECT_EQ(field.value, 0x4000000000000000U);
  EXPECT_FALSE(*reader.next(field));
}

TEST(Wire, EveryCutIsCorruptOrShorterAndNeverACrash) {
  WireWriter out;
  out.varint(1, 300);
  out.bytes(2, "abcdef");
  out.fixed32(3, 1.0F);
  const std::string whole = out.text();
  for (size_t size = 0; size < whole.size(); ++size) {
    WireReader reader(std::string_view(whole).substr(0, size));
    WireField field;
    Result<bool> more = true;
    while (more && *more) {
      more = reader.next(field);
    }
    EXPECT_TRUE(more || more.status().code() == Code::Corrupt) << size;
  }
}

TEST(Wire, RefusesLengthsBeyondTheEndAndGroups) {
  WireField field;
  WireReader tooLong(std::string_view("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01x", 12));
  EXPECT_EQ(tooLong.next(field).status().code(), Code::Corrupt);
  WireReader endless(std::string_view("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12));
  EXPECT_EQ(endless.next(field).status().code(), Code::Corrupt);
  WireReader group("\x0b");
  EXPECT_EQ(group.next(field).status().code(), Code::Corrupt);
}

} // namespace
} // namespace ntc::rt::report
