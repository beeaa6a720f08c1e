// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The loop: run folders, exact resume, interruption, validation, refusals.
#include "runtime/train/Train.h"

#include "../data/Scratch.h"
#include "TinyProgram.h"
#include "runtime/format/Json.h"
#include "runtime/format/Safetensors.h"
#include "runtime/train/RunFolder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

namespace ntc::rt::train {
namespace {

using data::has;
using data::readAll;
using data::Scratch;

class Training : public testing::Test {
protected:
  Training() {
    std::string table = "x0,x1,x2,y\n";
    for (int i = 0; i < 43; ++i) {
      double a = (i * 7 % 11) / 11.0, b = (i * 5 % 13) / 13.0, c = (i * 3 % 17) / 17.0;
      table += concat(a, ",", b, ",", c, ",", a - 2 * b + 3 * c, "\n");
    }
    folder_.write("t.csv", table);
    hooks_.print = [this](std::string_view line) { lines_ += std::string(line) + "\n"; };
    hooks_.progressDescriptor = -1;
  }
  TrainOptions options(const std::string &run) {
    TrainOptions out;
    out.data = "csv:" + (folder_ / "t.csv") + "?target=y";
    out.out = folder_ / run;
    out.epochs = 4;
    out.seed = 5;
    out.threads = 1;
    return out;
  }
  Result<TrainReport> run(TrainOptions options, TinyOptions program = {.sizes = {8, 3}}) {
    return train(tinyProgram(program), std::move(options), hooks_);
  }
  /// All tensors of a checkpoint as text.
  std::string state(const std::string &run, int64_t step) {
    std::string number = std::to_string(step);
    std::string path = folder_ / (run + "/checkpoints/step-" +
                                  std::string(10 - number.size(), '0') + number + ".safetensors");
    auto file = format::Safetensors::open(path);
    if (!file) {
      return file.status().message();
    }
    std::string out;
    for (const format::StoredTensor &tensor : file->tensors()) {
      out += tensor.name + ":";
      for (uint8_t byte : tensor.bytes) {
        out += concat(" ", byte);
      }
      out += "\n";
    }
    return out;
  }
  Scratch folder_;
  Hooks hooks_;
  std::string lines_;
};

TEST_F(Training, WritesARunFolder) {
  TrainOptions subject = options("a");
  subject.valSplit = 8;
  Result<TrainReport> report = run(subject);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->steps, 20); // 35 samples: four batches of 8 and one of 3
  EXPECT_EQ(report->epochs, 4);
  EXPECT_FALSE(report->interrupted);
  EXPECT_EQ(report->checkpoint, folder_ / "a/checkpoints/step-0000000020.safetensors");
  for (const char *name : {"a/train.json", "a/run.json", "a/metrics.jsonl", "a/latest", "a/best"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / name)) << name;
  }
  EXPECT_TRUE(has(lines_, "epoch 4/4  step 20  loss "));
  std::string metrics = readAll(folder_ / "a/metrics.jsonl");
  EXPECT_EQ(std::ranges::count(metrics, '\n'), 4);
  Result<format::JsonValue> first = format::parseJson(metrics.substr(0, metrics.find('\n')));
  ASSERT_TRUE(first);
  for (const char *key :
       {"epoch", "step", "loss", "accuracy", "lr", "time_s", "val_loss", "val_accuracy"}) {
    EXPECT_NE(first->find(key), nullptr) << key;
  }
  EXPECT_TRUE(
      has(readAll(folder_ / "a/train.json"), "\"seed\":\"5\",\"epochs\":4,\"batchSizes\":[8]"));
}

TEST_F(Training, LearnsAndKeepsTwoCheckpoints) {
  TrainOptions subject = options("a");
  subject.epochs = 60;
  subject.learningRate = 0.05;
  ASSERT_TRUE(run(subject));
  std::string metrics = readAll(folder_ / "a/metrics.jsonl");
  EXPECT_TRUE(has(metrics, "\"lr\":0.05"));
  auto last = format::parseJson(metrics.substr(metrics.rfind('\n', metrics.size() - 2) + 1));
  EXPECT_LT(last->find("loss")->asDouble().value(), 0.01);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_ / "a/checkpoints"), {}), 2);
}

