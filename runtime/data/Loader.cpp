// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A ring of batch buffers, filled on demand or by workers that each make a whole batch. Batches are
// numbered from the start of the reading, through the epoch that follows it if that is known; batch
// n lies in slot n modulo the ring, and is handed out in its turn whichever worker finished first.
//
// Where steps keep every core busy, a worker that is woken may get one only when the kernel's time
// slice ends, some milliseconds later. So the ring holds many small batches, a worker of a cheap
// set sleeps until half of it is free, and a caller who finds a batch not yet begun makes it
// itself.
#include "runtime/data/Loader.h"

#include "runtime/base/BlockedSignals.h"
#include "runtime/base/CheckedMath.h"
#include "runtime/device/CpuTopology.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <system_error>
#include <thread>

namespace ntc::rt::data {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kAlignment = 64;
/// Positions of an epoch whose samples are computed at once; a batch of a tiny model has a few
/// samples.
constexpr int64_t kOrderBlock = 256;
constexpr int64_t kMostWorkers = 256;
constexpr int64_t kMostDefaultWorkers = 4;
/// A ring with workers holds batches of about so many bytes, and not more batches than this.
constexpr size_t kRingBytes = size_t{4} << 20;
constexpr size_t kMostSlots = 32;

struct Free {
  void operator()(void *memory) const { std::free(memory); }
};
using Buffer = std::unique_ptr<std::byte, Free>;

size_t roundUp(size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

int64_t batchesOf(int64_t samples, int64_t batchSize) {
  return samples / batchSize + (samples % batchSize != 0 ? 1 : 0);
}

/// One batch, the memory behind it, and what making it needs.
struct Slot {
  Batch batch;
  Buffer memory;
  std::vector<void *> arrays;
  std::vector<int64_t> rows;
  uint64_t epoch = 0;
  Status status;
  bool isReady = false;
};

/// The batches of one epoch from a sample on.
struct Pass {
  std::unique_ptr<const Order> order;
  uint64_t epoch = 0;
  int64_t begin = 0;            ///< the sample
  uint64_t first = 0, last = 0; ///< numbers of its first batch, and behind its last
  std::vector<int64_t> ordered; ///< samples at positions orderedFrom, orderedFrom + 1, …
  int64_t orderedFrom = 0;
};

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

} // namespace

class Loader::Impl {
public:
  Impl(std::shared_ptr<const Dataset> dataset, std::vector<Binding> bindings,
       const LoaderOptions &options)
      : dataset_(std::move(dataset)), bindings_(std::move(bindings)), options_(options),
        sampler_(options.sampler) {
    if (!sampler_) {
      sampler_ = options.shuffle ? randomSampler(dataset_->size(), options.seed)
                                 : sequentialSampler(dataset_->size());
    }
    const int64_t size = sampler_->size();
    samples_ = options.dropLast ? size / options.batchSize * options.batchSize : size;
  }

  ~Impl() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    freed_.notify_all();
    for (std::thread &thread : threads_) {
      thread.join();
    }
  }

  Status allocate() {
    const int64_t most =
        options_.padLast ? options_.batchSize : std::min(options_.batchSize, sampler_->size());
    size_t bytes = 0;
    std::vector<size_t> offsets;
    for (const Binding &binding : bindings_) {
      offsets.push_back(bytes);
      uint64_t elements = static_cast<uint64_t>(dataset_->fields()[binding.field].elements());
      auto row = checkedMul(elements, sizeOf(binding.dtype));
      auto all = row ? checkedMul(*row, static_cast<uint64_t>(most)) : std::nullopt;
      if (!all || *all > (uint64_t{1} << 46)) {
        return error(Code::OutOfMemory, "a batch of ", options_.batchSize,
                     " samples does not fit the address space");
      }
      bytes += roundUp(*all);
    }
    const int64_t workers = chooseWorkers(bytes);
    slots_.resize(chooseSlots(static_cast<size_t>(workers), bytes));
    wakeAt_ = dataset_->isCostly() ? 1 : std::max<size_t>(1, slots_.size() / 2);
    for (Slot &slot : slots_) {
      slot.memory.reset(
          static_cast<std::byte *>(std::aligned_alloc(kAlignment, std::max(bytes, kAlignment))));
      if (!slot.memory) {
        return error(Code::OutOfMemory, "no memory for ", slots_.size(), " batches of ", bytes,
                     " bytes");
      }
      for (size_t offset : offsets) {
        slot.arrays.push_back(slot.memory.get() + offset);
      }
      slot.batch.arrays = slot.arrays;
      slot.rows.resize(static_cast<size_t>(most));
    }
    startThreads(workers);
    return Status::ok();
  }

  int64_t samples() const { return samples_; }
  int64_t batchSize() const { return options_.batchSize; }
  int64_t workers() const { return static_cast<int64_t>(threads_.size()); }
  const Status &status() const { return status_; }
  const LoaderTimes &times() const { return times_; }

