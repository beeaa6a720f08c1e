// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the end-to-end tests ask of a session and cannot ask through a command line: every bit of
// every loss, stops after each step, and what was allocated when. Prints facts; the Python tests
// judge them, except `resume`, which compares here to be fast.
#include "ntc/nn/layers.h"
#include "ntc/nn/loss.h"
#include "ntc/nn/optim.h"
#include "ntc/nn/program.h"
#include "runtime/base/File.h"
#include "runtime/base/Text.h"
#include "runtime/exec/StateFile.h"
#include "runtime/train/Feed.h"
#include "runtime/train/Train.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

using namespace ntc::rt;

/// Calls of operator new, in any thread.
static std::atomic<uint64_t> heapAllocations = 0;

void *operator new(size_t size) {
  heapAllocations.fetch_add(1, std::memory_order_relaxed);
  if (void *block = std::malloc(size)) {
    return block;
  }
  std::abort();
}
void operator delete(void *block) noexcept { std::free(block); }
void operator delete(void *block, size_t) noexcept { std::free(block); }

namespace {

[[noreturn]] void fail(const std::string &message) {
  std::fprintf(stderr, "error: %s\n", message.c_str());
  std::exit(1);
}

void check(const Status &status) {
  if (!status) {
    fail(std::string(status.message()));
  }
}

template <typename T> T take(Result<T> result) {
  check(result.status());
  return result.take();
}

using ArtifactPtr = std::shared_ptr<const artifact::Artifact>;

/// A session, its shuffled synthetic data and its place in them.
class Run {
public:
  Run(const ArtifactPtr &artifact, exec::SessionOptions options, int64_t batchSize, int64_t samples)
      : session(take(exec::Session::create(artifact, options))) {
    const artifact::EntrySpec *entry = session->entry(artifact::EntryKind::TrainStep, batchSize);
    if (!entry) {
      fail("no step for batch size " + std::to_string(batchSize));
    }
    std::string name = "synthetic?samples=" + std::to_string(samples);
    auto dataset = take(
        data::openDataset(take(data::DataSource::parse(name)), data::Split::Train, entry->inputs));
    data::LoaderOptions loader;
    loader.batchSize = batchSize;
    loader.seed = 7;
    feed =
        take(train::Feed::create(*session, artifact::EntryKind::TrainStep, dataset, name, loader));
    seek();
  }

  /// One step; returns its metrics, every bit of them as text.
  std::string step() {
    const data::Batch *batch = feed->loader().next();
    if (!batch) {
      exec::Position position = session->position();
      check(session->setPosition({position.step, position.epoch + 1, 0, position.seed}));
      seek();
      batch = feed->loader().next();
    }
    uint64_t before = heapAllocations;
    exec::StepResult result = take(session->trainStep(feed->views(*batch)));
    heapInSteps += heapAllocations - before;
    exec::Position position = session->position();
    check(session->setPosition({position.step, position.epoch, batch->cursor, position.seed}));
    std::string text;
    for (const exec::Metric &metric : result.metrics) {
      char line[128];
      std::snprintf(line, sizeof(line), "%s=%a/%a ", std::string(metric.name).c_str(), metric.sum,
                    metric.count);
      text += line;
    }
    return text;
  }

  /// Moves the loader to the session's position.
  void seek() {
    feed->loader().start(static_cast<uint64_t>(session->position().epoch),
                         session->position().cursor);
  }

  std::unique_ptr<exec::Session> session;
  std::unique_ptr<train::Feed> feed;
  uint64_t heapInSteps = 0;
};

std::string contentOf(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    fail("cannot read " + path);
  }
  return {std::istreambuf_iterator<char>(file), {}};
}

/// A classifier with dropout, trained by Adam: every kind of state and randomness in a small step.
int writeModel(const std::string &path) {
  using namespace ntc::nn;
  Sequential net(Linear(12, 32), ReLU(), Dropout(0.25), Linear(32, 16), ReLU(), Dropout(0.5),
                 Linear(16, 5));
  ntc::CaptureOptions options;
  options.inputs = {{"x", ntc::f32, {ntc::Batch, 12}}};
  options.name = "dropout";
  return ntc::capture(net, options, CrossEntropyLoss(), ntc::optim::Adam({.lr = 1e-2})).save(path);
}