TEST_F(Training, ResumesBitForBitFromEveryStep) {
  TrainOptions whole = options("whole");
  ASSERT_TRUE(run(whole));
  const std::string expected = state("whole", 24);
  ASSERT_TRUE(has(expected, "optimizer.momentum_buffer.w"));
  for (int64_t stop = 1; stop < 24; ++stop) {
    const std::string name = concat("stop", stop);
    TrainOptions first = options(name);
    first.maxSteps = stop;
    ASSERT_TRUE(run(first));
    TrainOptions second = options(name);
    second.data.clear(); // Taken from the run.
    second.seed.reset();
    second.resume = ResumeMode::Exact;
    Result<TrainReport> report = run(second);
    ASSERT_TRUE(report) << report.status().message();
    EXPECT_EQ(report->steps, 24);
    EXPECT_EQ(state(name, 24), expected) << "stopped after step " << stop;
  }
}

TEST_F(Training, ResumesBitForBitWithSchedules) {
  const char *schedules[] = {
      "onecycle,cycle_momentum=false", "cosine,t_max=9,eta_min=0.001,interval=step",
      "sequential(linear,total_iters=2;exponential,gamma=0.5),milestones=2",
      "plateau,patience=0,threshold=0.5,cooldown=1", "plateau,monitor=loss,patience=0,factor=0.5"};
  int64_t number = 0;
  for (const char *schedule : schedules) {
    const std::string whole = concat("whole", number);
    auto base = [&](const std::string &name) {
      TrainOptions out = options(name);
      out.schedule = schedule;
      out.valSplit = 8;
      out.epochs = 6;
      return out;
    };
    auto uncut = run(base(whole));
    ASSERT_TRUE(uncut) << schedule << ": " << uncut.status().message();
    const NamedValues trained = uncut->train;
    const std::string expected = state(whole, 30);
    ASSERT_FALSE(expected.empty());
    for (int64_t stop = 1; stop < 30; stop += 4) {
      const std::string name = concat("stop", number, "-", stop);
      TrainOptions first = base(name);
      first.maxSteps = stop;
      auto begun = run(first);
      ASSERT_TRUE(begun) << begun.status().message();
      TrainOptions second = options(name);
      second.epochs = 6;
      second.resume = ResumeMode::Exact;
      auto report = run(second);
      ASSERT_TRUE(report) << report.status().message();
      EXPECT_EQ(state(name, 30), expected) << schedule << ", stopped after step " << stop;
      EXPECT_EQ(report->train, trained) << schedule << ", stopped after step " << stop;
    }
    ++number;
  }
}

TEST_F(Training, RefusesSchedulesThatDoNotFitTheRun) {
  auto refusal = [&](const char *schedule) {
    TrainOptions subject = options("refused");
    subject.schedule = schedule;
    auto report = run(subject);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "refused"));
    return report ? "accepted" : report.status().message();
  };
  EXPECT_TRUE(has(refusal("plateau"), "schedule plateau monitors 'val_loss', but the run has no "
                                      "validation; add --val or --val-split"));
  EXPECT_TRUE(has(refusal("plateau,monitor=los"), "did you mean 'loss'?"));
  EXPECT_TRUE(has(refusal("onecycle"), "cycles the momentum, but the program has no control"));
  EXPECT_TRUE(has(refusal("onecycle,cycle_momentum=false,total_steps=5"), "the run has 24 steps"));
}

