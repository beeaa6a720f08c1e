// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole steps of the hand-written program: against a loop in double, on several numbers of threads,
// in check mode.
#include "runtime/exec/Session.h"

#include "runtime/base/Sha256.h"
#include "runtime/exec/StateFile.h"
#include "runtime/format/Safetensors.h"
#include "test/unit/runtime/TemporaryFolder.h"
#include "test/unit/runtime/exec/SmallProgram.h"

#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

namespace ntc::rt::exec {
namespace {

using test::SmallBatch;

std::unique_ptr<Session> makeSession(SessionOptions options = {.threads = 1}) {
  auto session = Session::create(test::smallProgram(), std::move(options));
  EXPECT_TRUE(session) << session.status().message();
  return session.take();
}

/// All states' bytes.
std::vector<uint8_t> stateOf(Session &session) {
  std::vector<uint8_t> bytes;
  for (const auto &state : session.manifest().states) {
    auto part = session.stateBytes(state);
    bytes.insert(bytes.end(), part.begin(), part.end());
  }
  return bytes;
}

std::vector<uint8_t> trained(SessionOptions options, int steps) {
  auto session = makeSession(std::move(options));
  std::vector<uint8_t> trace;
  for (int i = 0; i < steps; ++i) {
    SmallBatch batch(i % 3 == 2 ? 8 : 16, static_cast<uint64_t>(i));
    auto result = session->trainStep(batch.views());
    EXPECT_TRUE(result) << result.status().message();
    for (const Metric &metric : result->metrics) {
      const auto *raw = reinterpret_cast<const uint8_t *>(&metric.sum);
      trace.insert(trace.end(), raw, raw + 8);
    }
  }
  auto state = stateOf(*session);
  trace.insert(trace.end(), state.begin(), state.end());
  return trace;
}

TEST(Session, aStepAgreesWithPlainLoopsInDouble) {
  auto session = makeSession();
  auto read = [&](const char *name) {
    std::vector<float> values((*session->state(name)).size() / 4);
    std::memcpy(values.data(), session->state(name)->data(), values.size() * 4);
    return values;
  };
  std::vector<float> w0 = read("weight");
  std::vector<double> w(w0.begin(), w0.end()), m(6);
  w.push_back(0);
  for (int step = 0; step < 10; ++step) {
    SmallBatch batch(16, static_cast<uint64_t>(step));
    auto result = session->trainStep(batch.views());
    ASSERT_TRUE(result) << result.status().message();
    std::vector<double> g(6);
    double loss = 0;
    for (size_t b = 0; b < 16; ++b) {
      double error = w[5] - batch.y[b];
      for (size_t f = 0; f < 5; ++f) {
        error += batch.x[b * 5 + f] * w[f];
      }
      for (size_t f = 0; f < 5; ++f) {
        g[f] += 2 * error * batch.x[b * 5 + f] / 16;
      }
      g[5] += 2 * error / 16;
      loss += error * error;
    }
    for (size_t f = 0; f < 6; ++f) {
      m[f] = 0.9 * m[f] + g[f];
      w[f] -= 0.05 * m[f];
    }
    ASSERT_EQ(result->metrics.size(), 2u);
    EXPECT_EQ(result->metrics[0].name, "loss");
    EXPECT_EQ(result->metrics[0].count, 16);
    EXPECT_EQ(result->metrics[1].sum, 12);
    EXPECT_TRUE(result->isFinite);
    // Sums of 16 products of values near 1 in f32: below 100 roundings of 2^-24 relative to values
    // below 16.
    EXPECT_NEAR(result->metrics[0].sum, loss, 100 * 0x1p-24 * 16);
  }
  for (size_t f = 0; f < 5; ++f) {
    EXPECT_NEAR(read("weight")[f], w[f], 1000 * 0x1p-24);
  }
  EXPECT_EQ(session->position().step, 10);
}

TEST(Session, theNumberOfThreadsDoesNotChangeABit) {
  auto one = trained({.threads = 1}, 60);
  for (unsigned threads : {2u, 3u, 4u, 7u}) {
    EXPECT_EQ(trained({.threads = threads}, 60), one) << threads << " threads";
  }
  EXPECT_EQ(trained({.threads = 2, .pinning = Pinning::No}, 60), one);
  EXPECT_NE(trained({.threads = 1, .seed = 8}, 60), one);
}

TEST(Session, checkModeChangesNothingInASoundProgram) {
  EXPECT_EQ(trained({.threads = 2, .check = CheckMode::Memory}, 20), trained({.threads = 1}, 20));
}

/// Positive control: a plan that says that the partial sums are dead before they are read must
/// show.
TEST(Session, checkModeShowsAValueThatIsReadAfterItsPlaceWasGivenAway) {
  artifact::Manifest manifest = test::smallManifest();
  for (auto &slot : manifest.slots) {
    if (slot.name == "partial") {
      slot.liveEnd = 1;
    }
  }
  auto artifact = artifact::Artifact::fromKernels(manifest, test::smallKernels());
  for (CheckMode mode : {CheckMode::Off, CheckMode::Memory}) {
    auto session = Session::create(*artifact, {.threads = 1, .check = mode});
    ASSERT_TRUE(session);
    SmallBatch batch(16, 0);
    auto result = (*session)->trainStep(batch.views());
    ASSERT_TRUE(result);
    EXPECT_EQ(result->isFinite, mode == CheckMode::Off);
  }
}

TEST(Session, theArenaIsTheOnlyDeviceAllocation) {
  device::HostAllocator host;
  device::CountingAllocator counter(host);
  {
    auto session = makeSession({.threads = 2, .allocator = &counter});
    SmallBatch batch(16, 0);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(session->trainStep(batch.views()));
      ASSERT_TRUE(session->evalStep(batch.views()));
    }
    EXPECT_EQ(counter.allocations(), 1u);
    EXPECT_EQ(counter.peakBytes(), session->manifest().arenaBytes);
  }
  EXPECT_EQ(counter.liveBytes(), 0u);
}

TEST(Session, aFailingAllocatorIsAStatus) {
  struct Failing final : device::Allocator {
    Result<void *> allocate(uint64_t, uint64_t) override {
      return error(Code::OutOfMemory, "none");
    }
    void deallocate(void *, uint64_t) override {}
  } failing;
  auto session = Session::create(test::smallProgram(), {.threads = 1, .allocator = &failing});
  EXPECT_EQ(session.status().code(), Code::OutOfMemory);
}

TEST(Session, evaluationChangesNoState) {
  auto session = makeSession();
  SmallBatch batch(16, 0);
  ASSERT_TRUE(session->trainStep(batch.views()));
  auto before = stateOf(*session);
  auto result = session->evalStep(batch.views());
  ASSERT_TRUE(result);
  EXPECT_EQ(stateOf(*session), before);
  EXPECT_EQ(session->position().step, 1);
}

TEST(Session, aRefusedBatchChangesNothing) {
  auto session = makeSession();
  SmallBatch batch(16, 0);
  batch.group[3] = 17;
  auto before = stateOf(*session);
  auto result = session->trainStep(batch.views());
  EXPECT_EQ(result.status().code(), Code::InvalidArgument);
  EXPECT_EQ(stateOf(*session), before);
  EXPECT_EQ(session->position().step, 0);
}

TEST(Session, aSizeThatWasNotCompiledListsThoseThatWere) {
  auto session = makeSession();
  SmallBatch batch(4, 0);
  auto result = session->trainStep(batch.views());
  EXPECT_EQ(result.status().code(), Code::NotFound);
  EXPECT_EQ(result.status().message(), "the program has no train_step for a batch of 4; it was "
                                       "compiled with --batch-size=8,16, drop the "
                                       "batch or add 4");
  EXPECT_EQ(session->batchSizes(artifact::EntryKind::TrainStep), (std::vector<int64_t>{8, 16}));
  EXPECT_EQ(session->trainStep({}).status().code(), Code::InvalidArgument);
}

TEST(Session, predictionsAreReadByName) {
  auto session = makeSession({.threads = 2});
  EXPECT_EQ(session->output("output").status().code(), Code::NotFound);
  SmallBatch batch(16, 0);
  ASSERT_TRUE(session->predict(batch.inputsOnly()));
  auto output = session->output("output");
  ASSERT_TRUE(output);
  EXPECT_EQ(output->shape[0], 16);
  const auto *weight = reinterpret_cast<const float *>(session->state("weight")->data());
  float expected = 0;
  for (int f = 0; f < 5; ++f) {
    expected += batch.x[static_cast<size_t>(f)] * weight[f];
  }
  EXPECT_EQ(static_cast<const float *>(output->data)[0], expected);
  EXPECT_EQ(session->output("x").status().message(),
            "predict.b16 has no output 'x'; it has: output");
}

TEST(Session, controlsTakeEffectInTheNextStep) {
  auto session = makeSession();
  SmallBatch batch(16, 0);
  auto before = stateOf(*session);
  ASSERT_TRUE(session->setControl("lr", 0.0));
  ASSERT_TRUE(session->trainStep(batch.views()));
  auto after = stateOf(*session);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + 24, after.begin())); // weight and bias
  EXPECT_EQ(*session->control("lr"), 0.0);
  EXPECT_EQ(*session->control("step"), 1.0);
  EXPECT_EQ(session->setControl("rate", 1).message(),
            "the program has no control 'rate'; it has: lr, momentum, seed, step");
  EXPECT_EQ(session->setControl("lr", std::nan("")).code(), Code::InvalidArgument);
  EXPECT_EQ(session->setControl("seed", 1).code(), Code::InvalidArgument);
}

