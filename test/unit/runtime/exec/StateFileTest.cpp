// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints continue bit for bit or are refused; weights of other origin are compared by name.
#include "runtime/exec/StateFile.h"

#include "runtime/base/File.h"
#include "runtime/base/FloatConversion.h"
#include "test/unit/runtime/TemporaryFolder.h"
#include "test/unit/runtime/exec/SmallProgram.h"

#include <cstring>
#include <fstream>
#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

using test::SmallBatch;

struct StateFileTest : testing::Test {
  test::TemporaryFolder folder;
  std::string path = folder.file("state.safetensors");
  std::shared_ptr<const artifact::Artifact> program = test::smallProgram();
  std::unique_ptr<Session> session = Session::create(program, {.threads = 1}).take();

  static void train(Session &s, int first, int last) {
    for (int i = first; i < last; ++i) {
      SmallBatch batch(16, static_cast<uint64_t>(i));
      ASSERT_TRUE(s.trainStep(batch.views()));
    }
  }
  static std::vector<uint8_t> stateOf(Session &s) {
    std::vector<uint8_t> bytes;
    for (const auto &state : s.manifest().states) {
      auto part = s.stateBytes(state);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
  }
  void write(const std::vector<uint8_t> &bytes) {
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
};

TEST_F(StateFileTest, aRunStoppedAtAnyStepContinuesBitForBit) {
  auto whole = Session::create(program, {.threads = 1}).take();
  train(*whole, 0, 12);
  for (int stop = 0; stop <= 12; ++stop) {
    ASSERT_TRUE(session->initialize(7));
    train(*session, 0, stop);
    ASSERT_TRUE(session->setPosition({stop, 3, stop * 16, 7}));
    Status saved = saveCheckpoint(*session, path, {{"who", "test"}});
    ASSERT_TRUE(saved) << saved.message();
    auto resumed = Session::create(program, {.threads = 2, .seed = 99}).take();
    Status loaded = loadCheckpoint(*resumed, path);
    ASSERT_TRUE(loaded) << loaded.message();
    EXPECT_EQ(resumed->position().step, stop);
    EXPECT_EQ(resumed->position().epoch, 3);
    EXPECT_EQ(resumed->position().cursor, stop * 16);
    EXPECT_EQ(resumed->position().seed, 7);
    train(*resumed, stop, 12);
    EXPECT_EQ(stateOf(*resumed), stateOf(*whole)) << "stopped at " << stop;
  }
  EXPECT_EQ(folder.count(), 1u);
}

TEST_F(StateFileTest, everyDamagedByteAndEveryTruncationIsRefusedAndChangesNothing) {
  train(*session, 0, 3);
  ASSERT_TRUE(saveCheckpoint(*session, path));
  auto file = readFile(path, 1 << 20).take();
  ASSERT_TRUE(session->initialize(1));
  auto before = stateOf(*session);
  for (size_t at = 0; at < file.size(); ++at) {
    file[at] ^= 0x20;
    write(file);
    ASSERT_FALSE(loadCheckpoint(*session, path)) << "byte " << at;
    file[at] ^= 0x20;
  }
  for (size_t length = 0; length < file.size(); ++length) {
    write({file.begin(), file.begin() + static_cast<ptrdiff_t>(length)});
    ASSERT_FALSE(loadCheckpoint(*session, path)) << "length " << length;
  }
  EXPECT_EQ(stateOf(*session), before);
  EXPECT_EQ(session->position().step, 0);
  write(file);
  EXPECT_TRUE(loadCheckpoint(*session, path));
}

TEST_F(StateFileTest, aCheckpointOfAnotherProgramIsRefusedUnlessOnlyItsStateIsAskedFor) {
  artifact::Manifest manifest = test::smallManifest();
  manifest.programHash = std::string(64, 'b');
  auto other = artifact::Artifact::fromKernels(manifest, test::smallKernels()).take();
  auto otherSession = Session::create(other, {.threads = 1}).take();
  ASSERT_TRUE(saveCheckpoint(*otherSession, path));
  Status status = loadCheckpoint(*session, path);
  EXPECT_EQ(status.code(), Code::InvalidArgument);
  EXPECT_NE(status.message().find("was saved by another program"), std::string::npos);
  EXPECT_TRUE(loadCheckpoint(*session, path, ProgramCheck::StateOnly));
}

TEST_F(StateFileTest, differencesAreListed) {
  artifact::Manifest manifest = test::smallManifest();
  manifest.states[1].name = "offset";
  manifest.states[3].of = "offset";
  manifest.states[0].shape = {1, test::kFeatures};
  auto other = artifact::Artifact::fromKernels(manifest, test::smallKernels());
  ASSERT_TRUE(other) << other.status().message();
  auto otherSession = Session::create(*other, {.threads = 1}).take();
  ASSERT_TRUE(saveCheckpoint(*otherSession, path));
  Status status = loadCheckpoint(*session, path);
  EXPECT_EQ(status.message(),
            path + ": does not fit the program: missing: 'bias'; unexpected: 'offset'; mismatched: "
                   "'weight: the program has f32 [5], the file F32 [1, 5]'");
}

TEST_F(StateFileTest, metadataOfTheRuntimeCannotBeOverwritten) {
  EXPECT_EQ(saveCheckpoint(*session, path, {{"ntc.program", "x"}}).code(), Code::InvalidArgument);
  EXPECT_EQ(saveCheckpoint(*session, path, {{"ntc.sha256", "x"}}).code(), Code::InvalidArgument);
  EXPECT_EQ(folder.count(), 0u);
}

TEST_F(StateFileTest, weightsOfOtherOriginAreConvertedAndCompared) {
  std::vector<uint8_t> half(10), bias(8);
  for (int i = 0; i < 5; ++i) {
    uint16_t value = floatToF16(static_cast<float>(i) * 0.5f);
    std::memcpy(half.data() + 2 * i, &value, 2);
  }
  double b = 0.1;
  std::memcpy(bias.data(), &b, 8);
  auto store = [&](std::vector<format::TensorToStore> tensors) {
    ASSERT_TRUE(format::writeSafetensors(path, std::move(tensors), {}, format::Checksum::Without));
  };
  store({{"weight", DType::F16, {5}, half},
         {"bias", DType::F64, {}, bias},
         {"bn.num_batches_tracked", DType::I64, {}, bias}});
  auto report = loadWeights(*session, path);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->loaded, (std::vector<std::string>{"weight", "bias"}));
  const auto *weight = reinterpret_cast<const float *>(session->state("weight")->data());
  EXPECT_EQ(weight[3], 1.5f);
  EXPECT_EQ(*reinterpret_cast<const float *>(session->state("bias")->data()), 0.1f);

  store({{"weight", DType::F16, {5}, half}, {"extra", DType::F64, {}, bias}});
  EXPECT_EQ(loadWeights(*session, path).status().message(),
            path + ": does not fit the program: missing: 'bias'; unexpected: 'extra'");
  report = loadWeights(*session, path, Strictness::LoadWhatFits);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->missing, (std::vector<std::string>{"bias"}));

  store({{"weight", DType::F16, {5, 1}, half}, {"bias", DType::F64, {}, bias}});
  EXPECT_EQ(loadWeights(*session, path, Strictness::LoadWhatFits).status().code(),
            Code::InvalidArgument);
  store({{"weight", DType::I64, {1}, bias}, {"bias", DType::F64, {}, bias}});
  EXPECT_EQ(loadWeights(*session, path).status().code(), Code::InvalidArgument);
}

TEST_F(StateFileTest, weightsOfACheckpointLeaveMomentsAndPositionAlone) {
  train(*session, 0, 5);
  ASSERT_TRUE(saveCheckpoint(*session, path));
  auto other = Session::create(program, {.threads = 1}).take();
  auto report = loadWeights(*other, path);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(other->position().step, 0);
  EXPECT_TRUE(std::ranges::equal(*other->state("weight"), *session->state("weight")));
  auto moment = *other->state("optimizer.momentum_buffer.weight");
  EXPECT_TRUE(std::all_of(moment.begin(), moment.end(), [](uint8_t byte) { return byte == 0; }));
}

} // namespace
} // namespace ntc::rt::exec