TEST_F(Training, StopsEarlyAndResumesToTheSameEnd) {
  auto base = [&](const std::string &name) {
    TrainOptions out = options(name);
    out.valSplit = 8;
    out.epochs = 40;
    out.learningRate = 0.05;
    out.earlyStop = "patience=3,min_delta=0.001";
    out.keep = 100;
    return out;
  };
  auto whole = run(base("whole"));
  ASSERT_TRUE(whole) << whole.status().message();
  EXPECT_TRUE(whole->stoppedEarly);
  EXPECT_LT(whole->epochs, 40);
  EXPECT_GE(whole->epochs, whole->bestEpoch);
  EXPECT_EQ(whole->checkpoint, std::filesystem::absolute(
                                   folder_ / "whole/checkpoints/" /
                                   std::filesystem::read_symlink(folder_ / "whole/best").filename())
                                   .string());
  for (int64_t stop : {2, 17, 20}) {
    const std::string name = concat("stop", stop);
    TrainOptions first = base(name);
    first.maxSteps = stop;
    ASSERT_TRUE(run(first));
    TrainOptions second = options(name);
    second.resume = ResumeMode::Exact;
    second.epochs = 40;
    auto report = run(second);
    ASSERT_TRUE(report) << report.status().message();
    EXPECT_TRUE(report->stoppedEarly);
    EXPECT_EQ(report->epochs, whole->epochs);
    EXPECT_EQ(report->bestEpoch, whole->bestEpoch);
    EXPECT_EQ(state(name, report->steps), state("whole", whole->steps));
  }
  TrainOptions again = options("whole");
  again.resume = ResumeMode::Exact;
  auto nothing = run(again);
  ASSERT_TRUE(nothing) << nothing.status().message();
  EXPECT_EQ(nothing->steps, whole->steps) << "a run that stopped early does not go on";
}

TEST_F(Training, ValidatesWithMetricsFromPredictions) {
  const TinyOptions program = {.sizes = {8, 3}, .recipe = R"({"loss":{"name":"mse"}})"};
  TrainOptions subject = options("a");
  subject.valSplit = 8;
  subject.metrics = {"r2"};
  subject.monitor = "val_r2";
  auto report = run(subject, program);
  ASSERT_TRUE(report) << report.status().message();
  std::istringstream records(readAll(folder_ / "a/metrics.jsonl"));
  std::vector<double> values;
  for (std::string line; std::getline(records, line);) {
    values.push_back(format::parseJson(line)->find("val_r2")->asDouble().value());
  }
  ASSERT_EQ(values.size(), 4u);
  EXPECT_EQ(report->bestEpoch, std::ranges::max_element(values) - values.begin() + 1)
      << "r2 is better when it is greater";
  subject = options("a");
  subject.resume = ResumeMode::Exact;
  subject.epochs = 5;
  report = run(subject, program);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->validation.back().first, "r2") << "a resumed run goes on with its metrics";
  subject = options("b");
  subject.metrics = {"r2"};
  EXPECT_TRUE(has(run(subject, program).status().message(), "--metrics are computed by the "
                                                            "validation"));
}

TEST_F(Training, RefusesMonitorsThatDoNotExist) {
  TrainOptions subject = options("a");
  subject.earlyStop = "monitor=val_los";
  subject.valSplit = 8;
  EXPECT_TRUE(has(run(subject).status().message(),
                  "--early-stop monitors 'val_los', which the run does not report; did you mean "
                  "'val_loss'?"));
  subject.earlyStop.clear();
  subject.valSplit.reset();
  subject.monitor = "val_accuracy";
  EXPECT_TRUE(has(run(subject).status().message(), "the run has no validation"));
}

TEST_F(Training, NamesTheFirstValueThatIsNotFinite) {
  TrainOptions subject = options("a");
  subject.learningRate = 1e30;
  auto plain = run(subject);
  EXPECT_TRUE(has(plain.status().message(), "step 2: the first value that is not finite is in "))
      << plain.status().message();
  subject.out = folder_ / "b";
  subject.checkNumerics = true;
  auto checked = run(subject);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.status().code(), Code::Cancelled);
  EXPECT_TRUE(has(checked.status().message(), "step 2: the first value that is not finite is in "))
      << checked.status().message();
  subject.out = folder_ / "c";
  subject.learningRate.reset();
  ASSERT_TRUE(run(subject));
  ASSERT_TRUE(run(options("unchecked")));
  EXPECT_EQ(state("c", 24), state("unchecked", 24)) << "checking changes no bit";
}

