// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The file of measured limits: written, read back, refused.
#include "runtime/train/MachineSpeeds.h"

#include <gtest/gtest.h>

namespace ntc::rt::train {
namespace {

MachineSpeeds some() {
  MachineSpeeds speeds;
  speeds.processor = "Name \"of\" it";
  speeds.threads = 2;
  speeds.l1Bytes = 1, speeds.l2Bytes = 2, speeds.l3Bytes = 3;
  speeds.flopsOne = 1.5e11, speeds.flopsAll = 3e11;
  speeds.readL1 = 4, speeds.readL2 = 5, speeds.readL3 = 6;
  speeds.readMemory = 7, speeds.readMemoryAll = 8, speeds.readOther = 9;
  speeds.fork = 1e-6, speeds.barrier = 2e-7, speeds.call = 3e-9;
  return speeds;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

TEST(MachineSpeeds, whatIsWrittenIsReadBack) {
  auto read = parseSpeeds(toJson(some()), "machine.json");
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(toJson(*read), toJson(some()));
  EXPECT_EQ(read->processor, some().processor);
  EXPECT_EQ(read->barrier, 2e-7);
}

TEST(MachineSpeeds, oneThreadHasNoForkAndPrintsNone) {
  MachineSpeeds speeds = some();
  speeds.threads = 1;
  speeds.fork = speeds.barrier = speeds.readOther = 0.0;
  EXPECT_TRUE(parseSpeeds(toJson(speeds), "machine.json"));
  EXPECT_EQ(toText(speeds).find("fork"), std::string::npos);
  EXPECT_NE(toText(some()).find("fork"), std::string::npos);
}

TEST(MachineSpeeds, brokenFilesAreRefusedByName) {
  const std::string good = toJson(some());
  const std::string broken[] = {
      "",
      "[]",
      "7",
      good.substr(0, good.size() / 2),
      replaced(good, "\"version\":1", "\"version\":2"),
      replaced(good, "\"processor\":", "\"maker\":"),
      replaced(good, "\"threads\":2", "\"threads\":0"),
      replaced(good, "\"l2_bytes\":2", "\"l2_bytes\":-2"),
      replaced(good, "\"read_l3\":6", "\"read_l3\":0"),
      replaced(good, "\"read_l3\":6", "\"read_l3\":null"),
      replaced(good, "\"fork_s\":", "\"spoon_s\":"),
      replaced(good, "\"threads\":2", "\"threads\":1").replace(0, 0, " x"),
  };
  for (const std::string &text : broken) {
    auto read = parseSpeeds(text, "some/machine.json");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.status().code(), Code::Corrupt);
    EXPECT_NE(read.status().message().find("'some/machine.json'"), std::string::npos);
  }
}

} // namespace
} // namespace ntc::rt::train