  void start(uint64_t epoch, int64_t cursor, std::optional<uint64_t> then) {
    const Clock::time_point begin = Clock::now();
    std::unique_lock lock(mutex_);
    const bool isAtEnd = taken_ == now_.last && !held_ && status_;
    if (isAtEnd && next_ && next_->epoch == epoch && cursor == 0) {
      now_ = std::move(*next_);
    } else {
      // Workers fill outside the lock; wait until none holds a slot.
      ends_ = begun_;
      filled_.wait(lock, [&] { return filling_ == 0; });
      now_ = passOf(epoch, std::clamp<int64_t>(cursor, 0, samples_), 0);
      begun_ = taken_ = 0;
      held_ = false;
      status_ = Status::ok();
      for (Slot &slot : slots_) {
        slot.isReady = false;
      }
    }
    next_.reset();
    if (then && !threads_.empty()) {
      next_ = passOf(*then, 0, now_.last);
    }
    ends_ = next_ ? next_->last : now_.last;
    lock.unlock();
    freed_.notify_all();
    times_.waitSeconds += since(begin);
  }

  const Batch *next() {
    const Clock::time_point begin = Clock::now();
    Slot *slot = threads_.empty() ? makeHere() : await();
    times_.waitSeconds += since(begin);
    if (!slot) {
      return nullptr;
    }
    if (!slot->status) {
      status_ = slot->status;
      return nullptr;
    }
    ++times_.batches;
    return &slot->batch;
  }

private:
  int64_t chooseWorkers(size_t batchBytes) const {
    if (options_.workers) {
      return std::clamp<int64_t>(*options_.workers, 0, kMostWorkers);
    }
    if (dataset_->isCostly()) {
      return std::min<int64_t>(device::usableThreads(), kMostDefaultWorkers);
    }
    return batchBytes >= options_.prefetchAboveBytes ? 1 : 0;
  }

  /// Batches that there is memory for, that of the caller among them.
  size_t chooseSlots(size_t workers, size_t batchBytes) const {
    if (workers == 0) {
      return 1;
    }
    if (options_.prefetchFactor) {
      return workers * static_cast<size_t>(std::max<int64_t>(1, *options_.prefetchFactor)) + 1;
    }
    return std::max(2 * workers,
                    std::min(kMostSlots, kRingBytes / std::max<size_t>(1, batchBytes)));
  }

  Pass passOf(uint64_t epoch, int64_t begin, uint64_t first) const {
    const int64_t batches = batchesOf(samples_ - begin, options_.batchSize);
    return {
        sampler_->order(epoch), epoch, begin, first, first + static_cast<uint64_t>(batches), {}, 0};
  }

  Slot &slotOf(uint64_t number) { return slots_[number % slots_.size()]; }

  /// Whether there is a batch to begin, and `count` slots are free for it and those behind it.
  bool canBegin(size_t count) const {
    return begun_ < ends_ && slots_.size() - (begun_ - taken_) >= count;
  }

  /// Chooses the samples of the next batch.
  Slot &begin() {
    const uint64_t number = begun_++;
    Pass &pass = number < now_.last ? now_ : *next_;
    Slot &slot = slotOf(number);
    slot.epoch = pass.epoch;
    choose(pass, slot, pass.begin + static_cast<int64_t>(number - pass.first) * options_.batchSize);
    return slot;
  }

  Slot *makeHere() {
    if (taken_ >= now_.last || !status_) {
      return nullptr;
    }
    Slot &slot = begin();
    taken_ = begun_;
    fill(slot);
    return &slot;
  }

  Slot *await() {
    std::unique_lock lock(mutex_);
    if (held_) {
      held_ = false;
      slotOf(taken_).isReady = false;
      ++taken_;
      if (canBegin(wakeAt_)) {
        freed_.notify_all();
      }
    }
    if (taken_ >= now_.last || !status_) {
      return nullptr;
    }
    held_ = true;
    if (begun_ == taken_ && !dataset_->isCostly()) {
      Slot &slot = begin();
      lock.unlock();
      fill(slot);
      return &slot;
    }
    Slot &slot = slotOf(taken_);
    filled_.wait(lock, [&] { return slot.isReady; });
    return &slot;
  }

  /// Decides what is in the batch that begins at sample `cursor` of the epoch. Batches are chosen
  /// one after another, under the lock.
  void choose(Pass &pass, Slot &slot, int64_t cursor) {
    const int64_t size = std::min(options_.batchSize, samples_ - cursor);
    slot.batch.size = size;
    slot.batch.rows = options_.padLast ? options_.batchSize : size;
    slot.batch.cursor = cursor + size;
    if (size >= kOrderBlock) {
      pass.order->rows(cursor, std::span(slot.rows).first(static_cast<size_t>(size)));
    } else {
      copyOrder(pass, cursor, slot.rows.data(), size);
    }
    std::fill(slot.rows.begin() + size, slot.rows.begin() + slot.batch.rows, slot.rows[size - 1]);
  }