/// Convolutions with strides, so small that a step takes no time.
int writeStridedModel(const std::string &path) {
  using namespace ntc::nn;
  Sequential net(Conv2d(3, 16, 3, {.stride = 2, .padding = 1}), ReLU(),
                 Conv2d(16, 16, 3, {.stride = 2, .padding = 1}), ReLU(), Flatten(), Linear(144, 5));
  ntc::CaptureOptions options;
  options.inputs = {{"x", ntc::f32, {ntc::Batch, 3, 12, 12}}};
  options.name = "strided";
  return ntc::capture(net, options, CrossEntropyLoss(), ntc::optim::Adam({.lr = 1e-2})).save(path);
}

/// Metrics of `steps` steps, one line each, and the checkpoint after them.
int printSteps(const std::string &path, int64_t batchSize, unsigned threads, int64_t steps,
               const std::string &checkpoint) {
  Run run(take(artifact::Artifact::open(path)), {.threads = threads}, batchSize, 6 * batchSize);
  for (int64_t i = 0; i < steps; ++i) {
    std::printf("%s\n", run.step().c_str());
  }
  check(exec::saveCheckpoint(*run.session, checkpoint));
  return 0;
}

/// A session per stop: after each of `steps` steps the state is saved, loaded by another session
/// and trained to the end.
void resumeSessions(const ArtifactPtr &artifact, int64_t batchSize, int64_t samples, int64_t steps,
                    const std::string &folder) {
  auto start = [&](unsigned threads) {
    return Run(artifact, {.threads = threads}, batchSize, samples);
  };
  std::vector<std::string> losses;
  Run whole = start(1);
  for (int64_t i = 0; i < steps; ++i) {
    losses.push_back(whole.step());
  }
  check(exec::saveCheckpoint(*whole.session, folder + "/whole"));
  const std::string expected = contentOf(folder + "/whole");
  Run stopping = start(1);
  for (int64_t stop = 0; stop < steps; ++stop) {
    const std::string saved = folder + "/stopped";
    check(exec::saveCheckpoint(*stopping.session, saved));
    Run resumed = start(stop % 2 == 0 ? 1 : 2);
    check(exec::loadCheckpoint(*resumed.session, saved));
    resumed.seek();
    for (int64_t i = stop; i < steps; ++i) {
      std::string loss = resumed.step();
      if (loss != losses[i]) {
        fail(concat("stopped after ", stop, " steps: step ", i + 1, " gives ", loss, "instead of ",
                    losses[i]));
      }
    }
    check(exec::saveCheckpoint(*resumed.session, folder + "/resumed"));
    if (contentOf(folder + "/resumed") != expected) {
      fail(concat("stopped after ", stop, " steps: the last checkpoint differs"));
    }
    stopping.step();
  }
}

/// The same through the training loop, with a run folder for every stop.
void resumeRuns(const ArtifactPtr &artifact, const std::string &path, int64_t batchSize,
                int64_t samples, int64_t steps, const std::string &folder) {
  train::Hooks hooks;
  hooks.print = [](std::string_view) {};
  hooks.progressDescriptor = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  auto runTo = [&](const std::string &out, int64_t maxSteps, train::ResumeMode resume) {
    train::TrainOptions options;
    options.model = path;
    options.data = concat("synthetic?samples=", samples);
    options.batchSize = batchSize;
    options.epochs = 1000;
    options.maxSteps = maxSteps;
    options.seed = 11;
    options.threads = 1;
    options.out = out;
    options.resume = resume;
    return take(train::train(artifact, options, hooks)).checkpoint;
  };
  const std::string expected = contentOf(runTo(folder + "/run", steps, train::ResumeMode::No));
  for (int64_t stop = 1; stop < steps; ++stop) {
    const std::string out = folder + "/run" + std::to_string(stop);
    runTo(out, stop, train::ResumeMode::No);
    if (contentOf(runTo(out, steps, train::ResumeMode::Exact)) != expected) {
      fail(concat("train --max-steps ", stop, ", then --resume: the last checkpoint differs"));
    }
    std::filesystem::remove_all(out);
  }
}

