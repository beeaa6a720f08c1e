// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON: what RFC 8259 allows is read, everything else is refused with its place; limits hold.
#include "runtime/format/Json.h"

#include <cmath>
#include <gtest/gtest.h>
#include <limits>

namespace ntc::rt::format {
namespace {

TEST(Json, readsEveryKindOfValue) {
  auto value = parseJson(
      R"( {"a":[1,-2.5e3,true,false,null],"b":"x\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00","c":{}} )");
  ASSERT_TRUE(value) << value.status().message();
  ASSERT_TRUE(value->isObject());
  const auto &a = value->find("a")->items();
  ASSERT_EQ(a.size(), 5u);
  EXPECT_EQ(a[0].asInt64(), 1);
  EXPECT_EQ(a[1].asDouble(), -2500.0);
  EXPECT_EQ(a[1].asInt64(), std::nullopt);
  EXPECT_EQ(a[2].asBool(), true);
  EXPECT_EQ(a[3].asBool(), false);
  EXPECT_TRUE(a[4].isNull());
  EXPECT_EQ(value->find("b")->text(), "x\"\\/\b\f\n\r\tä😀");
  EXPECT_EQ(value->find("d"), nullptr);
}

TEST(Json, integersAreExactAndRangeChecked) {
  auto value = parseJson(
      R"([9007199254740993,-9223372036854775808,18446744073709551615,18446744073709551616,"42"])");
  ASSERT_TRUE(value);
  const auto &items = value->items();
  EXPECT_EQ(items[0].asInt64(), 9007199254740993);
  EXPECT_EQ(items[1].asInt64(), INT64_MIN);
  EXPECT_EQ(items[2].asInt64(), std::nullopt);
  EXPECT_EQ(items[2].asUInt64(), UINT64_MAX);
  EXPECT_EQ(items[3].asUInt64(), std::nullopt);
  EXPECT_EQ(items[4].asInt64(), 42); // as protobuf writes 64-bit integers
  EXPECT_EQ(items[4].asUInt64(), std::nullopt);
}

TEST(Json, offsetsPointAtTheValues) {
  std::string_view text = R"({"key": "value", "n": 12})";
  auto value = parseJson(text);
  ASSERT_TRUE(value);
  EXPECT_EQ(text.substr(value->find("key")->offset(), 7), "\"value\"");
  EXPECT_EQ(text.substr(value->find("n")->offset(), 2), "12");
}

TEST(Json, whatIsNoJsonIsRefused) {
  for (std::string_view text : {"",
                                " ",
                                "{",
                                "}",
                                "[",
                                "[1",
                                "[1,",
                                "[1,]",
                                "[,]",
                                "{\"a\"}",
                                "{\"a\":}",
                                "{\"a\":1,}",
                                "{a:1}",
                                "{'a':1}",
                                "1 2",
                                "01",
                                "-",
                                "+1",
                                ".5",
                                "1.",
                                "1e",
                                "1e+",
                                "0x1",
                                "nul",
                                "True",
                                "NaN",
                                "Infinity",
                                "\"",
                                "\"\\\"",
                                "\"\\x\"",
                                "\"\\u12\"",
                                "\"\\u12g4\"",
                                "\"\\ud800\"",
                                "\"\\udc00\"",
                                "\"\\ud800\\u0041\"",
                                "\"\n\"",
                                "\"\xff\"",
                                "\"\xc0\xaf\"",
                                "{\"a\":1,\"a\":2}",
                                "[1]x",
                                "//",
                                "{\"a\":1,\"\\u0061\":2}"}) {
    auto value = parseJson(text);
    EXPECT_FALSE(value) << text;
    EXPECT_EQ(value.status().code(), Code::Corrupt) << text;
  }
}

TEST(Json, depthAndNumberOfValuesAreBounded) {
  std::string deep = std::string(100000, '[') + std::string(100000, ']');
  EXPECT_EQ(parseJson(deep).status().code(), Code::Unsupported);
  EXPECT_TRUE(parseJson("[[[1]]]", {.depth = 3}));
  EXPECT_FALSE(parseJson("[[[[1]]]]", {.depth = 3}));
  EXPECT_TRUE(parseJson("[1,2]", {.values = 3}));
  EXPECT_EQ(parseJson("[1,2,3]", {.values = 3}).status().code(), Code::Unsupported);
}

TEST(Json, everyTruncationOfATextIsRefused) {
  std::string text = R"({"a":[1,-2.5e3,true,null],"b":"x\u00e4\ud83d\ude00","c":{"d":[]}})";
  for (size_t length = 0; length < text.size(); ++length) {
    EXPECT_FALSE(parseJson(std::string_view(text).substr(0, length))) << length;
  }
}

TEST(JsonWriter, whatItWritesReadsBack) {
  JsonWriter writer;
  writer.beginObject();
  writer.key("text\n\"\\\x01");
  writer.string("ä\x1f");
  writer.key("numbers");
  writer.beginArray();
  writer.number(0.1);
  writer.number(std::numeric_limits<double>::denorm_min());
  writer.integer(INT64_MIN);
  writer.number(std::nan(""));
  writer.boolean(true);
  writer.endArray();
  writer.key("empty");
  writer.beginObject();
  writer.endObject();
  writer.endObject();
  EXPECT_EQ(writer.text(), "{\"text\\n\\\"\\\\\\u0001\":\"ä\\u001f\",\"numbers\":[0.1,5e-324,"
                           "-9223372036854775808,null,true],\"empty\":{}}");
  auto value = parseJson(writer.text());
  ASSERT_TRUE(value);
  EXPECT_EQ(value->keys()[0], "text\n\"\\\x01");
  EXPECT_EQ(value->items()[1].items()[0].asDouble(), 0.1);
}

TEST(JsonWriter, bytesThatAreNoTextBecomeTheReplacementCharacter) {
  JsonWriter writer;
  writer.string("a\xff");
  EXPECT_EQ(writer.text(), "\"a\xEF\xBF\xBD\"");
}

} // namespace
} // namespace ntc::rt::format
