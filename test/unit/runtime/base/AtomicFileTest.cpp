// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Replacing files: the old content stays until the new one is complete, nothing is left behind.
#include "runtime/base/File.h"

#include "test/unit/runtime/TemporaryFolder.h"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ntc::rt {
namespace {

std::string contentOf(const std::string &path) {
  auto bytes = readFile(path, 1 << 20);
  return bytes ? std::string(bytes->begin(), bytes->end()) : "<" + bytes.status().message() + ">";
}

TEST(AtomicFile, theOldContentStaysUntilCommit) {
  test::TemporaryFolder folder;
  std::string path = folder.file("state");
  ASSERT_TRUE(writeFileAtomically(path, std::vector<uint8_t>{'o', 'l', 'd'}));
  auto file = AtomicFile::create(path);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("new content"));
  ASSERT_TRUE(file->writeAt(0, std::vector<uint8_t>{'N'}));
  EXPECT_EQ(contentOf(path), "old");
  ASSERT_TRUE(file->commit());
  EXPECT_EQ(contentOf(path), "New content");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, abandoningLeavesNothing) {
  test::TemporaryFolder folder;
  {
    auto file = AtomicFile::create(folder.file("state"));
    ASSERT_TRUE(file && file->write("x"));
    EXPECT_EQ(folder.count(), 1u);
  }
  EXPECT_EQ(folder.count(), 0u);
}

TEST(AtomicFile, twoWritersDoNotShareATemporaryFile) {
  test::TemporaryFolder folder;
  auto a = AtomicFile::create(folder.file("state")), b = AtomicFile::create(folder.file("state"));
  ASSERT_TRUE(a && b && a->write("a") && b->write("b"));
  ASSERT_TRUE(a->commit() && b->commit());
  EXPECT_EQ(contentOf(folder.file("state")), "b");
}

TEST(AtomicFile, permissionsOfAReplacedFileAreKept) {
  test::TemporaryFolder folder;
  std::string path = folder.file("state");
  ASSERT_TRUE(writeFileAtomically(path, {}));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  ASSERT_TRUE(writeFileAtomically(path, std::vector<uint8_t>{1}));
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(AtomicFile, placesThatCannotBeWrittenAreNamed) {
  test::TemporaryFolder folder;
  auto missing = AtomicFile::create(folder.file("no/such/folder/state"));
  EXPECT_EQ(missing.status().code(), Code::Io);
  EXPECT_NE(missing.status().message().find("no/such/folder"), std::string::npos);
  EXPECT_EQ(AtomicFile::create(folder.path()).status().code(), Code::InvalidArgument);
  EXPECT_EQ(AtomicFile::create("").status().code(), Code::InvalidArgument);
}

/// In a child, since the limit cannot be raised again: a write beyond it fails as on a full disk.
TEST(AtomicFile, aFailedWriteKeepsTheOldFile) {
  test::TemporaryFolder folder;
  std::string path = folder.file("state");
  ASSERT_TRUE(writeFileAtomically(path, std::vector<uint8_t>{'o', 'l', 'd'}));
  pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{100, 100};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Status status = writeFileAtomically(path, std::vector<uint8_t>(1000));
    ::_exit(status.code() == Code::Io &&
                    status.message().find("File too large") != std::string::npos
                ? 0
                : 1);
  }
  int result = -1;
  ::waitpid(child, &result, 0);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(contentOf(path), "old");
  EXPECT_EQ(folder.count(), 1u);
}

TEST(AtomicFile, leftoversOfDeadProcessesAreRemoved) {
  test::TemporaryFolder folder;
  pid_t child = ::fork();
  if (child == 0) {
    auto file = AtomicFile::create(folder.file("crashed"));
    ::_exit(file.isOk() ? 0 : 1); // without cleaning up
  }
  int result = -1;
  ::waitpid(child, &result, 0);
  ASSERT_EQ(result, 0);
  ASSERT_EQ(folder.count(), 1u);
  auto living = AtomicFile::create(folder.file("living"));
  // A number that has come back, as another process's: that process does not write the file.
  std::ofstream(folder.file("recycled.tmp.1")) << "x";
  ASSERT_EQ(::symlink("target", folder.file("link.tmp." + std::to_string(child)).c_str()), 0);
  ASSERT_EQ(::symlink("target", folder.file("moment.tmp.1").c_str()), 0);
  std::ofstream(folder.file("notes.tmp.txt")) << "a user's file";
  // As left by an earlier process with the number of this one.
  std::ofstream(folder.file("reused.tmp." + std::to_string(::getpid()))) << "x";
  auto removed = removeStaleTemporaries(folder.path());
  ASSERT_TRUE(removed);
  EXPECT_EQ(*removed, 4u);
  EXPECT_EQ(folder.count(), 3u) << "living, notes and the link of a moment";
  EXPECT_TRUE(living->commit());
}

/// A writer in another process keeps its file, whatever that process's number seems to say.
TEST(AtomicFile, filesThatAreWrittenStay) {
  test::TemporaryFolder folder;
  int ready[2], done[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(done), 0);
  pid_t child = ::fork();
  if (child == 0) {
    auto file = AtomicFile::create(folder.file("state"));
    char byte = file.isOk() ? 'y' : 'n';
    bool isTold = ::write(ready[1], &byte, 1) == 1 && ::read(done[0], &byte, 1) == 1;
    ::_exit(isTold && file->write("new") && file->commit() ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  auto removed = removeStaleTemporaries(folder.path());
  EXPECT_TRUE(removed && *removed == 0);
  ASSERT_EQ(::write(done[1], &byte, 1), 1);
  int result = -1;
  ::waitpid(child, &result, 0);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(contentOf(folder.file("state")), "new");
}

TEST(File, createFoldersTellsWhetherTheyWereMissing) {
  test::TemporaryFolder folder;
  const std::string path = folder.file("a/b/c/");
  auto first = createFolders(path), second = createFolders(path);
  ASSERT_TRUE(first && second) << first.status().message();
  EXPECT_TRUE(*first);
  EXPECT_FALSE(*second);
  EXPECT_EQ(::access(path.c_str(), F_OK), 0);
  std::ofstream(folder.file("file")) << "x";
  EXPECT_EQ(createFolders(folder.file("file/sub")).status().code(), Code::Io);
}

} // namespace
} // namespace ntc::rt