/// Device memory before, while and after training, and heap allocations of the steps after the
/// first.
int printMemory(const std::string &path, int64_t batchSize, int64_t steps) {
  device::HostAllocator host;
  device::CountingAllocator counter(host);
  auto artifact = take(artifact::Artifact::open(path));
  Run run(artifact, {.threads = 2, .allocator = &counter}, batchSize, 2 * batchSize);
  uint64_t bound = counter.liveBytes(), allocations = counter.allocations();
  run.step();
  run.heapInSteps = 0;
  for (int64_t i = 1; i < steps; ++i) {
    run.step();
  }
  std::printf("{\"bound_bytes\": %llu, \"bound_allocations\": %llu, \"allocations\": %llu, "
              "\"peak_bytes\": %llu, "
              "\"live_bytes\": %llu, \"heap_in_steps\": %llu, \"arena_bytes\": %llu}\n",
              static_cast<unsigned long long>(bound), static_cast<unsigned long long>(allocations),
              static_cast<unsigned long long>(counter.allocations()),
              static_cast<unsigned long long>(counter.peakBytes()),
              static_cast<unsigned long long>(counter.liveBytes()),
              static_cast<unsigned long long>(run.heapInSteps),
              static_cast<unsigned long long>(run.session->arenaBytes()));
  return 0;
}

/// The same steps with and without guard pages and NaN in dead memory.
int compareCheckMode(const std::string &path, int64_t batchSize, int64_t steps) {
  auto artifact = take(artifact::Artifact::open(path));
  Run plain(artifact, {.threads = 1}, batchSize, 2 * batchSize);
  Run checked(artifact, {.threads = 2, .check = exec::CheckMode::Memory}, batchSize, 2 * batchSize);
  for (int64_t i = 0; i < steps; ++i) {
    std::string expected = plain.step(), found = checked.step();
    if (expected != found) {
      fail(concat("step ", i + 1, " gives ", found, "in check mode instead of ", expected));
    }
  }
  for (const artifact::StateSpec &state : artifact->manifest().states) {
    auto a = plain.session->stateBytes(state), b = checked.session->stateBytes(state);
    if (std::memcmp(a.data(), b.data(), a.size()) != 0) {
      fail(concat("state ", state.name, " differs in check mode"));
    }
  }
  return 0;
}

} // namespace

int main(int argc, char **argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  auto is = [&](std::string_view verb, size_t count) {
    return words.size() == count + 1 && words[0] == verb;
  };
  auto number = [&](size_t i) { return std::stoll(words[i]); };
  if (is("model", 1)) {
    return writeModel(words[1]);
  }
  if (is("strided", 1)) {
    return writeStridedModel(words[1]);
  }
  if (is("steps", 5)) {
    return printSteps(words[1], number(2), static_cast<unsigned>(number(3)), number(4), words[5]);
  }
  if (is("resume", 5)) {
    auto artifact = take(artifact::Artifact::open(words[1]));
    resumeSessions(artifact, number(2), number(3), number(4), words[5]);
    resumeRuns(artifact, words[1], number(2), number(3), number(4), words[5]);
    return 0;
  }
  if (is("memory", 3)) {
    return printMemory(words[1], number(2), number(3));
  }
  if (is("check", 3)) {
    return compareCheckMode(words[1], number(2), number(3));
  }
  fail("usage: probe model FILE | strided FILE | steps ARTIFACT BATCH THREADS STEPS CHECKPOINT | "
       "resume ARTIFACT "
       "BATCH SAMPLES STEPS FOLDER | "
       "memory ARTIFACT BATCH STEPS | check ARTIFACT BATCH STEPS");
}
