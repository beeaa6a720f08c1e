// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Manifests: every field survives, every damage is noticed, every broken invariant is refused by
// name.
#include "runtime/artifact/Artifact.h"
#include "runtime/artifact/ManifestCheck.h"
#include "runtime/base/Sha256.h"
#include "test/unit/runtime/exec/SmallProgram.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>

namespace ntc::rt::artifact {
namespace {

using Bytes = std::vector<uint8_t>;

Manifest fullManifest() {
  Manifest m = test::smallManifest();
  m.initialValues = {{0, {}}, {1, {1, 2, 3, 4}}};
  m.weightsFile = "weights.safetensors";
  m.weightsSha256 = std::string(64, '0');
  m.cpuFeatures = {"avx2", "fma"};
  m.entries[1].calls[0].flops = 123;
  m.entries[1].calls[0].bytes = 456;
  return m;
}

ControlSpec &controlOf(Manifest &m, std::string_view name) {
  return *std::ranges::find(m.controls, name, &ControlSpec::name);
}

/// The prefix made right for a changed payload, as an attacker would.
Bytes withValidChecksum(Bytes bytes) {
  auto digest = sha256(std::span(bytes).subspan(56));
  std::copy(digest.begin(), digest.end(), bytes.begin() + 24);
  uint64_t length = bytes.size() - 56;
  std::memcpy(bytes.data() + 16, &length, 8);
  return bytes;
}

TEST(Manifest, everyFieldSurvives) {
  Manifest original = fullManifest();
  Bytes bytes = serialize(original);
  auto read = deserialize(bytes);
  ASSERT_TRUE(read) << read.status().message();
  // A second round compares all fields at once: the bytes hold them all.
  EXPECT_EQ(serialize(*read), bytes);
  EXPECT_EQ(read->cpuFeatures, original.cpuFeatures);
  EXPECT_EQ(read->states[2].of, "weight");
  EXPECT_EQ(read->controls[1].defaultValue, 0.9);
  EXPECT_EQ(read->entries[1].inputs[2].classes, 3);
  EXPECT_EQ(read->entries[1].inputs[2].ignoreIndex, -100);
  EXPECT_EQ(read->entries[1].calls[0].barrierAfter, false);
  EXPECT_EQ(read->entries[1].calls[0].flops, 123u);
  EXPECT_EQ(read->entries[1].calls[0].bytes, 456u);
  EXPECT_EQ(read->initialValues[1].bytes, (Bytes{1, 2, 3, 4}));
  EXPECT_EQ(read->slots.back().role, "activation");
  EXPECT_EQ(read->modelPb, (Bytes{1, 2, 3}));
}

TEST(Manifest, serializingIsDeterministic) {
  EXPECT_EQ(serialize(fullManifest()), serialize(fullManifest()));
}

TEST(Manifest, everyTruncationAndEveryChangedByteIsRefused) {
  Bytes bytes = serialize(fullManifest());
  for (size_t length = 0; length < bytes.size(); ++length) {
    ASSERT_FALSE(deserialize(std::span(bytes).first(length))) << length;
  }
  for (size_t at = 0; at < bytes.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      bytes[at] ^= static_cast<uint8_t>(1u << bit);
      ASSERT_FALSE(deserialize(bytes)) << "byte " << at << " bit " << bit;
      bytes[at] ^= static_cast<uint8_t>(1u << bit);
    }
  }
  bytes.push_back(0);
  EXPECT_FALSE(deserialize(bytes));
}

/// With a correct checksum the parser itself is on trial: it must refuse or give a manifest that
/// passes the checks.
TEST(Manifest, hostilePayloadsNeverBreakTheParser) {
  const Bytes bytes = serialize(fullManifest());
  for (size_t length = 56; length < bytes.size(); ++length) {
    ASSERT_FALSE(deserialize(
        withValidChecksum({bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(length)})));
  }
  for (size_t at = 56; at < bytes.size(); ++at) {
    for (uint8_t value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      Bytes changed = bytes;
      changed[at] = value;
      auto read = deserialize(withValidChecksum(std::move(changed)));
      if (read) {
        ASSERT_TRUE(checkManifest(*read)) << at;
      }
    }
  }
}

TEST(Manifest, anotherVersionIsNamed) {
  Bytes bytes = serialize(fullManifest());
  bytes[8] = 9;
  auto read = deserialize(bytes);
  EXPECT_EQ(read.status().code(), Code::Version);
  EXPECT_NE(read.status().message().find("has version 9, this runtime reads version 4"),
            std::string::npos);
}

struct Violation {
  const char *what;
  std::function<void(Manifest &)> apply;
};

TEST(ManifestCheck, everyBrokenInvariantIsRefused) {
  const Violation violations[] = {
      {"arena", [](Manifest &m) { m.arenaBytes += 1; }},
      {"arena", [](Manifest &m) { m.arenaBytes = ~uint64_t{63}; }},
      {"twice", [](Manifest &m) { m.states[1].name = "weight"; }},
      {"empty", [](Manifest &m) { m.states[1].name = ""; }},
      {"bytes, found", [](Manifest &m) { m.states[0].sizeBytes += 4; }},
      {"beyond the arena", [](Manifest &m) { m.states[0].offset = m.arenaBytes; }},
      {"beyond the arena", [](Manifest &m) { m.states[0].offset = ~uint64_t{0}; }},
      {"multiple of 64", [](Manifest &m) { m.states[0].offset = 4; }},
      {"overlap", [](Manifest &m) { m.states[0].offset = m.states[1].offset; }},
      {"overlap", [](Manifest &m) { m.controls[0].offset = m.states[1].offset; }},
      {"impossible shape", [](Manifest &m) { m.states[0].shape = {-5}; }},
      {"impossible shape", [](Manifest &m) { m.states[0].shape = {INT64_MAX, INT64_MAX}; }},
      {"dimensions", [](Manifest &m) { m.states[0].shape.assign(17, 1); }},
      {"element type", [](Manifest &m) { m.states[0].dtype = static_cast<DType>(0); }},
      {"does not exist", [](Manifest &m) { m.states[2].of = "nothing"; }},
      {"'seed' is missing", [](Manifest &m) { m.controls[2].name = "sead"; }},
      {"'step' is missing", [](Manifest &m) { m.controls[3].isInteger = false; }},
      {"twice", [](Manifest &m) { m.controls[1].name = "lr"; }},
      {"multiple of 8", [](Manifest &m) { m.controls[0].offset = 300; }},
      {"twice", [](Manifest &m) { m.entries[2].name = m.entries[1].name; }},
      {"twice", [](Manifest &m) { m.entries[2].batchSize = 16; }},
      {"does not suit", [](Manifest &m) { m.entries[1].batchSize = 0; }},
      {"does not suit", [](Manifest &m) { m.entries[0].batchSize = 1; }},
      {"none before it", [](Manifest &m) { m.entries[4].fromEpoch = 2; }},
      {"does not suit", [](Manifest &m) { m.entries[1].fromEpoch = -1; }},
      {"none before it", [](Manifest &m) { m.entries[1].fromEpoch = 3; }},
      {"batch size", [](Manifest &m) { m.entries[1].inputs[0].shape[0] = 15; }},
      {"batch size", [](Manifest &m) { m.entries[1].inputs[0].shape = {}; }},
      {"classes", [](Manifest &m) { m.entries[1].inputs[0].classes = 3; }},
      {"classes", [](Manifest &m) { m.entries[1].inputs[2].classes = -3; }},
      {"twice", [](Manifest &m) { m.entries[1].inputs[1].name = "x"; }},
      {"metric", [](Manifest &m) { m.entries[1].outputs[0].dtype = DType::I32; }},
      {"metric", [](Manifest &m) { m.entries[1].outputs[0].shape = {1}; }},
      {"beyond the arena", [](Manifest &m) { m.entries[1].outputs[0].countOffset = m.arenaBytes; }},
      {"beyond the arena", [](Manifest &m) { m.entries[4].outputs[0].offset = m.arenaBytes - 4; }},
      {"names kernel", [](Manifest &m) { m.entries[1].calls[0].kernel = m.kernelCount; }},
      {"work groups", [](Manifest &m) { m.entries[1].calls[0].groupCount = 0; }},
      {"inputs", [](Manifest &m) { m.entries[1].calls[0].operands[0].value = 3; }},
      {"bytes of the arena",
       [](Manifest &m) { m.entries[1].calls[0].operands[3].value = m.arenaBytes; }},
      {"integer of 64 bits", [](Manifest &m) { controlOf(m, "seed").defaultValue = 0x1p63; }},
      {"integer of 64 bits", [](Manifest &m) { controlOf(m, "seed").defaultValue = NAN; }},
      {"integer of 64 bits", [](Manifest &m) { controlOf(m, "step").defaultValue = 0.5; }},
      {"initial value", [](Manifest &m) { m.initialValues[0].state = 4; }},
      {"initial value", [](Manifest &m) { m.initialValues[1].state = 0; }},
      {"initial value", [](Manifest &m) { m.initialValues[1].bytes.push_back(0); }},
      {"weights file", [](Manifest &m) { m.weightsFile = "../secret"; }},
      {"weights file", [](Manifest &m) { m.weightsFile = "/etc/passwd"; }},
      {"weights file", [](Manifest &m) { m.weightsFile = ".."; }},
      {"weights file", [](Manifest &m) { m.weightsSha256 = "x"; }},
      {"no weights file", [](Manifest &m) { m.weightsFile = ""; }},
      {"beyond the arena", [](Manifest &m) { m.slots[0].sizeBytes = ~uint64_t{0}; }},
      {"names entry", [](Manifest &m) { m.slots[0].entry = 99; }},
      {"lives from", [](Manifest &m) { m.slots[0].liveEnd = 99; }},
      {"lives from", [](Manifest &m) { m.slots[0].liveBegin = 3; }},
  };
  ASSERT_TRUE(checkManifest(fullManifest())) << checkManifest(fullManifest()).message();
  for (const Violation &violation : violations) {
    Manifest m = fullManifest();
    violation.apply(m);
    Status status = checkManifest(m);
    EXPECT_EQ(status.code(), Code::Corrupt) << violation.what;
    EXPECT_NE(status.message().find(violation.what), std::string::npos)
        << violation.what << " in: " << status.message();
    EXPECT_FALSE(deserialize(serialize(m))) << violation.what;
  }
}

TEST(Artifact, aMissingInstructionSetIsNamed) {
  Manifest m = test::smallManifest();
  m.cpu = "future9000";
  m.cpuFeatures = {"avx1024"};
  auto artifact = Artifact::fromKernels(m, test::smallKernels());
  EXPECT_EQ(artifact.status().code(), Code::Unsupported);
  EXPECT_NE(artifact.status().message().find("'future9000' and uses 'avx1024'"), std::string::npos);
}

TEST(Artifact, theNumberOfKernelsMustMatch) {
  auto kernels = test::smallKernels();
  EXPECT_EQ(Artifact::fromKernels(test::smallManifest(), kernels.first(3)).status().code(),
            Code::InvalidArgument);
  std::vector<ntc_kernel_t> withNull(kernels.begin(), kernels.end());
  withNull[1] = nullptr;
  EXPECT_EQ(Artifact::fromKernels(test::smallManifest(), withNull).status().code(),
            Code::InvalidArgument);
}

TEST(Artifact, theCodeLivesAsLongAsTheArtifact) {
  auto code = std::make_shared<int>(1);
  std::weak_ptr<int> watch = code;
  auto artifact =
      Artifact::fromKernels(test::smallManifest(), test::smallKernels(), std::move(code)).take();
  EXPECT_FALSE(watch.expired());
  artifact.reset();
  EXPECT_TRUE(watch.expired());
}

} // namespace
} // namespace ntc::rt::artifact
