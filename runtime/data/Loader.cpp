// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two batch buffers, filled either on demand or by a thread that stays one batch ahead.
#include "runtime/data/Loader.h"

#include "runtime/base/CheckedMath.h"
#include "runtime/base/Permutation.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace ntc::rt::data {
namespace {

constexpr size_t kAlignment = 64;
/// Positions of an epoch whose samples are computed at once; a batch of a tiny model has a few
/// samples.
constexpr size_t kOrderBlock = 256;

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
using Buffer = std::unique_ptr<std::byte, Free>;

size_t roundUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

/// One batch and the memory behind it.
struct Slot {
  Batch batch;
  Buffer memory;
  std::vector<void *> arrays;
};

} // namespace

class Loader::Impl {
public:
  Impl(std::shared_ptr<const Dataset> dataset, std::vector<Binding> bindings,
       const LoaderOptions &options)
      : dataset_(std::move(dataset)), bindings_(std::move(bindings)), options_(options) {
    int64_t size = dataset_->size();
    samples_ = options.dropLast ? size / options.batchSize * options.batchSize : size;
    cursor_ = samples_;
    int64_t most = options.padLast ? options.batchSize : std::min(options.batchSize, size);
    rows_.resize(static_cast<size_t>(most));
  }

  ~Impl() {
    if (thread_.joinable()) {
      {
        std::lock_guard lock(mutex_);
        stopping_ = true;
      }
      changed_.notify_all();
      thread_.join();
    }
  }

  Status allocate() {
    size_t bytes = 0;
    std::vector<size_t> offsets;
    for (const Binding &binding : bindings_) {
      offsets.push_back(bytes);
      uint64_t elements = static_cast<uint64_t>(dataset_->fields()[binding.field].elements());
      auto row = checkedMul(elements, sizeOf(binding.dtype));
      auto all = row ? checkedMul(*row, rows_.size()) : std::nullopt;
      if (!all || *all > (uint64_t{1} << 46)) {
        return error(Code::OutOfMemory, "a batch of ", options_.batchSize,
                     " samples does not fit the address space");
      }
      bytes += roundUp(*all);
    }
    for (Slot &slot : slots_) {
      slot.memory.reset(
          static_cast<std::byte *>(std::aligned_alloc(kAlignment, std::max(bytes, kAlignment))));
      if (!slot.memory) {
        return error(Code::OutOfMemory, "no memory for two batches of ", bytes, " bytes");
      }
      for (size_t offset : offsets) {
        slot.arrays.push_back(slot.memory.get() + offset);
      }
      slot.batch.arrays = slot.arrays;
    }
    if (bytes >= options_.prefetchAboveBytes) {
      startThread();
    }
    return Status::ok();
  }

  int64_t samples() const { return samples_; }
  int64_t batchSize() const { return options_.batchSize; }

  void start(uint64_t epoch, int64_t cursor) {
    std::unique_lock lock(mutex_);
    // The thread fills outside the lock; wait until it holds no buffer.
    changed_.wait(lock, [&] { return !filling_; });
    order_.reset();
    if (options_.shuffle) {
      order_.emplace(static_cast<uint64_t>(dataset_->size()), options_.seed, streamOf("shuffle"),
                     epoch);
    }
    ordered_ = {};
    cursor_ = std::clamp<int64_t>(cursor, 0, samples_);
    filled_ = taken_ = 0;
    held_ = false;
    lock.unlock();
    changed_.notify_all();
  }

  const Batch *next() {
    if (!thread_.joinable()) {
      return cursor_ < samples_ ? fill(slots_[0]) : nullptr;
    }
    std::unique_lock lock(mutex_);
    if (held_) {
      held_ = false;
      ++taken_;
      changed_.notify_all();
    }
    changed_.wait(lock, [&] { return filled_ > taken_ || (!filling_ && cursor_ >= samples_); });
    if (filled_ == taken_) {
      return nullptr;
    }
    held_ = true;
    return &slots_[taken_ % slots_.size()].batch;
  }

private:
  /// The sample at a position of a shuffled epoch.
  uint64_t sampleAt(uint64_t position) {
    if (position - orderedFrom_ >= ordered_.size()) {
      orderedFrom_ = position;
      ordered_ =
          std::span(orderBlock_).first(std::min<uint64_t>(kOrderBlock, order_->size() - position));
      order_->samples(position, ordered_);
    }
    return ordered_[position - orderedFrom_];
  }

