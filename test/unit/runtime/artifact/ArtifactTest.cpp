// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Opening real artifacts.
#include "runtime/artifact/Artifact.h"
#include "test/unit/runtime/TemporaryFolder.h"

#include <filesystem>
#include <gtest/gtest.h>

namespace ntc::rt::artifact {
namespace {

TEST(Artifact, aFileThatReplacesAnOpenOneIsLoaded) {
  const test::TemporaryFolder folder;
  const std::string live = folder.file("live.so"), next = folder.file("next.so");
  std::filesystem::copy_file(NTC_SMALL_ARTIFACT, live);
  std::filesystem::copy_file(NTC_SMALL_ARTIFACT, next);
  auto before = Artifact::open(live);
  ASSERT_TRUE(before) << before.status().message();
  auto again = Artifact::open(live);
  ASSERT_TRUE(again);
  EXPECT_EQ((*before)->kernels()[0], (*again)->kernels()[0]) << "one file, loaded once";
  std::filesystem::rename(next, live);
  auto after = Artifact::open(live);
  ASSERT_TRUE(after) << after.status().message();
  EXPECT_NE((*before)->kernels()[0], (*after)->kernels()[0]) << "the kernels of the old file";
}

} // namespace
} // namespace ntc::rt::artifact