TEST_F(Training, AnInterruptedRunSavesAndSaysHowToContinue) {
  ASSERT_TRUE(run(options("whole")));
  TrainOptions subject = options("a");
  std::atomic<bool> stop = false;
  hooks_.stop = &stop;
  hooks_.schedule = [&](ScheduleTime time) {
    stop = time.step >= 8; // As if Ctrl-C came during step 9, in the middle of the second epoch.
    return 0.02;
  };
  Result<TrainReport> report = run(subject);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_TRUE(report->interrupted);
  EXPECT_EQ(report->steps, 9);
  EXPECT_EQ(report->resumeCommand, "ntc-run --threads 1 --out " + (folder_ / "a") + " --resume");
  stop = false;
  hooks_.schedule = nullptr;
  subject.resume = ResumeMode::Exact;
  ASSERT_TRUE(run(subject));
  EXPECT_EQ(state("a", 24), state("whole", 24));
}

TEST_F(Training, AnInterruptedEstimateOfStatisticsIsDoneAgain) {
  const TinyOptions program = {
      .sizes = {8, 3}, .recipe = R"({"average":{"name":"swa"}})", .hasAverage = true};
  TrainOptions whole = options("whole");
  whole.epochs = 1;
  auto uncut = run(whole, program);
  ASSERT_TRUE(uncut) << uncut.status().message();
  TrainOptions subject = options("a");
  subject.epochs = 1;
  std::atomic<bool> stop = false;
  hooks_.stop = &stop;
  hooks_.schedule = [&](ScheduleTime time) {
    stop = time.step == 5; // The last of the epoch: the pass over the data ends at its first batch.
    return 0.02;
  };
  auto cut = run(subject, program);
  ASSERT_TRUE(cut) << cut.status().message();
  EXPECT_TRUE(cut->interrupted);
  EXPECT_EQ(cut->epochs, 0);
  EXPECT_NE(state("a", 6), state("whole", 6));
  stop = false;
  hooks_.schedule = nullptr;
  subject.resume = ResumeMode::Exact;
  auto report = run(subject, program);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->epochs, 1);
  EXPECT_EQ(state("a", 6), state("whole", 6));
}

/// Statistics are means over the batches of the data in order: with --drop-last over the whole
/// batches alone, without it also over the last, smaller one.
TEST_F(Training, EstimatedStatisticsLeaveOutWhatTrainingLeavesOut) {
  auto estimated = [&](const char *name, bool dropLast) {
    TrainOptions subject = options(name);
    subject.epochs = 1;
    subject.dropLast = dropLast;
    auto report = run(
        subject, {.sizes = {8, 3}, .recipe = R"({"average":{"name":"swa"}})", .hasAverage = true});
    EXPECT_TRUE(report) << report.status().message();
    auto file =
        format::Safetensors::open(folder_ / (std::string(name) + "/checkpoints/step-000000000") +
                                  (dropLast ? "5" : "6") + ".safetensors");
    float value = -1;
    if (const auto *tensor = file ? file->find("running") : nullptr) {
      std::memcpy(&value, tensor->bytes.data(), sizeof(value));
    }
    return value;
  };
  auto meanOf = [](int begin, int end) {
    double sum = 0;
    for (int i = begin; i < end; ++i) {
      sum += (i * 7 % 11) / 11.0 + (i * 5 % 13) / 13.0 + (i * 3 % 17) / 17.0;
    }
    return sum / 3 / (end - begin);
  };
  EXPECT_NEAR(estimated("dropped", true), meanOf(0, 40), 1e-6);
  EXPECT_NEAR(estimated("kept", false), (5 * meanOf(0, 40) + meanOf(40, 43)) / 6, 1e-6);
}

TEST_F(Training, AnAverageBySteps) {
  auto updates = [&](const char *name, const char *settings) {
    TinyOptions program = {.sizes = {8, 3}, .hasAverage = true};
    program.recipe = concat(R"({"average":{)", settings, "}}");
    auto report = run(options(name), program); // 4 epochs of 6 steps
    EXPECT_TRUE(report) << report.status().message();
    const std::string text = state(name, 24);
    return text.substr(text.find("swa.count: ") + 11, 2);
  };
  EXPECT_EQ(updates("epochs", R"("name":"swa","start":1)"), "3 ");
  EXPECT_EQ(updates("steps", R"("name":"swa","start":2,"every":5)"), "2 ") << "steps 15 and 20";
  EXPECT_EQ(updates("ema", R"("name":"ema","start":2,"every":5)"), "4 ") << "7, 12, 17 and 22";
}

