// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parsing of flags, and the options that they fill.
#include "runtime/train/Options.h"

#include "../data/Scratch.h"

namespace ntc::rt::train {
namespace {

using data::has;

struct Parsed {
  TrainOptions options;
  std::vector<std::string> positionals;
  Status status;
};

std::unique_ptr<Parsed> parse(std::vector<std::string> words) {
  auto out = std::make_unique<Parsed>();
  std::vector<Flag> flags = trainFlags(out->options);
  std::vector<Flag> refused = stepFlagsRefused();
  flags.insert(flags.end(), refused.begin(), refused.end());
  out->status = parseFlags(words, flags, out->positionals);
  return out;
}

TEST(Flags, FillTheOptions) {
  auto parsed = parse({"model.so", "--data", "fashion-mnist", "--epochs=3", "-o", "runs/x", "--lr",
                       "1e-2", "--drop-last", "--seed=18446744073709551615", "--resume"});
  ASSERT_TRUE(parsed->status) << parsed->status.message();
  EXPECT_EQ(parsed->positionals, std::vector<std::string>{"model.so"});
  EXPECT_EQ(parsed->options.data, "fashion-mnist");
  EXPECT_EQ(parsed->options.epochs, 3);
  EXPECT_EQ(parsed->options.out, "runs/x");
  EXPECT_EQ(parsed->options.learningRate, 0.01);
  EXPECT_TRUE(parsed->options.dropLast);
  EXPECT_EQ(parsed->options.seed, UINT64_MAX);
  EXPECT_EQ(parsed->options.resume, ResumeMode::Exact);
  EXPECT_EQ(parse({"--resume=state"})->options.resume, ResumeMode::State);
}

TEST(Flags, EverythingAfterTwoDashesIsAModel) {
  auto parsed = parse({"--", "--data"});
  ASSERT_TRUE(parsed->status);
  EXPECT_EQ(parsed->positionals, std::vector<std::string>{"--data"});
}

TEST(Flags, RefuseWithASentence) {
  auto message = [](std::vector<std::string> words) { return parse(words)->status.message(); };
  EXPECT_TRUE(has(message({"--epoch", "3"}), "did you mean '--epochs'?"));
  EXPECT_TRUE(has(message({"--quux"}), "--help lists them all"));
  EXPECT_TRUE(has(message({"--data"}), "needs a value: '--data DATA'"));
  EXPECT_TRUE(has(message({"--dry-run=yes"}), "takes no value, found 'yes'"));
  EXPECT_TRUE(has(message({"--drop-last=yes"}), "expected true or false, found 'yes'"));
  EXPECT_TRUE(has(message({"--epochs", "0"}),
                  "flag '--epochs': expected a whole number from 1, found '0'"));
  EXPECT_TRUE(has(message({"--epochs", "3x"}), "found '3x'"));
  EXPECT_TRUE(has(message({"--keep", "1"}), "from 2"));
  EXPECT_TRUE(has(message({"--lr", "-1"}), "from 0"));
  EXPECT_TRUE(has(message({"--lr", "nan"}), "found 'nan'"));
  EXPECT_TRUE(has(message({"--resume=all"}), "--resume=state, found 'all'"));
  EXPECT_TRUE(has(message({"--early-stop", "patience=2"}), "'--early-stop=patience=2'"));
  EXPECT_TRUE(has(message({"--device=cuda"}), "runs on the CPU only"));
  EXPECT_TRUE(has(message({"--device", "gpu"}), "found 'gpu'"));
}

TEST(Flags, ThatChangeTheStepAreRefusedWithTheReason) {
  EXPECT_TRUE(has(parse({"--optimizer=sgd"})->status.message(),
                  "the optimizer is compiled into the artifact"));
  EXPECT_TRUE(has(parse({"--loss", "mse"})->status.message(), "'ntc compile model.pb --loss=…'"));
  EXPECT_TRUE(has(parse({"--precision=bf16"})->status.message(), "compiled into the artifact"));
}

TEST(Flags, TimesHaveUnitsOrColons) {
  EXPECT_EQ(parseDuration("90"), 90);
  EXPECT_EQ(parseDuration("90s"), 90);
  EXPECT_EQ(parseDuration("1.5h"), 5400);
  EXPECT_EQ(parseDuration("1d2h3m4s"), 86400 + 7200 + 180 + 4);
  EXPECT_EQ(parseDuration("01:30:05"), 5405);
  EXPECT_EQ(parseDuration("2:00:00:01"), 2 * 86400 + 1);
  for (const char *wrong :
       {"", "h", "5x", "1m1m", "1s1m", "1:2", "1:2:3:4:5", "-1:00:00", "1h-3m", "nan", "10 m"}) {
    EXPECT_FALSE(parseDuration(wrong).value_or(0) > 0) << wrong;
  }
  EXPECT_TRUE(has(parse({"--max-time", "soon"})->status.message(), "such as 90s, 10m, 1h30m"));
}

TEST(Flags, FoldsControlsAndFormsAreChecked) {
  EXPECT_TRUE(has(parse({"--progress=tabel"})->status.message(), "did you mean 'table'"));
  const auto parsed = parse({"--fold=2/5", "--control", "beta1=0.8", "--control=eps=1e-6"});
  ASSERT_TRUE(parsed->status) << parsed->status.message();
  EXPECT_EQ(parsed->options.fold, (Fold{1, 5}));
  EXPECT_TRUE(
      has(commandLine(parsed->options), "--fold 2/5 --control beta1=0.8 --control eps=1e-06"));
  for (const char *wrong : {"0/5", "6/5", "1/1", "1", "a/b", ""}) {
    EXPECT_TRUE(has(parse({"--fold", wrong})->status.message(), "such as 1/5")) << wrong;
  }
  for (const char *wrong : {"beta1", "=1", "beta1=x"}) {
    EXPECT_TRUE(has(parse({"--control", wrong})->status.message(), "weight_decay=1e-4")) << wrong;
  }
}

TEST(Flags, CommandLineRoundTrips) {
  auto parsed = parse({"--data", "csv:my file.csv?target=y", "--val-split=20", "--seed", "3",
                       "--out", "runs/it's"});
  parsed->options.model = "model.so";
  EXPECT_EQ(commandLine(parsed->options),
            "model.so --data 'csv:my file.csv?target=y' --val-split 20 --seed 3 --out "
            "'runs/it'\\''s'");
}

TEST(Flags, HelpNamesEveryFlagOnce) {
  TrainOptions options;
  std::string help = helpText(trainFlags(options));
  for (const char *name :
       {"--data DATA", "--val-split PART", "--resume[=state]", "--out, -o DIR"}) {
    EXPECT_TRUE(has(help, name));
  }
  EXPECT_EQ(helpText(stepFlagsRefused()), "");
}

TEST(ExitCodes, FollowTheTable) {
  EXPECT_EQ(exitCodeOf(Status::ok()), 0);
  EXPECT_EQ(exitCodeOf(error(Code::Corrupt, "x")), 1);
  EXPECT_EQ(exitCodeOf(error(Code::InvalidArgument, "x")), 2);
  EXPECT_EQ(exitCodeOf(error(Code::Unsupported, "x")), 3);
}

} // namespace
} // namespace ntc::rt::train
