// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A running program: the artifact bound to memory and threads, with its state. One call of
// `trainStep` is one step.
#pragma once

#include "runtime/artifact/Artifact.h"
#include "runtime/base/Log.h"
#include "runtime/device/Allocator.h"
#include "runtime/exec/Batch.h"
#include "runtime/exec/BoundEntry.h"
#include "runtime/exec/ThreadPool.h"
#include "runtime/memory/Arena.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ntc::rt::exec {

enum class CheckMode : uint8_t {
  Off,
  /// Guard pages around the arena, and NaN in every dead byte of it between calls. Same results,
  /// several times slower.
  Memory,
};

struct SessionOptions {
  unsigned threads = 0; ///< 0: as many as this process may run at once
  ThreadUse threadUse = ThreadUse::Fastest;
  std::optional<int64_t> seed{}; ///< nothing: the program's own
  Pinning pinning = Pinning::Workers;
  CheckMode check = CheckMode::Off;
  memory::HugePages hugePages = memory::HugePages::No;
  device::Allocator *allocator =
      nullptr; ///< null: pages of the system; else it must outlive the session
  LogCallback log{};
};

/// One metric of a step: a mean is sum / count, over one batch or accumulated over many.
struct Metric {
  std::string_view name;
  double sum = 0.0;
  double count = 0.0;
};

/// What a step says about itself. Valid until the session's next call.
struct StepResult {
  std::span<const Metric> metrics;
  bool isFinite =
      true; ///< the loss (the metric "loss", else the first) is neither NaN nor infinite
};

/// Where training stands, besides the states. Saved in checkpoints.
struct Position {
  int64_t step = 0;   ///< completed training steps; the next step sees it in its control cell
  int64_t epoch = 0;  ///< the host's business: completed passes over the data; selects the stage
                      ///< of a program that unfreezes parameters
  int64_t cursor = 0; ///< the host's business: samples of the current epoch that were used
  int64_t seed = 0;
  int64_t accumulated = 0; ///< batches since the last step whose gradients wait for the next one
};

/// A batch output of `predict` or any named output of the last entry, in the session's memory until
/// its next call.
struct OutputView {
  std::string_view name; ///< of the manifest, zero-terminated
  const void *data = nullptr;
  DType dtype = DType::F32;
  std::span<const int64_t> shape;
};

/// One thread at a time may use a session; different sessions are independent, also of one
/// artifact.
class Session {
public:
  /// Allocates the arena, starts the threads and initializes the state (see `initialize`).
  /// Errors: OutOfMemory; InvalidArgument for options; NotFound, Corrupt or Io for the weights
  /// file.
  static Result<std::unique_ptr<Session>> create(std::shared_ptr<const artifact::Artifact> artifact,
                                                 SessionOptions options = {});
  ~Session();
  Session(const Session &) = delete;
  Session &operator=(const Session &) = delete;

  const artifact::Manifest &manifest() const { return artifact_->manifest(); }
  unsigned threads() const { return pool_->threads(); }
  /// The number of threads that most steps of the entry that ran last had; 0: none ran.
  unsigned threadsUsed() const { return last_ == nullptr ? 0 : last_->threadsUsed(); }

  /// Starts over: zeroed state, default controls, position zero with `seed`, the program's `init`,
  /// imported weights (the weights file's SHA-256 is checked). After an error the state is
  /// undefined until the next success.
  Status initialize(int64_t seed);

  /// One optimizer step on `batch`, whose size selects the entry. On success `position().step` is
  /// one more. In a program with gradual unfreezing, the epoch of the position decides which
  /// parameters are trained. A loss that is not finite is no error; see StepResult. Errors:
  /// InvalidArgument (the batch; nothing was changed), NotFound (no entry of that size, lists those
  /// there are).
  Result<StepResult> trainStep(std::span<const TensorView> batch);
  /// The gradients of `batch` join those of the next `trainStep`, which then steps as if all
  /// batches since the last one were a single one. On success `position().accumulated` is one more.
  /// Errors: as trainStep; NotFound where the program does not accumulate.
  Result<StepResult> accumulateStep(std::span<const TensorView> batch);
  /// Updates the average of the weights that the program keeps. Errors: NotFound where it keeps
  /// none.
  Status average();
  /// How many updates the average has had; 0 where the program keeps none.
  int64_t averageUpdates();
  /// Exchanges the weights (and statistics of batch normalization) with their averages; a second
  /// call exchanges them back. Between the two, `trainStep`, `accumulateStep`, `average`, and
  /// saving and loading are refused. Errors: NotFound where the program keeps no average;
  /// InvalidArgument before the first update.
  Status swapAverages();
  /// InvalidArgument while averages are in the place of the weights; `what` was asked for.
  Status checkNotSwapped(std::string_view what) const;
  /// Lets `batch`, the model's inputs alone, enter the mean of statistics of batch normalization
  /// over batches; the control "bn_batches" is the number of those before it. Errors: as trainStep.
  Status updateBn(std::span<const TensorView> batch);
  /// Metrics of `batch` without changing any state. Errors: as trainStep.
  Result<StepResult> evalStep(std::span<const TensorView> batch);
  /// Outputs for `batch`, read with `output`. Errors: as trainStep.
  Status predict(std::span<const TensorView> batch);

