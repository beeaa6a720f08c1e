// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// <ntc/train.hpp>: early stopping, first values, and what is refused before a model is opened. The
// loop itself is compared with the command in test/e2e/test_cpp_training.py.
#include <ntc/train.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace {

using namespace ntc::train;

TEST(EarlyStopping, WaitsAsLongAsItIsPatient) {
  auto stopping = EarlyStopping::create("patience=2,min_delta=0.1");
  ASSERT_TRUE(stopping) << stopping.status().message();
  EXPECT_EQ(stopping->monitor(), "val_loss");
  EXPECT_TRUE(std::isnan(stopping->best()));
  EXPECT_FALSE(stopping->step(1.0));
  EXPECT_TRUE(stopping->isBest());
  EXPECT_FALSE(stopping->step(0.95));
  EXPECT_FALSE(stopping->isBest());
  EXPECT_FALSE(stopping->step(0.5));
  EXPECT_FALSE(stopping->step(NAN));
  EXPECT_TRUE(stopping->step(0.45));
  EXPECT_EQ(stopping->bestEpoch(), 3);
  EXPECT_EQ(stopping->best(), 0.5);
  EXPECT_FALSE(EarlyStopping::create("patience=0"));
  EXPECT_FALSE(EarlyStopping::create("patienc=1"));
}

TEST(InitialValues, AreThoseOfTheFunction) {
  const int64_t shape[] = {30, 40};
  auto values = initialValues("xavier_uniform(gain=2)", shape, 1);
  ASSERT_TRUE(values) << values.status().message();
  EXPECT_EQ(values->size(), 1200u);
  const double bound = 2.0 * std::sqrt(6.0 / 70.0);
  for (double value : *values) {
    EXPECT_LE(std::abs(value), bound);
  }
  EXPECT_NE(*values, *initialValues("xavier_uniform(gain=2)", shape, 1, 1));
  EXPECT_FALSE(initialValues("xavier", shape, 1));
}

TEST(Fit, ChecksOptionsAsTheCommandDoes) {
  auto message = [](const FitOptions &options) {
    auto report = fit("absent.so", options);
    EXPECT_FALSE(report);
    return report.status().message();
  };
  EXPECT_NE(message({.data = "synthetic"}).find("absent.so"), std::string::npos);
  EXPECT_NE(message({.data = "synthetic", .epochs = 0}).find("--epochs"), std::string::npos);
  EXPECT_NE(message({.data = "synthetic", .schedule = "stp"}).find("stp"), std::string::npos);
  EXPECT_NE(message({.data = "synthetic", .valSplit = "half"}).find("--val-split"),
            std::string::npos);
  EXPECT_NE(message({.data = "synthetic", .earlyStop = "patience=x"}).find("patience"),
            std::string::npos);
  EXPECT_FALSE(evaluate("absent.so", {.data = "synthetic"}));
  EXPECT_FALSE(predict("absent.so", {.data = "synthetic"}));
  EXPECT_FALSE(predictToFile("absent.so", {.data = "synthetic"}, "out.txt"));
  EXPECT_FALSE(lrFind("absent.so", {.fit = {.data = "synthetic"}}));
}

TEST(Values, AreFoundByName) {
  const Values values = {{"loss", 0.5}, {"accuracy", 0.75}};
  EXPECT_EQ(valueOf(values, "accuracy"), 0.75);
  EXPECT_TRUE(std::isnan(valueOf(values, "f1")));
}

} // namespace
