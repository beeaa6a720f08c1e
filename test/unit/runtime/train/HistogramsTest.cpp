// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run writes for people: histograms of a program whose gradient is known, files in the run
// folder, and what is left out on request.
#include "runtime/train/Histograms.h"
#include "runtime/train/Predictions.h"
#include "runtime/train/Train.h"

#include "../data/Scratch.h"
#include "TinyProgram.h"

#include <cstring>
#include <map>

namespace ntc::rt::train {
namespace {

using data::has;
using data::readAll;
using data::Scratch;

/// Sums of the histograms of a summary, by tag.
std::map<std::string, double> sums(const report::Summary &summary) {
  std::map<std::string, double> out;
  report::WireReader values(summary.message().text());
  report::WireField value;
  for (auto more = values.next(value); more && *more; more = values.next(value)) {
    std::string tag;
    report::WireReader reader(value.bytes);
    report::WireField field;
    for (auto next = reader.next(field); next && *next; next = reader.next(field)) {
      tag = field.number == 1 ? field.bytes : tag;
      if (field.number != 5) {
        continue;
      }
      report::WireReader histogram(field.bytes);
      report::WireField part;
      for (auto each = histogram.next(part); each && *each; each = histogram.next(part)) {
        if (part.number == 4) {
          std::memcpy(&out[tag], &part.value, sizeof(double));
        }
      }
    }
  }
  return out;
}

double sumOf(std::span<const uint8_t> bytes) {
  double out = 0;
  for (size_t i = 0; i < bytes.size() / sizeof(float); ++i) {
    float value = 0;
    std::memcpy(&value, bytes.data() + i * sizeof(float), sizeof(float));
    out += value;
  }
  return out;
}

std::unique_ptr<exec::Session> session() {
  auto out = exec::Session::create(tinyProgram(), {.threads = 1});
  EXPECT_TRUE(out) << out.status().message();
  return out.take();
}

TEST(Histograms, ShowWeightsAndTheUpdateOfTheStepBetween) {
  auto program = session();
  Histograms histograms(*program, "sgd");
  report::Summary first;
  histograms.add(*program, first);
  EXPECT_EQ(sums(first).size(), 1U); // no step, no update
  const double before = sumOf(*program->state("w"));
  histograms.before(*program);
  auto weights = *program->state("w");
  std::vector<float> values(weights.size() / sizeof(float), 0.5F);
  std::memcpy(weights.data(), values.data(), weights.size());
  report::Summary second;
  histograms.add(*program, second);
  auto found = sums(second);
  EXPECT_NEAR(found["weights/w"], 0.5 * static_cast<double>(values.size()), 1e-6);
  EXPECT_NEAR(found["updates/w"], 0.5 * static_cast<double>(values.size()) - before, 1e-6);
}

TrainOptions options(const std::string &folder) {
  TrainOptions out;
  out.data = "synthetic?samples=64";
  out.valSplit = 16;
  out.epochs = 2;
  out.batchSize = 8;
  out.learningRate = 0.05;
  out.out = folder;
  return out;
}

Hooks quiet() {
  Hooks hooks;
  hooks.print = [](std::string_view) {};
  hooks.progressDescriptor = -1;
  return hooks;
}

std::string eventFile(const std::string &folder) {
  for (const auto &entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().filename().string().starts_with("events.out.tfevents.")) {
      return readAll(entry.path());
    }
  }
  return "";
}

TEST(RunReport, ARunWritesEventsAndAPage) {
  Scratch folder;
  auto report = train(tinyProgram(), options(folder / "run"), quiet());
  ASSERT_TRUE(report) << report.status().message();
  const std::string page = readAll(folder / "run/report.html");
  EXPECT_TRUE(has(page, "val_loss"));
  EXPECT_TRUE(has(page, "Prediction against truth"));
  EXPECT_TRUE(has(page, "--val-split 16"));
  EXPECT_TRUE(has(page, "memory of the step"));
  EXPECT_FALSE(has(page, " bytes</td>")) << "numbers have units that readers take in";
  EXPECT_TRUE(page.ends_with("</html>\n"));
  const std::string events = eventFile(folder / "run");
  for (const char *tag : {"loss", "val_loss", "lr", "weights/w", "updates/w",
                          "_hparams_/session_start_info", "_hparams_/session_end_info"}) {
    EXPECT_TRUE(has(events, tag));
  }
}

/// Its targets lie in a file that can no longer be read.
class LostTargets : public data::Dataset {
public:
  int64_t size() const override { return 8; }
  std::span<const data::Field> fields() const override { return fields_; }
  Status readRows(size_t field, std::span<const int64_t> rows, DType, std::byte *destination,
                  const data::Reading &) const override {
    if (fields_[field].isTarget) {
      return error(Code::Io, "y.bin: cannot be read");
    }
    std::memset(destination, 0, rows.size() * 3 * sizeof(float));
    return Status::ok();
  }

private:
  std::vector<data::Field> fields_ = {{"x", DType::F32, {3}}, {"y", DType::F32, {1}, true}};
};

TEST(RunReport, TargetsThatCannotBeReadAreNoPredictionsOfZeros) {
  auto program = session();
  auto found =
      collectPredictions(*program, "mse", std::make_shared<LostTargets>(), "lost", nullptr);
  ASSERT_FALSE(found);
  EXPECT_TRUE(has(found.status().message(), "y.bin: cannot be read"));
}

TEST(RunReport, NothingIsWrittenThatWasNotWanted) {
  Scratch folder;
  TrainOptions without = options(folder / "run");
  without.noReport = without.noTensorboard = true;
  ASSERT_TRUE(train(tinyProgram(), without, quiet()));
  EXPECT_FALSE(std::filesystem::exists(folder / "run/report.html"));
  EXPECT_EQ(eventFile(folder / "run"), "");
}

TEST(RunReport, TheStateDoesNotDependOnBeingWatched) {
  Scratch folder;
  TrainOptions with = options(folder / "a"), without = options(folder / "b");
  without.noReport = without.noTensorboard = true;
  auto a = train(tinyProgram(), with, quiet()), b = train(tinyProgram(), without, quiet());
  ASSERT_TRUE(a && b);
  EXPECT_EQ(readAll(a->checkpoint), readAll(b->checkpoint));
}

TEST(RunReport, MaxTimeEndsTheRunAfterAStepAndSaves) {
  Scratch folder;
  TrainOptions shortRun = options(folder / "run");
  shortRun.epochs = 1'000'000;
  shortRun.maxTime = 0.05;
  auto report = train(tinyProgram(), shortRun, quiet());
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_FALSE(report->interrupted);
  EXPECT_GT(report->steps, 0);
  EXPECT_FALSE(report->checkpoint.empty());
}

} // namespace
} // namespace ntc::rt::train