  /// Samples at positions cursor, cursor + 1, … out of a block that serves several batches.
  void copyOrder(Pass &pass, int64_t cursor, int64_t *rows, int64_t count) {
    for (int64_t i = 0; i < count; ++i, ++cursor) {
      if (cursor < pass.orderedFrom || cursor >= pass.orderedFrom + std::ssize(pass.ordered)) {
        pass.orderedFrom = cursor;
        pass.ordered.resize(static_cast<size_t>(std::min(kOrderBlock, sampler_->size() - cursor)));
        pass.order->rows(cursor, pass.ordered);
      }
      rows[i] = pass.ordered[static_cast<size_t>(cursor - pass.orderedFrom)];
    }
  }

  /// Reads what was chosen. An exception would end the process where it leaves a thread.
  void fill(Slot &slot) {
    try {
      read(slot);
    } catch (const std::exception &problem) {
      const bool isMemory = dynamic_cast<const std::bad_alloc *>(&problem) != nullptr;
      slot.status =
          error(isMemory ? Code::OutOfMemory : Code::Internal, "cannot read a batch of ",
                slot.batch.rows, " samples: ", isMemory ? "no memory is left" : problem.what());
    }
  }

  void read(Slot &slot) {
    const auto rows = std::span(slot.rows).first(static_cast<size_t>(slot.batch.rows));
    const int64_t begin = slot.batch.cursor - slot.batch.size;
    const Reading reading{options_.seed, slot.epoch,
                          static_cast<uint64_t>(begin / options_.batchSize),
                          sampler_->repeats() ? std::optional(begin) : std::nullopt};
    slot.status = Status::ok();
    slot.batch.length = 0;
    for (int64_t row : dataset_->buckets().empty() ? std::span<const int64_t>() : rows) {
      slot.batch.length = std::max(slot.batch.length, dataset_->lengthOf(row));
    }
    for (size_t i = 0; i < bindings_.size() && slot.status; ++i) {
      slot.status = dataset_->readRows(bindings_[i].field, rows, bindings_[i].dtype,
                                       static_cast<std::byte *>(slot.arrays[i]), reading);
    }
  }

  void startThreads(int64_t workers) {
    const BlockedSignals blocked;
    try {
      for (int64_t i = 0; i < workers; ++i) {
        threads_.emplace_back([this] { run(); });
      }
    } catch (const std::system_error &) {
      // As many as there are to be had; without any the caller makes the batches.
    }
  }

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      if (!canBegin(1)) {
        freed_.wait(lock, [&] { return stopping_ || canBegin(wakeAt_); });
      }
      if (stopping_) {
        return;
      }
      Slot &slot = begin();
      ++filling_;
      lock.unlock();
      fill(slot);
      lock.lock();
      --filling_;
      slot.isReady = true;
      filled_.notify_one();
    }
  }

  std::shared_ptr<const Dataset> dataset_;
  std::vector<Binding> bindings_;
  LoaderOptions options_;
  std::shared_ptr<const Sampler> sampler_;
  int64_t samples_ = 0;
  std::vector<Slot> slots_;
  LoaderTimes times_;
  Status status_;

  // Under the lock where there are workers.
  Pass now_;                 ///< what `next` hands out
  std::optional<Pass> next_; ///< what workers go on with

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable freed_;  ///< for workers: slots are free, or the end
  std::condition_variable filled_; ///< for the caller: a worker is done with a slot
  size_t wakeAt_ = 1;              ///< free slots for which a worker that found none wakes up
  uint64_t begun_ = 0;             ///< batches that a worker has taken up
  uint64_t ends_ = 0;              ///< batches that may be taken up
  uint64_t taken_ = 0;             ///< batches that the caller is done with
  int64_t filling_ = 0;            ///< workers that hold a slot
  bool held_ = false;              ///< the caller works on batch taken_
  bool stopping_ = false;
};

Result<std::unique_ptr<Loader>> Loader::create(std::shared_ptr<const Dataset> dataset,
                                               std::vector<Binding> bindings,
                                               const LoaderOptions &options) {
  if (options.batchSize < 1) {
    return error(Code::InvalidArgument, "the batch size must be at least 1, found ",
                 options.batchSize);
  }
  const int64_t samples = options.sampler ? options.sampler->size() : dataset->size();
  if (options.dropLast && options.batchSize > samples) {
    return error(Code::InvalidArgument, "the data set has ", samples,
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

int64_t Loader::batchesPerEpoch() const { return batchesOf(impl_->samples(), impl_->batchSize()); }

int64_t Loader::lastBatchSize() const {
  return impl_->samples() - (batchesPerEpoch() - 1) * impl_->batchSize();
}

int64_t Loader::workers() const { return impl_->workers(); }

void Loader::start(uint64_t epoch, int64_t cursor, std::optional<uint64_t> then) {
  impl_->start(epoch, cursor, then);
}

const Batch *Loader::next() { return impl_->next(); }

const Status &Loader::status() const { return impl_->status(); }

LoaderTimes Loader::times() const { return impl_->times(); }

} // namespace ntc::rt::data