TEST(Session, initializingStartsOverExactly) {
  auto session = makeSession();
  auto fresh = stateOf(*session);
  SmallBatch batch(16, 0);
  ASSERT_TRUE(session->setControl("lr", 1.0));
  ASSERT_TRUE(session->trainStep(batch.views()));
  ASSERT_TRUE(session->initialize(7));
  EXPECT_EQ(stateOf(*session), fresh);
  EXPECT_EQ(*session->control("lr"), 0.05);
  EXPECT_EQ(session->position().step, 0);
  ASSERT_TRUE(session->initialize(8));
  EXPECT_NE(stateOf(*session), fresh);
}

TEST(Session, aLossThatIsNotFiniteIsReported) {
  auto session = makeSession();
  SmallBatch batch(16, 0);
  batch.y[3] = INFINITY;
  auto result = session->trainStep(batch.views());
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->isFinite);
}

TEST(Session, importedValuesReplaceDrawnOnes) {
  test::TemporaryFolder folder;
  std::vector<float> weight = {1, 2, 3, 4, 5};
  std::vector<uint8_t> bytes(20);
  std::memcpy(bytes.data(), weight.data(), 20);
  ASSERT_TRUE(format::writeSafetensors(folder.file("w.safetensors"),
                                       {{"weight", DType::F32, {5}, bytes}}, {},
                                       format::Checksum::Without));
  artifact::Manifest manifest = test::smallManifest();
  std::vector<uint8_t> bias(4);
  float value = 0.5f;
  std::memcpy(bias.data(), &value, 4);
  manifest.initialValues = {{0, {}}, {1, bias}};
  manifest.weightsFile = "w.safetensors";
  manifest.weightsSha256 = hex(sha256(*readFile(folder.file("w.safetensors"), 1 << 20)));
  auto artifact =
      artifact::Artifact::fromKernels(manifest, test::smallKernels(), nullptr, folder.path());
  ASSERT_TRUE(artifact) << artifact.status().message();
  auto session = Session::create(*artifact, {.threads = 1});
  ASSERT_TRUE(session) << session.status().message();
  EXPECT_TRUE(std::ranges::equal(*(*session)->state("weight"), bytes));
  EXPECT_TRUE(std::ranges::equal(*(*session)->state("bias"), bias));
  manifest.weightsSha256 = std::string(64, '0');
  auto wrong =
      artifact::Artifact::fromKernels(manifest, test::smallKernels(), nullptr, folder.path());
  EXPECT_EQ(Session::create(*wrong, {.threads = 1}).status().code(), Code::Corrupt);
  manifest.weightsFile = "absent";
  auto absent =
      artifact::Artifact::fromKernels(manifest, test::smallKernels(), nullptr, folder.path());
  EXPECT_EQ(Session::create(*absent, {.threads = 1}).status().code(), Code::NotFound);
}

