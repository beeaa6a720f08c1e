// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Order, resume, partial batches and independence from the loader's thread.
#include "runtime/data/Loader.h"

#include "Scratch.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <numeric>
#include <signal.h>
#include <thread>

namespace ntc::rt::data {
namespace {

/// Sample i is the number i, as input and as target.
std::shared_ptr<const Dataset> numbers(int64_t samples, int64_t width = 1) {
  std::vector<uint8_t> values(static_cast<size_t>(samples * width) * 8);
  std::vector<uint8_t> targets(static_cast<size_t>(samples) * 8);
  for (int64_t i = 0; i < samples; ++i) {
    std::fill_n(reinterpret_cast<double *>(values.data()) + i * width, width,
                static_cast<double>(i));
    reinterpret_cast<int64_t *>(targets.data())[i] = i;
  }
  std::vector<ArrayDataset::Array> arrays;
  arrays.push_back({Field{"x", DType::F64, {width}, false, 0}, std::move(values)});
  arrays.push_back({Field{"y", DType::I64, {}, true, samples}, std::move(targets)});
  return std::make_shared<ArrayDataset>(samples, std::move(arrays));
}

std::unique_ptr<Loader> loader(std::shared_ptr<const Dataset> dataset, LoaderOptions options) {
  auto out = Loader::create(std::move(dataset), {{0, DType::F32}, {1, DType::I64}}, options);
  EXPECT_TRUE(out) << out.status().message();
  return out.take();
}

/// The targets of one epoch, with -1 after each batch; checks that inputs and targets belong
/// together.
std::vector<int64_t> epochOf(Loader &loader, uint64_t epoch, int64_t cursor, int64_t width = 1) {
  std::vector<int64_t> out;
  loader.start(epoch, cursor);
  while (const Batch *batch = loader.next()) {
    for (void *array : batch->arrays) {
      EXPECT_EQ(reinterpret_cast<uintptr_t>(array) % 64, 0u);
    }
    for (int64_t i = 0; i < batch->size; ++i) {
      out.push_back(static_cast<const int64_t *>(batch->arrays[1])[i]);
      EXPECT_EQ(static_cast<const float *>(batch->arrays[0])[i * width],
                static_cast<float>(out.back()));
    }
    out.push_back(-1);
  }
  EXPECT_EQ(loader.next(), nullptr);
  return out;
}

TEST(Loader, VisitsEverySampleOnceInAnOrderOfItsEpoch) {
  auto subject = loader(numbers(103), {.batchSize = 10, .seed = 7});
  EXPECT_EQ(subject->batchesPerEpoch(), 11);
  EXPECT_EQ(subject->lastBatchSize(), 3);
  std::vector<int64_t> first = epochOf(*subject, 0, 0), second = epochOf(*subject, 1, 0);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, epochOf(*subject, 0, 0));
  std::erase(first, -1);
  EXPECT_FALSE(std::ranges::is_sorted(first));
  std::ranges::sort(first);
  std::vector<int64_t> all(103);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(first, all);
}

/// In the thread of a worker an exception would end the process.
TEST(Loader, SaysThatNoMemoryIsLeft) {
  class Greedy : public ArrayDataset {
  public:
    Greedy() : ArrayDataset(9, {}) {}
    std::span<const Field> fields() const override { return fields_; }
    bool isCostly() const override { return true; }
    Status readRows(size_t, std::span<const int64_t> rows, DType, std::byte *,
                    const Reading &) const override {
      return rows[0] == 4 ? throw std::bad_alloc() : Status::ok();
    }

  private:
    std::vector<Field> fields_ = {{"x", DType::F64, {1}}, {"y", DType::I64, {}, true, 9}};
  };
  for (int64_t workers : {0, 2}) {
    auto subject =
        loader(std::make_shared<Greedy>(), {.batchSize = 2, .shuffle = false, .workers = workers});
    subject->start(0, 0);
    EXPECT_NE(subject->next(), nullptr);
    EXPECT_NE(subject->next(), nullptr);
    EXPECT_EQ(subject->next(), nullptr);
    EXPECT_EQ(subject->status().code(), Code::OutOfMemory);
    EXPECT_TRUE(has(subject->status().message(), "a batch of 2 samples: no memory"));
  }
}

TEST(Loader, MakesOneBatchWhereTheSizeIsTheGreatestNumber) {
  for (int64_t workers : {0, 1}) {
    auto subject = loader(numbers(10), {.batchSize = INT64_MAX, .workers = workers});
    EXPECT_EQ(subject->batchesPerEpoch(), 1);
    EXPECT_EQ(subject->lastBatchSize(), 10);
    EXPECT_EQ(epochOf(*subject, 0, 0).size(), 11u);
    EXPECT_EQ(epochOf(*subject, 1, 4).size(), 7u);
  }
}

TEST(Loader, KeepsTheSetsOrderWithoutShuffle) {
  auto subject = loader(numbers(4), {.batchSize = 3, .shuffle = false});
  EXPECT_EQ(epochOf(*subject, 5, 0), (std::vector<int64_t>{0, 1, 2, -1, 3, -1}));
}

TEST(Loader, DropsTheLastSmallerBatch) {
  auto subject = loader(numbers(10), {.batchSize = 4, .shuffle = false, .dropLast = true});
  EXPECT_EQ(subject->batchesPerEpoch(), 2);
  EXPECT_EQ(subject->samplesPerEpoch(), 8);
  EXPECT_EQ(subject->lastBatchSize(), 4);
  EXPECT_EQ(epochOf(*subject, 0, 0), (std::vector<int64_t>{0, 1, 2, 3, -1, 4, 5, 6, 7, -1}));
}

TEST(Loader, ContinuesFromEveryCursor) {
  auto whole = loader(numbers(23), {.batchSize = 4, .seed = 3});
  const std::vector<int64_t> all = epochOf(*whole, 2, 0);
  for (int64_t batches = 0; batches <= 6; ++batches) {
    auto subject = loader(numbers(23), {.batchSize = 4, .seed = 3});
    std::vector<int64_t> rest = epochOf(*subject, 2, std::min<int64_t>(batches * 4, 23));
    std::vector<int64_t> expected(all.begin() + std::min<int64_t>(batches * 5, 29), all.end());
    EXPECT_EQ(rest, expected) << "after " << batches << " batches";
  }
}

TEST(Loader, OrderDoesNotDependOnTheThread) {
  const int64_t width = 700;
  auto direct =
      loader(numbers(301, width), {.batchSize = 16, .seed = 9, .prefetchAboveBytes = SIZE_MAX});
  auto ahead = loader(numbers(301, width), {.batchSize = 16, .seed = 9, .prefetchAboveBytes = 0});
  for (uint64_t epoch = 0; epoch < 20; ++epoch) {
    EXPECT_EQ(epochOf(*direct, epoch, 0, width), epochOf(*ahead, epoch, 0, width));
  }
}

/// The same with other orders than the loader's own, and from the middle of an epoch on.
TEST(Loader, SamplersOrdersDependOnNeitherWorkersNorBreaks) {
  const std::vector<double> weights(301, 1.0);
  for (const auto &sampler : {windowSampler(301, 40, 9), *weightedSampler(weights, 230, 9),
                              *distinctWeightedSampler(weights, 230, 9)}) {
    auto make = [&](int64_t workers) {
      return loader(numbers(301, 3),
                    {.batchSize = 16, .seed = 9, .sampler = sampler, .workers = workers});
    };
    for (uint64_t epoch : {0, 3}) {
      const std::vector<int64_t> all = epochOf(*make(0), epoch, 0, 3);
      for (int64_t workers : {1, 2, 7}) {
        EXPECT_EQ(all, epochOf(*make(workers), epoch, 0, 3)) << workers << " workers";
        // 80 samples and the marks of 5 batches are done.
        EXPECT_EQ(std::vector<int64_t>(all.begin() + 85, all.end()),
                  epochOf(*make(workers), epoch, 80, 3))
            << workers << " workers, resumed";
      }
    }
  }
}

/// What a loader with workers did before must not show: whole epochs that were foretold, others
/// than foretold, and breaks in the middle, against a loader that knows nothing of them.
TEST(Loader, OrderDoesNotDependOnWhatWasReadAhead) {
  struct Visit {
    uint64_t epoch;
    int64_t cursor;
    std::optional<uint64_t> then;
    int64_t batches; ///< read before the next visit
  };
  const std::vector<Visit> visits = {{0, 0, 1, 99}, {1, 0, 2, 99}, {2, 0, 3, 4},   {3, 0, 4, 99},
                                     {4, 0, 9, 99}, {5, 0, 6, 99}, {6, 32, 7, 0},  {7, 0, {}, 99},
                                     {8, 0, 8, 99}, {8, 0, 8, 99}, {8, 16, 9, 99}, {9, 0, 0, 19},
                                     {0, 0, 1, 0},  {1, 0, 2, 99}};
  using Ahead = std::optional<int64_t>;
  const std::vector<std::pair<int64_t, Ahead>> threads = {{1, {}}, {2, {}}, {7, {}},
                                                          {1, 1},  {3, 1},  {2, 5}};
  for (const auto &[workers, ahead] : threads) {
    auto subject = loader(
        numbers(301, 3), {.batchSize = 16, .seed = 9, .workers = workers, .prefetchFactor = ahead});
    for (const Visit &visit : visits) {
      auto plain = loader(numbers(301, 3), {.batchSize = 16, .seed = 9, .workers = 0});
      plain->start(visit.epoch, visit.cursor);
      subject->start(visit.epoch, visit.cursor, visit.then);
      for (int64_t i = 0; i < visit.batches; ++i) {
        const Batch *expected = plain->next(), *found = subject->next();
        ASSERT_EQ(expected == nullptr, found == nullptr) << visit.epoch << ", batch " << i;
        if (!expected) {
          break;
        }
        EXPECT_EQ(expected->cursor, found->cursor);
        const auto *labels = static_cast<const int64_t *>(expected->arrays[1]);
        ASSERT_TRUE(std::equal(labels, labels + expected->size,
                               static_cast<const int64_t *>(found->arrays[1])))
            << visit.epoch << ", batch " << i << ", " << workers << " workers";
      }
    }
  }
}

/// Counts the batches that were read of each epoch, and fails where it is told to.
class CountingDataset : public Dataset {
public:
  int64_t size() const override { return 40; }
  std::span<const Field> fields() const override { return fields_; }
  Status readRows(size_t, std::span<const int64_t>, DType, std::byte *,
                  const Reading &reading) const override {
    ++batches_[reading.epoch];
    return reading.epoch == 2 ? error(Code::Io, "epoch 2 cannot be read") : Status::ok();
  }
  bool isCostly() const override { return true; }
  mutable std::array<std::atomic<int>, 4> batches_{};

private:
  std::vector<Field> fields_{{"x", DType::F32, {}, false, 0}};
};

TEST(Loader, ReadsTheFirstBatchesOfTheNextEpochOnce) {
  const auto dataset = std::make_shared<CountingDataset>();
  auto made = Loader::create(dataset, {{0, DType::F32}}, {.batchSize = 4, .workers = 2});
  Loader &subject = **made;
  subject.start(0, 0, 1);
  while (subject.next()) {
  }
  // Nothing was asked of epoch 1 yet, but its first batches come.
  while (dataset->batches_[1] < 4) {
    std::this_thread::yield();
  }
  subject.start(1, 0, 2);
  int batches = 0;
  while (subject.next()) {
    ++batches;
  }
  EXPECT_EQ(batches, 10);
  EXPECT_TRUE(subject.status()) << "a problem of the next epoch is told in its turn";
  EXPECT_EQ(dataset->batches_[0], 10);
  EXPECT_EQ(dataset->batches_[1], 10);
  subject.start(2, 0);
  EXPECT_EQ(subject.next(), nullptr);
  EXPECT_TRUE(has(subject.status().message(), "epoch 2 cannot be read"));
}

TEST(Loader, MayBeRestartedInTheMiddleWhileItReadsAhead) {
  auto subject =
      loader(numbers(1000, 50), {.batchSize = 8, .shuffle = false, .prefetchAboveBytes = 0});
  for (int64_t round = 0; round < 200; ++round) {
    subject->start(0, round);
    const Batch *batch = subject->next();
    ASSERT_NE(batch, nullptr);
    EXPECT_EQ(*static_cast<const int64_t *>(batch->arrays[1]), round);
    EXPECT_EQ(batch->cursor, round + 8);
  }
}

/// Remembers what a signal would find on the thread that reads.
class SignalsDataset : public Dataset {
public:
  int64_t size() const override { return 4; }
  std::span<const Field> fields() const override { return fields_; }
  Status readRows(size_t, std::span<const int64_t>, DType, std::byte *,
                  const Reading &) const override {
    sigset_t blocked;
    ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
    isBlocked_ = ::sigismember(&blocked, SIGINT) == 1 && ::sigismember(&blocked, SIGUSR1) == 1;
    return Status::ok();
  }
  bool isCostly() const override { return true; } // only workers read it
  mutable std::atomic<bool> isBlocked_ = false;

private:
  std::vector<Field> fields_{{"x", DType::F32, {}, false, 0}};
};

TEST(Loader, WorkersBlockSignals) {
  const auto dataset = std::make_shared<SignalsDataset>();
  for (int64_t workers : {0, 1, 3}) {
    auto subject = Loader::create(dataset, {{0, DType::F32}}, {.batchSize = 4, .workers = workers});
    (*subject)->start(0, 0);
    ASSERT_NE((*subject)->next(), nullptr);
    EXPECT_EQ(dataset->isBlocked_, workers > 0);
  }
  sigset_t own;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &own);
  EXPECT_EQ(::sigismember(&own, SIGINT), 0) << "the caller takes signals as before";
}

TEST(Loader, ABatchLargerThanTheSetIsOnePartialBatch) {
  auto subject = loader(numbers(5), {.batchSize = 1 << 30, .shuffle = false});
  EXPECT_EQ(epochOf(*subject, 0, 0), (std::vector<int64_t>{0, 1, 2, 3, 4, -1}));
  auto refused = Loader::create(numbers(5), {{0, DType::F32}}, {.batchSize = 6, .dropLast = true});
  EXPECT_TRUE(has(refused.status().message(), "fewer than the batch size 6"));
}

} // namespace
} // namespace ntc::rt::data