  /// Copies the batch at the cursor and moves the cursor behind it.
  const Batch *fill(Slot &slot) {
    const int64_t size = std::min(options_.batchSize, samples_ - cursor_);
    const int64_t count = options_.padLast ? options_.batchSize : size;
    std::span<int64_t> rows = std::span(rows_).first(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
      uint64_t position = static_cast<uint64_t>(cursor_ + std::min(i, size - 1));
      rows[static_cast<size_t>(i)] = static_cast<int64_t>(order_ ? sampleAt(position) : position);
    }
    for (size_t i = 0; i < bindings_.size(); ++i) {
      dataset_->copyRows(bindings_[i].field, rows, bindings_[i].dtype,
                         static_cast<std::byte *>(slot.arrays[i]));
    }
    slot.batch.size = size;
    slot.batch.rows = count;
    slot.batch.cursor = cursor_ + size;
    cursor_ += size;
    return &slot.batch;
  }

  void startThread() {
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::system_error &) {
      // No thread to be had: the caller's thread copies the batches.
    }
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] {
        return stopping_ || (cursor_ < samples_ && filled_ - taken_ < slots_.size());
      });
      if (stopping_) {
        return;
      }
      filling_ = true;
      Slot &slot = slots_[filled_ % slots_.size()];
      lock.unlock();
      fill(slot);
      lock.lock();
      filling_ = false;
      ++filled_;
      changed_.notify_all();
    }
  }

  std::shared_ptr<const Dataset> dataset_;
  std::vector<Binding> bindings_;
  LoaderOptions options_;
  int64_t samples_ = 0;
  std::vector<int64_t> rows_;
  std::array<Slot, 2> slots_;
  std::optional<Permutation> order_;
  std::array<uint64_t, kOrderBlock> orderBlock_;
  std::span<uint64_t> ordered_; ///< samples at positions orderedFrom_, orderedFrom_ + 1, …
  uint64_t orderedFrom_ = 0;
  int64_t cursor_ = 0; ///< first sample that is in no batch yet; written by the filling thread only

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t filled_ = 0; ///< batches filled since start
  uint64_t taken_ = 0;  ///< batches that the caller is done with
  bool held_ = false;   ///< the caller works on batch taken_
  bool filling_ = false;
  bool stopping_ = false;
};

Result<std::unique_ptr<Loader>> Loader::create(std::shared_ptr<const Dataset> dataset,
                                               std::vector<Binding> bindings,
                                               const LoaderOptions &options) {
  if (options.batchSize < 1) {
    return error(Code::InvalidArgument, "the batch size must be at least 1, found ",
                 options.batchSize);
  }
  if (options.dropLast && options.batchSize > dataset->size()) {
    return error(Code::InvalidArgument, "the data set has ", dataset->size(),
                 " samples, fewer than the batch size ", options.batchSize,
                 ", and the last smaller batch is dropped: nothing is left to train on");
  }
  auto impl = std::make_unique<Impl>(std::move(dataset), std::move(bindings), options);
  if (Status status = impl->allocate(); !status) {
    return status;
  }
  return std::unique_ptr<Loader>(new Loader(std::move(impl)));
}

Loader::Loader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Loader::~Loader() = default;

int64_t Loader::samplesPerEpoch() const { return impl_->samples(); }

int64_t Loader::batchSize() const { return impl_->batchSize(); }

int64_t Loader::batchesPerEpoch() const {
  return (impl_->samples() + impl_->batchSize() - 1) / impl_->batchSize();
}

int64_t Loader::lastBatchSize() const {
  return impl_->samples() - (batchesPerEpoch() - 1) * impl_->batchSize();
}

void Loader::start(uint64_t epoch, int64_t cursor) { impl_->start(epoch, cursor); }

const Batch *Loader::next() { return impl_->next(); }

} // namespace ntc::rt::data