TEST(Session, averagesAreExchangedOnlyWhereTheyAreSound) {
  EXPECT_EQ(makeSession()->swapAverages().code(), Code::NotFound);
  artifact::Manifest manifest = test::smallManifest();
  const uint64_t at = manifest.arenaBytes;
  manifest.arenaBytes += 128;
  manifest.states.push_back(
      {"ema.weight", "weight", DType::F32, {5}, artifact::Role::Moment, at, 20});
  manifest.states.push_back({"ema.count", "", DType::I64, {}, artifact::Role::Counter, at + 64, 8});
  artifact::EntrySpec average = manifest.entries.front(); // In the place of an update it draws.
  average.kind = artifact::EntryKind::Average;
  average.name = "average";
  manifest.entries.push_back(average);
  auto artifact = artifact::Artifact::fromKernels(manifest, test::smallKernels());
  ASSERT_TRUE(artifact) << artifact.status().message();
  auto made = Session::create(*artifact, {.threads = 1});
  ASSERT_TRUE(made) << made.status().message();
  Session &session = **made;
  const std::vector<uint8_t> before = stateOf(session);
  EXPECT_EQ(session.swapAverages().code(), Code::InvalidArgument);
  EXPECT_EQ(stateOf(session), before);
  session.state("ema.count")->front() = 1;
  ASSERT_TRUE(session.swapAverages());
  SmallBatch batch(16, 0);
  test::TemporaryFolder folder;
  EXPECT_EQ(session.trainStep(batch.views()).status().code(), Code::InvalidArgument);
  EXPECT_EQ(session.average().code(), Code::InvalidArgument);
  EXPECT_EQ(saveCheckpoint(session, folder.file("s")).code(), Code::InvalidArgument);
  ASSERT_TRUE(session.swapAverages());
  ASSERT_TRUE(saveCheckpoint(session, folder.file("s")));
  ASSERT_TRUE(session.swapAverages());
  EXPECT_EQ(loadCheckpoint(session, folder.file("s")).code(), Code::InvalidArgument);
  ASSERT_TRUE(session.swapAverages());
  EXPECT_TRUE(session.trainStep(batch.views()));
}

TEST(Session, twoSessionsOfOneProgramInTwoThreadsAgreeWithOne) {
  auto expected = trained({.threads = 1}, 100);
  std::vector<uint8_t> results[2];
  std::thread first([&] { results[0] = trained({.threads = 2}, 100); });
  std::thread second([&] { results[1] = trained({.threads = 2}, 100); });
  first.join();
  second.join();
  EXPECT_EQ(results[0], expected);
  EXPECT_EQ(results[1], expected);
}

TEST(Session, theCallersFloatModeComesBack) {
  auto session = makeSession({.threads = 2});
  SmallBatch batch(16, 0);
  ASSERT_TRUE(session->trainStep(batch.views()));
  volatile float tiny = 1e-38f;
  volatile float kept = tiny * 0.1f;
  EXPECT_NE(kept, 0.0f);
}

} // namespace
} // namespace ntc::rt::exec