TEST_F(Training, AnInterruptionLeavesOutTheSearchForTheFirstValue) {
  std::atomic<bool> stop = false;
  int64_t last = -1, repeated = 0;
  hooks_.schedule = [&](ScheduleTime time) {
    repeated += time.step < last ? 1 : 0; // a step is made again
    stop = hooks_.stop && time.step < last;
    last = std::max(last, time.step);
    return time.step < 2 ? 0.02 : 1e300;
  };
  auto found = run(options("found"));
  ASSERT_FALSE(found);
  EXPECT_TRUE(has(found.status().message(), "the first value that is not finite is in"));
  const int64_t searched = repeated;
  EXPECT_GE(searched, 2);
  hooks_.stop = &stop; // As if Ctrl-C came during the first step of the search.
  last = -1;
  repeated = 0;
  auto left = run(options("left"));
  ASSERT_FALSE(left);
  EXPECT_EQ(left.status().code(), Code::Cancelled);
  EXPECT_EQ(repeated, 1);
  EXPECT_FALSE(has(left.status().message(), "the first value that is not finite is in"));
  EXPECT_TRUE(has(left.status().message(), "training stopped; no checkpoint was written before"))
      << left.status().message();
}

TEST_F(Training, AValidationThatIsNotFiniteLosesNothing) {
  folder_.write("far.csv", "x0,x1,x2,y\n1,2,3,1e30\n1,2,3,1e30\n1,2,3,1e30\n");
  TrainOptions subject = options("a");
  subject.val = "csv:" + (folder_ / "far.csv") + "?target=y";
  subject.monitor = "val_loss";
  auto report = run(subject);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::Cancelled);
  EXPECT_TRUE(has(report.status().message(),
                  "the run has ended, but the validation loss of epoch 4 is infinite (step 24)"))
      << report.status().message();
  ASSERT_TRUE(run(options("plain")));
  EXPECT_EQ(state("a", 24), state("plain", 24));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a/best")) << "no epoch is better than none";
  subject.resume = ResumeMode::Exact;
  subject.epochs = 6;
  EXPECT_TRUE(has(run(subject).status().message(), "validation loss of epoch 6"));
}

TEST_F(Training, SavesEverySoManySteps) {
  TrainOptions subject = options("a");
  subject.maxSteps = 5;
  subject.saveEvery = 2;
  subject.keep = 10;
  subject.logInterval = 2;
  ASSERT_TRUE(run(subject));
  for (const char *name : {"2", "4", "5"}) {
    EXPECT_TRUE(std::filesystem::exists(
        folder_ / ("a/checkpoints/step-000000000" + std::string(name) + ".safetensors")));
  }
  std::string metrics = readAll(folder_ / "a/metrics.jsonl");
  EXPECT_EQ(std::ranges::count(metrics, '\n'), 3); // steps 2, 4 and the end
}

TEST_F(Training, ADamagedNewestCheckpointFallsBackToTheOneBefore) {
  TrainOptions subject = options("a");
  ASSERT_TRUE(run(subject));
  const std::string good = state("a", 24);
  std::string path = folder_ / "a/checkpoints/step-0000000024.safetensors";
  std::string bytes = readAll(path);
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder_.write("a/checkpoints/step-0000000024.safetensors", bytes);
  subject.resume = ResumeMode::Exact;
  Result<TrainReport> report = run(subject);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(state("a", 24), good);
}

TEST_F(Training, OrderAndResultDoNotDependOnThreads) {
  TrainOptions one = options("one"), two = options("two");
  two.threads = 2;
  ASSERT_TRUE(run(one));
  ASSERT_TRUE(run(two));
  EXPECT_EQ(state("one", 24), state("two", 24));
}

TEST_F(Training, ALossThatIsNotFiniteStopsTheRun) {
  TrainOptions subject = options("a");
  subject.epochs = 200;
  subject.learningRate = 1e4;
  Result<TrainReport> report = run(subject);
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::Cancelled);
  EXPECT_TRUE(has(report.status().message(), "the loss is "));
  EXPECT_TRUE(has(report.status().message(), "training stopped; the last checkpoint is '") ||
              has(report.status().message(), "no checkpoint was written before"));
}

