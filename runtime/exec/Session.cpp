// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Binding and stepping; see Session.h. The manifest was checked when the artifact was made
// (artifact/ManifestCheck.h); nothing is checked here a second time but what callers pass.
#include "runtime/exec/Session.h"

#include "runtime/base/File.h"
#include "runtime/base/Sha256.h"
#include "runtime/format/Safetensors.h"
#include "runtime/memory/Poison.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace ntc::rt::exec {

namespace {

template <typename T> double readAs(const uint8_t *cell) {
  T value{};
  std::memcpy(&value, cell, sizeof(value));
  return static_cast<double>(value);
}

/// A metric's or control's cell as f64.
double readNumber(const uint8_t *cell, DType dtype) {
  switch (dtype) {
  case DType::F64:
    return readAs<double>(cell);
  case DType::I64:
    return readAs<int64_t>(cell);
  default:
    return readAs<float>(cell);
  }
}

template <typename Specs> std::string namesOf(const Specs &specs) {
  std::string names;
  for (const auto &spec : specs) {
    names += concat(names.empty() ? "" : ", ", spec.name);
  }
  return names.empty() ? "none" : names;
}

Status noAverages() {
  return error(Code::NotFound, "the program keeps no average of its weights; compile it with "
                               "--average=ema or --average=swa");
}

} // namespace

std::string_view nameOf(artifact::EntryKind kind) {
  switch (kind) {
  case artifact::EntryKind::Init:
    return "init";
  case artifact::EntryKind::TrainStep:
    return "train_step";
  case artifact::EntryKind::EvalStep:
    return "eval_step";
  case artifact::EntryKind::Predict:
    return "predict";
  case artifact::EntryKind::Accumulate:
    return "accumulate";
  case artifact::EntryKind::Average:
    return "average";
  case artifact::EntryKind::UpdateBn:
    return "update_bn";
  }
  return "?";
}

Session::Session(std::shared_ptr<const artifact::Artifact> artifact, SessionOptions options)
    : artifact_(std::move(artifact)), options_(std::move(options)) {}

Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::create(std::shared_ptr<const artifact::Artifact> artifact,
                                                 SessionOptions options) {
  if (artifact == nullptr) {
    return error(Code::InvalidArgument, "a session needs a program");
  }
  std::unique_ptr<Session> session(new Session(std::move(artifact), std::move(options)));
  if (Status status = session->bind(); !status) {
    return status;
  }
  int64_t own = static_cast<int64_t>(session->findControl("seed")->defaultValue);
  if (Status status = session->initialize(session->options_.seed.value_or(own)); !status) {
    return status;
  }
  return session;
}

Status Session::bind() {
  const artifact::Manifest &program = manifest();
  device::Allocator &allocator =
      options_.allocator != nullptr ? *options_.allocator : hostAllocator_;
  memory::Guards guards =
      options_.check == CheckMode::Memory ? memory::Guards::Pages : memory::Guards::None;
  auto arena = memory::Arena::create(program.arenaBytes, allocator,
                                     {.guards = guards, .hugePages = options_.hugePages});
  if (!arena) {
    return arena.status();
  }
  arena_ = arena.take();
  auto pool = ThreadPool::create({.threads = options_.threads, .pinning = options_.pinning});
  if (!pool) {
    return pool.status();
  }
  pool_ = pool.take();
  size_t inputs = 0;
  for (uint32_t i = 0; i < program.entries.size(); ++i) {
    entries_.emplace_back(*artifact_, i, arena_.data(), pool_->threads(), options_.threadUse);
    inputs = std::max(inputs, program.entries[i].inputs.size());
  }
  addresses_.resize(inputs);
  seedOffset_ = findControl("seed")->offset;
  stepOffset_ = findControl("step")->offset;
  return Status::ok();
}

Status Session::initialize(int64_t seed) {
  const artifact::Manifest &program = manifest();
  if (!isFresh_) {
    std::memset(arena_.data(), 0, arena_.sizeBytes());
  }
  isFresh_ = isSwapped_ = false;
  last_ = nullptr;
  for (const artifact::ControlSpec &control : program.controls) {
    if (!control.isInteger) {
      std::memcpy(arena_.data() + control.offset, &control.defaultValue, 8);
    }
  }
  position_ = {.seed = seed};
  writePosition();
  if (BoundEntry *init = find(artifact::EntryKind::Init, 0)) {
    if (Status status = execute(*init); !status) {
      return status;
    }
  }
  return importValues();
}

