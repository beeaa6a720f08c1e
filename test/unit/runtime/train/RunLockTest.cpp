// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Who may train in a folder: one process, until it ends in any way.
#include "runtime/train/RunLock.h"

#include "test/unit/runtime/TemporaryFolder.h"

#include <gtest/gtest.h>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace ntc::rt::train {
namespace {

TEST(RunLock, ASecondOneIsRefusedUntilTheFirstEnds) {
  test::TemporaryFolder folder;
  const std::string run = folder.file("runs/one");
  {
    auto first = RunLock::take(run);
    ASSERT_TRUE(first) << first.status().message();
    auto second = RunLock::take(run);
    ASSERT_FALSE(second);
    EXPECT_NE(second.status().message().find("is in use: another process trains in it (process " +
                                             std::to_string(::getpid()) + ")"),
              std::string::npos)
        << second.status().message();
    EXPECT_TRUE(RunLock::take(folder.file("runs/two")));
  }
  auto third = RunLock::take(run);
  ASSERT_TRUE(third) << "free again";
  third->discard();
  EXPECT_NE(::access((run + "/run.lock").c_str(), F_OK), 0);
}

TEST(RunLock, ACrashGivesItBack) {
  test::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto lock = RunLock::take(folder.path());
    const char byte = lock ? 'y' : 'n';
    (void)!::write(ready[1], &byte, 1);
    ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  EXPECT_FALSE(RunLock::take(folder.path()));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(RunLock::take(folder.path()));
}

} // namespace
} // namespace ntc::rt::train