  /// An output of the entry that ran last. Errors: NotFound, listing the names.
  Result<OutputView> output(std::string_view name) const;

  /// Sets a hyperparameter for the following steps. Errors: NotFound, listing the controls;
  /// InvalidArgument for a value that is not finite and for "seed" and "step", which belong to the
  /// position.
  Status setControl(std::string_view name, double value);
  /// Errors: NotFound.
  Result<double> control(std::string_view name) const;

  /// Errors (setter): InvalidArgument for negative numbers but seeds.
  const Position &position() const { return position_; }
  Status setPosition(const Position &position);

  /// Row-major bytes of a state, writable, valid as long as the session. Errors: NotFound.
  Result<std::span<uint8_t>> state(std::string_view name);
  std::span<uint8_t> stateBytes(const artifact::StateSpec &state) {
    return {arena_.data() + state.offset, static_cast<size_t>(state.sizeBytes)};
  }

  /// The batch sizes for which the program has an entry of `kind`, ascending.
  std::vector<int64_t> batchSizes(artifact::EntryKind kind) const;
  /// The entry of a kind and batch size in the position's epoch, or null.
  const artifact::EntrySpec *entry(artifact::EntryKind kind, int64_t batchSize) const;

  /// Calls `observer` around every kernel call of the following steps (profiling, numeric checks);
  /// an empty observer ends it. Same bits, slower.
  void observeCalls(CallObserver observer) { observer_ = std::move(observer); }

  /// A value of the arena, for observers. `offset` as in the manifest.
  const uint8_t *arenaData() const { return arena_.data(); }

  /// Bytes of device memory that the session holds; equals the manifest's arenaBytes.
  uint64_t arenaBytes() const { return arena_.sizeBytes(); }

private:
  Session(std::shared_ptr<const artifact::Artifact> artifact, SessionOptions options);

  Status bind();
  Status importValues();
  Status importFromFile();
  BoundEntry *find(artifact::EntryKind kind, int64_t batchSize);
  Result<BoundEntry *> prepare(artifact::EntryKind kind, std::span<const TensorView> batch);
  /// The state whose average `state` is, or null.
  const artifact::StateSpec *averagedBy(const artifact::StateSpec &state) const;
  Status noSuchSize(artifact::EntryKind kind, int64_t batchSize) const;
  Status execute(BoundEntry &entry);
  Result<StepResult> step(artifact::EntryKind kind, std::span<const TensorView> batch);
  StepResult readMetrics(const BoundEntry &entry);
  const artifact::ControlSpec *findControl(std::string_view name) const;
  void writeInteger(uint64_t offset, int64_t value);
  void writePosition();

  std::shared_ptr<const artifact::Artifact> artifact_;
  SessionOptions options_;
  device::HostAllocator hostAllocator_;
  memory::Arena arena_;
  std::unique_ptr<ThreadPool> pool_;
  std::vector<BoundEntry> entries_;
  std::vector<Metric> metrics_;
  std::vector<const void *> addresses_;
  Position position_;
  uint64_t seedOffset_ = 0;
  uint64_t stepOffset_ = 0;
  const BoundEntry *last_ = nullptr;
  CallObserver observer_;
  bool isFresh_ = true;
  bool isSwapped_ = false; ///< averages are in the place of the weights
};

/// As entries are called, without the batch: "train_step", "accumulate", …
std::string_view nameOf(artifact::EntryKind kind);

} // namespace ntc::rt::exec