Status Session::importValues() {
  bool needsFile = false;
  for (const artifact::InitialValue &value : manifest().initialValues) {
    auto target = stateBytes(manifest().states[value.state]);
    needsFile |= value.bytes.empty() && !target.empty();
    std::copy(value.bytes.begin(), value.bytes.end(), target.begin());
  }
  return needsFile ? importFromFile() : Status::ok();
}

Status Session::importFromFile() {
  std::string path = artifact_->folder() + "/" + manifest().weightsFile;
  auto file = MappedFile::open(path);
  if (!file) {
    return withContext(file.status(), "the weights that the program was compiled with");
  }
  if (hex(sha256(file->bytes())) != manifest().weightsSha256) {
    return error(Code::Corrupt, path,
                 ": is not the file that the program was compiled with: its SHA-256 is not ",
                 manifest().weightsSha256);
  }
  auto weights = format::Safetensors::parse(file->bytes());
  if (!weights) {
    return withContext(weights.status(), path);
  }
  for (const artifact::InitialValue &value : manifest().initialValues) {
    const artifact::StateSpec &state = manifest().states[value.state];
    if (!value.bytes.empty() || state.sizeBytes == 0) {
      continue;
    }
    const format::StoredTensor *tensor = weights->find(state.name);
    if (tensor == nullptr || tensor->dtype != state.dtype || tensor->shape != state.shape) {
      return error(Code::Corrupt, path, ": has no tensor ", quoted(state.name), " of ",
                   rt::nameOf(state.dtype), " ", shapeText(state.shape));
    }
    std::copy(tensor->bytes.begin(), tensor->bytes.end(), stateBytes(state).begin());
  }
  return Status::ok();
}

BoundEntry *Session::find(artifact::EntryKind kind, int64_t batchSize) {
  const artifact::EntrySpec *spec = entry(kind, batchSize);
  auto found = std::ranges::find_if(
      entries_, [spec](const BoundEntry &bound) { return &bound.spec() == spec; });
  return found == entries_.end() ? nullptr : &*found;
}

const artifact::EntrySpec *Session::entry(artifact::EntryKind kind, int64_t batchSize) const {
  const artifact::EntrySpec *best = nullptr;
  for (const artifact::EntrySpec &spec : manifest().entries) {
    const bool fits =
        spec.kind == kind && spec.batchSize == batchSize && spec.fromEpoch <= position_.epoch;
    best = fits && (best == nullptr || spec.fromEpoch > best->fromEpoch) ? &spec : best;
  }
  return best;
}