TEST_F(Training, ADryRunWritesNothing) {
  TrainOptions subject = options("a");
  subject.dryRun = true;
  subject.valSplit = 8;
  Result<TrainReport> report = run(subject);
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report->steps, 1);
  EXPECT_FALSE(report->validation.empty());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a"));
}

TEST_F(Training, BestFollowsTheValidation) {
  TrainOptions subject = options("a");
  subject.valSplit = 8;
  subject.epochs = 6;
  ASSERT_TRUE(run(subject));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "a/best"));
}

std::string messageOf(const Result<TrainReport> &report) {
  return report ? "(no error)" : report.status().message();
}

TEST_F(Training, RefusesBeforeTheFirstStep) {
  EXPECT_TRUE(has(messageOf(run(options("a"), {.sizes = {8}})),
                  "has 3 of 43 samples, and the artifact has steps for batch sizes 8 only"));
  TrainOptions dropped = options("b");
  dropped.dropLast = true;
  EXPECT_EQ(messageOf(run(dropped, {.sizes = {8}})), "(no error)");
  TrainOptions size = options("c");
  size.batchSize = 7;
  EXPECT_TRUE(has(messageOf(run(size)), "found --batch-size 7"));
  TrainOptions none = options("c");
  none.data.clear();
  EXPECT_TRUE(has(messageOf(run(none)), "--data DATA"));
  TrainOptions both = options("c");
  both.valSplit = 4;
  both.val = "synthetic";
  EXPECT_TRUE(has(messageOf(run(both)), "exclude each other"));
  TrainOptions large = options("c");
  large.valSplit = 43;
  EXPECT_TRUE(has(messageOf(run(large)), "leaves nothing of the 43 samples"));
  TrainOptions rate = options("c");
  rate.learningRate = 1;
  EXPECT_TRUE(
      has(messageOf(run(rate, {.sizes = {8, 3}, .hasLearningRate = false})), "no control 'lr'"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "c"));
}

TEST_F(Training, RefusesFoldsOfOtherSamples) {
  RunRecord record;
  record.data = "csv:t.csv";
  record.batchSize = 8;
  record.fold = Fold{1, 3};
  std::string json = toJson(record);
  TrainOptions resumed;
  resumed.resume = ResumeMode::Exact;
  EXPECT_TRUE(continueFrom(*parseRunRecord(json), resumed));
  EXPECT_EQ(resumed.fold->folds, 3);
  const std::string_view version = "\"split_version\":2,";
  ASSERT_NE(json.find(version), std::string::npos);
  json.erase(json.find(version), version.size());
  const RunRecord old = *parseRunRecord(json);
  for (ResumeMode mode : {ResumeMode::Exact, ResumeMode::State}) {
    TrainOptions again;
    again.resume = mode;
    EXPECT_TRUE(has(continueFrom(old, again).message(), "--fold 2/3 by a version of ntc"));
  }
  TrainOptions other;
  other.resume = ResumeMode::State;
  other.val = "csv:v.csv";
  EXPECT_TRUE(continueFrom(old, other)) << "data of its own is no fold";
}

TEST_F(Training, RefusesToMixRuns) {
  ASSERT_TRUE(run(options("a")));
  EXPECT_TRUE(has(messageOf(run(options("a"))), "holds a run already; continue it with --resume"));
  TrainOptions resumed = options("a");
  resumed.resume = ResumeMode::Exact;
  resumed.seed = 6;
  EXPECT_TRUE(has(messageOf(run(resumed)), "the run was started with --seed 5, found 6"));
  resumed.seed = 5;
  resumed.noShuffle = true;
  EXPECT_TRUE(has(messageOf(run(resumed)), "without --no-shuffle"));
  TrainOptions missing = options("missing");
  missing.resume = ResumeMode::Exact;
  EXPECT_TRUE(has(messageOf(run(missing)), "holds no run to resume"));
}

} // namespace
} // namespace ntc::rt::train
