// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A real artifact with another recipe: it opens, runs the same code and has one manifest.
#include "runtime/artifact/ReplaceManifest.h"

#include "runtime/artifact/Artifact.h"
#include "runtime/artifact/ElfSection.h"
#include "runtime/artifact/Seal.h"
#include "runtime/base/File.h"
#include "test/unit/runtime/TemporaryFolder.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <gtest/gtest.h>

namespace ntc::rt::artifact {
namespace {

using Bytes = std::vector<uint8_t>;

struct SmallArtifact {
  Bytes bytes = *readFile(NTC_SMALL_ARTIFACT, 1 << 24);
  Manifest manifest = *readManifest(NTC_SMALL_ARTIFACT);
};

size_t countOf(const Bytes &bytes, std::string_view text) {
  size_t count = 0;
  for (auto at = bytes.begin();; ++at, ++count) {
    at = std::search(at, bytes.end(), text.begin(), text.end());
    if (at == bytes.end()) {
      return count;
    }
  }
}

/// Reads, checks and loads the file; its manifest as bytes.
Bytes manifestOf(const Bytes &file) {
  const test::TemporaryFolder folder;
  const std::string path = folder.file("replaced.so");
  EXPECT_TRUE(writeFileAtomically(path, file));
  auto artifact = Artifact::open(path);
  EXPECT_TRUE(artifact) << artifact.status().message();
  return artifact ? serialize((*artifact)->manifest()) : Bytes();
}

TEST(ReplaceManifest, theFileLoadsAndSaysTheOther) {
  SmallArtifact small;
  small.manifest.trainSpecJson = R"({"preprocessing":{"classNames":["cat","dog"]}})";
  for (size_t length : {0, 1, 1000, 100000}) {
    small.manifest.trainSpecJson.append(length, ' ');
    auto out = replaceManifest(small.bytes, small.manifest);
    ASSERT_TRUE(out) << out.status().message();
    EXPECT_TRUE(checkSeal(*out));
    EXPECT_EQ(countOf(*out, "NTCMANIF"), countOf(small.bytes, "NTCMANIF"));
    EXPECT_EQ(manifestOf(*out), serialize(small.manifest));
  }
}

TEST(ReplaceManifest, whatIsLoadedStaysInItsPlace) {
  SmallArtifact small;
  auto section = findElfSection(small.bytes, kManifestSection);
  ASSERT_TRUE(section);
  auto header = findElfSectionHeader(small.bytes, kManifestSection);
  auto out = replaceManifest(small.bytes, small.manifest);
  ASSERT_TRUE(header && out);
  const auto begin = static_cast<size_t>(section->data() - small.bytes.data());
  for (size_t i = 0; i < small.bytes.size() - kSealBytes; ++i) {
    const bool ofManifest = i >= begin && i < begin + section->size();
    const bool ofHeader = i >= *header && i < *header + sizeof(Elf64_Shdr);
    ASSERT_TRUE((*out)[i] == (ofManifest ? 0 : small.bytes[i]) || ofHeader) << "byte " << i;
  }
}

TEST(ReplaceManifest, replacingAgainLeavesNothingOfTheOneBefore) {
  SmallArtifact small;
  auto expected = replaceManifest(small.bytes, small.manifest);
  Manifest large = small.manifest;
  large.trainSpecJson.append(5000, ' ');
  auto once = replaceManifest(small.bytes, large);
  ASSERT_TRUE(expected && once);
  auto twice = replaceManifest(*once, small.manifest);
  ASSERT_TRUE(twice) << twice.status().message();
  EXPECT_EQ(*twice, *expected);
}

TEST(ReplaceManifest, refusesWhatIsNoWholeArtifact) {
  SmallArtifact small;
  Bytes changed = small.bytes;
  changed[changed.size() / 2] ^= 1;
  EXPECT_EQ(replaceManifest(changed, small.manifest).status().code(), Code::Corrupt);
  changed = small.bytes;
  changed.pop_back();
  EXPECT_EQ(replaceManifest(changed, small.manifest).status().code(), Code::Corrupt);
  EXPECT_EQ(replaceManifest({}, small.manifest).status().code(), Code::Corrupt);
  Bytes text(100, 'x');
  const auto seal = sealOf(text);
  text.insert(text.end(), seal.begin(), seal.end());
  EXPECT_EQ(replaceManifest(text, small.manifest).status().code(), Code::Corrupt);
}

} // namespace
} // namespace ntc::rt::artifact