std::vector<int64_t> Session::batchSizes(artifact::EntryKind kind) const {
  std::vector<int64_t> sizes;
  for (const artifact::EntrySpec &entry : manifest().entries) {
    if (entry.kind == kind && entry.fromEpoch == 0) {
      sizes.push_back(entry.batchSize);
    }
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

Status Session::noSuchSize(artifact::EntryKind kind, int64_t batchSize) const {
  std::string sizes;
  for (int64_t size : batchSizes(kind)) {
    sizes += concat(sizes.empty() ? "" : ",", size);
  }
  if (sizes.empty()) {
    const bool accumulates = kind == artifact::EntryKind::Accumulate;
    return error(Code::NotFound, "the program has no ", nameOf(kind),
                 accumulates ? "; compile it with --accumulate=N" : "");
  }
  return error(Code::NotFound, "the program has no ", nameOf(kind), " for a batch of ", batchSize,
               "; it was compiled with --batch-size=", sizes, ", drop the batch or add ",
               batchSize);
}

Result<BoundEntry *> Session::prepare(artifact::EntryKind kind, std::span<const TensorView> batch) {
  auto batchSize = batchSizeOf(batch);
  if (!batchSize) {
    return error(Code::InvalidArgument, nameOf(kind),
                 ": the first tensor's first dimension is the batch size; there is none");
  }
  if (*batchSize <= 0) {
    return error(Code::InvalidArgument, nameOf(kind),
                 ": the batch is empty; expected at least one sample, found a first dimension of ",
                 *batchSize);
  }
  BoundEntry *entry = find(kind, *batchSize);
  if (entry == nullptr) {
    return noSuchSize(kind, *batchSize);
  }
  size_t inputs = entry->spec().inputs.size();
  if (Status status = checkBatch(entry->spec(), batch, std::span(addresses_).first(inputs));
      !status) {
    return status;
  }
  for (size_t i = 0; i < inputs; ++i) {
    entry->setInput(static_cast<uint32_t>(i), addresses_[i]);
  }
  return entry;
}

Status Session::execute(BoundEntry &entry) {
  bool flush = manifest().flushDenormals;
  last_ = &entry;
  int failed = 0;
  if (options_.check == CheckMode::Memory) {
    CallObserver observer = observer_;
    observer.before = [&](uint32_t call) {
      for (auto range : memory::deadRanges(manifest(), entry.index(), call)) {
        memory::fillWithNan({arena_.data() + range.begin, arena_.data() + range.end});
      }
      if (observer_.before) {
        observer_.before(call);
      }
    };
    failed = entry.runObserved(*pool_, flush, observer);
  } else if (observer_.before || observer_.after) {
    failed = entry.runObserved(*pool_, flush, observer_);
  } else {
    failed = entry.run(*pool_, flush);
  }
  if (failed != 0) {
    return error(Code::Internal, entry.spec().name, ": a kernel returned ", failed);
  }
  return Status::ok();
}

Result<StepResult> Session::step(artifact::EntryKind kind, std::span<const TensorView> batch) {
  auto entry = prepare(kind, batch);
  if (!entry) {
    return entry.status();
  }
  writePosition();
  if (Status status = execute(**entry); !status) {
    return status;
  }
  return readMetrics(**entry);
}

Result<StepResult> Session::trainStep(std::span<const TensorView> batch) {
  if (Status status = checkNotSwapped("a training step"); !status) {
    return status;
  }
  auto result = step(artifact::EntryKind::TrainStep, batch);
  if (result) {
    ++position_.step;
    position_.accumulated = 0;
  }
  return result;
}

Result<StepResult> Session::accumulateStep(std::span<const TensorView> batch) {
  if (Status status = checkNotSwapped("a training step"); !status) {
    return status;
  }
  auto result = step(artifact::EntryKind::Accumulate, batch);
  if (result) {
    ++position_.accumulated;
  }
  return result;
}

Status Session::average() {
  BoundEntry *entry = find(artifact::EntryKind::Average, 0);
  if (entry == nullptr) {
    return noAverages();
  }
  if (Status status = checkNotSwapped("an update of the averages"); !status) {
    return status;
  }
  writePosition();
  return execute(*entry);
}

const artifact::StateSpec *Session::averagedBy(const artifact::StateSpec &state) const {
  const bool isAverage = (state.name.starts_with("ema.") || state.name.starts_with("swa.")) &&
                         state.role == artifact::Role::Moment && state.name.substr(4) == state.of;
  auto found = std::ranges::find(manifest().states, state.of, &artifact::StateSpec::name);
  return isAverage && found != manifest().states.end() ? &*found : nullptr;
}

int64_t Session::averageUpdates() {
  if (find(artifact::EntryKind::Average, 0) == nullptr) {
    return 0;
  }
  for (const char *name : {"ema.count", "swa.count"}) {
    if (auto bytes = state(name); bytes && bytes->size() == sizeof(int64_t)) {
      int64_t count = 0;
      std::memcpy(&count, bytes->data(), sizeof(count));
      return count;
    }
  }
  return 0;
}

Status Session::checkNotSwapped(std::string_view what) const {
  return !isSwapped_ ? Status::ok()
                     : error(Code::InvalidArgument, what,
                             ": the averages are in the place of the weights; exchange them back "
                             "first");
}

Status Session::swapAverages() {
  if (find(artifact::EntryKind::Average, 0) == nullptr) {
    return noAverages();
  }
  if (!isSwapped_ && averageUpdates() == 0) {
    return error(Code::InvalidArgument, "the averages of the weights have not been updated yet");
  }
  for (const artifact::StateSpec &average : manifest().states) {
    const artifact::StateSpec *averaged = averagedBy(average);
    if (averaged != nullptr && averaged->sizeBytes == average.sizeBytes) {
      std::ranges::swap_ranges(stateBytes(average), stateBytes(*averaged));
    }
  }
  isSwapped_ = !isSwapped_;
  return Status::ok();
}

Status Session::updateBn(std::span<const TensorView> batch) {
  return step(artifact::EntryKind::UpdateBn, batch).status();
}

Result<StepResult> Session::evalStep(std::span<const TensorView> batch) {
  return step(artifact::EntryKind::EvalStep, batch);
}

Status Session::predict(std::span<const TensorView> batch) {
  return step(artifact::EntryKind::Predict, batch).status();
}

StepResult Session::readMetrics(const BoundEntry &entry) {
  metrics_.clear();
  const Metric *loss = nullptr;
  for (const artifact::OutputSpec &output : entry.spec().outputs) {
    if (output.isMetric) {
      metrics_.push_back({output.name, readNumber(arena_.data() + output.offset, output.dtype),
                          readNumber(arena_.data() + output.countOffset, output.dtype)});
    }
  }
  auto named = std::ranges::find(metrics_, std::string_view("loss"), &Metric::name);
  loss = named != metrics_.end() ? &*named : metrics_.empty() ? nullptr : &metrics_.front();
  return {metrics_, loss == nullptr || std::isfinite(loss->sum)};
}

Result<OutputView> Session::output(std::string_view name) const {
  if (last_ == nullptr) {
    return error(Code::NotFound, "no step has run, so there is no output ", quoted(name));
  }
  const auto &outputs = last_->spec().outputs;
  auto found = std::ranges::find(outputs, name, &artifact::OutputSpec::name);
  if (found == outputs.end()) {
    return error(Code::NotFound, last_->spec().name, " has no output ", quoted(name),
                 "; it has: ", namesOf(outputs));
  }
  return OutputView{found->name, arena_.data() + found->offset, found->dtype, found->shape};
}

const artifact::ControlSpec *Session::findControl(std::string_view name) const {
  auto found = std::ranges::find(manifest().controls, name, &artifact::ControlSpec::name);
  return found == manifest().controls.end() ? nullptr : &*found;
}

Status Session::setControl(std::string_view name, double value) {
  const artifact::ControlSpec *control = findControl(name);
  if (control == nullptr) {
    return error(Code::NotFound, "the program has no control ", quoted(name),
                 "; it has: ", namesOf(manifest().controls));
  }
  if (control->isInteger) {
    return error(Code::InvalidArgument, "control ", quoted(name),
                 " follows the position of the training and cannot be set by itself");
  }
  if (!std::isfinite(value)) {
    return error(Code::InvalidArgument, "control ", quoted(name), ": ", value, " is not finite");
  }
  std::memcpy(arena_.data() + control->offset, &value, 8);
  return Status::ok();
}

Result<double> Session::control(std::string_view name) const {
  const artifact::ControlSpec *control = findControl(name);
  if (control == nullptr) {
    return error(Code::NotFound, "the program has no control ", quoted(name),
                 "; it has: ", namesOf(manifest().controls));
  }
  if (control->isInteger) {
    return static_cast<double>(name == "seed" ? position_.seed : position_.step);
  }
  return readNumber(arena_.data() + control->offset, DType::F64);
}

Status Session::setPosition(const Position &position) {
  // So far counters can go on for any run, and are whole numbers in f64.
  constexpr int64_t kMost = int64_t{1} << 53;
  for (int64_t each : {position.step, position.epoch, position.cursor, position.accumulated}) {
    if (each < 0 || each > kMost) {
      return error(Code::InvalidArgument, "a position of step ", position.step, ", epoch ",
                   position.epoch, ", cursor ", position.cursor, " and ", position.accumulated,
                   " accumulated batches is outside of [0, 2^53]");
    }
  }
  position_ = position;
  return Status::ok();
}

void Session::writeInteger(uint64_t offset, int64_t value) {
  std::memcpy(arena_.data() + offset, &value, sizeof(value));
}

void Session::writePosition() {
  writeInteger(seedOffset_, position_.seed);
  // Each batch of a step draws other random numbers; without accumulation the cell is the step.
  constexpr int kBatchShift = 40;
  writeInteger(stepOffset_,
               static_cast<int64_t>(static_cast<uint64_t>(position_.step) ^
                                    static_cast<uint64_t>(position_.accumulated) << kBatchShift));
}

Result<std::span<uint8_t>> Session::state(std::string_view name) {
  auto found = std::ranges::find(manifest().states, name, &artifact::StateSpec::name);
  if (found == manifest().states.end()) {
    return error(Code::NotFound, "the program has no state ", quoted(name));
  }
  return stateBytes(*found);
}

} // namespace ntc::rt::exec
