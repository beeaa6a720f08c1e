// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tuning files: what is written is read back, and what is wrong is refused with where it stands.

#include "tools/ntc/TuningFile.h"

#include "gtest/gtest.h"

namespace ntc::driver {
namespace {

Tuning sample() {
  Tuning tuning{"znver5", "mlp", {"read-padded", "choose-layouts"}, {}};
  tuning.kernels.push_back({"fedcba9876543210", {"merge-rows", "hoist-loads"}, 0, 0});
  tuning.kernels.push_back({"0123456789abcdef", {}, 6, 4});
  return tuning;
}

TEST(TuningFile, IsSortedWhateverTheOrder) {
  EXPECT_EQ(tuningText(sample()),
            "{\"format\":\"ntc-tuning\",\"version\":1,\"processor\":\"znver5\",\"model\":\"mlp\","
            "\"leave_out\":[\"choose-layouts\",\"read-padded\"],\n"
            "\"kernels\":[\n"
            "{\"kernel\":\"0123456789abcdef\",\"tile\":[6,4]},\n"
            "{\"kernel\":\"fedcba9876543210\",\"leave_out\":[\"hoist-loads\",\"merge-rows\"]}\n"
            "]}\n");
}

TEST(TuningFile, IsReadBack) {
  for (const Tuning &tuning : {sample(), Tuning{"x", "", {}, {}}}) {
    auto read = parseTuning(tuningText(tuning));
    ASSERT_TRUE(read) << read.status().message();
    EXPECT_EQ(tuningText(*read), tuningText(tuning));
    EXPECT_EQ(read->processor, tuning.processor);
    EXPECT_EQ(read->kernels.size(), tuning.kernels.size());
  }
}

/// The sample with `what` replaced once.
std::string edited(const std::string &what, const std::string &with) {
  std::string text = tuningText(sample());
  size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), with);
}

TEST(TuningFile, WhatIsWrongIsNamed) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "byte"},
      {"[]", "no tuning file"},
      {"{}", "no tuning file"},
      {R"({"format":"ntc-tuning"})", "version: expected 1"},
      {edited("\"version\":1", "\"version\":2"), "version: expected 1"},
      {edited("\"processor\":\"znver5\"", "\"processor\":5"), "file: expected a text 'processor'"},
      {edited("\"model\":\"mlp\",", ""), "file: expected a text 'model'"},
      {edited("\"model\"", "\"modell\""), "file: unknown field 'modell'"},
      {edited("\"leave_out\":[\"choose-layouts\",\"read-padded\"]", "\"leave_out\":7"),
       "leave_out: expected a list of names"},
      {edited("read-padded", "read-paded"), "leave_out: 'read-paded' is no pass"},
      {edited("\"read-padded\"", "7"), "leave_out: what is no text is no pass"},
      {edited("read-padded", "merge-rows"), "leave_out: 'merge-rows' is no pass"},
      {edited("read-padded", "choose-layouts"), "leave_out: 'choose-layouts' stands there twice"},
      {edited("\"merge-rows\"", "\"read-padded\""),
       "kernels[1].leave_out: 'read-padded' is no choice inside of a kernel"},
      {edited("[6,4]", "[6]"), "kernels[0].tile: expected rows and columns, from 1 to 32"},
      {edited("[6,4]", "[6,0]"), "kernels[0].tile"},
      {edited("[6,4]", "[33,1]"), "kernels[0].tile"},
      {edited("[6,4]", "[6,4.5]"), "kernels[0].tile"},
      {edited("[6,4]", "[6,1e99]"), "kernels[0].tile"},
      {edited("[6,4]", "\"6x4\""), "kernels[0].tile"},
      {edited("fedcba9876543210", "0123456789abcdef"), "'0123456789abcdef' has an entry before"},
      {edited("fedcba9876543210", "fedcba987654321"), "kernels[1].kernel: expected 16"},
      {edited("fedcba9876543210", "FEDCBA9876543210"), "kernels[1].kernel: expected 16"},
      {edited("\"tile\"", "\"tyle\""), "kernels[0]: unknown field 'tyle'"},
      {edited("{\"kernel\":\"0123456789abcdef\",\"tile\":[6,4]}", "null"),
       "kernels[0]: expected an object"},
      {edited("\"kernels\":[", "\"leave_out\":[],\"kernels\":["), "leave_out"},
      {tuningText(sample()) + "x", "byte"},
  };
  for (const auto &[text, message] : cases) {
    auto read = parseTuning(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(std::string(read.status().message()).find(message), std::string::npos)
        << text << "\nsays: " << read.status().message();
  }
}

TEST(TuningFile, TruncatedAnywhereIsRefused) {
  const std::string text = tuningText(sample());
  for (size_t size = 0; size + 2 < text.size(); ++size) {
    EXPECT_FALSE(parseTuning(text.substr(0, size))) << size;
  }
}

TEST(TuningFile, MissingFileIsNamed) {
  auto read = readTuning("/nowhere/at.all");
  ASSERT_FALSE(read);
  EXPECT_NE(std::string(read.status().message()).find("/nowhere/at.all"), std::string::npos);
}

} // namespace
} // namespace ntc::driver
