// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and mapping: limits, kinds of files, messages.
#include "runtime/base/File.h"

#include "test/unit/runtime/TemporaryFolder.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace ntc::rt {
namespace {

std::string writeFile(const test::TemporaryFolder &folder, std::string_view content) {
  std::string path = folder.file("file");
  std::ofstream(path, std::ios::binary) << content;
  return path;
}

TEST(File, readsAndMapsTheSameBytes) {
  test::TemporaryFolder folder;
  std::string path = writeFile(folder, "some bytes");
  auto read = readFile(path, 100);
  auto mapped = MappedFile::open(path);
  ASSERT_TRUE(read && mapped);
  EXPECT_EQ(std::string(read->begin(), read->end()), "some bytes");
  EXPECT_TRUE(std::ranges::equal(*read, mapped->bytes()));
  MappedFile moved = mapped.take();
  EXPECT_EQ(moved.bytes().size(), 10u);
}

TEST(File, aFileAboveTheLimitIsNotRead) {
  test::TemporaryFolder folder;
  auto read = readFile(writeFile(folder, "some bytes"), 9);
  EXPECT_EQ(read.status().code(), Code::Unsupported);
  EXPECT_NE(read.status().message().find("10 bytes, more than the limit of 9"), std::string::npos);
}

TEST(File, anEmptyFileMapsToNoBytes) {
  test::TemporaryFolder folder;
  auto mapped = MappedFile::open(writeFile(folder, ""));
  ASSERT_TRUE(mapped);
  EXPECT_TRUE(mapped->bytes().empty());
}

TEST(File, whatIsNoRegularFileIsRefusedWithoutWaiting) {
  test::TemporaryFolder folder;
  std::string fifo = folder.file("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string &path : {fifo, folder.path(), std::string("/dev/null")}) {
    EXPECT_EQ(MappedFile::open(path).status().code(), Code::InvalidArgument) << path;
  }
  EXPECT_EQ(readFile(folder.file("absent"), 1).status().code(), Code::NotFound);
  EXPECT_EQ(readFile(std::string("a\0b", 3), 1).status().code(), Code::InvalidArgument);
}

TEST(File, folderOfAPath) {
  EXPECT_EQ(folderOf("model.so"), ".");
  EXPECT_EQ(folderOf("/model.so"), "/");
  EXPECT_EQ(folderOf("a/b/model.so"), "a/b");
}

} // namespace
} // namespace ntc::rt
