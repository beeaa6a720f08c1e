// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Zip archives, hand-built here: stored and deflated entries, the 64-bit extension, damage.
#include "runtime/format/Zip.h"

#include "test/unit/runtime/format/ZipBuilder.h"

#include <algorithm>
#include <gtest/gtest.h>

namespace ntc::rt::format {
namespace {

using test::ZipBuilder;

constexpr uint64_t kLimit = 1 << 20;

ZipBuilder sample(bool zip64 = false) {
  ZipBuilder builder(zip64);
  builder.add("stored.txt", "hello", false);
  builder.add("deflated.bin", std::string(5000, 'x') + "end", true);
  builder.add("empty", "", true);
  return builder;
}

TEST(Zip, storedAndDeflatedEntriesRead) {
  for (bool zip64 : {false, true}) {
    std::vector<uint8_t> file = sample(zip64).finish("a comment");
    auto zip = ZipArchive::parse(file);
    ASSERT_TRUE(zip) << zip.status().message();
    ASSERT_EQ(zip->entries().size(), 3u);
    auto text = [&](const char *name) {
      auto bytes = zip->read(*zip->find(name), kLimit);
      return bytes ? std::string(bytes->begin(), bytes->end()) : bytes.status().message();
    };
    EXPECT_EQ(text("stored.txt"), "hello");
    EXPECT_EQ(text("deflated.bin"), std::string(5000, 'x') + "end");
    EXPECT_EQ(text("empty"), "");
    EXPECT_EQ(zip->find("absent"), nullptr);
  }
}

TEST(Zip, truncationsAndChangedBytesAreNoticedOrHarmless) {
  std::vector<uint8_t> file = sample().finish("");
  auto contents = [](std::span<const uint8_t> bytes) {
    std::vector<std::pair<std::string, std::vector<uint8_t>>> all;
    auto zip = ZipArchive::parse(bytes);
    if (!zip) {
      return all;
    }
    for (const ZipEntry &entry : zip->entries()) {
      auto content = zip->read(entry, kLimit);
      if (content) {
        all.emplace_back(entry.name, content.take());
      }
    }
    return all;
  };
  auto original = contents(file);
  for (size_t length = 0; length < file.size(); ++length) {
    EXPECT_TRUE(contents(std::span(file).first(length)).empty()) << length;
  }
  for (size_t at = 0; at < file.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      file[at] ^= static_cast<uint8_t>(1u << bit);
      for (const auto &[name, content] : contents(file)) {
        bool known =
            std::ranges::any_of(original, [&](const auto &o) { return o.second == content; });
        EXPECT_TRUE(known) << "byte " << at << ": " << name << " has other content";
      }
      file[at] ^= static_cast<uint8_t>(1u << bit);
    }
  }
}

TEST(Zip, aBombIsRefusedByItsRealSize) {
  ZipBuilder builder(false);
  builder.add("bomb", std::string(100000, '\0'), true);
  std::vector<uint8_t> file = builder.finish("");
  auto zip = ZipArchive::parse(file);
  ASSERT_TRUE(zip);
  EXPECT_EQ(zip->read(zip->entries()[0], 50000).status().code(), Code::Unsupported);
  ZipEntry lying = zip->entries()[0];
  lying.sizeBytes = 10; // claims less than it inflates to
  EXPECT_EQ(zip->read(lying, 50000).status().code(), Code::Corrupt);
  lying.sizeBytes = ~uint64_t{0};
  EXPECT_EQ(zip->read(lying, ~uint64_t{0}).status().code(), Code::Corrupt);
}

TEST(Zip, duplicateNamesEncryptionAndOtherMethodsAreRefused) {
  ZipBuilder twice(false);
  twice.add("a", "1", false);
  twice.add("a", "2", false);
  auto file = twice.finish("");
  EXPECT_EQ(ZipArchive::parse(file).status().code(), Code::Corrupt);
  for (auto [offset, value] : {std::pair{8, 1}, std::pair{10, 12}}) { // flags, method
    ZipBuilder builder(false);
    builder.add("a", "1", false);
    auto bytes = builder.finish("");
    bytes[builder.directoryOffset() + static_cast<size_t>(offset)] = static_cast<uint8_t>(value);
    EXPECT_EQ(ZipArchive::parse(bytes).status().code(), Code::Unsupported);
  }
}

TEST(Zip, whatIsNoArchiveIsRefused) {
  for (size_t size : {0, 1, 21, 22, 100}) {
    EXPECT_EQ(ZipArchive::parse(std::vector<uint8_t>(size)).status().code(), Code::Corrupt);
  }
}

} // namespace
} // namespace ntc::rt::format
